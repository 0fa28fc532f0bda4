"""How well the end of a sound joins its beginning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_END_S = 1.0
_BANDS = 24
_LOWEST_HZ = 60.0
# Differences at which loopability falls to 1/e, set by hand. Of ESC-50's labels (two takes each) cows come out at
# 0.00, dogs at 0.09, rain at 0.28, engines at 0.44, trains at 0.63.
_LEVEL_DB = 6.0
_SPECTRUM_DB = 8.0
_SWELL_DB = 6.0
# Ends up to this far under the whole are those of any lively bed.
_LIVELY_DB = 3.0
# A shorter sound that is repeated is heard as a rhythm.
_SHORT_S = 1.0


class Loops:
    """Feed it the sound as one signal [N] in order, then ask for the loopability."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._most = round(_END_S * rate_hz)
        self._head = np.zeros(0, np.float32)
        self._tail = np.zeros(0, np.float32)
        self._energy = 0.0
        self._frames = 0

    def feed(self, wave: NDArray[np.float32]) -> None:
        """The next samples, all finite."""
        if len(self._head) < self._most:
            self._head = np.concatenate([self._head, wave[: self._most - len(self._head)]])
        self._tail = np.concatenate([self._tail, wave])[-self._most :]
        self._energy += float(np.square(wave, dtype=np.float64).sum())
        self._frames += len(wave)

    def result(self) -> float:
        """0..1: 1 for a steady bed, near 0 for a single hit or anything that ends as it doesn't begin."""
        length = min(self._most, self._frames // 4)
        if length < 64 or self._energy <= 0:
            return 0.0
        head, tail = _spectrum(self._head[:length], self._rate_hz), _spectrum(self._tail[-length:], self._rate_hz)
        whole_db = 10 * np.log10(self._energy / self._frames)
        head_db, tail_db = _level(self._head[:length]), _level(self._tail[-length:])
        level = abs(head_db - tail_db) / _LEVEL_DB
        spectrum = float(np.abs(head - tail).mean()) / _SPECTRUM_DB
        swell = max(0.0, whole_db - min(head_db, tail_db) - _LIVELY_DB) / _SWELL_DB
        short = min(1.0, self._frames / (_SHORT_S * self._rate_hz))
        return round(float(short * np.exp(-level - spectrum - swell)), 4)


def _level(wave: NDArray[np.float32]) -> float:
    return float(10 * np.log10(max(float(np.square(wave, dtype=np.float64).mean()), 1e-12)))


def _spectrum(wave: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Each band's share of the power in dB, at least -40; the bands are evenly apart in octaves."""
    from scipy.fft import rfft

    power = np.square(np.abs(rfft(wave * np.hanning(len(wave)))))
    frequencies = np.fft.rfftfreq(len(wave), 1 / rate_hz)
    edges = np.geomspace(_LOWEST_HZ, max(min(16_000.0, rate_hz / 2), 2 * _LOWEST_HZ), _BANDS + 1)
    sums = np.concatenate([[0.0], np.cumsum(power)])[np.searchsorted(frequencies, edges)]
    bands = np.diff(sums)
    return 10 * np.log10(np.maximum(bands / max(float(bands.sum()), 1e-12), 1e-4))
