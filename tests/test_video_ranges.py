"""Stretches of a video read again: the same frames at the same times as the first reading, and no more work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from media import Picture, corner, ffmpeg, make_video, number_of, numbered, plain, rotated

from sonify.progress import Event
from sonify.settings import VideoSettings
from sonify.video import ranges
from sonify.video.frames import VideoInfo
from sonify.video.probe import probe
from sonify.video.ranges import read_ranges
from sonify.video.reader import open_video
from sonify.video.windows import Pace, Window, stretches

SETTINGS = VideoSettings()


def first_look(path: Path) -> VideoInfo:
    with open_video(path, SETTINGS, short_side_px=96) as reader:
        for _ in reader:
            pass
        return reader.info


def again(
    info: VideoInfo, *windows: Window, short_side_px: int = 96, events: list[Event] | None = None
) -> tuple[list[Fraction], list[Picture]]:
    times: list[Fraction] = []
    pictures: list[Picture] = []
    progress = [].append if events is None else events.append
    for frames in read_ranges(info, windows, short_side_px=short_side_px, settings=SETTINGS, progress=progress):
        assert 0 < len(frames) <= 32
        times += frames.times_s
        pictures += list(frames.pixels)
    assert times == sorted(set(times))
    return times, pictures


def window(start_s: float | str, end_s: float | str, rate_hz: float | None = None) -> Window:
    return Window(Fraction(str(start_s)), Fraction(str(end_s)), rate_hz)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".webm", ".avi"])
def test_frames_are_those_of_the_first_reading(tmp_path: Path, suffix: str) -> None:
    own = [] if suffix in (".webm", ".avi") else ["-preset", "medium", "-bf", "2", "-x264-params", "open-gop=1"]
    rate = Fraction(30000, 1001)
    path = make_video(tmp_path / f"a{suffix}", numbered(300), rate=str(rate), options=["-g", "30", *own])
    info = first_look(path)
    events: list[Event] = []
    windows = (window(1, 1.5), window(4, 5, 12), window(4.7, 5.1), window(9.5, 11))
    times, pictures = again(info, *windows, events=events)
    numbers = [number_of(picture) for picture in pictures]
    assert [number / rate for number in numbers] == times
    whole = [k for k in range(300) if any(w.start_s <= k / rate < w.end_s for w in (windows[0], *windows[2:]))]
    assert set(whole) <= set(numbers)
    others = [k / rate for k in numbers if k not in whole]
    assert len(others) == 9
    assert all(4 <= time_s < Fraction("4.7") for time_s in others)
    assert not [event.note for event in events if event.note]
    assert events[-1].done == events[-1].total == pytest.approx(0.5 + 1.1 + 1.5)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_variable_frame_rate(tmp_path: Path, suffix: str) -> None:
    stamps = "settb=1/90000,setpts='round(if(lt(N,60),N*0.04,2.4+(N-60)*0.1)/TB)'"
    options = ["-enc_time_base", "1/90000", "-g", "10"]
    info = first_look(make_video(tmp_path / f"a{suffix}", numbered(120), filters=stamps, options=options))
    times, pictures = again(info, window(2.2, 2.8), window(6, 6.5))
    assert [number_of(picture) for picture in pictures] == [*range(55, 64), *range(96, 101)]
    assert times == [*(Fraction(k, 25) for k in range(55, 60)), *(Fraction(k - 36, 10) for k in range(60, 64)),
                     *(Fraction(k - 36, 10) for k in range(96, 101))]  # fmt: skip


def test_a_start_offset_and_an_edit_list(tmp_path: Path) -> None:
    """Times count from the first frame that is shown, as at first; a cut copy hides frames before it."""
    whole = make_video(tmp_path / "a.mp4", numbered(100), options=["-preset", "medium", "-g", "25", "-bf", "3"])
    ffmpeg("-itsoffset", "3", "-i", whole, "-c", "copy", tmp_path / "late.mp4")
    ffmpeg("-ss", "0.72", "-i", whole, "-c", "copy", tmp_path / "cut.mp4")
    for path, first in ((tmp_path / "late.mp4", 0), (tmp_path / "cut.mp4", None)):
        with open_video(path, SETTINGS, short_side_px=96) as reader:
            shown = number_of(next(iter(reader)).frames.pixels[0])
        assert first is None or shown == first
        times, pictures = again(first_look(path), window(1.6, 1.8))
        assert times == [Fraction(k, 25) for k in range(40, 45)]
        assert [number_of(picture) for picture in pictures] == [shown + k for k in range(40, 45)]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pictures_are_upright_square_and_of_the_size_of_the_first_reading(tmp_path: Path, degrees: int) -> None:
    path = rotated(make_video(tmp_path / "flat.mp4", [corner()] * 10), tmp_path / "turned.mp4", degrees)
    _, (picture, *_) = again(first_look(path), window(0.1, 0.3), short_side_px=80)
    wanted = np.rot90(corner(width=133, height=80), degrees // 90)
    assert picture.shape == wanted.shape
    assert np.abs(picture.astype(int) - wanted)[8:-8, 8:-8].mean() < 12
    wide = make_video(tmp_path / "wide.mp4", [corner()] * 5, filters="setsar=2")
    assert again(first_look(wide), window(0, 1), short_side_px=48)[1][0].shape == (48, 160, 3)


def test_pictures_look_like_those_of_the_first_reading(tmp_path: Path) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-t", "3", "-pix_fmt", "yuv420p", "-g", "10"]
    ffmpeg(*source, tmp_path / "a.mp4")
    with open_video(tmp_path / "a.mp4", SETTINGS, short_side_px=96) as reader:
        chunks = list(reader)
        info = reader.info
    at_first = dict(zip(chunks[0].frames.times_s, chunks[0].frames.pixels, strict=True))
    seen = dict(zip(*again(info, window(0.9, 2.1)), strict=True))
    assert len(at_first.keys() & seen.keys()) == 3
    for time_s in at_first.keys() & seen.keys():
        assert np.abs(seen[time_s].astype(int) - at_first[time_s]).mean() < 3


def test_what_was_only_probed_is_read_on_nearly_the_same_clock(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", numbered(100), rate="24000/1001")
    times, pictures = again(probe(path), window(2, 2.5))
    assert [number_of(picture) for picture in pictures] == list(range(48, 60))
    assert all(
        abs(t - k * Fraction(1001, 24000)) <= Fraction(1, 1000) for t, k in zip(times, range(48, 60), strict=True)
    )


def test_the_end_and_beyond(tmp_path: Path) -> None:
    info = first_look(make_video(tmp_path / "a.mp4", numbered(50)))
    times, _ = again(info, window(1.9, 7), window(-1, 0.05))
    assert times == [0, Fraction(1, 25), Fraction(48, 25), Fraction(49, 25)]
    assert again(info, window(5, 9), window(1, 1)) == ([], [])
    assert again(info) == ([], [])


def test_it_costs_what_the_stretches_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in packets, not in seconds: of 40 s no more than those from the key frame on are decoded."""
    from sonify.video import again as child

    path = make_video(tmp_path / "a.mp4", plain((90, 90, 90), 1000), options=["-g", "25"])
    decoded = 0
    whole = child._Picture._decoded

    def counted(self: child._Picture) -> object:
        nonlocal decoded
        for frame in whole(self):
            decoded += 1
            yield frame

    monkeypatch.setattr(child._Picture, "_decoded", counted)
    picture = child._Picture(BytesIO(), str(path), 0, Fraction(25), 20.0)
    for start_s in (Fraction(10), Fraction(30)):
        assert len(list(picture.between(start_s, start_s + 1))) == 25
    picture._container.close()
    assert decoded <= 2 * (25 + 25) + 16


def test_where_seeking_fails_it_is_read_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = first_look(make_video(tmp_path / "a.mp4", numbered(100)))
    monkeypatch.setattr(ranges, "child_command", lambda *a, **b: ["false"])
    events: list[Event] = []
    times, pictures = again(info, window(1, 1.2), window(3, 4, 5), events=events)
    assert [number_of(picture) for picture in pictures] == [25, 26, 27, 28, 29, 75, 80, 85, 90, 95]
    assert times == [Fraction(k, 25) for k in (25, 26, 27, 28, 29, 75, 80, 85, 90, 95)]
    (note,) = [event.note for event in events if event.note]
    assert "ffmpeg" in note


def test_a_video_whose_time_stamps_are_no_good_is_counted(tmp_path: Path) -> None:
    info = replace(first_look(make_video(tmp_path / "a.mp4", numbered(100))), counted=True)
    times, pictures = again(info, window(2, 2.2))
    assert [number_of(picture) for picture in pictures] == [50, 51, 52, 53, 54]
    assert times == [Fraction(k, 25) for k in range(50, 55)]


def test_many_windows_are_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = first_look(make_video(tmp_path / "a.mp4", numbered(250)))
    monkeypatch.setattr(ranges, "_WINDOWS_A_CHILD", 7)
    times, pictures = again(info, *(window(k / 4, k / 4 + 0.3, 10) for k in range(38)))
    assert [number_of(picture) / Fraction(25) for picture in pictures] == times
    expected = Pace([window(k / 4, k / 4 + 0.3, 10) for k in range(38)])
    assert times == [t for t in (Fraction(k, 25) for k in range(250)) if expected.wants(t)]


_ODD = Path(__file__).resolve().parents[2] / "shared" / "media" / "odd"
_NAMES = (
    "decord__video_180.mov", "media__sample_android_slow_motion.mp4", "media__sample_vvc.mp4",
    "mediabunny__fucked-keyframes.mp4", "mediabunny__frag-buck-bunny.mp4", "mmaction2__test.avi",
    "moviepy__clip1024.flv", "moviepy__no_duration.webm", "mp4parse-rust__no_timescale.mp4",
    "torchcodec__h265_video.mp4", "torchcodec__var_fps_video.mp4",
)  # fmt: skip


@pytest.mark.parametrize("name", _NAMES)
def test_odd_files(shared: Path, name: str) -> None:
    """What a frame shows again is what it showed at first."""
    path = shared / "media" / "odd" / name
    settings = VideoSettings(sample_rate_hz=5)
    with open_video(path, settings, short_side_px=64) as reader:
        chunks = list(reader)
        info = reader.info
    at_first = [(t, p) for c in chunks for t, p in zip(c.frames.times_s, c.frames.pixels, strict=True)]
    middle = info.duration_s / 2
    times, pictures = again(info, window(str(middle), str(middle + Fraction(1, 2))), short_side_px=64)
    assert times
    for time_s, picture in at_first:
        shown = [p for t, p in zip(times, pictures, strict=True) if t <= time_s]
        if shown and time_s < times[-1]:
            assert np.abs(shown[-1].astype(int) - picture).mean() < 8, float(time_s)


@pytest.mark.parametrize(
    ("windows", "wanted"),
    [
        ([(0, 1, None)], range(10)),
        ([(0, 1, 5)], [0, 2, 4, 6, 8]),
        ([(0.3, 1, 5)], [3, 4, 6, 8]),
        ([(0, 1, 100)], range(10)),
        ([(0, 0.5, 5), (0.2, 0.4, None)], [0, 2, 3, 4]),
        ([(0.2, 0.2, None)], []),
    ],
)
def test_pace(windows: Sequence[tuple[float, float, float | None]], wanted: Sequence[int]) -> None:
    pace = Pace([window(*w) for w in windows])
    assert [k for k in range(10) if pace.wants(Fraction(k, 10))] == list(wanted)


def test_windows_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="before its start"):
        window(2, 1)
    with pytest.raises(ValueError, match="over 0"):
        window(1, 2, 0)
    assert stretches([window(3, 4), window(0, 1), window(1, 2), window(0, 0.5), window(9, 9)]) == [(0, 2), (3, 4)]
