"""The pipeline as a method: what its cue sheet says, in the terms in which methods are judged."""

from __future__ import annotations

from collections import defaultdict

from sonify.cues import Cue, CueSheet
from sonify.evaluation.outcome import Heard, Outcome

NAME = "sonify"
RANKED = 100
"""So many labels of a scene are ranked when it is evaluated (`matching.top`): the rank of a right one is known."""

HIT_TIMINGS = ("event", "rhythm")
"""A cue with such a timing says when something hits; all others only that something is there."""


def outcome(sheet: CueSheet) -> Outcome:
    """A label's score is its best in any scene. Cues with the same label and the same evidence are one presence.

    A cue that was placed on an event has that instant as its evidence; what it shares with the others of its presence
    is the rest.
    """
    best: dict[str, float] = {}
    for scene in sheet.scenes:
        for suggestion in scene.suggestions:
            best[suggestion.label] = max(best.get(suggestion.label, 0.0), suggestion.score)
    ranked = tuple(sorted(best.items(), key=lambda item: -item[1]))
    spans = tuple((scene.start_s, scene.end_s) for scene in sheet.scenes)
    return Outcome(ranked, tuple(_heard(cues) for cues in _grouped(sheet)), spans)


def _grouped(sheet: CueSheet) -> list[list[Cue]]:
    groups: dict[object, list[Cue]] = defaultdict(list)
    for cue in sheet.cues:
        why = cue.evidence
        at_s = why.time_s if why and why.timing not in HIT_TIMINGS else None
        groups[(cue.kind, cue.label, cue.score, at_s, why and (why.score, why.box, why.timing))].append(cue)
    return list(groups.values())


def _heard(cues: list[Cue]) -> Heard:
    hits = tuple(sorted(cue.evidence.time_s for cue in cues if cue.evidence and cue.evidence.timing in HIT_TIMINGS))
    curve = tuple(sorted({point for cue in cues for point in cue.pan_curve}))
    first = cues[0]
    pan = None if first.kind == "ambience" else curve
    return Heard(first.label, first.kind, min(c.start_s for c in cues), max(c.end_s for c in cues), hits, pan)
