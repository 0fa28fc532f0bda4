"""What a name of a CLAP means, and loading it. Nothing here downloads."""

from __future__ import annotations

import difflib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from sonify.errors import ModelError
from sonify.models import hub
from sonify.models.cache import weights_hash
from sonify.models.clap.interface import AudioTextModel
from sonify.models.clap.words import find_tokenizer, is_tokenizer
from sonify.models.registry import AUDIO_ENTRIES, ModelEntry, NotHereError, settle_device
from sonify.progress import Event, Progress, silent
from sonify.settings import ModelSettings

LAION, TRANSFORMERS = "laion-clap", "transformers"
EXTRAS = {LAION: "clap", TRANSFORMERS: "clap-transformers"}
"""The packages that run a CLAP, and the extra of sonify that installs each."""
_IMPORTED_AS = {LAION: "laion_clap", TRANSFORMERS: "transformers"}
_FILES = (".pt", ".pth", ".bin", ".safetensors")
CONFIG = "config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""What transformers looks for in a folder, best first."""


@dataclass(frozen=True)
class Plan:
    """What to load: a file of weights, the package that runs it, and the folder of its tokenizer."""

    name: str
    engine: str
    weights: Path
    words: Path


def load_clap(settings: ModelSettings | None = None, *, progress: Progress = silent) -> AudioTextModel:
    """The CLAP that `model.clap` names, on `model.device`, in full precision.

    Raises ModelError within a second when its package, its weights or its tokenizer are not on this machine, with
    the command that gets them; also when they are damaged. SettingsError for a device that isn't there.
    """
    settings = settings or ModelSettings()
    plan = resolve(settings.clap)
    progress(Event("clap", 0, 1))
    device = settle_device(settings.device)
    from sonify.models.clap.model import ClapModel
    from sonify.models.clap.words import make_tokenizer

    tokenizer = make_tokenizer(plan.words)
    if plan.engine == LAION:
        from sonify.models.clap.by_laion import build as by_laion

        towers = by_laion(plan.weights, tokenizer, device)
    else:
        from sonify.models.clap.by_transformers import build as by_transformers

        towers = by_transformers(plan.weights.parent, tokenizer, device)
    progress(Event("clap", 1, 1))
    return ClapModel(towers, name=plan.name, weights=weights_hash(plan.weights), engine=plan.engine)


def is_ready(settings: ModelSettings | None = None) -> bool:
    """Whether load_clap would find package, weights and tokenizer; looks at names of files only."""
    try:
        resolve((settings or ModelSettings()).clap)
    except ModelError:
        return False
    return True


def resolve(name: str) -> Plan:
    """What to load for a name, from files on this machine.

    Takes auto, clap, clap-laion, hf-hub:ORG/NAME, a checkpoint of laion_clap or a folder of transformers.
    Raises ModelError: unknown, not installed, or not here.
    """
    if name == "auto":
        return _auto()
    for entry in AUDIO_ENTRIES:
        if entry.name == name:
            return _pulled(entry)
    if name.startswith("hf-hub:"):
        repo = hub.check_repo(name.removeprefix("hf-hub:"))
        return _pulled(ModelEntry(name=name, repo=repo, engine=TRANSFORMERS))
    if not name.strip():
        raise ModelError("model.clap is empty", hint="write auto, or see docs/clap.md")
    try:
        path = Path(name).expanduser().absolute()
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a ~USER that nobody is, a null
        raise ModelError(f"{name!r} can't be a CLAP ({error})", hint="see docs/clap.md") from None
    if is_folder:
        return _folder(name, path)
    if path.suffix.lower() in _FILES:
        if not is_file:
            raise ModelError(f"there is no file {path}", hint="check the name")
        return _checkpoint(name, path)
    near = difflib.get_close_matches(name, ["auto", *(entry.name for entry in AUDIO_ENTRIES)], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else "write auto, a checkpoint or a folder; docs/clap.md explains"
    raise ModelError(f"there is no CLAP {name!r}", hint=hint)


def _auto() -> Plan:
    """The first that is whole; else the error of the first whose package is installed, else of the first."""
    first: ModelError | None = None
    for entry in sorted(AUDIO_ENTRIES, key=lambda entry: not _is_installed(entry.engine)):
        try:
            return _pulled(entry)
        except ModelError as error:
            first = first or error
    assert first is not None
    raise first


def _pulled(entry: ModelEntry) -> Plan:
    _check_installed(entry.engine, entry.name)
    if entry.engine == LAION:
        weights = hub.cached(entry.repo, entry.filename)
        if weights is None:
            raise NotHereError(entry)
        return _checkpoint(entry.name, weights)
    config = hub.cached(entry.repo, CONFIG)
    found = config and _weights(config.parent)
    if not config or not found or not is_tokenizer(config.parent):
        raise NotHereError(entry)
    return Plan(entry.name, TRANSFORMERS, found, config.parent)


def _folder(name: str, folder: Path) -> Plan:
    found = _weights(folder)
    if not found or not (folder / CONFIG).is_file():
        raise ModelError(
            f"{folder} is no folder of a CLAP",
            hint=f"it needs {CONFIG} and {WEIGHTS[0]}, as the repository laion/clap-htsat-unfused has them",
        )
    _check_installed(TRANSFORMERS, name)
    return Plan(name, TRANSFORMERS, found, _tokenizer(name, folder))


def _checkpoint(name: str, weights: Path) -> Plan:
    _check_installed(LAION, name)
    return Plan(name, LAION, weights, _tokenizer(name, weights.parent))


def _tokenizer(name: str, beside: Path) -> Path:
    found = find_tokenizer(beside)
    if found is None:
        raise ModelError(
            f"the tokenizer of {name} is not on this machine",
            hint=f"put tokenizer.json of roberta-base into {beside}, or get it with: sonify models pull clap-laion",
        )
    return found


def _weights(folder: Path) -> Path | None:
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)


def _check_installed(engine: str, name: str) -> None:
    if not _is_installed(engine):
        raise ModelError(
            f"{name} needs the package {engine}, which is not installed",
            hint=f"pip install 'sonify[{EXTRAS[engine]}]'",
        )


def _is_installed(engine: str) -> bool:
    return importlib.util.find_spec(_IMPORTED_AS[engine]) is not None
