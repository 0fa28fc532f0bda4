"""Programme loudness after ITU-R BS.1770, of a stream of any length, in bounded memory.

The weighting is pyloudnorm's ("DeMan", which meets the standard's coefficients at any rate); it wants all samples at
once, so the gating is here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SILENT_LUFS = -70.0
"""The absolute gate of BS.1770: what is under it doesn't count."""

RELATIVE_GATE_LU = 10.0
STEP_S = 0.1
GATE_STEPS = 4
"""A gating block is 400 ms long and begins every 100 ms."""

_OFFSET = -0.691
# Below this rate the shelf of the weighting lies above what can be heard of the sound.
_LEAST_SHELF_HZ = 4_000
_SURROUND = 1.41
# The low-frequency channel doesn't count; layouts in the order of WAVE files.
_WEIGHTS = {
    5: (1.0, 1.0, 1.0, _SURROUND, _SURROUND),
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}


class Meter:
    """Measures samples [N, C] as they come; `C` of 5, 6 and 8 are taken to be 5.0, 5.1 and 7.1.

    divisions: into how many parts of equal length the steps of 0.1 s are divided in what `add` gives.
    """

    def __init__(self, rate_hz: int, channels: int, *, divisions: int = 1) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._first: list[NDArray[Any]] = []
        self._divisions = divisions
        self._step = max(1, round(STEP_S * rate_hz / divisions)) * divisions
        self._weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
        self._sections = _k_weighting(rate_hz)
        self._state = np.zeros((len(self._sections), channels, 2))
        self._rest: NDArray[np.float64] = np.zeros((channels, 0))
        self._powers: list[NDArray[np.float64]] = []
        self._steps = 0

    def add(self, samples: NDArray[Any]) -> NDArray[np.float64]:
        """Takes the next samples; gives the weighted powers of the parts of whole steps that they complete, [T]."""
        from scipy.signal import sosfilt

        if not len(samples):
            return np.zeros(0)
        if self._steps < GATE_STEPS:
            self._first.append(samples)
        # Channel by channel: a filter over the first axis of two would copy everything twice.
        fresh = np.ascontiguousarray(samples.T, np.float64)
        joined = np.concatenate([self._rest, fresh], axis=1) if self._rest.shape[1] else fresh
        count = joined.shape[1] // self._step
        self._rest = joined[:, count * self._step :].copy()
        if not count:
            return np.zeros(0)
        heard, self._state = sosfilt(self._sections, joined[:, : count * self._step], axis=1, zi=self._state)
        parts = heard.reshape(self._channels, count * self._divisions, -1)
        powers: NDArray[np.float64] = self._weights @ np.einsum("ctn,ctn->ct", parts, parts) / parts.shape[2]
        self._powers.append(powers.reshape(count, self._divisions).mean(axis=1))
        self._steps += count
        return powers

    @property
    def powers(self) -> NDArray[np.float64]:
        """Weighted power of each whole step that came, [T]."""
        if len(self._powers) != 1:
            self._powers = [np.concatenate([np.zeros(0), *self._powers])]
        return self._powers[0]

    def integrated_lufs(self) -> float:
        """The loudness of all that came, gated; -inf for silence. Less than 400 ms count as if they were repeated."""
        powers = self._over(GATE_STEPS)
        return gated_lufs(powers) if len(powers) or not self._first else self._repeated().integrated_lufs()

    def loudest_lufs(self, window_s: float = 3.0) -> float:
        """The greatest loudness of any `window_s` (3 s: EBU's short-term loudness), of all if it is shorter."""
        if self._first and not len(self._over(GATE_STEPS)):
            return self._repeated().loudest_lufs(window_s)
        steps = round(window_s / STEP_S)
        powers = self._over(min(steps, max(1, self._steps)))
        return _lufs(float(powers.max())) if len(powers) else float("-inf")

    def _repeated(self) -> Meter:
        once = np.concatenate(self._first)
        again = Meter(self._rate_hz, self._channels)
        # In parts: a moment of very many channels must not become gigabytes.
        for _ in range(-(-2 * GATE_STEPS * self._step // len(once))):
            again.add(once)
        return again

    def _over(self, steps: int) -> NDArray[np.float64]:
        """Mean power over so many neighbouring steps, at each place."""
        return mean_over(self.powers, steps)


def mean_over(powers: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Mean of each `steps` neighbouring powers, as many as there are places for them."""
    if len(powers) < steps:
        return np.zeros(0)
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    return np.asarray(np.maximum(sums[steps:] - sums[:-steps], 0.0) / steps)


def gated_lufs(powers: NDArray[np.float64]) -> float:
    """Loudness from the weighted powers of gating blocks: over -70 LUFS, and over 10 LU under the mean of those."""
    loud = powers[powers > 10 ** ((SILENT_LUFS - _OFFSET) / 10)]
    if not len(loud):
        return float("-inf")
    gate = loud.mean() * 10 ** (-RELATIVE_GATE_LU / 10)
    return _lufs(float(loud[loud > gate].mean()))


def _lufs(power: float) -> float:
    return _OFFSET + 10 * float(np.log10(power)) if power > 0 else float("-inf")


def _k_weighting(rate_hz: int) -> NDArray[np.float64]:
    from pyloudnorm.iirfilter import IIRfilter

    shelf = IIRfilter(3.99984385397, 0.7071752369554193, 1681.9744509555319, rate_hz, "high_shelf_DeMan")
    high_pass = IIRfilter(0.0, 0.5003270373253953, 38.13547087613982, rate_hz, "high_pass_DeMan")
    used = (shelf, high_pass) if rate_hz >= _LEAST_SHELF_HZ else (high_pass,)
    return np.array([[*one.b, *one.a] for one in used], np.float64)
