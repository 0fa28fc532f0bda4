"""How much louder or softer a sound must be made to have its nominal loudness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonify.cues import Cue
from sonify.mix.dynamics import loudness_lufs
from sonify.mix.sources import RATE_HZ, Samples, SoundFile, SoundStream
from sonify.settings import MixSettings

LONGEST_MEASURE_S = 120.0
"""Of a longer part, so much from its start is measured."""

MOST_LIFT_DB = 24.0
"""A fainter sound than this can lift stays faint: what is lifted further is mostly its noise."""

_LEAST_DC = 0.001
_DC_FROM_S = 0.1  # the mean of a shorter sound is no offset but the sound
_EDGE = RATE_HZ // 50


@dataclass(frozen=True)
class Nominal:
    """The loudness that cues have at 0 dB."""

    effect_lufs: float
    ambience_lufs: float

    @classmethod
    def under(cls, original_lufs: float, settings: MixSettings) -> Nominal:
        """As far under the original as the settings say."""
        return cls(original_lufs - settings.effect_below_lu, original_lufs - settings.ambience_below_lu)


@dataclass(frozen=True)
class Level:
    """The gain that brings a sound to its nominal loudness; what to take off each channel, and what was wrong.

    dc: the mean of each channel where it is over 0.001, else 0. damaged: samples that were not numbers.
    """

    gain_db: float
    dc: tuple[float, ...]
    damaged: int
    silent: bool


def used_part_s(cue: Cue, sound: SoundFile) -> tuple[float, float]:
    """Which part of the file a cue plays, as (start_s, length_s); the whole of it when it loops."""
    start_s = cue.source_offset_s % sound.duration_s
    length_s = (cue.end_s - cue.start_s) * cue.speed
    if start_s + length_s > sound.duration_s:
        return 0.0, sound.duration_s
    return start_s, length_s


def measure(cue: Cue, sound: SoundFile, nominal: Nominal) -> Level:
    """The level of the part of `sound` that `cue` plays. Raises LibraryError when it can't be read."""
    start_s, length_s = used_part_s(cue, sound)
    count = max(1, round(min(length_s, LONGEST_MEASURE_S) * RATE_HZ))
    first = round(start_s * sound.rate_hz)
    samples, damaged = _read(sound, first, count)
    long = len(samples) >= _DC_FROM_S * RATE_HZ
    inside = samples[_EDGE:-_EDGE] if long else samples[:0]  # at the ends the resampler rings with an offset
    mean = inside.mean(axis=0, dtype=np.float64) if long else np.zeros(samples.shape[1])
    dc = tuple(float(m) if abs(m) > _LEAST_DC else 0.0 for m in mean)
    lufs = loudness_lufs(_read(sound, first, count, dc)[0] if any(dc) else samples)
    target_lufs = nominal.effect_lufs if cue.kind == "effect" else nominal.ambience_lufs
    silent = lufs == float("-inf")
    return Level(0.0 if silent else min(target_lufs - lufs, MOST_LIFT_DB), dc, damaged, silent)


def _read(sound: SoundFile, first: int, count: int, dc: tuple[float, ...] = ()) -> tuple[Samples, int]:
    """Samples at 48 kHz from a frame on, and how many of them were no numbers."""
    stream = SoundStream(sound, first, wanted=count, dc=dc)
    try:
        return stream.read(count), stream.damaged
    finally:
        stream.close()
