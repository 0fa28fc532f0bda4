"""Looks at a whole video: its frames become vectors as they are read, and are let go."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from sonify.errors import VideoError
from sonify.matching.scores import Array, Sight
from sonify.models.interface import Embeddings, ImageTextModel
from sonify.video.frames import Chunk
from sonify.video.scenes import SceneFinder


def look(chunks: Iterable[Chunk], model: ImageTextModel, scenes: SceneFinder) -> Sight:
    """Vectors of all sampled frames; each chunk's grey frames go to `scenes`.

    Raises VideoError when there are no frames.
    """
    vectors: list[Array] = []
    times: list[Fraction] = []
    seen: Embeddings | None = None
    for chunk in chunks:
        scenes.add(chunk.grey)
        if len(chunk.frames):
            seen = model.embed_frames(chunk.frames.pixels)
            vectors.append(seen.vectors)
            times += chunk.frames.times_s
    if seen is None:
        raise VideoError("the video has no picture that can be read", hint="does it play elsewhere?")
    return Sight(Embeddings(np.concatenate(vectors), seen.boxes), tuple(times))
