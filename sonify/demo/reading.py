"""What the overview needs of a file: a few pictures, and its sound column by column. ffmpeg does the reading."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import RenderError
from sonify.mix import ffmpeg

RATE_HZ = 48_000
WINDOW = 4096
WINDOWS_PER_COLUMN = 6
PICTURE_TIMEOUT_S = 60


def picture_at(video: Path, time_s: float, width_px: int, height_px: int) -> NDArray[np.uint8] | None:
    """The video's picture at a time, as [height, width, 3] uint8 RGB; None where it has none that can be read."""
    command = [
        ffmpeg.binary(), "-nostdin", "-v", "error", *ffmpeg.SAFE, "-ss", f"{max(time_s, 0):.6f}",
        "-i", ffmpeg.file_url(video), "-map", "0:V:0", "-frames:v", "1",
        "-vf", f"scale={width_px}:{height_px}:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=PICTURE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    size = width_px * height_px * 3
    if len(done.stdout) < size:
        return None
    return np.frombuffer(done.stdout[:size], np.uint8).reshape(height_px, width_px, 3)


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound as a picture needs it, in equal columns of time.

    peaks: [columns, 2] float32, the largest sample of left and right.
    power: [columns, bands] float32, mean power in bands of equal width on a logarithmic frequency axis.
    """

    peaks: NDArray[np.float32]
    power: NDArray[np.float32]

    @property
    def silent(self) -> bool:
        """Nothing can be heard (under -80 dBFS)."""
        return bool(self.peaks.max(initial=0) < 1e-4)


def read_sound(
    file: Path, duration_s: float, columns: int, bands: int, low_hz: float, high_hz: float
) -> Sound | None:
    """The sound of a file over `duration_s`, read as a stream; None when the file has no sound.

    Raises RenderError when it has some that can't be read.
    """
    edges = np.round(np.linspace(0, duration_s * RATE_HZ, columns + 1)).astype(np.int64)
    peaks = np.zeros((columns, 2), np.float32)
    power = np.zeros((columns, bands), np.float32)
    fold = _Bands(bands, low_hz, high_hz)
    arguments = [
        *ffmpeg.SAFE, "-i", ffmpeg.file_url(file), "-map", "0:a:0?", "-vn", "-ac", "2", "-ar", str(RATE_HZ),
        "-f", "f32le", "pipe:1",
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        process = ffmpeg.start(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        heard = 0
        recent = np.zeros(WINDOW, np.float32)
        try:
            for column in range(columns):
                raw = process.stdout.read(int(edges[column + 1] - edges[column]) * 8)
                block = np.frombuffer(raw[: len(raw) // 8 * 8], np.float32).reshape(-1, 2)
                if not len(block):
                    break
                heard += len(block)
                peaks[column] = np.abs(block).max(axis=0)
                recent = np.concatenate((recent[-WINDOW:], block.mean(axis=1)))
                power[column] = fold(recent)
        finally:
            ffmpeg.stop(process)
        if not heard:
            reason = ffmpeg.last_error(log)
            if not reason or "not contain any stream" in reason or "matches no streams" in reason:
                return None
            raise RenderError(f"can't read the sound of {file} ({reason})", hint="is the file damaged?")
    # A window shows what was heard half its length earlier.
    late = round(WINDOW / 2 / RATE_HZ / max(duration_s, 1e-3) * columns)
    power = np.concatenate((power[late:], np.repeat(power[-1:], late, axis=0)))
    return Sound(np.minimum(peaks, 1), power)


class _Bands:
    """Folds the latest samples into bands of equal width on a logarithmic frequency axis."""

    def __init__(self, bands: int, low_hz: float, high_hz: float) -> None:
        self._shape = np.hanning(WINDOW).astype(np.float32)
        self._at = np.geomspace(low_hz, high_hz, bands + 1) * WINDOW / RATE_HZ + 0.5

    def __call__(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean power per band over a few windows that end within the newest samples."""
        fresh = len(samples) - WINDOW
        ends = np.unique(np.linspace(fresh / WINDOWS_PER_COLUMN, fresh, WINDOWS_PER_COLUMN).astype(np.int64))
        windows = np.stack([samples[end : end + WINDOW] for end in ends]) * self._shape
        spectrum = (np.abs(np.fft.rfft(windows)) ** 2).mean(axis=0)
        below = np.concatenate(([0.0], np.cumsum(spectrum)))
        inside = np.diff(np.interp(self._at, np.arange(len(below)), below)) / np.diff(self._at)
        return np.asarray(inside, np.float32)
