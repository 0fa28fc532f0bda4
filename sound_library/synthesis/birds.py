"""Birds: whistled songs are single gliding tones; caws, quacks and crows are rough voices."""

from __future__ import annotations

import numpy as np

from .noise import RATE, Rng, Samples, env, length, put, room, shaped, tilt
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
