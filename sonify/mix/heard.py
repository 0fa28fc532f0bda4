"""What a file's audio measures, by ffmpeg's own meter: the judge that is not us."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sonify.errors import RenderError
from sonify.loudness import SILENT_LUFS
from sonify.mix import ffmpeg
from sonify.mix.limiter import Limiter
from sonify.mix.sources import RATE_HZ, Samples

_SUMMARY = re.compile(rb"\bI:\s+(-?[\d.]+|-?inf|nan) LUFS.*\bPeak:\s+(-?[\d.]+|-?inf|nan) dBFS", re.DOTALL)
_READ = 65536


@dataclass(frozen=True)
class Heard:
    """Integrated loudness, -inf when there is none to speak of, and true peak; EBU R 128, to a tenth."""

    loudness_lufs: float
    peak_dbtp: float


def measure(file: Path, stream: int | None = None) -> Heard | None:
    """Measures one stream of a file, by its index, or its first audio. None when there is nothing to decode."""
    where = "0:a:0" if stream is None else f"0:{stream}"
    command = [
        *("-v", "info", "-nostats", *ffmpeg.SAFE, "-format_whitelist", ffmpeg.FORMATS),
        *("-vn", "-sn", "-dn", "-i", ffmpeg.file_url(file), "-map", where),
        *("-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"),
    ]
    with tempfile.TemporaryFile("a+b") as log:
        process = ffmpeg.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        try:
            process.wait()
        finally:
            ffmpeg.stop(process)
        size = log.seek(0, 2)
        log.seek(max(0, size - _READ))
        found = _SUMMARY.search(log.read())
    if found is None:
        return None
    loudness, peak = (float(number) for number in found.groups())
    return Heard(loudness if loudness > SILENT_LUFS else float("-inf"), peak)


def excess_db(file: Path, channels: int, peak_dbtp: float) -> NDArray[np.float32]:
    """How far the first audio of a file is over a true peak, in each 5 ms from its first sample on, [T]."""
    command = [
        *(*ffmpeg.SAFE, "-format_whitelist", ffmpeg.FORMATS, "-vn", "-sn", "-dn", "-i", ffmpeg.file_url(file)),
        *("-map", "0:a:0", "-f", "f32le", "-ar", str(RATE_HZ), "-ac", str(channels), "pipe:1"),
    ]
    with tempfile.TemporaryFile("a+b") as log:
        process = ffmpeg.start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        try:
            return Limiter(peak_dbtp, channels).excess_db(_blocks(process.stdout, channels))
        finally:
            ffmpeg.stop(process)


def _blocks(pipe: IO[bytes] | None, channels: int) -> Iterator[Samples]:
    one = 4 * channels
    while raw := pipe.read(RATE_HZ * one) if pipe else b"":
        samples = np.frombuffer(raw[: len(raw) // one * one], "<f4").reshape(-1, channels)
        yield np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def must_measure(file: Path) -> Heard:
    """Like `measure`, of a file that we have written. Raises RenderError when it can't be decoded."""
    heard = measure(file)
    if heard is None:
        raise RenderError(f"the sound written to {file.name} can't be decoded", hint="try another container, .mkv")
    return heard
