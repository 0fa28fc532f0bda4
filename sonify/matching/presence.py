"""When an emitter is there: intervals with hysteresis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonify.settings import MatchingSettings


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


def presence(
    probabilities: NDArray[np.float32],
    times_s: Sequence[Fraction],
    start_s: Fraction,
    end_s: Fraction,
    settings: MatchingSettings,
) -> tuple[Interval, ...]:
    """Intervals within the scene [start_s, end_s) in which one label's emitter is there.

    probabilities: float32 [N] of the scene's frames, at times_s. It appears at the threshold and is gone below
    threshold * release. A frame stands for the time half-way to its neighbours. Short absences are bridged,
    then short appearances dropped, unless the whole scene is short.
    """
    edges = _edges(times_s, start_s, end_s)
    runs = _runs(probabilities, settings.threshold, settings.threshold * settings.release)
    found: list[Interval] = []
    for first, last in runs:
        interval = Interval(edges[first], edges[last + 1], first, last)
        if found and interval.start_s - found[-1].end_s <= Fraction(settings.bridge_gap_s):
            before = found.pop()
            interval = Interval(before.start_s, interval.end_s, before.first, last)
        found.append(interval)
    least = min(Fraction(settings.min_presence_s), end_s - start_s)
    return tuple(interval for interval in found if interval.length_s >= least)


def _runs(probabilities: NDArray[np.float32], appear: float, vanish: float) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    there = False
    for index, value in enumerate(probabilities):
        was = there
        there = bool(value >= (vanish if there else appear))
        if there and not was:
            first = index
            while first > 0 and probabilities[first - 1] >= vanish and (not runs or runs[-1][1] < first - 1):
                first -= 1
            runs.append((first, index))
        elif there:
            runs[-1] = (runs[-1][0], index)
    return runs


def _edges(times_s: Sequence[Fraction], start_s: Fraction, end_s: Fraction) -> list[Fraction]:
    middles = [(a + b) / 2 for a, b in pairwise(times_s)]
    return [start_s, *middles, end_s]
