"""Where in the picture, by Grad-CAM on the last visual layer of a ResNet (Selvaraju et al. 2017), as the paper does.

Kept for comparison: it needs a gradient for each label, and only a ResNet has such a layer. `sonify.models.dense` is
what is used unless `matching.evidence` asks for this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from sonify.errors import ModelError
from sonify.models.clip import ClipModel
from sonify.models.dense import LabelMaps, joined
from sonify.models.interface import Array
from sonify.models.preprocess import layout, prepare

COLD_LOG_ODDS = 6.0
"""A place without heat is so much less likely than the hottest: Grad-CAM says where, not how likely."""


def must_be_resnet(model: object) -> ClipModel:
    """The model, if Grad-CAM can look into it; raises ModelError otherwise."""
    if isinstance(model, ClipModel) and hasattr(model.module.visual, "attnpool"):
        return model
    raise ModelError(
        f"Grad-CAM needs a ResNet of CLIP, which {getattr(model, 'name', 'this model')} is not",
        hint="use --model RN50:openai, or --set matching.evidence=dense",
    )


def gradcam_maps(model: ClipModel, pixels: NDArray[np.uint8], labels: Array, null: Array) -> LabelMaps:
    """Maps of all labels in frames uint8 [N, H, W, 3] RGB, as `label_maps` gives them, by Grad-CAM.

    labels: unit vectors [L, D]; null: unit vectors [K, D]. The hottest place of a tile is as likely as the label is
    in the whole tile. Tiles cover the whole width. Raises ModelError for a model that is no ResNet.
    """
    visual = must_be_resnet(model).module.visual
    scale = model.calibration.scale
    plan = layout(int(pixels.shape[1]), int(pixels.shape[2]), model.recipe, "tiles")
    dtype = next(p.dtype for p in visual.parameters() if p.ndim == 4)
    words, nothing = (torch.from_numpy(x.astype(np.float32)).to(model.device) for x in (labels, null))
    found: list[Array] = []
    for frame in pixels:
        ready = prepare(frame[None], plan, model.recipe, torch.device(model.device), dtype)
        heat, vectors = heat_maps(visual, ready, words)
        low = torch.logsumexp(scale * vectors @ nothing.T, -1, keepdim=True) / scale
        rise = (vectors @ words.T - low)[..., None, None]
        maps = rise + (heat - 1) * COLD_LOG_ODDS / scale
        found.append(joined(maps[None], plan).to("cpu").numpy())
    empty = np.zeros((0, len(labels), 1, 1), np.float32)
    return LabelMaps(np.concatenate(found) if found else empty)


def heat_maps(visual: Any, pictures: torch.Tensor, words: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Heat float32 [B, L, h, w] in 0..1 for unit vectors [L, D], and the unit vectors [B, D] of the pictures.

    Channels of the last layer are weighted by the mean slope of the cosine, summed, cut off below 0 and divided by
    the highest value; a picture in which nothing speaks for a label has no heat at all.
    """
    with torch.no_grad():
        last = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(pictures)))))
    last = last.detach().requires_grad_(True)
    with torch.enable_grad():
        vectors = functional.normalize(visual.attnpool(last).to(torch.float32), dim=-1)
        heats = []
        for word in words:
            slope = torch.autograd.grad((vectors @ word).sum(), last, retain_graph=True)[0]
            heats.append(torch.relu((slope.mean((2, 3), keepdim=True) * last).sum(1)).detach().to(torch.float32))
    heat = torch.stack(heats, dim=1) if heats else last.new_zeros(len(last), 0, *last.shape[2:], dtype=torch.float32)
    top = heat.amax((2, 3), keepdim=True) if len(words) else heat
    return heat / top.clamp(min=1e-9), vectors.detach()
