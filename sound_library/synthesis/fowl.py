"""Birds with rough voices, each a throat of its own length (see `throat.py`)."""

from __future__ import annotations

import numpy as np

from .animals import outdoors, rough
from .noise import RATE, Rng, Samples, band, env, length, peaks, put, shaped, straight, unit, voiced, wander
from .registry import sound
from .throat import call
from .wild import open_air


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


@sound(
    "eagle screeching",
    "an eagle;a hawk;a bird of prey in the sky",
    "Squawk;Bird;Bird vocalization, bird call, bird song;Screaming",
    "a falling scream",
)
def eagle(rng: Rng) -> Samples:
    n = length(1.4)
    f0 = env(n, (0, 1900), (0.1, 2900), (0.4, 2750), (1.0, 2250), (1.4, 1600)) * (
        1 + 0.02 * wander(rng, n, 40, -1, 1)
    )
    shape = env(n, (0, 0), (0.04, 0.9), (0.3, 1), (0.9, 0.7), (1.4, 0))
    scream = call(
        rng,
        f0,
        shape,
        0.03,
        env(n, (0, 0), (0.2, 0.6), (1.4, 0.2)),
        open_share=0.4,
        jitter=0.03,
        shimmer=0.2,
        every_other=0.35,
        breath=0.5,
        hoarse=0.3,
    )
    return open_air(rng, scream, 2.2, 0.3, 1.3)


@sound("pigeon cooing", "a pigeon;pigeons in a square;a dove", "Pigeon, dove;Coo", "low cooing", packed=True)
def pigeon(rng: Rng) -> Samples:
    out = np.zeros(length(3.2))
    for at, d, base in ((0.0, 0.3, 0.95), (0.36, 0.75, 1.1), (1.2, 0.4, 0.95), (1.75, 0.3, 0.95), (2.1, 0.75, 1.08)):
        n = length(d)
        rolled = np.sin(2 * np.pi * 23 * np.arange(n) / RATE) * env(n, (0, 0), (0.1 * d, 1), (0.6 * d, 1), (d, 0))
        f0 = 400 * base * env(n, (0, 0.88), (0.4 * d, 1.08), (d, 0.85)) * (1 + 0.03 * rolled)
        shape = env(n, (0, 0), (0.06, 0.9), (0.7 * d, 0.8), (d, 0)) * (1 + 0.5 * rolled)
        coo = call(
            rng,
            f0,
            shape,
            0.16,
            np.full(n, -0.3),
            open_share=0.9,
            jitter=0.012,
            shimmer=0.08,
            breath=0.25,
            hoarse=0.03,
            pressed_db=-4,
        )
        put(out, coo, at, 1, wrap=False)
    return open_air(rng, out, 3.2, 0.2)


@sound(
    "turkey gobbling", "a turkey;a turkey on a farm;a turkey with its tail spread", "Turkey;Gobble;Fowl", "one gobble"
)
def turkey(rng: Rng) -> Samples:
    out = np.zeros(length(1.6))
    at = 0.0
    for i in range(14):  # a gobble is a fast row of yelps that sinks
        d = 0.066
        n = length(d)
        f0 = (760 - 18 * i) * env(n, (0, 0.7), (0.35 * d, 1.3), (d, 0.65))
        shape = env(n, (0, 0), (0.01, 1), (0.6 * d, 0.8), (d, 0))
        yelp = call(
            rng,
            f0,
            shape,
            0.06,
            env(n, (0, 0), (0.4 * d, 0.6), (d, 0)),
            open_share=0.35,
            jitter=0.03,
            shimmer=0.2,
            every_other=0.3,
            breath=0.6,
            hoarse=0.25,
            pressed_db=4,
        )
        put(out, yelp, at, (1 - 0.045 * i) * rng.uniform(0.85, 1), wrap=False)
        at += rng.uniform(0.068, 0.076)
    return open_air(rng, out, 1.7, 0.2)


@sound("crow cawing", "a crow;a raven;a black bird", "Crow;Caw", "three caws", packed=True)
def crow_cawing(rng: Rng) -> Samples:
    out = np.zeros(length(2.4))
    for at in (0.0, 0.68, 1.4):
        d = rng.uniform(0.3, 0.38)
        n = length(d)
        f0 = 340 * env(n, (0, 0.8), (0.25 * d, 1.15), (0.7 * d, 1.1), (d, 0.8))
        mouth = env(n, (0, -0.2), (0.2 * d, 0.6), (0.7 * d, 0.5), (d, -0.1))
        shape = env(n, (0, 0), (0.025, 0.9), (0.3 * d, 1), (0.75 * d, 0.8), (d, 0))
        caw = call(
            rng,
            f0,
            shape,
            0.075,
            mouth,
            open_share=0.35,
            jitter=0.06,
            shimmer=0.3,
            every_other=0.5,
            breath=0.6,
            hoarse=0.35,
            pressed_db=4.5,
        )
        put(out, caw, at, rng.uniform(0.85, 1), wrap=False)
    return open_air(rng, out, 2.4, 0.2)


@sound(
    "seagull calling",
    "a seagull;a seabird;gulls over a harbour;a bird over the sea",
    "Squawk;Bird;Bird vocalization, bird call, bird song",
    "a gull's long call",
    packed=True,
)
def seagull(rng: Rng) -> Samples:
    out = np.zeros(length(3.2))
    for i, at in enumerate((0.0, 0.75, 1.25, 1.66, 2.04, 2.4)):
        d = 0.62 if i == 0 else 0.3
        n = length(d)
        f0 = rng.uniform(0.97, 1.03) * 820 * env(n, (0, 0.7), (0.2 * d, 1.35), (0.6 * d, 1.2), (d, 0.75))
        mouth = env(n, (0, -0.2), (0.3 * d, 0.7), (d, 0))
        shape = env(n, (0, 0), (0.04, 1), (0.7 * d, 0.8), (d, 0))
        cry = call(
            rng,
            f0,
            shape,
            0.05,
            mouth,
            open_share=0.35,
            jitter=0.012,
            shimmer=0.12,
            every_other=0.3,
            breath=0.4,
            hoarse=0.1,
        )
        put(out, cry, at, 1 - 0.08 * i, wrap=False)
    sea = shaped(rng, len(out), band(200, 3000, 1))
    return open_air(rng, out + 0.008 * sea, 3.2, 0.2)


@sound(
    "goose honking", "a goose;geese in a field;a flock of geese;a swan", "Goose;Honk", "geese calling", packed=True
)
def goose(rng: Rng) -> Samples:
    out = np.zeros(length(2.6))
    for at, base in ((0.0, 1.0), (0.42, 0.86), (0.88, 1.04), (1.22, 0.9), (1.7, 1.0), (2.02, 0.88)):
        d = rng.uniform(0.2, 0.27)
        n = length(d)
        broken = np.where(np.arange(n) < 0.3 * n, 0.75, 1.15)  # a honk breaks upwards
        f0 = 390 * base * np.convolve(np.pad(broken, 240, mode="edge"), np.ones(481) / 481, "valid")
        mouth = env(n, (0, -0.2), (0.3 * d, 0.3), (d, 0))
        shape = env(n, (0, 0), (0.02, 0.8), (0.4 * d, 1), (0.8 * d, 0.7), (d, 0))
        honk = call(
            rng,
            f0,
            shape,
            0.11,
            mouth,
            open_share=0.3,
            jitter=0.02,
            shimmer=0.15,
            breath=0.4,
            hoarse=0.12,
            pressed_db=4.5,
        )
        put(out, honk, at, rng.uniform(0.7, 1), wrap=False)
    return open_air(rng, out, 2.6, 0.25)


@sound("owl hooting", "an owl;an owl on a branch;a forest at night", "Owl;Hoot", "hoo, hoo-hoo, hoo", packed=True)
def owl(rng: Rng) -> Samples:
    out = np.zeros(length(3.8))
    for at, d in ((0.0, 0.42), (0.62, 0.14), (0.86, 0.16), (1.35, 0.5), (2.25, 0.55)):
        n = length(d)
        f0 = 330 * env(n, (0, 0.88), (0.25 * d, 1.02), (0.7 * d, 1.0), (d, 0.9))
        f0 *= 1 + 0.008 * wander(rng, n, 20, -1, 1)
        tone = voiced(f0, [(340, 150, 1), (700, 250, 0.12)], -9, 0.006)
        breath = 0.12 * unit(straight(rng.standard_normal(n), band(220, 600, 2)))
        put(out, (tone + breath) * env(n, (0, 0), (0.08, 0.9), (0.7 * d, 0.8), (d, 0)), at, 1, wrap=False)
    return open_air(rng, out, 3.8, 0.35, 1.4)
