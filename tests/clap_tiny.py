"""CLAPs with random weights, as files, and a tokenizer: for the tests of sonify.models.clap.

The audio tower is the real one of laion_clap (HTSAT-tiny, 27 million weights) where laion_clap runs it, and a small
one of the same build where transformers does. The text towers are RoBERTa's with fewer layers.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48_000


def tone(hz: float, seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """A tone with a little noise, mono float32 at 48 kHz."""
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(times))
    return (0.3 * np.sin(2 * np.pi * hz * times) + 0.01 * noise).astype(np.float32)


def write_tokenizer(folder: Path) -> Path:
    """A RoBERTa tokenizer that knows letters, as tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocabulary = {token: number for number, token in enumerate([*marks, *letters])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    from tokenizers import Tokenizer, models, processors
    from tokenizers.decoders import ByteLevel as Decoder

    fast = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    fast.add_special_tokens(marks)
    fast.pre_tokenizer = ByteLevel(add_prefix_space=False)
    fast.decoder = Decoder()
    fast.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    fast.save(str(folder / "tokenizer.json"))
    return folder


def small_config(**audio: Any) -> Any:
    """A ClapConfig of the real build with narrow layers; `audio` changes the audio tower's numbers."""
    from transformers import ClapConfig

    return ClapConfig(
        text_config={
            "vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 64, "max_position_embeddings": 100,
        },
        audio_config={
            "patch_embeds_hidden_size": 16, "hidden_size": 128, "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 2, 4, 8], **audio,
        },
        projection_dim=24,
    )  # fmt: skip


def write_folder(folder: Path, config: Any = None, seed: int = 0) -> Path:
    """A CLAP as transformers keeps it: config.json, model.safetensors and a tokenizer."""
    import torch
    from transformers import ClapModel

    torch.manual_seed(seed)
    model = ClapModel(config or small_config())
    _stir(model)
    model.save_pretrained(str(folder))
    return write_tokenizer(folder)


def laion_state(seed: int = 0, layers: int = 1, vocabulary: int = 300) -> dict[str, Any]:
    """Random weights of laion_clap's CLAP (HTSAT-tiny and RoBERTa), built by its own constructor."""
    import torch
    from transformers import RobertaConfig, RobertaModel

    found = importlib.util.find_spec("laion_clap")
    assert found is not None and found.submodule_search_locations
    sys.path.append(found.submodule_search_locations[0])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module("clap_module.model")
    finally:
        sys.path.pop()
    numbers = json.loads((Path(module.__file__).parent / "model_configs" / "HTSAT-tiny.json").read_text("utf-8"))
    numbers["text_cfg"]["model_type"] = "roberta"
    small = RobertaConfig(
        vocab_size=vocabulary, num_hidden_layers=layers, max_position_embeddings=514, type_vocab_size=1,
        layer_norm_eps=1e-5,
    )  # fmt: skip

    class Built:
        """Stands where laion_clap would fetch RoBERTa from the hub."""

        @staticmethod
        def from_pretrained(name: str) -> Any:
            assert name == "roberta-base"
            return RobertaModel(small)

    original, module.RobertaModel = module.RobertaModel, Built
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            model = module.CLAP(**numbers)
    finally:
        module.RobertaModel = original
    _stir(model)
    return dict(model.state_dict())


def write_checkpoint(folder: Path, state: Mapping[str, Any], name: str = "clap.pt") -> Path:
    """A checkpoint as LAION's are: "module." before each name, numbers beside, and a table that RoBERTa once kept."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    old = {"module.text_branch.embeddings.position_ids": torch.arange(514)[None]}
    whole = {**{f"module.{key}": value for key, value in state.items()}, **old}
    torch.save(
        {"epoch": 3, "name": "clap", "state_dict": whole, "score": np.float64(0.5), "loss": np.float32(2)},
        folder / name,
    )
    write_tokenizer(folder)
    return folder / name


def to_transformers(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same weights under the names that transformers uses."""
    import re

    names = (
        ("audio_branch.", "audio_model.audio_encoder."), ("text_branch.", "text_model."), ("bn0.", "batch_norm."),
        (".attn.proj.", ".attention.output.dense."), (".attn.", ".attention.self."),
        (".mlp.fc1.", ".intermediate.dense."), (".mlp.fc2.", ".output.dense."),
        (".norm1.", ".layernorm_before."), (".norm2.", ".layernorm_after."),
    )  # fmt: skip
    left_out = re.compile(r"(spectrogram|logmel)_extractor|_transform\.|tscam_conv|audio_branch\.head\.")
    found: dict[str, Any] = {}
    for key, value in state.items():
        if left_out.search(key):
            continue
        name = re.sub(r"_projection\.([02])\.", lambda m: f"_projection.linear{1 + int(m[1]) // 2}.", key)
        for ours, theirs in names:
            name = name.replace(ours, theirs)
        if ".qkv." in name:
            for part, kind in zip(value.chunk(3), ("query", "key", "value"), strict=True):
                found[name.replace("qkv", kind)] = part.clone()
        else:
            found[name] = value
    return found


def _stir(model: Any) -> None:
    """Moves what a fresh network has at 0 and 1, so that a weight in the wrong place shows."""
    import torch

    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim <= 1 and "logit_scale" not in name:
                value.add_(0.1 * torch.randn_like(value))
        for name, value in model.named_buffers():
            if name.endswith("running_mean"):
                value.copy_(torch.randn_like(value) * 2 - 20)
            elif name.endswith("running_var"):
                value.copy_(torch.rand_like(value) * 50 + 50)
