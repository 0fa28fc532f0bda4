"""The labels as the methods know them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sonify.library.sounds import Catalog
from sonify.matching.scores import Array
from sonify.matching.scores import Words as OurWords
from sonify.models.calibration import Calibration
from sonify.models.interface import ImageTextModel

LOGIT_SCALE = 100.0
"""What the released CLIPs multiply cosines by before a softmax: their learned temperature, at its upper bound."""


@dataclass(frozen=True)
class Known:
    """The labels that a picture can have.

    texts, kinds: of each; bare: unit vectors [L, D] of the texts as they stand, the prototype's prompts. ours: their
    vectors in the pipeline, and the null phrases'. logit_scale: the model's own, by which a softmax is taken.
    """

    texts: tuple[str, ...]
    kinds: tuple[Literal["effect", "ambience"], ...]
    bare: Array
    ours: OurWords
    calibration: Calibration
    logit_scale: float

    def of(self, kind: str) -> list[int]:
        """Numbers of the labels of a kind."""
        return [n for n, k in enumerate(self.kinds) if k == kind]


def known(catalog: Catalog, ours: OurWords, model: ImageTextModel) -> Known:
    """The labels that are ever matched to pictures: those with phrases."""
    numbers = [n for n, label in enumerate(catalog.labels) if label.phrases and label.kind in ("effect", "ambience")]
    labels = [catalog.labels[n] for n in numbers]
    return Known(
        tuple(label.text for label in labels),
        tuple("ambience" if label.kind == "ambience" else "effect" for label in labels),
        model.embed_phrases([label.text for label in labels]),
        replace(ours, labels=ours.labels[numbers], odds=None),  # what a person wants is no part of any method
        model.calibration,
        scale_of(model),
    )


def scale_of(model: ImageTextModel) -> float:
    """The temperature that the model was trained with; LOGIT_SCALE where it tells none."""
    learned = getattr(getattr(model, "module", None), "logit_scale", None)
    return LOGIT_SCALE if learned is None else float(learned.detach().exp())


def softmax(vectors: Array, words: Array, scale: float) -> Array:
    """Shares [N, L] of labels, unit vectors [L, D], in pictures, unit vectors [N, D]."""
    logits = scale * (vectors @ words.T)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float32)
