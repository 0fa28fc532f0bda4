"""The two ends of a sound: what is silence, what is a fade, level and spectrum from moment to moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonify.mix.sources import FrameStream, Samples, SoundFile

Floats = NDArray[np.float64]

SEARCHED_S = 3.0
"""How much of either end is looked at, at most a third of the sound."""

STEP_S, LOOK_S = 0.025, 0.05
"""From one look to the next, and how long one is."""

AROUND = 5
"""Looks that are compared: an eighth of a second."""

FADED_DB = 3.0
"""Of a steady sound, what is so far under its median belongs to a fade."""

_READ_THROUGH_S = 40.0  # a shorter sound is looked at as a whole
_SILENT_DB = 60.0  # under its loudest look
_BANDS = 16
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 16_000.0
_FLOOR_DB = -90.0
# A sound is steady when of 100 looks the 25th softest is within so much of the median, and that of the 90th.
_STEADY_DB, _LIVELY_DB = 9.0, 15.0
_QUIET_DB = 25.0  # an end so far under the 90th is a pause
_AS_ALIKE = 1.1  # how much less alike the two sides of a join may be than neighbours within the sound


class Ends:
    """Both ends of a sound as one signal each, without silence before the first and after the last.

    first, past: what is between is not silent; of a long sound, silence at its ends stays. parts: what is known of
    all that.
    """

    parts: tuple[Floats, ...]

    def __init__(self, sound: SoundFile) -> None:
        self.first, self.past = 0, sound.frames
        if sound.frames <= _READ_THROUGH_S * sound.rate_hz:
            wave = _read(sound, 0, sound.frames)
            self.first, self.past = _sounding(wave, sound.rate_hz)
            size = self._size(sound)
            self.head, self.tail = wave[self.first : self.first + size], wave[self.past - size : self.past]
            self.parts = (wave[self.first : self.past],)
        else:
            size = self._size(sound)
            self.head, self.tail = _read(sound, 0, size), _read(sound, sound.frames - size, size)
            self.parts = (self.head, self.tail)

    def _size(self, sound: SoundFile) -> int:
        return min((self.past - self.first) // 3, round(SEARCHED_S * sound.rate_hz))

    def meet_softly(self, sound: SoundFile) -> bool:
        """Whether the step from the last sample to the first is no larger than those around it."""
        last = self.tail[-1] if self.past == sound.frames else 0.0
        first = self.head[0] if not self.first else 0.0
        around = round(LOOK_S * sound.rate_hz)
        own = max(float(np.abs(np.diff(part)).max(initial=0.0)) for part in (self.head[:around], self.tail[-around:]))
        return bool(abs(first - last) <= own)


def _sounding(wave: Floats, rate_hz: int) -> tuple[int, int]:
    """From where to where it is not silent; all of it where the silence is shorter than a look."""
    size = max(1, round(LOOK_S * rate_hz))
    count = len(wave) // size
    power = np.square(wave[: count * size]).reshape(count, size).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-_SILENT_DB / 10))
    if not len(loud):
        return 0, len(wave)
    first, past = int(loud[0]) * size, (int(loud[-1]) + 1) * size
    return first, past if past < count * size else len(wave)


def _read(sound: SoundFile, first: int, count: int) -> Floats:
    stream = FrameStream(sound, first, wanted=count)
    try:
        return _one_signal(stream.read(count))
    finally:
        stream.close()


def _one_signal(samples: Samples) -> Floats:
    # Unequal shares, so that opposite channels don't cancel out.
    return np.asarray(samples.astype(np.float64) @ np.linspace(1.0, 0.6, samples.shape[1]))


class Looks:
    """Level and spectrum of both ends, every 25 ms."""

    def __init__(self, ends: Ends, rate_hz: int) -> None:
        self.step = max(1, round(STEP_S * rate_hz))
        self.rate_hz = rate_hz
        self.head, self.tail = (bands_db(end, rate_hz, self.step) for end in (ends.head, ends.tail))
        self.count = min(len(self.head), len(self.tail))
        if not self.count:
            return
        levels = np.concatenate([level_db(bands_db(part, rate_hz, 2 * _size(rate_hz))) for part in ends.parts])
        self.low_db, low, self.median_db, self.high_db = np.percentile(levels, (5, 25, 50, 90)).tolist()
        self.steady = self.median_db - low <= _STEADY_DB and self.high_db - self.median_db <= _LIVELY_DB

    def joins(self) -> bool:
        """Whether the end goes with the beginning as well as neighbours within the sound go with each other."""
        head, tail = smooth(self.head), smooth(self.tail)
        if self.steady and min(level_db(tail)[-1], level_db(head)[0]) < self.median_db - 2 * FADED_DB:
            return False
        own = np.concatenate([between_db(side[:-AROUND], side[AROUND:]) for side in (head, tail)])
        across = between_db(tail[-1:], head[:1])
        return bool(across[0] <= _AS_ALIKE * np.percentile(own, 90) + 1e-9)

    def ends_in_a_pause(self) -> bool:
        """Whether the last look is far under the sound's loud parts."""
        return bool(level_db(self.tail)[-1] < self.high_db - _QUIET_DB)

    def usable(self) -> tuple[int, int]:
        """The first look of the head that is no fade, and the first of the tail that is."""
        if not self.steady:
            return 0, self.count
        least_db = self.median_db - FADED_DB
        head, tail = (np.flatnonzero(level_db(end) >= least_db) for end in (self.head, self.tail))
        return (int(head[0]) if len(head) else 0), (int(tail[-1]) + 1 if len(tail) else self.count)


def bands_db(wave: Floats, rate_hz: int, step: int) -> Floats:
    """Power in bands [N, B]; look n is of the samples from n * step on."""
    from scipy.fft import rfft

    size = _size(rate_hz)
    count = (len(wave) - size) // step + 1
    if count < 1:
        return np.zeros((0, _BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::step][:count]
    power = np.square(np.abs(rfft(frames * np.hanning(size), axis=1))) / size**2
    edges = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, rate_hz / 2), _BANDS + 1)
    places = np.searchsorted(np.fft.rfftfreq(size, 1 / rate_hz), edges)
    sums = np.concatenate([np.zeros((count, 1)), np.cumsum(power, axis=1)], axis=1)[:, places]
    used = np.diff(places) > 0
    return np.asarray(10 * np.log10(np.maximum(np.diff(sums, axis=1)[:, used], 10 ** (_FLOOR_DB / 10))))


def _size(rate_hz: int) -> int:
    return max(2, round(LOOK_S * rate_hz))


def level_db(bands: Floats) -> Floats:
    """The level of each look."""
    return np.asarray(10 * np.log10(np.power(10, bands / 10).sum(axis=1)))


def smooth(bands: Floats) -> Floats:
    """Means over AROUND neighbouring looks, in dB."""
    sums = np.cumsum(np.concatenate([np.zeros((1, bands.shape[1])), bands]), axis=0)
    return np.asarray((sums[AROUND:] - sums[:-AROUND]) / AROUND)


def between_db(one: Floats, other: Floats) -> Floats:
    """How far looks [N, B] are from others: the mean over the bands, in dB."""
    return np.asarray(np.abs(one - other).mean(axis=1))
