"""The beat of a sound: how far its attacks are apart, where they come evenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEP_S = 0.005
_FASTEST_S = 0.12
_RISE_DB, _MOST_RISE_DB = 0.5, 20.0
_EVEN = 0.5  # share of the attacks' energy that comes back one beat later


def period(wave: NDArray[np.float64], rate_hz: int) -> float | None:
    """The beat of a sound [N], in samples; None where its attacks don't come evenly."""
    from scipy.fft import irfft, next_fast_len, rfft

    step = max(1, round(_STEP_S * rate_hz))
    count = len(wave) // step
    least = round(_FASTEST_S * rate_hz) // step
    if count < 3 * least:
        return None
    power = np.square(wave[: count * step]).reshape(count, step).mean(axis=1)
    # Smoothed, so that the periods of a low tone are no attacks.
    level = 10 * np.log10(np.convolve(power, np.hanning(9)[1:-1] / 4, "same") + 1e-12)
    rise = np.clip(np.diff(level, prepend=level[0]) - _RISE_DB, 0, _MOST_RISE_DB)
    rise -= rise.mean()
    size = next_fast_len(2 * count, real=True)
    alike = irfft(np.square(np.abs(rfft(rise, size))), size)[:count]
    if alike[0] <= 0:
        return None
    # Each lag by how much of the sound it compares; an attack may fall between two steps.
    whole = alike[0] + 2 * alike[1]
    alike = np.convolve(alike / whole * count / (count - np.arange(count)), np.ones(3), "same")
    lags = alike[least : count // 3]
    if not len(lags) or lags.max() < _EVEN:
        return None
    lag = least + int(np.argmax(lags >= 0.9 * lags.max()))
    lag = lag + int(np.argmax(alike[lag : lag + 3]))
    # From beat to beat the guess gets better.
    beat = float(lag)
    for times in range(2, max(2, int(0.75 * count / lag)) + 1):
        middle, reach = round(times * beat), max(1, lag // 8)
        if middle + reach >= count:
            break
        beat = (middle - reach + int(np.argmax(np.round(alike[middle - reach : middle + reach + 1], 6)))) / times
    return beat * step
