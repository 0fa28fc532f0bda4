"""The second look: what one pass over the film can't tell of the parts that were found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from sonify.library.sounds import Catalog
from sonify.matching.events import Events
from sonify.matching.parts import Part, Span
from sonify.matching.refine import Refine
from sonify.matching.scores import Scores, Sight, Words, score
from sonify.matching.second_look import second_look
from sonify.matching.where import Where
from sonify.models.interface import Embeddings, ImageTextModel
from sonify.progress import Progress, silent
from sonify.settings import Settings
from sonify.video.frames import VideoInfo


class Closer:
    """Looks at the parts of effects again: from when to when exactly, where in the picture, and when it hits.

    sight: what the first look saw of the video `info`. words: the vectors of catalog.labels, in that order.
    """

    def __init__(
        self,
        info: VideoInfo,
        sight: Sight,
        catalog: Catalog,
        words: Words,
        model: ImageTextModel,
        settings: Settings,
        *,
        progress: Progress = silent,
    ) -> None:
        self._info, self._sight, self._catalog, self._words = info, sight, catalog, words
        self._model, self._settings, self._progress = model, settings, progress

    def __call__(self, parts: Sequence[Part], spans: Sequence[Span]) -> Sequence[Part]:
        """The parts in their order; beds as they were. Raises VideoError when the video can't be read again."""
        effects = [part for part in parts if self._is_effect(part)]
        cuts = [span.start_s for span in spans]
        refine = Refine(effects, spans, self._sight, self._model, self._judge, self._settings)
        where = Where(effects, self._model, self._words, self._settings, cuts=cuts, progress=self._progress)
        events = Events(effects, [label.text for label in self._catalog.labels], cuts=cuts)
        second_look(
            self._info,
            (refine, where, events),
            short_side_px=Where.short_side_px(self._model),
            settings=self._settings.video,
            progress=self._progress,
        )
        found: list[Part] = []
        for part in parts:
            if not self._is_effect(part):
                found.append(part)
                continue
            refined = refine.result(part)
            if self._lasts(refined, spans):
                found.append(events.result(where.result(refined)))
        return found

    def _is_effect(self, part: Part) -> bool:
        return self._catalog.labels[part.label].kind == "effect"

    def _lasts(self, part: Part, spans: Sequence[Span]) -> bool:
        """Whether it is still no flicker; what is short because its scene is stays."""
        start_s, end_s = part.interval.start_s, part.interval.end_s
        scenes_s = (span.end_s - span.start_s for span in spans if span.start_s < end_s and start_s < span.end_s)
        return part.interval.length_s >= min(Fraction(str(self._settings.matching.min_presence_s)), *scenes_s)

    def _judge(self, seen: Embeddings, labels: Sequence[int]) -> Scores:
        chosen, odds = list(labels), self._words.odds
        words = replace(self._words, labels=self._words.labels[chosen], odds=None if odds is None else odds[chosen])
        return score(seen.vectors, seen.boxes, words, self._model.calibration, details=seen.details)
