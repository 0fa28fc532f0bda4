"""Rankings, and one made of several by reciprocal rank fusion.

The score of whatever is ranked is the sum of 1 / (60 + rank) over the rankings that it is in (Cormack, Clarke and
Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR; the 60 is
theirs). Ranks need no common scale, and cosines and bm25 have none. They begin at 1, and equals share the best of
theirs.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RRF_K = 60
TOLD = 100
"""The last place in a ranking that is worth telling."""
DECIMALS = 6
"""Cosines that differ by less are equals: the last digits depend on where a row lies in its table."""
Key = tuple[float, ...]
Place = tuple[int, str]
"""A sound: the number of its library, and its path there."""


class CosineRanking:
    """All of something (labels), ranked by cosines, float32 [N]; NaN for those that are not in the ranking."""

    def __init__(self, name: str, cosines: NDArray[np.float32]) -> None:
        self.name = name
        self.cosines = np.round(cosines.astype(np.float64), DECIMALS)
        self._known = np.isfinite(self.cosines)
        downwards = -self.cosines[self._known]
        self._ranks = np.zeros(len(cosines), np.intp)
        self._ranks[self._known] = 1 + np.searchsorted(np.sort(downwards), downwards, side="left")

    def scores(self) -> NDArray[np.float64]:
        """What the ranking adds to each, float64 [N]."""
        return np.asarray(np.where(self._known, 1.0 / (RRF_K + self._ranks), 0.0))

    def why(self, at: int) -> str:
        """The place of one, "" when that is not worth telling."""
        rank = int(self._ranks[at])
        return f"{self.name} #{rank} ({self.cosines[at]:.2f})" if 0 < rank <= TOLD else ""


class ListRanking:
    """The best of a list of sounds. found: each with its key, of which the smallest is the best; no sound twice."""

    def __init__(self, name: str, found: Iterable[tuple[Key, Place]], depth: int, *, cosine: bool = False) -> None:
        """depth: how many count. cosine: the first number of a key is a cosine, negative."""
        self.name, self._cosine = name, cosine
        best = sorted(found)[:depth]
        self._keys = {place: key for key, place in best}
        first: dict[Key, int] = {}
        self.ranks = {place: first.setdefault(key, rank) for rank, (key, place) in enumerate(best, 1)}

    def why(self, place: Place) -> str:
        """The place of one, "" when it is not in the ranking."""
        if place not in self.ranks:
            return ""
        return f"{self.name} #{self.ranks[place]}" + (f" ({-self._keys[place][0]:.2f})" if self._cosine else "")
