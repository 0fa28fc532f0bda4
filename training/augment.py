"""Pictures made harder, on whatever device they are: crops, colour, low light, blur, compression, erasing, mixing.

Everything works on whole batches of float pictures [B, 3, H, W] in 0..1, with randomness from one generator.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
"""What EfficientNet-Lite's weights were trained with: on 400 photographs they agree with the teacher's first guess on
43 % so, and on 34 % with ImageNet's usual mean and deviation."""


SMALLEST_PX = 28
"""A whole picture that is shrunk further shows nothing."""


def normalise(pictures: Tensor) -> Tensor:
    """Pictures 0..1 to the network's input scale."""
    mean = torch.tensor(MEAN, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=pictures.device).view(1, 3, 1, 1)
    return (pictures - mean) / std


def _uniform(count: int, low: float, high: float, like: Tensor) -> Tensor:
    return torch.empty(count, 1, 1, 1, device=like.device).uniform_(low, high)


def _chosen(count: int, share: float, like: Tensor) -> Tensor:
    """A mask [count, 1, 1, 1], true for about `share` of the batch."""
    return torch.rand(count, 1, 1, 1, device=like.device) < share


def crop(pictures: Tensor, boxes: Tensor, side_px: int) -> Tensor:
    """The boxes [B, 4] (fractions), slightly shifted and turned, half of them mirrored, as [B, 3, side, side]."""
    count = len(boxes)
    device = pictures.device
    centre = (boxes[:, :2] + boxes[:, 2:]) - 1 + torch.randn(count, 2, device=device) * 0.03
    half = (boxes[:, 2:] - boxes[:, :2]) * torch.empty(count, 2, device=device).uniform_(0.88, 1.06)
    mirror = (torch.rand(count, device=device) < 0.5).float() * -2 + 1
    angle = torch.randn(count, device=device) * 0.12 * (torch.rand(count, device=device) < 0.5).float()
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1], theta[:, 0, 2] = half[:, 0] * cos * mirror, -half[:, 0] * sin, centre[:, 0]
    theta[:, 1, 0], theta[:, 1, 1], theta[:, 1, 2] = half[:, 1] * sin * mirror, half[:, 1] * cos, centre[:, 1]
    grid = F.affine_grid(theta, [count, 3, side_px, side_px], align_corners=False)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def photometric(x: Tensor) -> Tensor:
    """Colour, contrast, low light, blur, small and compressed pictures, noise."""
    count, _, height, width = x.shape
    mean = x.mean((2, 3), keepdim=True)
    x = (x - mean) * _uniform(count, 0.6, 1.4, x) + mean * _uniform(count, 0.65, 1.35, x)
    grey = x.mean(1, keepdim=True)
    saturation = _uniform(count, 0.4, 1.6, x)
    saturation = torch.where(_chosen(count, 0.08, x), torch.zeros_like(saturation), saturation)
    x = grey + (x - grey) * saturation
    x = x * torch.empty(count, 3, 1, 1, device=x.device).uniform_(0.88, 1.12)
    x = x.clamp(0, 1)
    dark = _chosen(count, 0.1, x)
    x = torch.where(dark, x * _uniform(count, 0.25, 0.7, x), x)
    some = torch.randperm(count, device=x.device)[: max(count // 5, 1)]
    small = F.interpolate(x[some], scale_factor=0.5, mode="area")
    soft = F.interpolate(small, size=(height, width), mode="bilinear")
    x = x.index_copy(0, some, soft)
    # Coarse steps of 1/12..1/32 look like the banding and blocking of compressed video.
    steps = _uniform(count, 12, 32, x)
    x = torch.where(_chosen(count, 0.1, x), (x * steps).round() / steps, x)
    return (x + torch.randn_like(x) * _uniform(count, 0, 0.05, x)).clamp(0, 1)


def filmed(x: Tensor) -> Tensor:
    """What film does to pictures: motion blur, blocks of 8 px with their detail quantised, black borders."""
    count, _, height, width = x.shape
    some = torch.randperm(count, device=x.device)[: max(count // 6, 1)]
    blurred = x[some]
    axis, reach = (2, 3)[int(torch.randint(2, ()))], int(torch.randint(1, 4, ()))
    blurred = torch.stack([blurred.roll(by, axis) for by in range(-reach, reach + 1)]).mean(0)
    x = x.index_copy(0, some, blurred)
    some = torch.randperm(count, device=x.device)[: max(count // 5, 1)]
    x = x.index_copy(0, some, _blocks(x[some]))
    share = _uniform(count, 0.04, 0.16, x)
    upright = _chosen(count, 0.5, x)
    rows = (torch.arange(height, device=x.device).view(1, 1, -1, 1) + 0.5) / height
    columns = (torch.arange(width, device=x.device).view(1, 1, 1, -1) + 0.5) / width
    along = torch.where(upright, rows, columns)
    border = ((along < share) | (along > 1 - share)) & _chosen(count, 0.08, x)
    return torch.where(border, torch.zeros_like(x), x)


def _blocks(x: Tensor) -> Tensor:
    """The cosine transform of blocks of 8 px in steps that grow with the frequency, as JPEG and MPEG have it."""
    count, channels, height, width = x.shape
    place = torch.arange(8, device=x.device)
    basis = torch.cos((2 * place[None] + 1) * place[:, None] * math.pi / 16) * 0.5
    basis[0] *= math.sqrt(0.5)
    tall, wide = height // 8, width // 8
    inner = x[:, :, : tall * 8, : wide * 8]
    blocks = inner.reshape(count, channels, tall, 8, wide, 8).permute(0, 1, 2, 4, 3, 5)
    steps = (0.06 + 0.05 * (place[:, None] + place[None])) * torch.empty(
        count, 1, 1, 1, 1, 1, device=x.device
    ).uniform_(0.5, 3.0)
    coarse = basis.T @ (((basis @ blocks @ basis.T) / steps).round() * steps) @ basis
    found = x.clone()
    found[:, :, : tall * 8, : wide * 8] = coarse.permute(0, 1, 2, 4, 3, 5).reshape(inner.shape)
    return found.clamp(0, 1)


def erase(x: Tensor, share: float) -> Tensor:
    """A random rectangle of about a tenth of the picture, filled with noise, in `share` of the batch."""
    count, _, height, width = x.shape
    rows = torch.arange(height, device=x.device).view(1, 1, -1, 1) / height
    columns = torch.arange(width, device=x.device).view(1, 1, 1, -1) / width
    half_h, half_w = _uniform(count, 0.08, 0.25, x), _uniform(count, 0.08, 0.25, x)
    middle_y, middle_x = _uniform(count, 0, 1, x), _uniform(count, 0, 1, x)
    inside = ((rows - middle_y).abs() < half_h) & ((columns - middle_x).abs() < half_w)
    fill = torch.rand(count, 3, 1, 1, device=x.device)
    return torch.where(inside & _chosen(count, share, x), fill, x)


def mix(x: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mixup or cutmix of the batch with itself: pictures, partner rows [B], own weight [B] (1 = unmixed)."""
    count, _, height, width = x.shape
    partner = torch.randperm(count, device=x.device)
    weight = torch.ones(count, device=x.device)
    draw = float(torch.rand(()))
    if draw >= share:
        return x, partner, weight
    own = float(torch.distributions.Beta(0.6, 0.6).sample())
    own = max(own, 1 - own)
    if draw < share / 2:
        return own * x + (1 - own) * x[partner], partner, weight * own
    cut_h, cut_w = int(height * math.sqrt(1 - own)), int(width * math.sqrt(1 - own))
    top = int(torch.randint(0, height - cut_h + 1, ()))
    left = int(torch.randint(0, width - cut_w + 1, ()))
    mixed = x.clone()
    patch = x[partner, :, top : top + cut_h, left : left + cut_w]
    taken = cut_h * cut_w / (height * width)
    if min(cut_h, cut_w) >= SMALLEST_PX and draw < share * 0.8:
        # Films show emitters small, among other things: all of the partner, and so more than its area's worth of it.
        patch, taken = F.interpolate(x[partner], size=(cut_h, cut_w), mode="area"), math.sqrt(taken) * 0.7
    mixed[:, :, top : top + cut_h, left : left + cut_w] = patch
    return mixed, partner, weight * (1 - taken)


def compose(x: Tensor, share: float) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """`share` of the pictures made small and put before another one, before a blur, or before nothing.

    Returns the pictures, partner rows [B], how much the name of each is its own [B], the partner's share of the
    picture [B] (0 where it can't be told), and which pictures are still whole [B]. A picture that is small is still
    what is to be found, so its name counts more than its area: a quarter of the picture is three fifths of the name.
    """
    count, _, height, width = x.shape
    device = x.device
    partner = torch.randperm(count, device=device)
    whole = torch.rand(count, device=device) >= share
    side = torch.empty(count, device=device).uniform_(0.4, 0.95)
    tall = torch.exp(torch.empty(count, device=device).uniform_(-0.2, 0.2))
    size = torch.stack([side / tall.sqrt(), side * tall.sqrt()], 1).clamp(max=1)
    # Up to a third of it may lie outside, as in the squares that a frame is cut into.
    centre = torch.rand(count, 2, device=device) * (1 - size / 3) + size / 6
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 1, 1] = 1 / size[:, 0], 1 / size[:, 1]
    theta[:, :, 2] = (1 - 2 * centre) / size
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    small = F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    # Within it the grid runs from -1 to 1; its rim is soft for some, so that an outline is no sign of anything.
    rim = torch.where(torch.rand(count, device=device) < 0.5, 0.02, 0.16).view(-1, 1, 1)
    cover = ((1 - grid.abs().amax(-1)) / rim + 0.5).clamp(0, 1)
    kind = torch.rand(count, device=device)
    plainly, softly = kind < 0.15, (kind >= 0.15) & (kind < 0.4)
    ground = x[partner]
    coarse = F.interpolate(F.interpolate(ground, size=(5, 5), mode="area"), size=(height, width), mode="bicubic")
    ground = torch.where(softly.view(-1, 1, 1, 1), coarse.clamp(0, 1), ground)
    ground = torch.where(plainly.view(-1, 1, 1, 1), torch.rand(count, 3, 1, 1, device=device), ground)
    cover = torch.where(whole.view(-1, 1, 1), torch.ones_like(cover), cover)
    area = cover.mean((1, 2))
    empty = whole | plainly | softly
    own = torch.where(empty, torch.ones_like(area), area.clamp(min=0.01).pow(0.4).clamp(0.45, 0.95))
    beside = torch.where(empty, torch.zeros_like(area), 1 - area)
    mixed = torch.where(whole.view(-1, 1, 1, 1), x, small) * cover[:, None] + ground * (1 - cover[:, None])
    return mixed, partner, own, beside, whole
