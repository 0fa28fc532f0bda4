"""What a sound's samples measure, read once from front to back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonify.library.measures.loops import Loops
from sonify.library.measures.onsets import Onsets
from sonify.library.measures.peaks import Peaks
from sonify.library.measures.silence import LOOKED_AT_S, Ends, lead_s
from sonify.library.metadata.header import read_header
from sonify.library.records import Measures
from sonify.loudness import Meter

# Samples of all channels that are in memory at once, about 4 MiB with what is made of them.
BLOCK_SAMPLES = 2**18
# The largest value of 8 bits is 127/128, of 16 bits 0.99997; lossy formats and floats go over 1.
_FULL_SCALE = 0.9995
_FULL_SCALE_8_BITS = 0.992
# 40 dB over full scale: a float file that says more is damaged, and its squares would overflow.
_ABSURD = np.float32(100.0)


def measure(file: Path) -> Measures | str:
    """The measures of a sound file, or in a few words why it can't be measured.

    Memory doesn't grow with the file but for some 20 MiB in 10 minutes and 50 in 12 hours. NaN and
    infinity are taken as 0. `dc` is that of the worst channel. The same file gives the same measures.
    """
    import soundfile

    header = read_header(file)
    if isinstance(header, str):
        return header
    try:
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            rate, channels = int(sound.samplerate), int(sound.channels)
            full_scale = _FULL_SCALE_8_BITS if sound.subtype in ("PCM_U8", "PCM_S8") else _FULL_SCALE
            peaks = Peaks(rate, channels, full_scale)
            loudness, ends, onsets, loops = Meter(rate, channels), Ends(rate), Onsets(rate), Loops(rate)
            damaged, frames = False, 0
            for block in _blocks(sound):
                # Comparisons with NaN are never true.
                if not (block.max() <= _ABSURD and block.min() >= -_ABSURD):
                    damaged = damaged or not np.isfinite(block).all()
                    block = np.clip(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0), -_ABSURD, _ABSURD)
                frames += block.shape[1]
                loudness.add(block.T)
                for whole in (peaks, ends):
                    whole.feed(block)
                wave = _one_signal(block)
                for single in (onsets, loops):
                    single.feed(wave)
    except (OSError, RuntimeError, ValueError) as error:
        # soundfile's own error is a RuntimeError; its text may name the file, which whoever asks does anyway.
        return f"can't be read to its end ({getattr(error, 'error_string', None) or error})"
    if not frames:
        return "it holds no sound"
    # A sound that the gates leave nothing of has no loudness, whatever its loudest moment.
    whole_lufs = loudness.integrated_lufs()
    loudest_lufs = loudness.loudest_lufs() if isfinite(whole_lufs) else whole_lufs
    peak_dbtp, clipped_share, dc = peaks.result()
    lead_silence, tail_silence = ends.result()
    return Measures(
        loudness_lufs=_rounded(whole_lufs),
        loudest_3s_lufs=_rounded(loudest_lufs),
        true_peak_dbtp=_rounded(peak_dbtp),
        lead_silence_s=round(lead_silence, 6),
        tail_silence_s=round(tail_silence, 6),
        onsets_s=onsets.result(),
        loopability=loops.result(),
        clipped_share=round(clipped_share, 8),
        dc=round(dc, 8),
        not_finite=damaged,
    )


def lead_silence_s(file: Path) -> float:
    """How many seconds of silence stand before the sound begins, for a cue's `source_offset_s`.

    At least 5 ms before the attack are kept. 0 for a file that can't be read, is silent, or begins at once.
    """
    import soundfile

    try:
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            rate = int(sound.samplerate)
            samples = sound.read(int(LOOKED_AT_S * rate), dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError):
        return 0.0
    if not samples.size:
        return 0.0
    # The loudest of the channels at each moment: opposite channels must not cancel out.
    return lead_s(np.abs(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)).max(axis=1), rate)


def _blocks(sound: Any) -> Iterator[NDArray[np.float32]]:
    frames = max(1, BLOCK_SAMPLES // int(sound.channels))
    while len(block := sound.read(frames, dtype="float32", always_2d=True)):
        yield np.ascontiguousarray(block.T)


def _one_signal(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """All channels in one [N], with unequal shares, so that opposite ones don't cancel out."""
    shares = np.linspace(1.0, 0.5, len(block))
    return np.asarray((shares / shares.sum()).astype(np.float32) @ block)


def _rounded(value: float | None) -> float | None:
    """To a thousandth: what a machine's arithmetic makes of the last digits is no news. None where there is none."""
    return None if value is None or not isfinite(value) else round(value, 3)
