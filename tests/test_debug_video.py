"""The video that shows what is seen: its size, its length, where things are drawn, and how it fails."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from colours import FFMPEG, ColourModel, film, library

from sonify import debug_video
from sonify.cli.program import run
from sonify.cues import Cue, CueSheet
from sonify.errors import RenderError
from sonify.pipeline import Session
from sonify.settings import Settings

SIZE = (640, 360)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())
    return Session(library=library(tmp_path / "sfx"), settings=Settings())


def _maps(frames: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Everything that a colour is on the right."""
    found = np.full((len(frames), len(labels), 6, 10), -0.5, np.float32)
    found[:, :, 2:4, 7:9] = 0.9
    return found


def _pictures(path: Path) -> np.ndarray:
    probe = subprocess.run([FFMPEG, "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False)
    width, height = next(
        tuple(map(int, w.rstrip(",").split("x"))) for w in probe.stderr.split() if w.rstrip(",").startswith("640x")
    )
    raw = subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    )  # fmt: skip
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, height, width, 3)


def _sheet(session: Session, video: Path) -> CueSheet:
    return session.suggest(video)


def test_it_shows_maps_boxes_and_curves(session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sheet = _sheet(session, film(tmp_path / "a.mp4", "red", "gray"))
    (cue,) = sheet.cues
    sheet = replace(sheet, cues=(replace(cue, pan_curve=((0.0, 0.8),), gain_curve=((0.0, 6.0),)),))
    monkeypatch.setattr(debug_video, "maps_of", lambda *_: _maps)
    out = debug_video.draw(session, sheet, tmp_path / "d.mp4")
    shown = _pictures(out)
    assert 39 <= len(shown) <= 41 and shown.shape[1] > SIZE[1] and shown.shape[1] % 2 == 0
    sounding, silent = shown[5].astype(int), shown[30].astype(int)
    box = sounding[120:240, 448:576]
    plain = sounding[20:100, 20:200]
    assert np.abs(box.mean((0, 1)) - plain.mean((0, 1))).max() > 20  # tinted where the map is high
    row = sounding[SIZE[1] : SIZE[1] + 26]
    bright = row.max(axis=2) > 200
    assert bright[18:, 560:590].any() and not bright[18:, 100:250].any()  # the pan's marker stands right
    assert np.abs(silent[120:240, 448:576].mean((0, 1)) - silent[20:100, 20:200].mean((0, 1))).max() < 3
    assert [p.name for p in tmp_path.glob(".sonify-*")] == []


def test_a_model_without_places_still_has_its_curves_drawn(session: Session, tmp_path: Path) -> None:
    sheet = _sheet(session, film(tmp_path / "a.mp4", "red", seconds=1.0))
    assert len(_pictures(debug_video.draw(session, sheet, tmp_path / "d.mp4"))) == 10


def test_what_can_not_be_written_is_said_first(session: Session, tmp_path: Path) -> None:
    video = film(tmp_path / "a.mp4", "red", seconds=1.0)
    sheet = _sheet(session, video)
    (tmp_path / "there.mp4").write_text("mine")
    for out, words in (
        (tmp_path / "d.gif", "MP4"), (tmp_path / "there.mp4", "exists"), (video, "video itself"),
        (tmp_path / "no" / "d.mp4", "folder"),
    ):  # fmt: skip
        with pytest.raises(RenderError, match=words):
            debug_video.draw(session, sheet, out)
    assert (tmp_path / "there.mp4").read_text() == "mine"
    debug_video.draw(session, sheet, tmp_path / "there.mp4", force=True)
    assert len(_pictures(tmp_path / "there.mp4")) == 10


def test_labels_are_drawn_as_text_whatever_they_hold(session: Session, tmp_path: Path) -> None:
    sheet = _sheet(session, film(tmp_path / "a.mp4", "red", seconds=1.0))
    (cue,) = sheet.cues
    odd: list[Cue] = [
        replace(cue, id=f"c{n}", label=text) for n, text in enumerate(("\x1b[31m", "犬" * 200, "", "a\nb"))
    ]
    many = [replace(cue, id=f"m{n}") for n in range(9)]
    drawn = debug_video.draw(session, replace(sheet, cues=(*odd, *many)), tmp_path / "d.mp4")
    assert _pictures(drawn).shape[1] == SIZE[1] + (debug_video.MOST_ROWS + 1) * 26


@pytest.mark.usefixtures("session")
def test_the_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video, out = film(tmp_path / "a.mp4", "red", seconds=1.0), tmp_path / "d.mp4"
    words = ["suggest", str(video), "--library", str(tmp_path / "sfx"), "--debug-video", str(out)]
    assert run([*words, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["debug_video"] == str(out) and out.exists() and (tmp_path / "a.cues.json").exists()
    assert run([*words, "-o", str(tmp_path / "b.json")]) == 1  # it is there already
    assert "exists" in capsys.readouterr().err and not (tmp_path / "b.json").exists()
    assert run([*words, "--force", "-o", str(out)]) == 2
