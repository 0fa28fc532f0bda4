"""Sounds make way for speech: as key frames in the cue sheet, so that a person can change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sonify.cues import Cue, OriginalSpan
from sonify.matching.keyframes import added
from sonify.settings import MixSettings

DOWN_S = 0.08
UP_S = 0.4
"""Down before the first word, up after the last: 80 ms and 400 ms, as editing programs do it (design notes)."""


def ducked(cues: Iterable[Cue], original: Sequence[OriginalSpan], settings: MixSettings) -> list[Cue]:
    """The cues with their gain lowered wherever the original speaks; those without a word under them as they are.

    A gap between words that is too short to come up and go down again stays down. It is added to what a
    cue's gain curve says already. Locked cues stay as they are.
    """
    spoken: list[tuple[float, float]] = []
    for span in original:
        if span.sounds != "speech":
            continue
        if spoken and span.start_s - spoken[-1][1] <= DOWN_S + UP_S:
            spoken[-1] = (spoken[-1][0], span.end_s)
        else:
            spoken.append((span.start_s, span.end_s))
    if settings.original in ("mute", "replace"):
        spoken = []
    return [_lowered(cue, spoken, settings) for cue in cues]


def _lowered(cue: Cue, spoken: Sequence[tuple[float, float]], settings: MixSettings) -> Cue:
    fall_db = settings.speech_effect_db if cue.kind == "effect" else settings.speech_ambience_db
    under = [(a, b) for a, b in spoken if a - DOWN_S < cue.end_s and b + UP_S > cue.start_s]
    if not under or not fall_db or cue.locked:
        return cue
    keys: list[tuple[float, float]] = []
    for start_s, end_s in under:
        keys += [(start_s - DOWN_S, 0.0), (start_s, fall_db), (end_s, fall_db), (end_s + UP_S, 0.0)]
    lowered = added(cue.gain_curve, tuple((round(time_s, 6), value) for time_s, value in keys))
    return replace(cue, gain_curve=tuple((time_s, min(24.0, max(-96.0, value))) for time_s, value in lowered))
