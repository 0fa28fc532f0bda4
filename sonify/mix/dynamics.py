"""How loud: loudness of a sound, the ducking of the original."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sonify.cues import Cue, Curve, Kind
from sonify.mix.sources import RATE_HZ, Samples

DUCK_DOWN_S = 0.08
DUCK_UP_S = 0.4
"""Usual times for ducking under speech (design notes: about 80 ms down, 400-500 ms up)."""

_GATE_S = 0.4
"""The shortest sound that ITU-R BS.1770 can measure: one gating block."""


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness (ITU-R BS.1770) of samples [N, 1 or 2] at 48 kHz; -inf for silence.

    What is shorter than a gating block of 0.4 s is measured as if it were repeated.
    """
    import pyloudnorm

    if not len(samples) or not np.any(samples):
        return float("-inf")
    shortest = round(_GATE_S * RATE_HZ)
    if len(samples) < shortest:
        samples = np.tile(samples, (-(-shortest // len(samples)), 1))
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples.astype(np.float64)))


def duck_curve(cues: Iterable[Cue], duck_db: float, *, kinds: tuple[Kind, ...] = ("effect",)) -> Curve:
    """The gain of the original, in dB over the video's time: `duck_db` under every cue of `kinds`, else 0."""
    spans: list[list[float]] = []
    for cue in sorted((c for c in cues if c.kind in kinds), key=lambda c: c.start_s):
        # A gap too short to come up and go down again stays down.
        if spans and cue.start_s - spans[-1][1] <= DUCK_DOWN_S + DUCK_UP_S:
            spans[-1][1] = max(spans[-1][1], cue.end_s)
        else:
            spans.append([cue.start_s, cue.end_s])
    keys: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        keys += [(start_s - DUCK_DOWN_S, 0.0), (start_s, duck_db), (end_s, duck_db), (end_s + DUCK_UP_S, 0.0)]
    return tuple(keys)
