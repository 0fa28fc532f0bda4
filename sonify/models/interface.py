"""What every image-text model offers, whatever is inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonify.models.calibration import Calibration

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Box:
    """A part of the picture, each side as a share of its width or height (0..1)."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Embeddings:
    """Vectors of length 1.

    vectors: float32 [N, V, D]: N frames, V views of each, D dimensions.
    boxes: V parts of the picture that the views show.
    """

    vectors: Array
    boxes: tuple[Box, ...]

    def __repr__(self) -> str:
        return f"Embeddings({'x'.join(map(str, self.vectors.shape))})"


class ImageTextModel(Protocol):
    """A CLIP-like model: pictures and phrases become vectors of one space."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def weights(self) -> str:
        """Hash of the weights: the first 16 hexadecimal digits of SHA-256."""
        ...

    @property
    def image_size_px(self) -> int:
        """Short side of the frames that it makes full use of."""
        ...

    @property
    def calibration(self) -> Calibration:
        """How its cosines become probabilities."""
        ...

    def embed_frames(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Vectors of frames, uint8 [N, H, W, 3] RGB of any size; N may be 0."""
        ...

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        """Unit vectors float32 [len(phrases), D], one a phrase as it stands (no template added)."""
        ...
