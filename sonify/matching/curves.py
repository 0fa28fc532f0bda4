"""Curves of the cue sheet from noisy measurements: smoothed without lag, no faster than a limit, few key frames.

Times and values are float64 [N], times rising strictly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Curve

Floats = NDArray[np.float64]

_REACH = 3.0
"""Measurements further away than so many standard deviations weigh less than 1.2 % of the nearest."""
_ROUNDS = 3
"""Of weighing outliers less; the fit hardly moves after the second."""


def smoothed(
    times_s: Floats,
    values: Floats,
    weights: Floats,
    *,
    sigma_s: float,
    rest: float,
    rest_weight: float,
    outlier: float,
) -> Floats:
    """A straight line through the neighbours of each time, weighted by nearness and by their confidence.

    Both sides count alike, so nothing lags, and the ends are not pulled towards the middle as a mean would be
    (local linear regression: Cleveland 1979; the weights are Gaussian with the standard deviation sigma_s). What lies
    further than `outlier` from the fit weighs less than half (Cauchy weights). `rest` is added as one measurement of
    weight rest_weight everywhere: where nothing is known, the curve is at rest.
    """
    trust = weights.astype(np.float64)
    fit = np.full(len(values), rest)
    for _ in range(_ROUNDS):
        fit = _local_lines(times_s, values, trust, sigma_s, rest, rest_weight)
        trust = weights / (1.0 + ((values - fit) / outlier) ** 2)
    return fit


def _local_lines(
    times_s: Floats, values: Floats, weights: Floats, sigma_s: float, rest: float, rest_weight: float
) -> Floats:
    # Weighted sums of 1, d, d*d, v, d*v over the neighbours, d seconds away; one pass for each distance in samples.
    count = len(times_s)
    sums = np.zeros((5, count))
    sums[0], sums[3] = rest_weight + weights, rest_weight * rest + weights * values
    reach = int(np.max(np.searchsorted(times_s, times_s + _REACH * sigma_s, "right") - np.arange(count)))
    for step in range(1, reach):
        away = times_s[step:] - times_s[:-step]
        near = np.exp(-0.5 * (away / sigma_s) ** 2)
        for here, there, distance in (
            (slice(None, -step), slice(step, None), away),
            (slice(step, None), slice(None, -step), -away),
        ):
            weight = near * weights[there]
            found = values[there]
            sums[:, here] += weight * np.stack([np.ones_like(away), distance, distance**2, found, distance * found])
    mass, first, second, value, slope = sums
    # A little stiffness where the neighbours lie on one side only and could turn the line any way.
    second = second + 0.05 * sigma_s**2 * (mass + rest_weight) + 1e-12
    return np.asarray((value * second - first * slope) / np.maximum(mass * second - first**2, 1e-12))


def slew_limited(times_s: Floats, values: Floats, per_s: float) -> Floats:
    """The nearest curve (in its greatest difference) that never changes faster than per_s a second.

    It is the mean of the lowest such curve above and the highest such curve below the values, so it neither lags nor
    leads.
    """
    above, below = values.astype(np.float64).copy(), values.astype(np.float64).copy()
    steps = np.diff(times_s) * per_s
    for index, step in enumerate(steps):
        above[index + 1] = max(above[index + 1], above[index] - step)
        below[index + 1] = min(below[index + 1], below[index] + step)
    for index in range(len(steps) - 1, -1, -1):
        above[index] = max(above[index], above[index + 1] - steps[index])
        below[index] = min(below[index], below[index + 1] + steps[index])
    return (above + below) / 2


def thinned(times_s: Floats, values: Floats, tolerance: float) -> tuple[int, ...]:
    """The fewest of the measurements as key frames: straight lines between them miss none by more than `tolerance`.

    Returns their indices, the first and the last among them. It is the shortest chain of lines that are allowed (Imai
    and Iri 1988): from each measurement, the slopes that pass all later ones form a cone that only narrows.
    """
    count = len(times_s)
    if count <= 2:
        return tuple(range(count))
    hops = np.full(count, count + 1)
    before = np.full(count, -1)
    hops[0] = 0
    for index in range(count - 1):
        ends = _reached(times_s, values, index, tolerance)
        better = ends[hops[ends] > hops[index] + 1]
        hops[better], before[better] = hops[index] + 1, index
    chain = [count - 1]
    while chain[-1]:
        chain.append(int(before[chain[-1]]))
    return tuple(reversed(chain))


def _reached(times_s: Floats, values: Floats, index: int, tolerance: float) -> NDArray[np.intp]:
    """The later measurements to which a straight line from `index` misses nothing on its way."""
    found: list[NDArray[np.intp]] = []
    low, high = -np.inf, np.inf
    start, length = index + 1, 32
    while start < len(times_s) and low <= high:
        stop = min(start + length, len(times_s))
        away = times_s[start:stop] - times_s[index]
        rise = values[start:stop] - values[index]
        # What lies in between limits a line; its own end doesn't, it is met exactly.
        lows = np.maximum.accumulate(np.concatenate([[low], (rise - tolerance) / away]))
        highs = np.minimum.accumulate(np.concatenate([[high], (rise + tolerance) / away]))
        slope = rise / away
        found.append(start + np.flatnonzero((slope >= lows[:-1]) & (slope <= highs[:-1])))
        low, high = float(lows[-1]), float(highs[-1])
        start, length = stop, length * 2
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def curve(times_s: Floats, values: Floats, *, tolerance: float, digits: int) -> Curve:
    """Key frames (time, value), thinned and rounded; one where the whole curve stays within the tolerance."""
    if not len(times_s):
        return ()
    middle = (float(values.min()) + float(values.max())) / 2
    if float(values.max()) - middle <= tolerance:
        return ((_time(times_s[0]), round(middle, digits) + 0.0),)
    kept = thinned(times_s, values, tolerance)
    return tuple((_time(times_s[i]), round(float(values[i]), digits) + 0.0) for i in kept)


def _time(time_s: float) -> float:
    return round(float(time_s), 3)
