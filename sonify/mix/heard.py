"""What a file's audio measures, by ffmpeg's own meter: the judge that is not us."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sonify.errors import RenderError
from sonify.loudness import SILENT_LUFS
from sonify.mix import ffmpeg

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


def must_measure(file: Path) -> Heard:
    """Like `measure`, of a file that we have written. Raises RenderError when it can't be decoded."""
    heard = measure(file)
    if heard is None:
        raise RenderError(f"the sound written to {file.name} can't be decoded", hint="try another container, .mkv")
    return heard
