"""First frame only, AutoSFX's hysteresis, the most frequent label, chance."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from sonify.evaluation.baselines.glance import Glance
from sonify.evaluation.baselines.words import Known, softmax
from sonify.evaluation.manifest import Clip
from sonify.evaluation.metrics import Truth
from sonify.evaluation.outcome import Heard, Outcome
from sonify.matching.scores import Array, score
from sonify.settings import Settings

Kind = Literal["effect", "ambience"]


class FirstFrame:
    """The pipeline's own scores of each scene's first frame; what it shows is heard in the whole scene."""

    name = "first frame only"

    def __init__(self, words: Known, settings: Settings) -> None:
        self._words, self._settings = words, settings.matching

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with the clip."""
        words = self._words
        best = np.zeros(len(words.texts), np.float32)
        heard: list[Heard] = []
        for scene in glance.scenes:
            inside = [n for n, time_s in enumerate(glance.times_s) if scene.start_s <= time_s < scene.end_s]
            if not inside:
                continue
            scores = score(glance.views[inside[:1]], glance.boxes, words.ours, words.calibration)
            shown = scores.probabilities[0]
            best = np.maximum(best, shown)
            limits = {"effect": self._settings.threshold, "ambience": self._settings.ambience_threshold}
            counts = {"effect": self._settings.max_effects, "ambience": 1}
            for kind in ("effect", "ambience"):
                numbers = sorted(words.of(kind), key=lambda n: (-shown[n], n))[: counts[kind]]
                heard += [
                    Heard(words.texts[n], words.kinds[n], float(scene.start_s), float(scene.end_s))
                    for n in numbers
                    if shown[n] >= limits[kind]
                ]
        spans = tuple((float(s.start_s), float(s.end_s)) for s in glance.scenes)
        return Outcome(_ranked(words, best), tuple(heard), spans)


class AutoSfx:
    """AutoSFX (a student project): softmax over the bare labels, averaged over five frames, hysteresis.

    Of its description only these numbers are known: an interval starts at .65 and ends under .35 of the five-frame
    mean and lasts at least a second. Left open and chosen here: frames at the sample rate, their middle square,
    colours right, beds by the mean over the clip. Its matching of optical flow to onsets is not re-implemented: its
    own code never used the onsets.
    """

    name = "AutoSFX hysteresis"
    START, END, MEAN_FRAMES, LEAST_S = 0.65, 0.35, 5, 1.0

    def __init__(self, words: Known) -> None:
        self._words = words

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with the clip."""
        words = self._words
        shares = softmax(glance.middles, words.bare, words.logit_scale)
        heard: list[Heard] = []
        if effects := words.of("effect"):
            among = smoothed(softmax(glance.middles, words.bare[effects], words.logit_scale), self.MEAN_FRAMES)
            for column, number in enumerate(effects):
                spans = self._spans(among[:, column], glance.times_s, glance.duration_s)
                heard += [Heard(words.texts[number], "effect", a, b) for a, b in spans]
        if beds := words.of("ambience"):
            bed = beds[int(softmax(glance.middles, words.bare[beds], words.logit_scale).mean(axis=0).argmax())]
            heard.append(Heard(words.texts[bed], "ambience", 0.0, glance.duration_s))
        return Outcome(_ranked(words, shares.mean(axis=0)), tuple(heard), ((0.0, glance.duration_s),))

    def _spans(self, values: Array, times_s: Sequence[float], duration_s: float) -> list[tuple[float, float]]:
        spans: list[tuple[float, float]] = []
        start_s: float | None = None
        for value, time_s in zip(values, times_s, strict=True):
            if start_s is None and value >= self.START:
                start_s = time_s
            elif start_s is not None and value < self.END:
                spans.append((start_s, time_s))
                start_s = None
        if start_s is not None:
            spans.append((start_s, duration_s))
        return [(a, b) for a, b in spans if b - a >= self.LEAST_S]


def smoothed(values: Array, frames: int) -> Array:
    """The mean over so many frames around each, [N, L]; at the ends over those that there are."""
    kernel = np.ones(frames)
    count = np.convolve(np.ones(len(values)), kernel, mode="same")[: len(values)]
    sums = np.stack([np.convolve(column, kernel, mode="same")[: len(values)] for column in values.T], axis=1)
    return np.asarray(sums / count[:, None], dtype=np.float32)


class MostFrequent:
    """The labels that are right for the most other clips of the manifest, from beginning to end."""

    name = "most frequent label"

    def __init__(self, words: Known, truths: Sequence[Truth]) -> None:
        self._words = words
        self._right = {t.clip.file: Counter(label for right in t.right for label in right) for t in truths}
        self._all = sum(self._right.values(), Counter())

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with the clip."""
        counts = self._all - self._right[clip.file]
        values = np.array([counts[text] for text in self._words.texts], dtype=np.float32)
        return _whole(self._words, values / max(1.0, float(values.sum())), glance)


class Chance:
    """Labels in an order drawn by the clip's name, from beginning to end."""

    name = "chance"

    def __init__(self, words: Known) -> None:
        self._words = words

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with the clip."""
        seed = int.from_bytes(hashlib.sha256(clip.file.encode(errors="replace")).digest()[:8], "big")
        values = np.random.default_rng(seed).random(len(self._words.texts)).astype(np.float32)
        return _whole(self._words, values, glance)


def _whole(words: Known, values: Array, glance: Glance) -> Outcome:
    heard = []
    for kind in ("effect", "ambience"):
        if numbers := words.of(kind):
            best = max(numbers, key=lambda n: (values[n], -n))
            heard.append(Heard(words.texts[best], words.kinds[best], 0.0, glance.duration_s))
    return Outcome(_ranked(words, values), tuple(heard), ((0.0, glance.duration_s),))


def _ranked(words: Known, values: Array) -> tuple[tuple[str, float], ...]:
    order = sorted(range(len(values)), key=lambda n: (-round(float(values[n]), 6), n))
    return tuple((words.texts[n], float(values[n])) for n in order)
