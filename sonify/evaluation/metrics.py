"""How right an outcome is: which label, when, exactly when, where; clip by clip.

Each measure of a clip is a list of numbers (one for each emitter, edge or hit that it is about). A table's number is
the mean or the median over all clips' numbers, or a ratio of their sums; `bootstrap` draws whole clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sonify.evaluation.manifest import Clip, Curve, Expected, covered
from sonify.evaluation.outcome import Heard, Outcome

TOLERANCES_S = (0.05, 0.1, 0.3)
NOT_RANKED = 999
"""The rank of a label that a method doesn't name at all."""

FOUND_SHARE = 0.5
"""An emitter counts as found when a right label sounds for at least this share of its time."""

PAN_STEP_S = 0.1


@dataclass(frozen=True)
class Judged:
    """One clip's numbers, by the name of the measure. Missing: the clip has nothing to say on it."""

    values: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """A clip with, for each of its emitters, the labels of the libraries that are right: their texts."""

    clip: Clip
    right: tuple[frozenset[str], ...]

    @property
    def known(self) -> tuple[tuple[Expected, frozenset[str]], ...]:
        """The emitters whose sound the libraries have, each with its right labels."""
        return tuple((e, r) for e, r in zip(self.clip.expected, self.right, strict=True) if r)


def judge(truth: Truth, outcome: Outcome) -> Judged:
    """All measures of one clip. An outcome that failed names nothing; that it was silent is no merit."""
    values: dict[str, tuple[float, ...]] = {}
    if truth.clip.expect_none:
        if outcome.error:
            return Judged()
        values["false_sound"] = (float(bool(outcome.heard)),)
        values["false_effect"] = (float(any(h.kind == "effect" for h in outcome.heard)),)
        return Judged(values)
    known = truth.known
    if not known:
        return Judged(values)
    rank = first_right(outcome, frozenset().union(*(right for _, right in known)))
    values["rank"] = (float(rank),)
    values["top1"] = (float(rank == 1),)
    values["top5"] = (float(rank <= 5),)
    if len(known) == len(truth.clip.expected):  # else some of what sounds may be right without our knowing
        every = frozenset().union(*truth.right)
        values["wrong_effects"] = (
            float(len({h.label for h in outcome.heard if h.kind == "effect" and h.label not in every})),
        )
    for emitter, right in known:
        heard = [h for h in outcome.heard if h.label in right]
        for name, numbers in {
            **when(emitter, heard),
            **exactly_when(emitter, heard),
            **where(emitter, heard),
        }.items():
            values[name] = values.get(name, ()) + numbers
    overlapping = [(e, r) for e, r in known if e.intervals]
    if len(overlapping) > 1 and _overlap([e for e, _ in overlapping]):
        both = all(_found(e, [h for h in outcome.heard if h.label in r]) for e, r in overlapping)
        values["both_found"] = (float(both),)
    return Judged(values)


def first_right(outcome: Outcome, right: frozenset[str]) -> int:
    """The place, from 1, of the first right label among the ranked ones; NOT_RANKED where there is none."""
    places = (place for place, (label, _) in enumerate(outcome.ranked, 1) if label in right)
    return next(places, NOT_RANKED)


def when(emitter: Expected, heard: Sequence[Heard]) -> dict[str, tuple[float, ...]]:
    """Intersection over union, and, where the emitter is found at all, the distance of each edge to the nearest.

    Hits say when something sounds, not from when to when the emitter is there: of an emitter that is heard by hits it
    is only asked whether one of them falls into its time.
    """
    if not emitter.intervals:
        return {}
    true = covered(emitter.intervals)
    hits = [hit for h in heard for hit in h.hits]
    if hits:
        return {"found": (float(any(start <= hit <= end for hit in hits for start, end in true)),)}
    said = covered((h.start_s, h.end_s) for h in heard)
    both = _intersection(true, said)
    union = _length(true) + _length(said) - both
    found: dict[str, tuple[float, ...]] = {
        "iou": (both / union,),
        "found": (float(both >= FOUND_SHARE * _length(true)),),
    }
    if both > 0:
        found["iou_found"] = (both / union,)
        edges = [min(abs(start - s) for s, _ in said) for start, _ in true]
        edges += [min(abs(end - e) for _, e in said) for _, end in true]
        found["edge_error_s"] = tuple(edges)
    return found


def exactly_when(emitter: Expected, heard: Sequence[Heard]) -> dict[str, tuple[float, ...]]:
    """Hits placed, true ones, pairs within each tolerance, and the signed error (placed minus true) of pairs."""
    if not emitter.onsets:
        return {}
    placed = sorted(hit for h in heard for hit in h.hits)
    found: dict[str, tuple[float, ...]] = {
        "hits_true": (float(len(emitter.onsets)),),
        "hits_placed": (float(len(placed)),),
    }
    for tolerance_s in TOLERANCES_S:
        pairs = paired(emitter.onsets, placed, tolerance_s)
        found[f"hits_right_{round(tolerance_s * 1000)}"] = (float(len(pairs)),)
        if tolerance_s == max(TOLERANCES_S) and pairs:
            found["hit_error_s"] = tuple(placed[b] - emitter.onsets[a] for a, b in pairs)
    return found


def where(emitter: Expected, heard: Sequence[Heard]) -> dict[str, tuple[float, ...]]:
    """Mean absolute error of pan over the time in which the emitter is there and a right label with a pan sounds."""
    said = [h for h in heard if h.pan is not None]
    if not emitter.pan or not said:
        return {}
    spans = emitter.intervals or ((emitter.pan[0][0], emitter.pan[-1][0]),)
    errors = []
    for start_s, end_s in spans:
        for time_s in np.arange(start_s + PAN_STEP_S / 2, end_s, PAN_STEP_S):
            now = [h for h in said if h.start_s <= time_s < h.end_s]
            if now and now[0].pan is not None:
                errors.append(abs(at(now[0].pan, time_s) - at(emitter.pan, time_s)))
    return {"pan_error": (float(np.mean(errors)),)} if errors else {}


def paired(true: Sequence[float], placed: Sequence[float], tolerance_s: float) -> list[tuple[int, int]]:
    """The most pairs, each of one true and one placed instant no further apart than the tolerance; of these, nearest.

    Both are sorted. Instants keep their order, so this is an alignment: [count, -distance] is maximised.
    """
    rows, columns = len(true), len(placed)
    best = np.zeros((rows + 1, columns + 1, 2))
    for i in range(rows):
        for j in range(columns):
            options = [tuple(best[i, j + 1]), tuple(best[i + 1, j])]
            distance = abs(true[i] - placed[j])
            if distance <= tolerance_s + 1e-9:
                options.append((best[i, j, 0] + 1, best[i, j, 1] - distance))
            best[i + 1, j + 1] = max(options)
    pairs = []
    i, j = rows, columns
    while i and j:
        if tuple(best[i, j]) == tuple(best[i - 1, j]):
            i -= 1
        elif tuple(best[i, j]) == tuple(best[i, j - 1]):
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def at(curve: Curve, time_s: float) -> float:
    """The value of a curve: straight between its points, held beyond them; 0 of an empty one."""
    if not curve:
        return 0.0
    return float(np.interp(time_s, [t for t, _ in curve], [v for _, v in curve]))


def _found(emitter: Expected, heard: Sequence[Heard]) -> bool:
    return bool(when(emitter, heard)["found"][0])


def _overlap(emitters: Sequence[Expected]) -> bool:
    first, second = covered(emitters[0].intervals), covered(emitters[1].intervals)
    return _intersection(first, second) > 0


def _length(intervals: Sequence[tuple[float, float]]) -> float:
    return sum(end - start for start, end in intervals)


def _intersection(one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float:
    return sum(max(0.0, min(b, d) - max(a, c)) for a, b in one for c, d in other)
