"""Where each emitter is and how large, over time: the curves of pan and gain of its part.

A second look, a few frames a second, through the image tower's own features place by place (sonify.models.dense), one
pass for all labels that are there at that time. Where the picture doesn't say clearly enough, an emitter is in the
centre at its usual level. docs/pan-and-gain.md has the numbers behind the constants.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Curve, Evidence
from sonify.errors import ModelError
from sonify.matching.curves import curve, slew_limited, smoothed
from sonify.matching.parts import Part
from sonify.matching.saliency import Regions, regions
from sonify.matching.scores import Words
from sonify.matching.second_look import Window
from sonify.models.interface import Array, ImageTextModel
from sonify.progress import Progress, note, silent
from sonify.settings import Settings

Floats = NDArray[np.float64]
Maps = Callable[[NDArray[np.uint8], Array], Array]
"""Frames uint8 [N, H, W, 3] and vectors of labels [L, D] in, maps float32 [N, L, h, w] out."""

RATE_HZ = 5.0
"""Frames a second: what crosses the picture in a second is seen five times on its way."""
SURE = 0.06
"""A frame counts from this confidence. Of 120 labels that were asked for where they are not, 8 % were placed, and
the first look had found none of them; of those that are there, 83 %."""
USUAL_SHARE = 0.05
"""Share of a library's labels in a picture for which models are calibrated (training/calibrate.py)."""
SURE_SHARE = 0.25
"""Share of an interval's frames that must count; else its emitter may well be somewhere else altogether."""
SIGMA_S = 0.5
"""Width of the smoothing: at RATE_HZ about six frames decide each value."""
REST_WEIGHT = 0.15
PAN_OUTLIER, GAIN_OUTLIER_DB = 0.3, 3.0
PAN_SLEW_PER_S, GAIN_SLEW_DB_PER_S = 2.5, 12.0
"""From edge to edge in 0.8 s; faster is a mistake of the map more often than an emitter."""
PAN_TOLERANCE, GAIN_TOLERANCE_DB = 0.03, 0.4
"""Below what is heard: about 3 degrees between loudspeakers at +-30, and half of the least audible step of level."""
TYPICAL_SIZE = 0.09
"""Size (`Regions.sizes`) of an emitter half as high as the picture; it is heard at 0 dB."""
SIZE_RATIO = 1.6
"""So many times as large, an emitter has three quarters of the gain that it can have at most. The largest emitters of
docs/pan-and-gain.md measure 1.7 times as much as the smallest."""
OWN_SIZE = 0.5
"""How much the mean size of an emitter says, against its changes: how well it is recognised moves it as much as how
large it is."""
NEAR_EVIDENCE_S = 0.3


class Where:
    """A watcher of the second look: give it to second_look(), then ask for each part's result().

    cuts: where the picture changes at once (starts of scenes), so that a curve jumps there instead of gliding.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        model: ImageTextModel,
        words: Words,
        settings: Settings,
        *,
        cuts: Sequence[Fraction] = (),
        progress: Progress = silent,
    ) -> None:
        """parts: those of effects alone; ambiences have no place. Raises ModelError where the settings ask for
        evidence that this model can't give."""
        self._parts, self._words, self._settings, self._progress = tuple(parts), words, settings, progress
        self._model, self._cuts = model, tuple(cuts)
        self._maps = maps_of(model, words.null, settings) if parts else None
        self._seen: dict[int, tuple[list[Fraction], list[Array]]] = {part.label: ([], []) for part in parts}

    @staticmethod
    def short_side_px(model: ImageTextModel) -> int:
        """How large frames should be: the short side."""
        from sonify.models.clip import ClipModel
        from sonify.models.dense import wanted_px

        return wanted_px(model) if isinstance(model, ClipModel) else model.image_size_px

    def windows(self) -> Sequence[Window]:
        """The intervals of all parts."""
        if self._maps is None:
            return ()
        return tuple(Window(p.interval.start_s, p.interval.end_s, RATE_HZ) for p in self._parts)

    def see(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8]) -> None:
        """Maps of the labels that may be there, frame by frame; only the maps are kept."""
        if self._maps is None:
            return
        there = [self._labels_at(time_s) for time_s in times_s]
        start = 0
        while start < len(there):
            stop = start
            while stop < len(there) and there[stop] == there[start]:
                stop += 1
            if labels := there[start]:
                self._look(times_s[start:stop], frames[start:stop], labels)
            start = stop

    def _labels_at(self, time_s: Fraction) -> tuple[int, ...]:
        spans = ((p.label, p.interval) for p in self._parts)
        return tuple(sorted({label for label, i in spans if i.start_s <= time_s <= i.end_s}))

    def _look(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8], labels: tuple[int, ...]) -> None:
        assert self._maps is not None
        try:
            maps = self._maps(frames, self._words.labels[list(labels)])
        except ModelError as error:
            note(self._progress, "match", f"{error.what}: sounds are placed by thirds of the picture only")
            self._maps = None
            return
        for index, label in enumerate(labels):
            times, kept = self._seen[label]
            times += times_s
            kept += list(maps[:, index].astype(np.float16))

    def result(self, part: Part) -> Part:
        """The part with its curves, its mean pan, and the box as evidence; as it was where nothing was looked at."""
        times, maps = self._seen.get(part.label, ([], []))
        first, last = bisect_left(times, part.interval.start_s), bisect_left(times, part.interval.end_s)
        if self._maps is None or last <= first:
            return part
        found = regions(np.stack(maps[first:last]).astype(np.float32), self._model.calibration)
        inside = times[first:last]
        range_db = self._settings.mix.size_gain_db
        found = replace(found, confidence=given(found.confidence, part.score))
        way = follow(inside, found, start_s=part.interval.start_s, cuts=self._cuts, range_db=range_db)
        evidence = _evidence(part.evidence, inside, found) if way.sure else part.evidence
        return replace(part, pan=way.pan, pan_curve=way.pan_curve, gain_curve=way.gain_curve, evidence=evidence)


@dataclass(frozen=True)
class Way:
    """An emitter's way through its interval: curves for the cue sheet, and its mean pan.

    sure: False where the picture doesn't say; then it is in the centre at its usual level.
    """

    pan: float
    pan_curve: Curve
    gain_curve: Curve
    sure: bool = True


def follow(
    times_s: Sequence[Fraction],
    found: Regions,
    *,
    start_s: Fraction,
    cuts: Sequence[Fraction] = (),
    range_db: float,
) -> Way:
    """The way of an emitter that was found in frames at times_s, of an interval that begins at start_s."""
    sure = found.confidence >= SURE
    if not len(times_s) or sure.mean() < SURE_SHARE:
        return Way(0.0, ((round(float(start_s), 6), 0.0),), (), sure=False)
    pan: Curve = ()
    gain: Curve = ()
    values: list[Floats] = []
    # Against the interval's own best frame: all of one that is hard to see is unsure, and no reason for the centre.
    weights = np.where(sure, found.confidence, 0.0) / found.confidence.max()
    levels = np.log(np.maximum(found.sizes, 1e-6) / TYPICAL_SIZE)
    levels -= (1 - OWN_SIZE) * float(np.average(levels, weights=weights))
    for piece, cut_s in _pieces(times_s, cuts):
        at = np.array([float(time_s) for time_s in times_s[piece]])
        pans = pan_values(at, found.pans[piece], weights[piece])
        gains = gain_values(at, size_gain_db(levels[piece], range_db), weights[piece], range_db)
        pan = _continued(pan, curve(at, pans, tolerance=PAN_TOLERANCE, digits=2), cut_s)
        gain = _continued(gain, curve(at, gains, tolerance=GAIN_TOLERANCE_DB, digits=1), cut_s)
        values.append(pans)
    if all(value == 0 for _, value in gain):
        gain = ()
    return Way(float(np.mean(np.concatenate(values))), pan, gain)


def given(confidence: Floats, score: float) -> Floats:
    """Confidence in places, given the probability with which the first look found the label in its scene.

    A calibration speaks of labels taken at random, of which 5 % are in a picture. One that was found is there with
    even odds or better, so its places need that much less to be believed; one that wasn't gains nothing.
    """
    gained = min(max(_log_odds(score) - _log_odds(USUAL_SHARE), 0.0), -_log_odds(USUAL_SHARE))
    odds = np.log(confidence + 1e-12) - np.log1p(1e-12 - confidence) + gained
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _pieces(times_s: Sequence[Fraction], cuts: Sequence[Fraction]) -> list[tuple[slice, float]]:
    """The frames between cuts, each stretch with the time of the cut before it."""
    firsts = {0: times_s[0]} | {bisect_left(times_s, cut): cut for cut in sorted(cuts) if cut > times_s[0]}
    edges = sorted(firsts.items())
    ends = [first for first, _ in edges[1:]] + [len(times_s)]
    return [(slice(a, b), float(cut)) for (a, cut), b in zip(edges, ends, strict=True) if b > a]


def maps_of(model: ImageTextModel, null: Array, settings: Settings) -> Maps | None:
    """How frames become maps: by matching.evidence. None where the model has no places to ask.

    Raises ModelError where Grad-CAM is asked for and the model's image tower is no ResNet of open_clip's.
    """
    from sonify.models.clip import ClipModel
    from sonify.models.dense import label_maps

    if settings.matching.evidence == "gradcam":
        from sonify.models.gradcam import gradcam_maps, must_be_resnet

        resnet = must_be_resnet(model)
        return lambda frames, labels: gradcam_maps(resnet, frames, labels, null).maps
    if not isinstance(model, ClipModel):
        return None
    return lambda frames, labels: label_maps(model, frames, labels, null).maps


def pan_values(times_s: Floats, pans: Floats, weights: Floats) -> Floats:
    """Smoothed pans, -1..1, of the pans measured at times_s with the given confidence."""
    found = smoothed(
        times_s,
        pans,
        weights,
        sigma_s=SIGMA_S,
        rest=_mean(pans, weights),
        rest_weight=REST_WEIGHT,
        outlier=PAN_OUTLIER,
    )
    return slew_limited(times_s, np.clip(found, -1.0, 1.0), PAN_SLEW_PER_S)


def gain_values(times_s: Floats, gains_db: Floats, weights: Floats, range_db: float) -> Floats:
    """Smoothed gains in dB, -range_db..range_db, of those measured at times_s with the given confidence."""
    found = smoothed(
        times_s,
        gains_db,
        weights,
        sigma_s=SIGMA_S,
        rest=_mean(gains_db, weights),
        rest_weight=REST_WEIGHT,
        outlier=GAIN_OUTLIER_DB,
    )
    return slew_limited(times_s, np.clip(found, -range_db, range_db), GAIN_SLEW_DB_PER_S)


def _mean(values: Floats, weights: Floats) -> float:
    """Where an emitter is on the whole, for the moments that don't say; the centre where none does."""
    return float(np.average(values, weights=weights)) if weights.any() else 0.0


def size_gain_db(levels: Floats, range_db: float) -> Floats:
    """Gain by the logarithm of a size over the typical one; it nears +-range_db and never reaches it."""
    steepness = math.atanh(0.75) / math.log(SIZE_RATIO)
    return np.asarray(range_db * np.tanh(steepness * levels))


def _continued(before: Curve, after: Curve, cut_s: float) -> Curve:
    """Two curves on either side of a cut: the first is held up to it, the second begins there."""
    if not before or not after:
        return before or after
    if len(after) == 1 and before[-1][1] == after[0][1]:
        return before
    cut_s = round(cut_s, 6)
    return (*before, (cut_s, before[-1][1]), (cut_s, after[0][1]), *after[len(after) == 1 :])


def _evidence(evidence: Evidence, times_s: Sequence[Fraction], found: Regions) -> Evidence:
    """With the box of the frame nearest to it, where that one is sure."""
    near = min(range(len(times_s)), key=lambda index: abs(float(times_s[index]) - evidence.time_s))
    if abs(float(times_s[near]) - evidence.time_s) > NEAR_EVIDENCE_S or found.confidence[near] < SURE:
        return evidence
    left, top, right, bottom = (round(float(side), 3) for side in found.boxes[near])
    return replace(evidence, box=(left, top, right, bottom))
