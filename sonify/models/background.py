"""What a label must rise over: what the picture shows anyway.

Rising over phrases that describe nothing tells a picture of something from a picture of nothing. It doesn't tell
what is in the picture: a lion is also more of a dog than of a blank wall. So a label is compared with what pictures
usually show (`usual.txt`, 590 phrases, a fifth of them silent things) and must rise over the nearest of them. The
list is fixed: a label's probability doesn't depend on which others are in the library, and emitters still coexist.

Measured with sonify-mini on held-out photographs, and on recorded vectors of OpenAI's ViT-B/32: docs/matching.md.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from sonify.models.interface import Array

NEAREST = 30
"""Of the usual phrases so many count, one in twenty. Of 5 to 100, 10 was best on photographs seen by sonify-mini
(60.3 % of right labels found at half a wrong label a library of 60; 30: 59.4, 100: 57.6, the best null alone: 52.6),
and 30 to 60 on ViT-B/32's vectors (10: 53 %, 30: 59 %, no background: 51 %). The very nearest are often the emitter
itself in other words."""


@cache
def usual_phrases() -> tuple[str, ...]:
    """What pictures usually show, as it stands in usual.txt."""
    lines = (files("sonify.models") / "usual.txt").read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def background(vectors: Array, null: Array, usual: Array) -> Array:
    """The cosine over which a label must rise, float32 [...], for unit vectors of views [..., D].

    null: vectors [K, D] of phrases that describe nothing, of which the best counts. usual: vectors [U, D], U at least
    NEAREST, of which the mean of the NEAREST best counts. The higher of the two is taken.
    """
    near = np.partition(vectors @ usual.T, -NEAREST, axis=-1)[..., -NEAREST:].mean(axis=-1)
    return np.asarray(np.maximum((vectors @ null.T).max(axis=-1), near), dtype=np.float32)
