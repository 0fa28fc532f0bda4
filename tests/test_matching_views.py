"""What the views of a frame say together."""

import numpy as np
import pytest

from sonify.matching.views import AROUND_SHARE, FARTHEST, contested, surroundings
from sonify.models.interface import Box

TILES = (Box(0, 0, 0.5625, 1), Box(0.4375, 0, 1, 1))
CLOSE = (Box(0, 0, 0.28, 0.5), Box(0.36, 0.25, 0.64, 0.75), Box(0.72, 0.5, 1, 1))


def test_views_of_one_size_speak_for_themselves() -> None:
    around = surroundings(TILES)
    values = np.random.default_rng(0).random((3, 2, 5)).astype(np.float32)
    assert np.array_equal(around.heard(values), values)


def test_a_close_view_is_heard_with_the_larger_one_around_it() -> None:
    around = surroundings((*TILES, *CLOSE))
    assert around.around.tolist() == [0, 1, 0, 0, 1]
    values = np.zeros((1, 5, 1), np.float32)
    values[0, 1] = 1.0  # the right tile alone is sure
    heard = around.heard(values)[0, :, 0]
    assert heard[2] == 0 and heard[4] == pytest.approx(AROUND_SHARE) and heard[1] == 1
    values[0, 4] = 1.0  # so is the close view in it
    assert around.heard(values)[0, 4, 0] == 1


def test_a_close_view_alone_is_believed_less_than_one_that_fits_its_surroundings() -> None:
    around = surroundings((*TILES, *CLOSE))
    cosines = np.full((1, 5, 2), 0.1, np.float32)
    cosines[0, 2] = 0.6  # both labels in one close view
    cosines[0, 0, 1] = 0.3  # the second a little in the tile around it too
    heard = around.heard(cosines).max(axis=1)[0]
    assert heard[1] > heard[0] > 0.4


def test_what_stands_out_more_in_the_same_place_puts_a_label_behind() -> None:
    around = surroundings((*CLOSE, Box(0.1, 0, 0.38, 0.5), *TILES))
    assert around.beside.tolist()[0] == [True, False, False, True, False, False]  # tiles are of another size
    assert around.beside.tolist()[4] == [False, False, False, False, True, False]  # and overlap by too little
    labels = np.array([[[1.0, -1.0], [1.0, -1.0], [1.0, -9.0], [0.0, 0.0]]], np.float32)
    first = around.first_of_all(np.array([[0.5, 2.0, 3.0, -1.0, 9.0, 9.0]], np.float32))[:, :4]
    found = contested(labels, first)[0]
    assert found[0].tolist() == [1.0, -2.5]  # ahead of all that is near stays ahead
    assert found[1].tolist() == [0.0, -4.0]
    assert found[2].tolist() == [-1.0, -9.0 - FARTHEST]
