"""Two pieces of sound that meet: how well they match, and how they are crossed."""

from __future__ import annotations

import numpy as np

from sonify.mix.looks import Floats
from sonify.mix.sources import Samples

_ORDER = 32  # of the linear prediction
_PREDICTED_S = 0.05  # from so much of the sound


def crossfade(old: Samples, new: Samples) -> Samples:
    """From `old` to `new`, both [N, C], on straight lines, at a level that holds.

    Two copies of the same add up in amplitude, two unrelated noises in power; the lines are divided by
    what they would add up to at the correlation that the two really have, so there is no dip in between.
    """
    count = len(old)
    if not count:
        return new
    up = ((np.arange(count) + 0.5) / count)[:, None]
    down = 1 - up
    a, b = old.astype(np.float64), new.astype(np.float64)
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    likeness = min(1.0, max(0.0, float((a * b).sum()) / power)) if power > 0 else 1.0
    level = np.sqrt(up * up + down * down + 2 * likeness * up * down)
    mixed: Samples = ((a * down + b * up) / level).astype(np.float32)
    return mixed


def predictable(tail: Floats, head: Floats, rate_hz: int) -> bool:
    """Whether the first samples follow from the last ones no worse than samples follow from each other elsewhere.

    A step, a bend or a wave that breaks off is what linear prediction can't foresee.
    """
    from scipy.linalg import LinAlgError, solve_toeplitz

    size = max(4 * _ORDER, round(_PREDICTED_S * rate_hz))
    before, after = tail[-size:], head[:size]
    if len(before) < 4 * _ORDER:
        return False
    peak = float(max(np.abs(before).max(), np.abs(after).max()))
    if peak == 0:
        return True
    both = (before, after)
    lags = np.array([sum(float(part[: len(part) - lag] @ part[lag:]) for part in both) for lag in range(_ORDER + 1)])
    lags[0] *= 1 + 1e-9
    try:
        weights = solve_toeplitz(lags[:-1], lags[1:])
    except LinAlgError:
        return False
    filter_ = np.concatenate([[1.0], -weights])
    own = max(float(np.abs(np.convolve(part, filter_, "valid")).max()) for part in both)
    across = np.concatenate([before[-_ORDER:], after[:_ORDER]])
    return bool(np.abs(np.convolve(across, filter_, "valid")).max() <= own + 1e-5 * peak)


class Match:
    """How alike the waveform around each place of one signal is to that around a place of another, -1..1."""

    def __init__(self, one: Floats, other: Floats, window: int) -> None:
        from scipy.fft import next_fast_len, rfft

        self._other, self._window = other, window
        self.half, self.last = window // 2, len(one) - (window - window // 2)
        self._length = next_fast_len(len(one) + window, real=True)
        self._spectrum = rfft(one, self._length)
        sums = np.cumsum(np.concatenate([[0.0], np.square(one)]))
        self._powers = sums[window:] - sums[:-window]

    def at(self, place: int) -> Floats:
        """For a place of the other: the likeness at places half .. last of the one."""
        from scipy.fft import irfft, rfft

        piece = self._other[place - self.half : place - self.half + self._window]
        products = irfft(self._spectrum * np.conj(rfft(piece, self._length)), self._length)[: len(self._powers)]
        return np.asarray(products / np.sqrt(np.maximum(self._powers * float(piece @ piece), 1e-12)))


def thinned(wave: Floats, every: int) -> Floats:
    """One sample for each `every`, without what such a rate can't carry."""
    from scipy.signal import resample_poly

    return wave if every == 1 else np.asarray(resample_poly(wave, 1, every))


def likeness(one: Floats, other: Floats) -> float:
    """The correlation of two waves as they are, -1..1."""
    power = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / power if power > 0 else 1.0


def refined(head: Floats, tail: Floats, start: int, end: int, window: int, every: int) -> tuple[int, int]:
    """The same join to the frame."""
    half = window // 2
    piece = tail[end - half : end + half]
    around = [place for place in range(start - 2 * every, start + 2 * every + 1) if half <= place <= len(head) - half]
    if len(piece) < 2 * half or not around:
        return start, end
    return max(around, key=lambda place: round(likeness(head[place - half : place + half], piece), 6)), end
