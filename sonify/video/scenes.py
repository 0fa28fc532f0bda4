"""Where scenes end: hard cuts, dissolves and fades, from the small grey frames.

A cut is a step after which nothing is like what was there just before it, wherever the camera has turned and whatever
the light does, while the pictures to each side of it are alike among themselves. So a flash, a blink, a whip pan or
something that crosses the picture is none. Dissolves are in dissolves.py, the comparison in likeness.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from sonify.settings import SceneSettings
from sonify.video import dissolves
from sonify.video.frames import Frames
from sonify.video.likeness import Look, Shift, alike, difference, shift, zoomed_alike

# Measured on films made by code and on the real clips: docs/presence.md and tests/test_video_scenes.py.
_AROUND_S = 0.5  # the steps around, to which one is compared
_AGAIN_S = 0.75  # within which the old place is seen again after a flash, a burst or something that crosses
_DARK_S = 1.5  # how long a burst of fireworks lights up an empty sky
_EVERY_S = Fraction(1, 8)  # between looks for a dissolve
_HALF_DISSOLVES_S = (0.25, 0.5, 0.75, 1.0)
_AHEAD_S = max(_HALF_DISSOLVES_S) + _DARK_S  # cuts are known before dissolves around them are looked for
_ONE_DISSOLVE_S = 1.0  # dissolves nearer than this are one
_SAME = 0.45  # likeness from which two pictures are of one place; two places have .1 to .35
_WHIP, _WHIP_STEPS = (
    0.2,
    3,
)  # share of the width that a fast pan moves by in so many steps; a hand shakes there and back
_STILL = 2.0  # mean grey values of difference that are noise


@dataclass(frozen=True)
class SceneSpan:
    """A span of video between two cuts or dissolves, in seconds from the first frame."""

    start_s: Fraction
    end_s: Fraction


@dataclass(frozen=True)
class _Boundary:
    time_s: Fraction
    strength: float


class SceneFinder:
    """Takes grey frames chunk by chunk and keeps only some seconds of them."""

    def __init__(self, settings: SceneSettings) -> None:
        self._settings = settings
        self._times_s: list[Fraction] = []
        self._looks: list[Look] = []
        self._moves: list[Shift | None] = []
        self._next_cut = 0
        self._next = 0
        self._looked_s = Fraction(-1)
        self._cuts: list[_Boundary] = []
        self._dissolves: list[_Boundary] = []

    def add(self, grey: Frames) -> None:
        """The next frames, uint8 [M, h, w], in order."""
        for pixels, time_s in zip(grey.pixels, grey.times_s, strict=True):
            self._looks.append(Look(pixels.astype(np.float32)))
            self._moves.append(None)
            self._times_s.append(time_s)
            self._judge(self._times_s[-1])

    def finish(self, duration_s: Fraction) -> tuple[SceneSpan, ...]:
        """The scenes, which cover 0 to duration_s without gaps."""
        self._judge(None)
        shortest = Fraction(str(self._settings.min_scene_s))
        chosen: list[Fraction] = []
        # Cuts first, then by strength: what lies too near a better one is a part of it.
        ranked = sorted(self._cuts, key=_by_strength) + sorted(_peaks(self._dissolves), key=_by_strength)
        for boundary in ranked:
            others = [Fraction(0), duration_s, *chosen]
            if all(abs(boundary.time_s - other) >= max(shortest, Fraction(1, 100)) for other in others):
                chosen.append(boundary.time_s)
        edges = [Fraction(0), *sorted(chosen), max(duration_s, Fraction(0))]
        return tuple(SceneSpan(start, end) for start, end in pairwise(edges))

    def _judge(self, now_s: Fraction | None) -> None:
        """Judges what is long enough ago; with None, all that is left."""
        while self._ripe(self._next_cut, _DARK_S, now_s):
            if strength := self._cut(self._next_cut):
                self._cuts.append(_Boundary(self._times_s[self._next_cut], strength))
            self._next_cut += 1
        while self._ripe(self._next, _AHEAD_S, now_s):
            self._look_for_dissolve(self._next)
            self._next += 1
            self._forget()

    def _look_for_dissolve(self, index: int) -> None:
        time_s = self._times_s[index]
        # Even the shortest dissolve has its middle on more than one frame.
        if not self._settings.dissolves or time_s - self._looked_s < _EVERY_S:
            return
        self._looked_s = time_s
        if strength := self._dissolve(index):
            self._dissolves.append(_Boundary(time_s, strength))

    def _ripe(self, index: int, ahead_s: float, now_s: Fraction | None) -> bool:
        return index < len(self._times_s) and (now_s is None or now_s - self._times_s[index] > ahead_s)

    def _forget(self) -> None:
        # The picture before the next one stays, however long ago it was.
        while self._next > 1 and self._times_s[self._next - 1] - self._times_s[0] > _AHEAD_S:
            del self._times_s[0], self._looks[0], self._moves[0]
            self._next, self._next_cut = self._next - 1, self._next_cut - 1

    def _cut(self, index: int) -> float:
        if index == 0:
            return 0.0
        step = difference(self._looks[index - 1], self._looks[index])
        if step < self._settings.min_change:
            return 0.0
        like = self._like(index)
        if like >= _SAME or not self._stands_out(index, like):
            return 0.0
        return 0.0 if self._same_place(index - 1, index) else step

    def _same_place(self, last_before: int, first_after: int) -> bool:
        """Whether a picture of one side is like one of the other: the last or the first may be the flash itself."""
        before = self._looks[self._at(last_before, -_AGAIN_S) : last_before + 1]
        after = self._looks[first_after : self._at(first_after, _AGAIN_S) + 1]
        if any(alike(one, other) >= _SAME for one, other in product(reversed(before), after)):
            return True
        # In the dark there is nothing to be recognised: then it is enough that it is as dark again.
        earlier = self._looks[self._at(last_before, -_DARK_S) : last_before + 1]
        later = self._looks[first_after : self._at(first_after, _DARK_S) + 1]
        dark = [look for look in earlier if look.empty]
        least = self._settings.min_change / 2
        return any(difference(one, other) < least for one, other in product(dark, later))

    def _stands_out(self, index: int, like: float) -> bool:
        sides = (range(max(self._at(index, -_AROUND_S), 1), index), range(index + 1, self._at(index, _AROUND_S) + 1))
        usual = min(float(np.median([self._like(k) for k in side])) if side else 1.0 for side in sides)
        return 1 - like >= self._settings.cut_threshold * (1 - usual)

    def _dissolve(self, middle: int) -> float:
        """The strength of a dissolve whose middle is about here, whatever its length."""
        best, span = 0.0, (middle, middle)
        for half_s in _HALF_DISSOLVES_S:
            first, last = self._at(middle, -half_s), self._at(middle, half_s)
            # What is left of a shot after a cut is no part of a dissolve.
            if any(self._times_s[first] < cut.time_s <= self._times_s[last] for cut in self._cuts[-9:]):
                break
            if difference(self._looks[first], self._looks[last]) < self._settings.min_change:
                continue
            strength = dissolves.strength(self._looks[first : last + 1], middle - first)
            if strength > best:
                best, span = strength, (first, last)
        return best if best and not self._whips(*span) and not self._still_there(*span) else 0.0

    def _still_there(self, first: int, last: int) -> bool:
        """Whether the place before is there after all: nearer, or behind what covers it."""
        if self._same_place(first, last):
            return True
        return zoomed_alike(self._looks[first], self._looks[last]) > dissolves.UNLIKE

    def _like(self, index: int) -> float:
        """How alike a picture and the one before it are."""
        return self._move(index).alike

    def _move(self, index: int) -> Shift:
        """Where the picture before is found in this one."""
        known = self._moves[index]
        if known is None:
            one, other = self._looks[index - 1], self._looks[index]
            # A still picture needn't be looked at closely.
            known = Shift(1.0, 0, 0) if difference(one, other) < _STILL else shift(one, other)
            self._moves[index] = known
        return known

    def _whips(self, first: int, last: int) -> bool:
        """Whether the camera turns so fast that soon nothing of a picture is left: then all may look like a blend."""
        moves = [self._move(index) for index in range(first + 1, last + 1)]
        turns = [move.right if move.alike >= _SAME else 0 for move in moves]
        width = self._looks[first].picture.shape[1]
        return any(abs(sum(turns[k : k + _WHIP_STEPS])) > _WHIP * width for k in range(len(turns)))

    def _at(self, index: int, offset_s: float) -> int:
        """The farthest frame from `index` that is no more than offset_s away, after it or (negative) before."""
        target, step = self._times_s[index] + Fraction(offset_s), 1 if offset_s > 0 else -1
        while 0 <= index + step < len(self._times_s) and step * (self._times_s[index + step] - target) <= 0:
            index += step
        return index


def _by_strength(boundary: _Boundary) -> tuple[float, Fraction]:
    return (-boundary.strength, boundary.time_s)


def _peaks(boundaries: list[_Boundary]) -> list[_Boundary]:
    """The strongest, each without what is near it: a dissolve is seen from several of its frames."""
    peaks: list[_Boundary] = []
    for boundary in sorted(boundaries, key=_by_strength):
        if all(abs(boundary.time_s - peak.time_s) > _ONE_DISSOLVE_S for peak in peaks):
            peaks.append(boundary)
    return peaks
