"""Whether pictures, subtitles, chapters, attachments and data come through packet for packet.

    python benchmarks/packets.py FOLDER [--into .mkv]

Each video of a folder is rendered with one sound, into its own container or the one of `--into`, and so are films
made here that hold what few files do. ffmpeg's `framehash` tells the SHA-256, size, time and length of every packet
of the copied streams, before and after: the hashes must be the same, the times within 1 ms of each other, counted
from the first frame. Chapters and attachments are compared too. Prints a line for each file, then the sums.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import numpy as np
import soundfile
from measure import FFMPEG

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import SonifyError
from sonify.mix.render import render_sheet
from sonify.settings import MixSettings
from sonify.video.probe import probe

KINDS = ("video", "subtitle", "data")
TOLERANCE_S = Fraction(1, 1000)
SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".ts", ".m4v", ".flv", ".mpg", ".wmv", ".ogv", ".3gp")

Packets = list[tuple[Fraction | None, str]]
"""When each is shown, where that is known, and its hash."""


@dataclass
class Copied:
    """What a file holds besides sound; packets: by kind, of each stream."""

    packets: dict[str, list[Packets]] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    chapters: list[tuple[float, float, str]] = field(default_factory=list)


def copied(path: Path) -> Copied:
    """Reads it, the packets through ffmpeg's framehash."""
    found = Copied()
    with av.open(str(path)) as container:
        chapters = container.chapters()
        titles = len(chapters)
        for stream in container.streams:
            if stream.type == "attachment":
                found.attached.append(hashlib.sha256(stream.data or b"").hexdigest())
            # Time code and chapter titles are written anew by the muxer itself.
            titled = stream.type == "data" and stream.name == "bin_data" and 0 < titles == stream.frames
            remade = titled or (stream.type == "data" and "timecode" in stream.metadata)
            if stream.type in KINDS and not remade:
                found.packets.setdefault(stream.type, []).append(_packets(path, stream.index))
        found.chapters = [
            (float(c["start"] * c["time_base"]), float(c["end"] * c["time_base"]), c["metadata"].get("title", ""))
            for c in chapters
        ]
    shown = (t for streams in found.packets.values() for packets in streams for t, _ in packets if t is not None)
    zero = min(shown, default=Fraction(0))
    for streams in found.packets.values():
        streams[:] = [[(None if t is None else t - zero, h) for t, h in packets] for packets in streams]
    found.chapters = [(a - float(zero), b - float(zero), title) for a, b, title in found.chapters]
    return found


def _packets(path: Path, index: int) -> Packets:
    command = [FFMPEG, "-nostdin", "-v", "error", "-copyts", "-i", str(path), "-map", f"0:{index}"]
    command += ["-c", "copy", "-copyinkf", "-copypriorss", "1", "-f", "framehash", "-hash", "sha256", "-"]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    base = Fraction(next(iter(re.findall(r"#tb \d+: (\d+/\d+)", told)), "1/1000"))
    rows = [line.split(",") for line in told.splitlines() if line and not line.startswith("#")]
    # stream, decoding time, time, length, size, hash
    return [(int(row[2]) * base if row[2].strip().lstrip("-").isdigit() else None, row[5].strip()) for row in rows]


def rich_films(folder: Path) -> list[Path]:
    """Films with subtitles, chapters, attachments, covers and several pictures, in three containers."""
    folder.mkdir()
    (folder / "a.srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n2\n00:00:02,000 --> 00:00:03,000\nBye\n"
    )
    (folder / "meta.txt").write_text(
        ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=Two\n"
    )
    (folder / "font.ttf").write_bytes(np.random.default_rng(0).bytes(4000))
    picture = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=24000/1001:d=4", "-f", "lavfi", "-i", "sine=440:d=4"]
    extra = ["-i", str(folder / "a.srt"), "-i", str(folder / "meta.txt")]
    base = ["-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3", "-map_chapters", "3"]
    base += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac"]
    attach = ["-attach", str(folder / "font.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font"]
    films = {
        "rich.mkv": [*base, "-map", "0", "-map", "2", "-c:s:0", "srt", "-c:s:1", "ass", *attach],
        "rich.mp4": [*base, "-map", "0", "-c:s", "mov_text", "-timecode", "01:00:00:00"],
        "rich.mov": [*base, "-c:s", "mov_text"],
        "rich.ts": ["-map", "0", "-map", "1", "-c:v", "libx264", "-bf", "2", "-preset", "ultrafast", "-c:a", "mp2"],
        "cut.mp4": [*base, "-c:s", "mov_text", "-ss", "0.7"],
    }
    for name, options in films.items():
        command = [FFMPEG, "-nostdin", "-v", "error", "-y", *picture, *extra, *options, str(folder / name)]
        subprocess.run(command, check=True)
    return [folder / name for name in films]


def scored(film: Path, out: Path, folder: Path) -> list[str]:
    """Renders a film with one sound; gives the notes."""
    info, notes = probe(film), []
    soundfile.write(folder / "hit.wav", np.random.default_rng(0).normal(0, 0.1, 24_000), 48_000)
    length_s = float(info.duration_s)
    cue = Cue("c", "effect", "hit", SoundRef("l", "hit.wav"), 0.0, min(0.5, length_s))
    sheet = CueSheet(
        VideoRef(str(film), length_s, str(info.frame_rate), info.width_px, info.height_px, ""),
        ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, length_s),), (cue,),
    )  # fmt: skip
    render_sheet(
        sheet, film, out, sounds=lambda ref: folder / ref.path, settings=MixSettings(profile="film"),
        progress=lambda event: notes.append(event.note) if event.note else None,
    )  # fmt: skip
    return notes


def compare(film: Path, out: Path) -> list[str]:
    """What is not the same."""
    before, after = copied(film), copied(out)
    counts = [{kind: len(streams) for kind, streams in one.packets.items()} for one in (before, after)]
    wrong = [] if counts[0] == counts[1] else [f"streams {counts[0]} became {counts[1]}"]
    pairs = [
        (kind, *pair) for kind, old in before.packets.items()
        for pair in zip(old, after.packets.get(kind, []), strict=False)
    ]  # fmt: skip
    for kind, old, new in pairs:
        if [h for _, h in old] != [h for _, h in new]:
            wrong.append(f"{kind}: other packets ({len(old)} became {len(new)})")
            continue
        off = [abs(a - b) for (a, _), (b, _) in zip(old, new, strict=True) if a is not None and b is not None]
        if off and max(off) > TOLERANCE_S:
            wrong.append(f"{kind}: times up to {float(max(off)) * 1000:.1f} ms off")
    if before.attached != after.attached:
        wrong.append(f"{len(before.attached)} attachments became {len(after.attached)}, or others")
    if len(before.chapters) != len(after.chapters) or any(
        old[2] != new[2] or abs(old[0] - new[0]) > TOLERANCE_S or abs(old[1] - new[1]) > 0.05
        for old, new in zip(before.chapters, after.chapters, strict=False)
    ):
        wrong.append(f"chapters {before.chapters} became {after.chapters}")
    return wrong


def main() -> int:
    """Prints the table; 1 if anything differs without a word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="?", help="a folder of videos besides the films made here")
    parser.add_argument("--into", help="a container for all, such as .mkv; else each its own")
    args = parser.parse_args()
    av.logging.set_level(av.logging.PANIC)
    same = said = packets = wrong_count = refused = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = rich_films(folder / "rich")
        films += sorted(p for p in args.films.iterdir() if p.suffix.lower() in SUFFIXES) if args.films else []
        for number, film in enumerate(films):
            out = folder / f"{number}{args.into or film.suffix}"
            try:
                notes = scored(film, out, folder)
            except SonifyError as error:
                refused += 1
                print(f"refused  {film.name}: {error}", flush=True)
                continue
            wrong, count = (
                compare(film, out),
                sum(len(p) for streams in copied(film).packets.values() for p in streams),
            )
            packets += count
            mark = "same" if not wrong else "said" if any("can't carry" in note for note in notes) else "WRONG"
            same, said, wrong_count = (
                same + (mark == "same"),
                said + (mark == "said"),
                wrong_count + (mark == "WRONG"),
            )
            print(f"{mark:8} {film.name}: {count} packets {'; '.join([*wrong, *notes])}", flush=True)
            out.unlink()
    print(f"{same} the same, {said} with a word about what is left out, {wrong_count} wrong, {refused} refused")
    print(f"{packets} packets of pictures, subtitles and data")
    return 1 if wrong_count else 0


if __name__ == "__main__":
    sys.exit(main())
