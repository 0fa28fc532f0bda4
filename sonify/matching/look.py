"""Looks at a whole video: its frames become vectors as they are read, and are let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from sonify.errors import VideoError
from sonify.matching.newcomers import Newcomers
from sonify.matching.scores import Sight
from sonify.models.interface import Details, Embeddings, ImageTextModel
from sonify.video.frames import Chunk
from sonify.video.scenes import SceneFinder


def look(chunks: Iterable[Chunk], model: ImageTextModel, scenes: SceneFinder, *, newcomers: bool = True) -> Sight:
    """Vectors of all sampled frames; each chunk's grey frames go to `scenes`.

    newcomers: whether a model that looks closely sees by itself, too, what comes, goes or moves. Raises VideoError
    when there are no frames.
    """
    seen: list[Embeddings] = []
    details: list[Details] = []
    times: list[Fraction] = []
    finder = Newcomers()
    for chunk in chunks:
        scenes.add(chunk.grey)
        if len(chunk.frames):
            pixels = chunk.frames.pixels
            seen.append(model.embed_frames(pixels))
            if newcomers and model.looks_closely:
                details.append(model.embed_parts(pixels, finder.parts(pixels)))
            times += chunk.frames.times_s
    if not seen:
        raise VideoError("the video has no picture that can be read", hint="does it play elsewhere?")
    vectors = np.concatenate([one.vectors for one in seen])
    return Sight(Embeddings(vectors, seen[-1].boxes, _joined(details) if details else None), tuple(times))


def _joined(details: Sequence[Details]) -> Details:
    most = max(one.vectors.shape[1] for one in details)
    padded = [np.pad(one.vectors, ((0, 0), (0, most - one.vectors.shape[1]), (0, 0))) for one in details]
    return Details(np.concatenate(padded), tuple(parts for one in details for parts in one.parts))
