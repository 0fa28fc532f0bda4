"""Beasts and fowl of the farm, each a throat of its own length (see `throat.py`)."""

from __future__ import annotations

import numpy as np

from .noise import RATE, Rng, Samples, edges, env, length, put, room, wander
from .registry import sound
from .throat import call, field


def yard(rng: Rng, x: Samples, seconds: float, wet: float = 0.15) -> Samples:
    """A call in a yard: a short echo from walls, open air, and an end without a click."""
    full = np.concatenate([x, np.zeros(max(0, length(seconds) - len(x)))])
    return edges(field(rng, room(rng, full, 0.6, wet, 3500, ring=False)), 0.002, 0.1)


@sound("cow mooing", "a cow;cattle in a field;a cow in a meadow", "Moo;Cattle, bovinae", "one long moo")
def cow_mooing(rng: Rng) -> Samples:
    n = length(2.3)
    f0 = env(n, (0, 82), (0.35, 98), (0.8, 135), (1.2, 150), (1.8, 138), (2.3, 96)) * (
        1 + 0.02 * wander(rng, n, 5, -1, 1)
    )
    mouth = env(n, (0, -0.65), (0.45, -0.55), (0.9, 0.35), (1.7, 0.4), (2.3, -0.3))
    shape = env(n, (0, 0), (0.12, 0.6), (0.5, 0.7), (0.95, 1), (1.8, 0.85), (2.15, 0.4), (2.3, 0))
    return yard(
        rng,
        call(
            rng,
            f0,
            shape,
            0.42,
            mouth,
            open_share=0.45,
            jitter=0.01,
            shimmer=0.08,
            breath=0.2,
            hoarse=0.04,
            pressed_db=4,
        ),
        2.6,
    )


@sound("sheep bleating", "a sheep;a flock of sheep;a lamb", "Sheep;Bleat;Goat", "one bleat", takes=3)
def sheep_bleating(rng: Rng) -> Samples:
    d = rng.uniform(0.85, 1.1)
    n = length(d)
    tremor = np.sin(2 * np.pi * np.cumsum(env(n, (0, 9), (d, 7.5))) / RATE) * env(n, (0, 0.3), (0.25, 1), (d, 1))
    f0 = rng.uniform(150, 185) * env(n, (0, 0.8), (0.12, 1.08), (0.6 * d, 1), (d, 0.82)) * (1 + 0.05 * tremor)
    mouth = env(n, (0, -0.6), (0.1, 0.5), (0.7 * d, 0.6), (d, 0))
    shape = env(n, (0, 0), (0.05, 0.5), (0.15, 1), (0.75 * d, 0.8), (d, 0)) * (1 + 0.45 * tremor)
    bleat = call(
        rng,
        f0,
        shape,
        0.19,
        mouth,
        open_share=0.35,
        jitter=0.03,
        shimmer=0.25,
        breath=0.3,
        hoarse=0.1,
        damping=0.06,
        pressed_db=5,
    )
    return yard(rng, bleat, d + 0.3)


@sound("pig grunting", "a pig;a piglet;pigs on a farm", "Oink;Pig", "five grunts", packed=True)
def pig_grunting(rng: Rng) -> Samples:
    out = np.zeros(length(2.2))
    for at, d, base in ((0.0, 0.26, 92), (0.42, 0.2, 105), (0.78, 0.3, 88), (1.3, 0.17, 120), (1.62, 0.32, 95)):
        n = length(d)
        f0 = base * env(n, (0, 0.85), (0.3 * d, 1.15), (d, 0.75))
        mouth = env(n, (0, -0.5), (0.4 * d, 0.1), (d, -0.4))
        shape = env(n, (0, 0), (0.03, 0.9), (0.5 * d, 1), (d, 0))
        grunt = call(
            rng,
            f0,
            shape,
            0.21,
            mouth,
            open_share=0.5,
            jitter=0.12,
            shimmer=0.35,
            breath=0.5,
            hoarse=0.4,
            damping=0.09,
            pressed_db=5,
        )
        put(out, grunt, at, rng.uniform(0.7, 1), wrap=False)
    return yard(rng, out, 2.2)


@sound(
    "rooster crowing",
    "a rooster;a cock;a chicken;a hen",
    "Crowing, cock-a-doodle-doo;Chicken, rooster;Fowl",
    "cock-a-doodle-doo",
)
def rooster(rng: Rng) -> Samples:
    out = np.zeros(length(2.3))
    syllables = (
        (0.0, 0.2, 430, 560, 0.6),
        (0.27, 0.13, 600, 680, 0.75),
        (0.45, 0.3, 600, 740, 0.9),
        (0.82, 1.15, 660, 720, 1.0),
    )
    for at, d, low, high, gain in syllables:
        n = length(d)
        f0 = env(n, (0, low), (0.25 * d, high), (0.6 * d, 0.97 * high), (d, 0.62 * low))
        mouth = env(n, (0, 0), (0.25 * d, 0.7), (0.7 * d, 0.6), (d, 0))
        shape = env(n, (0, 0), (0.025, 0.9), (0.3 * d, 1), (0.7 * d, 0.8), (d, 0))
        crow = call(
            rng,
            f0,
            shape,
            0.1,
            mouth,
            open_share=0.35,
            jitter=0.03,
            shimmer=0.25,
            every_other=0.5,
            breath=0.5,
            hoarse=0.2,
            pressed_db=4,
        )
        put(out, crow, at, gain, wrap=False)
    return yard(rng, out, 2.3, 0.2)
