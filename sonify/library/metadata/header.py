"""Reads what a sound file says about itself, without its samples."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MAX_DURATION_S = 24 * 3600
MAX_CHANNELS = 256
RATES_HZ = (1_000, 1_536_000)
# The best packed silence that we could make (FLAC, longest blocks) holds about 5,000 frames in a byte.
MAX_FRAMES_A_BYTE = 100_000


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
        # Bytes, since soundfile refuses names that are not in the file system's encoding.
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            frames, rate, channels = int(sound.frames), int(sound.samplerate), int(sound.channels)
    except soundfile.LibsndfileError as error:
        return f"not a sound that can be read ({error.error_string.strip().rstrip('.')})"
    except (OSError, RuntimeError, ValueError) as error:
        return f"can't be read ({getattr(error, 'strerror', None) or error})"
    return _absurd(frames, rate, channels, size_bytes) or Header(frames / rate, rate, channels)


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
