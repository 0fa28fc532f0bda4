"""What a file says about itself, and the one line for a file that is no video."""

from __future__ import annotations

import shutil
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from media import corner, ffmpeg, make_video, numbered, plain, rotated

from sonify.errors import VideoError
from sonify.video import probe as probing
from sonify.video.probe import probe


@pytest.mark.parametrize(
    ("suffix", "rate"),
    [(".mp4", "25"), (".mp4", "60"), (".mp4", "30000/1001"), (".mkv", "30000/1001")]
    + [(suffix, "24000/1001") for suffix in (".mp4", ".mkv", ".ts", ".webm", ".avi")],
)
def test_frame_rates_are_exact(tmp_path: Path, rate: str, suffix: str) -> None:
    info = probe(make_video(tmp_path / f"a{suffix}", numbered(24), rate=rate))
    assert info.frame_rate == Fraction(rate)
    assert abs(info.duration_s - 24 / Fraction(rate)) <= Fraction(1, 200)
    assert (info.width_px, info.height_px) == (160, 96)
    assert not info.has_audio


def test_duration_of_a_variable_frame_rate(tmp_path: Path) -> None:
    stamps = "settb=1/90000,setpts='round(if(lt(N,20),N*0.04,0.8+(N-20)*0.1)/TB)'"
    info = probe(make_video(tmp_path / "a.mp4", numbered(50), filters=stamps, options=["-enc_time_base", "1/90000"]))
    assert info.duration_s == Fraction("3.74")
    assert info.frame_rate == Fraction(2500, 187)


@pytest.mark.parametrize(("degrees", "size"), [(0, (160, 96)), (90, (96, 160)), (180, (160, 96)), (270, (96, 160))])
def test_size_is_upright(tmp_path: Path, degrees: int, size: tuple[int, int]) -> None:
    flat = make_video(tmp_path / "flat.mp4", [corner()] * 5)
    info = probe(rotated(flat, tmp_path / "turned.mp4", degrees))
    assert (info.width_px, info.height_px) == size


def test_size_has_square_pixels(tmp_path: Path) -> None:
    wide = make_video(tmp_path / "wide.mp4", [corner()] * 5, filters="setsar=2")
    assert (probe(wide).width_px, probe(wide).height_px) == (320, 96)
    info = probe(rotated(wide, tmp_path / "turned.mp4", 90))
    assert (info.width_px, info.height_px) == (96, 320)


def test_sound_is_seen(tmp_path: Path) -> None:
    assert probe(make_video(tmp_path / "a.mp4", numbered(5), sound="sine=440")).has_audio


def test_a_header_without_duration(tmp_path: Path) -> None:
    info = probe(make_video(tmp_path / "a.webm", numbered(50), seekable=False))
    assert abs(info.duration_s - 2) <= Fraction(1, 100)


def test_fingerprint_goes_by_content(tmp_path: Path) -> None:
    one = make_video(tmp_path / "one.mp4", numbered(5))
    other = make_video(tmp_path / "other.mp4", numbered(6))
    copy = Path(shutil.copy(one, tmp_path / "copy.mp4"))
    assert probe(one).fingerprint == probe(copy).fingerprint != probe(other).fingerprint
    assert len(probe(one).fingerprint) == 16


def test_fingerprint_sees_both_ends_of_a_big_file(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(5 * 2**20))
    before = probing.fingerprint(big)
    with big.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    assert probing.fingerprint(big) != before


def _text(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("this is no video\n" * 50)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _sound(folder: Path) -> Path:
    path = folder / "sound.m4a"
    ffmpeg("-f", "lavfi", "-t", "1", "-i", "sine=440", path)
    return path


def _cover(folder: Path) -> Path:
    picture, path = folder / "cover.png", folder / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", picture)
    source = ["-f", "lavfi", "-t", "1", "-i", "sine=440", "-i", picture]
    ffmpeg(*source, "-map", "0", "-map", "1", "-c:v", "png", "-disposition:v", "attached_pic", path)
    return path


def _encrypted(folder: Path) -> Path:
    key = ["-encryption_key", "0" * 31 + "1", "-encryption_kid", "0" * 31 + "2"]
    options = ["-encryption_scheme", "cenc-aes-ctr", *key]
    return make_video(folder / "locked.mp4", numbered(5), options=options)


def _cut_short(folder: Path) -> Path:
    path = make_video(folder / "short.mp4", numbered(5))
    path.write_bytes(path.read_bytes()[:400])
    return path


def _folder(folder: Path) -> Path:
    path = folder / "folder.mp4"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_text, "is not a video"),
        (_empty, "is empty"),
        (_sound, "has no picture"),
        (_cover, "has no picture"),
        (_encrypted, "is encrypted"),
        (_cut_short, "is not a video"),
        (_folder, "is a folder"),
        (lambda folder: folder / "missing.mp4", "there is no file"),
        (lambda folder: Path("/dev/null"), "is not a plain file"),
        (lambda folder: folder / ("x" * 300 + ".mp4"), "can't read"),
        (lambda folder: folder / "nul\0.mp4", "can't read"),
    ],
)
def test_no_video_is_one_clear_line(tmp_path: Path, make: object, says: str) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(VideoError) as caught:
        probe(path)
    line = str(caught.value)
    assert says in line
    assert "\n" not in line
    assert ascii(path.name)[1:-1] in line
    assert not any(word in line for word in ("Errno", "av.", "Traceback", ".cc:", "Error"))


def test_a_name_with_a_line_feed_stays_one_line(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"a\\nb\.mp4"):
        probe(tmp_path / "a\nb.mp4")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import time; time.sleep(60)", "hang"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crash"),
    ],
)
def test_a_decoder_that_hangs_or_crashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    path = make_video(tmp_path / "a.mp4", plain(90, 3))
    monkeypatch.setattr(probing, "child_command", lambda *_, **__: [sys.executable, "-c", code])
    with pytest.raises(VideoError, match=says):
        probe(path, timeout_s=0.5)
