"""Running ffmpeg safely: the binary that imageio-ffmpeg brings, names that stay names, one clear error line."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import IO

from sonify.errors import RenderError

# Containers of moving pictures. What is not here could make ffmpeg open other files (playlists, concat
# scripts, image sequences) or devices.
FORMATS = (
    "mov,matroska,webm,avi,flv,mpegts,mpeg,mpegvideo,ogg,asf,mxf,nut,ivf,h264,hevc,vvc,m4v,obu,av1,"
    "dv,rm,wtv,gxf,swf,gif,yuv4mpegpipe,bink,smk,roq,vob,live_flv,webm_dash_manifest,apng,webp,nsv,nuv,4xm"
)

SAFE = ("-protocol_whitelist", "file,pipe")

_FRUGAL = {"MALLOC_TRIM_THRESHOLD_": "131072"}
"""For Linux's C library: what ffmpeg lets go of goes back to the system. It reads the index of an MP4 by way of
larger ones, which it would keep: of a film of two hours, 27 MiB instead of 41."""


def binary() -> str:
    """The path of ffmpeg. Raises RenderError when there is none."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise RenderError("there is no ffmpeg", hint="install it with pip install imageio-ffmpeg") from None


def file_url(path: Path) -> str:
    """A name that ffmpeg can take for nothing but a file."""
    return f"file:{path.absolute()}"


def start(arguments: list[str], *, stdin: int, stdout: int, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts ffmpeg apart from the terminal, so that Ctrl-C reaches us alone and we end it ourselves."""
    command = [binary(), "-nostdin", "-hide_banner", "-v", "error", *arguments]
    env = {**_FRUGAL, **os.environ}
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True, env=env)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that may still run, closes its pipes and waits for it."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                # What was still in the pipe has nowhere to go any more.
                continue
    process.wait()


_EMPTY = re.compile(
    r"^(Conversion failed|Error (opening|parsing|muxing|submitting|sending|while|writing)|Task finished|Terminating|"
    r"Nothing was written|Failed to set|Error code|Could not write header)",
    re.IGNORECASE,
)


def last_error(log: IO[bytes]) -> str:
    """The line of ffmpeg's log that says most, without addresses, at most 160 characters; may be empty."""
    size = log.seek(0, 2)
    log.seek(max(0, size - 65536))
    text = log.read().decode("utf-8", "replace")
    if "No space left on device" in text:
        return "no space left on the disk"
    lines = [re.sub(r"^(\[[^\]]* @ 0x[0-9a-f]+\] ?)+", "", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    telling = [line for line in lines if not _EMPTY.match(line)] or lines
    line = telling[-1].rstrip(".") if telling else ""
    return line if len(line) <= 160 else line[:157] + "..."
