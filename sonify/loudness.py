"""Programme loudness after ITU-R BS.1770, of a stream of any length, in bounded memory.

pyloudnorm gives the K-weighting's coefficients; it wants all samples at once, so the gating is here.
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
_SURROUND = 1.41
# The low-frequency channel doesn't count; layouts in the order of WAVE files.
_WEIGHTS = {
    6: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND),
    8: (1.0, 1.0, 1.0, 0.0, _SURROUND, _SURROUND, _SURROUND, _SURROUND),
}


class Meter:
    """Measures samples [N, C] as they come; `C` of 6 and 8 are taken to be 5.1 and 7.1."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._step = max(1, round(STEP_S * rate_hz))
        self._weights = np.array(_WEIGHTS.get(channels, (1.0,) * channels))
        self._sections = _k_weighting(rate_hz)
        self._state = np.zeros((len(self._sections), 2, channels))
        self._rest: NDArray[np.float64] = np.zeros((0, channels))
        self._powers: list[NDArray[np.float64]] = []

    def add(self, samples: NDArray[Any]) -> None:
        """Takes the next samples."""
        from scipy.signal import sosfilt  # type: ignore[import-untyped]

        if not len(samples):
            return
        heard, self._state = sosfilt(self._sections, samples.astype(np.float64), axis=0, zi=self._state)
        heard = np.concatenate([self._rest, heard])
        count = len(heard) // self._step
        steps = heard[: count * self._step].reshape(count, self._step, heard.shape[1])
        self._powers.append(np.einsum("tnc,tnc->tc", steps, steps) @ self._weights / self._step)
        self._rest = heard[count * self._step :]

    def integrated_lufs(self) -> float:
        """The loudness of all that came, gated; -inf for silence and for less than 400 ms."""
        return gated_lufs(self._over(GATE_STEPS))

    def loudest_lufs(self, window_s: float = 3.0) -> float:
        """The greatest loudness of any `window_s` (3 s: EBU's short-term loudness), of all if it is shorter."""
        steps = round(window_s / STEP_S)
        powers = self._over(min(steps, max(1, sum(map(len, self._powers)))))
        return _lufs(float(powers.max())) if len(powers) else float("-inf")

    def _over(self, steps: int) -> NDArray[np.float64]:
        """Mean power over so many neighbouring steps, at each place."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros(0)
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
    import pyloudnorm  # type: ignore[import-untyped]

    filters = pyloudnorm.Meter(rate_hz)._filters.values()
    return np.array([[*f.b, *f.a] for f in filters], np.float64)
