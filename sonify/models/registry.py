"""The models that sonify names, finding out what a name means, and loading it. Nothing here downloads."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonify import resources
from sonify.errors import ModelError, SettingsError
from sonify.models import hub
from sonify.models.cache import weights_hash
from sonify.models.checkpoints import SUFFIXES, Blueprint, check_model_config, find_weights
from sonify.progress import Progress, note, silent
from sonify.settings import ModelSettings

if TYPE_CHECKING:
    from sonify.models.clip import ClipModel

MINI = "sonify-mini"


@dataclass(frozen=True)
class ModelEntry:
    """One model, as `sonify models list` shows it.

    name: what `--model` and `models pull` take. pick: small, base, large, comparison, or "" for one not picked by us.
    architecture, pretrained: open_clip's names for it ("" for sonify-mini). repo: where it lies on the hub;
    filename: of its weights there, when not the usual one. size_bytes: of the file, about; 0: not known.
    engine: the package that runs it, for one that hears instead of looking; others: (repository, file) of all that
    goes with its weights.
    """

    name: str
    pick: str = ""
    architecture: str = ""
    pretrained: str = ""
    repo: str = ""
    filename: str = ""
    size_bytes: int = 0
    licence: str = ""
    note: str = ""
    recommended: bool = False
    engine: str = ""
    others: tuple[tuple[str, str], ...] = ()


ENTRIES = (
    ModelEntry(
        name=MINI,
        pick="built in",
        size_bytes=20_000_000,
        licence="Apache-2.0",
        note="part of sonify; small and quick, knows everyday things and places only",
    ),
    ModelEntry(
        name="MobileCLIP-S1:datacompdr",
        pick="small",
        architecture="MobileCLIP-S1",
        pretrained="datacompdr",
        repo="apple/MobileCLIP-S1-OpenCLIP",
        size_bytes=340_000_000,
        licence="Apple AMLR (research only)",
        note="quick on a CPU",
    ),
    ModelEntry(
        name="ViT-B-32:datacomp_xl_s13b_b90k",
        pick="base",
        architecture="ViT-B-32",
        pretrained="datacomp_xl_s13b_b90k",
        repo="laion/CLIP-ViT-B-32-DataComp.XL-s13B-b90K",
        size_bytes=605_000_000,
        licence="MIT",
        note="recommended: knows nearly everything, still workable on a CPU",
        recommended=True,
    ),
    ModelEntry(
        name="ViT-B-16:datacomp_xl_s13b_b90k",
        pick="base",
        architecture="ViT-B-16",
        pretrained="datacomp_xl_s13b_b90k",
        repo="laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
        size_bytes=599_000_000,
        licence="MIT",
        note="sees smaller things, about four times the work",
    ),
    ModelEntry(
        name="ViT-L-14:datacomp_xl_s13b_b90k",
        pick="large",
        architecture="ViT-L-14",
        pretrained="datacomp_xl_s13b_b90k",
        repo="laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
        size_bytes=1_710_000_000,
        licence="MIT",
        note="the best of these; wants a GPU",
    ),
    ModelEntry(
        name="RN50:openai",
        pick="comparison",
        architecture="RN50",
        pretrained="openai",
        repo="timm/resnet50_clip.openai",
        size_bytes=408_000_000,
        licence="MIT",
        note="what the Soundify paper used",
    ),
)

_UNFUSED, _ROBERTA = "laion/clap-htsat-unfused", "FacebookAI/roberta-base"
AUDIO_ENTRIES = (
    ModelEntry(
        name="clap",
        pick="hears",
        repo=_UNFUSED,
        filename="pytorch_model.bin",
        size_bytes=614_000_000,
        licence="Apache-2.0",
        note="for --rerank clap; run by transformers: pip install 'sonify[clap-transformers]'",
        engine="transformers",
        others=((_UNFUSED, "config.json"), (_UNFUSED, "tokenizer.json")),
    ),
    ModelEntry(
        name="clap-laion",
        pick="hears",
        repo="lukewys/laion_clap",
        filename="630k-audioset-best.pt",
        licence="CC0-1.0",
        note="for --rerank clap; run by laion-clap: pip install 'sonify[clap]'",
        engine="laion-clap",
        others=((_ROBERTA, "tokenizer.json"),),
    ),
)
"""Models that hear, for `model.clap`. What they are: docs/clap.md."""


class NotHereError(ModelError):
    """A model that is known but whose weights are not on this machine: `entry` says which."""

    def __init__(self, entry: ModelEntry) -> None:
        self.entry = entry
        size = f" (about {entry.size_bytes / 1e6:.0f} MB)" if entry.size_bytes else ""
        super().__init__(
            f"the weights of {entry.name} are not on this machine",
            hint=f"get them{size} with: sonify models pull {entry.name}",
        )


def recommended() -> ModelEntry:
    """The model that `auto` takes when it is on this machine."""
    return next(entry for entry in ENTRIES if entry.recommended)


def mini_is_present() -> bool:
    """Whether sonify-mini's weights came with this installation."""
    return any((resources.mini_model() / name).is_file() for name in hub.WEIGHTS)


def is_present(entry: ModelEntry) -> bool:
    """Whether the weights of an entry are on this machine."""
    if entry.name == MINI:
        return mini_is_present()
    if not all(hub.cached(*other) for other in entry.others):
        return False
    return hub.cached_weights(entry.repo, entry.filename) is not None


def find(name: str) -> ModelEntry:
    """The entry of a name that can be pulled: one of ours, any NAME:PRETRAINED of open_clip, or hf-hub:ORG/NAME.

    Raises ModelError, with the nearest names, when there is none.
    """
    for entry in (*ENTRIES, *AUDIO_ENTRIES):
        if entry.name == name:
            return entry
    if name == "auto":
        return recommended()
    if name.startswith("hf-hub:"):
        return ModelEntry(name=name, repo=hub.check_repo(name.removeprefix("hf-hub:")), licence="see its page")
    architecture, _, tag = name.partition(":")
    return _open_clip_entry(architecture.replace("/", "-"), tag, name)


def resolve(name: str) -> Blueprint:
    """What to build for a name, from files on this machine.

    Takes auto, sonify-mini, NAME:PRETRAINED, hf-hub:ORG/NAME, NAME:FILE, a folder with open_clip_config.json
    (also as local-dir:FOLDER) or a checkpoint in such a folder. Raises ModelError: unknown, not here, or damaged.
    """
    if name == "auto":
        name = recommended().name if is_present(recommended()) else MINI
    if name == MINI:
        if not mini_is_present():
            raise ModelError("sonify-mini is not in this installation", hint="install sonify again")
        return _folder(name, resources.mini_model())
    if name.startswith("local-dir:"):
        return _folder(name, _path(name.removeprefix("local-dir:")))
    if name.startswith("hf-hub:"):
        return _pulled(find(name))
    architecture, colon, rest = name.partition(":")
    if colon and _is_file_name(rest):
        return Blueprint(name, _existing(_path(rest)), _architecture(architecture.replace("/", "-"), name))
    if any(entry.name == name for entry in ENTRIES):
        return _pulled(find(name))
    if any(entry.name == name for entry in AUDIO_ENTRIES):
        raise ModelError(f"{name} hears and does not look", hint="name it in model.clap, not in model.name")
    if not name.strip():
        raise ModelError("the model has no name", hint="leave it out, or see `sonify models list`")
    path = _path(name)
    if path.is_dir() or (Path(name).is_absolute() and path.suffix.lower() not in SUFFIXES):
        return _folder(name, path)
    if path.suffix.lower() in SUFFIXES:
        path = _existing(path)
        if not (path.parent / hub.CONFIG).is_file():
            raise ModelError(
                f"{name} is a checkpoint of an architecture that nobody named",
                hint=f"write it as ViT-B-32:{name}, or put {hub.CONFIG} beside it",
            )
        return Blueprint(name, path, folder=path.parent)
    return _pulled(find(name))


def load(settings: ModelSettings, *, view: str = "tiles", progress: Progress = silent) -> ClipModel:
    """The model of the settings, ready to use. view: VideoSettings.view; auto is close with sonify-mini, else tiles.

    Nothing is downloaded. With "auto", says once (a note) when it takes sonify-mini for want of the recommended one.
    Raises ModelError for a model or SettingsError for a device that isn't there.
    """
    blueprint = resolve(settings.name)
    if settings.name == "auto" and blueprint.name == MINI:
        better = recommended()
        note(
            progress,
            "model",
            f"using the built-in model {MINI}; one that knows far more is a download of about "
            f"{better.size_bytes / 1e6:.0f} MB: sonify models pull {better.name}",
        )
    device = settle_device(settings.device)
    from sonify.models.clip import build

    return build(
        blueprint,
        weights=weights_hash(blueprint.weights),
        device=device,
        precision=_settle_precision(settings.precision, device),
        batch_size=settings.batch_size,
        view=_settle_view(view, blueprint.name),
    )


def _settle_view(wanted: str, name: str) -> str:
    """What "auto" means: a quick model may look closely, a slow one at as little as covers the picture."""
    if wanted != "auto":
        return wanted
    return "close" if name == MINI else "tiles"


def settle_device(wanted: str) -> str:
    """cpu, cuda:N or mps for what the settings want ("auto": the best there is).

    Raises SettingsError, saying what there is, when it isn't there.
    """
    import torch

    cuda = [f"cuda:{n}" for n in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    mps = ["mps"] if torch.backends.mps.is_available() else []
    there = [*cuda, *mps, "cpu"]
    wanted = wanted.strip().lower()
    if wanted == "auto":
        return there[0]
    if wanted == "cuda" and cuda:
        return cuda[0]
    if wanted in there:
        return wanted
    raise SettingsError(f"there is no device {wanted!r} here", hint=f"use {', '.join(['auto', *there])}")


def _settle_precision(wanted: str, device: str) -> str:
    import torch

    if wanted != "auto":
        return wanted
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.get_device_capability(device)[0] >= 8 else "fp16"
    return "fp16" if device == "mps" else "fp32"


def _pulled(entry: ModelEntry) -> Blueprint:
    weights = hub.cached_weights(entry.repo, entry.filename)
    config = None if entry.architecture else hub.cached(entry.repo, hub.CONFIG)
    if weights is None or (config is None and not entry.architecture):
        raise NotHereError(entry)
    if config:
        return Blueprint(entry.name, weights, folder=config.parent)
    return Blueprint(entry.name, weights, entry.architecture, entry.pretrained)


def _folder(name: str, folder: Path) -> Blueprint:
    if not folder.is_dir():
        raise ModelError(f"there is no folder {folder}", hint="check the name")
    if not (folder / hub.CONFIG).is_file():
        raise ModelError(f"{folder} is no model folder", hint=f"it needs {hub.CONFIG} and {hub.WEIGHTS[0]}")
    return Blueprint(name, find_weights(folder), folder=folder)


def _is_file_name(text: str) -> bool:
    return "/" in text or "\\" in text or Path(text).suffix.lower() in SUFFIXES


def _path(text: str) -> Path:
    try:
        path = Path(text).expanduser().absolute()
        path.exists()
    except (OSError, RuntimeError) as error:  # a name too long, a ~USER that nobody is
        raise ModelError(f"{text!r} can't be a model ({error})", hint="see `sonify models list`") from None
    return path


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelError(f"there is no file {path}", hint="check the name")
    return path


def _architecture(name: str, whole: str) -> str:
    import open_clip

    known = open_clip.list_models()
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`sonify models list` names some"
    raise ModelError(f"{whole!r}: open_clip knows no architecture {name!r}", hint=hint)


def _open_clip_entry(architecture: str, tag: str, whole: str) -> ModelEntry:
    import open_clip

    details = open_clip.get_pretrained_cfg(architecture, tag) if tag else {}
    repo, _, filename = details.get("hf_hub", "").rpartition("/")
    if repo:
        check_model_config(open_clip.get_model_config(architecture) or {}, architecture)
        return ModelEntry(
            name=whole,
            architecture=architecture,
            pretrained=tag,
            repo=hub.check_repo(repo),
            filename=filename,
            licence="see its page",
        )
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tags:
        ours = [entry.name for entry in ENTRIES if entry.architecture == architecture]
        near = ours + [
            f"{architecture}:{t}" for t in difflib.get_close_matches(tag, tags, n=3, cutoff=0.4) or tags[:3]
        ]
        what = f"{architecture} has no weights called {tag!r}" if tag else f"{whole!r} doesn't say which weights"
        raise ModelError(what, hint=f"did you mean {' or '.join(dict.fromkeys(near))}?")
    names = ["auto", *(entry.name for entry in ENTRIES), *open_clip.list_pretrained(as_str=True)]
    lowered = {known.lower(): known for known in reversed(names)}
    close = difflib.get_close_matches(whole.lower(), lowered, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(lowered[n] for n in close)}?" if close else "`sonify models list` names some"
    raise ModelError(f"there is no model {whole!r}", hint=hint)
