"""The cue sheet: which sound is heard when, as a document that a person can read and change.

Pure data, JSON in and out. Everything left of it understands a video, everything right of it makes sound;
nothing else crosses. `docs/cue-sheet.md` explains each field.

Times are seconds from the first frame of the video, rounded to a microsecond when they are written.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from sonify.errors import CueSheetError
from sonify.files import write_text

FORMAT = "sonify.cues"
VERSION = 1
MAX_KEY_FRAMES = 10_000
MAX_BYTES = 256 * 2**20
# Fields that are left out of the document at these values.
LEFT_OUT = {"title": "", "author": "", "source_url": "", "timing": "", "pitch_cents": 0.0}
SHORTEST_LOOP_S = 0.1

Kind = Literal["effect", "ambience"]
Distance = Literal["none", "near", "middle", "far"]
Sounding = Literal["silence", "speech", "sound"]
Curve = Annotated[tuple[tuple[float, float], ...], Field(max_length=MAX_KEY_FRAMES)]


def _inside(path: str) -> str:
    parts = PurePosixPath(path.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or (len(path) > 1 and path[1] == ":"):
        raise ValueError("must be a path inside the library, without '..'")
    return path


def _fraction(text: str) -> str:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError("must be a fraction such as '24000/1001'") from None
    if value < 0:
        raise ValueError("must not be negative")
    return text


def _between(low: float, high: float) -> AfterValidator:
    """Refuses what lies outside, with the whole range: pydantic's own words name only the end that was passed."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"must lie in {low:g}..{high:g}")
        return value

    return AfterValidator(check)


Seconds = Annotated[float, Field(ge=0, le=1e6)]
Cents = Annotated[float, _between(-1200, 1200)]
Gain = Annotated[float, _between(-96, 24)]
Pan = Annotated[float, Field(ge=-1, le=1)]
Score = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[str, Field(min_length=1), AfterValidator(_inside)]

_strict = ConfigDict(extra="forbid", allow_inf_nan=False)


def _rising(curve: Curve, low: float, high: float, name: str) -> None:
    times = [time for time, _ in curve]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise ValueError(f"{name}: times must not go back")
    wrong = next((value for _, value in curve if not low <= value <= high), None)
    if wrong is not None:
        raise ValueError(f"{name}: values must lie in {low:g}..{high:g}, not at {wrong:g}")


@dataclass(frozen=True, config=_strict)
class VideoRef:
    """The video that a sheet belongs to. `frame_rate` is a fraction; the fingerprint is of its content."""

    path: Annotated[str, Field(min_length=1)]
    duration_s: Seconds
    frame_rate: Annotated[str, AfterValidator(_fraction)]
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    fingerprint: str


@dataclass(frozen=True, config=_strict)
class ModelRef:
    """The model that looked at the video, with the hash of its weights."""

    name: str
    weights: str


@dataclass(frozen=True, config=_strict)
class LibraryRef:
    """A folder of sounds. `name` is what the cues call it; the starter library has no path of its own."""

    name: Annotated[str, Field(min_length=1)]
    path: str | None = None


@dataclass(frozen=True, config=_strict)
class SoundRef:
    """A sound file: `path` inside the library called `library`.

    The rest is what the credits say of it, as it was known when the sheet was made; "" where nothing was.
    """

    library: Annotated[str, Field(min_length=1)]
    path: Inside
    licence: str = ""
    title: str = ""
    author: str = ""
    source_url: str = ""


@dataclass(frozen=True, config=_strict)
class Evidence:
    """Why: the frame that showed it best, its probability, and the box [left, top, right, bottom] in 0..1.

    timing: where the cue's place in time comes from: an `interval` in which the emitter is there, an `event` seen in
    the picture, or the `rhythm` of a motion.
    """

    time_s: Seconds
    score: Score
    box: tuple[Score, Score, Score, Score] | None = None
    timing: Literal["", "interval", "event", "rhythm"] = ""


@dataclass(frozen=True, config=_strict)
class Alternative:
    """Another sound for the same cue. `score` is the probability of its label."""

    label: str
    sound: SoundRef
    score: Score


@dataclass(frozen=True, config=_strict)
class OriginalSpan:
    """What the video's own audio is from start_s to end_s."""

    start_s: Seconds
    end_s: Seconds
    sounds: Sounding


@dataclass(frozen=True, config=_strict)
class Scene:
    """A span of video between two cuts or dissolves.

    suggestions: the labels that come nearest to what it shows, best first, heard or not.
    """

    start_s: Seconds
    end_s: Seconds
    suggestions: tuple[Alternative, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        return self


@dataclass(frozen=True, config=_strict)
class Cue:
    """One sound on the timeline.

    The curves are lists of [time_s, value] on the video's clock, straight lines between, held beyond the
    ends; an empty curve means 0. gain_db and gain_curve add up. pan runs from -1 (left) to 1 (right).
    pitch_cents: hundredths of a semitone, by playing faster or slower. distance: None, as `mix.distance` says. loop:
    from where to where in the file it is repeated, in seconds; None, where it joins best.
    """

    id: Annotated[str, Field(min_length=1)]
    kind: Kind
    label: str
    sound: SoundRef
    start_s: Seconds
    end_s: Seconds
    source_offset_s: Seconds = 0.0
    gain_db: Gain = 0.0
    gain_curve: Curve = ()
    pan_curve: Curve = ()
    fade_in_s: Seconds = 0.0
    fade_out_s: Seconds = 0.0
    score: Score = 1.0
    locked: bool = False
    note: str = ""
    evidence: Evidence | None = None
    alternatives: tuple[Alternative, ...] = ()
    pitch_cents: Cents = 0.0
    distance: Distance | None = None
    loop: tuple[Seconds, Seconds] | None = None

    @property
    def speed(self) -> float:
        """How many times faster the sound is played than it was recorded."""
        return float(2 ** (self.pitch_cents / 1200))

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        _rising(self.gain_curve, -96, 24, "gain_curve")
        _rising(self.pan_curve, -1, 1, "pan_curve")
        if self.loop is not None and self.loop[1] - self.loop[0] < SHORTEST_LOOP_S:
            raise ValueError(f"loop: must go from one place to another at least {SHORTEST_LOOP_S:g} s later")
        return self


@dataclass(frozen=True, config=_strict)
class CueSheet:
    """Everything that was decided for one video. Frozen: change it with `dataclasses.replace`."""

    video: VideoRef
    model: ModelRef
    libraries: tuple[LibraryRef, ...]
    scenes: tuple[Scene, ...]
    cues: tuple[Cue, ...]
    settings: dict[str, Any] = Field(default_factory=dict)
    original: tuple[OriginalSpan, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [library.name for library in self.libraries]
        if len(set(names)) < len(names):
            raise ValueError("libraries: two have the same name")
        seen: set[str] = set()
        for index, cue in enumerate(self.cues):
            if cue.id in seen:
                raise ValueError(f"cues[{index}].id: {cue.id!r} is used twice")
            seen.add(cue.id)
            if cue.sound.library not in names:
                raise ValueError(f"cues[{index}].sound.library: {cue.sound.library!r} is not among libraries")
            if cue.start_s >= self.video.duration_s:
                raise ValueError(
                    f"cues[{index}].start_s: {cue.start_s:g} is not before the video's end "
                    f"({self.video.duration_s:g} s)"
                )
        return self

    def __repr__(self) -> str:
        return f"CueSheet({self.video.path!r}, scenes={len(self.scenes)}, cues={len(self.cues)})"

    def to_json(self, *, folder: Path | None = None) -> str:
        """The document. With `folder`, paths that can be are written relative to it."""
        document: dict[str, Any] = {"format": FORMAT, "version": VERSION}
        document |= _tidy(_adapter.dump_python(self, mode="json", exclude_none=True))
        if folder is not None:
            document["video"]["path"] = _relative(document["video"]["path"], folder)
            for library in document["libraries"]:
                if "path" in library:
                    library["path"] = _relative(library["path"], folder)
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, folder: Path | None = None, name: str = "cue sheet") -> CueSheet:
        """Reads a document; relative paths in it start at `folder`. Raises CueSheetError with every problem."""
        sheet = _parse(text, name)
        if folder is None:
            return sheet
        return replace(
            sheet,
            video=replace(sheet.video, path=_absolute(sheet.video.path, folder)),
            libraries=tuple(
                library if library.path is None else replace(library, path=_absolute(library.path, folder))
                for library in sheet.libraries
            ),
        )

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the sheet beside, then renames; raises CueSheetError when `path` exists and not `force`."""
        path = Path(path)
        if path.exists() and not force:
            raise CueSheetError(f"{path} exists", hint="pass --force (force=True) to replace it")
        try:
            write_text(path, self.to_json(folder=path.absolute().parent))
        except OSError as error:
            raise CueSheetError(f"can't write {path}: {error.strerror}", hint="choose another place") from None
        return path

    @classmethod
    def load(cls, path: str | Path) -> CueSheet:
        """Reads a sheet from a file; raises CueSheetError that lists every problem with its place."""
        path = Path(path)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise CueSheetError(f"{path} is over {MAX_BYTES >> 20} MiB", hint="is it a cue sheet?")
            text = path.read_text("utf-8")
        except OSError as error:
            raise CueSheetError(f"can't read {path}: {error.strerror}", hint="check the name") from None
        except UnicodeDecodeError:
            raise CueSheetError(f"{path} is not a text file", hint="is it a cue sheet?") from None
        return cls.from_json(text, folder=path.absolute().parent, name=str(path))


_adapter = TypeAdapter(CueSheet)


def _parse(text: str, name: str) -> CueSheet:
    try:
        document = json.loads(text)
    except RecursionError:
        raise CueSheetError(f"{name} is not JSON (too deeply nested)", hint="is it a cue sheet?") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise CueSheetError(f"{name} is not JSON ({where})", hint="mend that place", problems=(where,)) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CueSheetError(f"{name} is not a cue sheet", hint=f'it needs "format": "{FORMAT}"')
    version = document.get("version")
    if version != VERSION:
        raise CueSheetError(
            f"{name} has version {version!r}; this sonify reads version {VERSION}", hint="update sonify"
        )
    body = {key: value for key, value in document.items() if key not in ("format", "version")}
    try:
        return _adapter.validate_python(body)
    except ValidationError as error:
        problems = tuple(_problem(detail) for detail in error.errors())
        raise CueSheetError(
            f"{name} has {len(problems)} problem{'s' if len(problems) > 1 else ''}: " + "; ".join(problems[:20]),
            hint="mend these places (docs/cue-sheet.md explains each field)",
            problems=problems,
        ) from None


def _problem(detail: Any) -> str:
    place = ""
    for part in detail["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "unexpected_keyword_argument":
        message = "unknown field"
    given = detail["input"]
    shown = f" (is {given!r})" if isinstance(given, str | int | float) and len(repr(given)) < 60 else ""
    return f"{place}: {message}{shown}" if place else message + shown


def _tidy(value: Any) -> Any:
    """Floats to a microsecond, so that the same decision is the same text; nothing where nothing is known."""
    if isinstance(value, float):
        return round(value, 6) + 0.0
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items() if key not in LEFT_OUT or item != LEFT_OUT[key]}
    if isinstance(value, list | tuple):
        return [_tidy(item) for item in value]
    return value


def _relative(path: str, folder: Path) -> str:
    """`path` as seen from `folder`, when they share more than the root of the disk."""
    if not Path(path).is_absolute():
        return path
    try:
        shared = os.path.commonpath([path, str(folder)])
    except ValueError:
        return path
    if shared == Path(shared).anchor:
        return path
    return Path(os.path.relpath(path, folder)).as_posix()


def _absolute(path: str, folder: Path) -> str:
    return os.path.normpath(folder / path)
