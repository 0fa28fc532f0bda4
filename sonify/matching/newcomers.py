"""What comes, goes or moves by itself, and so is worth a look of its own.

What makes a sound is often what is new in the picture, or what moves in it. Two frames that follow each other are
laid over each other as the camera has turned between them; where a solid part of the picture is then still another
one, something came, went or moved. Leaves, water and light change in scattered places, a hand-held camera at all
edges, a cut everywhere: none of these is a solid part.

A part that was found is looked at in both frames and, for as long as the picture stays, in those after them as well:
what came to stay is where it came. In those before them, too, as far as they were read together with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from sonify.models.interface import Array, Box
from sonify.video.likeness import Look, shift, without_bars

# Measured on composed videos and on the real clips: docs/matching.md.
SIDE_PX = 72
"""Short side of the pictures that are compared."""
OWN, STAYING = 2, 3
"""How many parts of a frame are looked at because they change there, and how many because they did nearby in time."""
_LEAST, _MOST = 0.01, 0.8  # shares of the picture that a part may have
_SOLID = 0.7  # share of its box that changes
_NOISE = 6.0  # mean grey values of difference that may be noise
_OVER_MEDIAN, _OF_STRONGEST = 3.0, 0.25  # a part changes by more than the rest, and than its own shadow
_SLACK_PX = 1  # how far edges may lie beside each other
_GAP_PX = 3  # what changes so near to each other is one part
_SAME_PLACE = 0.4  # likeness from which it is the same picture; two places had up to .22, a large newcomer left .55
_CUT_SHARE = 0.6  # share of an empty picture that must change for it to be another one: nothing is recognised in it
_SAME_BOX = 0.6  # intersection over union of boxes that are the same part
_FADES = 0.5  # how much less a part from one stretch of frames counts in the next


@dataclass(frozen=True)
class Change:
    """A solid part of the picture that is not as it was. weight: sum of its differences."""

    box: Box
    weight: float


class Newcomers:
    """Takes frames stretch by stretch, in order, and keeps the last one and the parts that stay."""

    def __init__(self) -> None:
        self._last: Array | None = None
        self._staying: tuple[Change, ...] = ()

    def parts(self, pixels: NDArray[np.uint8]) -> tuple[tuple[Box, ...], ...]:
        """Parts of each of the next frames, uint8 [N, H, W, 3] RGB: squares as far as the picture allows."""
        if not len(pixels):
            return ()
        small = [_small(picture) for picture in pixels]
        before = [self._last, *small] if self._last is not None and self._last.shape == small[0].shape else small
        found = [changes(one, other) for one, other in pairwise(before)]
        if len(found) < len(small):
            found.insert(0, None)  # the first frame of all comes after nothing
        self._last = small[-1]
        # found[k] is what changed up to frame k; None: it begins something new.
        starts = [k for k, one in enumerate(found) if one is None or k == 0]
        parts: list[tuple[Box, ...]] = []
        for start, stop in zip(starts, [*starts[1:], len(found)], strict=True):
            if found[start] is None:
                self._staying = ()
            run = [one or () for one in found[start:stop]]
            parts += self._of_one_picture(run, pixels.shape[1] / pixels.shape[2])
        return tuple(parts)

    def _of_one_picture(self, found: Sequence[tuple[Change, ...]], ratio: float) -> list[tuple[Box, ...]]:
        """Of frames with no cut between them, found: what changed up to each."""
        self._staying = _different([*self._staying, *(one for some in found for one in some)], STAYING)
        parts = []
        for here, after in zip(found, [*found[1:], ()], strict=True):
            own = _different([*here, *after], OWN)
            staying = [one for one in self._staying if all(_same_share(one.box, o.box) < _SAME_BOX for o in own)]
            parts.append(tuple(_squared(one.box, ratio) for one in (*own, *staying)))
        self._staying = tuple(replace(one, weight=one.weight * _FADES) for one in self._staying)
        return parts


def changes(before: Array, after: Array) -> tuple[Change, ...] | None:
    """Where `after` is another picture than `before`, both float32 [h, w, 3]; None where all of it is."""
    from scipy.ndimage import binary_closing, binary_opening, find_objects, gaussian_filter, label

    looks = Look(before.mean(axis=-1)), Look(after.mean(axis=-1))
    turned = shift(*looks)
    recognised, empty = turned.alike >= _SAME_PLACE, any(look.empty for look in looks)
    if not recognised and not empty:
        return None
    ways = {(0, 0), (turned.down, turned.right)} if recognised else {(0, 0)}
    sharp, known = min((_difference(before, after, *way) for way in sorted(ways)), key=_unlike)
    if empty and known.any() and (sharp[known] > _NOISE).mean() > _CUT_SHARE:
        return None
    difference = gaussian_filter(sharp, 1.0)
    height, width = difference.shape
    least = max(_NOISE, _OVER_MEDIAN * float(np.median(difference)))
    strong = max(_NOISE, _OF_STRONGEST * float(np.percentile(difference, 99)))
    found = []
    for limit in dict.fromkeys((least, strong)):
        changed = binary_closing(np.pad(difference > limit, _GAP_PX), iterations=_GAP_PX)
        islands, _ = label(binary_opening(changed[_GAP_PX:-_GAP_PX, _GAP_PX:-_GAP_PX]))
        for number, (rows, columns) in enumerate(find_objects(islands), 1):
            own = islands[rows, columns] == number
            if _LEAST * height * width <= own.size <= _MOST * height * width and own.mean() >= _SOLID:
                box = Box(columns.start / width, rows.start / height, columns.stop / width, rows.stop / height)
                found.append(Change(box, float(difference[rows, columns][own].sum())))
    return tuple(found)


def _unlike(way: tuple[Array, NDArray[np.bool_]]) -> float:
    """How badly a way of laying a picture over another one fits."""
    sharp, known = way
    return float(np.median(sharp[known])) + float(sharp[known].mean()) / 10 if known.any() else np.inf


def _difference(before: Array, after: Array, down: int, right: int) -> tuple[Array, NDArray[np.bool_]]:
    """Mean difference of colours, [h, w], with the camera's turn and _SLACK_PX taken back; and where it is known.

    It is 0 in black bars and where the camera sees for the first time.
    """
    height, width = after.shape[:2]
    rows, columns = np.arange(height) - down, np.arange(width) - right
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None]
    taken = np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
    known = inside & ~_bars(after) & ~_bars(before)[taken]
    around = np.pad(before[taken], ((_SLACK_PX, _SLACK_PX), (_SLACK_PX, _SLACK_PX), (0, 0)), mode="edge")
    steps = range(2 * _SLACK_PX + 1)
    ways = [np.abs(after - around[y : y + height, x : x + width]).mean(-1) for y, x in product(steps, steps)]
    return np.where(known, np.minimum.reduce(ways), np.float32(0)), known


def _bars(picture: Array) -> NDArray[np.bool_]:
    """Black bars at the border and what is blurred by them."""
    from scipy.ndimage import binary_dilation

    bars = without_bars(picture.mean(axis=-1))[1]
    return np.asarray(binary_dilation(bars, iterations=_SLACK_PX + 1)) if bars.any() else bars


def _small(pixels: NDArray[np.uint8]) -> Array:
    """A frame uint8 [H, W, 3], averaged over areas to SIDE_PX: float32 [h, w, 3]."""
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE_PX / min(height, width))
    rows, columns = _averaging(height, round(height * scale)), _averaging(width, round(width * scale))
    lower = (rows @ pixels.reshape(height, -1).astype(np.float32)).reshape(len(rows), width, 3)
    narrower = lower.transpose(0, 2, 1).reshape(-1, width) @ columns.T
    return np.ascontiguousarray(narrower.reshape(len(rows), 3, -1).transpose(0, 2, 1))


@lru_cache(maxsize=16)
def _averaging(count: int, wanted: int) -> Array:
    """float32 [wanted, count]: the mean over each of `wanted` equal stretches of `count` pixels."""
    edges = np.linspace(0, count, max(1, wanted) + 1)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(count)[None]
    inside = np.clip(np.minimum(high, pixel + 1) - np.maximum(low, pixel), 0, None)
    return np.asarray(inside / (high - low), dtype=np.float32)


def _different(found: Iterable[Change], most: int) -> tuple[Change, ...]:
    """The weightiest, no two of one part."""
    kept: list[Change] = []
    for one in sorted(found, key=lambda one: (-one.weight, one.box.left, one.box.top)):
        if len(kept) < most and all(_same_share(one.box, other.box) < _SAME_BOX for other in kept):
            kept.append(one)
    return tuple(kept)


def _same_share(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _squared(box: Box, ratio: float) -> Box:
    """The box grown to a square of pixels, moved into the picture; ratio: of the picture's height to its width."""
    side = max(box.right - box.left, (box.bottom - box.top) * ratio)  # in widths of the picture
    left, right = _grown(box.left, box.right, min(1.0, side))
    top, bottom = _grown(box.top, box.bottom, min(1.0, side / ratio))
    return Box(left, top, right, bottom)


def _grown(first: float, last: float, length: float) -> tuple[float, float]:
    start = min(max((first + last - length) / 2, 0.0), 1.0 - length)
    return start, start + length
