"""Where in a sound its end joins its beginning best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sonify.mix.beat import period
from sonify.mix.joins import Match, crossfade, likeness, predictable, refined, thinned
from sonify.mix.looks import AROUND, Ends, Looks, bands_db, between_db, level_db, smooth
from sonify.mix.sources import SoundFile

SHORTEST_OVERLAP_S = 0.005
"""What lies over each other for less would be heard as a click rather than as a crossfade."""

_SOFT_S = 0.002  # of a pause and an attack that would click after it
_IN_TIME_S = 0.004
_OUT_OF_TIME = 10.0
_COARSE_HZ = 6000
_WINDOW_S = 0.1  # of the waveform that is matched
_ENDS = 16  # places near the end, of which each is matched with every place near the start
# What a join costs before it is made: a waveform that doesn't match at all is as bad as 6 dB in every band, and both
# as bad as giving up all of the sound. Set by hand (benchmarks/loops.py).
_WAVE, _DB, _LOST = 2.0, 3.0, 1.0
_TRIED = 4  # of those, so many are made and judged
_AROUND_S = 0.4  # with so much before and after them
_LOST_DB, _UNLIKE_DB = 6.0, 2.0  # when they are judged: giving up all of the sound, waves that don't match at all
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
    ends = Ends(sound)
    looks = Looks(ends, sound.rate_hz)
    if not looks.count or len(ends.head) != len(ends.tail):
        return whole
    beat = period(ends.parts[0], sound.rate_hz) if len(ends.parts) == 1 else None
    short = looks.count <= 2 * AROUND
    if not short and (ends.first, ends.past) == (0, sound.frames) and looks.joins():
        in_time = beat is None or abs((sound.frames / beat + 0.5) % 1 - 0.5) * beat <= _IN_TIME_S * sound.rate_hz
        if in_time and predictable(ends.tail, ends.head, sound.rate_hz):
            return alone
    event = beat is None and (short or not looks.steady)
    if event and (ends.past < sound.frames or looks.ends_in_a_pause()):
        return alone if ends.meet_softly(sound) else _whole(sound, round(_SOFT_S * sound.rate_hz))
    loops = [] if short else _search(sound, ends, looks, overlap, beat)
    if not loops:
        return whole
    if (
        beat is None
        and (ends.first, ends.past) == (0, sound.frames)
        and overlap <= len(ends.head) - AROUND * looks.step
    ):
        loops.append(whole)
    return min(loops, key=lambda loop: _judged(loop, ends, looks))


def _whole(sound: SoundFile, overlap: int) -> Loop:
    overlap = min(overlap, sound.frames // 4)
    return Loop(overlap, sound.frames, overlap)


def _search(sound: SoundFile, ends: Ends, looks: Looks, overlap: int, beat: float | None) -> list[Loop]:
    """The joins that should be best, each with the longest crossfade over which its two sides stay alike."""
    head, tail = ends.head, ends.tail
    size, window = len(head), round(_WINDOW_S * sound.rate_hz)
    margin = max(window, min(overlap, size // 2)) // 2
    first, past = (look * looks.step for look in looks.usable())
    low, high = first + margin, past - margin
    if low > size - margin or high < margin:
        return []
    every = max(1, round(sound.rate_hz / _COARSE_HZ))
    match = Match(thinned(head, every), thinned(tail, every), window // every)
    places = np.arange(low // every, (size - margin) // every + 1)
    places = places[(places >= match.half) & (places <= match.last)]
    head_looks, tail_looks = smooth(looks.head), smooth(looks.tail)
    at_place = np.clip(places * every // looks.step - AROUND // 2, 0, len(head_looks) - 1)
    joins: list[tuple[float, int, int]] = []
    for end in np.linspace(max(margin, high - size // 2), high, _ENDS).astype(int).tolist():
        if not len(places) or not match.half <= end // every <= match.last:
            continue
        alike = match.at(end // every)[places - match.half]
        at_end = min(max(end // looks.step - AROUND // 2, 0), len(tail_looks) - 1)
        apart_db = between_db(head_looks, tail_looks[at_end])[at_place]
        lost = (places * every + size - end) / (ends.past - ends.first)
        cost = _WAVE * (1 - alike) + apart_db / _DB + _LOST * lost
        if beat is not None:
            beats = (ends.past - size + end - ends.first - places * every) / beat
            cost += _OUT_OF_TIME * (np.abs((beats + 0.5) % 1 - 0.5) * beat > _IN_TIME_S * sound.rate_hz)
        cost = np.round(cost, 6)
        least = int(np.argmin(cost))
        joins.append((float(cost[least]), int(places[least]) * every, end))
    found_: list[Loop] = []
    for _, start, end in sorted(joins)[:_TRIED]:
        start, end = refined(head, tail, start, end, window, every)
        found_.append(_crossed(sound, ends, start, end, min(overlap, 2 * (start - first), 2 * (past - end))))
    return found_


def _judged(loop: Loop, ends: Ends, looks: Looks) -> float:
    """How bad a join is, in dB: the largest change of spectrum, how far the level falls, waves that don't match, and
    how much of the sound is given up."""
    around = round(_AROUND_S * looks.rate_hz)
    start, end = loop.start - ends.first, loop.end - (ends.past - len(ends.tail))
    old, new = ends.tail[end - loop.overlap : end], ends.head[start - loop.overlap : start]
    joined = crossfade(old[:, None].astype(np.float32), new[:, None].astype(np.float32))[:, 0]
    before, after = ends.tail[: end - loop.overlap][-around:], ends.head[start : start + around]
    bands = bands_db(np.concatenate([before, joined, after]), looks.rate_hz, looks.step)
    smoothed = smooth(bands)
    change = float(between_db(smoothed[:-AROUND], smoothed[AROUND:]).max(initial=0.0))
    falls = max(0.0, looks.low_db - float(level_db(bands).min(initial=0.0)))
    lost = 1 - (loop.end - loop.start) / (ends.past - ends.first)
    unlike = 1 - max(0.0, likeness(old, new)) if loop.overlap else 1.0
    return float(round(change + falls + _UNLIKE_DB * unlike + _LOST_DB * lost, 3))


def _crossed(sound: SoundFile, ends: Ends, start: int, end: int, overlap: int) -> Loop:
    """start, end: the middle of the join in head and tail."""
    head, tail = ends.head, ends.tail
    most = min(overlap, 2 * start, 2 * (len(tail) - end), 2 * end, 2 * (len(head) - start))
    least = round(SHORTEST_OVERLAP_S * sound.rate_hz)
    length = most
    while length >= 2 * least:
        half = length // 2
        if likeness(head[start - half : start + half], tail[end - half : end + half]) >= _ALIKE:
            break
        length //= 2
    else:
        length = most
    half = length // 2
    return Loop(ends.first + start + half, ends.past - len(tail) + end + half, 2 * half)
