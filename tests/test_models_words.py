"""Models whose tokenizer comes from the transformers package, an optional one."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from hub_server import Hub, serving
from models_tiny import CONFIG, write_folder

from sonify.errors import ModelError
from sonify.models import registry
from sonify.models.pull import pull
from sonify.settings import ModelSettings

MODEL, WORDS = "someone/tiny-siglip", "someone/words"
NAME = f"hf-hub:{MODEL}"
VOCABULARY = ["<pad>", "</s>", "<unk>", "a", "dog", "cat", "photo", "of"]
HAS_TRANSFORMERS = importlib.util.find_spec("transformers") is not None


def config() -> dict[str, dict[str, object]]:
    made = deepcopy(CONFIG)
    text = {"context_length": 12, "vocab_size": 32, "width": 32, "heads": 2, "layers": 1, "no_causal_mask": True}
    text |= {"hf_tokenizer_name": WORDS, "tokenizer_kwargs": {"clean": "canonicalize"}, "pool_type": "last"}
    made["model_cfg"] |= {"custom_text": True, "text_cfg": text}
    return made


def tokenizer() -> bytes:
    """A tokenizer.json of eight words."""
    post = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
    }
    added = [
        {"id": n, "content": w, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        | {"special": True}
        for n, w in enumerate(VOCABULARY[:3])
    ]
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": post,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: n for n, w in enumerate(VOCABULARY)}, "unk_token": "<unk>"},
    }
    return json.dumps(document).encode()


SETTINGS = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>", "eos_token": "</s>"}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "sonify"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = write_folder(tmp_path / "m", config())
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    words = {"tokenizer.json": tokenizer(), "tokenizer_config.json": json.dumps(SETTINGS).encode()}
    with serving({MODEL: files, WORDS: words}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def load(name: str) -> registry.ClipModel:
    return registry.load(ModelSettings(name=name, device="cpu"))


def test_the_tokenizer_is_pulled_with_the_weights(hub: Hub) -> None:
    with pytest.raises(ModelError, match="models pull"):
        load(NAME)
    pull(NAME)
    assert any(f"GET /{WORDS}/resolve" in line for line in hub.requests)
    asked = len(hub.requests)
    pull(NAME)
    assert len(hub.requests) == asked
    if not HAS_TRANSFORMERS:
        with pytest.raises(ModelError, match="pip install transformers"):
            load(NAME)


def test_without_its_tokenizer_a_model_is_not_complete(hub: Hub, tmp_path: Path) -> None:
    del hub.files[WORDS]
    with pytest.raises(ModelError, match=f"there is no {WORDS}"):
        pull(NAME)
    folder = tmp_path / "m"
    with pytest.raises(ModelError, match=r"tokenizer of .* is not on this machine"):
        load(str(folder))


@pytest.mark.parametrize("name", [3, ["a"], "../../etc"])
def test_strange_names_of_tokenizers_are_refused(tmp_path: Path, name: object) -> None:
    made = config()
    folder = write_folder(tmp_path / "m", made)
    made["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = name  # type: ignore[index]
    (folder / "open_clip_config.json").write_text(json.dumps(made))
    with pytest.raises(ModelError):
        load(str(folder))


@pytest.mark.skipif(not HAS_TRANSFORMERS, reason="the optional package transformers is not installed")
def test_with_transformers_words_are_read_as_open_clip_reads_them(hub: Hub, tmp_path: Path) -> None:
    pull(NAME)
    hub.files.clear()
    model = load(NAME)
    found = model.embed_phrases(["a dog", "a cat", "A dog!", "a photo of a dog"])
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)  # canonicalize drops case and marks
    assert float(found[0] @ found[1]) < 0.9999
    np.testing.assert_allclose(model.embed_phrases(["a cat"])[0], found[1], atol=1e-5)
    beside = tmp_path / "m"
    (beside / "tokenizer.json").write_bytes(tokenizer())
    (beside / "tokenizer_config.json").write_text(json.dumps(SETTINGS))
    np.testing.assert_allclose(load(str(beside)).embed_phrases(["a cat"])[0], found[1], atol=1e-5)
    (beside / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="damaged"):
        load(str(beside))
