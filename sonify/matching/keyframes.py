"""Curves of key frames, as they stand in the cue sheet: their values, and the sum of two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from sonify.cues import Curve


def value_at(curve: Curve, time_s: float, otherwise: float = 0.0) -> float:
    """A curve's value at a time, after a jump if there is one; `otherwise` where it is empty."""
    return _limits(curve, time_s)[1] if curve else otherwise


def added(one: Curve, other: Curve) -> Curve:
    """The curve whose value is the sum of two, at all times; jumps stay jumps."""
    if not one or not other:
        return one or other
    keys: list[tuple[float, float]] = []
    for time_s in sorted({time_s for time_s, _ in (*one, *other)}):
        before, after = (round(a + b, 3) for a, b in zip(_limits(one, time_s), _limits(other, time_s), strict=True))
        keys.append((time_s, before))
        if after != before:
            keys.append((time_s, after))
    return tuple(keys)


def _limits(curve: Curve, time_s: float) -> tuple[float, float]:
    """What the curve comes from and what it goes on with at a time; they differ at a jump."""
    times = [time for time, _ in curve]
    first, past = bisect_left(times, time_s), bisect_right(times, time_s)
    if first < past:
        return curve[first][1], curve[past - 1][1]
    if first == 0 or first == len(curve):
        end = curve[min(first, len(curve) - 1)][1]
        return end, end
    (from_s, start), (to_s, end) = curve[first - 1], curve[first]
    value = start + (end - start) * (time_s - from_s) / (to_s - from_s)
    return value, value
