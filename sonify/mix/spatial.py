"""Where a sound is and how loud, sample by sample: curves, pan, fades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Curve
from sonify.mix.sources import RATE_HZ, Samples

Floats = NDArray[np.float64]

SHORTEST_RAMP_S = 0.005
"""A jump in a curve is spread over so long: long enough not to click, too short to be heard as a ramp."""


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

    def at(self, first: int, count: int) -> Floats | float:
        """Values at `count` samples from `first` on; one number where the curve is constant."""
        if self.constant is not None:
            return self.constant
        samples = np.arange(first, first + count, dtype=np.float64)
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


def place(samples: Samples, pan: Floats | float) -> Floats:
    """Samples [N, C] as stereo [N, 2] at `pan`, -1 (left) to 1 (right), one value or one for each sample.

    Equal power: the squares of the two gains always add up to the same. Mono in the centre is -3 dB on
    either side; stereo is left as it is in the centre, and its balance moved elsewhere.
    """
    angle = (np.asarray(pan, np.float64) + 1) * (np.pi / 4)
    scale = 1.0 if samples.shape[1] == 1 else np.sqrt(2.0)
    # Both as cosines, so that left and right are mirror images to the last bit.
    left, right = scale * np.cos(angle), scale * np.cos(np.pi / 2 - angle)
    placed = np.empty((len(samples), 2), np.float64)
    placed[:, 0] = samples[:, 0] * left
    placed[:, 1] = samples[:, -1] * right
    return placed


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
        index = np.arange(first, first + count, dtype=np.float64)
        factor = np.ones(count)
        if self._in:
            factor *= np.sin(np.clip((index + 0.5) / self._in, 0, 1) * (np.pi / 2))
        if self._out:
            factor *= np.sin(np.clip((self._length - index - 0.5) / self._out, 0, 1) * (np.pi / 2))
        return factor
