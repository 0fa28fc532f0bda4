"""Whether something goes on in a rhythm, and at what rate: steps, keys, hammers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SLOWEST_S, FASTEST_S = 1.5, 0.1
"""Periods that are looked for: slow steps to fast typing."""
SURE = 0.45
"""Autocorrelation of the envelope at the period from which it is a rhythm; noise reaches 0.3 in a few seconds."""
LEAST_PERIODS = 4
"""So many periods must have been seen."""
NEAR = 0.15
"""A sound whose rate is so near (as a share) follows the rhythm well enough that nobody sees it leave it."""
STEADY = 0.25
"""A sound is steady when its gaps differ from their median by at most this share of it, in the mean."""


@dataclass(frozen=True)
class Rhythm:
    """A rhythm: its period, one of its beats, both in seconds, and how sure it is (0..1)."""

    period_s: float
    beat_s: float
    strength: float

    def beats(self, start_s: float, end_s: float) -> list[float]:
        """The beats from start_s up to end_s."""
        first = int(np.ceil((start_s - self.beat_s) / self.period_s - 1e-9))
        last = int(np.ceil((end_s - self.beat_s) / self.period_s - 1e-9))
        return [self.beat_s + number * self.period_s for number in range(first, last)]


def rhythm(times_s: Sequence[float], values: NDArray[np.floating]) -> Rhythm | None:
    """The rhythm of an envelope [N] at times_s, evenly apart; None where there is none."""
    if len(values) < 8:
        return None
    step_s = (times_s[-1] - times_s[0]) / (len(times_s) - 1)
    # A film may be read at any rate; where two frames lie in a period, its rate can't be told.
    shortest, longest = max(3, int(np.ceil(FASTEST_S / step_s))), int(SLOWEST_S / step_s)
    longest = min(longest, len(values) // LEAST_PERIODS)
    if longest <= shortest:
        return None
    wave = np.asarray(values, np.float64)
    # One blow that is stronger than all others must not hide them.
    wave = np.sqrt(np.maximum(wave, 0.0))
    # A period needn't be a whole number of frames: what is a little off is alike too.
    wave = np.convolve(np.pad(wave, 1, mode="edge"), (0.25, 0.5, 0.25), "valid")
    wave = wave - wave.mean()
    power = float(wave @ wave)
    if power <= 0:
        return None
    lags = np.arange(shortest - 1, longest + 2)
    likeness = np.array([float(wave[lag:] @ wave[:-lag]) / power * len(wave) / (len(wave) - lag) for lag in lags])
    peaks = [
        k
        for k in range(1, len(lags) - 1)
        if likeness[k] >= SURE and likeness[k] >= likeness[k - 1] and likeness[k] >= likeness[k + 1]
    ]
    if not peaks:
        return None
    # Twice the period is as like as the period: the shortest of the good ones is it.
    best = max(likeness[k] for k in peaks)
    k = next(k for k in peaks if likeness[k] >= 0.75 * best)
    a, b, c = likeness[k - 1 : k + 2]
    curve = a - 2 * b + c
    lag = float(lags[k]) + (0.5 * float(a - c) / float(curve) if curve < 0 else 0.0)
    phases = np.arange(0.0, lag, 0.25)
    places = np.arange(len(wave))
    sums = [float(np.interp(np.arange(phase, len(wave) - 1, lag), places, wave).mean()) for phase in phases]
    beat_s = times_s[0] + float(phases[int(np.argmax(sums))]) * step_s
    return Rhythm(lag * step_s, beat_s, min(1.0, float(likeness[k])))


def own_rate_hz(onsets_s: Sequence[float]) -> float | None:
    """Onsets a second of a sound that goes on steadily; None for one that doesn't."""
    gaps = np.array([later - earlier for earlier, later in pairwise(onsets_s)])
    if len(gaps) < LEAST_PERIODS:
        return None
    usual = float(np.median(gaps))
    return 1 / usual if float(np.abs(gaps - usual).mean()) <= STEADY * usual else None
