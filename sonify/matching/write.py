"""From a part to cues: which of the label's sounds is heard, and from when to when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from sonify.cues import Alternative, Cue, SoundRef
from sonify.library.sounds import Catalog, Label, Sound
from sonify.matching.best_part import Starts
from sonify.matching.choose import BETWEEN_SHOTS_S, LAST_SHOT_S, Order, single_event, takes
from sonify.matching.hits import Hit, Takes, place_hits, spacing_s
from sonify.matching.impulsive import impulse
from sonify.matching.keyframes import value_at
from sonify.matching.parts import Part
from sonify.settings import Settings

LEAST_DB, MOST_DB = -96.0, 24.0
OVER_CUT_S, OVER_CUT_FADE_S = 0.6, 0.5
"""A hit rings on for so long after the cut that its emitter is gone with, faded out over so much of that."""


class Writer:
    """Writes the cues of the parts of one video, in their order.

    lead_silence_s tells how much of a sound's beginning is silent, so that what is heard starts with the cue. order
    says which of a label's sounds is best. seed: of the video's content; the same video gives the same takes. cuts:
    where scenes begin. until_s: the end of the film.
    """

    def __init__(
        self,
        catalog: Catalog,
        settings: Settings,
        *,
        order: Order,
        lead_silence_s: Callable[[Sound], float],
        seed: str = "",
        cuts: Sequence[Fraction] = (),
        until_s: Fraction | None = None,
    ) -> None:
        self._catalog, self._settings, self._order = catalog, settings, order
        self._lead_silence_s, self._seed, self._cuts, self._until_s = lead_silence_s, seed, cuts, until_s
        self._starts, self._takes = Starts(lead_silence_s), Takes()

    def cues(self, part: Part) -> list[Cue]:
        """The cues of a part: a hit for each event that was seen, or one sound for as long as the emitter is there.

        A sound that is a single event is repeated with pauses where no event was seen.
        """
        label = self._catalog.labels[part.label]
        if part.events and (kind := impulse(label.text)):
            sounds = self._order(label, spacing_s(part))
            hits = place_hits(part, kind, sounds, self._takes, seed=self._seed, until_s=self._until_s)
            if hits:
                return [self._hit(part, hit) for hit in hits]
        sounds = self._order(label, float(part.interval.length_s))
        return self._shots(part, takes(sounds)) if single_event(sounds[0]) else [self._whole(part, sounds[0])]

    def _whole(self, part: Part, sound: Sound) -> Cue:
        mix = self._settings.mix
        start_s, end_s = float(part.interval.start_s), float(part.interval.end_s)
        fade_s = min(mix.ambience_fade_s if sound.kind == "ambience" else mix.fade_s, (end_s - start_s) / 2)
        offset_s = self._starts(sound, end_s - start_s)
        return replace(
            self._cue(part, sound, start_s, end_s),
            source_offset_s=round(offset_s, 6),
            fade_in_s=fade_s,
            fade_out_s=fade_s,
        )

    def _shots(self, part: Part, sounds: list[Sound]) -> list[Cue]:
        cues: list[Cue] = []
        start_s = part.interval.start_s
        while not cues or start_s + LAST_SHOT_S <= part.interval.end_s:
            sound = sounds[len(cues) % len(sounds)]
            lead_s = self._lead_silence_s(sound)
            heard_s = max(sound.duration_s - lead_s, 0.01)
            end_s = min(float(start_s) + heard_s, float(part.interval.end_s))
            cue = self._cue(part, sound, float(start_s), end_s)
            cues.append(replace(cue, source_offset_s=round(lead_s, 6), fade_out_s=min(0.02, heard_s / 2)))
            start_s += BETWEEN_SHOTS_S
        return cues

    def _hit(self, part: Part, hit: Hit) -> Cue:
        end_s, fade_out_s = float(hit.end_s), hit.fade_out_s
        gone_s = part.interval.end_s
        if gone_s in self._cuts and hit.start_s < gone_s < hit.end_s - Fraction(OVER_CUT_S):
            end_s, fade_out_s = round(float(gone_s) + OVER_CUT_S, 6), OVER_CUT_FADE_S
        cue = self._cue(part, hit.sound, float(hit.start_s), end_s)
        event_s = float(hit.event_s)
        if hit.whole:
            curves = cue.gain_curve, cue.pan_curve
            gain_db = hit.gain_db
        else:  # over in a moment: it stays where it is
            curves = (), ((cue.start_s, round(value_at(part.pan_curve, event_s, part.pan), 3)),)
            gain_db = hit.gain_db + value_at(part.gain_curve, event_s)
        return replace(
            cue,
            source_offset_s=hit.source_offset_s,
            gain_db=round(min(MOST_DB, max(LEAST_DB, gain_db)), 2),
            gain_curve=curves[0],
            pan_curve=curves[1],
            fade_in_s=hit.fade_in_s,
            fade_out_s=fade_out_s,
            evidence=replace(part.evidence, time_s=round(event_s, 6), timing=hit.timing),
        )

    def _cue(self, part: Part, sound: Sound, start_s: float, end_s: float) -> Cue:
        label = self._catalog.labels[part.label]
        length_s = float(part.interval.length_s)
        bed = label.kind == "ambience"
        return Cue(
            id="new",
            kind="ambience" if bed else "effect",
            label=label.text,
            sound=_ref(sound),
            start_s=start_s,
            end_s=end_s,
            gain_curve=part.gain_curve,
            pan_curve=() if bed else part.pan_curve or ((start_s, round(part.pan, 3)),),
            score=part.score,
            evidence=part.evidence if bed else replace(part.evidence, timing="interval"),
            alternatives=tuple(
                alternative(self._catalog.labels[other], value, length_s, self._order)
                for other, value in zip(part.others, part.other_scores, strict=True)
            ),
        )


def alternative(label: Label, value: float, length_s: float, order: Order) -> Alternative:
    """The sound that a label would be heard by, with its probability."""
    return Alternative(label.text, _ref(order(label, length_s)[0]), share(value))


def _ref(sound: Sound) -> SoundRef:
    return SoundRef(sound.library, sound.path, sound.licence, sound.title, sound.author, sound.source_url)


def share(value: float) -> float:
    """A number in 0..1 with the digits that mean something: the same on every machine."""
    return min(1.0, max(0.0, round(float(value), 4)))
