"""Where a part begins and ends, to within 100 ms: the film is looked at closely around its edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sonify.matching.parts import Part, Span
from sonify.matching.presence import Levels, levels, log_odds
from sonify.matching.scores import Scores, Sight
from sonify.matching.second_look import Window
from sonify.models.interface import Box, Embeddings, ImageTextModel
from sonify.settings import Settings

Judge = Callable[[Embeddings, Sequence[int]], Scores]
"""The scores of some labels (indices into the catalogue), in their order."""

# One frame's word counts no more than this (log-odds from the middle), so that no outlier moves an edge.
_LOUDEST = 2.0


@dataclass
class _Edge:
    """One edge of a part: what is seen around it. box: where it shows best beside the edge, if it is a detail."""

    label: int
    rising: bool
    at_s: Fraction
    window: Window
    levels: Levels
    box: Box | None = None
    times_s: list[Fraction] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def sees(self, time_s: Fraction) -> bool:
        """Whether a frame is of its window."""
        return self.window.start_s <= time_s < self.window.end_s

    def settled_s(self) -> Fraction:
        """The crossing that leaves the least on its wrong side; what it was where nothing has been seen."""
        if not self.times_s:
            return self.at_s
        over = np.clip(np.array(self.values) - self.levels.middle, -_LOUDEST, _LOUDEST)
        over = over if self.rising else -over
        # On the right side of a crossing before frame k: all from k on that are over, all before that are not.
        gains = over.sum() - 2 * np.concatenate([[0.0], np.cumsum(over)])
        k = int(np.argmax(gains))
        if k == 0:
            return self.window.start_s
        if k == len(over):
            return self.window.end_s
        return (self.times_s[k - 1] + self.times_s[k]) / 2


class Refine:
    """A second look at the edges of parts. A watcher of `second_look`; `result` when that is done.

    parts: those whose edges matter (no beds), joined across cuts or not. spans: the scenes; an edge never leaves its
    scene. sight: what was seen at first. judge: as the parts were judged.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        spans: Sequence[Span],
        sight: Sight,
        model: ImageTextModel,
        judge: Judge,
        settings: Settings,
    ) -> None:
        self._model, self._judge, self._settings = model, judge, settings
        self._sight = sight
        self._step_s = 1 / Fraction(str(settings.video.sample_rate_hz))
        self._scenes: dict[tuple[int, int], tuple[tuple[Fraction, ...], Levels, Scores]] = {}
        self._edges: dict[Part, list[_Edge]] = {}
        if settings.matching.refine_rate_hz > settings.video.sample_rate_hz:
            for part in parts:
                self._edges[part] = self._edges_of(part, spans)
        self._labels = sorted({edge.label for edges in self._edges.values() for edge in edges})

    def windows(self) -> Sequence[Window]:
        """About one step of the first look to each side of an edge."""
        return [edge.window for edges in self._edges.values() for edge in edges]

    def see(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8]) -> None:
        """Judges frames uint8 [N, H, W, 3], and lets them go."""
        near = [
            edge
            for edges in self._edges.values()
            for edge in edges
            if edge.window.start_s <= times_s[-1] and times_s[0] < edge.window.end_s
        ]
        seen = self._model.embed_frames(frames)
        parts = [dict.fromkeys(edge.box for edge in near if edge.box and edge.sees(time_s)) for time_s in times_s]
        if any(parts):
            seen = replace(seen, details=self._model.embed_parts(frames, [tuple(boxes) for boxes in parts]))
        values = log_odds(self._judge(seen, self._labels).probabilities)
        columns = {label: column for column, label in enumerate(self._labels)}
        for edge in near:
            for index, time_s in enumerate(times_s):
                if edge.sees(time_s):
                    edge.times_s.append(time_s)
                    edge.values.append(float(values[index, columns[edge.label]]))

    def result(self, part: Part) -> Part:
        """The part with its edges where they were seen; unchanged when it is none of those given."""
        start_s, end_s = part.interval.start_s, part.interval.end_s
        for edge in self._edges.get(part, ()):
            if edge.rising:
                start_s = edge.settled_s()
            else:
                end_s = edge.settled_s()
        if start_s >= end_s:
            return part
        return replace(part, interval=replace(part.interval, start_s=start_s, end_s=end_s))

    def _edges_of(self, part: Part, spans: Sequence[Span]) -> list[_Edge]:
        interval = part.interval
        middle_s = (interval.start_s + interval.end_s) / 2
        found = []
        for number, span in enumerate(spans):
            first = span.start_s <= interval.start_s < span.end_s
            last = span.start_s < interval.end_s <= span.end_s
            if not first and not last:
                continue
            times_s, at, scores = self._scene(part.label, number, span)
            if not times_s:
                continue
            inside = [k for k, time_s in enumerate(times_s) if interval.start_s <= time_s < interval.end_s]
            boxes = [scores.detail(k, 0) for k in (inside[0], inside[-1])] if inside else [None, None]
            if first:
                # From the scene's beginning on: then it is unseen only up to the first frame looked at.
                whole = interval.start_s == span.start_s
                end_s = times_s[0] if whole else min(interval.start_s + self._step_s, middle_s)
                start_s = max(interval.start_s - self._step_s, span.start_s)
                found.append((True, interval.start_s, start_s, end_s, at, boxes[0]))
            if last:
                whole = interval.end_s == span.end_s
                start_s = times_s[-1] if whole else max(interval.end_s - self._step_s, middle_s)
                end_s = min(interval.end_s + self._step_s, span.end_s)
                found.append((False, interval.end_s, start_s, end_s, at, boxes[-1]))
        rate_hz = self._settings.matching.refine_rate_hz
        return [
            _Edge(part.label, rising, at_s, Window(start_s, end_s, rate_hz), at, box)
            for rising, at_s, start_s, end_s, at, box in found
            if end_s - start_s > Fraction(1) / Fraction(str(rate_hz))
        ]

    def _scene(self, label: int, number: int, span: Span) -> tuple[tuple[Fraction, ...], Levels, Scores]:
        """The frames of the first look in a scene, the label's levels there, and its scores as the only label."""
        if (label, number) not in self._scenes:
            frames = self._sight.between(span.start_s, span.end_s)
            scores = self._judge(self._sight.embeddings[frames], (label,))
            at = levels(scores.probabilities[:, 0], self._settings.matching)
            self._scenes[label, number] = (self._sight.times_s[frames], at, scores)
        return self._scenes[label, number]
