"""Cues only where the video is silent: what the original says is not covered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sonify.cues import Cue, OriginalSpan
from sonify.settings import Settings

SHORTEST_S = 0.3
"""A piece of a cue that is left shorter than this is dropped: it would be heard as a fault."""

MAX_PIECES = 10_000
"""Of one cue at most so many pieces are kept: a video that is silent for a moment every few seconds for hours."""


def filled(cues: Iterable[Cue], original: Sequence[OriginalSpan], settings: Settings) -> list[Cue]:
    """The cues as `matching.fill` wants them, in order of time, numbered again where any changed.

    "all": as they are. "silent": only where `original` is silence or isn't there at all; a cue that reaches into
    speech or other sound is cut there, with a fade. An event that would lose its beginning is dropped, since what is
    heard of it would come too late. Locked cues stay as they are.
    """
    given = list(cues)
    busy = [span for span in original if span.sounds != "silence"]
    if settings.matching.fill == "all" or not busy:
        return given
    kept = [piece for cue in given for piece in ([cue] if cue.locked else _pieces(cue, busy, settings))]
    kept.sort(key=lambda cue: (cue.start_s, cue.kind, cue.end_s, cue.label, cue.sound.path))
    return [replace(cue, id=f"cue-{number:03d}") for number, cue in enumerate(kept, 1)]


def _pieces(cue: Cue, busy: Sequence[OriginalSpan], settings: Settings) -> list[Cue]:
    """What is left of a cue between the busy spans, which are in order of time."""
    gaps: list[tuple[float, float]] = []
    at = cue.start_s
    for span in busy:
        if span.end_s <= at:
            continue
        if span.start_s >= cue.end_s or len(gaps) == MAX_PIECES:
            break
        gaps.append((at, span.start_s))
        at = span.end_s
    gaps.append((at, cue.end_s))
    whole = min(SHORTEST_S, cue.end_s - cue.start_s)
    left = [(start_s, end_s) for start_s, end_s in gaps if end_s - start_s >= whole]
    if cue.evidence is not None and cue.evidence.timing == "event":
        left = [(start_s, end_s) for start_s, end_s in left if start_s == cue.start_s]
    return [_piece(cue, start_s, end_s, settings) for start_s, end_s in left]


def _piece(cue: Cue, start_s: float, end_s: float, settings: Settings) -> Cue:
    if (start_s, end_s) == (cue.start_s, cue.end_s):
        return cue
    cut_s = settings.mix.ambience_fade_s if cue.kind == "ambience" else settings.mix.fade_s
    most_s = (end_s - start_s) / 2
    return replace(
        cue,
        start_s=start_s,
        end_s=end_s,
        fade_in_s=min(cue.fade_in_s if start_s == cue.start_s else cut_s, most_s),
        fade_out_s=min(cue.fade_out_s if end_s == cue.end_s else cut_s, most_s),
    )
