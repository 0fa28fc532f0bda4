"""Where pulled weights lie: the cache of the Hugging Face hub, in the place its own tools use. Nothing is fetched."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sonify.errors import ModelError

CONFIG = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""What open_clip looks for in a repository, best first (open_clip.constants)."""

_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}")


def hub_cache() -> Path:
    """The hub's cache folder: HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub, as its documentation says."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(os.path.expandvars(named)).expanduser().absolute()
    home = os.environ.get("HF_HOME")
    if not home:
        home = str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    return Path(os.path.expandvars(home)).expanduser().absolute() / "hub"


def is_offline() -> bool:
    """Whether the user has told the hub's tools to stay off the network (HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE)."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


def check_repo(repo: str) -> str:
    """`repo` when it has the form ORG/NAME; raises ModelError otherwise (it becomes part of paths and addresses)."""
    if not _REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise ModelError(f"{repo!r} is not a repository of the hub", hint="write hf-hub:ORG/NAME")
    return repo


def cached(repo: str, filename: str) -> Path | None:
    """A file of a repository, if its newest pulled version is on this machine.

    The layout (refs/main names a commit, snapshots/COMMIT/FILE is the file) is documented by huggingface_hub;
    looked up here because importing that package takes most of a second.
    """
    folder = hub_cache() / ("models--" + repo.replace("/", "--"))
    try:
        commit = (folder / "refs" / "main").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if not re.fullmatch(r"[0-9A-Za-z]{1,64}", commit):
        return None
    file = folder / "snapshots" / commit / filename
    return file if file.is_file() else None


def cached_weights(repo: str, filename: str = "") -> Path | None:
    """The weights of a repository, if on this machine; `filename` where they have an unusual name."""
    for name in weight_names(filename):
        found = cached(repo, name)
        if found:
            return found
    return None


def weight_names(filename: str = "") -> tuple[str, ...]:
    """What a file of weights may be called, best first; `filename` where it has an unusual name."""
    if not filename:
        return WEIGHTS
    if filename == "pytorch_model.bin":  # as the package transformers names them
        return ("model.safetensors", filename)
    return tuple(dict.fromkeys((Path(filename).with_suffix(".safetensors").name, filename)))
