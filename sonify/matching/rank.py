"""Which labels a scene shows, best first."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# A short but clear appearance should win and a flicker should not: the best third of the frames decides.
POOLED_SHARE = 1 / 3

# However long the scene, so much of the best of it is enough.
CLEAR_S = 4.0

# Labels that resemble each other so much, from the middle of all words, look for the same emitter ("dog", "dog
# barking"). With ViT-B/32 a dog and a puppy have .66, a truck and a pickup truck .69, a cat and a kitten .69, but a
# dog and a cat .55, a guitar and a violin .50; with sonify-mini and the starter sounds an aeroplane and a propeller
# plane .91, a cat and a lion .54.
SAME_EMITTER_COSINE = 0.65


def from_middle(words: Array, usual: Array | None) -> Array:
    """Unit vectors [L, D] as seen from the middle of all words, the mean of `usual` [U, D]; None: as they are.

    All of CLIP's words lie in a narrow cone (cosines of unrelated names are about .74), each model's in another one:
    from the middle of it, one limit serves all.
    """
    if usual is None:
        return words
    away = words - usual.mean(axis=0)
    return np.asarray(away / np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9), dtype=np.float32)


def pool(probabilities: Array, *, least: int = 1, most: int | None = None) -> Array:
    """The mean of each label's best frames: float32 [N, L] -> [L].

    least: the number of frames, where there are so many, that are always counted; most: no more than so many are.
    """
    frames = len(probabilities)
    if frames == 0:
        return np.zeros(probabilities.shape[1], dtype=np.float32)
    counted = min(frames, max(least, min(round(frames * POOLED_SHARE), most or frames), 1))
    best = np.partition(probabilities, frames - counted, axis=0)[frames - counted :]
    return np.asarray(best.mean(axis=0), dtype=np.float32)


def best_first(pooled: Array, among: Iterable[int]) -> list[int]:
    """Indices of labels from the most to the least probable; equals keep the order of the catalogue."""
    return sorted(among, key=lambda label: (-round(float(pooled[label]), 6), label))


def different(
    ranked: Iterable[int], emitters: Array, *, besides: Iterable[int] = (), most: int | None = None
) -> list[int]:
    """Leaves one label for each emitter, the first; `most` of them. emitters: Words.emitters, [L, D].

    Labels that look for the same emitter as one of `besides` are left out too.
    """
    others = list(besides)
    kept: list[int] = []
    for label in ranked:
        if most is not None and len(kept) >= most:
            break
        known = [*others, *kept]
        if not known or float((emitters[known] @ emitters[label]).max()) < SAME_EMITTER_COSINE:
            kept.append(label)
    return kept
