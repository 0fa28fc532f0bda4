"""From cosines to probabilities that mean the same for every model.

A cosine means little by itself: CLIP gives about .18 to anything and .33 to a match, another model gives other
numbers. What tells is how far a label rises over phrases that describe nothing in particular:

    p(label | picture) = sigmoid(scale * (cos(picture, label) - max over null phrases cos(picture, null)) + bias)

Each label is judged by itself, so emitters coexist and "nothing" is an answer. Scale and bias are fitted once for
each family of models (`training/calibrate.py`); OPENAI_CLIP's are from recorded ViT-B/32 vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NULL_PHRASES = (
    "a photo",
    "nothing in particular",
    "a blank wall",
    "a plain background",
    "a blurry picture",
    "a black screen",
    "text on a screen",
    "a person talking to the camera",
)


@dataclass(frozen=True)
class Calibration:
    """scale: steepness per unit of cosine; bias: log-odds of a label that equals the best null phrase."""

    scale: float
    bias: float

    def probabilities(self, cosines: NDArray[np.float32], null: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [..., L] of L labels, from their cosines [..., L] and the best null cosine [...]."""
        logits = self.scale * (cosines - null[..., None]) + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))), dtype=np.float32)


OPENAI_CLIP = Calibration(scale=100.0, bias=-4.0)
