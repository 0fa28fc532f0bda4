"""Checkpoints of laion_clap, read as tensors and nothing else: its own loader runs whatever a pickle holds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonify.errors import ModelError

if TYPE_CHECKING:
    import torch

_GONE = ("text_branch.embeddings.position_ids", "text_branch.embeddings.token_type_ids")
"""Tables that older versions of transformers kept among the weights; newer ones make them themselves."""


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint by laion_clap's names, without "module." and what transformers no longer keeps.

    Takes .pt, .pth and .bin (pickles, opened with weights_only) and .safetensors; a training checkpoint holds them
    under "state_dict". Raises ModelError when it is damaged, holds code, or is of a fused model.
    """
    held = _safetensors(path) if path.suffix.lower() == ".safetensors" else _pickle(path)
    inner = held.get("state_dict", held)
    if not isinstance(inner, Mapping):
        raise ModelError(f"{path} holds no weights", hint="get it again")
    state = {str(key).removeprefix("module."): value for key, value in inner.items()}
    state = {key: value for key, value in state.items() if hasattr(value, "shape") and key not in _GONE}
    if not any(key.startswith("audio_branch.") for key in state):
        raise ModelError(
            f"{path} is not a checkpoint of laion_clap", hint="sonify models pull clap-laion gets one that is"
        )
    if any("fusion_model" in key or "mel_conv2d" in key for key in state):
        raise ModelError(
            f"{path} is of a fused model, which listens to random parts of a sound",
            hint="take an unfused one, such as 630k-audioset-best.pt (sonify models pull clap-laion)",
        )
    return state


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(str(path)))
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({type(error).__name__})", hint="get it again") from None


def _pickle(path: Path) -> dict[str, Any]:
    import torch

    try:
        with _numbers_allowed():
            held = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # noqa: BLE001 - bytes of a stranger can make an unpickler raise anything
        raise ModelError(
            f"{path} is damaged or holds more than weights, and sonify runs no code from a checkpoint "
            f"({type(error).__name__})",
            hint="get it again, or save its state_dict alone",
        ) from None
    if not isinstance(held, dict):
        raise ModelError(f"{path} holds no weights", hint="get it again")
    return held


def _numbers_allowed() -> AbstractContextManager[None]:
    """Lets numpy's plain numbers through: training checkpoints hold them beside the weights, as losses and scores.

    They are values, not code. Files from before numpy 2 name them by the old place of the same class.
    """
    import numpy as np
    import torch

    scalar = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in ("f8", "f4", "f2", "i8", "i4", "b1")]
    allowed: list[Any] = [np.dtype, *kinds, scalar, (scalar, "numpy.core.multiarray.scalar")]
    found: AbstractContextManager[None] = torch.serialization.safe_globals(allowed)
    return found
