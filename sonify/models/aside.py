"""How far aside a convolutional tower looks: the places of its last map are not where they seem to be.

Each halving of the picture may look half a pixel to one side, which five halvings make 16 px of the 32 that a place
is wide; and a tower that was trained with other borders than it runs with (TensorFlow pads one side, torch both) has
learned to look the other way. With EfficientNet-Lite0's weights in torch, places look 25 px up and to the left: every
emitter seemed to be 0.11 of pan further right than it was, measured over 160 composed pictures. A tower trained with
the borders that it runs with (the earlier sonify-mini) had less than 0.01.

So it is measured: by the slope of a place's vector against each pixel of pictures of noise, whose centre of mass is
where the place looks. That takes half a second of one core, once for each tower.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import functional

STRIDE_PX = 32
"""A place of the last map is so many pixels wide in all convolutional towers of open_clip and nearly all of timm."""
LEAST_PX = 6
"""Less is not told from nothing: single measurements of one tower differ by 5 px."""
_SIDE_PX, _DIRECTIONS = 256, 6
_known: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def aside_px(visual: Any, device: str, dtype: torch.dtype) -> int:
    """How many pixels right of (and below) its middle a place looks; under 0: left and above; 0 within the noise.

    Borders are alike on both axes, so one number serves both. 0 for a tower whose features are no maps.
    """
    if visual not in _known:
        found = _measured(visual, torch.device(device), dtype)
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


def _measured(visual: Any, device: torch.device, dtype: torch.dtype) -> int:
    chance = torch.Generator().manual_seed(0)
    rough = sum(
        functional.interpolate(
            torch.randn(1, 3, _SIDE_PX // size, _SIDE_PX // size, generator=chance),
            (_SIDE_PX, _SIDE_PX),
            mode="bilinear",
        )
        for size in (1, 4, 16, 64)
    )
    smooth = functional.avg_pool2d(torch.randn(1, 3, _SIDE_PX + 8, _SIDE_PX + 8, generator=chance), 9, 1)
    noise = torch.cat([torch.as_tensor(rough) / 2, smooth * 6]).to(device, dtype)
    with torch.inference_mode(False), torch.enable_grad():
        noise = noise.clone().requires_grad_(True)
        features = _features(visual, noise)
        if features.ndim != 4:
            return 0
        height, width = features.shape[2:]
        places = features[:, :, height // 2 - 1 : height // 2 + 1, width // 2 - 1 : width // 2 + 1].sum((2, 3))
        ways = torch.randn(_DIRECTIONS, places.shape[1], generator=chance).to(device, dtype)
        off = []
        for way in ways:
            slope = torch.autograd.grad((places @ way).sum(), noise, retain_graph=True)[0].to(torch.float32)
            off += [_centre(one) for one in slope.square().sum(1).cpu()]
    return round(sum(off) / len(off))


def _features(visual: Any, pictures: Tensor) -> Tensor:
    if hasattr(visual, "trunk"):
        found: Tensor = visual.trunk.forward_features(pictures)
        return found
    last: Tensor = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(pictures)))))
    return last


def _centre(weight: Tensor) -> float:
    """How far the centre of mass of [H, W] lies from the middle, the mean of both axes."""
    along = torch.arange(weight.shape[1], dtype=torch.float32) + 0.5 - weight.shape[1] / 2
    total = weight.sum().clamp(min=1e-30)
    return float(((weight.sum(0) * along).sum() + (weight.sum(1) * along).sum()) / (2 * total))
