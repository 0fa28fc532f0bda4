"""How much each frame shows each label's emitter."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sonify.matching.rank import from_middle
from sonify.matching.views import AROUND_SHARE, contested, surroundings
from sonify.models.background import background
from sonify.models.calibration import Calibration, probabilities
from sonify.models.interface import Box, Details, Embeddings

Array = NDArray[np.float32]


CLEAR_SHARE = 1 / 3
"""Share of a scene's frames, those with the most to be seen, that say what it shows as a whole."""


@dataclass(frozen=True)
class Sight:
    """What the model saw of a whole video: vectors float32 [N, V, D] of N frames, and their exact times."""

    embeddings: Embeddings
    times_s: tuple[Fraction, ...]

    def between(self, start_s: Fraction, end_s: Fraction) -> slice:
        """The frames of a scene: from start_s up to, not including, end_s."""
        inside = [index for index, time in enumerate(self.times_s) if start_s <= time < end_s]
        return slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)


@dataclass(frozen=True)
class Words:
    """Unit vectors of the labels [L, D] and of the phrases that describe nothing [K, D].

    usual: what pictures usually show [U, D]; None: a label need only rise over nothing. odds: by how much a person
    wants each label, float32 [L]: 1 as it is, 0 never; None: all as they are.
    """

    labels: Array
    null: Array
    usual: Array | None = None
    odds: Array | None = None

    @cached_property
    def emitters(self) -> Array:
        """The labels as seen from the middle of all words, float32 [L, D]: what tells two emitters apart."""
        return from_middle(self.labels, self.usual)

    def allowed(self, label: int) -> bool:
        """Whether a person lets it be heard."""
        return self.odds is None or float(self.odds[label]) > 0


@dataclass(frozen=True)
class Scores:
    """Probabilities that a label's emitter is there.

    probabilities: float32 [N, L], of the view that shows it best; centres: float32 [N, L], where in the width
    it is, from -1 (left) to 1 (right), the views weighted by their probabilities; views: int [N, L], which view shows
    it best: one of `boxes`, or after them one of the frame's details.
    """

    probabilities: Array
    centres: Array
    views: NDArray[np.int64]
    boxes: tuple[Box, ...]
    details: Details | None = None

    def box(self, frame: int, label: int) -> Box:
        """The part of the picture that shows a label best in a frame."""
        return self.detail(frame, label) or self.boxes[int(self.views[frame, label])]

    def detail(self, frame: int, label: int) -> Box | None:
        """The same where it is one of the frame's details, else None."""
        view = int(self.views[frame, label]) - len(self.boxes)
        return self.details.parts[frame][view] if view >= 0 and self.details else None


def score(
    vectors: Array,
    boxes: tuple[Box, ...],
    words: Words,
    calibration: Calibration,
    *,
    details: Details | None = None,
    scene: bool = False,
) -> Scores:
    """Scores of frames, from their vectors float32 [N, V, D] and what else was looked at of them.

    scene: the frames are those of one scene, and a label must rise over what the scene as a whole shows too.
    """
    around = surroundings(boxes)
    ground = _ground(vectors, words, calibration)
    together, over = around.heard(vectors), around.heard(ground)  # a mean of vectors has the mean of their cosines
    there = np.ones(over.shape, dtype=bool)
    if details is not None and details.vectors.shape[1]:
        there = np.concatenate([there, details.there], axis=1)
        together = np.concatenate([together, details.vectors], axis=1)
        over = np.concatenate([over, _ground(details.vectors, words, calibration)], axis=1)
        over = np.where(there, over, np.float32(-1))
    cosines = together @ words.labels.T
    if words.usual is not None and calibration.usual is not None:
        own, over = over, shown(over, scene=scene).copy()
        # A part that is looked at by itself is no piece of a sky: what is around it counts no more than elsewhere.
        parts = np.s_[:, len(boxes) :]
        over[parts] = AROUND_SHARE * over[parts] + (1 - AROUND_SHARE) * own[parts]
        odds = calibration.usual.log_odds(cosines, over)
        if not around.alone:
            rival = (together @ words.usual.T).max(axis=-1, keepdims=True)
            first = calibration.usual.log_odds(rival, over)[..., 0]
            first[:, : len(boxes)] = around.first_of_all(first[:, : len(boxes)])
            odds = contested(odds, first)
    else:
        odds = calibration.log_odds(cosines, over)
    del cosines
    seen = probabilities(odds)
    seen[~there] = 0
    if words.odds is not None:
        likelier = words.odds * seen
        seen = np.asarray(likelier / np.maximum(1 - seen + likelier, 1e-9), dtype=np.float32)
    weight = seen.sum(axis=1)
    centres = np.einsum("nvl,nv->nl", seen, _middles(boxes, details, there)) / np.maximum(weight, 1e-9)
    return Scores(seen.max(axis=1), centres.astype(np.float32), seen.argmax(axis=1), boxes, details)


def _ground(vectors: Array, words: Words, calibration: Calibration) -> Array:
    """What labels must rise over in each view by itself, [N, V]."""
    if words.usual is not None and calibration.usual is not None:
        return background(vectors, words.null, words.usual)
    return np.asarray((vectors @ words.null.T).max(axis=-1), dtype=np.float32)


def _middles(boxes: tuple[Box, ...], details: Details | None, there: NDArray[np.bool_]) -> Array:
    """Where in the width each view lies, -1..1: float32 [N, V]."""
    middles = np.zeros(there.shape, dtype=np.float32)
    middles[:, : len(boxes)] = [box.left + box.right - 1 for box in boxes]
    for frame, parts in enumerate(details.parts if details else ()):
        middles[frame, len(boxes) : len(boxes) + len(parts)] = [box.left + box.right - 1 for box in parts]
    return middles


def shown(background: Array, *, scene: bool) -> Array:
    """What labels must rise over in each view of each frame, [N, V], from the backgrounds of the views [N, V].

    A view of bare sky is no evidence for what is a little like a sky: all views of a frame have the background of its
    clearest one. Nor is a dim frame of a scene whose other frames are clear: half of the way to them is added.
    """
    frames: Array = background.max(axis=1)
    if scene and len(frames):
        clear = np.sort(frames)[-max(1, round(len(frames) * CLEAR_SHARE)) :].mean()
        frames = np.asarray((frames + np.maximum(frames, clear)) / 2, dtype=np.float32)
    return np.broadcast_to(frames[:, None], background.shape)
