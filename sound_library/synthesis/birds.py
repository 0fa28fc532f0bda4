"""Birds: whistled songs are single gliding tones; caws, quacks and crows are rough voices."""

from __future__ import annotations

import numpy as np

from .animals import outdoors, rough
from .noise import (
    RATE,
    Rng,
    Samples,
    band,
    env,
    length,
    peaks,
    put,
    room,
    shaped,
    straight,
    tilt,
    unit,
    voiced,
)
from .registry import sound


def chirp(f_hz: Samples) -> Samples:
    """A whistled syllable along a pitch curve, with a little second harmonic."""
    turn = 2 * np.pi * np.cumsum(f_hz) / RATE
    n = len(f_hz)
    return (np.sin(turn) + 0.12 * np.sin(2 * turn)) * np.hanning(n) ** 0.6


def phrase(rng: Rng, centre_hz: float) -> Samples:
    """One bird's phrase: a few repeats of one syllable, or a run of different ones."""
    out = np.zeros(length(1.6))
    at, kind = 0.0, int(rng.integers(0, 3))
    for _ in range(int(rng.integers(3, 8))):
        d = rng.uniform(0.05, 0.14)
        n = length(d)
        if kind == 0:
            f = centre_hz * env(n, (0, 1.25), (d * 0.6, 0.9), (d, 0.95))
        elif kind == 1:
            f = centre_hz * env(n, (0, 0.85), (d * 0.4, 1.2), (d, 0.9))
        else:
            points = sorted(rng.uniform(0, d, 2))
            f = centre_hz * env(
                n, (0, rng.uniform(0.8, 1.3)), (points[0], rng.uniform(0.8, 1.3)), (d, rng.uniform(0.8, 1.3))
            )
            f = f * (1 + 0.05 * np.sin(2 * np.pi * 45 * np.arange(n) / RATE))
        put(out, chirp(f), at, rng.uniform(0.6, 1), wrap=False)
        at += d + rng.uniform(0.02, 0.08)
    return out


def birdsong(rng: Rng, n: int, birds: int = 4) -> Samples:
    """Several birds at different distances, on a circle."""
    out = np.zeros(n)
    for i in range(birds):
        centre, near = rng.uniform(2600, 5600), 0.9 / (1 + 0.7 * i)
        at = rng.uniform(0, 1) if i else 0.0
        while at < n / RATE - 0.3:
            put(out, phrase(rng, centre), at, near * rng.uniform(0.7, 1))
            at += rng.uniform(1.0, 2.2)
    return room(rng, out, 0.8, 0.3)


@sound(
    "birds chirping",
    "a songbird;birds on a branch;a small bird in a tree;a garden with birds",
    "Bird;Bird vocalization, bird call, bird song;Chirp, tweet",
    "songbirds at dawn",
    steady=True,
)
def birds_chirping(rng: Rng) -> Samples:
    n = length(6)
    song = birdsong(rng, n) + 0.006 * shaped(rng, n, tilt(-3))
    return np.roll(song, length(0.35))  # so that the loop turns in a pause, not at the first note


@sound(
    "eagle screeching",
    "an eagle;a hawk;a bird of prey in the sky",
    "Squawk;Bird;Bird vocalization, bird call, bird song;Screaming",
    "a falling scream",
)
def eagle(rng: Rng) -> Samples:
    n = length(1.3)
    f0 = rough(rng, env(n, (0, 2300), (0.12, 3300), (0.5, 2900), (1.3, 1900)), 0.02, 120)
    tone = voiced(f0, [(3000, 1500, 1), (6000, 2000, 0.4)], -5, 0.1, 16000)
    hoarse = unit(straight(rng.standard_normal(n), band(2200, 7000, 2)))
    return outdoors(rng, (tone + 0.35 * hoarse) * env(n, (0, 0), (0.05, 1), (0.8, 0.7), (1.3, 0)), 1.9, 0.45)


@sound("duck quacking", "a duck;ducks on a pond;a duckling", "Duck;Quack", "four quacks", packed=True)
def duck(rng: Rng) -> Samples:
    out = np.zeros(length(1.9))
    for i, at in enumerate((0.0, 0.4, 0.75, 1.08)):
        n = length(0.22)
        f0 = rough(rng, 240 * env(n, (0, 1.1), (0.05, 1.2), (0.22, 0.85)), 0.05, 100)
        tone = voiced(f0, [(1150, 300, 1), (1800, 400, 0.9), (2900, 700, 0.5)], 0, 0.03)
        hoarse = unit(straight(rng.standard_normal(n), peaks([1150, 1850, 2900], [350, 500, 800], [1, 0.9, 0.5])))
        put(
            out,
            (tone + 0.25 * hoarse) * env(n, (0, 0), (0.02, 1), (0.13, 0.8), (0.22, 0)),
            at,
            1 - 0.1 * i,
            wrap=False,
        )
    return outdoors(rng, out, 1.9, 0.2)


@sound("pigeon cooing", "a pigeon;pigeons in a square;a dove", "Pigeon, dove;Coo", "low cooing", packed=True)
def pigeon(rng: Rng) -> Samples:
    out = np.zeros(length(2.8))
    for at, d, base in ((0.0, 0.25, 1.0), (0.3, 0.55, 1.12), (0.95, 0.35, 0.95), (1.5, 0.25, 1.0), (1.8, 0.6, 1.1)):
        n = length(d)
        roll = 1 + 0.35 * np.sin(2 * np.pi * 24 * np.arange(n) / RATE)
        f0 = 430 * base * env(n, (0, 0.9), (0.4 * d, 1.08), (d, 0.88)) * (1 + 0.02 * (roll - 1))
        tone = voiced(f0, [(450, 200, 1), (900, 250, 0.12)], -8, 0.004) + 0.05 * unit(
            straight(rng.standard_normal(n), band(350, 1200))
        )
        put(out, tone * roll * env(n, (0, 0), (0.07, 1), (0.7 * d, 0.8), (d, 0)), at, 1, wrap=False)
    return outdoors(rng, out, 2.8, 0.25)


@sound(
    "turkey gobbling", "a turkey;a turkey on a farm;a turkey with its tail spread", "Turkey;Gobble;Fowl", "one gobble"
)
def turkey(rng: Rng) -> Samples:
    out = np.zeros(length(1.6))
    at = 0.0
    for i in range(13):
        d = 0.062
        n = length(d)
        f0 = rough(rng, (760 - 22 * i) * env(n, (0, 0.8), (0.3 * d, 1.3), (d, 0.75)), 0.02)
        tone = voiced(f0, [(1000, 500, 1), (1900, 700, 0.9), (3000, 1000, 0.4)], -1, 0.05)
        put(out, tone * env(n, (0, 0), (0.008, 1), (0.6 * d, 0.7), (d, 0)), at, 1 - 0.04 * i, wrap=False)
        at += 0.075
    return outdoors(rng, out, 1.6, 0.2)
