"""What every audio-text model offers, whatever is inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class AudioTextModel(Protocol):
    """A CLAP-like model: sounds and texts become vectors of one space."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def weights(self) -> str:
        """Hash of the weights: the first 16 hexadecimal digits of SHA-256."""
        ...

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the samples that it takes."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of its vectors, D."""
        ...

    def embed_audio(self, sounds: Sequence[Array]) -> Array:
        """Unit vectors float32 [len(sounds), D] of sounds, each mono float32 [T] at `sample_rate_hz`, T over 0.

        The same samples give the same vector, whatever other sounds are with them.
        """
        ...

    def embed_text(self, texts: Sequence[str]) -> Array:
        """Unit vectors float32 [len(texts), D], one a text as it stands (no template added)."""
        ...
