"""A sound, a label, and the sounds of all libraries together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sonify.library.records import SoundKind


@dataclass(frozen=True)
class Sound:
    """One sound file of a library.

    library: the library's name in the cue sheet; path: inside it, with '/'; file: where it lies on this machine.
    lead_silence_s: seconds of silence before it begins, None where that has not been measured.
    """

    library: str
    path: str
    file: Path
    label: str
    kind: SoundKind
    phrases: tuple[str, ...]
    licence: str
    author: str
    duration_s: float
    sample_rate_hz: int
    channels: int
    title: str = ""
    source_url: str = ""
    lead_silence_s: float | None = None


@dataclass(frozen=True)
class Label:
    """What some sounds are, and the phrases by which a model looks for their emitter in a picture.

    Without phrases there is nothing to see (a whoosh, a beep), and it is never matched to pictures; music and speech
    have none. sounds are read from the catalogue when they are asked for.
    """

    text: str
    kind: SoundKind
    phrases: tuple[str, ...]
    sounds: Sequence[Sound]


@dataclass(frozen=True)
class Library:
    """A folder of sounds, under the name that cue sheets use. The starter library needs no path in them."""

    name: str
    folder: Path
    starter: bool = False


@dataclass(frozen=True)
class Catalog:
    """All sounds of all libraries, sorted; problems name each file that could not be used, and why.

    sounds are read from the catalogues when they are asked for.
    """

    libraries: tuple[Library, ...]
    sounds: Sequence[Sound]
    labels: tuple[Label, ...]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Catalog(sounds={len(self.sounds)}, labels={len(self.labels)}, problems={len(self.problems)})"
