"""How things move from one picture to the next: small enough to keep for a whole film, place by place.

The displacement of each pixel is found in two steps. A search on a quarter of the size, up to a third of its height
follows what moves far between two frames, as anything does that hits; then Lucas and Kanade's least squares
(IJCAI 1981), from coarse to fine, make it exact. The camera's own motion, that of most of the picture, is taken away.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""float32 [H, W], grey 0..255."""

SIDE_PX = 100
"""Height or width, whichever is less, at which motion is looked for, about: a ball of a twentieth is 5 pixels."""
ROWS = 8
"""Rows of cells; columns as the shape of the picture demands."""
LEFT, RIGHT, UP, DOWN, CHANGE, LIGHT = 0, 1, 2, 3, 4, 5
CHANNELS = 6

_LEVELS = 2
_REACH = 9
_WINDOW = 7
# What a displacement must gain, in grey values a pixel: a static background is to stay where it is.
_PER_PIXEL, _ANY = 0.15, 0.8
# Squared gradient a pixel that is noise: where there is no more, nothing moves.
_NOISE = 20.0
# Pixels by which the ways there and back may differ: one on the small picture and a half.
_AGREE = 6.0
# What is blurred by its speed agrees with nothing, and moves all the same.
_DOUBTFUL = 0.35
# Grey values of change that are noise, and over it those that are a change for sure.
_QUIET, _SURE = 4.0, 8.0


def greys(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey pictures float32 [N, h, w] of frames uint8 [N, H, W, 3], the short side SIDE_PX or up to a half more."""
    factor = max(1, int(min(frames.shape[1:3]) / SIDE_PX))
    height, width = frames.shape[1] // factor, frames.shape[2] // factor
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    grey = frames[:, : height * factor, : width * factor] @ weights
    if factor > 1:
        grey = grey.reshape(len(grey), height, factor, width, factor).mean(axis=(2, 4))
    return np.asarray(grey, np.float32)


def cells(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of cells for pictures of this size."""
    return min(ROWS, height), max(1, min(width, 4 * ROWS, round(ROWS * width / height)))


def motion(a: Picture, b: Picture) -> NDArray[np.float32]:
    """What happens from picture `a` to picture `b`: float32 [rows, columns, CHANNELS].

    LEFT, RIGHT, UP, DOWN: the displacement that way, in percent of the picture's height, summed over what moves, as a
    share of all pixels times 100. CHANGE and LIGHT: mean absolute change, and mean change, of the grey values; each
    cell's share of the whole picture's, times 100.
    """
    height, width = a.shape
    rows, columns = cells(height, width)
    from scipy.ndimage import maximum_filter

    part = _changed(a, b)
    if part is None:
        return np.zeros((rows, columns, CHANNELS), np.float32)
    across, down = np.zeros((2, height, width), np.float32)
    across[part], down[part] = displacement(a[part], b[part])
    sure = np.zeros((height, width), np.float32)
    sure[part] = _sure(a[part], b[part], across[part], down[part])
    shift_x, shift_y = float(np.median(across)), float(np.median(down))
    across, down = across - shift_x, down - shift_y
    change = _shifted(b, shift_x, shift_y) - a
    moving = maximum_filter(np.clip((np.abs(change) - _QUIET) / _SURE, 0, 1), 5)
    # What the camera brings into the picture at its edges hasn't moved.
    aside, above = _edge(shift_x, width), _edge(shift_y, height)
    for each in (moving, change):
        each[:, :aside] = each[:, width - aside :] = 0
        each[:above] = each[height - above :] = 0
    scale = 100 / height * 100 / (height * width)
    across, down = across * moving * sure * scale, down * moving * sure * scale
    light = change * (100 / (height * width))
    maps = [np.maximum(-across, 0), np.maximum(across, 0), np.maximum(-down, 0), np.maximum(down, 0)]
    maps += [np.abs(light), light]
    return np.stack([_summed(each, rows, columns) for each in maps], axis=-1)


def displacement(a: Picture, b: Picture) -> tuple[Picture, Picture]:
    """Where each pixel of `a` has gone in `b`: pixels to the right and pixels down, float32 [H, W] each."""
    from scipy.ndimage import median_filter, uniform_filter

    levels = [(a, b)]
    while len(levels) <= _LEVELS and min(levels[-1][0].shape) >= 8:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    across, down = (median_filter(each, 3) for each in _searched(*levels[-1]))
    for p, q in reversed(levels[:-1]):
        across, down = _doubled(across, p.shape), _doubled(down, p.shape)
        slope_y, slope_x = np.gradient(p)
        xx = uniform_filter(slope_x * slope_x, _WINDOW) + _NOISE
        xy = uniform_filter(slope_x * slope_y, _WINDOW)
        yy = uniform_filter(slope_y * slope_y, _WINDOW) + _NOISE
        det = xx * yy - xy * xy
        for _ in range(2):
            left = p - _moved(q, across, down)
            x, y = uniform_filter(slope_x * left, _WINDOW), uniform_filter(slope_y * left, _WINDOW)
            across = across + np.clip((yy * x - xy * y) / det, -2, 2)
            down = down + np.clip((xx * y - xy * x) / det, -2, 2)
    return across, down


def _changed(a: Picture, b: Picture) -> tuple[slice, slice] | None:
    """The rows and columns outside of which nothing happens; None when nothing does."""
    from scipy.ndimage import uniform_filter

    change = uniform_filter(np.abs(b - a), 3) > _QUIET
    if not change.any():
        return None
    margin = 4 * _REACH + _WINDOW
    rows, columns = np.flatnonzero(change.any(axis=1)), np.flatnonzero(change.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _sure(a: Picture, b: Picture, across: Picture, down: Picture) -> Picture:
    """1 where what is seen in `a` comes from there too, seen from `b`; less where it may be hidden in one of them."""
    small_a, small_b = _halved(_halved(a)), _halved(_halved(b))
    back_x, back_y = (4 * each for each in _searched(small_b, small_a))
    rows, columns = back_x.shape
    y, x = np.indices(a.shape, dtype=np.float32)
    row = np.clip((y + down) / 4, 0, rows - 1).round().astype(int)
    column = np.clip((x + across) / 4, 0, columns - 1).round().astype(int)
    apart = np.hypot(across + back_x[row, column], down + back_y[row, column])
    agree = apart <= _AGREE + 0.15 * np.hypot(across, down)
    return np.where(agree, np.float32(1), np.float32(_DOUBTFUL))


def _searched(p: Picture, q: Picture) -> tuple[Picture, Picture]:
    """The displacement in whole pixels at which 3 x 3 pixels are most alike."""
    from scipy.ndimage import uniform_filter

    height, width = p.shape
    reach = min(_REACH, height, width)
    shifted = np.lib.stride_tricks.sliding_window_view(np.pad(q, reach, mode="edge"), (height, width))
    unlike = uniform_filter(np.abs(shifted - p), (1, 1, 3, 3))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    dearer = (_PER_PIXEL * np.hypot(x, y) + _ANY * ((x != 0) | (y != 0))).astype(np.float32)
    best = (unlike + dearer[:, :, None, None]).reshape(-1, height, width).argmin(axis=0)
    return (best % (2 * reach + 1) - reach).astype(np.float32), (best // (2 * reach + 1) - reach).astype(np.float32)


def _halved(picture: Picture) -> Picture:
    from scipy.ndimage import gaussian_filter

    return cast(Picture, gaussian_filter(picture, 0.8)[::2, ::2])


def _doubled(field: Picture, shape: tuple[int, ...]) -> Picture:
    twice = 2 * field.repeat(2, axis=0).repeat(2, axis=1)
    return twice[: shape[0], : shape[1]]


def _moved(picture: Picture, across: Picture, down: Picture) -> Picture:
    from scipy.ndimage import map_coordinates

    y, x = np.indices(picture.shape, dtype=np.float32)
    return cast(Picture, map_coordinates(picture, (y + down, x + across), order=1, mode="nearest"))


def _shifted(picture: Picture, across: float, down: float) -> Picture:
    from scipy.ndimage import shift

    if not across and not down:
        return picture
    return cast(Picture, shift(picture, (-down, -across), order=1, mode="nearest"))


def _edge(shift: float, length: int) -> int:
    return 0 if abs(shift) < 0.2 else min(length // 4, _WINDOW + int(abs(shift)))


def _summed(each: Picture, rows: int, columns: int) -> Picture:
    down = np.linspace(0, each.shape[0], rows + 1).astype(int)[:-1]
    across = np.linspace(0, each.shape[1], columns + 1).astype(int)[:-1]
    return np.add.reduceat(np.add.reduceat(each, down, axis=0), across, axis=1)
