"""CLAP as the package transformers runs it, from a folder on this machine."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sonify.errors import ModelError
from sonify.models.clap.interface import Array
from sonify.models.clap.model import Towers, first_line
from sonify.models.clap.windows import SAMPLE_RATE_HZ
from sonify.models.clap.words import Tokenizer

_COUNTED = ("text_model.embeddings.token_type_ids", "text_model.embeddings.position_ids")
"""Tables of 0, 0, 0 and 0, 1, 2: some versions of transformers keep them among the weights, some don't."""


def build(folder: Path, tokenizer: Tokenizer, device: str) -> Towers:
    """The towers of a folder with config.json and weights. Raises ModelError: not installed, damaged, not fitting."""
    import torch

    with _quietly():
        model, features = _load(folder)
    model.eval().requires_grad_(False)
    model.to(device)

    def hear(windows: Array) -> Array:
        heard = features(
            list(windows),
            sampling_rate=SAMPLE_RATE_HZ,
            truncation="rand_trunc",
            padding="repeatpad",
            return_tensors="pt",
        )["input_features"]
        with torch.inference_mode():
            return _vectors(model.get_audio_features(input_features=heard.to(device, torch.float32)))

    def read(texts: Sequence[str]) -> Array:
        tokens = {key: value.to(device) for key, value in tokenizer(texts).items()}
        with torch.inference_mode():
            return _vectors(model.get_text_features(**tokens))

    return Towers(hear, read, int(model.config.projection_dim))


def _load(folder: Path) -> tuple[Any, Any]:
    import torch

    try:
        from transformers import ClapConfig, ClapFeatureExtractor
        from transformers import ClapModel as Model
    except ImportError as error:
        raise ModelError(
            f"this CLAP needs the package transformers, which can't be imported ({first_line(error)})",
            hint="pip install 'sonify[clap-transformers]'",
        ) from None
    try:
        config = ClapConfig.from_pretrained(str(folder), local_files_only=True)
        if config.audio_config.enable_fusion:
            raise ModelError(
                f"{folder} is a fused model, which listens to random parts of a sound",
                hint="take an unfused one, such as laion/clap-htsat-unfused (sonify models pull clap)",
            )
        model, found = Model.from_pretrained(
            str(folder), config=config, local_files_only=True, output_loading_info=True
        )
        # Ten seconds, 64 bands from 50 to 14,000 Hz, as in laion_clap's HTSAT-tiny.json and -base.json
        features = ClapFeatureExtractor(frequency_min=50, frequency_max=14_000, truncation="rand_trunc")
    except ModelError:
        raise
    except Exception as error:  # noqa: BLE001 - files of a stranger can make its parsers raise anything
        raise ModelError(
            f"transformers can't load the CLAP in {folder} ({first_line(error)})", hint="pull or copy it again"
        ) from None
    wrong = sorted({*found["missing_keys"], *found["mismatched_keys"]} - set(_COUNTED))
    if wrong:
        raise ModelError(f"the weights in {folder} lack {wrong[0]}", hint="pull or copy it again")
    words = model.text_model.embeddings
    words.token_type_ids.zero_()
    words.position_ids.copy_(torch.arange(words.position_ids.shape[-1]))
    return model, features


def _vectors(found: Any) -> Array:
    """A tensor up to transformers 4, an object that holds it since 5."""
    tensor = getattr(found, "pooler_output", found)
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)


@contextmanager
def _quietly() -> Iterator[None]:
    """transformers logs and draws bars of its own accord, and what it says is for its own users."""
    try:
        from transformers.utils import logging as chatter
    except ImportError:
        yield
        return
    verbosity, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity(logging.CRITICAL)
    chatter.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        chatter.set_verbosity(verbosity)
        if bars:
            chatter.enable_progress_bar()
