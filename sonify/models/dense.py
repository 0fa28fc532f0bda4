"""Where in the picture: the image tower's own features place by place, against the words. No gradients, one pass.

Every tower ends by summing its places up into one vector. Here that step is left out, so that each place has a vector
in the space of the words:

- towers of timm (sonify-mini's): each place of the last map goes through pooling and projection alone.
- open_clip's ResNets: the value path of the pooling by attention (MaskCLIP, Zhou et al. 2022, section 3.1).
- open_clip's ViTs: the last block's attention from queries to queries, without its residual and its feed-forward
  part (ClearCLIP, Lan et al. 2024, section 3.3).

Convolutional towers see the whole picture at once, and where their places look aside, that is put right
(sonify.models.aside). Those of a fixed grid see it in tiles whose maps are joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sonify.errors import ModelError
from sonify.models.aside import STRIDE_PX, aside_px, straightened, widened
from sonify.models.clip import ClipModel
from sonify.models.interface import Array
from sonify.models.preprocess import Layout, Recipe, layout, prepare

LONGEST = 4.0
"""Pictures longer than so many times their height are squeezed."""
DETAIL = 2.0
"""How much larger than usual a convolutional tower sees the picture. Over 300 composed pictures (by the recipe of
training/evaluate_dense.py) an earlier sonify-mini's error of pan was .18 with 1, .15 with 1.5 and .135 with 2."""


@dataclass(frozen=True)
class LabelMaps:
    """Evidence by place.

    maps: float32 [N, L, h, w]: how far the cosine of label l at a place of frame n is above that of all null phrases
    together (their soft maximum, at the scale of the model's calibration). The h x w places cover the whole picture
    evenly, from its left top corner.
    """

    maps: Array

    def __repr__(self) -> str:
        return f"LabelMaps({'x'.join(map(str, self.maps.shape))})"


def label_maps(
    model: ClipModel, pixels: NDArray[np.uint8], labels: Array, null: Array, *, detail: float = DETAIL
) -> LabelMaps:
    """Maps of all labels in frames uint8 [N, H, W, 3] RGB.

    labels: unit vectors float32 [L, D] (`embed_labels`). null: unit vectors [K, D] (`embed_null`). detail: how much
    larger than usual a convolutional tower sees the picture; others ignore it.
    Raises ModelError for a tower that can't be taken apart.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape[1:]:
        raise ModelError(f"frames are {pixels.dtype} {pixels.shape}", hint="they must be uint8 [N, H, W, 3]")
    visual = model.module.visual
    words = torch.from_numpy(np.concatenate([labels, null]).astype(np.float32)).to(model.device)
    whole = _sees_any_size(visual)
    height, width = int(pixels.shape[1]), int(pixels.shape[2])
    recipe = model.recipe
    plan = _whole(height, width, recipe, detail) if whole else layout(height, width, recipe, "tiles")
    # Norms may stay in fp32 while the rest is halved; convolutions tell what pictures must be.
    dtype = next(p.dtype for p in visual.parameters() if p.ndim == 4)
    scale = model.calibration.scale
    aside = aside_px(visual, partial(_places, visual), model.device, dtype) if whole else 0
    step = max(1, 16 // len(plan.corners))
    found: list[Array] = []
    for start in range(0, len(pixels), step):
        part = pixels[start : start + step]
        with torch.inference_mode():
            ready = _ready(part, plan, model.recipe, model.device, dtype, whole)
            if aside:
                ready = widened(ready, aside)
            cosines = _places(visual, ready) @ words.T
            nothing = torch.logsumexp(scale * cosines[..., len(labels) :], -1, keepdim=True) / scale
            rise = cosines[..., : len(labels)] - nothing
            maps = rise.permute(0, 3, 1, 2)
            if aside:
                maps = straightened(maps, aside)
            if not whole:
                maps = joined(maps.reshape(len(part), -1, *maps.shape[1:]), plan)
        found.append(np.asarray(maps.to("cpu", torch.float32).numpy()))
    empty = np.zeros((0, len(labels), 1, 1), np.float32)
    return LabelMaps(np.concatenate(found) if found else empty)


def wanted_px(model: ClipModel, *, detail: float = DETAIL) -> int:
    """The short side, in pixels, that frames need for `label_maps` to see all it can."""
    size = model.recipe.size_px
    return max(1, round(size * detail / STRIDE_PX)) * STRIDE_PX if _sees_any_size(model.module.visual) else size


def _sees_any_size(visual: Any) -> bool:
    """Whether a tower takes pictures of any shape; transformers have one vector for each place of a fixed grid."""
    trunk = getattr(visual, "trunk", None)
    return hasattr(visual, "attnpool") if trunk is None else not hasattr(trunk, "patch_embed")


def _whole(height: int, width: int, recipe: Recipe, detail: float) -> Layout:
    """The whole picture in whole places, its shorter side about `detail` times the tower's own size."""
    ratio = min(LONGEST, max(height, width) / min(height, width))
    short = max(1, round(recipe.size_px * detail / STRIDE_PX)) * STRIDE_PX
    long = max(1, round(short * ratio / STRIDE_PX)) * STRIDE_PX
    return Layout(*((short, long) if width >= height else (long, short)), corners=((0, 0),), boxes=())


def _ready(
    pixels: NDArray[np.uint8], plan: Layout, recipe: Recipe, device: str, dtype: torch.dtype, whole: bool
) -> Tensor:
    if not whole:
        return prepare(pixels, plan, recipe, torch.device(device), dtype)
    picture = torch.from_numpy(pixels.copy()).to(device).permute(0, 3, 1, 2).to(torch.float32)
    size = (plan.height, plan.width)
    picture = functional.interpolate(picture, size, mode=recipe.interpolation, antialias=True).clamp(0, 255)
    mean = torch.tensor(recipe.mean, device=device).view(1, 3, 1, 1) * 255.0
    std = torch.tensor(recipe.std, device=device).view(1, 3, 1, 1) * 255.0
    return ((picture - mean) / std).to(dtype, memory_format=torch.channels_last)


def _places(visual: Any, pictures: Tensor) -> Tensor:
    """Unit vectors float32 [B, h, w, D] of every place of pictures [B, 3, H, W]."""
    if hasattr(visual, "trunk"):
        found = _of_timm(visual, pictures)
    elif hasattr(visual, "attnpool"):
        found = _of_resnet(visual, pictures)
    elif getattr(visual, "attn_pool", 0) is None and hasattr(visual, "transformer"):
        found = _of_vit(visual, pictures)
    else:
        raise ModelError(
            f"{type(visual).__name__} can't say where in the picture something is",
            hint="use a model whose image tower is a ViT, a ResNet or one of timm's",
        )
    return functional.normalize(found.to(torch.float32), dim=-1)


def _of_timm(visual: Any, pictures: Tensor) -> Tensor:
    trunk = visual.trunk
    features = trunk.forward_features(pictures)
    count = len(pictures)
    if features.ndim == 4 and features.shape[1] == trunk.num_features:
        height, width = features.shape[2:]
        alone = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1], 1, 1)
    elif features.ndim == 3:
        first = getattr(trunk, "num_prefix_tokens", 0)
        height, width = trunk.patch_embed.grid_size
        patches = features[:, first:].reshape(-1, 1, features.shape[2])
        # Where the mean is taken without the class token, one must be there to be left out.
        lead = first if getattr(trunk, "global_pool", "") == "avg" else 0
        alone = torch.cat([patches.new_zeros(len(patches), lead, patches.shape[2]), patches], dim=1)
    else:
        raise ModelError(
            f"{type(trunk).__name__} has features of the shape {tuple(features.shape)}",
            hint="use another model to find where things are",
        )
    found: Tensor = visual.head(trunk.forward_head(alone)).reshape(count, height, width, -1)
    return found


def _of_resnet(visual: Any, pictures: Tensor) -> Tensor:
    x = visual.stem(pictures)
    x = visual.layer4(visual.layer3(visual.layer2(visual.layer1(x))))
    pool = visual.attnpool
    found: Tensor = pool.c_proj(pool.v_proj(x.permute(0, 2, 3, 1)))
    return found


def _of_vit(visual: Any, pictures: Tensor) -> Tensor:
    blocks = visual.transformer.resblocks
    x = visual._embeds(pictures)
    for block in blocks[:-1]:
        x = block(x)
    block = blocks[-1]
    attention = getattr(block, "attn", None)
    if not isinstance(attention, torch.nn.MultiheadAttention) or attention.in_proj_weight is None:
        raise ModelError(
            f"{type(block).__name__} has an attention that can't be taken apart",
            hint="use another model to find where things are",
        )
    x = block.ln_1(x)
    query, _, value = functional.linear(x, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
    heads = attention.num_heads
    query, value = (t.reshape(*t.shape[:2], heads, -1).transpose(1, 2) for t in (query, value))
    seen = functional.scaled_dot_product_attention(query, query, value).transpose(1, 2).flatten(2)
    found: Tensor = visual.ln_post(attention.out_proj(seen))[:, 1:]
    if visual.proj is not None:
        found = found @ visual.proj
    rows, columns = visual.grid_size
    return found.reshape(len(found), rows, columns, -1)


def joined(maps: Tensor, plan: Layout) -> Tensor:
    """Maps of tiles [N, V, L, g, g] as maps of the picture [N, L, h, w]; where tiles overlap, their mean."""
    count, views, labels, grid = maps.shape[:4]
    size = plan.height if plan.width >= plan.height else plan.width
    rows, columns = max(1, round(plan.height * grid / size)), max(1, round(plan.width * grid / size))
    y = (torch.arange(rows, device=maps.device) + 0.5) * plan.height / rows
    x = (torch.arange(columns, device=maps.device) + 0.5) * plan.width / columns
    total = maps.new_zeros(count, labels, rows, columns)
    cover = maps.new_zeros(rows, columns)
    for view, (top, left) in zip(range(views), plan.corners, strict=True):
        v, u = (y - top) / size * 2 - 1, (x - left) / size * 2 - 1
        inside = ((v.abs() < 1)[:, None] & (u.abs() < 1)[None]).to(maps.dtype)
        across, down = u[None].expand(rows, -1), v[:, None].expand(-1, columns)
        where = torch.stack((across, down), dim=-1).to(maps.dtype)
        seen = functional.grid_sample(
            maps[:, view], where.expand(count, -1, -1, -1), padding_mode="border", align_corners=False
        )
        total += seen * inside
        cover += inside
    return total / cover.clamp(min=1)
