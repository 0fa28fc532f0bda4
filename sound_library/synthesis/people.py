"""Hands and voices: clapping, cheering, laughing, murmuring."""

from __future__ import annotations

import numpy as np

from .noise import (
    RATE,
    Rng,
    Samples,
    air,
    band,
    burst,
    edges,
    env,
    length,
    peak,
    peaks,
    put,
    room,
    shaped,
    straight,
    strike,
    times,
    unit,
    voiced,
    wander,
)
from .registry import sound
from .throat import call

VOWELS = {  # first three formants in Hz (Peterson and Barney, JASA 24(2), 1952, men's means)
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "A": (660, 1720, 2410),
    "E": (390, 1990, 2550),
    "U": (440, 1020, 2240),
    "r": (490, 1350, 1690),
}


def clap(rng: Rng, deep: float | None = None) -> Samples:
    """One pair of hands; `deep` sets the cup of the palms in Hz."""
    n = length(0.06)
    f = deep or rng.uniform(700, 1900)
    return peak(
        burst(
            rng,
            n,
            rng.uniform(0.012, 0.035),
            peaks([f, 2.4 * f], [0.7 * f, 1.5 * f], [1, 0.5], 0.06),
            band(300, 11000, 1),
        )
    )


def clapping(rng: Rng, n: int, hands: int) -> Samples:
    """Many people clap, each at an own pace, on a circle."""
    out = np.zeros(n)
    seconds = n / RATE
    for _ in range(hands):
        count = max(1, round(seconds * rng.uniform(3.3, 5.0)))
        step, start = seconds / count, rng.uniform(0, 1)
        deep, near = rng.uniform(700, 1900), rng.uniform(0.12, 1) ** 1.5
        for i in range(count):
            put(
                out,
                clap(rng, deep * rng.uniform(0.95, 1.05)),
                start + i * step + rng.normal(0, 0.012),
                near * rng.uniform(0.6, 1),
            )
    return out


def talk(rng: Rng, seconds: float, f0_hz: float, size: float = 1.0, lively: float = 1.0) -> Samples:
    """Speech without words: syllables of vowels and hisses with a sentence's melody. `size` scales formants up."""
    n = length(seconds)
    tone, marks = np.zeros(n), []
    at = 0.0
    while at < seconds:
        d = float(np.clip(rng.lognormal(np.log(0.17), 0.3), 0.09, 0.4))
        pause = rng.uniform() < 0.12
        marks.append((at, d, "" if pause else str(rng.choice(list(VOWELS)))))
        at += d
    f0 = f0_hz * (1 + 0.16 * lively * wander(rng, n, 1.6, -1, 1) + 0.015 * wander(rng, n, 20, -1, 1))
    points = [m[0] + 0.4 * m[1] for m in marks]
    tracks = [
        np.interp(np.arange(n) / RATE, points, [VOWELS[m[2] or "U"][i] * size for m in marks]) for i in range(3)
    ]
    voice = voiced(
        f0,
        [(tracks[0], 90, 1.0), (tracks[1], 110, 0.5), (tracks[2], 170, 0.25), (3500 * size, 300, 0.1)],
        -4,
        0.004,
        7000,
    )
    shape = np.zeros(n)
    for start, d, vowel in marks:
        if vowel:
            m = length(d)
            put(shape, env(m, (0, 0), (0.2 * d, 0.9), (0.5 * d, 1), (d, 0.1)), start, rng.uniform(0.5, 1), wrap=False)
            if rng.uniform() < 0.45:
                hiss = length(rng.uniform(0.04, 0.09))
                f = rng.uniform(2500, 6000)
                put(
                    tone,
                    unit(straight(rng.standard_normal(hiss), band(0.7 * f, 1.4 * f))) * np.hanning(hiss),
                    start - 0.02 if start > 0.02 else start,
                    0.2,
                    wrap=False,
                )
    return voice * shape + tone


def murmur(rng: Rng, n: int, voices: int, wet: float = 0.4, children: bool = False) -> Samples:
    """People talking at different distances in a room, on a circle."""
    out = np.zeros(n)
    seconds = n / RATE
    for i in range(voices):
        woman = rng.uniform() < 0.5
        f0, size = (
            (rng.uniform(260, 380), 1.35)
            if children
            else ((rng.uniform(180, 240), 1.16) if woman else (rng.uniform(95, 140), 1.0))
        )
        at = rng.uniform(0, seconds)
        for _ in range(max(1, round(seconds / 4))):
            d = rng.uniform(1.5, 3.5)
            m = length(d)
            put(out, talk(rng, d, f0, size) * env(m, (0, 0), (0.05, 1), (d - 0.1, 1), (d, 0)), at, 1 / (1 + 0.22 * i))
            at += d + rng.uniform(0.1, 1.0)
    return room(rng, out, 0.9, wet, 4000)


def cheer_voice(rng: Rng, seconds: float) -> Samples:
    """One person shouts a long open vowel."""
    n = length(seconds)
    high = rng.uniform(0.85, 1.5)
    f0 = (
        330
        * high
        * env(n, (0, 0.75), (0.25 * seconds, 1.15), (0.7 * seconds, 1.05), (seconds, 0.8))
        * (1 + 0.03 * wander(rng, n, 25, -1, 1))
    )
    size = 0.95 + 0.25 * (high - 0.8)
    f1, f2, f3 = VOWELS[str(rng.choice(["a", "A", "e", "o"]))]
    tone = voiced(f0, [(f1 * size * 1.15, 180, 1), (f2 * size, 220, 0.7), (f3 * size, 350, 0.4)], -2, 0.01, 9000)
    return tone * env(n, (0, 0), (0.12 * seconds, 1), (0.7 * seconds, 0.85), (seconds, 0))


def cheering(rng: Rng, n: int, voices: int) -> Samples:
    """A crowd shouts and whistles, on a circle."""
    out = np.zeros(n)
    seconds = n / RATE
    for _ in range(voices):
        put(out, cheer_voice(rng, rng.uniform(0.6, 2.2)), rng.uniform(0, seconds), rng.uniform(0.1, 1) ** 1.5)
    roar = shaped(rng, n, peaks([650, 1150, 2500], [450, 600, 1100], [1, 0.8, 0.35], 0.03)) * wander(
        rng, n, 2, 0.8, 1.15
    )
    return unit(out) + 0.8 * roar


@sound(
    "applause",
    "applause;an audience clapping;an auditorium;people clapping hands",
    "Applause;Clapping",
    "a full hall",
    steady=True,
)
def applause(rng: Rng) -> Samples:
    return room(rng, clapping(rng, length(6), 110), 0.8, 0.3, 7000)


@sound(
    "clapping",
    "a person clapping;two hands clapping;cheerleaders",
    "Clapping;Applause;Hands;Finger snapping",
    "a few people clap in time",
    steady=True,
)
def hand_clapping(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for _ in range(14):
        deep, near = rng.uniform(700, 1900), rng.uniform(0.3, 1)
        for i in range(10):
            put(
                out,
                clap(rng, deep * rng.uniform(0.93, 1.07)),
                i * 0.4 + abs(rng.normal(0, 0.03)),
                near * rng.uniform(0.7, 1),
            )
    return air(rng, room(rng, out, 0.6, 0.3), 0.003)


@sound(
    "crowd cheering",
    "a cheering crowd;fans at a match;a stadium crowd;a crowd at a concert",
    "Cheering;Crowd;Applause;Shout",
    "a crowd after a goal",
    steady=True,
)
def crowd_cheering(rng: Rng) -> Samples:
    n = length(6)
    return room(rng, cheering(rng, n, 90) + 0.5 * unit(clapping(rng, n, 25)), 1.2, 0.4, 5000)


@sound(
    "laughter",
    "a laughing person;people laughing;a smiling face",
    "Laughter;Belly laugh;Giggle;Chuckle, chortle;Snicker;Baby laughter",
    "one person laughs",
    takes=2,
    packed=True,
)
def laughter(rng: Rng) -> Samples:
    out = np.zeros(length(2.6))
    base = rng.uniform(230, 300)
    at = 0.0
    for i in range(10):
        d = 0.13
        n = length(d)
        fall = 1.25 - 0.05 * i
        f0 = base * fall * env(n, (0, 1.1), (0.5 * d, 1.0), (d, 0.85)) * (1 + 0.01 * wander(rng, n, 30, -1, 1))
        tone = voiced(f0, [(800, 150, 1), (1350, 180, 0.7), (2700, 300, 0.35), (3800, 400, 0.15)], -3, 0.008, 9000)
        puff = unit(
            straight(
                rng.standard_normal(length(0.09)), peaks([900, 1600, 2800], [400, 600, 1000], [1, 0.8, 0.5], 0.05)
            )
        )
        put(out, puff * np.hanning(len(puff)), at - 0.06 if at else 0.0, 0.22, wrap=False)
        put(
            out,
            tone * env(n, (0, 0), (0.025, 1), (0.6 * d, 0.7), (d, 0)),
            at + (0.0 if at else 0.03),
            1 - 0.05 * i,
            wrap=False,
        )
        at += 0.215 + 0.004 * i
    return edges(room(rng, out, 0.4, 0.15, ring=False), 0.002, 0.2)


def shouting(rng: Rng, n: int, calls: int) -> Samples:
    """Children call to each other on a circle: two to five syllables each time, no two alike."""
    out = np.zeros(n)
    for _ in range(calls):
        base, at, near = rng.uniform(300, 480), rng.uniform(0, n / RATE), rng.uniform(0.15, 1)
        for _ in range(int(rng.integers(2, 6))):
            d = rng.uniform(0.1, 0.28)
            m = length(d)
            high = base * rng.uniform(0.85, 1.7)
            f0 = high * env(m, (0, 0.8), (0.35 * d, 1.15), (d, rng.uniform(0.7, 1.1)))
            mouth = env(m, (0, -0.6), (0.3 * d, rng.uniform(-0.2, 1)), (d, rng.uniform(-0.6, 0.3)))
            loud = env(m, (0, 0), (0.08 * d, 1), (0.6 * d, 0.8), (d, 0))
            shout = call(
                rng, f0, loud, 0.115, mouth, open_share=0.45, jitter=0.015, shimmer=0.12, breath=0.35, hoarse=0.06
            )
            put(out, shout, at, 3 * near * rng.uniform(0.5, 1))
            at += d * rng.uniform(0.9, 1.3)
    return out


@sound(
    "children playing",
    "children;children in a playground;a child on a swing;kids running",
    "Children playing;Children shouting;Child speech, kid speaking;Yell",
    "children shout and call",
    steady=True,
    name="children_playing",
)
def children(rng: Rng) -> Samples:
    n = length(6)
    out = 0.25 * murmur(rng, n, 3, children=True)
    return room(rng, out + shouting(rng, n, 16), 0.7, 0.3)


@sound(
    "people talking",
    "a person talking;people in a meeting;two people talking;a person on the telephone",
    "Speech;Conversation;Babbling;Chatter;Hubbub, speech noise, speech babble;Narration, monologue;Crowd",
    "two people talk, no words",
    steady=True,
)
def people_talking(rng: Rng) -> Samples:
    n = length(6)
    out = np.zeros(n)
    for at, d, f0, size in ((0.0, 1.9, 118, 1.0), (2.0, 1.5, 205, 1.16), (3.6, 2.2, 118, 1.0)):
        put(out, talk(rng, d, f0, size) * env(length(d), (0, 0), (0.05, 1), (d - 0.1, 1), (d, 0)), at, 1.0)
    return room(rng, out, 0.35, 0.2)


@sound(
    "running",
    "a runner;people running;a running track;a jogger",
    "Run;Walk, footsteps",
    "running shoes and breath",
    steady=True,
)
def running(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i in range(12):
        at = i / 3 + rng.uniform(0, 0.006)
        put(
            out,
            strike(rng, length(0.3), (70, 1000), (0.05, 0.011), -1.0, 0.08, (415, 2500), 0.065),
            at,
            rng.uniform(0.8, 1),
        )
        put(out, strike(rng, length(0.3), (90, 1200), (0.05, 0.011), -1.0, 0.15, (415, 3500), 0.065), at + 0.06, 0.3)
    return air(rng, room(rng, out, 0.7, 0.13, 6000), 0.004)


@sound(
    "snoring",
    "a sleeping person;a person asleep in bed",
    "Snoring;Breathing;Snort;Wheeze",
    "slow snores",
    steady=True,
)
def snoring(rng: Rng) -> Samples:
    out = np.zeros(length(6.4))
    for at in (0.1, 3.3):
        d = rng.uniform(1.3, 1.5)
        n = length(d)
        f0 = env(n, (0, 38), (0.5 * d, 52), (d, 34))  # the soft palate flaps as air is drawn in
        shape = env(n, (0, 0), (0.35, 0.7), (0.8 * d, 1), (d, 0)) * wander(rng, n, 6, 0.7, 1.1)
        mouth = env(n, (0, -0.3), (0.6 * d, 0.3), (d, -0.2))
        snore = call(
            rng,
            f0,
            shape,
            0.17,
            mouth,
            open_share=0.5,
            jitter=0.12,
            shimmer=0.35,
            breath=0.6,
            hoarse=0.3,
            damping=0.1,
        )
        put(out, snore, at, rng.uniform(0.9, 1))
        m = length(1.3)
        sigh = straight(rng.standard_normal(m), peaks([500, 1500, 2600], [400, 700, 1200], [1, 0.6, 0.4], 0.05))
        put(out, unit(sigh) * np.hanning(m) ** 1.5, at + 1.65, 0.02)
    return air(rng, room(rng, out, 0.35, 0.15), 0.004)


@sound(
    "eating",
    "a person eating;a person eating an apple;people having dinner",
    "Chewing, mastication;Biting;Crunch;Crumpling, crinkling",
    "crisp bites",
    steady=True,
)
def eating(rng: Rng) -> Samples:
    n = length(4)
    out = 0.001 * shaped(rng, n, band(100, 3000))
    for i in range(7):
        for at in times(rng, 0.2, 160):
            put(
                out,
                burst(rng, length(0.02), rng.uniform(0.004, 0.014), band(400, rng.uniform(2000, 6000), 1)),
                i * 0.55 + float(at),
                rng.uniform(0.1, 1) * (1.0 if i % 3 == 0 else 0.5),
            )
        put(out, burst(rng, length(0.1), 0.08, band(150, 900)), i * 0.55 + 0.3, 0.25)
    return room(rng, out, 0.2, 0.1)
