"""Tokenizers that are not CLIP's own: SigLIP's and others', read by the optional package `transformers`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sonify.errors import ModelError
from sonify.models import hub

MAIN = "tokenizer.json"
OTHERS = ("tokenizer_config.json", "special_tokens_map.json", "config.json")
"""What transformers reads of a tokenizer's repository: MAIN, and as many of the others as there are."""


def tokenizer_repo(config: dict[str, Any]) -> str:
    """The hub's repository of the tokenizer that a model configuration names; "" for CLIP's own."""
    name = config["text_cfg"].get("hf_tokenizer_name") or ""
    if not name:
        return ""
    # `bert-base-uncased` and its like are old names without an owner
    return hub.check_repo(name if "/" in name else f"google-bert/{name}")


def find_tokenizer(config: dict[str, Any], beside: Path | None) -> Path | None:
    """The folder that holds the tokenizer a configuration names: `beside` the weights, or pulled; None: not here."""
    if beside and (beside / MAIN).is_file():
        return beside
    found = hub.cached(tokenizer_repo(config), MAIN)
    return found.parent if found else None


def make_tokenizer(config: dict[str, Any], beside: Path | None, name: str) -> Callable[..., Any]:
    """The tokenizer that a configuration names, from files on this machine.

    Raises ModelError when its files or the package that reads them are missing.
    """
    folder = find_tokenizer(config, beside)
    if folder is None:
        raise ModelError(
            f"the tokenizer of {name} is not on this machine", hint=f"get it with: sonify models pull {name}"
        )
    from open_clip.tokenizer import HFTokenizer

    text = config["text_cfg"]
    options = {key: text["tokenizer_kwargs"][key] for key in ("clean", "strip_sep_token") if key in _kwargs(text)}
    try:
        tokenizer: Callable[..., Any] = HFTokenizer(
            str(folder),
            context_length=text.get("context_length", 77),
            tokenizer_mode=text.get("tokenizer_mode"),
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )
    except ImportError:
        raise ModelError(
            f"{name} reads words with the package transformers, which is not installed",
            hint="pip install transformers",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError, RuntimeError) as error:
        raise ModelError(
            f"the tokenizer in {folder} is damaged ({type(error).__name__})", hint="pull it again"
        ) from None
    return tokenizer


def _kwargs(text: dict[str, Any]) -> dict[str, Any]:
    found = text.get("tokenizer_kwargs")
    return found if isinstance(found, dict) else {}
