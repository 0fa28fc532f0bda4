"""The limiter: how far each moment must be turned down so that the wave stays under a peak, and how it lets go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spatial import Floats

LOOK_AHEAD_S = 0.005
"""It begins to come down so long before a peak."""

HOLD_S = 0.015
"""It stays down so long after: half a period of 33 Hz, so that it doesn't follow the swings of the wave itself."""

RELEASE_DB_PER_S = 250.0
"""After one peak it is back soon; by ear a limiter's release is 20 to 100 ms for a few decibels."""

SUSTAIN_S = 0.3
"""Where peaks follow each other it comes back no further than the mean of so long, or it would be heard to pump."""

# Attenuation is counted in whole millionths of a decibel: sums of whole numbers don't depend on their
# order, so the limiter gives the same samples whatever the size of the blocks.
UNIT = 1_000_000
Falls = NDArray[np.int64]

PART = 240
"""Samples of a part of 5 ms: so finely the ceiling may be set lower, and is looked at afterwards."""

_STEP = 8
"""Samples that are looked at together: a sixth of a millisecond. One byte each fills a 64-bit word, see `_hot`."""

# Interpolation by 4, as for a true-peak meter: a windowed sinc, 12 taps to each of the 3 points in between
# (ITU-R BS.1770-4, annex 2, has the same shape).
_TAPS = 12
_BEFORE, _AFTER = _TAPS // 2 - 1, _TAPS // 2


class Envelope:
    """From how far steps of `step` samples are over the peak to how far they are turned down.

    `add` takes falls in millionths of a decibel, at least 0, and gives attenuations where they are known by now, at
    the beginnings of the steps: `delay` fewer than falls came. Between two of them lie straight lines.
    """

    def __init__(self, step: int) -> None:
        self._ahead = max(1, round(LOOK_AHEAD_S * RATE_HZ / step))
        self._span = self._ahead + 1 + round(HOLD_S * RATE_HZ / step)
        self._window = round(SUSTAIN_S * RATE_HZ / step)
        self._release = round(RELEASE_DB_PER_S * UNIT * step / RATE_HZ)
        self.delay = self._ahead - 1
        # Silence comes before the first step, long enough to come down for it.
        self._falls = np.zeros(self._span - 1, np.int64)
        self._quick = np.zeros(self._window, np.int64)
        self._last = np.zeros(self._ahead - 1, np.int64)
        self._unwanted = self._ahead - 1

    def add(self, falls: Falls) -> Falls:
        """The attenuations that these falls make known."""
        joined = np.concatenate([self._falls, falls])
        count = len(joined) - self._span + 1
        if count <= 0:
            self._falls = joined
            return np.zeros(0, np.int64)
        self._falls = joined[count:]
        if joined.any() or self._quick.any() or self._last.any():
            quick = self._let_go(_greatest(joined, self._span))
            history = np.concatenate([self._quick, quick])
            self._quick = history[count:]
            slow = _sums(history[1:], self._window) // self._window
            held = np.concatenate([self._last, np.maximum(quick, slow)])
            self._last = held[count:]
            # Rounded up, so that no step gets less than it needs.
            smooth = -(-_sums(held, self._ahead) // self._ahead)
        else:
            smooth = np.zeros(count, np.int64)
        skipped = min(self._unwanted, count)
        self._unwanted -= skipped
        return np.asarray(smooth[skipped:])

    def _let_go(self, falls: Falls) -> Falls:
        slope = self._release * np.arange(1, len(falls) + 1, dtype=np.int64)
        highest = np.maximum.accumulate(np.maximum(falls + slope, self._quick[-1]))
        return np.asarray(np.maximum(highest - slope, 0))


class Limiter:
    """Keeps samples, and the wave between them, at or under `peak_db` dBFS; below that it changes nothing.

    It looks 5 ms ahead, is down before the peak, holds for 15 ms and comes back at 250 dB a second, but only to the
    mean of the last 0.3 s. All channels get the same gain, so nothing moves to the side.

    lower_db: how far the ceiling lies lower in each part of PART samples, [T]; 0 after its end.
    """

    def __init__(self, peak_db: float, channels: int = 2, *, lower_db: NDArray[np.float32] | None = None) -> None:
        self._channels = channels
        self._ceiling = np.float32(10 ** (peak_db / 20))
        self._between = _interpolators().astype(np.float32)
        self._harmless = np.float32(self._ceiling / np.abs(self._between).sum(axis=1).max())
        """Where all samples are lower, the wave between them can't reach the ceiling."""
        self._lower = None if lower_db is None else np.ceil(lower_db.astype(np.float64) * UNIT).astype(np.int64)

    def run(self, blocks: Iterable[Floats | Samples]) -> Iterator[Samples]:
        """Blocks [N, C] in, blocks out, as many samples in all."""
        envelope = Envelope(_STEP)
        waiting = [np.zeros((0, self._channels), np.float32)]  # metered, but what comes after isn't known yet
        known = np.zeros(0, np.int64)  # attenuation at the beginning of what waits
        have = left = 0

        def counted() -> Iterator[Floats | Samples]:
            nonlocal left
            for block in blocks:
                left += len(block)
                yield block

        for fresh, falls in self._metered(counted(), envelope.delay + 2):
            known = np.concatenate([known, envelope.add(falls)])
            waiting.append(fresh)
            have += len(fresh)
            count = min(len(known) - 1, have // _STEP) * _STEP
            if count <= 0:
                continue
            passed = np.concatenate(waiting)
            out = self._lowered(passed[:count], known[: count // _STEP + 1])[:left]
            waiting, known = [passed[count:]], known[count // _STEP :]
            have -= count
            left -= len(out)
            if len(out):
                yield out

    def excess_db(self, blocks: Iterable[Floats | Samples]) -> NDArray[np.float32]:
        """How far the wave is over the peak in each PART of samples, [T], the last of which may be filled up."""
        each = PART // _STEP
        rest: Falls = np.zeros(0, np.int64)
        found: list[NDArray[np.float32]] = []
        for _, falls in self._metered(blocks, 0):
            joined = np.concatenate([rest, falls])
            count = len(joined) // each
            found.append((joined[: count * each].reshape(count, each).max(axis=1) / UNIT).astype(np.float32))
            rest = joined[count * each :]
        found.append(np.array([rest.max(initial=0) / UNIT], np.float32))
        return np.concatenate(found)

    def _metered(self, blocks: Iterable[Floats | Samples], more: int) -> Iterator[tuple[Samples, Falls]]:
        """Whole steps with their falls; at the end silence for `more` steps than are begun."""
        wave = np.zeros((_TAPS, self._channels), np.float32)  # not metered yet, and what lies before it
        done = 0
        silence = np.zeros(((more + 1) * _STEP + 2 * _TAPS, self._channels), np.float32)
        for block in chain(blocks, [silence]):
            wave = np.concatenate([wave, block.astype(np.float32, copy=False)])
            steps = (len(wave) - 2 * _TAPS) // _STEP
            if steps > 0:
                yield wave[_TAPS : _TAPS + steps * _STEP], self._falls(wave, steps, self._lower_at(done, steps))
                wave = wave[steps * _STEP :]
                done += steps

    def _lower_at(self, first: int, count: int) -> Falls | None:
        """How far the ceiling lies lower in these steps."""
        if self._lower is None:
            return None
        parts = np.arange(first, first + count) * _STEP // PART
        lower = np.where(parts < len(self._lower), self._lower[np.minimum(parts, len(self._lower) - 1)], 0)
        return np.asarray(lower) if lower.any() else None

    def _lowered(self, samples: Samples, falls: Falls) -> Samples:
        if not falls.any():
            return samples
        gain = np.power(10.0, -falls / (20 * UNIT))
        share = np.arange(_STEP) / _STEP
        lines = (gain[:-1, None] + np.diff(gain)[:, None] * share).astype(np.float32).reshape(-1, 1)
        # Rounding could leave a sample a ten-millionth over.
        return np.asarray(np.clip(samples * lines, -self._ceiling, self._ceiling))

    def _falls(self, wave: Samples, steps: int, lower: Falls | None) -> Falls:
        """How far each step, with the wave up to the next, is over the ceiling; `_TAPS` samples lie on both sides."""
        falls = np.zeros(steps, np.int64)
        harmless = (
            self._harmless if lower is None else self._harmless * np.float32(10 ** (-lower.max() / (20 * UNIT)))
        )
        near = np.flatnonzero(self._hot(wave[_TAPS - _STEP : _TAPS + (steps + 1) * _STEP], harmless))
        if not len(near):
            return falls
        places = (_TAPS - _BEFORE + near * _STEP)[:, None] + np.arange(_STEP + _TAPS - 1)
        around = wave[places]
        peak = _loudest(around[:, _BEFORE : _BEFORE + _STEP])
        for taps in self._between:
            point = np.zeros((len(near), _STEP, self._channels), np.float32)
            for tap, weight in enumerate(taps):
                point += weight * around[:, tap : tap + _STEP]
            np.maximum(peak, _loudest(point), out=peak)
        over = 20 * UNIT * np.log10(np.maximum(peak.astype(np.float64) / self._ceiling, 1e-9))
        falls[near] = np.maximum(np.ceil(over).astype(np.int64) + (0 if lower is None else lower[near]), 0)
        return falls

    def _hot(self, wave: Samples, harmless: np.float32) -> NDArray[np.bool_]:
        """Which steps, but the first and the last, have a sample in or beside them that isn't harmless."""
        loud = np.ascontiguousarray(np.abs(wave) > harmless)
        # Eight bytes are asked at once.
        words = loud.reshape(-1).view(np.uint64).reshape(-1, self._channels)
        any_ = np.bitwise_or.reduce(words, axis=1) != 0
        return np.asarray(any_[:-2] | any_[1:-1] | any_[2:])


def _loudest(wave: Samples) -> Samples:
    return np.asarray(np.abs(wave).reshape(len(wave), -1).max(axis=1))


def _interpolators() -> Floats:
    """[3, 12] weights for the points a quarter, a half and three quarters of the way to the next sample."""
    place = np.arange(_TAPS) - _BEFORE
    rows = []
    for quarter in (0.25, 0.5, 0.75):
        distance = place - quarter
        row = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * distance / (_TAPS / 2 + 0.5)))
        rows.append(row / row.sum())
    return np.array(rows)


def _greatest(values: Falls, size: int) -> Falls:
    """The greatest of each `size` neighbours, as many as there are places for them."""
    from scipy.ndimage import maximum_filter1d

    # Centred on sample i + size // 2, the filter covers i .. i + size - 1.
    return np.asarray(maximum_filter1d(values, size)[size // 2 : size // 2 + len(values) - size + 1])


def _sums(values: Falls, size: int) -> Falls:
    """The sum of each `size` neighbours."""
    sums = np.cumsum(np.concatenate([np.zeros(1, np.int64), values]))
    return np.asarray(sums[size:] - sums[:-size])
