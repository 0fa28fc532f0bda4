"""Reads what a sound file says about itself, without its samples."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MAX_DURATION_S = 24 * 3600
MAX_CHANNELS = 256
RATES_HZ = (1_000, 1_536_000)
# The best packed silence that we could make (FLAC, longest blocks) holds about 5,000 frames in a byte.
MAX_FRAMES_A_BYTE = 100_000
# How a reason begins that may be over the next time; all others stay until the file changes.
UNREAD = "can't be read"
_SYSTEM_ERROR = 2
_LOOKED_AT_BYTES = 2**16
_MAGICS = (b"ID3", b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS")
# The first 11 bits of every frame.
_MPEG = re.compile(rb"\xff[\xe0-\xff]")


@dataclass(frozen=True)
class Header:
    """Length, sample rate and channels of one sound."""

    duration_s: float
    sample_rate_hz: int
    channels: int


def read_header(file: Path) -> Header | str:
    """The header of a sound file, or in a few words why it can't be used."""
    import soundfile

    try:
        size_bytes = file.stat().st_size
        if size_bytes == 0:
            return "an empty file"
        if file.suffix.lower() == ".mp3" and not _may_be_mp3(file):
            return "not a sound that can be read (there is no MP3 in it)"
        # Bytes, since soundfile refuses names that are not in the file system's encoding.
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            frames, rate, channels = int(sound.frames), int(sound.samplerate), int(sound.channels)
    except soundfile.LibsndfileError as error:
        return _refused(file, error.code, error.error_string.strip().rstrip("."))
    except (OSError, RuntimeError, ValueError) as error:
        return f"{UNREAD} ({getattr(error, 'strerror', None) or error})"
    return _absurd(frames, rate, channels, size_bytes) or Header(frames / rate, rate, channels)


def _may_be_mp3(file: Path) -> bool:
    """Whether an MP3 may begin here, or a sound that is only called so.

    The decoder complains of anything else on standard error, in the middle of whatever is shown there.
    """
    with file.open("rb") as opened:
        head = opened.read(_LOOKED_AT_BYTES)
    return head.startswith(_MAGICS) or _MPEG.search(head) is not None


def _refused(file: Path, code: int, reason: str) -> str:
    """What to say of a file that the decoder didn't open; it doesn't tell a locked file from a damaged one."""
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        return f"{UNREAD} ({error.strerror})"
    if code == _SYSTEM_ERROR:
        return f"{UNREAD} (the disk doesn't give it)"
    # libsndfile says of an MP3 without a frame that it doesn't exist.
    told = "" if reason.startswith("File does not exist") else f" ({reason})"
    return f"not a sound that can be read{told}"


def _absurd(frames: int, rate: int, channels: int, size_bytes: int) -> str:
    if frames <= 0:
        return "it holds no sound"
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        return f"a sample rate of {rate} Hz"
    if not 1 <= channels <= MAX_CHANNELS:
        return f"{channels} channels"
    if frames / rate > MAX_DURATION_S or frames > size_bytes * MAX_FRAMES_A_BYTE:
        return "its header doesn't give a believable length"
    return ""
