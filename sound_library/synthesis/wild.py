"""Wild beasts, cats and the birds with rough voices, each a throat of its own length (see `throat.py`)."""

from __future__ import annotations

import numpy as np

from .noise import RATE, Rng, Samples, band, edges, env, length, put, room, shaped, straight, unit, voiced, wander
from .registry import sound
from .throat import call, field


def open_air(rng: Rng, x: Samples, seconds: float, wet: float = 0.15, far_s: float = 0.8) -> Samples:
    """A call out of doors: echo from trees and ground, open air, and an end without a click."""
    full = np.concatenate([x, np.zeros(max(0, length(seconds) - len(x)))])
    return edges(field(rng, room(rng, full, far_s, wet, 3500, ring=False)), 0.002, 0.1)


@sound("cat meowing", "a cat;a cat meowing;a kitten", "Meow;Cat;Caterwaul", "one meow", takes=3)
def cat_meowing(rng: Rng) -> Samples:
    d = rng.uniform(0.65, 0.85)
    n = length(d)
    base = rng.uniform(480, 600)
    f0 = base * env(n, (0, 0.8), (0.18 * d, 1.12), (0.45 * d, 1.15), (d, 0.78))
    mouth = env(n, (0, -0.65), (0.12 * d, -0.3), (0.35 * d, 0.8), (0.6 * d, 0.4), (d, -0.6))
    shape = env(n, (0, 0), (0.04, 0.35), (0.3 * d, 1), (0.6 * d, 0.7), (0.85 * d, 0.25), (d, 0))
    meow = call(
        rng,
        f0,
        shape,
        0.075,
        mouth,
        open_share=0.45,
        jitter=0.008,
        shimmer=0.06,
        breath=0.2,
        hoarse=0.03,
        damping=0.08,
    )
    return edges(field(rng, room(rng, np.pad(meow, (0, length(0.25))), 0.35, 0.15, 5000, ring=False)), 0.002, 0.1)


@sound(
    "lion roaring",
    "a lion;a tiger;a big cat;a bear",
    "Roar;Roaring cats (lions, tigers);Growling",
    "a deep roar",
    packed=True,
)
def lion_roaring(rng: Rng) -> Samples:
    out = np.zeros(length(4.2))
    for at, d, gain in ((0.0, 1.5, 1.0), (1.75, 0.9, 0.8), (2.9, 0.7, 0.65)):
        n = length(d)
        f0 = env(n, (0, 75), (0.25 * d, 165), (0.55 * d, 180), (d, 70))
        mouth = env(n, (0, -0.5), (0.3 * d, 0.6), (0.6 * d, 0.7), (d, -0.4))
        shape = env(n, (0, 0), (0.12 * d, 0.5), (0.35 * d, 1), (0.6 * d, 0.85), (d, 0))
        roar = call(
            rng,
            f0,
            shape,
            0.36,
            mouth,
            open_share=0.4,
            jitter=0.06,
            shimmer=0.35,
            every_other=0.6,
            breath=0.6,
            hoarse=0.35,
            damping=0.09,
            pressed_db=4,
        )
        put(out, roar, at, gain, wrap=False)
    return open_air(rng, out, 4.4, 0.25, 1.2)


@sound(
    "elephant trumpeting",
    "an elephant;an elephant's trunk;elephants in the savanna",
    "Roar;Wild animals;Trumpet;Animal;Brass instrument;Neigh, whinny;Screaming;Bellow",
    "one blast of the trunk",
)
def elephant(rng: Rng) -> Samples:
    n = length(1.7)
    f0 = env(n, (0, 300), (0.12, 430), (0.7, 520), (1.2, 480), (1.7, 310)) * (1 + 0.03 * wander(rng, n, 25, -1, 1))
    mouth = env(n, (0, -0.2), (0.2, 0.5), (1.3, 0.6), (1.7, 0))
    shape = env(n, (0, 0), (0.05, 0.8), (0.3, 1), (1.2, 0.9), (1.7, 0)) * wander(rng, n, 25, 0.7, 1.1)
    blast = call(
        rng,
        f0,
        shape,
        0.2,
        mouth,
        open_share=0.3,
        jitter=0.05,
        shimmer=0.3,
        every_other=0.4,
        breath=0.5,
        hoarse=0.35,
        pressed_db=5,
    )
    return open_air(rng, blast, 2.3, 0.25, 1.2)


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


@sound("horse neighing", "a horse's head;a horse in a stable;a foal", "Neigh, whinny;Horse", "one whinny")
def horse_neighing(rng: Rng) -> Samples:
    n = length(1.9)
    shake = np.sin(2 * np.pi * np.cumsum(env(n, (0, 8), (1.9, 12))) / RATE) * env(n, (0, 0), (0.4, 1), (1.9, 1))
    f0 = env(n, (0, 450), (0.12, 850), (0.5, 900), (1.1, 620), (1.6, 350), (1.9, 220)) * (1 + 0.1 * shake)
    mouth = env(n, (0, -0.2), (0.2, 0.5), (1.2, 0.3), (1.9, -0.4))
    shape = env(n, (0, 0), (0.05, 0.9), (0.6, 1), (1.3, 0.7), (1.9, 0)) * (1 + 0.7 * shake)
    whinny = call(
        rng,
        f0,
        shape,
        0.17,
        mouth,
        open_share=0.35,
        jitter=0.03,
        shimmer=0.25,
        every_other=0.3,
        breath=0.5,
        hoarse=0.15,
        pressed_db=4,
    )
    return open_air(rng, whinny, 2.2)
