"""The first look: frames become vectors, and what is new in them is seen by itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from colours import CloseColourModel, ColourModel

from sonify.errors import VideoError
from sonify.matching.look import look
from sonify.settings import Settings
from sonify.video.frames import Chunk, Frames
from sonify.video.scenes import SceneFinder

SIDE = 96
GREY = np.full((SIDE, SIDE, 3), 110, np.uint8)


def with_red(*corners: tuple[int, int]) -> np.ndarray:
    picture = GREY.copy()
    for left, top in corners:
        picture[top : top + 24, left : left + 24] = (230, 20, 20)
    return picture


def chunk(pictures: Sequence[np.ndarray], start_s: float) -> Chunk:
    times = tuple(Fraction(start_s) + Fraction(k, 2) for k in range(len(pictures)))
    stacked = np.stack(pictures) if pictures else np.zeros((0, SIDE, SIDE, 3), np.uint8)
    return Chunk(Frames(stacked, times), Frames(stacked[..., 0], times))


def finder() -> SceneFinder:
    return SceneFinder(Settings().scenes)


def test_what_comes_is_seen_by_itself() -> None:
    chunks = [
        chunk([GREY, GREY], 0),
        chunk([], 1),
        chunk([GREY, with_red((60, 20)), with_red((60, 20), (10, 60)), with_red((60, 20), (10, 60))], 1),
    ]
    sight = look(chunks, CloseColourModel(), finder())
    details = sight.embeddings.details
    assert details is not None and len(details.parts) == len(sight.times_s) == 6
    assert [len(parts) for parts in details.parts[:2]] == [0, 0]
    assert all(len(parts) == 2 for parts in details.parts[2:])
    assert details.vectors.shape == (6, 2, 3) and not details.vectors[:2].any()
    assert details.vectors[5, :, 0].min() > 0.9  # both are red
    assert sight.embeddings[3:5].details.parts == details.parts[3:5]  # type: ignore[union-attr]


@pytest.mark.parametrize(("model", "newcomers"), [(CloseColourModel(), False), (ColourModel(), True)])
def test_only_where_it_is_wanted_by_a_model_that_looks_closely(model: ColourModel, newcomers: bool) -> None:
    sight = look([chunk([GREY, with_red((60, 20))], 0)], model, finder(), newcomers=newcomers)
    assert sight.embeddings.details is None


def test_a_video_without_pictures_is_refused() -> None:
    with pytest.raises(VideoError, match="no picture"):
        look([chunk([], 0)], CloseColourModel(), finder())
