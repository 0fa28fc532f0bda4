"""Videos at the edge of what a video is, from file to cue sheet: sensible results and bounded work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from colours import ColourModel, library
from media import Picture, ffmpeg, make_video, plain

import sonify
from sonify.cues import CueSheet

RED, GREY, BLACK, WHITE = (255, 0, 0), (128, 128, 128), (0, 0, 0), (255, 255, 255)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("odd") / "sfx")


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())


def small(colour: int | Sequence[int], count: int) -> Iterator[Picture]:
    return plain(colour, count, width=64, height=48)


def effects(sheet: CueSheet) -> list[tuple[str, float, float]]:
    return [(cue.label, cue.start_s, cue.end_s) for cue in sheet.cues if cue.kind == "effect"]


def whole(sheet: CueSheet) -> None:
    """Scenes cover the video without gaps; no cue leaves it."""
    edges = [scene.start_s for scene in sheet.scenes] + [sheet.scenes[-1].end_s]
    assert edges == sorted(edges) and edges[0] == 0
    assert edges[-1] == pytest.approx(sheet.video.duration_s)
    assert all(0 <= cue.start_s < cue.end_s <= sheet.video.duration_s + 1e-6 for cue in sheet.cues)


def test_one_frame(tmp_path: Path, sounds: Path) -> None:
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", small(RED, 1)), library=sounds)
    whole(sheet)
    assert effects(sheet) == [("red thing", 0.0, 0.04)]


@pytest.mark.parametrize("colour", [BLACK, WHITE, GREY])
def test_nothing_but_one_plain_colour(tmp_path: Path, sounds: Path, colour: Sequence[int]) -> None:
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", small(colour, 150)), library=sounds)
    whole(sheet)
    assert len(sheet.scenes) == 1
    assert sheet.cues == ()


def test_a_freeze_frame_is_one_scene_and_one_sound(tmp_path: Path, sounds: Path) -> None:
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", small(RED, 200)), library=sounds)
    whole(sheet)
    assert len(sheet.scenes) == 1
    assert effects(sheet) == [("red thing", 0.0, 8.0)]


@pytest.mark.parametrize("half_period", [1, 2, 3])
def test_strobing_is_no_cut(tmp_path: Path, sounds: Path, half_period: int) -> None:
    """25, 12.5 and 8.3 changes a second between red and white."""
    pictures = [p for k in range(150) for p in small(WHITE if k // half_period % 2 else RED, 1)]
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", pictures), library=sounds)
    whole(sheet)
    assert len(sheet.scenes) == 1
    assert len(sheet.cues) <= 2


def test_scenes_of_a_tenth_of_a_second(tmp_path: Path, sounds: Path) -> None:
    random = np.random.default_rng(1)
    shots = [random.integers(0, 255, (48, 64, 3), np.uint8) // 2 + 60 for _ in range(20)]
    coarse = [np.kron(shot[::12, ::16], np.ones((12, 16, 1), np.uint8)) for shot in shots]
    pictures = [picture for picture in coarse for _ in range(3)]
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", pictures, rate="30"), library=sounds)
    whole(sheet)
    assert all(scene.end_s - scene.start_s >= 0.5 for scene in sheet.scenes)


def test_one_frame_a_second(tmp_path: Path, sounds: Path) -> None:
    pictures = [*small(GREY, 5), *small(RED, 6), *small(GREY, 5)]
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", pictures, rate="1"), library=sounds)
    whole(sheet)
    ((_, start_s, end_s),) = effects(sheet)
    assert (start_s, end_s) == pytest.approx((5, 11), abs=1)


def test_240_frames_a_second(tmp_path: Path, sounds: Path) -> None:
    pictures = [*small(GREY, 250), *small(RED, 500), *small(GREY, 250)]
    sheet = sonify.suggest(make_video(tmp_path / "a.mp4", pictures, rate="240"), library=sounds)
    whole(sheet)
    ((_, start_s, end_s),) = effects(sheet)
    assert (start_s, end_s) == pytest.approx((250 / 240, 750 / 240), abs=1 / 12)


@pytest.mark.slow
def test_a_lecture_of_three_hours(tmp_path: Path, sounds: Path) -> None:
    """Slides that change every 15 minutes, at one frame a second; one of them is red."""
    colours = ["gray", "silver", "red", *["gray", "silver"] * 4, "gray"]
    graph = ";".join(
        [*(f"color={c}:size=64x48:rate=1:duration=900[v{k}]" for k, c in enumerate(colours)),
         "".join(f"[v{k}]" for k in range(12)) + "concat=n=12[v]"]
    )  # fmt: skip
    ffmpeg("-filter_complex", graph, "-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", tmp_path / "a.mp4")
    sheet = sonify.suggest(tmp_path / "a.mp4", library=sounds)
    whole(sheet)
    assert sheet.video.duration_s == 10_800
    assert effects(sheet) == [("red thing", pytest.approx(1800, abs=1), pytest.approx(2700, abs=1))]
