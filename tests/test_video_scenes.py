"""Scenes on pictures made by code: what is an edge, and what must not be taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from sonify.settings import SceneSettings
from sonify.video.frames import Frames
from sonify.video.scenes import SceneFinder, SceneSpan

RATE_HZ = 12
Pictures = NDArray[np.float64]


def place(seed: int, *, height: int = 36, width: int = 64) -> Pictures:
    """A picture with shapes of several sizes, as a photograph has."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width), random.uniform(60, 190))
    for size in (18, 9, 4, 2):
        coarse = random.normal(0, 22, (height // size + 2, width // size + 2))
        picture += np.kron(coarse, np.ones((size, size)))[:height, :width]
    return np.clip(picture, 0, 255)


def still(seed: int, seconds: float) -> Pictures:
    return np.repeat(place(seed)[None], round(seconds * RATE_HZ), axis=0)


def blend(one: Pictures, other: Pictures, seconds: float) -> Pictures:
    share = np.linspace(0, 1, round(seconds * RATE_HZ) + 2)[1:-1, None, None]
    return (1 - share) * one + share * other


def pan(seed: int, seconds: float, *, screens_per_s: float) -> Pictures:
    count = round(seconds * RATE_HZ)
    wide = place(seed, width=64 + int(64 * screens_per_s * seconds) + 1)
    lefts = (np.arange(count) / RATE_HZ * 64 * screens_per_s).astype(int)
    return np.stack([wide[:, left : left + 64] for left in lefts])


def find(*parts: Pictures, noise: float = 2.0, **settings: float) -> tuple[SceneSpan, ...]:
    pictures = np.concatenate(parts)
    random = np.random.default_rng(7)
    grey = np.clip(pictures + random.normal(0, noise, pictures.shape), 0, 255).round().astype(np.uint8)
    times = tuple(Fraction(index, RATE_HZ) for index in range(len(grey)))
    finder = SceneFinder(SceneSettings(**settings))
    for start in range(0, len(grey), 24):
        finder.add(Frames(grey[start : start + 24], times[start : start + 24]))
    spans = finder.finish(Fraction(len(grey), RATE_HZ))
    assert spans[0].start_s == 0
    assert spans[-1].end_s == Fraction(len(grey), RATE_HZ)
    assert all(a.end_s == b.start_s for a, b in pairwise(spans))
    return spans


def edges(spans: Sequence[SceneSpan]) -> list[Fraction]:
    return [span.start_s for span in spans[1:]]


def test_cuts_are_found_on_the_frame() -> None:
    spans = find(still(1, 2), still(2, 1), still(3, 3.5))
    assert edges(spans) == [2, 3]


def test_cuts_between_moving_shots() -> None:
    spans = find(pan(1, 2, screens_per_s=0.3), pan(2, 2, screens_per_s=0.5), pan(3, 2, screens_per_s=0.2))
    assert edges(spans) == [2, 4]


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
def test_a_dissolve_is_one_edge_in_its_middle(seconds: float) -> None:
    spans = find(still(1, 3), blend(place(1), place(2), seconds), still(2, 3))
    (edge,) = edges(spans)
    assert abs(float(edge) - (3 + seconds / 2)) <= 0.3


def test_dissolves_can_be_left_out() -> None:
    assert not edges(find(still(1, 3), blend(place(1), place(2), 1.0), still(2, 3), dissolves=False))


def test_a_fade_through_black_is_an_edge_or_two() -> None:
    black = np.full((36, 64), 2.0)
    spans = find(
        still(1, 3), blend(place(1), black, 1.0), np.repeat(black[None], 6, axis=0), blend(black, place(2), 1.0),
        still(2, 3),
    )  # fmt: skip
    assert 1 <= len(edges(spans)) <= 2
    assert all(3 <= edge <= 5.5 for edge in edges(spans))


def test_flashes_are_no_edge() -> None:
    shot = still(1, 6)
    for start, length in ((20, 1), (40, 2), (55, 4)):
        shot[start : start + length] = np.clip(shot[start : start + length] * 0.4 + 150, 0, 255)
    assert not edges(find(shot))


def test_blinks_to_black_are_no_edge() -> None:
    shot = still(1, 6)
    shot[30:33] = 3
    assert not edges(find(shot))


def test_fireworks_are_no_edge() -> None:
    random = np.random.default_rng(5)
    shot = np.full((120, 36, 64), 8.0)
    shot[:, 28:] = 20 + 10 * random.random((8, 64))
    rows, columns = np.mgrid[0:36, 0:64]
    for start in (14, 31, 49, 62, 85):
        row, column, radius = random.uniform(6, 20), random.uniform(10, 54), random.uniform(10, 22)
        burst = 230 * np.exp(-(((rows - row) ** 2 + (columns - column) ** 2) / radius**2))
        for age in range(14):
            if start + age < len(shot):
                shot[start + age] += burst * np.exp(-age / 4)
    assert not edges(find(np.clip(shot, 0, 255)))


@pytest.mark.parametrize("screens_per_s", [0.1, 0.5, 1.0, 2.0])
def test_pans_are_no_edge(screens_per_s: float) -> None:
    moving = pan(4, 2, screens_per_s=screens_per_s)
    rest = np.repeat(moving[-1][None], 24, axis=0)
    assert not edges(find(np.repeat(moving[:1], 24, axis=0), moving, rest))


def test_a_change_of_light_is_no_edge() -> None:
    light = np.concatenate([np.ones(24), np.linspace(1, 0.4, 18), np.full(24, 0.4)])
    assert not edges(find(place(3)[None] * light[:, None, None]))


def test_something_crossing_the_picture_is_no_edge() -> None:
    shot = still(6, 5)
    for index in range(20, 44):
        left = (index - 20) * 4 - 24
        shot[index, 8:30, max(left, 0) : max(left + 24, 0)] = 20
    assert not edges(find(shot))


def test_a_short_scene_joins_its_neighbour() -> None:
    assert len(find(still(1, 3), still(2, 0.25), still(3, 3))) == 2
    assert len(find(still(1, 3), still(2, 0.25), still(3, 3), min_scene_s=0)) == 3


def test_sparse_pictures_are_scenes() -> None:
    """A slide show keeps each picture for seconds: then there are no steps around to compare with."""
    finder = SceneFinder(SceneSettings())
    slides = np.stack([place(seed) for seed in range(4)]).astype(np.uint8)
    finder.add(Frames(slides, tuple(Fraction(4 * index) for index in range(4))))
    assert edges(finder.finish(Fraction(16))) == [4, 8, 12]


def test_no_frame_and_one_frame() -> None:
    assert SceneFinder(SceneSettings()).finish(Fraction(3)) == (SceneSpan(Fraction(0), Fraction(3)),)
    finder = SceneFinder(SceneSettings())
    finder.add(Frames(np.zeros((1, 1, 1), np.uint8), (Fraction(0),)))
    assert finder.finish(Fraction(1, 25)) == (SceneSpan(Fraction(0), Fraction(1, 25)),)


def test_memory_is_bounded() -> None:
    finder = SceneFinder(SceneSettings())
    picture = place(1).astype(np.uint8)[None]
    for index in range(2000):
        finder.add(Frames(picture, (Fraction(index, RATE_HZ),)))
    assert len(finder._looks) < 120


def test_a_cut_beside_a_flash_is_found() -> None:
    before, after = still(1, 3), still(2, 3)
    before[-2] = before[-2] * 0.2 + 195
    assert edges(find(before, after)) == [3]


def test_a_dissolve_seen_by_a_shaking_hand() -> None:
    def shaken(seed: int, seconds: float, phase: int) -> Pictures:
        wide = place(seed, width=72)
        return np.stack([wide[:, 4 + round(np.sin(k + phase)) :][:, :64] for k in range(round(seconds * RATE_HZ))])

    one, other = shaken(1, 4, 0), shaken(2, 4, 2)
    share = np.linspace(0, 1, 14)[1:-1, None, None]
    spans = find(one[:36], (1 - share) * one[36:] + share * other[:12], other[12:])
    (edge,) = edges(spans)
    assert abs(float(edge) - 3.5) <= 0.3


def test_a_zoom_is_no_edge() -> None:
    big = place(5, height=72, width=128)
    rows, columns = np.arange(36), np.arange(64)
    shots = []
    for k in range(72):
        scale = 1.2 * np.exp(-0.15 * k / RATE_HZ)
        y, x = 36 + (rows - 18) * scale, 64 + (columns - 32) * scale
        shots.append(big[np.ix_(y.round().astype(int) % 72, x.round().astype(int) % 128)])
    assert not edges(find(np.stack(shots)))


def shaken(seed: int, seconds: float, *, far: int = 2) -> Pictures:
    """A hand that shakes so that everything moves from each frame to the next."""
    wide = place(seed, height=36 + 2 * far, width=64 + 2 * far)
    random = np.random.default_rng(seed)
    shifts = random.integers(0, 2 * far + 1, (round(seconds * RATE_HZ), 2))
    return np.stack([wide[y : y + 36, x : x + 64] for y, x in shifts])


def lit(shot: Pictures, frame: int, glow: float, *, fades: bool) -> Pictures:
    """Lightning from a frame on: all goes towards white, and comes back at once or over some frames."""
    shot = shot.copy()
    for age in range(8 if fades else 1):
        share = glow * float(np.exp(-age / 1.5))
        shot[frame + age] += share * (245 - shot[frame + age])
    return shot


def test_cuts_between_strongly_shaken_shots() -> None:
    assert edges(find(shaken(1, 2), shaken(2, 2), shaken(3, 2))) == [2, 4]


@pytest.mark.parametrize("glow", [0.6, 0.9])
def test_a_cut_between_lightning_and_strobe(glow: float) -> None:
    before = lit(lit(still(1, 3), 26, glow, fades=True), 34, glow, fades=False)
    strobe = still(2, 3)
    strobe[1::3] += glow * (245 - strobe[1::3])
    assert edges(find(before, strobe)) == [3]


@pytest.mark.parametrize("screens_per_s", [1.0, 2.0])
def test_a_whip_pan_with_lightning_in_it_is_no_edge(screens_per_s: float) -> None:
    moving = lit(pan(4, 1, screens_per_s=screens_per_s), 3, 0.8, fades=True)
    rest = np.repeat(moving[-1][None], 24, axis=0)
    assert not edges(find(np.repeat(moving[:1], 24, axis=0), moving, rest))


def test_a_whip_pan_under_a_strobe_is_no_edge() -> None:
    moving = pan(4, 1, screens_per_s=1.5)
    shot = np.concatenate([np.repeat(moving[:1], 24, axis=0), moving, np.repeat(moving[-1][None], 24, axis=0)])
    shot[1::3] += 0.7 * (245 - shot[1::3])
    assert not edges(find(shot))


def test_black_bars_hide_no_cut() -> None:
    shots = [shot.copy() for shot in (still(1, 2), still(2, 2), still(3, 2))]
    for shot in shots:
        shot[:, :6] = shot[:, -6:] = 2
    assert edges(find(*shots)) == [2, 4]


def test_a_sign_that_stays_hides_no_cut() -> None:
    shots = [still(1, 2), still(2, 2)]
    for shot in shots:
        shot[:, 27:] = place(9, height=9)
    assert edges(find(*shots)) == [2]


def test_a_dissolve_between_moving_shots() -> None:
    one, other = pan(1, 4, screens_per_s=0.2), pan(2, 4, screens_per_s=0.15)
    share = np.linspace(0, 1, 14)[1:-1, None, None]
    (edge,) = edges(find(one[:36], (1 - share) * one[36:] + share * other[:12], other[12:]))
    assert abs(float(edge) - 3.5) <= 0.3


def test_what_changes_its_shape_is_no_dissolve() -> None:
    """Water, smoke, a crowd: each part goes its own way, and after a while nothing is as it was."""
    random = np.random.default_rng(3)
    shots = np.zeros((72, 36, 64))
    for row in range(0, 36, 12):
        for column in range(0, 64, 16):
            wide = place(row * 100 + column, height=90, width=94)
            down, right = random.uniform(-9, 9, 2)
            for k in range(72):
                top, left = 39 + round(down * k / RATE_HZ / 1.5), 39 + round(right * k / RATE_HZ / 1.5)
                shots[k, row : row + 12, column : column + 16] = wide[top : top + 12, left : left + 16]
    assert not edges(find(shots))
