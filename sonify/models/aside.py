"""How far aside a convolutional tower looks: the places of its last map are not where they seem to be.

Each halving of the picture may look half a pixel to one side, which five halvings make 16 px of the 32 that a place
is wide; and a tower that was trained with other borders than it runs with (TensorFlow pads one side, torch both) has
learned to look the other way. With EfficientNet-Lite0's weights in torch, places look 25 px up and to the left: every
emitter seemed to be 0.11 of pan further right than it was, measured over 160 composed pictures. A tower trained with
the borders that it runs with (the earlier sonify-mini) had less than 0.01.

So it is measured: a patch of noise is put on plain pictures at known places, and where the vectors change is where
the patch is seen. That takes a second of one core, once for each tower. The slope of a place's vector against the
pixels would tell as well, but differed by 10 px from one noise to another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import functional

STRIDE_PX = 32
"""A place of the last map is so many pixels wide in all convolutional towers of open_clip and nearly all of timm."""
LEAST_PX = 6
"""Less is not told from nothing: the mean over all pictures is known to 1 or 2 px."""
_PICTURES, _SIDE_PX, _PATCH_PX, _BORDER_PX = 12, 320, 64, 80
_known: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def aside_px(visual: Any, places: Callable[[Tensor], Tensor], device: str, dtype: torch.dtype) -> int:
    """How many pixels right of (and below) its middle a place looks; under 0: left and above; 0 within the noise.

    places: unit vectors [B, h, w, D] of pictures [B, 3, H, W], by the tower `visual`. Borders are alike on both axes,
    so one number serves both.
    """
    if visual not in _known:
        with torch.inference_mode():
            found = _measured(places, torch.device(device), dtype)
        _known[visual] = found if abs(found) >= LEAST_PX else 0
    return _known[visual]


def widened(pictures: Tensor, aside: int) -> Tensor:
    """Pictures [B, 3, H, W] with one or more places added where the tower would not look, their border continued."""
    more = -(-abs(aside) // STRIDE_PX) * STRIDE_PX
    before, after = (more, 0) if aside > 0 else (0, more)
    return functional.pad(pictures, (before, after, before, after), mode="replicate")


def straightened(maps: Tensor, aside: int) -> Tensor:
    """Maps [B, L, h, w] of the pictures that were there before they were widened, each place in its middle."""
    more = -(-abs(aside) // STRIDE_PX)
    first = -aside / STRIDE_PX + (more if aside > 0 else 0)
    return _moved(_moved(maps, -1, first, more), -2, first, more)


def _moved(maps: Tensor, axis: int, first: float, more: int) -> Tensor:
    length = maps.shape[axis] - more
    low = int(first)
    share = first - low
    found = maps.narrow(axis, low, length)
    return found if share == 0 else found * (1 - share) + maps.narrow(axis, low + 1, length) * share


def _measured(places: Callable[[Tensor], Tensor], device: torch.device, dtype: torch.dtype) -> int:
    chance = torch.Generator().manual_seed(0)
    plain = torch.randn(_PICTURES, 3, 1, 1, generator=chance).expand(-1, -1, _SIDE_PX, _SIDE_PX) * 0.7
    room = _SIDE_PX - 2 * _BORDER_PX - _PATCH_PX
    corners = torch.randint(_BORDER_PX, _BORDER_PX + room + 1, (_PICTURES, 2), generator=chance)
    patched = plain.clone()
    for picture, (top, left) in zip(patched, corners.tolist(), strict=True):
        picture[:, top : top + _PATCH_PX, left : left + _PATCH_PX] = _noise(chance)
    seen = places(torch.cat([plain, patched]).to(device, dtype)).to("cpu", torch.float32)
    change = (seen[_PICTURES:] - seen[:_PICTURES]).square().sum(-1)
    # What changes everywhere is not where the patch is.
    change = (change - change.flatten(1).median(1).values[:, None, None]).clamp(min=0)
    middles = (torch.arange(change.shape[1], dtype=torch.float32) + 0.5) * STRIDE_PX
    total = change.sum((1, 2)).clamp(min=1e-12)
    at = torch.stack([change.sum(2) @ middles / total, change.sum(1) @ middles / total], dim=1)
    return round(float((corners + _PATCH_PX / 2 - at).mean()))


def _noise(chance: torch.Generator) -> Tensor:
    """A patch [3, side, side] that is rough at three scales, as photographs are."""
    scales = [torch.randn(1, 3, _PATCH_PX // n, _PATCH_PX // n, generator=chance) for n in (2, 8, 32)]
    size = (_PATCH_PX, _PATCH_PX)
    return torch.stack([functional.interpolate(one, size, mode="bilinear")[0] for one in scales]).sum(0) / 1.7
