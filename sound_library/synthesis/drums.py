"""Drums, and what is shaken and clapped."""

from __future__ import annotations

import numpy as np

from .noise import (
    RATE,
    Rng,
    Samples,
    band,
    burst,
    clock,
    env,
    filtered,
    length,
    modal,
    peak,
    peaks,
    put,
    room,
    shaped,
    turned,
)
from .registry import sound


def kick(n: int) -> Samples:
    """Bass drum: a falling sine and a beater click."""
    f = 50 + 110 * np.exp(-clock(n) / 0.025)
    return np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-clock(n) / 0.11)


def snare(rng: Rng, n: int) -> Samples:
    """Snare drum: two head modes and the wires."""
    return 0.8 * modal([190, 335, 480], [0.16, 0.12, 0.08], [1, 0.7, 0.3], n) + 1.1 * peak(
        burst(rng, n, 0.22, band(1200, 12000, 1))
    )


def hat(rng: Rng, n: int, t60_s: float) -> Samples:
    """Hi-hat or cymbal: dense high inharmonic noise."""
    metal = sum(
        (np.sign(np.sin(2 * np.pi * f * clock(n) + f)) for f in (4127.0, 5431.0, 6213.0, 7389.0, 8851.0, 3547.0)),
        np.zeros(n),
    )
    return peak(
        filtered(0.3 * metal + rng.standard_normal(n), band(6000, 17000, 3)) * np.exp(-6.9 * clock(n) / t60_s)
    )


@sound(
    "drum kit",
    "a drum kit;a drummer;a rock band on stage",
    "Drum kit;Drum;Snare drum;Bass drum;Drum machine;Percussion;Cymbal",
    "a rock beat",
    steady=True,
)
def drum_kit(rng: Rng) -> Samples:
    out = np.zeros(length(4.8))
    step = 0.15
    for bar in range(2):
        for i in range(16):
            at = (bar * 16 + i) * step
            if i % 2 == 0:
                put(out, hat(rng, length(0.3), 0.07 if i != 14 else 0.35), at, 0.3 * rng.uniform(0.8, 1))
            if i in (0, 6, 8) or (bar and i == 10):
                put(out, kick(length(0.5)) + 0.15 * burst(rng, length(0.5), 0.01, band(2000, 6000)), at, 1.0)
            if i in (4, 12):
                put(out, peak(snare(rng, length(0.4))), at, 0.8)
    put(out, hat(rng, length(2.5), 1.8), 0.0, 0.4)
    return turned(room(rng, out, 0.5, 0.2, 8000))


@sound(
    "hand drum",
    "a hand drum;a drummer with bongos;a djembe;a conga",
    "Drum;Percussion;Tabla;Bass drum",
    "bass, tone and slap",
    steady=True,
)
def hand_drum(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i, stroke in enumerate("B.tsB.ttB.stBtst" * 2):
        n = length(0.4)
        if stroke == "B":
            hit = modal([78, 150, 230], [0.35, 0.15, 0.1], [1, 0.35, 0.2], n)
        elif stroke == "t":
            hit = modal([330, 525, 705, 880], [0.16, 0.12, 0.1, 0.07], [1, 0.6, 0.4, 0.25], n) + 0.2 * burst(
                rng, n, 0.015, band(800, 5000)
            )
        elif stroke == "s":
            hit = modal([410, 880, 1430, 2150], [0.08, 0.07, 0.06, 0.05], [0.6, 0.8, 0.7, 0.5], n) + 0.9 * burst(
                rng, n, 0.03, band(1500, 9000)
            )
        else:
            continue
        put(out, hit, i * 0.125 + rng.uniform(0, 0.006), rng.uniform(0.75, 1))
    return room(rng, out, 0.5, 0.2)


@sound(
    "tambourine",
    "a tambourine;a person with a tambourine",
    "Tambourine;Percussion;Jingle, tinkle;Maraca;Rattle (instrument)",
    "shaken and struck",
    steady=True,
)
def tambourine(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i in range(16):
        strong = i % 4 == 2
        for _ in range(26 if strong else 14):
            f = rng.uniform(4800, 12500)
            jingle = modal([f, f * 1.27, f * 1.63], list(rng.uniform(0.04, 0.16, 3)), [1, 0.8, 0.6], length(0.18))
            put(out, jingle, i * 0.25 + rng.exponential(0.018), rng.uniform(0.2, 1) * (1 if strong else 0.5))
        if strong:
            put(out, 6 * modal([290, 560], [0.08, 0.05], [1, 0.6], length(0.15)), i * 0.25, 1)
    return room(rng, out, 0.4, 0.12, 12000)


@sound(
    "shaker",
    "a shaker;maracas;a person shaking maracas",
    "Maraca;Rattle (instrument);Percussion;Tambourine",
    "seeds in a gourd",
    steady=True,
)
def shaker(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i in range(32):
        n = length(0.11)
        grains = shaped(rng, n, band(3500, 13000, 1), peaks([5200, 8000], [2000, 3000], [1, 0.7], 0.15))
        grains *= rng.uniform(0.2, 1.6, n // 40 + 1).repeat(40)[:n]
        put(out, grains * env(n, (0, 0), (0.025, 1), (0.05, 0.5), (0.11, 0)), i * 0.125, 1.0 if i % 4 == 0 else 0.6)
    return room(rng, out, 0.3, 0.08, 12000)


@sound(
    "castanets",
    "castanets;a flamenco dancer;a dancer with castanets",
    "Wood block;Percussion;Clicking;Knock;Tap;Flamenco",
    "rolls and clicks",
    steady=True,
)
def castanets(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i, count in enumerate((1, 4, 1, 1, 1, 4, 1, 2) * 2):
        for j in range(count):
            f = rng.uniform(1750, 1950) if j % 2 else rng.uniform(2050, 2250)
            clack = modal([f, f * 1.62, f * 2.5], [0.035, 0.022, 0.015], [1, 0.6, 0.4], length(0.08)) + 0.5 * burst(
                rng, length(0.08), 0.005, band(2000, 10000)
            )
            put(out, clack, i * 0.25 + j * 0.05, rng.uniform(0.6, 1))
    return room(rng, out, 0.7, 0.2)
