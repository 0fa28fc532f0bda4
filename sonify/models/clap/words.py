"""The tokenizer of CLAP's text tower, RoBERTa's, from files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sonify.errors import ModelError
from sonify.models import hub

Tokenizer = Callable[[Sequence[str]], dict[str, Any]]
LENGTH = 77
"""Tokens of a text: `max_length` in laion_clap's hook.py."""
SETS = (("tokenizer.json",), ("vocab.json", "merges.txt"))
"""What a folder must hold to be a tokenizer: one of these sets of files."""
REPOS = ("FacebookAI/roberta-base", "laion/clap-htsat-unfused")
"""Repositories of the hub with this tokenizer."""


def find_tokenizer(beside: Path | None) -> Path | None:
    """The folder of RoBERTa's tokenizer: `beside` the weights, or among what was pulled; None: not here."""
    if beside and is_tokenizer(beside):
        return beside
    for repo in REPOS:
        for files in SETS:
            found = [hub.cached(repo, file) for file in files]
            if all(found):
                assert found[0] is not None
                return found[0].parent
    return None


def is_tokenizer(folder: Path) -> bool:
    """Whether a folder holds a tokenizer."""
    return any(all((folder / file).is_file() for file in files) for files in SETS)


def make_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a folder: texts -> {input_ids, attention_mask}, int64 [N, 77] each.

    Every text is filled up to the whole length, so that its vector doesn't hang on its neighbours. Raises ModelError
    when the files or the package `transformers` are missing or damaged.
    """
    import torch

    try:
        from transformers import RobertaTokenizer

        held = RobertaTokenizer.from_pretrained(str(folder), local_files_only=True)
    except ImportError:
        raise ModelError(
            "CLAP reads words with the package transformers, which is not installed",
            hint="pip install 'sonify[clap-transformers]'",
        ) from None
    except Exception as error:  # noqa: BLE001 - the tokenizers package raises plain Exceptions at damaged files
        raise ModelError(
            f"the tokenizer in {folder} is damaged ({type(error).__name__})", hint="pull or copy it again"
        ) from None

    def tokenize(texts: Sequence[str]) -> dict[str, Any]:
        found = held(list(texts), padding="max_length", truncation=True, max_length=LENGTH)
        return {key: torch.tensor(found[key]) for key in ("input_ids", "attention_mask")}

    return tokenize
