"""Videos made by code, for tests: any frame rate, time stamps, rotation, pixel shape, container, sound.

path = make_video(tmp_path / "a.mp4", numbered(48), rate="24000/1001")
number_of(picture)      # which frame of it `picture` is
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_BITS = 10
_CODECS = {
    ".webm": ["-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-c:a", "libopus"],
    ".avi": ["-c:v", "mpeg4", "-q:v", "3", "-c:a", "mp3"],
    ".ts": ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "aac"],
}
_H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "aac"]


def ffmpeg(*arguments: str | Path, feed: bytes | None = None, stdout: Path | None = None) -> None:
    """Runs ffmpeg; a failure shows its own words."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=feed or b"", capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    if stdout is not None:
        stdout.write_bytes(done.stdout)


def make_video(
    path: Path,
    pictures: Iterable[Picture],
    *,
    rate: str = "25",
    filters: str = "null",
    options: Sequence[str] = (),
    sound: str = "",
    seekable: bool = True,
) -> Path:
    """A video of `pictures`, uint8 [H, W] or [H, W, 3], in the container that the suffix names.

    filters: an ffmpeg filter chain, e.g. `setpts=...` for a variable frame rate or `setsar=2`.
    options: more ffmpeg output options. sound: an ffmpeg source such as "sine=440", cut to the picture's length.
    seekable: False writes as browsers and cameras stream, so that a header has no duration.
    """
    frames = [np.ascontiguousarray(picture) for picture in pictures]
    height, width = frames[0].shape[:2]
    form = "gray" if frames[0].ndim == 2 else "rgb24"
    source = ["-f", "rawvideo", "-pix_fmt", form, "-s", f"{width}x{height}", "-r", rate, "-i", "pipe:0"]
    if sound:
        source += ["-f", "lavfi", "-t", str(float(len(frames) / Fraction(rate))), "-i", sound]
    target = [*_CODECS.get(path.suffix, _H264), "-vf", filters, "-fps_mode", "passthrough", *options]
    feed = b"".join(frame.tobytes() for frame in frames)
    if seekable:
        ffmpeg(*source, *target, path, feed=feed)
    else:
        form = {".webm": "webm", ".mkv": "matroska"}[path.suffix]
        ffmpeg(*source, *target, "-f", form, "pipe:1", feed=feed, stdout=path)
    return path


def numbered(count: int, *, width: int = 160, height: int = 96) -> Iterator[Picture]:
    """Grey pictures whose ten upright bars are the bits of their number, the highest at the left."""
    for number in range(count):
        bits = [(number >> bit) & 1 for bit in reversed(range(_BITS))]
        row = np.repeat(np.array([208 if bit else 32 for bit in bits], np.uint8), width // _BITS)
        yield np.tile(np.pad(row, (0, width - len(row)), mode="edge"), (height, 1))


def number_of(picture: Picture) -> int:
    """Which of the `numbered` pictures this is, at any size, grey or RGB."""
    row = picture[picture.shape[0] // 2].astype(float)
    row = row if row.ndim == 1 else row.mean(axis=1)
    centres = ((np.arange(_BITS) + 0.5) / _BITS * len(row)).astype(int)
    return int("".join("1" if row[centre] > 120 else "0" for centre in centres), 2)


def plain(value: int | Sequence[int], count: int, *, width: int = 160, height: int = 96) -> Iterator[Picture]:
    """Pictures of one grey value or RGB colour."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = value
    for _ in range(count):
        yield picture


def corner(*, width: int = 160, height: int = 96) -> Picture:
    """Red, with the upper left quarter blue: shows which way is up."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = (220, 20, 20)
    picture[: height // 2, : width // 2] = (20, 20, 220)
    return picture


def rotated(source: Path, target: Path, degrees: int) -> Path:
    """The same stream with a tag that tells players to turn it so far anticlockwise."""
    ffmpeg("-display_rotation", str(degrees), "-i", source, "-c", "copy", target)
    return target
