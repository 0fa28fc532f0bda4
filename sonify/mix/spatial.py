"""Where a sound is and how loud, sample by sample: curves, pan, fades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Curve
from sonify.mix.sources import RATE_HZ, Samples

Floats = NDArray[np.float64]

SHORTEST_RAMP_S = 0.005
"""A jump in a curve is spread over so long: long enough not to click, too short to be heard as a ramp."""

_GRID = 32


class Line:
    """A curve of the cue sheet, read at any sample: straight lines between its key frames.

    `origin` is the sample at which the curve's time 0 lies. Where the curve jumps, the mean over 5 ms is
    taken, which turns a jump into a ramp centred on it and leaves straight lines as they are.
    """

    def __init__(self, curve: Curve, *, empty: float = 0.0, origin: int = 0) -> None:
        keys = curve or ((0.0, empty),)
        self._times = np.array([time for time, _ in keys], np.float64) * RATE_HZ + origin
        self._values = np.array([value for _, value in keys], np.float64)
        self.constant = float(self._values[0]) if np.all(self._values == self._values[0]) else None
        self._width = SHORTEST_RAMP_S * RATE_HZ
        steps = np.diff(self._times)
        self._jumps = bool(np.any((steps < self._width) & (np.diff(self._values) != 0)))
        areas = steps * (self._values[1:] + self._values[:-1]) / 2
        self._areas = np.concatenate([[0.0], np.cumsum(areas)])

    def at(self, first: int, count: int, step: int = 1) -> Floats | float:
        """Values at `count` samples from `first` on, `step` apart; one number where the curve is constant."""
        if self.constant is not None:
            return self.constant
        samples = np.arange(first, first + count * step, step, dtype=np.float64)
        if not self._jumps:
            return np.interp(samples, self._times, self._values)
        half = self._width / 2
        return (self._area(samples + half) - self._area(samples - half)) / self._width

    def _area(self, samples: Floats) -> Floats:
        """The integral of the curve from its first key frame to each sample."""
        times, values = self._times, self._values
        inside = np.clip(samples, times[0], times[-1])
        index = np.clip(np.searchsorted(times, inside, side="right") - 1, 0, len(times) - 2)
        since = inside - times[index]
        span = times[index + 1] - times[index]
        slope = np.divide(values[index + 1] - values[index], span, out=np.zeros_like(span), where=span > 0)
        area = self._areas[index] + since * (values[index] + slope * since / 2)
        before = np.minimum(samples - times[0], 0) * values[0]
        after = np.maximum(samples - times[-1], 0) * values[-1]
        return np.asarray(area + before + after)


def gain(db: Floats | float) -> Floats | float:
    """Decibels as a factor of amplitude."""
    if isinstance(db, float):
        return float(10.0 ** (db / 20))
    return np.asarray(np.power(10.0, db / 20))


def sides(pan: Floats | float, channels: int) -> tuple[Floats, Floats]:
    """Gains of the left and the right side at `pan`, -1 (left) to 1 (right), for a mono or stereo sound.

    Equal power: the squares of the two always add up to the same. Mono in the centre is -3 dB on either
    side; stereo is left as it is in the centre, and its balance moved elsewhere.
    """
    angle = (np.asarray(pan, np.float64) + 1) * (np.pi / 4)
    scale = 1.0 if channels == 1 else np.sqrt(2.0)
    # Both as cosines, so that left and right are mirror images to the last bit.
    return scale * np.cos(angle), scale * np.cos(np.pi / 2 - angle)


class Position:
    """Gain and pan curve of a cue together: what each side is multiplied by, sample by sample.

    The curves are read every 32 samples (0.7 ms, on a grid that doesn't depend on the blocks), with
    straight lines of amplitude in between.
    """

    def __init__(self, gain_db: Line, pan: Line, channels: int, scale: float) -> None:
        self._gain_db, self._pan, self._channels, self._scale = gain_db, pan, channels, scale

    def at(self, first: int, count: int) -> Samples:
        """Factors [N, 2] at `count` samples from `first` on; [1, 2] where they don't change."""
        if self._gain_db.constant is not None and self._pan.constant is not None:
            return self._points(first, 1).astype(np.float32)
        skip = first % _GRID
        points = self._points(first - skip, (skip + count) // _GRID + 2)
        share = (np.arange(_GRID) / _GRID)[None, :, None]
        lines = points[:-1, None, :] + (points[1:] - points[:-1])[:, None, :] * share
        return np.asarray(lines.reshape(-1, 2)[skip : skip + count].astype(np.float32))

    def _points(self, first: int, count: int) -> Floats:
        both = np.empty((count, 2))
        both[:, 0], both[:, 1] = sides(self._pan.at(first, count, _GRID), self._channels)
        both *= np.asarray(gain(self._gain_db.at(first, count, _GRID)) * self._scale).reshape(-1, 1)
        return both


class Fades:
    """The gain of a cue's fade in and out: quarter sines, so that two cues that cross keep their power.

    length, fade_in and fade_out are in samples; fades that don't both fit are shortened in proportion.
    """

    def __init__(self, length: int, fade_in: int, fade_out: int) -> None:
        wanted = fade_in + fade_out
        if wanted > length:
            fade_in = fade_in * length // wanted
            fade_out = min(fade_out, length - fade_in)
        self._length, self._in, self._out = length, fade_in, fade_out

    def at(self, first: int, count: int) -> Floats | float:
        """Factors at `count` samples from `first` on; 1.0 where no fade is."""
        if first >= self._in and first + count <= self._length - self._out:
            return 1.0
        factor = np.ones(count)
        if first < self._in:
            index = np.arange(first, min(first + count, self._in))
            factor[: len(index)] *= np.sin((index + 0.5) / self._in * (np.pi / 2))
        begin = max(first, self._length - self._out)
        if begin < first + count:
            index = np.arange(begin, first + count)
            factor[begin - first :] *= np.sin((self._length - index - 0.5) / self._out * (np.pi / 2))
        return factor
