"""No two hits alike: pitch and level of an emitter's events differ a little, as they do when a thing really sounds.

A recording that is repeated unchanged is heard as a machine at the second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log2

from sonify.cues import Cue
from sonify.settings import MatchingSettings

APART = 1 / 3
"""Neighbours differ by at least this share of the range."""


def varied(cues: Iterable[Cue], seed: str, settings: MatchingSettings) -> list[Cue]:
    """The cues, in their order; the hits of an emitter that hits more than once vary in pitch and level.

    A hit is an effect without a fade in, or one that is placed on an event. seed: of the video's content, its
    fingerprint: the same video gives the same numbers. What goes on (an engine after a cut) stays, and so do beds and
    locked cues. The pitch of a steady rhythm stays too, since its hits would leave their places, and one that is set.
    """
    cues = list(cues)
    of_label: dict[str, list[int]] = {}
    for place, cue in sorted(enumerate(cues), key=lambda item: (item[1].start_s, item[0])):
        if _is_hit(cue):
            of_label.setdefault(cue.label, []).append(place)
    for label, places in of_label.items():
        if len(places) < 2:
            continue
        keys = [f"{label}|{cues[place].start_s:.6f}" for place in places]
        pitches = _spread([_share(f"{seed}|pitch|{key}") for key in keys])
        levels = _spread([_share(f"{seed}|level|{key}") for key in keys])
        for place, pitch, level in zip(places, pitches, levels, strict=True):
            cues[place] = _changed(cues[place], pitch, level, settings)
    return cues


def _is_hit(cue: Cue) -> bool:
    placed = cue.evidence is not None and cue.evidence.timing in ("event", "rhythm")
    return cue.kind == "effect" and (placed or not cue.fade_in_s)


def _changed(cue: Cue, pitch: float, level: float, settings: MatchingSettings) -> Cue:
    if cue.locked:
        return cue
    gain_db = min(24.0, max(-96.0, cue.gain_db + level * settings.vary_level_db))
    cents, end_s = cue.pitch_cents, cue.end_s
    rhythm = cue.evidence is not None and cue.evidence.timing == "rhythm"
    if not rhythm and not cents:
        cents = round(1200 * log2(1 + pitch * settings.vary_pitch_percent / 100), 1)
        # Played faster it is over sooner; what follows it in the file must not be heard.
        end_s = round(cue.start_s + (cue.end_s - cue.start_s) / max(1.0, 2 ** (cents / 1200)), 6)
    return replace(cue, gain_db=round(gain_db, 2), pitch_cents=cents, end_s=end_s)


def _share(key: str) -> float:
    """A number in 0..1 that is made of `key` alone, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") / 2**32


def _spread(shares: Sequence[float]) -> list[float]:
    """The shares as numbers in -1..1, each in that part of the range which is far enough from the one before it."""
    done: list[float] = []
    for share in shares:
        if done:
            under, over = max(0.0, done[-1] - APART), min(1.0, done[-1] + APART)
            share *= under + 1 - over
            share += 0 if share < under else over - under
        done.append(share)
    return [2 * share - 1 for share in done]
