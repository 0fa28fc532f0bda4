"""Views of a frame: what they cover, and that they are what Pillow and open_clip make of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sonify.models.preprocess import MAX_TILES, SQUEEZE, Recipe, layout, layouts, prepare

RECIPE = Recipe(64, (0.5, 0.4, 0.3), (0.25, 0.25, 0.3))
CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("width", "height", "count"),
    [
        (1920, 1080, 2),
        (1080, 1080, 1),
        (1280, 1024, 2),
        (2560, 1080, 3),
        (2390, 1000, 3),
        (3840, 1080, 4),
        (1080, 1920, 2),
        (1000, 1050, 1),
        (100_000, 1000, MAX_TILES),
        (1000, 100_000, MAX_TILES),
    ],
)
def test_tiles_are_as_few_as_cover_the_picture(width: int, height: int, count: int) -> None:
    assert len(layout(height, width, RECIPE, "tiles").corners) == count


@given(st.integers(1, 3000), st.integers(1, 3000))
@settings(deadline=None)
def test_tiles_cover_the_whole_picture_without_gaps(height: int, width: int) -> None:
    plan = layout(height, width, RECIPE, "tiles")
    along = [(b.left, b.right) if width >= height else (b.top, b.bottom) for b in plan.boxes]
    assert along[0][0] == 0 and along[-1][1] == 1
    assert all(after[0] <= before[1] + 1e-9 for before, after in pairwise(along))
    for top, left in plan.corners:
        assert 0 <= top <= plan.height - 64 and 0 <= left <= plan.width - 64
    ratio = max(height, width) / min(height, width)
    if ratio <= MAX_TILES and min(height, width) >= 16:
        squeezed = max(plan.width / plan.height, plan.height / plan.width) / ratio
        assert 1 / SQUEEZE - 0.02 <= squeezed <= 1.02


@pytest.mark.parametrize("view", ["tiles", "close", "whole", "centre"])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize(("height", "width"), [(64, 114), (90, 160), (161, 90), (64, 64), (3, 5), (1, 300)])
def test_every_view_of_every_frame_has_the_tower_s_size(view: str, mode: str, height: int, width: int) -> None:
    recipe = Recipe(64, (0.5, 0.4, 0.3), (0.25, 0.25, 0.3), resize_mode=mode)
    frames = np.full((2, height, width, 3), 255, np.uint8)
    for plan in layouts(height, width, recipe, view):
        ready = prepare(frames, plan, recipe, CPU, torch.float32)
        assert ready.shape == (2 * len(plan.boxes), 3, 64, 64)
        if mode == "shortest" or view != "centre":
            want = (1 - torch.tensor(RECIPE.mean)) / torch.tensor(RECIPE.std)
            torch.testing.assert_close(ready, want.view(1, 3, 1, 1).expand_as(ready).contiguous())


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"), [(128, 128, 3, 3), (360, 640, 3, 5), (640, 360, 5, 3), (9, 900, 3, 15)]
)
def test_close_squares_cover_the_picture_and_overlap(height: int, width: int, rows: int, columns: int) -> None:
    _, plan = layouts(height, width, RECIPE, "close")
    lefts, tops = sorted({box.left for box in plan.boxes}), sorted({box.top for box in plan.boxes})
    assert (len(tops), len(lefts)) == (rows, columns)
    assert len(set(plan.boxes)) == len(plan.boxes) == rows * columns
    for starts, size in ((lefts, RECIPE.size_px / plan.width), (tops, RECIPE.size_px / plan.height)):
        assert starts[0] == 0 and starts[-1] + size == pytest.approx(1)
        if columns < 15:
            assert all(after - before <= 0.76 * size for before, after in pairwise(starts))


@pytest.mark.parametrize(
    ("height", "width", "count"), [(128, 128, 1), (300, 400, 2), (360, 640, 3), (640, 360, 3), (9, 900, 8)]
)
def test_tiles_under_close_squares_overlap_by_half(height: int, width: int, count: int) -> None:
    plan, _ = layouts(height, width, RECIPE, "close")
    starts = [max(box.left, box.top) for box in plan.boxes]
    size = RECIPE.size_px / max(plan.width, plan.height)
    assert len(starts) == count and starts[0] == 0 and starts[-1] + size == pytest.approx(1)
    if count < MAX_TILES:
        assert all(after - before <= 0.56 * size for before, after in pairwise(starts))


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(("height", "width"), [(90, 160), (161, 90), (333, 500), (64, 64), (40, 30), (65, 190)])
def test_the_centre_view_equals_open_clips_transform(mode: str, interpolation: str, height: int, width: int) -> None:
    from open_clip.transform import image_transform
    from PIL import Image

    recipe = Recipe(64, RECIPE.mean, RECIPE.std, interpolation, mode, fill=7)
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    transform = image_transform(64, False, recipe.mean, recipe.std, mode, interpolation, 7)
    want = transform(Image.fromarray(picture))
    found = prepare(picture[None], layout(height, width, recipe, "centre"), recipe, CPU, torch.float32)[0]
    assert float((found - want).abs().max()) <= 1.01 / 255 / 0.25  # one step of a byte, where rounding differs
    assert float((found - want).abs().mean()) < 0.1 / 255 / 0.25


def test_the_views_of_a_frame_stand_together_and_show_their_boxes() -> None:
    frames = np.zeros((2, 64, 128, 3), np.uint8)
    frames[0, :, 64:], frames[1, :, :64] = 255, 255
    plan = layout(64, 128, RECIPE, "tiles")
    ready = prepare(frames, plan, RECIPE, CPU, torch.float32)
    bright = [bool(view.mean() > 0) for view in ready]
    assert bright == [False, True, True, False]
    assert [box.left for box in plan.boxes] == [0, 0.5]


def test_small_frames_are_not_resized() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, 64, 114, 3), dtype=np.uint8)
    ready = prepare(frames, layout(64, 114, RECIPE, "tiles"), RECIPE, CPU, torch.float32)
    want = (frames[0, :, :64].astype(np.float32) / 255 - RECIPE.mean) / np.asarray(RECIPE.std)
    np.testing.assert_allclose(ready[0].permute(1, 2, 0).numpy(), want, atol=1e-5)
