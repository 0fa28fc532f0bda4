"""From cosines to probabilities that mean the same for every model.

A cosine means little by itself: CLIP gives about .18 to anything and .33 to a match, another model gives other
numbers. What tells is how far a label rises over phrases that describe nothing in particular:

    p(label | picture) = sigmoid(scale * (cos(picture, label) - max over null phrases cos(picture, null)) + bias)

Each label is judged by itself, so emitters coexist and "nothing" is an answer. A model folder brings its own scale
and bias in calibration.json; sonify-mini's are fitted on held-out photographs (`training/calibrate.py`).

OPENAI_CLIP serves every other model. `training/calibrate_clip.py` fits it on recorded vectors of OpenAI's ViT-B/32:
100 photographs, the names of 1,193 things ("a dog"), right where captions have the name (73 pairs), wrong where none
has (119,161), weighed as if 5 % of a library's labels were in the picture. Result: scale 138.6, bias -3.11; even odds
at .022 over the null; 68 % of the right pairs and .9 % of the wrong ones are above (many of those are in the picture,
only not in a caption: a frisbee with a leaping dog). What is not known: no vectors of NULL_PHRASES were recorded. The
null was taken as the expected best of eight names that are not in the picture; with the best of four or sixteen the
bias would be -4.13 or -2.05. Nor is it known how far other weights differ from ViT-B/32's; where a model finds too
much or too little, `matching.threshold` corrects it.

Where the background (sonify.models.background) takes the place of the best null, other numbers are needed: `usual`.
With 500 names of OpenImages in the place of usual.txt, whose vectors were not recorded either, the same fit gives
scale 134.9, bias -1.71: 59 % of the right pairs are above even odds, and .54 wrong labels of 60. By the bare cosine
51 % are, at as many wrong ones.
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
    """scale: steepness per unit of cosine; bias: log-odds of a label that equals what it is compared with.

    That is the best null phrase. usual: the same two numbers where the background (sonify.models.background) takes
    its place, None where they were not fitted.
    """

    scale: float
    bias: float
    usual: Calibration | None = None

    def probabilities(self, cosines: NDArray[np.float32], null: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [..., L] of L labels, from their cosines [..., L] and the best null cosine [...]."""
        return probabilities(self.log_odds(cosines, null))

    def log_odds(self, cosines: NDArray[np.float32], null: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same as log(p / (1 - p))."""
        return np.asarray(self.scale * (cosines - null[..., None]) + self.bias, dtype=np.float32)


def probabilities(log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of the same shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -60, 60))), dtype=np.float32)


OPENAI_CLIP = Calibration(scale=140.0, bias=-3.1, usual=Calibration(scale=135.0, bias=-1.7))
