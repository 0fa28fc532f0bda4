"""One scene: which labels it shows, and when."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from sonify.cues import Evidence, Kind, Scene
from sonify.library.sounds import Catalog
from sonify.matching.choose import Order
from sonify.matching.parts import Part, Span
from sonify.matching.presence import Interval, presence
from sonify.matching.rank import CLEAR_S, best_first, different, pool
from sonify.matching.scores import Array, Scores, Words
from sonify.matching.together import BedVote, vote
from sonify.matching.write import alternative, share
from sonify.settings import Settings


def visible(catalog: Catalog, words: Words, kind: Kind | None = None) -> list[int]:
    """The labels, of one kind or of all, that can be seen in a picture and may be heard."""
    every = enumerate(catalog.labels)
    return [at for at, one in every if one.phrases and words.allowed(at) and kind in (None, one.kind)]


class SceneLabels:
    """One scene: ranks its labels, then finds when the best are there."""

    def __init__(
        self,
        span: Span,
        scores: Scores,
        times_s: Sequence[Fraction],
        catalog: Catalog,
        words: Words,
        settings: Settings,
        order: Order,
    ) -> None:
        self.span, self.scores, self.times_s = span, scores, times_s
        self.catalog, self.words, self.order = catalog, words, order
        self.settings = settings.matching
        rate_hz = settings.video.sample_rate_hz
        least, most = round(self.settings.min_presence_s * rate_hz), max(1, round(CLEAR_S * rate_hz))
        self.pooled = pool(scores.probabilities, least=least, most=most)
        self.visible = visible(catalog, words)

    def described(self) -> Scene:
        """The scene with the labels that come nearest, whether or not they are near enough to be heard."""
        ranked = self._ideas(self.visible) if len(self.times_s) else []
        length_s = float(self.span.end_s - self.span.start_s)
        labels = self.catalog.labels
        return Scene(
            float(self.span.start_s),
            float(self.span.end_s),
            tuple(alternative(labels[index], self.pooled[index], length_s, self.order) for index in ranked),
        )

    def effects(self) -> list[Part]:
        """The emitters that are there by their own scores."""
        if not len(self.times_s):
            return []
        ranked = self._of("effect")
        there = [label for label in ranked if self.pooled[label] >= self.settings.threshold]
        found: list[Part] = []
        for label in different(there, self.words.emitters, most=self.settings.max_effects):
            found += [self._part(label, interval, ranked) for interval in self._presence(label)]
        return found

    def vote(self, vectors: Array, beds: Sequence[int], effects: Sequence[Part]) -> BedVote | None:
        """What the scene says of the beds; None where it says nothing. vectors: of its frames, float32 [N, V, D]."""
        if not len(self.times_s) or not beds:
            return None
        heard = [part.label for part in effects]
        return vote(self.scores, vectors, self.times_s, self._whole(), self.pooled, beds, heard)

    def _of(self, kind: Kind) -> list[int]:
        return best_first(self.pooled, (i for i in self.visible if self.catalog.labels[i].kind == kind))

    def _ideas(self, among: Sequence[int]) -> list[int]:
        return different(best_first(self.pooled, among), self.words.emitters, most=self.settings.top)

    def _whole(self) -> Interval:
        return Interval(self.span.start_s, self.span.end_s, 0, len(self.times_s) - 1)

    def _presence(self, label: int) -> tuple[Interval, ...]:
        column = self.scores.probabilities[:, label]
        return presence(column, self.times_s, self.span.start_s, self.span.end_s, self.settings)

    def _part(self, label: int, interval: Interval, ranked: Sequence[int]) -> Part:
        inside = slice(interval.first, interval.last + 1)
        column = self.scores.probabilities[inside, label]
        best = interval.first + int(np.argmax(column))
        box = self.scores.box(best, label)
        pan = float(np.average(self.scores.centres[inside, label], weights=np.maximum(column, 1e-6)))
        rest = (other for other in ranked if other != label)
        others = different(rest, self.words.emitters, besides=(label,), most=self.settings.top - 1)
        return Part(
            label,
            interval,
            Evidence(
                float(self.times_s[best]),
                share(self.scores.probabilities[best, label]),
                (share(box.left), share(box.top), share(box.right), share(box.bottom)),
            ),
            pan,
            share(self.pooled[label]),
            tuple(others),
            tuple(share(self.pooled[other]) for other in others),
        )
