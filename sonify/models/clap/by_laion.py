"""CLAP as laion_clap runs it: its network (HTSAT and RoBERTa), from a checkpoint on this machine.

laion_clap's own entrance is gone round. At import it opens three tokenizers of the hub, of which two are only for
training; to build the network it fetches RoBERTa's weights, which the checkpoint then replaces; and it unpickles
whatever the checkpoint holds. The network itself, `clap_module`, does none of that.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sonify.errors import ModelError
from sonify.models.clap.interface import Array
from sonify.models.clap.model import Towers, first_line
from sonify.models.clap.weights import read_state
from sonify.models.clap.words import Tokenizer

if TYPE_CHECKING:
    import torch

_BY_WIDTH = {96: "HTSAT-tiny", 128: "HTSAT-base", 256: "HTSAT-large"}
"""laion_clap's configurations by the width of their first layer (its clap_module/htsat.py)."""
_HEAD = 64
"""Width of one of RoBERTa's heads: 12 of them in 768 (Liu et al. 2019, table 9)."""
_BUILDING = (RuntimeError, ValueError, TypeError, KeyError, AttributeError, AssertionError, IndexError, ImportError)


def build(weights: Path, tokenizer: Tokenizer, device: str) -> Towers:
    """The towers of a checkpoint. Raises ModelError when laion_clap can't be imported or the weights don't fit."""
    import torch

    state = read_state(weights)
    with _quietly():
        try:
            module = _network(state)
            wrong = module.load_state_dict(state, strict=False)
        except _BUILDING as error:
            raise ModelError(
                f"laion_clap can't build what {weights} holds ({first_line(error)})",
                hint="it is damaged or of another build: sonify models pull clap-laion gets one that fits",
            ) from None
    if wrong.missing_keys or wrong.unexpected_keys:
        odd = (wrong.missing_keys or wrong.unexpected_keys)[0]
        raise ModelError(f"{weights} doesn't fit laion_clap's network (see {odd})", hint="get it again")
    module.eval().requires_grad_(False)
    module.to(device)

    def hear(windows: Array) -> Array:
        sounds = [{"waveform": torch.from_numpy(window), "longer": torch.tensor([False])} for window in windows]
        with torch.inference_mode():
            return np.asarray(module.get_audio_embedding(sounds).float().cpu().numpy(), dtype=np.float32)

    def read(texts: Sequence[str]) -> Array:
        with torch.inference_mode():
            return np.asarray(module.get_text_embedding(tokenizer(texts)).float().cpu().numpy(), dtype=np.float32)

    return Towers(hear, read, int(state["text_projection.2.weight"].shape[0]))


def _network(state: Mapping[str, torch.Tensor]) -> Any:
    """laion_clap's CLAP of the size that the weights have, with RoBERTa built from its numbers instead of fetched."""
    from torch import nn
    from transformers import RobertaConfig, RobertaModel

    module = _clap_module()
    name = _BY_WIDTH.get(int(state["audio_branch.patch_embed.proj.weight"].shape[0]), "HTSAT-tiny")
    folder = Path(module.__file__).parent / "model_configs"
    numbers = json.loads((folder / f"{name}.json").read_text("utf-8"))
    joint, width = (int(side) for side in state["text_projection.0.weight"].shape)
    # laion_clap knows no other way to build a CLAP without the hub than with a text tower of its own: the smallest.
    small = {"context_length": 2, "vocab_size": 2, "width": 8, "heads": 1, "layers": 1, "model_type": "transformer"}
    clap = module.CLAP(**{**numbers, "text_cfg": small, "joint_embed_shape": joint})
    del clap.token_embedding, clap.positional_embedding, clap.ln_final
    tables = state["text_branch.embeddings.word_embeddings.weight"]
    layers = {key.split(".")[3] for key in state if key.startswith("text_branch.encoder.layer.")}
    clap.text_branch = RobertaModel(
        RobertaConfig(
            vocab_size=int(tables.shape[0]),
            hidden_size=width,
            num_hidden_layers=len(layers),
            num_attention_heads=max(1, width // _HEAD),
            intermediate_size=int(state["text_branch.encoder.layer.0.intermediate.dense.weight"].shape[0]),
            max_position_embeddings=int(state["text_branch.embeddings.position_embeddings.weight"].shape[0]),
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        )
    )
    clap.text_branch_type = "roberta"
    clap.text_projection = nn.Sequential(nn.Linear(width, joint), nn.ReLU(), nn.Linear(joint, joint))
    return clap


def _clap_module() -> Any:
    """laion_clap's network, imported under the name and from the folder that laion_clap itself uses."""
    found = importlib.util.find_spec("laion_clap")
    if found is None or not found.submodule_search_locations:
        raise ModelError("the package laion-clap is not installed", hint="pip install 'sonify[clap]'")
    folder = found.submodule_search_locations[0]
    sys.path.append(folder)
    try:
        return importlib.import_module("clap_module.model")
    except ImportError as error:
        raise ModelError(
            f"laion-clap can't be imported ({first_line(error)})", hint="pip install 'sonify[clap]' again"
        ) from None
    finally:
        sys.path.remove(folder)


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
