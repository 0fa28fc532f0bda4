"""Measures of a sound's samples that a cue needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Only so much of a sound is looked at: whoever waits longer for a sound means the silence.
LOOKED_AT_S = 10.0
# 40 dB under the loudest part, tails of rooms and noise of recorders are let go, attacks are not.
TOP_DB = 40.0
# A digital silence has no loudest part; -60 dBFS is under the noise of nearly every recording.
SILENT_PEAK = 1e-3
FRAME_S = 0.010
HOP_S = 0.002
# The attack itself begins before it can be measured.
KEEP_S = 0.010


def lead_silence_s(file: Path) -> float:
    """How many seconds of silence stand before the sound begins, for a cue's `source_offset_s`.

    At least 5 ms before the attack are kept. 0 for a file that can't be read, is silent, or begins at once.
    """
    import soundfile
    from librosa.effects import trim

    try:
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            rate = int(sound.samplerate)
            samples = sound.read(int(LOOKED_AT_S * rate), dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError):
        return 0.0
    mono = _mono(samples)
    if mono.size == 0 or float(np.abs(mono).max()) < SILENT_PEAK:
        return 0.0
    frame, hop = max(2, round(FRAME_S * rate)), max(1, round(HOP_S * rate))
    _, bounds = trim(mono, top_db=TOP_DB, frame_length=frame, hop_length=hop)
    # The frames are centred: the first loud one begins half a frame before where trim cuts.
    return max(0.0, (int(bounds[0]) - frame // 2) / rate - KEEP_S)


def _mono(samples: Any) -> NDArray[np.float32]:
    """The loudest of the channels at each moment: opposite channels must not cancel out."""
    finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if finite.size == 0:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(np.abs(finite).max(axis=1), dtype=np.float32)
