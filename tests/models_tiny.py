"""Small image-text models with random weights, as files, for the tests of the models room."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE_PX = 64
WIDTH = 32
CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": WIDTH,
        "vision_cfg": {"image_size": SIZE_PX, "layers": 1, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.25, 0.3], "interpolation": "bicubic"},
}


@contextmanager
def open_clip_says_nothing() -> Iterator[None]:
    """open_clip warns of random weights, through the root logger."""
    root = logging.getLogger()
    root.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(_nothing)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def state(seed: int = 0, config: dict[str, Any] | None = None) -> dict[str, Any]:
    """Random weights for a configuration."""
    import torch

    with open_clip_says_nothing():
        from open_clip.model import CLIP, CustomTextCLIP

        torch.manual_seed(seed)
        values = dict((config or CONFIG)["model_cfg"])
        return dict((CustomTextCLIP if values.pop("custom_text", False) else CLIP)(**values).state_dict())


def write_folder(folder: Path, config: dict[str, Any] | None = None, seed: int = 0) -> Path:
    """A model folder, as open_clip's local-dir takes it."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config or CONFIG))
    weights = {key: value.contiguous() for key, value in state(seed, config).items()}
    save_file(weights, str(folder / "open_clip_model.safetensors"))
    return folder
