"""A sound, a label, and the catalogue of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonify.cues import Kind


@dataclass(frozen=True)
class Sound:
    """One sound file of a library.

    library: the library's name in the cue sheet; path: inside it, with '/'; file: where it lies on this machine.
    """

    library: str
    path: str
    file: Path
    label: str
    kind: Kind
    phrases: tuple[str, ...]
    licence: str
    author: str
    duration_s: float
    sample_rate_hz: int
    channels: int


@dataclass(frozen=True)
class Label:
    """What some sounds are, and the phrases by which a model looks for their emitter in a picture.

    Without phrases there is nothing to see (a whoosh, a beep), and it is never matched to pictures.
    """

    text: str
    kind: Kind
    phrases: tuple[str, ...]
    sounds: tuple[Sound, ...]


@dataclass(frozen=True)
class Library:
    """A folder of sounds, under the name that cue sheets use. The starter library needs no path in them."""

    name: str
    folder: Path
    starter: bool = False


@dataclass(frozen=True)
class Catalog:
    """All sounds of all libraries, sorted; problems name each file that could not be used, and why."""

    libraries: tuple[Library, ...]
    sounds: tuple[Sound, ...]
    labels: tuple[Label, ...]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Catalog(sounds={len(self.sounds)}, labels={len(self.labels)}, problems={len(self.problems)})"
