"""Files of weights, looked at before anything is built from them: they come from strangers."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonify.errors import ModelError
from sonify.models.calibration import OPENAI_CLIP, Calibration
from sonify.models.hub import CONFIG, WEIGHTS

SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")
_MAX_JSON = 2**20
_MAX_NUMBER = 2**20
_FOLDER_ORDER = (*WEIGHTS, "open_clip_pytorch_model.pth", "model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Blueprint:
    """What to build: an architecture with a file of weights.

    name: what the user calls it. architecture: a name of open_clip's, or "" for the one that `folder` describes.
    tag: open_clip's name of the weights, where they have one; it settles preprocessing and activation.
    """

    name: str
    weights: Path
    architecture: str = ""
    tag: str = ""
    folder: Path | None = None


def check_weights(path: Path) -> None:
    """Raises ModelError unless `path` is a readable file of tensors and nothing else.

    A pickle is opened with weights_only, which builds tensors and never runs what else it holds.
    """
    if not path.is_file():
        raise ModelError(f"there is no file {path}", hint="check the name")
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(f"{path} is not a file of weights", hint=f"sonify takes {', '.join(SUFFIXES)}")
    if path.suffix.lower() == ".safetensors":
        _check_safetensors(path)
    else:
        _check_pickle(path)


def _check_safetensors(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            names = list(file.keys())
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"{path} is damaged or no safetensors file ({_first_line(error)})", hint="pull or copy it again"
        ) from None
    if not names:
        raise ModelError(f"{path} holds no weights", hint="pull or copy it again")


def _check_pickle(path: Path) -> None:
    import zipfile

    import torch

    try:
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # noqa: BLE001 - bytes of a stranger can make an unpickler raise anything
        raise ModelError(
            f"{path} is damaged or holds more than weights, and sonify runs no code from a checkpoint "
            f"({type(error).__name__})",
            hint="get a .safetensors file of the model, or save its state_dict alone",
        ) from None
    state = held.get("state_dict", held) if isinstance(held, dict) else None
    if not isinstance(state, dict) or not any(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{path} holds no weights", hint="save the model's state_dict")


def read_config(folder: Path) -> dict[str, Any]:
    """open_clip_config.json of a folder, as {"model_cfg": ..., "preprocess_cfg": ...}.

    Raises ModelError when it is missing, damaged, or names parts that would have to be downloaded.
    """
    path = folder / CONFIG
    document = _read_json(path)
    model = document.get("model_cfg")
    preprocess = document.setdefault("preprocess_cfg", {})
    if not isinstance(model, dict) or not isinstance(preprocess, dict):
        raise ModelError(f"{path} has no model_cfg", hint="a model folder is what open_clip's push_to_hf_hub writes")
    check_model_config(model, str(path))
    return document


def check_model_config(model: dict[str, Any], where: str) -> None:
    """Raises ModelError unless open_clip can build `model` from what is on this machine."""
    vision, text, width = model.get("vision_cfg"), model.get("text_cfg"), model.get("embed_dim")
    if not isinstance(vision, dict) or not isinstance(text, dict) or not isinstance(width, int) or width < 1:
        raise ModelError(f"{where} describes no image-text model", hint="it needs embed_dim, vision_cfg and text_cfg")
    if text.get("hf_model_name"):
        raise ModelError(
            f"{where} has a text tower of the transformers package ({text['hf_model_name']!r})",
            hint="sonify runs text towers of open_clip's own: see `sonify models list`",
        )
    tokenizer = text.get("hf_tokenizer_name") or ""
    if not isinstance(tokenizer, str):
        raise ModelError(f"{where} names the tokenizer {tokenizer!r}", hint="it is damaged: pull or copy it again")
    tower = vision.get("timm_model_name")
    if tower is not None and (not isinstance(tower, str) or ":" in tower or "/" in tower):
        raise ModelError(f"{where} names the image tower {tower!r}", hint="it must be one that timm has")
    if any(abs(number) > _MAX_NUMBER for number in _numbers(model)):
        raise ModelError(f"{where} asks for an absurd size", hint="it is damaged: pull or copy it again")


def find_weights(folder: Path) -> Path:
    """The weights in a model folder; raises ModelError when there are none."""
    try:
        found = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    except OSError as error:
        raise ModelError(f"can't read {folder}: {error.strerror}", hint="check who may read it") from None
    by_name = {p.name: p for p in found}
    for name in _FOLDER_ORDER:
        if name in by_name:
            return by_name[name]
    if not found:
        raise ModelError(f"{folder} holds no weights", hint=f"it needs {WEIGHTS[0]}")
    found.sort(key=lambda p: p.suffix != ".safetensors")
    return found[0]


def read_calibration(folder: Path) -> Calibration:
    """calibration.json of a model folder; OPENAI_CLIP where there is none.

    {"scale": ..., "bias": ...}, and perhaps "usual" with the same two numbers for the background.
    """
    path = folder / "calibration.json"
    if not path.exists():
        return OPENAI_CLIP
    document = _read_json(path)
    usual = document.get("usual")
    if usual is None:
        return Calibration(*_two_numbers(document, path))
    if not isinstance(usual, dict):
        raise ModelError(f"{path}: usual lacks the numbers scale and bias", hint="training/calibrate.py writes it")
    return Calibration(*_two_numbers(document, path), Calibration(*_two_numbers(usual, path)))


def _two_numbers(document: dict[str, Any], path: Path) -> tuple[float, float]:
    scale, bias = document.get("scale"), document.get("bias")
    for number in (scale, bias):
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ModelError(f"{path} lacks the numbers scale and bias", hint="training/calibrate.py writes it")
    assert isinstance(scale, int | float) and isinstance(bias, int | float)
    if not 0 < scale <= 1e4 or abs(bias) > 1e4:
        raise ModelError(f"{path}: scale {scale:g}, bias {bias:g} are absurd", hint="training/calibrate.py writes it")
    return float(scale), float(bias)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise ModelError(f"{path} is over 1 MiB", hint="is it a model's configuration?")
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"can't read {path}: {error.strerror}", hint="a model folder needs it") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{path} is not JSON", hint="it is damaged: pull or copy it again") from None
    if not isinstance(document, dict):
        raise ModelError(f"{path} is not what it should be", hint="it is damaged: pull or copy it again")
    return document


def _numbers(value: Any) -> list[float]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [value if math.isfinite(value) else math.inf]
    if isinstance(value, dict):
        return [n for item in value.values() for n in _numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in _numbers(item)]
    return []


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
