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
class Details:
    """Parts of single frames that were looked at by themselves, up to K of each frame.

    vectors: float32 [N, K, D], of length 1, or 0 where a frame has fewer. parts: N times the boxes of these vectors.
    """

    vectors: Array
    parts: tuple[tuple[Box, ...], ...]

    def __getitem__(self, frames: slice) -> Details:
        return Details(self.vectors[frames], self.parts[frames])

    def __repr__(self) -> str:
        return f"Details({'x'.join(map(str, self.vectors.shape))})"

    @property
    def there(self) -> NDArray[np.bool_]:
        """Which of the vectors are of a part at all, [N, K]."""
        counts = np.array([len(parts) for parts in self.parts], dtype=np.int64)
        return np.arange(self.vectors.shape[1])[None] < counts[:, None]


@dataclass(frozen=True)
class Embeddings:
    """Vectors of length 1.

    vectors: float32 [N, V, D]: N frames, V views of each, D dimensions.
    boxes: V parts of the picture that the views show. details: what else was looked at, of the same N frames.
    """

    vectors: Array
    boxes: tuple[Box, ...]
    details: Details | None = None

    def __getitem__(self, frames: slice) -> Embeddings:
        return Embeddings(self.vectors[frames], self.boxes, self.details and self.details[frames])

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

    @property
    def looks_closely(self) -> bool:
        """Whether it is to see close views, and parts of a picture by themselves too (`video.view`)."""
        ...

    def embed_frames(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Vectors of frames, uint8 [N, H, W, 3] RGB of any size; N may be 0."""
        ...

    def embed_parts(self, pixels: NDArray[np.uint8], parts: Sequence[Sequence[Box]]) -> Details:
        """Vectors of parts of frames, uint8 [N, H, W, 3] RGB; parts: the boxes of each frame, any number."""
        ...

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        """Unit vectors float32 [len(phrases), D], one a phrase as it stands (no template added)."""
        ...
