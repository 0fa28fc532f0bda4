"""From a part to cues: which of the label's sounds is heard, and from when to when."""

from __future__ import annotations

from collections.abc import Callable

from sonify.cues import Alternative, Cue, SoundRef
from sonify.library.sounds import Catalog, Label, Sound
from sonify.matching.choose import BETWEEN_SHOTS_S, LAST_SHOT_S, Order, single_event, takes
from sonify.matching.parts import Part
from sonify.settings import Settings


def cues_of(
    part: Part, catalog: Catalog, settings: Settings, order: Order, *, lead_silence_s: Callable[[Sound], float]
) -> list[Cue]:
    """The cues of a part: one, or one for each hit of a sound that is a single event."""
    label = catalog.labels[part.label]
    length_s = float(part.interval.length_s)
    sounds = order(label, length_s)
    alternatives = tuple(
        alternative(catalog.labels[other], value, length_s, order)
        for other, value in zip(part.others, part.other_scores, strict=True)
    )
    bed = label.kind == "ambience"
    fade_s = min(settings.mix.ambience_fade_s if bed else settings.mix.fade_s, length_s / 2)

    def cue(sound: Sound, start_s: float, end_s: float, fade_in_s: float, fade_out_s: float) -> Cue:
        return Cue(
            id="new",
            kind="ambience" if bed else "effect",
            label=label.text,
            sound=_ref(sound),
            start_s=start_s,
            end_s=end_s,
            source_offset_s=round(lead_silence_s(sound), 6),
            gain_curve=part.gain_curve,
            pan_curve=() if bed else part.pan_curve or ((start_s, round(part.pan, 3)),),
            fade_in_s=fade_in_s,
            fade_out_s=fade_out_s,
            score=part.score,
            evidence=part.evidence,
            alternatives=alternatives,
        )

    if not single_event(sounds[0]):
        return [cue(sounds[0], float(part.interval.start_s), float(part.interval.end_s), fade_s, fade_s)]
    hits = takes(sounds)
    cues: list[Cue] = []
    start_s = part.interval.start_s
    while not cues or start_s + LAST_SHOT_S <= part.interval.end_s:
        sound = hits[len(cues) % len(hits)]
        heard_s = max(sound.duration_s - lead_silence_s(sound), 0.01)
        end_s = min(float(start_s) + heard_s, float(part.interval.end_s))
        cues.append(cue(sound, float(start_s), end_s, 0.0, min(0.02, heard_s / 2)))
        start_s += BETWEEN_SHOTS_S
    return cues


def alternative(label: Label, value: float, length_s: float, order: Order) -> Alternative:
    """The sound that a label would be heard by, with its probability."""
    return Alternative(label.text, _ref(order(label, length_s)[0]), share(value))


def _ref(sound: Sound) -> SoundRef:
    return SoundRef(sound.library, sound.path, sound.licence, sound.title, sound.author, sound.source_url)


def share(value: float) -> float:
    """A number in 0..1 with the digits that mean something: the same on every machine."""
    return min(1.0, max(0.0, round(float(value), 4)))
