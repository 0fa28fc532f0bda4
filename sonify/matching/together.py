"""Beds that suit the film: one for all scenes of the same place, and one that suits the effects heard over it.

Each scene leaves a vote, a few numbers a bed, so that an hour of scenes costs little memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Evidence
from sonify.matching.parts import Part
from sonify.matching.presence import Interval
from sonify.matching.rank import best_first, different
from sonify.matching.scores import Array, Scores, Words
from sonify.matching.write import share
from sonify.models.interface import Box
from sonify.settings import MatchingSettings

SAME_PLACE_COSINE = 0.88
"""Scenes whose mean vectors are this near show the same place. Of the real clips' halves, seen by sonify-mini, three
in four are nearer and no two different clips are (.72 at most). Of 100 photographs seen by ViT-B/32, fewer than 5 in
1,000 pairs are, and those look alike."""

SUIT_LOG_ODDS = 1.0
"""What a bed gains that looks for the same as an effect of its scenes. It decides between beds that are nearly
equally likely. On held-out photographs of places it changes nothing (50.5 and 50.2 % right), and a larger one changes
nothing either: the picture that shows the effect has said it already."""


@dataclass(frozen=True)
class BedVote:
    """What one scene says of the B beds of a library.

    interval: the whole of it. chances: pooled probabilities float32 [B]. shown_s, shown and boxes say where each bed
    shows best: the frame's time in seconds float64 [B], its probability float32 [B], and B parts of the picture.
    effects: the labels that are heard in it. view: its mean vector, of length 1, float32 [D].
    """

    interval: Interval
    chances: Array
    shown_s: NDArray[np.float64]
    shown: Array
    boxes: tuple[Box, ...]
    effects: tuple[int, ...]
    view: Array


def vote(
    scores: Scores,
    vectors: Array,
    times_s: Sequence[Fraction],
    interval: Interval,
    pooled: Array,
    beds: Sequence[int],
    effects: Sequence[int],
) -> BedVote:
    """The vote of one scene with at least one frame.

    scores and vectors (float32 [N, V, D]) are of its frames at times_s, pooled [L] is what the scene as a whole says,
    beds are the labels that may be heard as beds, effects those that are heard in it.
    """
    columns = list(beds)
    chances = scores.probabilities[:, columns]
    best = chances.argmax(axis=0)
    every = np.arange(len(columns))
    mean = vectors.mean(axis=(0, 1))
    return BedVote(
        interval,
        pooled[columns],
        np.array([float(time) for time in times_s])[best],
        chances[best, every],
        tuple(scores.box(int(frame), label) for frame, label in zip(best, columns, strict=True)),
        tuple(dict.fromkeys(effects)),
        np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32),
    )


def places(votes: Sequence[BedVote]) -> list[int]:
    """The number of each scene's place, counted from 0 in order of appearance.

    A scene belongs to the place whose scenes, as a mean weighed by their lengths, are nearest to it.
    """
    sums: list[Array] = []
    found: list[int] = []
    for one in votes:
        near = [float(one.view @ total) / max(float(np.linalg.norm(total)), 1e-9) for total in sums]
        best = int(np.argmax(near)) if near else -1
        if best < 0 or near[best] < SAME_PLACE_COSINE:
            best = len(sums)
            sums.append(np.zeros_like(one.view))
        sums[best] = sums[best] + one.view * float(one.interval.length_s)
        found.append(best)
    return found


def bed_parts(votes: Sequence[BedVote], beds: Sequence[int], words: Words, settings: MatchingSettings) -> list[Part]:
    """The beds of all scenes, in their order: the same for all scenes of a place, none where none is likely enough.

    beds: the labels that the votes are about, in that order. The score of a bed is its probability over all scenes of
    the place; its evidence is the scene's own.
    """
    where = places(votes)
    found: list[tuple[int, Part]] = []
    for place in dict.fromkeys(where):
        scenes = [(at, one) for at, (one, own) in enumerate(zip(votes, where, strict=True)) if own == place]
        lengths = [float(one.interval.length_s) for _, one in scenes]
        chances = np.average([one.chances for _, one in scenes], axis=0, weights=lengths)
        ranked = best_first(chances, range(len(beds)))
        likely = [at for at in ranked if chances[at] >= settings.ambience_threshold]
        if not likely:
            continue
        effects = sorted({label for _, one in scenes for label in one.effects})
        wishes = {at: round(_wish(float(chances[at]), beds[at], effects, words), 6) for at in likely}
        best = max(likely, key=wishes.__getitem__)
        rest = (beds[at] for at in ranked if at != best)
        others = different(rest, words.emitters, besides=(beds[best],), most=settings.top - 1)
        other_chances = tuple(share(chances[list(beds).index(other)]) for other in others)
        for at, one in scenes:
            box = one.boxes[best]
            evidence = Evidence(
                float(one.shown_s[best]),
                share(one.shown[best]),
                (share(box.left), share(box.top), share(box.right), share(box.bottom)),
            )
            score = share(float(chances[best]))
            part = Part(beds[best], one.interval, evidence, 0.0, score, tuple(others), other_chances)
            found.append((at, part))
    return [part for _, part in sorted(found, key=lambda item: item[0])]


def _wish(chance: float, label: int, effects: Sequence[int], words: Words) -> float:
    """Log-odds of a bed with what it gains by suiting the effects."""
    odds = float(np.log(max(chance, 1e-9) / max(1 - chance, 1e-9)))
    if not effects:
        return odds
    return odds + SUIT_LOG_ODDS * float((words.emitters[list(effects)] @ words.emitters[label]).max())
