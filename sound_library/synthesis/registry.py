"""The list of sounds: who makes each, what it is called, and by which words a picture model looks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .noise import Rng, Samples

Maker = Callable[[Rng], Samples]


@dataclass(frozen=True)
class Sound:
    """One file of the library.

    `steady` sounds loop; the others are events. `heard_as` are the AudioSet classes, decided before listening, any
    of which an independent listener should name.
    """

    name: str
    label: str
    kind: str
    phrases: tuple[str, ...]
    heard_as: tuple[str, ...]
    description: str
    steady: bool
    packed: bool
    make: Maker

    @property
    def file(self) -> str:
        """Path inside the library, with '/'."""
        folder = "ambience" if self.kind == "ambience" else "effects"
        return f"{folder}/{self.name}.{'ogg' if self.packed else 'flac'}"

    def rng(self) -> Rng:
        """A fresh generator whose seed depends on the name alone."""
        return np.random.default_rng(int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big"))


REGISTERED: dict[str, Sound] = {}


def sound(
    label: str,
    phrases: str,
    heard_as: str,
    description: str,
    *,
    takes: int = 1,
    steady: bool = False,
    packed: bool | None = None,
    kind: str = "effect",
    name: str | None = None,
) -> Callable[[Maker], Maker]:
    """Register a function as `takes` sounds of one label; lists are ';'-separated.

    `packed` chooses Ogg Vorbis over FLAC; left alone, steady sounds are packed.
    """

    def register(make: Maker) -> Maker:
        base = name or str(getattr(make, "__name__", "")).strip("_")
        for take in range(1, takes + 1):
            full = base if takes == 1 else f"{base}_{take}"
            if full in REGISTERED:
                raise ValueError(f"two sounds are called {full!r}: rename one")
            REGISTERED[full] = Sound(
                name=full,
                label=label,
                kind=kind,
                phrases=tuple(p.strip() for p in phrases.split(";")),
                heard_as=tuple(c.strip() for c in heard_as.split(";")),
                description=description,
                steady=steady or kind == "ambience",
                packed=(steady or kind == "ambience") if packed is None else packed,
                make=make,
            )
        return make

    return register


def bed(label: str, phrases: str, heard_as: str, description: str) -> Callable[[Maker], Maker]:
    """Register an ambience."""
    return sound(label, phrases, heard_as, description, kind="ambience")
