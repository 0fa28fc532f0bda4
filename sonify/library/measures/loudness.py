"""Loudness after ITU-R BS.1770-4, from blocks: of the whole (gated), and of the loudest 3 s.

The weighting is pyloudnorm's ("DeMan", which meets the standard's coefficients); pyloudnorm itself wants the whole
sound in memory, so the sums are ours and tested against it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GATING_BLOCK_S = 0.4
SHORT_TERM_S = 3.0
_HOP_S = 0.1
_ABSOLUTE_LUFS = -70.0
_RELATIVE_LU = -10.0
_OFFSET_LU = -0.691
# Below this rate the shelf of the weighting lies above what can be heard of the sound.
_LEAST_SHELF_HZ = 4_000
# Left, right, centre, low frequencies (left out), surrounds (+1.5 dB). For other layouts all channels count alike.
_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}


class Loudness:
    """Feed it samples [C, N] in order, then ask for `whole_lufs` and `loudest_3s_lufs`; None means silent."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._channels = channels
        self._sections = weighting(rate_hz)
        self._state = np.zeros((len(self._sections), channels, 2))
        self._weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
        self._frames = 0
        self._energy = 0.0
        self._at_hops: list[NDArray[np.float64]] = [np.zeros(1)]
        self._short: list[NDArray[np.float32]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        """The next samples, all finite."""
        from scipy.signal import sosfilt

        if self._frames < GATING_BLOCK_S * self._rate_hz:
            self._short.append(block)
        weighted, self._state = sosfilt(self._sections, block, axis=1, zi=self._state)
        energy = self._energy + np.cumsum(self._weights @ np.square(weighted))
        first = int(np.floor(self._frames / (self._rate_hz * _HOP_S))) + 1
        last = int(np.floor((self._frames + block.shape[1]) / (self._rate_hz * _HOP_S))) + 1
        ends = np.round(np.arange(first, last) * self._rate_hz * _HOP_S).astype(np.int64) - self._frames
        self._at_hops.append(energy[np.clip(ends, 1, block.shape[1]) - 1])
        self._frames += block.shape[1]
        self._energy = float(energy[-1])

    def result(self) -> tuple[float | None, float | None]:
        """(whole_lufs, loudest_3s_lufs). What is shorter than 0.4 s is measured as if it were repeated."""
        if 0 < self._frames < GATING_BLOCK_S * self._rate_hz:
            return self._repeated()
        at_hops = np.concatenate(self._at_hops)
        whole = _gated(at_hops, self._rate_hz * _HOP_S)
        if whole is None:
            return None, None
        hops = round(SHORT_TERM_S / _HOP_S)
        if len(at_hops) > hops:
            loudest = float((at_hops[hops:] - at_hops[:-hops]).max()) / (SHORT_TERM_S * self._rate_hz)
        else:
            loudest = self._energy / self._frames
        return whole, float(_lufs(loudest))

    def _repeated(self) -> tuple[float | None, float | None]:
        once = np.concatenate(self._short, axis=1)
        # In parts of a tenth of a second and more: neither thousands of them, nor one of many megabytes.
        part = np.tile(once, (1, int(np.ceil(_HOP_S * self._rate_hz / once.shape[1]))))
        again = Loudness(self._rate_hz, self._channels)
        for _ in range(int(np.ceil(2 * GATING_BLOCK_S * self._rate_hz / part.shape[1]))):
            again.feed(part)
        return again.result()


def weighting(rate_hz: int) -> NDArray[np.float64]:
    """The filter of BS.1770's figure 2 as second-order sections [2, 6], or [1, 6] at very low rates."""
    from pyloudnorm.iirfilter import IIRfilter

    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate_hz, "high_shelf_DeMan")
    high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate_hz, "high_pass_DeMan")
    used = (shelf, high_pass) if rate_hz >= _LEAST_SHELF_HZ else (high_pass,)
    return np.array([[*one.b, *one.a] for one in used], np.float64)


def _gated(at_hops: NDArray[np.float64], hop_frames: float) -> float | None:
    block = round(GATING_BLOCK_S / _HOP_S)
    if len(at_hops) <= block:
        return None
    power = (at_hops[block:] - at_hops[:-block]) / (block * hop_frames)
    loud = power[_lufs(power) >= _ABSOLUTE_LUFS]
    if not len(loud):
        return None
    gate = _lufs(np.mean(loud)) + _RELATIVE_LU
    return float(_lufs(np.mean(loud[_lufs(loud) > gate])))


def _lufs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return _OFFSET_LU + 10 * np.log10(np.maximum(power, 1e-30))
