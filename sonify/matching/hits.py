"""Events met with hits: each event of a part gets one hit out of the label's sounds, exactly on its instant.

takes = Takes()
hits = place_hits(part, impulse(label.text), order(label, spacing_s(part)), takes, seed=fingerprint)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import log10
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonify.library.sounds import Sound
from sonify.matching.impulsive import Impulse
from sonify.matching.parts import Event, Part
from sonify.matching.rhythm import NEAR, own_rate_hz

PRE_ROLL_S = 0.005
"""So much is heard of a file before the attack: the attack is whole, and nobody hears it begin late."""
FADE_OUT_S = 0.03
LONGEST_TAKE_S = 6.0
"""A blast rolls on for seconds."""
REBOUND_S, REBOUND_DB = 0.15, 3.0
"""What follows a hit so soon and is softer by so much belongs to it: a toe after a heel, a rebound."""
SHORTEST_TAKE_S = 0.06
"""What is cut off sooner by the next hit, in a roll, is no whole hit."""
READ_S = 60.0
"""So much of a file is searched for hits."""
MOST_TAKES, MOST_SOUNDS = 24, 12
FAINT_DB = 12.0
"""What lies so far under the loudest hit of its file is a creak or a rebound, not the hit that the label means."""
SILENT_DB = -80.0
GAIN_DB_PER_DECADE, QUIETEST_DB = 12.0, -12.0
"""A motion of a tenth is heard 12 dB softer. By the physics of it it would be 20, but what the camera sees of a
motion says less than that: half of the way up may be towards it."""
Timing = Literal["event", "rhythm"]


@dataclass(frozen=True)
class Take:
    """One hit inside a sound file, in seconds of the file: its attack at onset_s, its end where the next one begins.

    level_db: of its loudest 20 ms, over full scale.
    """

    sound: Sound
    onset_s: float
    end_s: float
    level_db: float

    @property
    def length_s(self) -> float:
        """From the attack to the end."""
        return self.end_s - self.onset_s


@dataclass(frozen=True)
class Hit:
    """A take on the timeline: what a cue needs. The attack is at event_s, a pre-roll after start_s.

    whole: a steady sound for the whole interval, in place of single hits; it may be looped.
    """

    sound: Sound
    start_s: Fraction
    end_s: Fraction
    source_offset_s: float
    gain_db: float
    fade_in_s: float
    fade_out_s: float
    event_s: Fraction
    timing: Timing
    whole: bool = False


class Takes:
    """The hits inside sound files; each file is read once.

    A file that can't be read has none: whoever renders it says so.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, bool], tuple[Take, ...]] = {}

    def __call__(self, sound: Sound, impulse: Impulse) -> tuple[Take, ...]:
        """The takes of a sound in their order. Of a burst or a flash that is one: what follows it belongs to it."""
        single = impulse.kind in ("burst", "flash")
        key = (sound.library, sound.path, single)
        if key not in self._found:
            self._found[key] = _takes(sound, single)
        return self._found[key]


def spacing_s(part: Part) -> float:
    """How long the sounds of a part's events may be, to ask for those that fit: the usual gap between two events."""
    gaps = [float(later.time_s - earlier.time_s) for earlier, later in pairwise(part.events)]
    return min(3.0, max(0.3, median(gaps))) if gaps else 1.0


def place_hits(
    part: Part,
    impulse: Impulse,
    sounds: Sequence[Sound],
    takes: Callable[[Sound, Impulse], Sequence[Take]],
    *,
    seed: str,
    until_s: Fraction | None = None,
) -> tuple[Hit, ...]:
    """The hits of a part whose events are known, in order of time; () where it has none, or no sound has a take.

    sounds: the label's, best first. seed: of the video's content, so that the same video gives the same choice.
    until_s: the end of the film; nothing is placed after it. No two hits in a row are the same take.
    """
    rhythm = part.evidence.timing == "rhythm"
    if not part.events:
        return ()
    if rhythm and (steady := _steady(part, impulse, sounds, takes, until_s)):
        return (steady,)
    pool = _pool(impulse, sounds, takes)
    if not pool:
        return ()
    key = f"{seed}|{sounds[0].label}|{float(part.interval.start_s):.6f}"
    least_s, most_s = impulse.delay_s
    # One emitter stays at one distance.
    delay_s = Fraction(round((least_s + (most_s - least_s) * _share(f"{key}|delay")) * 1000), 1000)
    hits: list[Hit] = []
    recent: list[Take] = []
    for number, event in enumerate(part.events):
        heard_s = event.time_s + delay_s
        if until_s is not None and heard_s >= until_s:
            break
        take = _next(pool, recent, f"{key}|{number}")
        recent = [*recent, take][-2:]
        hits.append(_hit(take, event, heard_s, until_s, "rhythm" if rhythm else "event"))
    return tuple(hits)


def _hit(take: Take, event: Event, heard_s: Fraction, until_s: Fraction | None, timing: Timing) -> Hit:
    pre_roll_s = min(PRE_ROLL_S, take.onset_s, float(heard_s))
    start_s = heard_s - Fraction(round(pre_roll_s * 1e6), 10**6)
    end_s = heard_s + Fraction(round(take.length_s * 1e6), 10**6)
    if until_s is not None:
        end_s = min(end_s, until_s)
    return Hit(
        take.sound,
        start_s,
        end_s,
        round(take.onset_s - pre_roll_s, 6),
        gain_db(event.strength),
        round(pre_roll_s / 2, 6),
        round(min(FADE_OUT_S, float(end_s - start_s) / 3), 6),
        event.time_s,
        timing,
    )


def gain_db(strength: float) -> float:
    """How much softer than the strongest an event of this strength (0..1) is heard."""
    return round(max(QUIETEST_DB, GAIN_DB_PER_DECADE * log10(max(strength, 1e-3))), 2)


def _pool(impulse: Impulse, sounds: Sequence[Sound], takes: Callable[[Sound, Impulse], Sequence[Take]]) -> list[Take]:
    """Takes of several files by turns, so that neighbours come from different ones."""
    of_sound = [list(takes(sound, impulse)) for sound in sounds[:MOST_SOUNDS]]
    most = max((len(found) for found in of_sound), default=0)
    return [found[number] for number in range(most) for found in of_sound if number < len(found)][:MOST_TAKES]


def _next(pool: Sequence[Take], recent: Sequence[Take], key: str) -> Take:
    """Any take but the last two, where there are so many; with two takes, the other one."""
    avoided = recent if len(pool) > 2 else recent[-1:]
    free = [take for take in pool if take not in avoided] or list(pool)
    return free[int(_share(key) * len(free))]


def _steady(
    part: Part,
    impulse: Impulse,
    sounds: Sequence[Sound],
    takes: Callable[[Sound, Impulse], Sequence[Take]],
    until_s: Fraction | None,
) -> Hit | None:
    """A sound whose own rate is that of the rhythm, from the first beat to the end."""
    gaps = [float(later.time_s - earlier.time_s) for earlier, later in pairwise(part.events)]
    if not gaps:
        return None
    rate_hz = 1 / median(gaps)
    near: list[tuple[float, int]] = []
    for number, sound in enumerate(sounds[:MOST_SOUNDS]):
        own_hz = own_rate_hz([take.onset_s for take in takes(sound, impulse)])
        if own_hz is not None and abs(own_hz / rate_hz - 1) <= NEAR:
            near.append((abs(own_hz / rate_hz - 1), number))
    if not near:
        return None
    sound = sounds[min(near)[1]]
    first = takes(sound, impulse)[0]
    hit = _hit(first, part.events[0], part.events[0].time_s, until_s, "rhythm")
    end_s = max(part.interval.end_s, hit.start_s + Fraction(1, 10))
    if until_s is not None:
        end_s = min(end_s, until_s)
    fields = {**hit.__dict__, "end_s": end_s, "gain_db": 0.0, "whole": True}
    return Hit(**fields)


def _takes(sound: Sound, single: bool) -> tuple[Take, ...]:
    import soundfile

    from sonify.library.measures.onsets import Onsets

    try:
        with soundfile.SoundFile(os.fsencode(sound.file)) as file:
            rate_hz = int(file.samplerate)
            read = file.read(int(READ_S * rate_hz), dtype="float32", always_2d=True)
    except (OSError, RuntimeError, ValueError):
        return ()
    if not len(read):
        return ()
    read = np.nan_to_num(read, nan=0.0, posinf=0.0, neginf=0.0)
    onsets = Onsets(rate_hz)
    # Unequal shares, so that opposite channels don't cancel out.
    shares = np.linspace(1.0, 0.5, read.shape[1], dtype=np.float32)
    onsets.feed(np.ascontiguousarray(read @ (shares / shares.sum())))
    times = list(onsets.result()) or [0.0]
    levels_db = _levels_db(read, rate_hz)
    whole_s = len(read) / rate_hz
    peaks = [_peak_db(levels_db, start, end) for start, end in zip(times, [*times[1:], whole_s], strict=True)]
    loudest = max(peaks)
    if loudest <= SILENT_DB:
        return ()
    if single:
        # The first that is nearly as loud as the loudest: a fuse or a whistle before the blast is not it.
        first = next(k for k, peak in enumerate(peaks) if peak >= loudest - 6)
        return (Take(sound, times[first], min(whole_s, times[first] + LONGEST_TAKE_S), peaks[first]),)
    kept: list[tuple[float, float]] = []
    for time_s, peak in zip(times, peaks, strict=True):
        rebound = kept and time_s - kept[-1][0] < REBOUND_S and peak <= kept[-1][1] - REBOUND_DB
        if peak >= loudest - FAINT_DB and not rebound:
            kept.append((time_s, peak))
    ends = [*(time_s - PRE_ROLL_S for time_s, _ in kept[1:]), whole_s]
    found = [
        Take(sound, start, min(end, start + LONGEST_TAKE_S), peak)
        for (start, peak), end in zip(kept, ends, strict=True)
    ]
    return tuple(take for take in found if take.length_s >= SHORTEST_TAKE_S) or tuple(found)


def _levels_db(read: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Mean level of each 20 ms of the loudest channel, in dB of full scale."""
    step = max(1, round(0.02 * rate_hz))
    count = -(-len(read) // step)
    padded = np.pad(read, ((0, count * step - len(read)), (0, 0)))
    power = np.square(padded.astype(np.float64)).reshape(count, step, -1).mean(axis=1).max(axis=-1)
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def _peak_db(levels_db: NDArray[np.float64], start_s: float, end_s: float) -> float:
    part = levels_db[int(start_s / 0.02) : max(int(start_s / 0.02) + 1, int(end_s / 0.02))]
    return float(part.max(initial=-120.0))


def _share(key: str) -> float:
    """A number in 0..1 that is made of `key` alone, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") / 2**32
