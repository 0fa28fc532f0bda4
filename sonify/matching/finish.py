"""What is decided when all cues are known: how beds meet, how hits vary, what makes way for the original."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sonify.cues import Cue, OriginalSpan
from sonify.matching.beds import crossfaded
from sonify.matching.ducking import ducked
from sonify.matching.fill import filled
from sonify.matching.variation import varied
from sonify.settings import Settings


def finished(
    cues: Iterable[Cue], original: Sequence[OriginalSpan], settings: Settings, *, seed: str
) -> tuple[Cue, ...]:
    """The cues of a sheet, in order of time and numbered. seed: of the video's content."""
    done = varied(crossfaded(cues, settings.mix), seed, settings.matching)
    done = ducked(filled(done, original, settings), original, settings.mix)
    done.sort(key=lambda cue: (cue.start_s, cue.kind, cue.end_s, cue.label, cue.sound.path))
    return tuple(replace(cue, id=f"cue-{number:03d}") for number, cue in enumerate(done, 1))
