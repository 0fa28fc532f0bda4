"""Any CLIP that open_clip can build, from weights that are on this machine."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray

from sonify.errors import ModelError
from sonify.models.calibration import OPENAI_CLIP, Calibration
from sonify.models.checkpoints import Blueprint, check_model_config, check_weights, read_calibration, read_config
from sonify.models.fuse import fuse_norms
from sonify.models.interface import Array, Box, Details, Embeddings
from sonify.models.preprocess import Recipe, layouts, prepare, prepare_parts, side_px
from sonify.models.words import make_tokenizer, tokenizer_repo

# what open_clip, timm and torch raise at a configuration or at weights that don't fit
_BUILDING = (
    RuntimeError, ValueError, TypeError, KeyError, AttributeError, AssertionError,
    IndexError, ImportError, OSError, MemoryError, StopIteration,
)  # fmt: skip
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_TEXT_BATCH = 256


class ClipModel:
    """An ImageTextModel (see sonify.models.interface) on one device."""

    def __init__(
        self,
        module: Any,
        tokenizer: Callable[..., torch.Tensor],
        recipe: Recipe,
        *,
        name: str,
        weights: str,
        dimensions: int,
        calibration: Calibration = OPENAI_CLIP,
        device: torch.device | str = "cpu",
        precision: str = "fp32",
        batch_size: int = 32,
        view: str = "tiles",
    ) -> None:
        """module: an open_clip model, already on `device` in `precision`; view: see sonify.models.preprocess."""
        self._module, self._tokenizer, self._recipe = module, tokenizer, recipe
        self._name, self._weights, self._dimensions, self._calibration = name, weights, dimensions, calibration
        self._device, self._batch_size, self._view = torch.device(device), batch_size, view
        self.precision = precision

    def __repr__(self) -> str:
        return f"ClipModel({self._name!r}, {self._weights}, {self._device}, {self.precision}, {self._view})"

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self._name

    @property
    def weights(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 over its file of weights."""
        return self._weights

    @property
    def image_size_px(self) -> int:
        """Short side of the frames that it wants: the side of its tower's square, or twice that for close views."""
        return side_px(self._recipe, self._view)

    @property
    def looks_closely(self) -> bool:
        """Whether frames are seen in close views, and parts of them by themselves."""
        return self._view == "close"

    @property
    def module(self) -> Any:
        """The open_clip model itself, for what needs its inner parts (sonify.models.dense)."""
        return self._module

    @property
    def recipe(self) -> Recipe:
        """How it wants its pictures prepared."""
        return self._recipe

    @property
    def calibration(self) -> Calibration:
        """How its cosines become probabilities."""
        return self._calibration

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda:0, mps."""
        return str(self._device)

    def embed_frames(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Vectors of frames, uint8 [N, H, W, 3] RGB of any size; N may be 0.

        Raises ModelError for anything else, and when the device's memory doesn't suffice.
        """
        _check(pixels)
        plans = layouts(pixels.shape[1], pixels.shape[2], self._recipe, self._view)
        boxes = tuple(box for plan in plans for box in plan.boxes)
        vectors = np.empty((len(pixels), len(boxes), self._dimensions), dtype=np.float32)
        first = 0
        for plan in plans:
            views = len(plan.boxes)
            step = max(1, self._batch_size // views)
            for start in range(0, len(pixels), step):
                part = pixels[start : start + step]
                with self._working("frames"), torch.inference_mode():
                    ready = prepare(part, plan, self._recipe, self._device, _DTYPES[self.precision])
                    found = self._unit(self._module.encode_image(ready), "frames")
                own = found.reshape(len(part), views, self._dimensions)
                vectors[start : start + step, first : first + views] = own
            first += views
        return Embeddings(vectors, boxes)

    def embed_parts(self, pixels: NDArray[np.uint8], parts: Sequence[Sequence[Box]]) -> Details:
        """Vectors of parts of frames, uint8 [N, H, W, 3] RGB of any size; parts: the boxes of each frame, any number.

        A part is squeezed to a square. Raises ModelError as embed_frames does.
        """
        _check(pixels)
        if len(parts) != len(pixels):
            raise ModelError(f"parts of {len(parts)} frames, but {len(pixels)} frames", hint="give boxes for each")
        most = max(map(len, parts), default=0)
        vectors = np.zeros((len(pixels), most, self._dimensions), dtype=np.float32)
        asked = [(frame, place, box) for frame, boxes in enumerate(parts) for place, box in enumerate(boxes)]
        for start in range(0, len(asked), self._batch_size):
            some = asked[start : start + self._batch_size]
            with self._working("parts of frames"), torch.inference_mode():
                shown = [(pixels[frame], box) for frame, _, box in some]
                ready = prepare_parts(shown, self._recipe, self._device, _DTYPES[self.precision])
                found = self._unit(self._module.encode_image(ready), "parts of frames")
            vectors[[frame for frame, _, _ in some], [place for _, place, _ in some]] = found
        return Details(vectors, tuple(map(tuple, parts)))

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        """Unit vectors float32 [len(phrases), D], one a phrase as it stands.

        A phrase longer than the model's context is cut off at its end.
        """
        vectors = np.empty((len(phrases), self._dimensions), dtype=np.float32)
        if not phrases:
            return vectors
        tokens = self._tokenizer(list(phrases))
        lengths = tokens.argmax(dim=-1) + 1  # CLIP's end mark has the highest number of all tokens
        order = torch.argsort(lengths, stable=True)  # short ones together: they need not be padded to the longest
        for start in range(0, len(order), _TEXT_BATCH):
            chosen = order[start : start + _TEXT_BATCH]
            with self._working("phrases"), torch.inference_mode():
                part = tokens[chosen].to(self._device)
                with _trimmed(self._module, int(lengths[chosen].max())) as length:
                    vectors[chosen.numpy()] = self._unit(self._module.encode_text(part[:, :length]), "phrases")
        return vectors

    def _unit(self, features: torch.Tensor, what: str) -> Array:
        found = torch.nn.functional.normalize(features.to(torch.float32), dim=-1).cpu().numpy()
        if found.shape[-1] != self._dimensions or not np.isfinite(found).all():
            remedy = "pull or copy it again" if self.precision == "fp32" else "try --set model.precision=fp32"
            raise ModelError(f"{self._name} gives no numbers for {what}: its weights are damaged", hint=remedy)
        return np.asarray(found, dtype=np.float32)

    @contextmanager
    def _working(self, what: str) -> Iterator[None]:
        try:
            yield
        except torch.cuda.OutOfMemoryError:
            raise ModelError(
                f"{self._device} has too little memory for {what} with {self._name}",
                hint=f"try --set model.batch_size={max(1, self._batch_size // 4)}, or --device cpu",
            ) from None
        except (RuntimeError, NotImplementedError) as error:
            raise ModelError(
                f"{self._name} failed on {what} ({_first_line(error)})",
                hint="try --device cpu --set model.precision=fp32",
            ) from None


def build(
    blueprint: Blueprint,
    *,
    weights: str,
    device: str = "cpu",
    precision: str = "fp32",
    batch_size: int = 32,
    view: str = "tiles",
) -> ClipModel:
    """The model of a blueprint. weights: hash of its file; device and precision: settled, not "auto".

    Nothing is downloaded. Raises ModelError when the weights are damaged or don't fit the architecture.
    """
    with _quietly():
        check_weights(blueprint.weights)
        name, config, extras = _configuration(blueprint)
        try:
            module = open_clip.create_model(name, load_weights=False, pretrained_text=False, **extras)
            own = not tokenizer_repo(config)
            tokenizer = (
                open_clip.get_tokenizer(name) if own else make_tokenizer(config, blueprint.folder, blueprint.name)
            )
        except ModelError:
            raise
        except _BUILDING as error:
            raise ModelError(
                f"{blueprint.architecture or blueprint.folder} can't be built ({_first_line(error)})",
                hint="`sonify models list` names models that can",
            ) from None
        try:
            open_clip.load_checkpoint(module, str(blueprint.weights), weights_only=True)
        except _BUILDING as error:
            raise ModelError(
                f"the weights in {blueprint.weights} don't fit {blueprint.architecture or 'their configuration'} "
                f"({_first_line(error)})",
                hint="name the architecture that they were trained with",
            ) from None
        recipe = _recipe(module)
        try:
            _settle(module, torch.device(device), precision)
        except RuntimeError as error:
            raise ModelError(
                f"{blueprint.name} can't be put on {device} ({_first_line(error)})", hint="try --device cpu"
            ) from None
    return ClipModel(
        module,
        tokenizer,
        recipe,
        name=blueprint.name,
        weights=weights,
        dimensions=config["embed_dim"],
        calibration=read_calibration(blueprint.folder) if blueprint.folder else OPENAI_CLIP,
        device=device,
        precision=precision,
        batch_size=batch_size,
        view=view,
    )


def _check(pixels: NDArray[np.uint8]) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape[1:]:
        raise ModelError(f"frames are {pixels.dtype} {pixels.shape}", hint="they must be uint8 [N, H, W, 3]")


def _configuration(blueprint: Blueprint) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """open_clip's name for it, its configuration, and what else create_model must be told."""
    if blueprint.folder:
        document = read_config(blueprint.folder)
        return f"local-dir:{blueprint.folder}", document["model_cfg"], {}
    config = open_clip.get_model_config(blueprint.architecture)
    if config is None:
        raise ModelError(
            f"open_clip knows no architecture {blueprint.architecture!r}", hint="see `sonify models list`"
        )
    check_model_config(config, blueprint.architecture)
    tags = open_clip.list_pretrained_tags_by_model(blueprint.architecture)
    details = [open_clip.get_pretrained_cfg(blueprint.architecture, tag) for tag in tags]
    if blueprint.tag:
        chosen = open_clip.get_pretrained_cfg(blueprint.architecture, blueprint.tag)
    else:  # a file of the user's own: what all known weights of this architecture agree on
        keys = ("mean", "std", "interpolation", "resize_mode")
        agreed = {key for key in keys if len({str(detail.get(key)) for detail in details}) == 1}
        chosen = {key: details[0][key] for key in agreed}
    extras: dict[str, Any] = {
        "force_preprocess_cfg": {k: chosen[k] for k in ("mean", "std", "interpolation", "resize_mode") if k in chosen}
    }
    # open_clip only warns when the weights were trained with the other GELU, and then gives wrong vectors
    if chosen.get("quick_gelu") and not config.get("quick_gelu"):
        extras["force_quick_gelu"] = True
    return blueprint.architecture, config, extras


def _recipe(module: Any) -> Recipe:
    found = open_clip.get_model_preprocess_cfg(module)
    size = found.get("size", 224)
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    mean, std = tuple(found["mean"]), tuple(found["std"])
    interpolation, resize_mode = found.get("interpolation", "bicubic"), found.get("resize_mode", "shortest")
    if (
        len(set(sides)) != 1
        or not isinstance(sides[0], int)
        or not 8 <= sides[0] <= 4096
        or len(mean) != 3
        or len(std) != 3
        or not all(isinstance(x, int | float) for x in mean + std)
        or min(std) <= 0
        or interpolation not in ("bicubic", "bilinear", "random")
        or resize_mode not in ("shortest", "longest", "squash")
    ):
        raise ModelError(f"it wants its pictures {found}", hint="sonify prepares squares of 8 to 4096 px")
    interpolation = "bilinear" if interpolation == "bilinear" else "bicubic"
    return Recipe(sides[0], mean, std, interpolation, resize_mode, int(found.get("fill_color") or 0))


def _settle(module: Any, device: torch.device, precision: str) -> None:
    module.eval().requires_grad_(False)
    fuse_norms(module.visual)
    if precision == "fp32":
        module.to(device)
    elif "TimmModel" in type(getattr(module, "visual", None)).__name__:
        module.to(device=device, dtype=_DTYPES[precision])
        for part in module.modules():  # these norms compute in fp32 whatever they are fed
            if type(part).__name__ == "LayerNormFp32":
                part.to(torch.float32)
    else:
        module.to(device)
        open_clip.convert_weights_to_lp(module, dtype=_DTYPES[precision])
    module.visual.to(memory_format=torch.channels_last)


@contextmanager
def _trimmed(module: Any, length: int) -> Iterator[int]:
    """Lets the text tower run on `length` tokens instead of its whole context; gives the length to use.

    Behind its end mark a causal tower sees nothing, so the vector is the same; the time is a third.
    A tower that looks both ways, or takes its vector from the last place, keeps its whole context.
    """
    tower = getattr(module, "text", module)
    positions, mask = getattr(tower, "positional_embedding", None), getattr(tower, "attn_mask", None)
    pool = getattr(tower, "pool_type", getattr(module, "text_pool_type", ""))
    if positions is None or mask is None or getattr(tower, "cls_emb", None) is not None or pool != "argmax":
        yield 2**31 - 1
        return
    whole = positions.data
    tower.attn_mask, positions.data = mask[:length, :length], whole[:length]
    try:
        yield length
    finally:
        tower.attn_mask, positions.data = mask, whole


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps open_clip's chatter away: it warns freely, and logs to the root logger, which would set up a handler."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    root.addFilter(_nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.removeFilter(_nothing)
        root.removeHandler(handler)


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:200] if lines else type(error).__name__
