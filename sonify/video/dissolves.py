"""Whether one picture turns into another: in a dissolve those between are sums of the two, wherever each has moved.

Each picture between is fitted by the first and the last, shifted to where they are found in it. In a dissolve the two
explain it together, each about half of it in the middle, and neither of them what the other does. In a pan one alone
explains it, where it overlaps; in a zoom each of them explains most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.video.likeness import Look, Picture, Shift, shift

UNLIKE = 0.42
"""Most likeness of the two pictures."""
_SHARE = 0.25  # each one's weight in the middle, at least; 1 less this at most
_WHOLE = (0.7, 1.3)  # both weights together
_EXPLAINED = 0.6  # share of the middle's variance that the two explain, at least
_SLACK = 0.1  # by which a weight may go the wrong way
_CONTRAST = 0.75  # of the middle, at most: measured, 19 of 20 dissolves have up to .69, movements from .81
_TWICE = 0.25  # share that both of them may explain, each alone
_FLAT = 0.1  # share of the other's variance below which a picture has too little in it for its weight to be known


@dataclass(frozen=True)
class _Fit:
    together: float
    alone: tuple[float, float]
    weights: tuple[float, float]
    known: tuple[bool, bool]


def strength(looks: Sequence[Look], middle: int) -> float:
    """How surely the first of the looks dissolves into the last, with looks[middle] about half-way; 0 if not."""
    first, last = looks[0], looks[-1]
    if not 2 <= middle < len(looks) - 2 or shift(first, last).alike > UNLIKE:
        return 0.0
    fit = _fit(first, last, looks[middle])
    if fit is None or fit.together < _EXPLAINED or not _balanced(fit):
        return 0.0
    twice = max(0.0, sum(fit.alone) - fit.together)
    if twice > _TWICE or _contrast(fit, (first, looks[middle], last)) > _CONTRAST:
        return 0.0
    earlier = _fit(first, last, looks[middle // 2])
    later = _fit(first, last, looks[(middle + len(looks)) // 2])
    if earlier is None or later is None or not _goes_on(earlier, fit, later):
        return 0.0
    return fit.together - 2 * twice


def _contrast(fit: _Fit, looks: tuple[Look, Look, Look]) -> float:
    """The middle's variance, as a share of what the other two have as far as they are in it.

    Half of it of two unrelated pictures; all of it of what has only moved, turned or changed its shape.
    """
    first, middle, last = (float(look.lines.var()) for look in looks)
    one, other = (max(weight, 0.0) for weight in fit.weights)
    return middle * (one + other) / max(one * first + other * last, 1e-6)


def _balanced(fit: _Fit) -> bool:
    """Whether each has its share, as far as that can be known."""
    shares = [weight for weight, known in zip(fit.weights, fit.known, strict=True) if known]
    whole = len(shares) < 2 or _WHOLE[0] <= sum(shares) <= _WHOLE[1]
    return whole and all(_SHARE <= share <= 1 - _SHARE for share in shares)


def _goes_on(earlier: _Fit, middle: _Fit, later: _Fit) -> bool:
    """Whether the first fades away and the last comes up: a flash goes there and back."""
    away = not middle.known[0] or earlier.weights[0] + _SLACK >= middle.weights[0] >= later.weights[0] - _SLACK
    comes = not middle.known[1] or earlier.weights[1] - _SLACK <= middle.weights[1] <= later.weights[1] + _SLACK
    return away and comes


def _fit(first: Look, last: Look, between: Look) -> _Fit | None:
    one, at_one = _placed(first.lines, shift(first, between))
    other, at_other = _placed(last.lines, shift(last, between))
    both = at_one & at_other
    if both.mean() < 0.3:
        return None
    target = between.lines[both]
    parts = np.stack([one[both], other[both], np.ones(len(target), np.float32)], axis=1)
    weights = np.linalg.lstsq(parts, target, rcond=None)[0]
    rest = target - parts @ weights
    power = float(target.var()) + 1e-6
    spread = float(parts[:, 0].var()), float(parts[:, 1].var())
    alone = _explained(one, between.lines, at_one), _explained(other, between.lines, at_other)
    known = spread[0] > _FLAT * spread[1], spread[1] > _FLAT * spread[0]
    return _Fit(1 - float((rest**2).mean()) / power, alone, (float(weights[0]), float(weights[1])), known)


def _placed(picture: Picture, by: Shift) -> tuple[Picture, NDArray[np.bool_]]:
    """The picture moved by a shift, and where there is anything of it."""
    height, width = picture.shape
    moved, there = np.zeros_like(picture), np.zeros(picture.shape, np.bool_)
    rows, columns = _overlap(by.down, height), _overlap(by.right, width)
    moved[rows[1], columns[1]] = picture[rows[0], columns[0]]
    there[rows[1], columns[1]] = True
    return moved, there


def _overlap(by: int, length: int) -> tuple[slice, slice]:
    return slice(max(-by, 0), length + min(-by, 0)), slice(max(by, 0), length + min(by, 0))


def _explained(one: Picture, other: Picture, where: NDArray[np.bool_]) -> float:
    """The share of the variance of `other` there that `one` explains: their squared correlation."""
    a, b = one[where] - one[where].mean(), other[where] - other[where].mean()
    return float((a @ b) ** 2 / max(float((a @ a) * (b @ b)), 1e-6))
