"""When it hits: the events of impulsive labels, out of the motion in the film itself.

A second look, at every frame. Motion is kept place by place, so that a part's box, which is known only later, can say
what of it matters. Where no event is seen, the interval stays what there is, and the evidence says which it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonify.matching.impacts import Floats, Grid, Impact, activity, bursts, strikes
from sonify.matching.impulsive import Impulse, impulse
from sonify.matching.motion import greys, motion
from sonify.matching.parts import Event, Part
from sonify.matching.rhythm import rhythm
from sonify.matching.second_look import Window

Timing = Literal["event", "rhythm", "interval"]

SHORT_SIDE_PX = 108
"""How large frames should be; larger ones are made smaller."""
RATE_HZ = 75.0
"""Frames a second at most: nobody hears a thing that is nearer than 13 ms."""
MARGIN_S = Fraction(3, 10)
"""What comes just before and after an interval tells a stop from a pause."""
LEAD_S = Fraction(1, 2)
"""A flash or a blast is recognised for what it is only once it spreads; by then it is so long ago at the most."""
LONGEST_S, MOST_S = Fraction(600), Fraction(1800)
"""Longer parts, and parts after so much altogether, keep their interval: a second takes about a third of a second."""
HOLE_S = 0.15
"""Frames further apart are no sequence: a hole in the film, or two windows."""
OUTSIDE = 0.4
"""Motion outside the box counts so much: the box is of one moment, and what hits moves."""
BOX_MARGIN = 0.15
WHOLE = 0.6
"""A box of so much of the picture says nothing."""
SURE_VOICE = 0.5
"""Of motions of a head, only the strong ones are taken for a bark."""
LEAST_STRENGTH = 0.05


class Events:
    """A watcher of the second look: give it to second_look(), then ask for each part's result().

    labels: the texts of the labels, as the parts count them. Parts of other than impulsive labels are let through.
    cuts: where the picture changes at once (starts of scenes): that is no event.
    """

    def __init__(self, parts: Sequence[Part], labels: Sequence[str], *, cuts: Sequence[Fraction] = ()) -> None:
        self._labels, self._cuts = labels, sorted(cuts)
        self._ends = {(part.label, part.interval.end_s) for part in parts}
        self._wanted = _affordable([part for part in parts if self.impulse_of(part)])
        self._last: tuple[Fraction, NDArray[np.float32]] | None = None
        self._from: list[float] = []
        self._until: list[float] = []
        self._grids: list[NDArray[np.float16]] = []

    def impulse_of(self, part: Part) -> Impulse | None:
        """How the events of a part's label are seen; None for one that isn't impulsive."""
        return impulse(self._labels[part.label])

    def windows(self) -> list[Window]:
        """The whole of every impulsive part, and a little around it."""
        return [
            Window(max(Fraction(0), self._first_s(part) - MARGIN_S), part.interval.end_s + MARGIN_S, RATE_HZ)
            for part in self._wanted
        ]

    def see(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8]) -> None:
        """Motion between each two neighbours is kept, 1.4 KB a frame."""
        for time_s, grey in zip(times_s, greys(frames), strict=True):
            if self._last is not None:
                earlier_s, earlier = self._last
                if 0 < time_s - earlier_s <= HOLE_S and earlier.shape == grey.shape:
                    cut = bisect_right(self._cuts, earlier_s) < bisect_right(self._cuts, time_s)
                    moved = motion(earlier, earlier if cut else grey)
                    self._from.append(float(earlier_s))
                    self._until.append(float(time_s))
                    self._grids.append(moved.astype(np.float16))
            self._last = (time_s, grey)

    def result(self, part: Part) -> Part:
        """The part with its events, and how its timing is known: `event`, `rhythm` or `interval`.

        Events lie within the part's interval, flashes and blasts maybe just before it, and at least 0.12 s apart.
        """
        kind = self.impulse_of(part)
        if kind is None:
            return part
        found: list[Impact] = []
        seen = self._seen(part)
        for grid, times_s in seen:
            found += _impacts(grid, times_s, kind)
        start_s, end_s = float(self._first_s(part)), float(part.interval.end_s)
        inside = [impact for impact in found if start_s <= impact.time_s < end_s]
        if inside:
            return _timed(part, "event", inside)
        if kind.steady:
            beats = [beat for grid, times_s in seen for beat in _beats(grid, times_s)]
            if beats := [beat for beat in beats if start_s <= beat.time_s < end_s]:
                return _timed(part, "rhythm", beats)
        return _timed(part, "interval", [])

    def _first_s(self, part: Part) -> Fraction:
        """From when on an event belongs to the part: not before its scene, nor in an earlier part of its label."""
        kind, start_s = self.impulse_of(part), part.interval.start_s
        if kind is None or kind.kind not in ("burst", "flash"):
            return start_s
        earlier = [end_s for label, end_s in self._ends if label == part.label and end_s <= start_s]
        return max(start_s - LEAD_S, *(cut for cut in self._cuts if cut <= start_s), *earlier, Fraction(0))

    def _seen(self, part: Part) -> list[tuple[Grid, Floats]]:
        """What was seen of a part and around it, in stretches without a hole, as its box weighs it."""
        early, late = float(self._first_s(part) - MARGIN_S), float(part.interval.end_s + MARGIN_S)
        chosen = [k for k, (a, b) in enumerate(zip(self._from, self._until, strict=True)) if early <= a and b <= late]
        stretches: list[list[int]] = []
        for k in chosen:
            if stretches and self._until[stretches[-1][-1]] == self._from[k]:
                stretches[-1].append(k)
            else:
                stretches.append([k])
        found: list[tuple[Grid, Floats]] = []
        for stretch in stretches:
            grid = np.stack([self._grids[k] for k in stretch]).astype(np.float32)
            grid *= _weights(part.evidence.box, grid.shape[1], grid.shape[2])[:, :, None]
            times = [self._from[stretch[0]], *(self._until[k] for k in stretch)]
            found.append((grid, np.array(times)))
        return found


def _affordable(parts: Sequence[Part]) -> list[Part]:
    kept: list[Part] = []
    total_s = Fraction(0)
    for part in sorted(parts, key=lambda part: part.interval.start_s):
        if part.interval.length_s <= LONGEST_S and total_s + part.interval.length_s <= MOST_S:
            total_s += part.interval.length_s
            kept.append(part)
    return kept


def _impacts(grid: Grid, times_s: Floats, kind: Impulse) -> list[Impact]:
    if kind.kind in ("strike", "step"):
        return strikes(grid, times_s)
    if kind.kind == "flash":
        return bursts(grid, times_s, flashes=True)
    return bursts(grid, times_s, least=SURE_VOICE)


def _beats(grid: Grid, times_s: Floats) -> list[Impact]:
    """The beats of a steady motion, each where most of it is over."""
    if len(times_s) < 3 or float(np.ptp(np.diff(times_s))) > 0.5 * float(np.median(np.diff(times_s))):
        return []
    middles = (times_s[1:] + times_s[:-1]) / 2
    found = rhythm(middles.tolist(), activity(grid))
    return [Impact(beat, 1.0) for beat in found.beats(float(times_s[0]), float(times_s[-1]))] if found else []


def _timed(part: Part, timing: Timing, impacts: Sequence[Impact]) -> Part:
    largest = max((impact.size for impact in impacts), default=1.0)
    events = tuple(
        Event(Fraction(round(impact.time_s * 10**6), 10**6), _strength(impact.size / largest))
        for impact in sorted(impacts, key=lambda impact: impact.time_s)
    )
    return replace(part, events=events, evidence=replace(part.evidence, timing=timing))


def _strength(share: float) -> float:
    return round(max(LEAST_STRENGTH, min(1.0, share)), 3)


def _weights(box: tuple[float, float, float, float] | None, rows: int, columns: int) -> NDArray[np.float32]:
    """How much each cell [rows, columns] counts: 1 in the box and close to it, OUTSIDE elsewhere."""
    whole = np.ones((rows, columns), np.float32)
    if box is None:
        return whole
    left, top, right, bottom = box
    if (right - left) * (bottom - top) >= WHOLE or right <= left or bottom <= top:
        return whole
    aside, above = max(BOX_MARGIN * (right - left), 1 / columns), max(BOX_MARGIN * (bottom - top), 1 / rows)
    x, y = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    across = (x >= left - aside) & (x <= right + aside)
    down = (y >= top - above) & (y <= bottom + above)
    return np.where(down[:, None] & across[None, :], np.float32(1), np.float32(OUTSIDE))
