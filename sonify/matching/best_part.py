"""Where a long sound is begun: at its best part, not at the first noise that the recordist made.

starts = Starts(lead_silence_s)
offset_s = starts(sound, length_s)  # for a cue of so many seconds; the next cue of that sound begins elsewhere
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.library.sounds import Sound

Floats = NDArray[np.float64]

LONG_S = 8.0
"""A shorter sound begins at its beginning: whoever cut it has chosen."""
SPARE_S = 2.0
"""So much longer than its cue a sound must be to be begun anywhere else."""
SEARCHED_S = 120.0
"""Of a longer sound, so much from its beginning is looked at."""
MOST_STARTS = 4

_LOOK_S = 0.1
_BANDS = 12
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 12_000.0
_FLOOR_DB = -90.0
# A look is as good as it is near to the sound's usual spectrum and level. What is softer than usual may be a pause,
# what is louder a bump against the microphone: of an effect the loud is wanted, of a bed neither.
_SOFT, _LOUD = {"effect": 1.0, "ambience": 0.5}, {"effect": -0.25, "ambience": 0.5}
_MOST_OVER_DB = 12.0  # what is louder still is a bump in an effect too
_BUMP = 2.0
_NEARLY_DB = 1.5  # a later cue may begin where it is so much less good
_LULL_S = 0.5  # within which the softest moment is sought, so that nothing begins in the middle of a bark


class Starts:
    """How many seconds into its file a sound begins for a cue; remembers which starts it has given.

    lead_silence_s: how much silence stands before a sound. A sound that can't be read begins after that.
    """

    def __init__(self, lead_silence_s: Callable[[Sound], float]) -> None:
        self._lead_silence_s = lead_silence_s
        self._looks: dict[tuple[str, str], _Looks | None] = {}
        self._given: dict[tuple[str, str], int] = {}

    def __call__(self, sound: Sound, length_s: float) -> float:
        """The best start; of several cues of one sound each has its own, as far as there are good ones."""
        lead_s = self._lead_silence_s(sound)
        if sound.duration_s < LONG_S or sound.duration_s - lead_s < length_s + SPARE_S:
            return lead_s
        key = (sound.library, sound.path)
        if key not in self._looks:
            self._looks[key] = _looked(sound.file, sound.kind, lead_s)
        looks = self._looks[key]
        found = looks.starts_s(length_s) if looks is not None else ()
        if not found:
            return lead_s
        turn = self._given[key] = self._given.get(key, -1) + 1
        return found[turn % len(found)]


class _Looks:
    """What is known of each tenth of a second: how bad it is as a part of the sound, and how loud."""

    def __init__(self, bad_db: Floats, level_db: Floats, lead_s: float) -> None:
        self._bad_db, self._level_db, self._lead_s = bad_db, level_db, lead_s

    def starts_s(self, length_s: float) -> tuple[float, ...]:
        """The best starts for a part of that length, best first; () where there is no room."""
        size = max(1, round(length_s / _LOOK_S))
        count = len(self._bad_db) - size + 1
        if count < 1:
            return ()
        sums = np.concatenate([[0.0], np.cumsum(self._bad_db)])
        cost = np.round((sums[size:] - sums[:-size]) / size, 3)
        starts: list[int] = []
        least = float(cost.min())
        apart = max(1, min(size, count) // 2)
        for _ in range(MOST_STARTS):
            best = int(np.argmin(cost))
            if cost[best] > least + _NEARLY_DB:
                break
            starts.append(best)
            cost[max(0, best - apart) : best + apart + 1] = np.inf
        return tuple(round(self._lead_s + self._lull(start, count) * _LOOK_S, 3) for start in starts)

    def _lull(self, start: int, count: int) -> int:
        around = round(_LULL_S / _LOOK_S)
        first, past = max(0, start - around), min(count, start + around + 1)
        return first + int(np.argmin(np.round(self._level_db[first:past], 2)))


def _looked(file: Path, kind: str, lead_s: float) -> _Looks | None:
    bands = _bands(file, lead_s)
    if bands is None or not len(bands):
        return None
    level = 10 * np.log10(np.power(10, bands / 10).sum(axis=1))
    sounding = level > np.percentile(level, 90) - 30
    usual = np.median(bands[sounding], axis=0)
    over = level - float(np.median(level[sounding]))
    shape = bands - level[:, None] - (usual - float(np.median(level[sounding])))
    bad = np.abs(shape).mean(axis=1) + _SOFT[kind] * np.maximum(-over, 0)
    bad += _LOUD[kind] * np.clip(over, 0, _MOST_OVER_DB) + _BUMP * np.maximum(over - _MOST_OVER_DB, 0)
    return _Looks(bad, level, lead_s)


def _bands(file: Path, lead_s: float) -> Floats | None:
    """Power in bands, in dB [N, B], of every tenth of a second after the lead; None where it can't be read."""
    import soundfile

    found: list[Floats] = []
    try:
        with soundfile.SoundFile(os.fsencode(file)) as sound:
            rate_hz = int(sound.samplerate)
            size = max(16, round(_LOOK_S * rate_hz))
            skip = round(lead_s * rate_hz)
            if skip:
                sound.seek(min(skip, sound.frames))
            left = int(SEARCHED_S / _LOOK_S)
            while left > 0:
                read = sound.read(size * min(left, 50), dtype="float32", always_2d=True)
                count = len(read) // size
                if not count:
                    break
                left -= count
                found.append(_powers(read[: count * size], size, rate_hz))
    except (OSError, RuntimeError, ValueError):
        return None
    return np.concatenate(found) if found else None


def _powers(read: NDArray[np.float32], size: int, rate_hz: int) -> Floats:
    from scipy.fft import rfft

    read = np.nan_to_num(read, nan=0.0, posinf=0.0, neginf=0.0)
    # Unequal shares, so that opposite channels don't cancel out.
    wave = (read @ np.linspace(1.0, 0.5, read.shape[1], dtype=np.float32)).reshape(-1, size)
    power = np.square(np.abs(rfft(wave * np.hanning(size).astype(np.float32), axis=1))).astype(np.float64) / size**2
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    places = np.searchsorted(
        hz, np.geomspace(_LOWEST_HZ, max(2 * _LOWEST_HZ, min(_HIGHEST_HZ, rate_hz / 2)), _BANDS + 1)
    )
    sums = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)[:, places]
    used = np.diff(places) > 0
    return np.asarray(10 * np.log10(np.maximum(np.diff(sums, axis=1)[:, used], 10 ** (_FLOOR_DB / 10))))
