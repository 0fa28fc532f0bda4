"""Where in a sound its end joins its beginning best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonify.mix.sources import FrameStream, Samples, SoundFile

Floats = NDArray[np.float64]

SEARCHED_S = 3.0
"""How much of either end is searched, at most a third of the sound."""

SHORTEST_OVERLAP_S = 0.005
"""What lies over each other for less would be heard as a click rather than as a crossfade."""

_READ_THROUGH_S = 40.0  # a shorter sound is looked at as a whole
_SILENT_DB = 60.0  # under its loudest look
_STEP_S = 0.025  # between two looks at level and spectrum
_LOOK_S = 0.05
_AROUND = 5  # looks that are compared around a join: an eighth of a second
_BANDS = 16
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 16_000.0
_FLOOR_DB = -90.0

# A sound is steady when of 100 looks the 25th softest is within so much of the median, and that of the 90th.
_STEADY_DB, _LIVELY_DB = 9.0, 15.0
_FADED_DB = 3.0  # of a steady sound, what is so far under its median belongs to a fade
_QUIET_DB = 25.0  # an end so far under the 90th is a pause
_AS_ALIKE = 1.1  # how much less alike the two sides of a join may be than neighbours within the sound

_ORDER = 32  # of the linear prediction
_PREDICTED_S = 0.05  # from so much of the sound

_BEAT_STEP_S = 0.005
_FASTEST_BEAT_S = 0.12
_RISE_DB, _MOST_RISE_DB = 0.5, 20.0
_EVEN = 0.5  # share of the attacks' energy that comes back one beat later
_IN_TIME_S = 0.004
_OUT_OF_TIME = 10.0

_COARSE_HZ = 6000
_WINDOW_S = 0.1  # of the waveform that is matched
_ENDS = 16  # places near the end, of which each is matched with every place near the start
# What a join costs: a waveform that doesn't match at all is as bad as 6 dB in every band, and both as bad as giving
# up all of the sound. Set by ear of the starter sounds.
_WAVE, _DB, _LOST = 2.0, 3.0, 1.0
_ALIKE = 0.7  # correlation from which the two sides are taken for the same wave


@dataclass(frozen=True)
class Loop:
    """What is repeated, in frames of the file: up to `end`, then on from `start`.

    The last `overlap` frames before `end` cross with those before `start`.
    """

    start: int
    end: int
    overlap: int


def given(sound: SoundFile, loop_s: tuple[float, float], overlap: int) -> Loop | None:
    """The loop that a cue asks for, exactly as long as it says; None where the sound isn't long enough for it.

    The crossfade uses what lies before its start or, where nothing does, what lies after its end.
    """
    start, end = (round(time_s * sound.rate_hz) for time_s in loop_s)
    end = min(end, sound.frames)
    if end - start < SHORTEST_OVERLAP_S * sound.rate_hz:
        return None
    overlap = min(overlap, (end - start) // 2)
    least = SHORTEST_OVERLAP_S * sound.rate_hz
    before, after = min(overlap, start), min(overlap, sound.frames - end)
    if before >= least and before >= after:
        return Loop(start, end, before)
    if after >= least:
        return Loop(start + after, end + after, after)
    return Loop(start, end, 0)


@lru_cache(maxsize=1024)
def found(sound: SoundFile, overlap: int) -> Loop:
    """Where the sound is best repeated, with a crossfade of at most `overlap` frames. Raises LibraryError.

    A sound that already joins is left alone: its end is followed by its beginning. So is one that ends in a pause.
    Else places near both ends are sought where level, spectrum and waveform match; of a steady sound, fades at its
    ends are left out. A beat stays in time.
    """
    whole, alone = _whole(sound, overlap), Loop(0, sound.frames, 0)
    ends = _Ends(sound)
    looks = _Looks(ends, sound.rate_hz)
    if not looks.count or len(ends.head) != len(ends.tail):
        return whole
    beat = period(ends.parts[0], sound.rate_hz) if len(ends.parts) == 1 else None
    short = looks.count <= 2 * _AROUND
    if not short and (ends.first, ends.past) == (0, sound.frames) and looks.joins():
        in_time = beat is None or abs((sound.frames / beat + 0.5) % 1 - 0.5) * beat <= _IN_TIME_S * sound.rate_hz
        if in_time and _predictable(ends.tail, ends.head, sound.rate_hz):
            return alone
    event = beat is None and (short or not looks.steady)
    if event and (ends.past < sound.frames or looks.ends_in_a_pause()):
        return alone
    return (None if short else _search(sound, ends, looks, overlap, beat)) or whole


def _whole(sound: SoundFile, overlap: int) -> Loop:
    overlap = min(overlap, sound.frames // 4)
    return Loop(overlap, sound.frames, overlap)


class _Ends:
    """Both ends of a sound as one signal each, without silence before the first and after the last.

    first, past: what is between is not silent; of a long sound, silence at its ends stays. parts: what is known of
    all that.
    """

    parts: tuple[Floats, ...]

    def __init__(self, sound: SoundFile) -> None:
        self.first, self.past = 0, sound.frames
        if sound.frames <= _READ_THROUGH_S * sound.rate_hz:
            wave = _read(sound, 0, sound.frames)
            self.first, self.past = _sounding(wave, sound.rate_hz)
            size = self._size(sound)
            self.head, self.tail = wave[self.first : self.first + size], wave[self.past - size : self.past]
            self.parts = (wave[self.first : self.past],)
        else:
            size = self._size(sound)
            self.head, self.tail = _read(sound, 0, size), _read(sound, sound.frames - size, size)
            self.parts = (self.head, self.tail)

    def _size(self, sound: SoundFile) -> int:
        return min((self.past - self.first) // 3, round(SEARCHED_S * sound.rate_hz))


def _sounding(wave: Floats, rate_hz: int) -> tuple[int, int]:
    """From where to where it is not silent; all of it where the silence is shorter than a look."""
    size = max(1, round(_LOOK_S * rate_hz))
    count = len(wave) // size
    power = np.square(wave[: count * size]).reshape(count, size).mean(axis=1)
    loud = np.flatnonzero(power > power.max(initial=0.0) * 10 ** (-_SILENT_DB / 10))
    if not len(loud):
        return 0, len(wave)
    first, past = int(loud[0]) * size, (int(loud[-1]) + 1) * size
    return first, past if past < count * size else len(wave)


def _read(sound: SoundFile, first: int, count: int) -> Floats:
    stream = FrameStream(sound, first, wanted=count)
    try:
        return _one_signal(stream.read(count))
    finally:
        stream.close()


def _one_signal(samples: Samples) -> Floats:
    # Unequal shares, so that opposite channels don't cancel out.
    return np.asarray(samples.astype(np.float64) @ np.linspace(1.0, 0.6, samples.shape[1]))


class _Looks:
    """Level and spectrum of both ends, every 25 ms."""

    def __init__(self, ends: _Ends, rate_hz: int) -> None:
        self.step = max(1, round(_STEP_S * rate_hz))
        self._size = max(2, round(_LOOK_S * rate_hz))
        self.head, self.tail = (self._bands(end, rate_hz, self.step) for end in (ends.head, ends.tail))
        self.count = min(len(self.head), len(self.tail))
        if not self.count:
            return
        levels = np.concatenate([_level(self._bands(part, rate_hz, 2 * self._size)) for part in ends.parts])
        low, self.median_db, self.high_db = np.percentile(levels, (25, 50, 90)).tolist()
        self.steady = self.median_db - low <= _STEADY_DB and self.high_db - self.median_db <= _LIVELY_DB

    def _bands(self, wave: Floats, rate_hz: int, step: int) -> Floats:
        """Power in bands [N, B], in dB; look n is of the samples from n * step on."""
        from scipy.fft import rfft

        count = (len(wave) - self._size) // step + 1
        if count < 1:
            return np.zeros((0, _BANDS))
        frames = np.lib.stride_tricks.sliding_window_view(wave, self._size)[::step][:count]
        power = np.square(np.abs(rfft(frames * np.hanning(self._size), axis=1))) / self._size**2
        hz = np.fft.rfftfreq(self._size, 1 / rate_hz)
        edges = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, rate_hz / 2), _BANDS + 1)
        places = np.searchsorted(hz, edges)
        sums = np.concatenate([np.zeros((count, 1)), np.cumsum(power, axis=1)], axis=1)[:, places]
        used = np.diff(places) > 0
        return np.asarray(10 * np.log10(np.maximum(np.diff(sums, axis=1)[:, used], 10 ** (_FLOOR_DB / 10))))

    def joins(self) -> bool:
        """Whether the end goes with the beginning as well as neighbours within the sound go with each other."""
        head, tail = _smooth(self.head), _smooth(self.tail)
        if self.steady and min(_level(tail)[-1], _level(head)[0]) < self.median_db - 2 * _FADED_DB:
            return False
        own = np.concatenate([_between(side[:-_AROUND], side[_AROUND:]) for side in (head, tail)])
        across = _between(tail[-1:], head[:1])
        return bool(across[0] <= _AS_ALIKE * np.percentile(own, 90) + 1e-9)

    def ends_in_a_pause(self) -> bool:
        """Whether the last look is far under the sound's loud parts."""
        return bool(_level(self.tail)[-1] < self.high_db - _QUIET_DB)

    def usable(self) -> tuple[int, int]:
        """The first look of the head that is no fade, and the first of the tail that is."""
        if not self.steady:
            return 0, self.count
        least_db = self.median_db - _FADED_DB
        head, tail = (np.flatnonzero(_level(end) >= least_db) for end in (self.head, self.tail))
        return (int(head[0]) if len(head) else 0), (int(tail[-1]) + 1 if len(tail) else self.count)


def _level(bands: Floats) -> Floats:
    return np.asarray(10 * np.log10(np.power(10, bands / 10).sum(axis=1)))


def _smooth(bands: Floats) -> Floats:
    """Means over _AROUND neighbouring looks, in dB."""
    sums = np.cumsum(np.concatenate([np.zeros((1, bands.shape[1])), bands]), axis=0)
    return np.asarray((sums[_AROUND:] - sums[:-_AROUND]) / _AROUND)


def _between(one: Floats, other: Floats) -> Floats:
    """How far looks [N, B] are from others: the mean over the bands, in dB."""
    return np.asarray(np.abs(one - other).mean(axis=1))


def _predictable(tail: Floats, head: Floats, rate_hz: int) -> bool:
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


def period(wave: Floats, rate_hz: int) -> float | None:
    """The beat of a sound [N], in samples: how far its attacks are apart where they come evenly; None, where not."""
    from scipy.fft import irfft, next_fast_len, rfft

    step = max(1, round(_BEAT_STEP_S * rate_hz))
    count = len(wave) // step
    least = round(_FASTEST_BEAT_S * rate_hz) // step
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


def _search(sound: SoundFile, ends: _Ends, looks: _Looks, overlap: int, beat: float | None) -> Loop | None:
    """The join that costs least, with the longest crossfade over which the two sides stay alike."""
    head, tail = ends.head, ends.tail
    size, window = len(head), round(_WINDOW_S * sound.rate_hz)
    margin = max(window, min(overlap, size // 2)) // 2
    first, past = (look * looks.step for look in looks.usable())
    low, high = first + margin, past - margin
    if low > size - margin or high < margin:
        return None
    every = max(1, round(sound.rate_hz / _COARSE_HZ))
    match = _Match(_thinned(head, every), _thinned(tail, every), window // every)
    places = np.arange(low // every, (size - margin) // every + 1)
    places = places[(places >= match.half) & (places <= match.last)]
    head_looks, tail_looks = _smooth(looks.head), _smooth(looks.tail)
    at_place = np.clip(places * every // looks.step - _AROUND // 2, 0, len(head_looks) - 1)
    best: tuple[float, int, int] | None = None
    for end in np.linspace(max(margin, high - size // 2), high, _ENDS).astype(int).tolist():
        if not len(places) or not match.half <= end // every <= match.last:
            continue
        alike = match.at(end // every)[places - match.half]
        at_end = min(max(end // looks.step - _AROUND // 2, 0), len(tail_looks) - 1)
        apart_db = _between(head_looks, tail_looks[at_end])[at_place]
        lost = (places * every + size - end) / (ends.past - ends.first)
        cost = _WAVE * (1 - alike) + apart_db / _DB + _LOST * lost
        if beat is not None:
            beats = (ends.past - size + end - ends.first - places * every) / beat
            cost += _OUT_OF_TIME * (np.abs((beats + 0.5) % 1 - 0.5) * beat > _IN_TIME_S * sound.rate_hz)
        cost = np.round(cost, 6)
        least = int(np.argmin(cost))
        if best is None or cost[least] < best[0]:
            best = (float(cost[least]), int(places[least]) * every, end)
    if best is None:
        return None
    start, end = _refined(head, tail, best[1], best[2], window, every)
    return _crossed(sound, ends, start, end, min(overlap, 2 * (start - first), 2 * (past - end)))


class _Match:
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


def _thinned(wave: Floats, every: int) -> Floats:
    """One sample for each `every`, without what such a rate can't carry."""
    from scipy.signal import resample_poly

    return wave if every == 1 else np.asarray(resample_poly(wave, 1, every))


def _likeness(one: Floats, other: Floats) -> float:
    power = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / power if power > 0 else 1.0


def _refined(head: Floats, tail: Floats, start: int, end: int, window: int, every: int) -> tuple[int, int]:
    """The same join to the frame."""
    half = window // 2
    piece = tail[end - half : end + half]
    around = [place for place in range(start - 2 * every, start + 2 * every + 1) if half <= place <= len(head) - half]
    if len(piece) < 2 * half or not around:
        return start, end
    return max(around, key=lambda place: round(_likeness(head[place - half : place + half], piece), 6)), end


def _crossed(sound: SoundFile, ends: _Ends, start: int, end: int, overlap: int) -> Loop:
    """start, end: the middle of the join in head and tail."""
    head, tail = ends.head, ends.tail
    most = min(overlap, 2 * start, 2 * (len(tail) - end), 2 * end, 2 * (len(head) - start))
    least = round(SHORTEST_OVERLAP_S * sound.rate_hz)
    length = most
    while length >= 2 * least:
        half = length // 2
        if _likeness(head[start - half : start + half], tail[end - half : end + half]) >= _ALIKE:
            break
        length //= 2
    else:
        length = most
    half = length // 2
    return Loop(ends.first + start + half, ends.past - len(tail) + end + half, 2 * half)
