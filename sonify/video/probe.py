"""What is in a video file, asked in a process of its own, since a file can hang or crash the one who asks."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonify.errors import VideoError
from sonify.video.frames import VideoInfo
from sonify.video.process import ChildProcess, StalledError, child_command

_MIB = 2**20
_USUAL_RATE = Fraction(25)
_REASONS = {
    "not a video": (
        "is not a video that sonify can read, or its beginning is damaged",
        "play it to see if it is whole",
    ),
    "no picture": ("has no picture, only sound or other streams", "give a file with a video stream"),
    "no frame": ("has no frame that can be decoded", "the file is damaged, cut short, or its codec is unknown here"),
    "no decoder": ("is in a codec that is unknown here", "convert it to H.264 first"),
    "encrypted": ("is encrypted", "give a copy without copy protection"),
    "no permission": ("can't be read: permission denied", "check the file's permissions"),
}


@dataclass(frozen=True)
class Probed:
    """VideoInfo, and what only the reader needs.

    rates: frame rates that the file claims, the likeliest first. gaps: its time stamps jump by an hour or more.
    decord: decord is known to read such a file rightly.
    """

    info: VideoInfo
    rates: tuple[Fraction, ...]
    time_base: Fraction
    gaps: bool
    decord: bool


def probe(path: Path, *, timeout_s: float = 20.0) -> VideoInfo:
    """What the file says about itself; the duration is exact where its time stamps are.

    Raises VideoError when there is no such file, or no picture in it that can be decoded.
    """
    return examine(path, timeout_s=timeout_s).info


def examine(path: Path, *, timeout_s: float = 20.0) -> Probed:
    """`probe`, with what the reader needs besides. Raises VideoError."""
    size = _check_file(path)
    facts = _ask(path, "probe", timeout_s + size / 50e6, scan_s=timeout_s / 2)
    width, height = _upright(facts)
    rates = tuple(dict.fromkeys(_neat(Fraction(*rate)) for rate in facts["rates"])) or (_USUAL_RATE,)
    info = VideoInfo(
        path=path,
        duration_s=Fraction(*facts["duration"]),
        frame_rate=rates[0],
        width_px=width,
        height_px=height,
        has_audio=facts["audio"],
        fingerprint=fingerprint(path),
        stream=facts["stream"],
    )
    return Probed(info, rates, Fraction(*facts["time_base"]), facts["gaps"], facts["decord"])


def scan(probed: Probed, *, timeout_s: float) -> Probed:
    """The same, after a look at every packet's time stamp: for files whose header can't be trusted."""
    facts = _ask(probed.info.path, "scan", timeout_s + 1, stream=probed.info.stream, scan_s=timeout_s)
    duration = Fraction(*facts["duration"])
    if not duration:
        return probed
    return replace(probed, info=replace(probed.info, duration_s=duration), gaps=facts["gaps"])


def fingerprint(path: Path) -> str:
    """Tells videos apart, whatever their names: 16 hexadecimal digits of the SHA-256 of size, first and last MiB.

    Raises VideoError when the file can't be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(size.to_bytes(8, "big"))
            digest.update(file.read(_MIB))
            file.seek(max(size - _MIB, 0))
            digest.update(file.read(_MIB))
    except OSError as error:
        raise VideoError(f"can't read {_shown(path)}: {error.strerror}", hint="check the file") from None
    return digest.hexdigest()[:16]


def refused(path: Path, reason: str) -> VideoError:
    """The error for one of the child's reasons."""
    what, hint = _REASONS.get(reason, _REASONS["not a video"])
    return VideoError(f"{_shown(path)} {what}", hint=hint)


def _check_file(path: Path) -> int:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise VideoError(f"there is no file {_shown(path)}", hint="check the name") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a possible name"
        raise VideoError(f"can't read {_shown(path)}: {reason}", hint="check the name") from None
    if stat.S_ISDIR(status.st_mode):
        raise VideoError(f"{_shown(path)} is a folder", hint="name a video file, or use sonify batch")
    if not stat.S_ISREG(status.st_mode):
        raise VideoError(f"{_shown(path)} is not a plain file", hint="copy the video to a file first")
    if not status.st_size:
        raise VideoError(f"{_shown(path)} is empty (0 bytes)", hint="copy or download it again")
    return status.st_size


def _ask(path: Path, verb: str, timeout_s: float, **options: object) -> dict[str, Any]:
    with ChildProcess(child_command(verb, path, **options), stall_timeout_s=timeout_s) as child:
        try:
            line = child.read_line()
        except StalledError:
            raise VideoError(
                f"{_shown(path)} makes the decoder hang: no answer in {timeout_s:.0f} s",
                hint="the file is damaged; convert it first",
            ) from None
    if not line:
        raise VideoError(f"{_shown(path)} makes the decoder crash", hint="the file is damaged; convert it first")
    facts: dict[str, Any] = json.loads(line)
    if "error" in facts:
        raise refused(path, facts["error"])
    return facts


def _upright(facts: dict[str, Any]) -> tuple[int, int]:
    width, height = facts["width"], facts["height"]
    aspect = Fraction(*facts["aspect"])
    # Some files carry nonsense, like 1:65535; nobody would show a picture like that.
    if Fraction(1, 20) <= aspect <= 20:
        width = max(round(width * aspect), 1)
    turned = abs(facts["rotation"]) <= 360 and round(facts["rotation"] / 90) % 2 == 1
    return (height, width) if turned else (width, height)


def _neat(rate: Fraction) -> Fraction:
    """The broadcast rate behind a rounded one: 2997/125 means 24000/1001."""
    for whole in (24, 25, 30, 48, 50, 60, 100, 120):
        for true in (Fraction(whole), Fraction(whole * 1000, 1001)):
            if abs(rate - true) < true * Fraction(1, 200_000):
                return true
    return rate


def _shown(path: Path) -> str:
    """The name as a person knows it, on one line and printable."""
    text = str(path)
    return text if text.isprintable() else ascii(text)[1:-1]
