"""From scores to cues: what is heard in each scene, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

import numpy as np

from sonify.cues import Alternative, Cue, Evidence, Kind, Scene, SoundRef
from sonify.library.sounds import Catalog, Label, Sound
from sonify.matching.choose import BETWEEN_SHOTS_S, LAST_SHOT_S, Order, by_fit, single_event, takes
from sonify.matching.presence import Interval, presence
from sonify.matching.rank import best_first, different, pool
from sonify.matching.scores import Scores, Sight, Words, score
from sonify.models.calibration import Calibration
from sonify.settings import Settings


class Span(Protocol):
    """A scene's place in time."""

    @property
    def start_s(self) -> Fraction:
        """Where it begins."""
        ...

    @property
    def end_s(self) -> Fraction:
        """Where it ends."""
        ...


@dataclass(frozen=True)
class Placed:
    """The scenes, each with its suggestions, and the cues in order of time."""

    scenes: tuple[Scene, ...]
    cues: tuple[Cue, ...]


@dataclass(frozen=True)
class _Part:
    """One label over one interval, before it becomes a cue."""

    label: int
    interval: Interval
    evidence: Evidence
    pan: float
    score: float
    others: tuple[int, ...]
    other_scores: tuple[float, ...]


def place(
    sight: Sight,
    spans: Sequence[Span],
    catalog: Catalog,
    words: Words,
    calibration: Calibration,
    settings: Settings,
    *,
    lead_silence_s: Callable[[Sound], float],
    order: Order = by_fit,
) -> Placed:
    """Decides the cues of a video.

    words: the vectors of catalog.labels, in that order. lead_silence_s tells how much of a sound's beginning is
    silent, so that what is heard starts with the cue. order says which of a label's sounds is best.
    """
    scenes: list[Scene] = []
    parts: list[_Part] = []
    for span in spans:
        frames = sight.between(span.start_s, span.end_s)
        scores = score(sight.embeddings.vectors[frames], sight.embeddings.boxes, words, calibration)
        times = sight.times_s[frames]
        scene = _Scene(span, scores, times, catalog, words, settings, order)
        parts += scene.parts()
        scenes.append(scene.described())
    joined = _joined(parts)
    cues = [cue for part in joined for cue in _cues(part, catalog, settings, order, lead_silence_s=lead_silence_s)]
    cues.sort(key=lambda cue: (cue.start_s, cue.kind, cue.end_s, cue.label, cue.sound.path))
    return Placed(tuple(scenes), tuple(replace(cue, id=f"cue-{number:03d}") for number, cue in enumerate(cues, 1)))


class _Scene:
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
        least = round(self.settings.min_presence_s * settings.video.sample_rate_hz)
        self.pooled = pool(scores.probabilities, least=least)
        self.visible = [index for index, label in enumerate(catalog.labels) if label.phrases]

    def described(self) -> Scene:
        """The scene with the labels that come nearest, whether or not they are near enough to be heard."""
        ranked = self._ideas(self.visible)[: self.settings.top] if len(self.times_s) else []
        length_s = float(self.span.end_s - self.span.start_s)
        labels = self.catalog.labels
        return Scene(
            float(self.span.start_s),
            float(self.span.end_s),
            tuple(_alternative(labels[index], self.pooled[index], length_s, self.order) for index in ranked),
        )

    def parts(self) -> list[_Part]:
        """What is heard: at most one bed, and the emitters that are there by their own scores."""
        if not len(self.times_s):
            return []
        beds = self._of("ambience")
        bed = [label for label in beds[:1] if self.pooled[label] >= self.settings.ambience_threshold]
        found = [self._part(label, self._whole(), beds) for label in bed]
        effects = self._of("effect")
        there = [label for label in effects if self.pooled[label] >= self.settings.threshold]
        for label in different(there, self.words.labels)[: self.settings.max_effects]:
            found += [self._part(label, interval, effects) for interval in self._presence(label)]
        return found

    def _of(self, kind: Kind) -> list[int]:
        return best_first(self.pooled, (i for i in self.visible if self.catalog.labels[i].kind == kind))

    def _ideas(self, among: Sequence[int]) -> list[int]:
        return different(best_first(self.pooled, among), self.words.labels)

    def _whole(self) -> Interval:
        return Interval(self.span.start_s, self.span.end_s, 0, len(self.times_s) - 1)

    def _presence(self, label: int) -> tuple[Interval, ...]:
        column = self.scores.probabilities[:, label]
        return presence(column, self.times_s, self.span.start_s, self.span.end_s, self.settings)

    def _part(self, label: int, interval: Interval, ranked: Sequence[int]) -> _Part:
        inside = slice(interval.first, interval.last + 1)
        column = self.scores.probabilities[inside, label]
        best = interval.first + int(np.argmax(column))
        box = self.scores.boxes[int(self.scores.views[best, label])]
        pan = float(np.average(self.scores.centres[inside, label], weights=np.maximum(column, 1e-6)))
        others = different((other for other in ranked if other != label), self.words.labels, besides=(label,))[
            : self.settings.top - 1
        ]
        return _Part(
            label,
            interval,
            Evidence(
                float(self.times_s[best]),
                _share(self.scores.probabilities[best, label]),
                (_share(box.left), _share(box.top), _share(box.right), _share(box.bottom)),
            ),
            pan,
            _share(self.pooled[label]),
            tuple(others),
            tuple(_share(self.pooled[other]) for other in others),
        )


def _joined(parts: Sequence[_Part]) -> list[_Part]:
    """Joins a label's parts that touch across a cut, so that a sound doesn't start again there."""
    done: list[_Part] = []
    latest: dict[int, int] = {}
    for part in parts:
        index = latest.get(part.label)
        if index is not None and done[index].interval.end_s == part.interval.start_s:
            before = done[index]
            better = max(before, part, key=lambda p: p.evidence.score)
            lengths = (float(before.interval.length_s), float(part.interval.length_s))
            done[index] = replace(
                better,
                interval=replace(before.interval, end_s=part.interval.end_s),
                pan=float(np.average((before.pan, part.pan), weights=lengths)),
            )
        else:
            latest[part.label] = len(done)
            done.append(part)
    return done


def _cues(
    part: _Part, catalog: Catalog, settings: Settings, order: Order, *, lead_silence_s: Callable[[Sound], float]
) -> list[Cue]:
    label = catalog.labels[part.label]
    length_s = float(part.interval.length_s)
    sounds = order(label, length_s)
    alternatives = tuple(
        _alternative(catalog.labels[other], value, length_s, order)
        for other, value in zip(part.others, part.other_scores, strict=True)
    )
    bed = label.kind == "ambience"
    fade_s = min(settings.mix.ambience_fade_s if bed else settings.mix.fade_s, length_s / 2)

    def cue(sound: Sound, start_s: float, end_s: float, fade_in_s: float, fade_out_s: float) -> Cue:
        return Cue(
            id="new",
            kind="ambience" if bed else "effect",
            label=label.text,
            sound=_ref(sound),
            start_s=start_s,
            end_s=end_s,
            source_offset_s=round(lead_silence_s(sound), 6),
            pan_curve=() if bed else ((start_s, round(part.pan, 3)),),
            fade_in_s=fade_in_s,
            fade_out_s=fade_out_s,
            score=part.score,
            evidence=part.evidence,
            alternatives=alternatives,
        )

    if not single_event(sounds[0]):
        return [cue(sounds[0], float(part.interval.start_s), float(part.interval.end_s), fade_s, fade_s)]
    hits = takes(sounds)
    cues: list[Cue] = []
    start_s = part.interval.start_s
    while not cues or start_s + LAST_SHOT_S <= part.interval.end_s:
        sound = hits[len(cues) % len(hits)]
        heard_s = max(sound.duration_s - lead_silence_s(sound), 0.01)
        end_s = min(float(start_s) + heard_s, float(part.interval.end_s))
        cues.append(cue(sound, float(start_s), end_s, 0.0, min(0.02, heard_s / 2)))
        start_s += BETWEEN_SHOTS_S
    return cues


def _alternative(label: Label, value: float, length_s: float, order: Order) -> Alternative:
    return Alternative(label.text, _ref(order(label, length_s)[0]), _share(value))


def _ref(sound: Sound) -> SoundRef:
    return SoundRef(sound.library, sound.path, sound.licence, sound.title, sound.author, sound.source_url)


def _share(value: float) -> float:
    """A number in 0..1 with the digits that mean something: the same on every machine."""
    return min(1.0, max(0.0, round(float(value), 4)))
