"""Cue sheets as a person or a program reads them on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonify.cli.output import shown

if TYPE_CHECKING:
    from rich.table import Table

    from sonify.cues import Cue, CueSheet, Scene


def clock(time_s: float) -> str:
    """Minutes and seconds as editors write them: 1:02.5, or 1:00:02.5 from an hour on."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"


def cue_table(sheet: CueSheet) -> Table:
    """One row a cue, in order of time; a scene in which nothing is heard has a row that says so."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("start", "end"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("label", overflow="fold")
    table.add_column("sound", overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    rows: list[tuple[float, float, list[str]]] = [
        (cue.start_s, cue.end_s, [cue.kind, cue.label, _sound(cue), f"{cue.score:.2f}"]) for cue in sheet.cues
    ]
    rows += [(scene.start_s, scene.end_s, ["nothing", _nearest(scene), "", ""]) for scene in silent_scenes(sheet)]
    for start_s, end_s, rest in sorted(rows, key=lambda row: row[:2]):
        style = "dim" if rest[0] == "nothing" else ""
        table.add_row(*(Text(shown(cell)) for cell in [clock(start_s), clock(end_s), *rest]), style=style)
    return table


def silent_scenes(sheet: CueSheet) -> list[Scene]:
    """The scenes that no cue reaches into."""
    return [
        scene
        for scene in sheet.scenes
        if not any(cue.start_s < scene.end_s and cue.end_s > scene.start_s for cue in sheet.cues)
    ]


def summary(sheet: CueSheet) -> str:
    """One line: how much of what was found, by which model."""
    effects = sum(cue.kind == "effect" for cue in sheet.cues)
    found = f"{count(effects, 'effect')}, {count(len(sheet.cues) - effects, 'bed')}"
    length = clock(sheet.video.duration_s)
    return f"{found} in {count(len(sheet.scenes), 'scene')}, {length} long, seen by {shown(sheet.model.name)}"


def count(number: int, word: str) -> str:
    """1 scene, 2 scenes."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def place(name: str, path: Path) -> str:
    """One line that says where a file is."""
    return f"{name:<10} {shown(path)}"


def sheet_document(sheet: CueSheet) -> dict[str, Any]:
    """What was decided, in short; the cue sheet itself has the rest."""
    return {
        "model": sheet.model.name,
        "duration_s": sheet.video.duration_s,
        "scenes": [{"start_s": scene.start_s, "end_s": scene.end_s} for scene in sheet.scenes],
        "cues": [
            {
                "id": cue.id,
                "kind": cue.kind,
                "label": cue.label,
                "library": cue.sound.library,
                "sound": cue.sound.path,
                "licence": cue.sound.licence,
                "start_s": cue.start_s,
                "end_s": cue.end_s,
                "score": cue.score,
            }
            for cue in sheet.cues
        ],
    }


def _nearest(scene: Scene) -> str:
    return f"(nearest: {scene.suggestions[0].label})" if scene.suggestions else ""


def _sound(cue: Cue) -> str:
    return f"{cue.sound.library}: {cue.sound.path}"
