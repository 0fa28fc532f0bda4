"""The method of the paper's public prototype (Soundify, 2022), from its description, defects included.

A scene ends where the 16-bin grey histogram jumps. The first frame of a scene, red and blue exchanged, middle square
only, decides: softmax over the bare labels, the best effect is chosen and the best ambience. The effect is heard in
those seconds (one frame in every int(rate)) whose softmax over the *chosen* labels is over 0.1; with one chosen it is
always 1. Each chunk lasts a second by its own count, whatever the frame rate. There is always a sound.

Each defect can be mended by itself, which tells what it costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sonify.evaluation.baselines.glance import Glance, Second
from sonify.evaluation.baselines.words import Known, softmax
from sonify.evaluation.manifest import Clip, covered
from sonify.evaluation.outcome import Heard, Outcome
from sonify.matching.scores import Array, score
from sonify.models.interface import Box

SYNC = 0.1


@dataclass(frozen=True)
class Method:
    """Which of the defects are there. The defaults are the prototype's.

    swapped: red and blue exchanged. first_frame: the scene's first frame alone decides. bare: labels without phrases
    or templates. chosen_only: sync is a softmax over the one chosen label. whole_seconds: chunks are counted as
    seconds of int(rate) frames. histogram_scenes: its own scenes. always: never says that nothing is there.
    """

    swapped: bool = True
    first_frame: bool = True
    bare: bool = True
    chosen_only: bool = True
    whole_seconds: bool = True
    histogram_scenes: bool = True
    always: bool = True


MENDED = {
    "red and blue right": replace(Method(), swapped=False),
    "every second decides": replace(Method(), first_frame=False),
    "phrases and templates": replace(Method(), bare=False),
    "sync among all labels": replace(Method(), chosen_only=False),
    "time does not drift": replace(Method(), whole_seconds=False),
    "scenes of ours": replace(Method(), histogram_scenes=False),
    "may say nothing": replace(Method(), always=False),
}
"""The prototype with one defect mended at a time."""


class Prototype:
    """Makes outcomes of glances."""

    def __init__(self, words: Known, method: Method | None = None, *, name: str = "prototype") -> None:
        self.name = name
        self._words = words
        self._method = method or Method()
        self._vectors = words.bare if self._method.bare else words.ours.labels
        self._kinds = {kind: words.of(kind) for kind in ("effect", "ambience")}

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with the clip."""
        best = np.zeros(len(self._words.texts), np.float32)
        heard: list[Heard] = []
        spans = []
        for first, last, seconds in self._scenes(glance):
            start_s, end_s = first / glance.rate_hz, last / glance.rate_hz
            spans.append((start_s, end_s))
            if not seconds:
                continue
            best = np.maximum(best, self._decide(seconds, range(len(best))))
            for kind, numbers in self._kinds.items():
                heard += self._heard(kind, numbers, seconds, first, (start_s, end_s), glance.rate_hz)
        order = sorted(range(len(best)), key=lambda n: (-best[n], n))
        ranked = tuple((self._words.texts[n], float(best[n])) for n in order)
        return Outcome(ranked, tuple(heard), tuple(spans))

    def _scenes(self, glance: Glance) -> Iterator[tuple[int, int, Sequence[Second]]]:
        if self._method.histogram_scenes:
            yield from glance.histogram_scenes
            return
        every = [second for _, _, seconds in glance.histogram_scenes for second in seconds]
        for scene in glance.scenes:
            first, last = (round(float(t) * glance.rate_hz) for t in (scene.start_s, scene.end_s))
            inside = [second for second in every if first <= second.frame < last]
            # Its frames were chosen for other scenes; where none lies inside, the one before stands for it.
            yield first, last, inside or [s for s in every if s.frame <= first][-1:]

    def _pictures(self, seconds: Sequence[Second]) -> Array:
        return np.stack([second.swapped if self._method.swapped else second.plain for second in seconds])

    def _decide(self, seconds: Sequence[Second], numbers: Sequence[int]) -> Array:
        """Shares [L] of the labels with these numbers in a scene."""
        pictures = self._pictures(seconds[:1] if self._method.first_frame else seconds)
        return np.asarray(softmax(pictures, self._vectors[list(numbers)], self._words.logit_scale).mean(axis=0))

    def _heard(
        self,
        kind: str,
        numbers: Sequence[int],
        seconds: Sequence[Second],
        first: int,
        scene_s: tuple[float, float],
        rate_hz: float,
    ) -> list[Heard]:
        if not numbers:
            return []
        chosen = numbers[int(self._decide(seconds, numbers).argmax())]
        label = self._words.texts[chosen]
        if not self._method.always and not self._likely(seconds, chosen):
            return []
        if kind == "ambience":
            return [Heard(label, "ambience", *scene_s)]
        among = [chosen] if self._method.chosen_only else list(numbers)
        shares = softmax(self._pictures(seconds), self._vectors[among], self._words.logit_scale)
        there = shares[:, among.index(chosen)] > SYNC
        chunks = []
        for number, second in enumerate(seconds):
            if there[number]:
                begin_s = scene_s[0] + (number if self._method.whole_seconds else (second.frame - first) / rate_hz)
                length_s = 1.0 if self._method.whole_seconds else max(1, int(rate_hz)) / rate_hz
                chunks.append((begin_s, min(begin_s + length_s, scene_s[1])))
        spans = covered((a, b) for a, b in chunks if b > a)
        return [Heard(label, "effect", a, b) for a, b in spans]

    def _likely(self, seconds: Sequence[Second], chosen: int) -> bool:
        """Whether any of the frames shows the label more likely than not, by the model's calibration."""
        words = replace(self._words.ours, labels=self._words.ours.labels[[chosen]])
        scores = score(self._pictures(seconds)[:, None], (Box(0, 0, 1, 1),), words, self._words.calibration)
        return bool(scores.probabilities.max() >= 0.5)
