"""Which labels a scene shows, best first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# A short but clear appearance should win and a flicker should not: the best third of the frames decides.
POOLED_SHARE = 1 / 3

# Labels whose words are nearer than this look for the same emitter ("dog", "dog barking").
SAME_EMITTER_COSINE = 0.85


def pool(probabilities: Array, *, least: int = 1) -> Array:
    """The mean of each label's best frames: float32 [N, L] -> [L].

    least: the number of frames, where there are so many, that are always counted.
    """
    frames = len(probabilities)
    if frames == 0:
        return np.zeros(probabilities.shape[1], dtype=np.float32)
    counted = min(frames, max(least, round(frames * POOLED_SHARE), 1))
    best = np.partition(probabilities, frames - counted, axis=0)[frames - counted :]
    return np.asarray(best.mean(axis=0), dtype=np.float32)


def best_first(pooled: Array, among: Iterable[int]) -> list[int]:
    """Indices of labels from the most to the least probable; equals keep the order of the catalogue."""
    return sorted(among, key=lambda label: (-round(float(pooled[label]), 6), label))


def different(ranked: Iterable[int], words: Array, *, besides: Iterable[int] = ()) -> list[int]:
    """Leaves one label for each emitter: the first. `words` are the labels' unit vectors [L, D].

    Labels that look for the same emitter as one of `besides` are left out too.
    """
    others = list(besides)
    kept: list[int] = []
    for label in ranked:
        if all(float(words[label] @ words[other]) < SAME_EMITTER_COSINE for other in (*others, *kept)):
            kept.append(label)
    return kept
