"""Beds that follow each other: they cross where the place changes, and go on where they are the same recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sonify.cues import Cue, Curve
from sonify.matching.keyframes import value_at
from sonify.settings import MixSettings

TOUCH_S = 0.1
"""Beds with no more than this between them follow each other."""

LOWEST_DB, HIGHEST_DB = -96.0, 24.0


def crossfaded(cues: Iterable[Cue], settings: MixSettings) -> list[Cue]:
    """The cues in the order of their starts, beds that follow each other joined or crossed.

    The same recording on both sides of a change goes on as one cue; where its gain differs, that is a ramp over
    `ambience_fade_s`. Two different ones overlap by `ambience_fade_s`, the change in the middle, and their fades are
    as long as the overlap: equal power, so that the level doesn't dip. No fade is longer than the shorter of the two
    beds. Effects, locked beds and beds that nothing follows stay as they are.
    """
    done: list[Cue] = []
    last: int | None = None  # the bed that ends last, and how long it was before it crossed
    last_s = 0.0
    for cue in sorted(cues, key=lambda one: one.start_s):
        if cue.kind != "ambience":
            done.append(cue)
            continue
        before = None if last is None else done[last]
        if last is None or before is None or not _follows(before, cue):
            done.append(cue)
            if before is None or cue.end_s >= before.end_s:
                last, last_s = len(done) - 1, cue.end_s - cue.start_s
            continue
        length_s = min(settings.ambience_fade_s, last_s, cue.end_s - cue.start_s)
        one = _joined(before, cue, length_s)
        if one is not None:
            done[last], last_s = one, last_s + cue.end_s - cue.start_s
            continue
        middle_s = (before.end_s + cue.start_s) / 2
        done[last] = replace(before, end_s=_micro(middle_s + length_s / 2), fade_out_s=_micro(length_s))
        start_s = max(0.0, middle_s - length_s / 2)
        done.append(replace(cue, start_s=_micro(start_s), fade_in_s=_micro(length_s)))
        last, last_s = len(done) - 1, cue.end_s - cue.start_s
    return done


def _follows(before: Cue, cue: Cue) -> bool:
    return abs(cue.start_s - before.end_s) <= TOUCH_S and not before.locked and not cue.locked


def _joined(before: Cue, cue: Cue, ramp_s: float) -> Cue | None:
    """Both as one; None where they are not the same recording, played alike."""
    how = ("sound", "label", "pan_curve", "pitch_cents", "distance", "loop")
    if any(getattr(before, name) != getattr(cue, name) for name in how):
        return None
    curve = _gains(before, cue, ramp_s)
    if any(not LOWEST_DB <= value <= HIGHEST_DB for _, value in curve):
        return None
    better = max(before, cue, key=lambda one: one.score)
    return replace(
        before,
        end_s=cue.end_s,
        fade_out_s=cue.fade_out_s,
        gain_curve=curve,
        score=better.score,
        evidence=better.evidence,
        alternatives=better.alternatives,
    )


def _gains(before: Cue, cue: Cue, ramp_s: float) -> Curve:
    """One curve over the gain_db of `before`."""
    over_db = cue.gain_db - before.gain_db
    if not over_db and not before.gain_curve and not cue.gain_curve:
        return ()
    middle_s = (before.end_s + cue.start_s) / 2
    begin_s, end_s = middle_s - ramp_s / 2, middle_s + ramp_s / 2
    first = [key for key in before.gain_curve if key[0] < begin_s]
    then = [(time_s, value + over_db) for time_s, value in cue.gain_curve if time_s > end_s]
    # A curve holds beyond its ends, so its value where the ramp begins and ends is that of the nearest key frames.
    return (
        *first,
        (_micro(begin_s), value_at(before.gain_curve, begin_s)),
        (_micro(end_s), value_at(cue.gain_curve, end_s) + over_db),
        *then,
    )


def _micro(time_s: float) -> float:
    return round(time_s, 6)
