"""What comes, goes or moves by itself is found where it is, and what the camera does is not."""

import numpy as np
import pytest

from sonify.matching.newcomers import OWN, STAYING, Newcomers
from sonify.models.interface import Box

HEIGHT, WIDTH = 180, 320
RNG = np.random.default_rng(7)
WORLD = np.kron(RNG.integers(30, 220, (40, 60, 3)), np.ones((8, 8, 1))).astype(np.uint8)
THING = np.kron(RNG.integers(0, 256, (5, 5, 3)), np.ones((12, 12, 1))).astype(np.uint8)


def place(across: float = 0, down: float = 0) -> np.ndarray:
    """The world as a camera sees it that has turned by so many pixels."""
    top, left = round(40 + down), round(60 + across)
    return WORLD[top : top + HEIGHT, left : left + WIDTH].copy()


def elsewhere() -> np.ndarray:
    return np.ascontiguousarray(WORLD[::-1, ::-1][40 : 40 + HEIGHT, 60 : 60 + WIDTH])


def with_thing(picture: np.ndarray, left: int, top: int) -> np.ndarray:
    picture[top : top + 60, left : left + 60] = THING
    return picture


def box_of(left: int, top: int) -> Box:
    return Box(left / WIDTH, top / HEIGHT, (left + 60) / WIDTH, (top + 60) / HEIGHT)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = max(0.0, min(one.right, other.right) - max(one.left, other.left))
    down = max(0.0, min(one.bottom, other.bottom) - max(one.top, other.top))
    areas = [(b.right - b.left) * (b.bottom - b.top) for b in (one, other)]
    return across * down / (sum(areas) - across * down)


def test_what_comes_to_stay_is_looked_at_in_all_frames_around() -> None:
    film = [place(), place(), with_thing(place(), 200, 70), with_thing(place(), 200, 70)]
    parts = Newcomers().parts(np.stack(film))
    for own in parts:
        assert len(own) == 1 and overlap(own[0], box_of(200, 70)) > 0.7


def test_what_came_is_remembered_in_the_next_stretch() -> None:
    newcomers = Newcomers()
    newcomers.parts(np.stack([place(), with_thing(place(), 40, 30)]))
    later = newcomers.parts(np.stack([with_thing(place(), 40, 30)] * 3))
    assert all(overlap(own[0], box_of(40, 30)) > 0.7 for own in later)


def test_a_change_between_two_stretches_is_seen() -> None:
    newcomers = Newcomers()
    assert newcomers.parts(place()[None]) == ((),)
    (own,) = newcomers.parts(with_thing(place(), 120, 60)[None])
    assert overlap(own[0], box_of(120, 60)) > 0.7


def test_a_cut_ends_what_was_remembered() -> None:
    newcomers = Newcomers()
    newcomers.parts(np.stack([place(), with_thing(place(), 200, 70)]))
    assert newcomers.parts(np.stack([elsewhere(), elsewhere()])) == ((), ())


def test_a_camera_that_turns_brings_nothing() -> None:
    film = [place(12 * k, 3 * k) for k in range(5)]
    assert Newcomers().parts(np.stack(film)) == ((),) * 5


@pytest.mark.parametrize("bars", [np.s_[:, :, 40:-40], np.s_[:, 24:-24]])
def test_black_bars_do_not_move_with_the_camera(bars: tuple[slice, ...]) -> None:
    film = np.zeros((5, HEIGHT, WIDTH, 3), np.uint8)
    film[bars] = np.stack([place(12 * k, 3 * k) for k in range(5)])[bars]
    assert Newcomers().parts(film) == ((),) * 5


def test_a_cut_in_the_dark_is_a_cut() -> None:
    film = np.stack([place(), with_thing(place(), 200, 70), elsewhere(), elsewhere()]) // 6
    parts = Newcomers().parts(film)
    assert len(parts[1]) == 1 and parts[2:] == ((), ())


def test_what_stays_is_looked_at_after_a_flash_too() -> None:
    film = [place(), with_thing(place(), 200, 70), with_thing(place(), 200, 70), with_thing(place(), 200, 70)]
    film[2] = np.minimum(film[2].astype(int) + 25, 255).astype(np.uint8)
    parts = Newcomers().parts(np.stack(film))
    assert all(any(overlap(one, box_of(200, 70)) > 0.7 for one in own) for own in parts)


def test_a_thing_is_found_though_the_camera_turns() -> None:
    film = [place(10, 2), place(20, -4), with_thing(place(30, 2), 150, 70), with_thing(place(40, 2), 140, 70)]
    parts = Newcomers().parts(np.stack(film))
    assert max(overlap(one, box_of(150, 70)) for one in parts[2]) > 0.6


def test_scattered_change_is_no_thing() -> None:
    """Leaves in the wind, water, rain: places all over the picture, none of them solid."""
    film = []
    for k in range(4):
        picture = place()
        noise = np.random.default_rng(k).random((HEIGHT // 4, WIDTH // 4)) < 0.06
        picture[np.kron(noise, np.ones((4, 4))).astype(bool)] = 255
        film.append(picture)
    assert Newcomers().parts(np.stack(film)) == ((),) * 4


def test_there_are_never_many_and_each_is_a_square_in_the_picture() -> None:
    rng = np.random.default_rng(3)
    film = []
    for _ in range(8):
        picture = place()
        for _ in range(3):
            picture = with_thing(picture, int(rng.integers(0, WIDTH - 60)), int(rng.integers(0, HEIGHT - 60)))
        film.append(picture)
    parts = Newcomers().parts(np.stack(film))
    assert 0 < max(map(len, parts)) <= OWN + STAYING
    for box in (box for own in parts for box in own):
        assert 0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1
        across, down = (box.right - box.left) * WIDTH, (box.bottom - box.top) * HEIGHT
        assert across == pytest.approx(down) or down == pytest.approx(HEIGHT)


def test_the_same_frames_give_the_same_parts_however_they_are_stored() -> None:
    film = np.stack([place(), with_thing(place(), 200, 70)])
    assert Newcomers().parts(film) == Newcomers().parts(np.asfortranarray(film))


def test_no_frames_have_no_parts() -> None:
    assert Newcomers().parts(np.zeros((0, 9, 16, 3), np.uint8)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (72, 72)])
def test_pictures_of_any_shape(shape: tuple[int, int]) -> None:
    film = np.random.default_rng(0).integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    assert len(Newcomers().parts(film)) == 3
    assert len(Newcomers().parts(np.zeros((3, *shape, 3), np.uint8))) == 3
