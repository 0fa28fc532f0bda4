"""Every option once: its name, type, unit, range, default and one line of help.

`configs/default.yaml` and the table in `docs/settings.md` are made from this file; a test compares them.
Options are named `section.option`, in YAML and on the command line (`--set matching.threshold=0.6`) alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sonify.errors import SettingsError

_strict = ConfigDict(extra="forbid", allow_inf_nan=False)
MAX_BYTES = 2**20


@dataclass(frozen=True, config=_strict)
class VideoSettings:
    """How the picture is read."""

    sample_rate_hz: Annotated[float, Field(gt=0, le=60, description="frames a second that the model looks at")] = 2.0
    grey_rate_hz: Annotated[float, Field(gt=0, le=60, description="small grey frames a second, for scenes")] = 12.0
    view: Annotated[
        Literal["auto", "tiles", "close", "whole", "centre"],
        Field(
            description="tiles: squares side by side; close: and smaller ones over them, for small emitters, at "
            "nine times the work; whole: squeezed to one square; centre: CLIP's own crop; auto: close with "
            "sonify-mini, which is quick, else tiles"
        ),
    ] = "auto"
    stall_timeout_s: Annotated[
        float, Field(gt=0, le=3600, description="give up on a decoder that has been silent for so long")
    ] = 20.0


@dataclass(frozen=True, config=_strict)
class ModelSettings:
    """Which model looks at the picture."""

    name: Annotated[
        str, Field(description="auto, sonify-mini, NAME:PRETRAINED, hf-hub:REPO, a checkpoint or a folder")
    ] = "auto"
    device: Annotated[str, Field(description="auto, cpu, cuda, cuda:N or mps")] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "fp16", "bf16"], Field(description="auto: bf16 or fp16 on a GPU, else fp32")
    ] = "auto"
    batch_size: Annotated[int, Field(ge=1, le=4096, description="pictures in one pass of the model")] = 32
    clap: Annotated[str, Field(description="which CLAP hears: auto, clap, clap-laion, a checkpoint or a folder")] = (
        "auto"
    )


@dataclass(frozen=True, config=_strict)
class SceneSettings:
    """Where one scene ends and the next begins."""

    cut_threshold: Annotated[
        float,
        Field(gt=0, le=255, description="how many times less alike than the pictures around it those of a cut are"),
    ] = 2.0
    min_change: Annotated[float, Field(ge=0, le=255, description="change (0..255) below which nothing is a cut")] = (
        12.0
    )
    dissolves: Annotated[bool, Field(description="look for dissolves and fades too")] = True
    min_scene_s: Annotated[float, Field(ge=0, le=60, description="a shorter scene joins its neighbour")] = 0.5


@dataclass(frozen=True, config=_strict)
class LibrarySettings:
    """Which sounds may be used."""

    licences: Annotated[str, Field(description="licences that may be used, such as cc0,cc-by; empty: any")] = ""


@dataclass(frozen=True, config=_strict)
class MatchingSettings:
    """Which sounds, and when."""

    threshold: Annotated[
        float, Field(ge=0, le=1, description="probability from which an emitter is taken to be there")
    ] = 0.5
    release: Annotated[
        float, Field(ge=0, le=1, description="share of the threshold at which it is taken to be gone")
    ] = 0.6
    ambience_threshold: Annotated[
        float, Field(ge=0, le=1, description="probability from which a scene gets a bed")
    ] = 0.4
    max_effects: Annotated[int, Field(ge=0, le=50, description="emitters that may sound at once in a scene")] = 2
    top: Annotated[int, Field(ge=1, le=100, description="suggestions for each cue, the chosen one included")] = 5
    min_presence_s: Annotated[float, Field(ge=0, le=60, description="a shorter appearance is a flicker")] = 0.5
    bridge_gap_s: Annotated[float, Field(ge=0, le=60, description="a shorter absence is bridged")] = 1.0
    adaptive: Annotated[
        bool, Field(description="where an emitter begins and ends is judged by how far it rises in its scene")
    ] = True
    refine_rate_hz: Annotated[
        float,
        Field(ge=0, le=240, description="frames a second looked at around where emitters begin and end; 0: none"),
    ] = 12.0
    vary_pitch_percent: Annotated[
        float, Field(ge=0, le=20, description="how far the pitch of one event differs from that of the next")
    ] = 3.0
    vary_level_db: Annotated[
        float, Field(ge=0, le=12, description="how far the level of one event differs from that of the next")
    ] = 1.5
    newcomers: Annotated[
        bool, Field(description="what comes, goes or moves is looked at by itself too, with video.view=close")
    ] = True
    evidence: Annotated[
        Literal["dense", "gradcam"],
        Field(description="what says where in the picture: features by place, or Grad-CAM (ResNets of CLIP only)"),
    ] = "dense"
    avoid: Annotated[str, Field(description="labels never to be heard, between semicolons: gunshot; siren")] = ""
    prefer: Annotated[str, Field(description="labels that are more welcome than others, between semicolons")] = ""
    only: Annotated[str, Field(description="no other labels than these, between semicolons; empty: all")] = ""
    direct: Annotated[str, Field(description="what it should sound like, such as: a calm night by the sea")] = ""
    fill: Annotated[
        Literal["all", "silent"], Field(description="silent: nothing is added where the original can be heard")
    ] = "all"
    rerank: Annotated[
        Literal["none", "clap"],
        Field(description="clap: of a label's sounds, those that sound most like it come first"),
    ] = "none"


@dataclass(frozen=True, config=_strict)
class MixSettings:
    """How it sounds."""

    profile: Annotated[
        Literal["web", "podcast", "ebu", "atsc", "film", "stems"],
        Field(description="loudness of the whole: -14, -16, -23, -24 LUFS; film and stems: as it comes"),
    ] = "web"
    original: Annotated[
        Literal["keep", "duck", "mute", "replace"],
        Field(description="the video's own audio: as it is, lowered under effects, left out, heard between cues"),
    ] = "keep"
    duck_db: Annotated[float, Field(ge=-60, le=0, description="gain of the original under effects, with duck")] = -9.0
    speech_effect_db: Annotated[
        float, Field(ge=-60, le=0, description="gain of an effect while the original speaks")
    ] = -6.0
    speech_ambience_db: Annotated[
        float, Field(ge=-60, le=0, description="gain of a bed while the original speaks")
    ] = -10.0
    surround: Annotated[
        Literal["keep", "stereo"], Field(description="a 5.1 or 7.1 original stays one, or is folded down")
    ] = "keep"
    missing: Annotated[
        Literal["fail", "skip"],
        Field(description="a sound that is gone: an error, or its cues left out"),
    ] = "fail"
    keep_tracks: Annotated[bool, Field(description="the original's audio tracks follow the new one, untouched")] = (
        False
    )
    size_gain_db: Annotated[
        float, Field(ge=0, le=24, description="how much an emitter's size in the picture may add or take away")
    ] = 6.0
    effect_below_lu: Annotated[
        float, Field(ge=-20, le=60, description="how far an effect at 0 dB lies under the original's loudness")
    ] = 4.0
    ambience_below_lu: Annotated[
        float, Field(ge=-20, le=60, description="how far a bed at 0 dB lies under the original's loudness")
    ] = 14.0
    effect_lufs: Annotated[
        float, Field(ge=-60, le=-6, description="loudness of an effect at 0 dB where there is no original")
    ] = -20.0
    ambience_lufs: Annotated[
        float, Field(ge=-60, le=-6, description="loudness of a bed at 0 dB where there is no original")
    ] = -30.0
    fade_s: Annotated[float, Field(ge=0, le=10, description="fade in and out of an effect")] = 0.25
    ambience_fade_s: Annotated[float, Field(ge=0, le=10, description="fade in and out of a bed")] = 0.75
    distance: Annotated[
        Literal["none", "near", "middle", "far"],
        Field(description="of effects: how much the air swallows and the room gives back"),
    ] = "none"
    bitrate_kbps: Annotated[int, Field(ge=32, le=512, description="of the encoded stereo track")] = 256


@dataclass(frozen=True, config=_strict)
class Settings:
    """All options, frozen. Make one with `Settings.load`; read it as `settings.matching.threshold`."""

    video: VideoSettings = Field(default_factory=VideoSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    scenes: SceneSettings = Field(default_factory=SceneSettings)
    library: LibrarySettings = Field(default_factory=LibrarySettings)
    matching: MatchingSettings = Field(default_factory=MatchingSettings)
    mix: MixSettings = Field(default_factory=MixSettings)

    @classmethod
    def load(
        cls,
        files: Iterable[str | Path] = (),
        sets: Iterable[str] = (),
        values: Mapping[str, Any] | None = None,
        *,
        base: Mapping[str, Any] | None = None,
    ) -> Settings:
        """The defaults, then over them `base`, each YAML file, each text "section.option=value" and `values`.

        `base` (a cue sheet's settings) and `values` are mappings such as {"matching.threshold": 0.6}.
        Raises SettingsError for an unknown name (with the nearest one) or a value out of range.
        """
        merged: dict[str, dict[str, Any]] = {}
        _merge(merged, dict(base or {}))
        for file in files:
            _merge(merged, _read(Path(file)))
        for text in sets:
            name, equals, value = text.partition("=")
            if not equals:
                raise SettingsError(f"--set {text!r} has no '='", hint="write --set matching.threshold=0.6")
            _merge(merged, {name.strip(): _scalar(value, name)})
        _merge(merged, dict(values or {}))
        try:
            return _adapter.validate_python(merged)
        except ValidationError as error:
            detail = error.errors()[0]
            name = ".".join(str(part) for part in detail["loc"][:2])
            raise SettingsError(
                f"{name} = {detail['input']!r}: {detail['msg'].removeprefix('Value error, ').lower()}",
                hint=f"{option(name).describe()}",
            ) from None

    def differences(self) -> dict[str, Any]:
        """The options that differ from the defaults, as {'matching.threshold': 0.6}."""
        return {o.name: o.of(self) for o in options() if o.of(self) != o.default}


class Option:
    """One option, as documents and the command line show it."""

    def __init__(self, section: str, name: str, default: Any, help: str, kind: str) -> None:
        self.section, self.key, self.default, self.help, self.kind = section, name, default, help, kind
        self.name = f"{section}.{name}"

    def of(self, settings: Settings) -> Any:
        """The value in `settings`."""
        return getattr(getattr(settings, self.section), self.key)

    def describe(self) -> str:
        """One line: what it is, what it takes, its default."""
        return f"{self.name} is {self.help} ({self.kind}; default {self.default})"


def options() -> list[Option]:
    """Every option there is, in order."""
    found = []
    for section in fields(Settings):
        holder = getattr(Settings(), section.name)
        assert is_dataclass(holder)
        schema = TypeAdapter(type(holder)).json_schema()["properties"]
        for item in fields(holder):
            entry = schema[item.name]
            found.append(
                Option(section.name, item.name, getattr(holder, item.name), entry["description"], _kind(entry))
            )
    return found


def option(name: str) -> Option:
    """The option of that name; raises SettingsError, with the nearest names, when there is none."""
    known = {o.name: o for o in options()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    if not near:
        near = [full for full in known if full.split(".")[1] == name.split(".")[-1]]
    hint = f"did you mean {' or '.join(near)}?" if near else "configs/default.yaml lists them all"
    raise SettingsError(f"there is no setting {name!r}", hint=hint)


def default_yaml() -> str:
    """The text of configs/default.yaml: every option, its default, one comment."""
    lines = [
        "# Every option of sonify with its default. Copy the lines that you change into a file of your own",
        "",
    ]
    lines[0] += ":\n#   sonify score holiday.mp4 --config mine.yaml"
    section = ""
    for o in options():
        if o.section != section:
            section = o.section
            doc = (type(getattr(Settings(), section)).__doc__ or "").splitlines()[0]
            lines += [f"{section}:  # {doc}"]
        value = yaml.safe_dump(o.default, default_flow_style=True).splitlines()[0]
        lines.append(f"  {o.key}: {value}  # {o.help} ({o.kind})")
    return "\n".join(lines) + "\n"


_adapter = TypeAdapter(Settings)


def _kind(entry: Mapping[str, Any]) -> str:
    if "enum" in entry:
        return ", ".join(str(choice) for choice in entry["enum"])
    kind = {"number": "number", "integer": "whole number", "boolean": "true or false", "string": "text"}[
        entry["type"]
    ]
    low = entry.get("minimum", entry.get("exclusiveMinimum"))
    high = entry.get("maximum", entry.get("exclusiveMaximum"))
    return kind if low is None else f"{kind}, {'over ' if 'exclusiveMinimum' in entry else ''}{low:g} to {high:g}"


def _merge(into: dict[str, dict[str, Any]], new: Mapping[str, Any]) -> None:
    for name, value in new.items():
        section, _, key = str(name).partition(".")
        if not key and isinstance(value, Mapping) and section in {f.name for f in fields(Settings)}:
            _merge(into, {f"{section}.{inner}": item for inner, item in value.items()})
            continue
        known = option(str(name))
        into.setdefault(known.section, {})[known.key] = value


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SettingsError(f"{path} is over 1 MiB", hint="is it a settings file?")
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"can't read {path}: {error.strerror}", hint="check the name") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" (line {place.line + 1})" if place else ""
        raise SettingsError(f"{path} is not YAML{where}", hint="configs/default.yaml shows the form") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(f"{path} holds no settings", hint="configs/default.yaml shows the form")
    return document


def _scalar(text: str, name: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise SettingsError(f"--set {name}: {text!r} is not a value", hint="quote it") from None
