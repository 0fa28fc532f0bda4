"""The trained towers as an open_clip folder: open_clip_config.json and fp16 open_clip_model.safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from training.augment import MEAN, STD
from training.student import TOWER
from training.text_tower import config


def export(model: nn.Module, image_state: dict[str, torch.Tensor], folder: Path, tower: str = TOWER) -> Path:
    """Write the folder; model: trained text tower, image_state: the student's averaged state, of a trunk `tower`."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    state = {k: v for k, v in model.state_dict().items() if not k.startswith("visual.")}
    state |= {k: v for k, v in image_state.items() if k.startswith("visual.")}
    state["logit_scale"] = image_state["log_scale"].reshape(())
    # Counters stay whole numbers; everything else is halved.
    small = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in state.items() if k != "attn_mask"}
    save_file(small, folder / "open_clip_model.safetensors")
    document = {
        "model_cfg": config(tower),
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return folder
