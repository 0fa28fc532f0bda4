"""How far away a sound is: what the air swallows of it, and what a room gives back.

Three presets. The air is a low-pass (Butterworth, second order) that is 3 dB down where ISO 9613-2, table 2, has the
air take 3 dB at 10 to 20 degrees: at 8 kHz after some 30 m, at 4 kHz after some 100 m. The room is noise that dies
away evenly, as the late reverberation of a room does (J. A. Moorer, About This Reverberation Business, 1979), another
one on each side; it begins shortly after the sound itself. It is made from fixed numbers, so it is always the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Distance
from sonify.mix.sources import RATE_HZ, Samples, Source

_BLOCK = RATE_HZ
_SEED = 1979


@dataclass(frozen=True)
class Preset:
    """cut_off_hz: of the low-pass, None for none. room_db: energy of the room against the sound that comes straight.

    decay_s: in which the room falls by 60 dB. delay_s: how much later it begins.
    """

    cut_off_hz: float | None
    room_db: float
    decay_s: float
    delay_s: float


PRESETS: dict[Distance, Preset] = {
    "near": Preset(None, -18.0, 0.3, 0.004),
    "middle": Preset(8000.0, -9.0, 0.6, 0.010),
    "far": Preset(4000.0, -3.0, 1.0, 0.020),
}
ROOM_CUT_OFF_HZ = 5000.0
"""Walls, furniture and leaves swallow what is higher."""


class Distant:
    """A stream as it is heard from a distance: stereo, whatever it was, for as long as it is read.

    A mono sound is 3 dB lower on each side, so that panned as stereo it is as loud as it would have been. The
    samples don't depend on how many are asked for at a time.
    """

    channels = 2

    def __init__(self, stream: Source, distance: Distance) -> None:
        self._stream = stream
        self._straight, self._room = _spectra(distance)
        self._rings = np.zeros((len(_answers(distance)), 2))
        self._ready: Samples = np.zeros((0, 2), np.float32)

    def read(self, count: int) -> Samples:
        """The next `count` samples [count, 2]."""
        parts, have = [self._ready], len(self._ready)
        while have < count:
            part = self._next()
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts)
        self._ready = joined[count:]
        return joined[:count]

    def close(self) -> None:
        """Closes what it reads from."""
        self._stream.close()

    def _next(self) -> Samples:
        from scipy.fft import irfft, rfft

        fresh = self._stream.read(_BLOCK).astype(np.float64)
        if len(fresh) < _BLOCK:
            fresh = np.concatenate([fresh, np.zeros((_BLOCK - len(fresh), fresh.shape[1]))])
        if fresh.shape[1] == 1:
            fresh = np.repeat(fresh * np.sqrt(0.5), 2, axis=1)
        size = _size(len(self._rings))
        both = rfft(fresh, size, axis=0)
        # The room hears the sound as one, wherever it stands.
        middle = both.mean(axis=1, keepdims=True)
        whole = irfft(both * self._straight + middle * self._room, size, axis=0)[: _BLOCK + len(self._rings)]
        whole[: len(self._rings)] += self._rings
        self._rings = whole[_BLOCK:]
        return np.asarray(whole[:_BLOCK].astype(np.float32))


def _size(answer: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(_BLOCK + answer, real=True))


@cache
def _spectra(distance: Distance) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Of the answers: straight [F, 1], and from the room [F, 2]."""
    from scipy.fft import rfft

    answers = _answers(distance)
    spectra = rfft(answers, _size(len(answers)), axis=0)
    return spectra[:, :1], spectra[:, 1:]


@cache
def _answers(distance: Distance) -> NDArray[np.float64]:
    """What one sample becomes [N, 3]: straight, and from the room on the left and the right."""
    from scipy.signal import butter, sosfilt

    preset = PRESETS[distance]
    delay = round(preset.delay_s * RATE_HZ)
    length = delay + round(preset.decay_s * RATE_HZ)
    answers = np.zeros((length, 3))
    answers[0, 0] = 1.0
    time_s = np.arange(length - delay) / RATE_HZ
    # RandomState, unlike newer generators, is promised to give the same numbers for ever.
    noise = np.random.RandomState(_SEED).standard_normal((length - delay, 2))
    decay = 10 ** (-3 * time_s / preset.decay_s)
    walls = butter(1, ROOM_CUT_OFF_HZ, fs=RATE_HZ, output="sos")
    room = sosfilt(walls, noise, axis=0) * decay[:, None]
    answers[delay:, 1:] = room * 10 ** (preset.room_db / 20) / np.sqrt(np.square(room).sum(axis=0))
    if preset.cut_off_hz is not None:
        air = butter(2, preset.cut_off_hz, fs=RATE_HZ, output="sos")
        answers = sosfilt(air, answers, axis=0)
    return np.asarray(answers)
