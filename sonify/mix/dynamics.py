"""How loud: loudness of a sound, the limiter of the mix, the ducking of the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Cue, Curve, Kind
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spatial import Floats

DUCK_DOWN_S = 0.08
DUCK_UP_S = 0.4
"""Usual times for ducking under speech (design notes: about 80 ms down, 400-500 ms up)."""

_LOOK_AHEAD_S = 0.005
_RELEASE_DB_PER_S = 40.0
# Attenuation is counted in whole millionths of a decibel: sums of whole numbers don't depend on their
# order, so the limiter gives the same samples whatever the size of the blocks.
_UNIT = 1_000_000
_GATE_S = 0.4
"""The shortest sound that ITU-R BS.1770 can measure: one gating block."""

# Interpolation by 4, as for a true-peak meter: a windowed sinc, 12 taps to each of the 3 points in between
# (ITU-R BS.1770-4, annex 2, has the same shape).
_TAPS = 12


def loudness_lufs(samples: Samples) -> float:
    """Integrated loudness (ITU-R BS.1770) of samples [N, 1 or 2] at 48 kHz; -inf for silence.

    What is shorter than a gating block of 0.4 s is measured as if it were repeated.
    """
    import pyloudnorm

    if not len(samples) or not np.any(samples):
        return float("-inf")
    shortest = round(_GATE_S * RATE_HZ)
    if len(samples) < shortest:
        samples = np.tile(samples, (-(-shortest // len(samples)), 1))
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples.astype(np.float64)))


def duck_curve(cues: Iterable[Cue], duck_db: float, *, kinds: tuple[Kind, ...] = ("effect",)) -> Curve:
    """The gain of the original, in dB over the video's time: `duck_db` under every cue of `kinds`, else 0."""
    spans: list[list[float]] = []
    for cue in sorted((c for c in cues if c.kind in kinds), key=lambda c: c.start_s):
        # A gap too short to come up and go down again stays down.
        if spans and cue.start_s - spans[-1][1] <= DUCK_DOWN_S + DUCK_UP_S:
            spans[-1][1] = max(spans[-1][1], cue.end_s)
        else:
            spans.append([cue.start_s, cue.end_s])
    keys: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        keys += [(start_s - DUCK_DOWN_S, 0.0), (start_s, duck_db), (end_s, duck_db), (end_s + DUCK_UP_S, 0.0)]
    return tuple(keys)


class Limiter:
    """Keeps samples, and the wave between them, at or under `peak_db` dBFS; below that it changes nothing.

    It looks 5 ms ahead, is down before the peak, and comes back at 40 dB a second. All channels get the
    same gain, so nothing moves to the side.
    """

    def __init__(self, peak_db: float, channels: int = 2) -> None:
        self._channels = channels
        self._ceiling = float(10 ** (peak_db / 20))
        self._ahead = round(_LOOK_AHEAD_S * RATE_HZ)
        self._release = round(_RELEASE_DB_PER_S * _UNIT / RATE_HZ)
        self._between = _interpolators()
        self._overshoot = float(np.abs(self._between).sum(axis=1).max())

    def run(self, blocks: Iterable[Floats]) -> Iterator[Samples]:
        """Blocks [N, C] in, blocks out, as many samples in all."""
        ahead, reach = self._ahead, _TAPS
        # The smoothing looks back over `ahead` samples of attenuation, the interpolation over `reach` samples.
        wave = np.zeros((reach, self._channels))  # waiting samples, `reach` of which are already past the meter
        falls: NDArray[np.int64] = np.zeros(0, np.int64)  # metered attenuation, not yet looked ahead over
        smooth: NDArray[np.int64] = np.zeros(ahead, np.int64)  # released attenuation of the samples before
        level = 0
        passed = np.zeros((0, self._channels))  # samples whose attenuation is not known yet
        ended = False
        source = iter(blocks)
        while not ended:
            block = next(source, None)
            if block is None:
                ended = True
                block = np.zeros((ahead + reach, self._channels))
            wave = np.concatenate([wave, block])
            if len(wave) <= 2 * reach:
                continue
            # 1. how far each sample, and the wave up to the next one, is over the ceiling
            fresh = wave[reach : len(wave) - reach]
            falls = np.concatenate([falls, self._over(wave)])
            passed = np.concatenate([passed, fresh])
            wave = wave[len(wave) - 2 * reach :]
            count = len(falls) - ahead
            if count <= 0:
                continue
            # 2. the greatest within the time ahead, 3. let go slowly, 4. smoothed over the time ahead
            out = passed[:count]
            if level or falls.any() or smooth.any():
                released = self._released(_greatest_ahead(falls, ahead), level)
                level = int(released[-1])
                joined = np.concatenate([smooth, released])
                smooth = joined[len(joined) - ahead :]
                gain = np.power(10.0, -_mean_of_last(joined, ahead) / (20 * _UNIT))
                # Rounding could leave a sample a ten-millionth over.
                out = np.clip(out * gain[:, None], -self._ceiling, self._ceiling)
            passed, falls = passed[count:], falls[count:]
            yield out.astype(np.float32)

    def _over(self, wave: Floats) -> NDArray[np.int64]:
        count = len(wave) - 2 * _TAPS
        over = np.zeros(count, np.int64)
        # Between samples this low the wave can't reach the ceiling, so there is nothing to work out.
        if max(wave.max(), -wave.min()) <= self._ceiling / self._overshoot:
            return over
        peak = _loudest(wave[_TAPS : _TAPS + count])
        for taps in self._between:
            point = np.zeros((count, self._channels))
            for tap, weight in enumerate(taps):
                start = _TAPS - _TAPS // 2 + 1 + tap
                point += weight * wave[start : start + count]
            np.maximum(peak, _loudest(point), out=peak)
        high = peak > self._ceiling
        over[high] = np.ceil(20 * _UNIT * np.log10(peak[high] / self._ceiling)).astype(np.int64)
        return over

    def _released(self, falls: NDArray[np.int64], level: int) -> NDArray[np.int64]:
        slope = self._release * np.arange(1, len(falls) + 1, dtype=np.int64)
        highest = np.maximum.accumulate(np.maximum(falls + slope, level))
        return np.asarray(np.maximum(highest - slope, 0))


def _loudest(wave: Floats) -> Floats:
    # Column by column: numpy is slow over a short last axis.
    loudest = np.abs(wave[:, 0])
    for channel in range(1, wave.shape[1]):
        np.maximum(loudest, np.abs(wave[:, channel]), out=loudest)
    return np.asarray(loudest)


def _interpolators() -> Floats:
    """[3, 12] weights for the points a quarter, a half and three quarters of the way to the next sample."""
    place = np.arange(_TAPS) - (_TAPS // 2 - 1)
    rows = []
    for quarter in (0.25, 0.5, 0.75):
        distance = place - quarter
        row = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * distance / (_TAPS / 2 + 0.5)))
        rows.append(row / row.sum())
    return np.array(rows)


def _greatest_ahead(falls: NDArray[np.int64], ahead: int) -> NDArray[np.int64]:
    """For each sample but the last `ahead`, the greatest of itself and the `ahead` samples after it."""
    from scipy.ndimage import maximum_filter1d

    size = ahead + 1
    # Centred on sample i + size // 2, the filter covers i .. i + ahead.
    return np.asarray(maximum_filter1d(falls, size)[size // 2 : size // 2 + len(falls) - ahead])


def _mean_of_last(values: NDArray[np.int64], ahead: int) -> NDArray[np.int64]:
    """For each value but the first `ahead`, the mean of itself and the `ahead` before it, rounded up."""
    sums = np.cumsum(np.concatenate([np.zeros(1, np.int64), values]))
    size = ahead + 1
    return np.asarray(-(-(sums[size:] - sums[:-size]) // size))
