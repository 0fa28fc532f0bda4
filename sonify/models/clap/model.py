"""What both back ends have in common: windows, pooling, checks. A back end only has to run its two towers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from sonify.errors import ModelError
from sonify.models.clap.interface import Array
from sonify.models.clap.windows import SAMPLE_RATE_HZ, pooled, unit, windows

T = TypeVar("T")
_TEXT_BATCH = 64


@dataclass(frozen=True)
class Towers:
    """The two halves of a CLAP, whatever package runs them.

    hear: windows float32 [W, 480000] -> [W, D]; read: texts -> [N, D]. Neither needs to give unit vectors.
    """

    hear: Callable[[Array], Array]
    read: Callable[[Sequence[str]], Array]
    dimensions: int


class ClapModel:
    """An AudioTextModel (see sonify.models.clap.interface)."""

    def __init__(self, towers: Towers, *, name: str, weights: str, engine: str) -> None:
        """name: what the user calls it; weights: hash of its file; engine: the package that runs it."""
        self._towers = towers
        self._name, self._weights, self.engine = name, weights, engine

    def __repr__(self) -> str:
        return f"ClapModel({self._name!r}, {self._weights}, {self.engine})"

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self._name

    @property
    def weights(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 over its file of weights."""
        return self._weights

    @property
    def sample_rate_hz(self) -> int:
        """48,000."""
        return SAMPLE_RATE_HZ

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        return self._towers.dimensions

    def embed_audio(self, sounds: Sequence[Array]) -> Array:
        """Unit vectors float32 [len(sounds), D] of sounds, each mono float32 [T] at 48 kHz, T over 0.

        Each sound goes through the tower by itself: its vector depends on nothing else. Raises ModelError for
        samples that are something else or not finite, and when the device's memory doesn't suffice.
        """
        vectors = np.empty((len(sounds), self.dimensions), dtype=np.float32)
        for n, samples in enumerate(sounds):
            _check(samples)
            vectors[n] = pooled(self._checked(self._towers.hear, windows(samples), "sounds"))
        return vectors

    def embed_text(self, texts: Sequence[str]) -> Array:
        """Unit vectors float32 [len(texts), D], one a text as it stands; a long text is cut off at its end."""
        if isinstance(texts, str):
            raise ModelError(f"texts are {texts!r}", hint="they must be a list of texts")
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _TEXT_BATCH):
            part = list(texts[start : start + _TEXT_BATCH])
            vectors[start : start + len(part)] = self._checked(self._towers.read, part, "texts")
        return vectors

    def _checked(self, tower: Callable[[T], Array], given: T, what: str) -> Array:
        try:
            found = tower(given)
        except (RuntimeError, NotImplementedError) as error:
            raise ModelError(
                f"{self._name} failed on {what} ({first_line(error)})", hint="try --device cpu"
            ) from None
        if found.ndim != 2 or found.shape[1] != self.dimensions or not np.isfinite(found).all():
            raise ModelError(
                f"{self._name} gives no numbers for {what}: its weights are damaged", hint="pull or copy it again"
            )
        return unit(found)


def first_line(error: BaseException) -> str:
    """What a package says of its failure, short enough for one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])[:200] if lines else type(error).__name__


def _check(samples: Array) -> None:
    if samples.dtype != np.float32 or samples.ndim != 1 or not len(samples):
        raise ModelError(
            f"a sound is {samples.dtype} {samples.shape}", hint="it must be mono float32 [T] at 48 kHz, not empty"
        )
    if not np.isfinite(samples).all():
        raise ModelError("a sound holds samples that are no numbers", hint="leave it out, or put zeros there")
