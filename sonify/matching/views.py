"""What the views of a frame say together.

A model that looks closely sees each frame in large squares and, over them, in squares of half their height
(`video.view=close`). Somewhere among many close views there is always one that reminds of something: a corner of a
room, half a piano. So a close view is not simply believed.

- A quarter of what it says is what the larger view around it says, of the label and of what is usual alike.
- A place shows one thing first of all. Where a usual phrase (sonify.models.background) stands out more than the
  label, in the same view or in one of its size that overlaps it, the label falls behind by as much again. The phrases
  are fixed, so what else is in a library changes nothing.
- Parts that are looked at by themselves (sonify.matching.newcomers) fill their view. They say what they say; only
  what stands out more in the part itself puts a label behind; and of what a label must rise over
  (sonify.matching.scores) the rest of the picture is a quarter.

What each of these brings is measured in docs/matching.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.models.interface import Array, Box

AROUND_SHARE = 0.25
"""What the larger view around a close one counts."""
SAME_PLACE = 0.3
"""Views that share so much of the smaller one show the same place."""
FARTHEST = 4.0
"""Log-odds by which a label falls behind at most: one that is not there needn't be there even less."""
_LARGER = 1.5


@dataclass(frozen=True)
class Surroundings:
    """Which larger view each view lies in, or itself: indices int [V]. beside: bool [V, V], of the same place."""

    around: NDArray[np.int64]
    beside: NDArray[np.bool_]

    @property
    def alone(self) -> bool:
        """Whether all views are of one size, and each says what it says."""
        return bool((self.around == np.arange(len(self.around))).all())

    def heard(self, values: Array) -> Array:
        """What the views say with what is around them, [N, V, ...], from what each says alone."""
        if self.alone:
            return values
        mixed = (1 - AROUND_SHARE) * values + AROUND_SHARE * values[:, self.around]
        return np.asarray(mixed, dtype=np.float32)

    def first_of_all(self, rival: Array) -> Array:
        """What stands out most in each view or one beside it, [N, V], from what does in each, [N, V]."""
        return np.stack([rival[:, beside].max(axis=1) for beside in self.beside], axis=1)


def surroundings(boxes: tuple[Box, ...]) -> Surroundings:
    """Of each view the larger one that holds most of it, and the views of its own size that overlap it."""
    sides = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes], dtype=np.float64)
    areas = (sides[:, 2] - sides[:, 0]) * (sides[:, 3] - sides[:, 1])
    low = np.maximum(sides[:, None, :2], sides[None, :, :2])
    high = np.minimum(sides[:, None, 2:], sides[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    larger = areas[None] > _LARGER * areas[:, None]
    like = ~(larger | larger.T)
    beside = like & (shared >= SAME_PLACE * np.minimum(areas[:, None], areas[None]))
    around = np.where(larger.any(axis=1), np.where(larger, shared, -1.0).argmax(axis=1), np.arange(len(boxes)))
    return Surroundings(around, beside)


def contested(labels: Array, first: Array) -> Array:
    """Log-odds of labels [N, V, L] against those of the usual phrase that stands out most in each place, [N, V]."""
    behind = first[..., None] - labels
    np.clip(behind, 0.0, FARTHEST, out=behind)
    return np.asarray(np.subtract(labels, behind, out=behind))
