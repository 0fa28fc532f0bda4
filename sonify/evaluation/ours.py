"""The pipeline as a method: what its cue sheet says, in the terms in which methods are judged."""

from __future__ import annotations

from collections import defaultdict

from sonify.cues import Cue, CueSheet
from sonify.evaluation.outcome import Heard, Outcome
from sonify.matching.choose import ONE_SHOT_S

NAME = "sonify"
RANKED = 100
"""So many labels of a scene are ranked when it is evaluated (`matching.top`): the rank of a right one is known."""

HIT_TIMINGS = ("event", "rhythm")


def outcome(sheet: CueSheet) -> Outcome:
    """A label's score is its best in any scene. Cues with the same label and the same evidence are one presence."""
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
        why = None if cue.evidence is None else (cue.evidence.time_s, cue.evidence.score, cue.evidence.box)
        groups[(cue.kind, cue.label, why)].append(cue)
    return list(groups.values())


def _heard(cues: list[Cue]) -> Heard:
    hits = tuple(sorted(cue.start_s for cue in cues if _is_hit(cue)))
    curve = tuple(sorted({point for cue in cues for point in cue.pan_curve}))
    first = cues[0]
    pan = None if first.kind == "ambience" else curve
    return Heard(first.label, first.kind, min(c.start_s for c in cues), max(c.end_s for c in cues), hits, pan)


def _is_hit(cue: Cue) -> bool:
    timing = getattr(cue.evidence, "timing", "") if cue.evidence else ""
    return timing in HIT_TIMINGS or (not timing and cue.kind == "effect" and cue.end_s - cue.start_s < ONE_SHOT_S)
