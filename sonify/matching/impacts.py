"""Instants out of motion: where something that moves fast stops or turns, bursts, or lights up.

A strike is a loss of motion: what moved on over the last 80 ms, in some place and direction, is nowhere around in
that direction over the next 80. That is the idea of the impact envelope of Davis and Agrawala, "Visual rhythm and
beat" (SIGGRAPH 2018), made local, so that what passes elsewhere doesn't count. A burst is the same backwards: change
where there was none. docs/timing.md has the numbers behind the constants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.matching.motion import CHANGE, DOWN, LEFT, LIGHT, RIGHT, UP

Grid = NDArray[np.float32]
"""float32 [N, rows, columns, channels] of motion.motion(), for N gaps between N + 1 frames."""
Floats = NDArray[np.float64]

BLUR_CELLS = 1.5
"""What moves is somewhere here: a strike and what comes of it needn't be in one cell."""
NEAR_CELLS = 2
"""Motion that has only moved on, so far at most, has not been lost."""
FROM_CELLS = 1
"""What moves was so far away, at most, a frame before."""
BEFORE_S, AFTER_S = 0.08, 0.08
SUDDEN_S = 0.2
"""A strike comes at full speed; what has slowed down since so long ago is a gentle stop, the end of a swing."""
APART_S = 0.12
"""Strikes of one emitter are no nearer; sixteenths at 120 beats a minute."""
BURST_APART_S = 0.25
"""Bursts are no nearer: sparks fly for so long after each."""
AROUND_S = 3.0
NOISE_TIMES, NOISE_PERCENTILE = 4.0, 30
"""An event stands out by so much from the quiet moments around it,"""
OF_STRONGEST = 0.2
"""and from the strong ones around it no less than this,"""
LOST_SHARE = 0.25
"""and takes away so much of the motion."""
NEW_SHARE = 0.6
"""So much of the change in a burst is new."""
FLOOR = 0.05
"""Least envelope: a thing of a hundredth of the picture stopped from a speed of 5 percent of its height a frame."""
BURST_FLOOR = 1.0
"""Least envelope of a burst: a cell changes by one grey value in the mean."""
# Things fall: of two turning points, the lower one is heard.
DIRECTIONS = {LEFT: 0.8, RIGHT: 0.8, UP: 0.5, DOWN: 1.0}
GRAVITY = 0.5
SAME_WAY = 0.6
"""Strikes of one emitter go one way: cosine to the way of most of them."""


@dataclass(frozen=True)
class Impact:
    """One instant in seconds, and how large it was: any unit, the same within one call."""

    time_s: float
    size: float


def strikes(grid: Grid, times_s: Floats) -> list[Impact]:
    """Where fast motion stops or turns back. times_s: of the N + 1 frames."""
    if len(grid) < 5:
        return []
    step_s = float(np.median(np.diff(times_s)))
    moving = _blurred(_without_cuts(grid)[..., [LEFT, RIGHT, UP, DOWN]], BLUR_CELLS)
    count = _steps(BEFORE_S, step_s)
    # It comes from elsewhere: a frame earlier it was a little away.
    before = _later(moving, -1) + sum(_around(_later(moving, -k), FROM_CELLS) for k in range(2, count + 1))
    before = before / count
    before[0] = 0
    after = np.max([_later(moving, k) for k in range(1, _steps(AFTER_S, step_s) + 1)], axis=0)
    after = _around(after, NEAR_CELLS)
    speed = np.sqrt((before * before).sum(axis=-1))
    lost = np.maximum(0, speed - (after * before).sum(axis=-1) / np.maximum(speed, 1e-9))
    weights = np.array([DIRECTIONS[way] for way in (LEFT, RIGHT, UP, DOWN)], np.float32)
    likely = (before * weights).sum(axis=-1) / np.maximum(before.sum(axis=-1), 1e-9)
    speeds = np.sqrt((moving * moving).sum(axis=-1))
    lately = np.max([_later(speeds, -k) for k in range(_steps(SUDDEN_S, step_s) + 1)], axis=0)
    lately = np.maximum(lately, speed)
    lost = (lost * likely * speed / np.maximum(lately, 1e-9)).reshape(len(grid), -1)
    place, every = lost.argmax(axis=1), np.arange(len(grid))
    envelope = lost[every, place].astype(np.float64)
    of_motion = envelope >= LOST_SHARE * speed.reshape(len(grid), -1)[every, place]
    peaks = _peaks(envelope, step_s, APART_S, FLOOR) & of_motion
    found = np.flatnonzero(peaks)
    if not len(found):
        return []
    ways = _way(before.reshape(len(grid), -1, 4)[found, place[found]])
    found = _one_way(found, ways, envelope)
    found = _strong(found, envelope, times_s, OF_STRONGEST)
    flat = moving.reshape(len(grid), -1, 4)
    return [Impact(_stop(_way_and_speed(flat[:, place[k]]), int(k), times_s), float(envelope[k])) for k in found]


def bursts(grid: Grid, times_s: Floats, *, least: float = OF_STRONGEST, flashes: bool = False) -> list[Impact]:
    """Where much changes at once in a place that was still; with `flashes`, where it gets light.

    The time is that of the first frame that shows it. least: share of the strong ones around that is enough.
    """
    if len(grid) < 5:
        return []
    step_s = float(np.median(np.diff(times_s)))
    change = np.maximum(_blurred(grid[..., [LIGHT if flashes else CHANGE]], BLUR_CELLS), 0)
    after = np.mean([_later(change, k) for k in range(_steps(AFTER_S, step_s))], axis=0)
    earlier = np.max([_later(change, -k) for k in range(1, _steps(BEFORE_S, step_s) + 1)], axis=0)
    earlier[0] = np.maximum(after[0], change[0])
    earlier = _around(earlier, NEAR_CELLS)
    # At once, and not for one frame alone.
    rise = np.sqrt(np.maximum(0, change - earlier) * np.maximum(0, after - earlier)).reshape(len(grid), -1)
    place, every = rise.argmax(axis=1), np.arange(len(grid))
    envelope = rise[every, place].astype(np.float64)
    peaks = _peaks(envelope, step_s, BURST_APART_S, BURST_FLOOR)
    peaks &= envelope >= NEW_SHARE * after.reshape(len(grid), -1)[every, place]
    found = _strong(np.flatnonzero(peaks), envelope, times_s, least)
    flat = change.reshape(len(grid), -1)
    return [Impact(_start(flat[:, place[k]], int(k), times_s), float(envelope[k])) for k in found]


def activity(grid: Grid) -> Floats:
    """How much moves in each gap [N], in the place where most does: for a rhythm."""
    moving = _blurred(_without_cuts(grid)[..., [LEFT, RIGHT, UP, DOWN]], BLUR_CELLS).sum(axis=-1)
    total = moving.sum(axis=0)
    row, column = np.unravel_index(int(total.argmax()), total.shape)
    return np.asarray(moving[:, row, column], np.float64)


def _without_cuts(grid: Grid) -> Grid:
    """The grid with nothing in the gaps in which the whole picture changes: a cut is no event."""
    from scipy.ndimage import median_filter

    whole = grid[..., CHANGE].sum(axis=(1, 2))
    usual = median_filter(whole, 9)
    # 25 grey values in the mean, in a share of all pixels times 100.
    cut = whole > np.maximum(6 * usual, 2500)
    return np.where(cut[:, None, None, None], np.float32(0), grid)


def _blurred(grid: Grid, sigma: float) -> Grid:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(grid, (0, sigma, sigma, 0), mode="constant"), np.float32)


def _around(grid: Grid, cells: int) -> Grid:
    from scipy.ndimage import maximum_filter

    side = 2 * cells + 1
    return np.asarray(maximum_filter(grid, (1, side, side, 1)), np.float32)


def _later(values: Grid, steps: int) -> Grid:
    """values[k + steps] at k; what lies beyond an end is as at the end."""
    return values[np.clip(np.arange(len(values)) + steps, 0, len(values) - 1)]


def _steps(length_s: float, step_s: float) -> int:
    return max(1, round(length_s / step_s)) if step_s > 0 else 1


def _peaks(envelope: Floats, step_s: float, apart_s: float, floor: float) -> NDArray[np.bool_]:
    from scipy.ndimage import maximum_filter1d, percentile_filter

    near, around = 2 * _steps(apart_s, step_s) + 1, 2 * _steps(AROUND_S, step_s) + 1
    around = min(around, 2 * len(envelope) - 1)
    noise = percentile_filter(envelope, NOISE_PERCENTILE, around, mode="nearest")
    highest = envelope == maximum_filter1d(envelope, near)
    return np.asarray(highest & (envelope > np.maximum(NOISE_TIMES * noise, floor)))


def _strong(found: NDArray[np.int64], envelope: Floats, times_s: Floats, least: float) -> NDArray[np.int64]:
    """Those that are no mere shadow of the strong ones around them."""
    times, sizes = times_s[found], envelope[found]
    usual = np.array([np.percentile(sizes[np.abs(times - time) <= AROUND_S], 80) for time in times])
    return found[sizes >= least * usual] if len(found) else found


def _way(before: Grid) -> Floats:
    """Unit vectors [N, 2], right and down."""
    ways = _way_and_speed(before)
    return np.asarray(ways / np.maximum(np.linalg.norm(ways, axis=-1, keepdims=True), 1e-9))


def _way_and_speed(moving: Grid) -> Floats:
    left, right, up, down = np.moveaxis(moving.astype(np.float64), -1, 0)
    return np.stack([right - left, down - up], axis=-1)


def _one_way(found: NDArray[np.int64], ways: Floats, envelope: Floats) -> NDArray[np.int64]:
    sizes = envelope[found]
    main = (ways * sizes[:, None]).sum(axis=0) + np.array([0.0, GRAVITY * sizes.sum()])
    kept: NDArray[np.int64] = found[ways @ main >= SAME_WAY * float(np.linalg.norm(main))]
    return kept


def _stop(velocity: Floats, gap: int, times_s: Floats) -> float:
    """When, within a gap, the velocity [N, 2] of a place went from what it was before to what it was after.

    Over the gap in which it happens, the mean velocity says how much of the gap had passed.
    """
    before, after = velocity[max(gap - 1, 0)], velocity[min(gap + 1, len(velocity) - 1)]
    turn = before - after
    length = float(turn @ turn)
    share = min(1.0, max(0.0, float((velocity[gap] - after) @ turn) / length)) if length > 0 else 0.5
    return float(times_s[gap] + share * (times_s[gap + 1] - times_s[gap]))


def _start(change: Grid, gap: int, times_s: Floats) -> float:
    """The first frame that shows a good part of the change."""
    around = range(max(0, gap - 1), min(gap + 2, len(change)))
    enough = 0.25 * max(float(change[k].item()) for k in around)
    first = next(k for k in around if change[k] >= enough)
    return float(times_s[first + 1])
