"""When an emitter is there: intervals with hysteresis, between levels that adapt to the video.

One threshold decides whether an emitter is there at all. Where it begins and ends is another question: a background
that reminds the model of the label lifts all frames of a scene, a small emitter lifts none of them far. So the frames
of a scene are split in two by Otsu's method (IEEE Trans. SMC 9, 1979), on the log-odds of their probabilities. When
the two groups lie well apart, one is the scene without the emitter and the other the scene with it, and the boundary
is half-way between them. When they don't, it is there all the time or not at all, and the fixed levels hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonify.settings import MatchingSettings

# Otsu's split of one normal distribution lies 2.7 standard deviations apart, that of an even one 3.5.
_APART = 4.0
_LEAST_RISE = 1.0  # log-odds: less is the unrest of a model over one and the same thing
_LOWEST, _HIGHEST = 0.1, 0.9  # whatever the video, less is never there, and more always
_HYSTERESIS = 0.1  # share of the rise by which the two levels lie above and below its middle
_CERTAIN = 16.0  # log-odds that float32 can still tell from 1


@dataclass(frozen=True)
class Interval:
    """From start_s to end_s, exact, with the frames [first, last] that lie in it."""

    start_s: Fraction
    end_s: Fraction
    first: int
    last: int

    @property
    def length_s(self) -> Fraction:
        """How long it is."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Levels:
    """Log-odds from which an emitter appears, and below which it is gone."""

    appear: float
    vanish: float

    @property
    def middle(self) -> float:
        """Between the two."""
        return (self.appear + self.vanish) / 2


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """log(p / (1 - p)), within the bounds of what float32 can tell: the same shape."""
    least = 1 / (1 + np.exp(_CERTAIN))
    p = np.clip(probabilities.astype(np.float64), least, 1 - least)
    return np.asarray(np.log(p) - np.log1p(-p))


def levels(probabilities: NDArray[np.float32], settings: MatchingSettings) -> Levels:
    """The levels for one label in one scene, from the probabilities [N] of its frames."""
    fixed = np.array([settings.threshold, settings.threshold * settings.release], np.float32)
    appear, vanish = (float(level) for level in log_odds(fixed))
    values = np.sort(log_odds(probabilities))
    count = len(values)
    if not settings.adaptive or count < 4:
        return Levels(appear, vanish)
    sums = np.cumsum(values)[:-1]
    sizes = np.arange(1, count)
    lows, highs = sums / sizes, (values.sum() - sums) / (count - sizes)
    between = sizes * (count - sizes) / count**2 * (highs - lows) ** 2
    best = int(np.argmax(between))
    low, high = float(lows[best]), float(highs[best])
    within = float(np.sqrt(max(float(values.var()) - float(between[best]), 0.0)))
    if high - low < max(_LEAST_RISE, _APART * within):
        return Levels(appear, vanish)
    bounds = log_odds(np.array([_LOWEST, _HIGHEST], np.float32))
    middle = float(np.clip((low + high) / 2, *bounds))
    return Levels(middle + _HYSTERESIS * (high - low), middle - _HYSTERESIS * (high - low))


def presence(
    probabilities: NDArray[np.float32],
    times_s: Sequence[Fraction],
    start_s: Fraction,
    end_s: Fraction,
    settings: MatchingSettings,
) -> tuple[Interval, ...]:
    """Intervals within the scene [start_s, end_s) in which one label's emitter is there.

    probabilities: float32 [N] of the scene's frames, at times_s. In each interval one of them at least reaches
    settings.threshold; where it begins and ends, see `levels`. A frame stands for the time half-way to its
    neighbours. Short absences are bridged, then short appearances dropped, unless the whole scene is short.
    """
    if not len(times_s):
        return ()
    edges = _edges(times_s, start_s, end_s)
    at = levels(probabilities, settings)
    runs = _runs(log_odds(probabilities), at.appear, at.vanish)
    found: list[Interval] = []
    for first, last in runs:
        if probabilities[first : last + 1].max() < settings.threshold:
            continue
        interval = Interval(edges[first], edges[last + 1], first, last)
        if found and interval.start_s - found[-1].end_s <= Fraction(settings.bridge_gap_s):
            before = found.pop()
            interval = Interval(before.start_s, interval.end_s, before.first, last)
        found.append(interval)
    least = min(Fraction(settings.min_presence_s), end_s - start_s)
    return tuple(interval for interval in found if interval.length_s >= least)


def _runs(values: NDArray[np.float64], appear: float, vanish: float) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    there = False
    for index, value in enumerate(values):
        was = there
        there = bool(value >= (vanish if there else appear))
        if there and not was:
            first = index
            while first > 0 and values[first - 1] >= vanish and (not runs or runs[-1][1] < first - 1):
                first -= 1
            runs.append((first, index))
        elif there:
            runs[-1] = (runs[-1][0], index)
    return runs


def _edges(times_s: Sequence[Fraction], start_s: Fraction, end_s: Fraction) -> list[Fraction]:
    middles = [(a + b) / 2 for a, b in pairwise(times_s)]
    return [start_s, *middles, end_s]
