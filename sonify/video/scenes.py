"""Where scenes end: hard cuts, dissolves and fades, from the small grey frames.

A cut is one step that is far bigger than the steps around it (so a fast pan is none). In a dissolve the picture
in the middle is the mean of those before and after (so a movement is none). Either counts only when the picture
stays changed: the darkest and nearly the brightest value of each pixel, over a while before and after, must both
differ. A flash leaves the darkest as they were, a blink the brightest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonify.settings import SceneSettings
from sonify.video.frames import Frames

Picture = NDArray[np.float32]

# Measured on videos made by code and on the real clips: see tests/test_video_scenes.py.
_AROUND_S = 0.5  # the steps around, to which one is compared
_STAYS_S = 1.5  # how long a flash or a burst of fireworks may last
_HALF_DISSOLVES_S = (0.25, 0.5, 1.0, 1.5)
_AHEAD_S = max(_HALF_DISSOLVES_S) + _STAYS_S
_STAYS = 0.5  # share of min_change by which darkest and brightest must differ
_BRIEF = 0.2  # share of that time for which both sides of a cut may be lit up alike by flashes
_FLASH_S = 0.75  # within which the old picture is back after a flash or a burst
_RETURNS = 0.55  # share of the step by which it may then differ and still be the old one
_BLEND = 0.22  # how far, as a share of the whole change, the middle of a dissolve may be from the mean
_COARSE_CHANGE = 0.6  # share of min_change that a dissolve must change coarse pictures by
_CONTRAST = 0.85  # share of the variance around it that the middle of a dissolve has at most; .5 of unrelated ones
_WHIPPED = 0.45  # share of a cut's change that may remain after the best shift
_SAME_LIGHT = 0.6  # correlation above which two pictures are one scene in another light
_FLAT = 4.0  # standard deviation below which a picture is empty: black, white


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
        self._pictures: list[Picture] = []
        self._steps: list[float] = []
        self._next = 0
        self._cuts: list[_Boundary] = []
        self._dissolves: list[_Boundary] = []

    def add(self, grey: Frames) -> None:
        """The next frames, uint8 [M, h, w], in order."""
        for pixels, time_s in zip(grey.pixels, grey.times_s, strict=True):
            picture = pixels.astype(np.float32)
            self._steps.append(_shifted_distance(self._pictures[-1], picture) if self._pictures else 0.0)
            self._pictures.append(picture)
            self._times_s.append(time_s)
            while self._times_s[-1] - self._times_s[self._next] > _AHEAD_S:
                self._judge(self._next)
                self._next += 1
                self._forget()

    def finish(self, duration_s: Fraction) -> tuple[SceneSpan, ...]:
        """The scenes, which cover 0 to duration_s without gaps."""
        while self._next < len(self._pictures):
            self._judge(self._next)
            self._next += 1
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

    def _forget(self) -> None:
        # The picture before the next one stays, however long ago it was.
        while self._next > 1 and self._times_s[self._next] - self._times_s[0] > _AHEAD_S:
            del self._times_s[0], self._pictures[0], self._steps[0]
            self._next -= 1

    def _judge(self, index: int) -> None:
        strength = self._cut(index)
        if strength:
            self._cuts.append(_Boundary(self._times_s[index], strength))
        elif self._settings.dissolves:
            strength = max(self._dissolve(index, half_s) for half_s in _HALF_DISSOLVES_S)
            if strength:
                self._dissolves.append(_Boundary(self._times_s[index], strength))

    def _cut(self, index: int) -> float:
        step = self._steps[index]
        if index == 0 or step < self._settings.min_change:
            return 0.0
        before = self._steps[max(self._at(index, -_AROUND_S), 1) : index]
        after = self._steps[index + 1 : self._at(index, _AROUND_S) + 1]
        around = max(float(np.median(side)) if side else 0.0 for side in (before, after))
        # One grey level more, so that noise in a still picture is no reason for a cut.
        if step < self._settings.cut_threshold * (around + 1.0):
            return 0.0
        if not self._stays_changed(index - 1, index) or self._comes_back(index, step):
            return 0.0
        # The camera whips round: much of the old picture is in the new one, far away.
        old, new = _coarse(self._pictures[index - 1]), _coarse(self._pictures[index])
        return 0.0 if _whipped_distance(old, new) < _WHIPPED * _distance(old, new) else step

    def _dissolve(self, middle: int, half_s: float) -> float:
        first, last = self._at(middle, -half_s), self._at(middle, half_s)
        if middle - first < 2 or last - middle < 2:
            return 0.0
        before, after = self._pictures[first], self._pictures[last]
        if _distance(before, after) < self._settings.min_change:
            return 0.0
        # Coarse pictures, for a hand that shakes or a slow pan moves little in them.
        coarse_before, coarse_after = _coarse(before), _coarse(after)
        change = _distance(coarse_before, coarse_after)
        if change < _COARSE_CHANGE * self._settings.min_change:
            return 0.0
        worst = 0.0
        for index in {(first + middle) // 2, middle, (middle + last + 1) // 2}:
            share = float(
                (self._times_s[index] - self._times_s[first]) / (self._times_s[last] - self._times_s[first])
            )
            blend = (1 - share) * coarse_before + share * coarse_after
            worst = max(worst, _distance(_coarse(self._pictures[index]), blend))
        if worst > _BLEND * change or _alike(before, after):
            return 0.0
        # Two pictures over each other have less contrast than either; a zoom keeps it.
        contrast = float(before.var() + after.var()) / 2
        if float(self._pictures[middle].var()) > _CONTRAST * contrast:
            return 0.0
        if _shifted_distance(before, after) < 0.5 * _distance(before, after):
            return 0.0
        return change - worst if self._stays_changed(first, last) else 0.0

    def _stays_changed(self, last_before: int, first_after: int) -> bool:
        before = np.stack(self._pictures[self._since(last_before) : last_before + 1])
        after = np.stack(self._pictures[first_after : self._at(first_after, _STAYS_S) + 1])
        least = _STAYS * self._settings.min_change
        dark = _distance(_ranked(before, 0.0), _ranked(after, 0.0))
        bright = _distance(_ranked(before, 1 - _BRIEF), _ranked(after, 1 - _BRIEF))
        return min(dark, bright) >= least

    def _comes_back(self, index: int, step: float) -> bool:
        """Whether one of the pictures before the step is seen again soon after it."""
        before = self._pictures[max(self._since(index - 1), self._at(index - 1, -_FLASH_S)) : index]
        after = self._pictures[index : self._at(index, _FLASH_S) + 1]
        # Of the old ones any will do: the last may be the flash itself.
        again = min(_distance(old, new) for old in before for new in after)
        return again < _RETURNS * step

    def _since(self, index: int) -> int:
        """The first frame of the stretch before a change; what lies before the last cut proves nothing."""
        first = self._at(index, -_STAYS_S)
        cuts = (b.time_s for b in reversed(self._cuts) if b.time_s <= self._times_s[index])
        cut_s = next(cuts, self._times_s[first])
        while self._times_s[first] < cut_s:
            first += 1
        return first

    def _at(self, index: int, offset_s: float) -> int:
        """The farthest frame from `index` that is no more than offset_s away, after it or (negative) before."""
        target, step = self._times_s[index] + Fraction(offset_s), 1 if offset_s > 0 else -1
        while 0 <= index + step < len(self._times_s) and step * (self._times_s[index + step] - target) <= 0:
            index += step
        return index


def _by_strength(boundary: _Boundary) -> tuple[float, Fraction]:
    return (-boundary.strength, boundary.time_s)


def _peaks(boundaries: list[_Boundary]) -> list[_Boundary]:
    """The strongest of each run of neighbours: a dissolve is seen from several of its frames."""
    runs: list[list[_Boundary]] = []
    for boundary in boundaries:
        if runs and boundary.time_s - runs[-1][-1].time_s <= 0.5:
            runs[-1].append(boundary)
        else:
            runs.append([boundary])
    return [min(run, key=_by_strength) for run in runs]


def _distance(one: Picture, other: Picture) -> float:
    return float(np.abs(one - other).mean())


def _shifted_distance(one: Picture, other: Picture) -> float:
    """Mean absolute difference, after the best shift by up to a tenth of the width and a twentieth up or down."""
    best = _distance(one, other)
    if best < 4.0:
        return best
    height, width = one.shape
    for down in range(-(height // 20), height // 20 + 1):
        for right in range(-(width // 10), width // 10 + 1):
            a = one[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
            b = other[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
            best = min(best, _distance(a, b))
    return best


def _ranked(pictures: NDArray[np.float32], share: float) -> Picture:
    """Each pixel's value of that rank in time: 0 is the darkest, 1 the brightest."""
    return np.asarray(np.sort(pictures, axis=0)[round(share * (len(pictures) - 1))], np.float32)


def _coarse(picture: Picture) -> Picture:
    """The means of 4 x 4 places, or of fewer in a small picture."""
    cell = max(1, min(4, min(picture.shape) // 4))
    height, width = picture.shape[0] // cell * cell, picture.shape[1] // cell * cell
    cells = picture[:height, :width].reshape(height // cell, cell, width // cell, cell)
    return np.asarray(cells.mean(axis=(1, 3)), np.float32)


def _whipped_distance(one: Picture, other: Picture) -> float:
    """Mean absolute difference of coarse pictures, after the best shift by up to 3/8 of the width."""
    height, width = one.shape
    best = _distance(one, other)
    for right in range(-(width * 3 // 8), width * 3 // 8 + 1):
        for down in range(-(height // 8), height // 8 + 1):
            a = one[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
            b = other[max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
            best = min(best, _distance(a, b))
    return best


def _alike(one: Picture, other: Picture) -> bool:
    """Whether both show the same shapes, in whatever light; an empty picture shows none."""
    a, b = one - one.mean(), other - other.mean()
    spread = float(a.std()) * float(b.std())
    if min(float(a.std()), float(b.std())) < _FLAT:
        return False
    return float((a * b).mean()) / spread > _SAME_LIGHT
