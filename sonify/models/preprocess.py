"""From frames to what an image tower takes: resize, cut into views, normalise; in torch, on the model's device.

Four views of a frame:

    tiles    squares side by side (one above the other when upright) that cover the whole picture, overlapping least
    close    tiles that overlap by half, and squares of half their height over the whole picture: what is small in it
             fills one of them
    whole    the whole picture squeezed into one square
    centre   what open_clip's own transform makes of it, usually the square in the middle
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sonify.models.interface import Box

MAX_TILES = 8
CLOSE = 2
"""How much smaller a close square is than a tile."""
TILE_OVERLAP = 0.5
"""The same of a tile, where there are close squares too: what is large and in the middle is whole in one of them."""
CLOSE_OVERLAP = 0.25
"""Share of its side by which a close square reaches into the next: what lies between two is whole in one of them."""
MAX_CLOSE = 45
SQUEEZE = 1.1
"""A tile may be squeezed so much rather than have one tile more: 1.1 is within what training crops do (3/4..4/3)."""


@dataclass(frozen=True)
class Recipe:
    """What a model wants of its pictures, as in open_clip's `preprocess_cfg`.

    size_px: side of the square. interpolation: bicubic or bilinear. resize_mode: shortest, longest or squash.
    fill: value (0..255) around a picture that doesn't fill the square (longest only).
    """

    size_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    fill: int = 0


@dataclass(frozen=True)
class Layout:
    """How frames of one size become views: resize to height x width, then cut squares at (top, left).

    A negative top or left means a border of the fill colour.
    """

    height: int
    width: int
    corners: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]


def side_px(recipe: Recipe, view: str) -> int:
    """The short side of frames that a view makes full use of."""
    return recipe.size_px * (CLOSE if view == "close" else 1)


def layouts(height: int, width: int, recipe: Recipe, view: str) -> tuple[Layout, ...]:
    """The layouts, one for each size, for frames of height x width pixels. view: tiles, close, whole or centre."""
    if view == "close":
        return _tiles(height, width, recipe.size_px, overlap=TILE_OVERLAP), _close(height, width, recipe.size_px)
    return (layout(height, width, recipe, view),)


def layout(height: int, width: int, recipe: Recipe, view: str) -> Layout:
    """The layout for frames of height x width pixels. view: tiles, whole or centre."""
    size = recipe.size_px
    if view == "tiles":
        return _tiles(height, width, size)
    if view == "whole" or recipe.resize_mode == "squash":
        return Layout(size, size, ((0, 0),), (Box(0.0, 0.0, 1.0, 1.0),))
    if recipe.resize_mode == "longest":
        ratio = max(height, width) / size
        new_height, new_width = max(1, round(height / ratio)), max(1, round(width / ratio))
        corner = (-((size - new_height) // 2), -((size - new_width) // 2))
        return Layout(new_height, new_width, (corner,), (Box(0.0, 0.0, 1.0, 1.0),))
    # torchvision's Resize cuts the long side off to whole pixels and CenterCrop rounds half to even: as they do
    if width <= height:
        new_height, new_width = int(size * height / width), size
    else:
        new_height, new_width = size, int(size * width / height)
    top, left = round((new_height - size) / 2), round((new_width - size) / 2)
    return Layout(new_height, new_width, ((top, left),), (_box(top, left, size, new_height, new_width),))


def _tiles(height: int, width: int, size: int, *, overlap: float = 0.0) -> Layout:
    ratio = max(height, width) / min(height, width)
    count = min(MAX_TILES, math.ceil((max(ratio / SQUEEZE, 1.0) - 1) / (1 - overlap) - 1e-9) + 1)
    long = min(count * size, max(size, round(ratio * size)))
    if count == 1:
        long = size
    elif ratio > count:
        long = count * size
    starts = [round(k * (long - size) / max(1, count - 1)) for k in range(count)]
    upright = height > width
    new_height, new_width = (long, size) if upright else (size, long)
    corners = tuple((start, 0) if upright else (0, start) for start in starts)
    boxes = tuple(_box(top, left, size, new_height, new_width) for top, left in corners)
    return Layout(new_height, new_width, corners, boxes)


def _close(height: int, width: int, size: int) -> Layout:
    short = CLOSE * size
    across = max(2, math.ceil((short - size) / (size * (1 - CLOSE_OVERLAP)) - 1e-9) + 1)
    ratio = max(height, width) / min(height, width)
    along = math.ceil((ratio * short - size) / (size * (1 - CLOSE_OVERLAP)) - 1e-9) + 1
    # Of a very long picture, squeezed, rather than with gaps.
    along = min(max(across, along), MAX_CLOSE // across)
    long = min(round(ratio * short), along * size)
    starts, lines = (
        [round(k * (side - size) / (count - 1)) for k in range(count)]
        for side, count in ((long, along), (short, across))
    )
    upright = height > width
    new_height, new_width = (long, short) if upright else (short, long)
    corners = tuple((start, line) if upright else (line, start) for line in lines for start in starts)
    boxes = tuple(_box(top, left, size, new_height, new_width) for top, left in corners)
    return Layout(new_height, new_width, corners, boxes)


def _box(top: int, left: int, size: int, height: int, width: int) -> Box:
    return Box(left / width, top / height, (left + size) / width, (top + size) / height)


def prepare(
    pixels: NDArray[np.uint8], plan: Layout, recipe: Recipe, device: torch.device, dtype: torch.dtype
) -> torch.Tensor:
    """Frames, uint8 [N, H, W, 3], as the tower's input [N x V, 3, size, size], all views of a frame together."""
    frames = np.ascontiguousarray(pixels)
    if not frames.flags.writeable:  # torch warns of arrays that it might write to
        frames = frames.copy()
    picture = torch.from_numpy(frames).to(device).permute(0, 3, 1, 2)
    picture = _resized(picture, plan.height, plan.width, recipe.interpolation)
    size = recipe.size_px
    views = [_cut(picture, top, left, size, recipe.fill) for top, left in plan.corners]
    stacked = views[0] if len(views) == 1 else torch.stack(views, dim=1).flatten(0, 1)
    return _normalised(stacked, recipe, device, dtype)


def prepare_parts(
    shown: Sequence[tuple[NDArray[np.uint8], Box]], recipe: Recipe, device: torch.device, dtype: torch.dtype
) -> torch.Tensor:
    """Parts of frames, each uint8 [H, W, 3] with its box, as the tower's input [len(shown), 3, size, size]."""
    squares = []
    for pixels, box in shown:
        height, width = pixels.shape[:2]
        top, bottom = _pixels(box.top, box.bottom, height)
        left, right = _pixels(box.left, box.right, width)
        part = torch.from_numpy(pixels[top:bottom, left:right].copy()).to(device).permute(2, 0, 1)[None]
        squares.append(_resized(part, recipe.size_px, recipe.size_px, recipe.interpolation))
    return _normalised(torch.cat(squares), recipe, device, dtype)


def _pixels(first: float, last: float, count: int) -> tuple[int, int]:
    """From shares of a side to whole pixels, at least one."""
    start = min(max(round(first * count), 0), count - 1)
    return start, max(start + 1, min(round(last * count), count))


def _normalised(views: torch.Tensor, recipe: Recipe, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    mean = torch.tensor(recipe.mean, device=device).view(1, 3, 1, 1) * 255.0
    std = torch.tensor(recipe.std, device=device).view(1, 3, 1, 1) * 255.0
    ready = views.to(torch.float32, memory_format=torch.channels_last).sub_(mean).div_(std)
    return ready.to(dtype)


def _resized(picture: torch.Tensor, height: int, width: int, interpolation: str) -> torch.Tensor:
    if picture.shape[-2:] == (height, width):
        return picture
    if picture.device.type == "cpu":  # torch resizes bytes there, as Pillow does and several times as fast as floats
        return functional.interpolate(picture, (height, width), mode=interpolation, antialias=True)
    scaled = functional.interpolate(picture.to(torch.float32), (height, width), mode=interpolation, antialias=True)
    return scaled.clamp(0.0, 255.0).round()


def _cut(picture: torch.Tensor, top: int, left: int, size: int, fill: int) -> torch.Tensor:
    if top >= 0 and left >= 0:
        return picture[:, :, top : top + size, left : left + size]
    height, width = picture.shape[-2:]
    above, before = max(0, -top), max(0, -left)
    border = (before, size - width - before, above, size - height - above)
    return functional.pad(picture, border, value=fill)
