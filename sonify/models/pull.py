"""Fetching the weights of a model: the one place in sonify that downloads, and only when asked to."""

from __future__ import annotations

import inspect
import io
import logging
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sonify import resources
from sonify.errors import ModelError
from sonify.models import hub
from sonify.models.cache import sha256
from sonify.models.checkpoints import check_weights, find_weights, read_config
from sonify.models.clap.weights import read_state
from sonify.models.registry import ENTRIES, MINI, ModelEntry, find
from sonify.models.words import MAIN, OTHERS, find_tokenizer, tokenizer_repo
from sonify.progress import Event, Progress, note, silent

_STAGE = "pull"
_ANSWER_S = 10.0  # a hub that hasn't answered by then is out of reach
_OFFLINE = "connect to the network, or copy the weights here and name them, as in "


def pull(name: str, *, progress: Progress = silent, force: bool = False) -> Path:
    """Downloads the weights of a model into the hub's cache (HF_HOME) and returns their file.

    Takes what `sonify.models.registry.find` takes. The hub's address is HF_ENDPOINT, else huggingface.co.
    Says size and licence first (a note), then how far it is (events in bytes). What is here already is not fetched
    again unless `force`. Weights are checked against the hub's size and SHA-256; a broken connection is taken up
    again where it broke. Raises ModelError: unknown name, no network (at once), not on the hub, too little disk,
    damaged on the way. Nothing half-downloaded is ever taken for weights.
    """
    entry = find(name)
    if entry.name == MINI:
        path = find_weights(resources.mini_model())
        note(progress, _STAGE, f"{MINI} is part of sonify: there is nothing to pull")
        return path
    here = hub.cached_weights(entry.repo, entry.filename)
    if here and not force and _is_complete(entry):
        note(progress, _STAGE, f"{entry.name} is on this machine already")
        return here
    if hub.is_offline():
        raise ModelError(
            f"can't pull {entry.name}: HF_HUB_OFFLINE says to stay off the network",
            hint=f"unset it, or {_offline(entry)}",
        )
    with _quietly():
        return _fetch(entry, progress, force)


def _fetch(entry: ModelEntry, progress: Progress, force: bool) -> Path:
    filename, metadata = _look(entry)
    size = int(metadata.size or 0)
    licence = f", licence {entry.licence}" if entry.licence != "see its page" else ", licence as its page says"
    note(progress, _STAGE, f"{entry.name}: {size / 1e6:.0f} MB from {_endpoint()}/{entry.repo}{licence}")
    _check_space(size)
    for repo, file in entry.others:
        _download(replace(entry, repo=repo), file, progress, force)
    # a few lines that say what the weights are; looked at before gigabytes come
    if not entry.architecture and not entry.engine:
        read_config(_download(entry, hub.CONFIG, progress, force).parent)
    words = "" if entry.engine else tokenizer_repo(_configuration(entry))
    if words:
        _pull_tokenizer(words, entry, progress, force)
    path = _download(entry, filename, progress, force)
    _check(path, entry, str(metadata.etag or ""), size, progress)
    return path


def _configuration(entry: ModelEntry) -> dict[str, Any]:
    """The model's configuration; of a repository of the hub, from what is pulled of it."""
    if entry.architecture:
        import open_clip

        return open_clip.get_model_config(entry.architecture) or {"text_cfg": {}}
    path = hub.cached(entry.repo, hub.CONFIG)
    return read_config(path.parent)["model_cfg"] if path else {"text_cfg": {}}


def _is_complete(entry: ModelEntry) -> bool:
    """Whether what goes with the weights is here too."""
    if entry in ENTRIES:  # none of ours needs more
        return True
    if entry.engine:
        return all(hub.cached(*other) for other in entry.others)
    if not entry.architecture and hub.cached(entry.repo, hub.CONFIG) is None:
        return False
    config = _configuration(entry)
    return not tokenizer_repo(config) or find_tokenizer(config, None) is not None


def _pull_tokenizer(repo: str, entry: ModelEntry, progress: Progress, force: bool) -> None:
    whole = replace(entry, repo=repo)
    _download(whole, MAIN, progress, force)
    for name in OTHERS:
        with suppress(_MissingError):
            _download(whole, name, progress, force)


class _MissingError(ModelError):
    """The repository lacks the file."""


def _look(entry: ModelEntry) -> tuple[str, Any]:
    """The weights' name in the repository and the hub's metadata, from the first of the usual names it has."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError

    names = hub.weight_names(entry.filename)
    for name in names:
        try:
            with _explained(entry):
                url = hf_hub_url(entry.repo, name, endpoint=_endpoint())
                return name, get_hf_file_metadata(url, timeout=_ANSWER_S)
        except EntryNotFoundError:
            continue
    raise ModelError(
        f"{entry.repo} on {_endpoint()} has no weights for {entry.engine or 'open_clip'} ({' or '.join(names)})",
        hint="`sonify models list` names models that have",
    )


def _download(entry: ModelEntry, filename: str, progress: Progress, force: bool) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    options: dict[str, Any] = {"etag_timeout": _ANSWER_S, "force_download": force}
    if "tqdm_class" in inspect.signature(hf_hub_download).parameters:
        options["tqdm_class"] = _bar(progress)
    try:
        with _explained(entry):
            return Path(
                hf_hub_download(
                    entry.repo,
                    filename,
                    cache_dir=hub.hub_cache(),
                    endpoint=_endpoint(),
                    library_name="sonify",
                    **options,
                )
            )
    except EntryNotFoundError:
        raise _MissingError(
            f"{entry.repo} on {_endpoint()} has no {filename}", hint="`sonify models list` names models that have"
        ) from None


def _check(path: Path, entry: ModelEntry, etag: str, size: int, progress: Progress) -> None:
    """Compares the file with what the hub says of it; a damaged one is removed, so that it is never used."""
    progress(Event(_STAGE + " check", 0, 1))
    right = size in (0, path.stat().st_size)
    if right and re.fullmatch(r"[0-9a-f]{64}", etag):  # of large files the hub gives the SHA-256
        right = sha256(path) == etag
    try:
        if not right:
            raise ModelError(f"the weights of {entry.name} were damaged on the way", hint="pull them again")
        if entry.engine == "laion-clap":
            read_state(path)
        else:
            check_weights(path)
    except ModelError:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    progress(Event(_STAGE + " check", 1, 1))


def _check_space(size: int) -> None:
    folder = hub.hub_cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ModelError(
            f"can't write to {folder}: {error.strerror}", hint="set HF_HOME to a folder of yours"
        ) from None
    if free < size * 1.02:
        raise ModelError(
            f"{folder} has {free / 1e6:.0f} MB free, the weights take {size / 1e6:.0f} MB",
            hint="make room, or set HF_HOME to a folder on another disk",
        )


def _offline(entry: ModelEntry) -> str:
    return _OFFLINE + ("--set model.clap=/path" if entry.engine else "--model ViT-B-32:/path/FILE")


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


@contextmanager
def _explained(entry: ModelEntry) -> Iterator[None]:
    """Turns what the hub's package raises into a ModelError; a file that isn't there passes as EntryNotFoundError."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"{entry.repo} on {_endpoint()}"
    try:
        yield
    except GatedRepoError:
        raise ModelError(
            f"{where} is given only to those who accepted its terms",
            hint="accept them on its page, then set HF_TOKEN to a token of yours",
        ) from None
    except (RepositoryNotFoundError, RevisionNotFoundError):
        raise ModelError(f"there is no {where}", hint="check the name; `sonify models list` names some") from None
    except LocalEntryNotFoundError:
        raise ModelError(f"can't reach {_endpoint()} for {entry.name}", hint=_offline(entry)) from None
    except EntryNotFoundError:
        raise
    except HfHubHTTPError as error:
        status = getattr(getattr(error, "response", None), "status_code", "no status")
        raise ModelError(f"{_endpoint()} answered {status} for {entry.name}", hint="try again later") from None
    except (OSError, ValueError) as error:
        text = str(error)
        if "onsistency check" in text or "should be of size" in text:
            raise ModelError(f"the weights of {entry.name} came incomplete", hint="pull them again") from None
        if isinstance(error, OSError) and error.filename:
            raise ModelError(
                f"can't write {error.filename}: {error.strerror}", hint="set HF_HOME elsewhere"
            ) from None
        raise ModelError(f"can't pull {entry.name} ({_line(error)})", hint=_offline(entry)) from None
    except Exception as error:
        if not _is_network(error):
            raise
        raise ModelError(
            f"can't reach {_endpoint()} for {entry.name} ({_line(error)})", hint=_offline(entry)
        ) from None


def _is_network(error: Exception) -> bool:
    """Whether it comes from the package that the hub's package speaks HTTP through; versions differ in which one."""
    kinds = type(error).__mro__
    speakers = {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3"}
    return any(k.__module__.split(".")[0] in speakers or k.__name__ == "XetDownloadError" for k in kinds)


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__


def _bar(progress: Progress) -> type:
    """A progress bar as the hub's package wants one, that draws nothing and tells `progress`."""
    tqdm: Any = import_module("tqdm").tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})

        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            progress(Event(_STAGE, float(self.n), float(self.total or 0), "bytes"))
            return bool(shown)

    return Bar


@contextmanager
def _quietly() -> Iterator[None]:
    """The hub's package warns and logs of its own accord, and what it says is for its own users."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
