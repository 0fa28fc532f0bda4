"""Wild beasts, cats and the birds with rough voices, each a throat of its own length (see `throat.py`)."""

from __future__ import annotations

import numpy as np

from .noise import RATE, Rng, Samples, edges, env, length, put, room, wander
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


@sound("horse neighing", "a horse's head;a horse in a stable;a foal", "Neigh, whinny;Horse", "one whinny")
def horse_neighing(rng: Rng) -> Samples:
    n = length(1.9)
    shake = np.sin(2 * np.pi * np.cumsum(env(n, (0, 8), (1.9, 12))) / RATE) * env(n, (0, 0), (0.4, 1), (1.9, 1))
    f0 = env(n, (0, 600), (0.12, 1050), (0.5, 1100), (1.1, 760), (1.6, 350), (1.9, 220)) * (1 + 0.1 * shake)
    mouth = env(n, (0, -0.2), (0.2, 0.5), (1.2, 0.3), (1.9, -0.4))
    shape = env(n, (0, 0), (0.05, 0.9), (0.6, 1), (1.3, 0.7), (1.9, 0)) * (1 + 0.4 * shake)
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
        hoarse=0.25,
        pressed_db=4,
    )
    return open_air(rng, whinny, 2.2)
