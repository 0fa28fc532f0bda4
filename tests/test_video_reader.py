"""Frames at the right times, upright and whole, from both decoders."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from media import Picture, corner, ffmpeg, make_video, number_of, numbered, plain, rotated

from sonify.errors import VideoError
from sonify.progress import Event
from sonify.settings import VideoSettings
from sonify.video import sources
from sonify.video.frames import VideoInfo
from sonify.video.reader import CHUNK_S, open_video, small_grey

DECODERS = ["decord", "ffmpeg"]
SETTINGS = VideoSettings()


@dataclass(frozen=True)
class Read:
    """All of a small video."""

    info: VideoInfo
    pictures: Sequence[Picture]
    times_s: Sequence[Fraction]
    grey: Sequence[Picture]
    grey_times_s: Sequence[Fraction]
    events: Sequence[Event]
    chunks: int

    @property
    def notes(self) -> list[str]:
        return [event.note for event in self.events if event.note]


def read(path: Path, decoder: str = "", *, short_side_px: int = 96, settings: VideoSettings = SETTINGS) -> Read:
    events: list[Event] = []
    with open_video(path, settings, short_side_px=short_side_px, progress=events.append) as video:
        if decoder == "ffmpeg":
            video._probed = replace(video._probed, decord=False)
        chunks = list(video)
        info = video.info
    if decoder == "decord":
        assert not [event.note for event in events if event.note]
    assert all(len(chunk.grey) for chunk in chunks)
    return Read(
        info,
        [picture for chunk in chunks for picture in chunk.frames.pixels],
        [time_s for chunk in chunks for time_s in chunk.frames.times_s],
        [picture for chunk in chunks for picture in chunk.grey.pixels],
        [time_s for chunk in chunks for time_s in chunk.grey.times_s],
        events,
        len(chunks),
    )


@pytest.mark.parametrize(
    ("suffix", "rate"),
    [(".mp4", "60"), (".mp4", "30000/1001"), (".mkv", "30000/1001")]
    + [(suffix, "24000/1001") for suffix in (".mp4", ".mkv", ".ts", ".webm", ".avi")],
)
def test_times_are_exact(tmp_path: Path, rate: str, suffix: str) -> None:
    got = read(make_video(tmp_path / f"a{suffix}", numbered(100), rate=rate))
    every = Fraction(rate)
    for pictures, times, step in (
        (got.pictures, got.times_s, Fraction(1, 2)),
        (got.grey, got.grey_times_s, Fraction(1, 12)),
    ):
        numbers = [number_of(picture) for picture in pictures]
        assert numbers == [int(k * step * every) for k in range(len(numbers))]
        assert len(numbers) == -(-100 / every // step)
        if suffix != ".ts":
            assert list(times) == [number / every for number in numbers]
        else:
            assert list(times) == [k * step for k in range(len(numbers))]
    assert abs(got.info.duration_s - 100 / every) <= (Fraction(1, 90000) if suffix == ".ts" else 0)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_of_a_variable_frame_rate(tmp_path: Path, suffix: str, decoder: str) -> None:
    stamps = "settb=1/90000,setpts='round(if(lt(N,20),N*0.04,0.8+(N-20)*0.1)/TB)'"
    options = ["-enc_time_base", "1/90000"]
    got = read(make_video(tmp_path / f"a{suffix}", numbered(50), filters=stamps, options=options), decoder)
    wanted = [0, 12, 22, 27, 32, 37, 42, 47]
    assert [number_of(picture) for picture in got.pictures] == wanted
    starts = [Fraction(n, 25) if n < 20 else Fraction(n - 12, 10) for n in wanted]
    assert got.times_s == (starts if decoder == "decord" else [Fraction(k, 2) for k in range(8)])
    assert abs(got.info.duration_s - Fraction("3.74")) <= Fraction(1, 1000)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_out_of_order_in_the_file(tmp_path: Path, suffix: str, decoder: str) -> None:
    options = ["-preset", "medium", "-g", "20", "-bf", "3", "-x264-params", "open-gop=1"]
    got = read(make_video(tmp_path / f"a{suffix}", numbered(80), options=options), decoder)
    assert [number_of(picture) for picture in got.grey] == [int(k * 25 / 12) for k in range(len(got.grey))]
    assert got.info.duration_s == Fraction(80, 25)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_video_cut_without_encoding(tmp_path: Path, suffix: str) -> None:
    options = ["-preset", "medium", "-g", "25", "-bf", "3"]
    whole = make_video(tmp_path / "whole.mp4", numbered(100), options=options)
    ffmpeg("-ss", "0.72", "-i", whole, "-c", "copy", tmp_path / f"cut{suffix}")
    got = read(tmp_path / f"cut{suffix}")
    first = number_of(got.grey[0])
    assert first in (16, 18)
    assert [number_of(picture) for picture in got.grey] == [first + int(k * 25 / 12) for k in range(len(got.grey))]
    assert got.info.duration_s == Fraction(100 - first, 25)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path: Path, degrees: int, decoder: str) -> None:
    flat = make_video(tmp_path / "flat.mp4", [corner()] * 5)
    got = read(rotated(flat, tmp_path / "turned.mp4", degrees), decoder, short_side_px=80)
    wanted = np.rot90(corner(width=133, height=80), degrees // 90)
    assert got.pictures[0].shape == wanted.shape
    assert np.abs(got.pictures[0].astype(int) - wanted)[8:-8, 8:-8].mean() < 12


@pytest.mark.parametrize("decoder", DECODERS)
def test_pixels_are_square_and_the_width_is_whole(tmp_path: Path, decoder: str) -> None:
    path = make_video(tmp_path / "wide.mp4", [corner()] * 5, filters="setsar=2")
    got = read(path, decoder, short_side_px=48)
    assert got.pictures[0].shape == (48, 160, 3)
    assert got.pictures[0][4, 76, 2] > 150 > got.pictures[0][4, 84, 2]
    assert got.grey[0].shape == (16, 54)


def test_both_decoders_give_the_same_pictures(tmp_path: Path) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30000/1001", "-t", "3", "-pix_fmt", "yuv420p"]
    ffmpeg(*source, tmp_path / "a.mp4")
    one, other = (read(tmp_path / "a.mp4", decoder) for decoder in DECODERS)
    assert len(one.grey) == len(other.grey)
    for mine, theirs in zip(one.pictures, other.pictures, strict=True):
        assert np.abs(mine.astype(int) - theirs).mean() < 3
    for mine, theirs in zip(one.grey, other.grey, strict=True):
        assert np.abs(mine.astype(int) - theirs).mean() < 1
    assert one.info == other.info


def test_chunks_are_small_and_progress_ends_at_the_end(tmp_path: Path) -> None:
    got = read(make_video(tmp_path / "a.mp4", numbered(250)))
    assert got.chunks == ceil(10 / CHUNK_S)
    steps = [(event.done, event.total) for event in got.events]
    assert steps == sorted(steps)
    assert steps[-1] == (10.0, 10.0)


@pytest.mark.parametrize(
    ("sample", "grey", "steps"),
    [(2, 12, (Fraction(1, 2), Fraction(1, 12))), (5, 12, (Fraction(1, 5), Fraction(1, 10))),
     (0.3, 1, (Fraction(10, 3), Fraction(10, 9))), (12, 4, (Fraction(1, 12), Fraction(1, 12)))],
)  # fmt: skip
@pytest.mark.parametrize("decoder", DECODERS)
def test_rates_are_those_asked_for(
    tmp_path: Path, sample: float, grey: float, steps: tuple[Fraction, Fraction], decoder: str
) -> None:
    settings = VideoSettings(sample_rate_hz=sample, grey_rate_hz=grey)
    got = read(make_video(tmp_path / "a.mp4", numbered(100)), decoder, settings=settings)
    for pictures, step in zip((got.pictures, got.grey), steps, strict=True):
        assert [number_of(picture) for picture in pictures] == [int(k * step * 25) for k in range(len(pictures))]
        assert len(pictures) == -(-4 // step)


def test_what_decord_refuses_is_read_with_a_note(tmp_path: Path) -> None:
    got = read(make_video(tmp_path / "a.webm", numbered(50), seekable=False, sound="sine=440"))
    assert len(got.notes) == 1
    assert "ffmpeg" in got.notes[0]
    assert [number_of(picture) for picture in got.pictures] == [0, 12, 25, 37]
    assert abs(got.info.duration_s - 2) <= Fraction(1, 25)


def test_a_video_cut_short_gives_what_there_is(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", numbered(250), options=["-movflags", "+faststart"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    got = read(path)
    numbers = [number_of(picture) for picture in got.pictures]
    assert numbers == [int(k * 12.5) for k in range(len(numbers))]
    assert 6 <= len(numbers) < 20
    assert got.info.duration_s < 9
    assert any("the picture ends at" in note for note in got.notes)


def test_one_frame(tmp_path: Path) -> None:
    got = read(make_video(tmp_path / "a.mp4", plain((200, 30, 30), 1)))
    assert got.times_s == [0]
    assert got.info.duration_s == Fraction(1, 25)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("name", ["-i.mp4", 'a b\'s "%d" \N{SNOWMAN}.mp4', "a\nb.mp4", "http:x.mp4", "\udcff.mp4"])
def test_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, decoder: str) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.move(make_video(tmp_path / "plain.mp4", numbered(20)), name)
    got = read(Path(name), "ffmpeg" if name.startswith("\udcff") else decoder)
    assert [number_of(picture) for picture in got.pictures] == [0, 12]


def test_a_stray_module_in_the_folder_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "a.mp4", numbered(20))
    for module in ("numpy", "json", "decord", "av"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    assert len(read(path, "decord").pictures) == 2


def test_a_big_file_goes_to_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "a.mp4", numbered(20))
    monkeypatch.setattr(sources, "DECORD_MAX_BYTES", 100)
    with open_video(path, SETTINGS, short_side_px=96) as video:
        list(video)
        assert isinstance(video._source, sources.Ffmpeg)
    assert not read(path).notes


def test_a_video_is_read_once(tmp_path: Path) -> None:
    with open_video(make_video(tmp_path / "a.mp4", numbered(20)), SETTINGS, short_side_px=96) as video:
        list(video)
        with pytest.raises(RuntimeError, match="once"):
            iter(video)


def test_small_grey_is_the_mean_of_areas() -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, 80:] = (255, 255, 255)
    picture[:45, :80] = (255, 0, 0)
    grey = small_grey(picture)
    assert grey.shape == (30, 54)
    assert grey[0, 0] == round(255 * 0.299)
    assert grey[-1, 0] == 0
    assert grey[5, -1] == 255


# Every odd file: either frames, or one line that says why there are none.
_ODD = Path(__file__).resolve().parents[2] / "shared" / "media" / "odd"
_REFUSED = {
    "mediabunny__segment.mp4": "is not a video",
    "moviepy__first_vid.mp4": "has no picture",
    "mp4parse-rust__invalid_userdata.mp4": "has no frame",
    "photoprism__quicktime-jpeg.mov": "has no frame",
    "web-platform-tests__not-a-video.ogv": "is not a video",
    "web-platform-tests__test-encrypted.webm": "is encrypted",
}


@pytest.mark.parametrize("name", sorted(path.name for path in _ODD.glob("*") if path.suffix != ".csv"))
def test_odd_files(shared: Path, name: str) -> None:
    path = shared / "media" / "odd" / name
    settings = VideoSettings(stall_timeout_s=8)
    if name in _REFUSED:
        with pytest.raises(VideoError, match=_REFUSED[name]) as caught:
            read(path, settings=settings)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    else:
        got = read(path, settings=settings)
        assert got.pictures
        assert got.times_s[0] == 0
        assert got.grey_times_s == sorted(got.grey_times_s)
        assert got.grey_times_s[-1] < got.info.duration_s < 40


def test_the_odd_files_are_here(shared: Path) -> None:
    assert _REFUSED.keys() <= {path.name for path in (shared / "media" / "odd").iterdir()}


def test_a_file_that_ends_before_its_boxes_do_is_cut_short(tmp_path: Path) -> None:
    from sonify.video.truncated import cut_short

    path = make_video(tmp_path / "a.mp4", numbered(30), options=["-movflags", "+faststart"])
    assert not cut_short(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert cut_short(path)
    for content in (b"", b"no video at all, but long enough"):
        path.write_bytes(content)
        assert not cut_short(path)
