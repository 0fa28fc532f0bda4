"""What is cut, fried and clattered in a kitchen."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    air,
    band,
    burst,
    edges,
    filtered,
    length,
    modal,
    put,
    room,
    shaped,
    strike,
    times,
    unit,
    voiced,
    wander,
)
from .registry import sound


@sound(
    "frying",
    "a frying pan;food in a pan;a cook at a stove;meat on a grill",
    "Frying (food);Sizzle",
    "hot oil",
    steady=True,
)
def frying(rng: Rng) -> Samples:
    n = length(5)
    # drops of water burst into steam under the oil: very many, most of them tiny, each a click with a short hiss
    pops = np.zeros(n)
    at = rng.integers(0, n, 5 * 25000)
    np.add.at(pops, at, rng.pareto(2.5, len(at)).clip(0, 4) * rng.choice([-1, 1], len(at)))
    click = burst(rng, length(0.004), 0.003, band(1500, 15000, 1))
    spits = np.asarray(np.fft.irfft(np.fft.rfft(pops) * np.fft.rfft(click, n), n))
    pops = np.zeros(n)
    steam = shaped(rng, n, band(3000, 14000, 1)) * wander(rng, n, 11, 0.7, 1.2)
    boil = shaped(rng, n, band(250, 1800, 1)) * wander(rng, n, 25, 0.4, 1.3)
    for at in times(rng, 5, 130):  # the big ones that leap out
        put(pops, burst(rng, length(0.012), 0.009, band(1200, 9000, 1)), at, rng.uniform(1, 4))
    return 0.8 * unit(spits) + 0.6 * steam * wander(rng, n, 60, 0.4, 1.4) + 0.2 * unit(pops) + 0.4 * boil


@sound(
    "chopping food",
    "a knife and a cutting board;vegetables being cut;a cook in a kitchen",
    "Chopping (food);Chop;Knock;Tap;Wood;Cutlery, silverware",
    "a knife on a board",
    steady=True,
)
def chopping(rng: Rng) -> Samples:
    out = np.zeros(length(4))
    for i in range(12):
        cut = strike(rng, length(0.3), (160, 2900), (0.064, 0.018), -2.4, 0.25, (480, 4600), 0.022)
        put(out, cut, i / 3 + rng.uniform(0, 0.01), rng.uniform(0.8, 1))
    return air(rng, room(rng, out, 0.34, 0.15, 4400), 0.003)


@sound(
    "dishes clattering",
    "plates and bowls;a kitchen sink with dishes;a table with plates;a person eating",
    "Dishes, pots, and pans;Cutlery, silverware;Clatter;Chink, clink;Clang",
    "plates and cutlery",
    packed=True,
)
def dishes(rng: Rng) -> Samples:
    n = length(3)
    out = np.zeros(n)
    for at in np.concatenate([[0.0], np.sort(rng.uniform(0.05, 2.5, 15))]):
        m = length(0.5)
        f = float(rng.choice([980, 1350, 1720, 2300, 3100, 4200])) * rng.uniform(0.92, 1.08)
        dish = modal(
            [f, f * 1.58, f * 2.31, f * 3.2, f * 4.3], list(rng.uniform(0.08, 0.4, 5)), [1, 0.8, 0.7, 0.5, 0.4], m
        )
        put(out, dish + 1.2 * burst(rng, m, 0.012, band(1500, 12000)), float(at), rng.uniform(0.25, 1), wrap=False)
        if rng.uniform() < 0.5:
            put(out, dish, float(at) + rng.uniform(0.03, 0.09), rng.uniform(0.2, 0.5), wrap=False)
    return edges(room(rng, out, 0.4, 0.15, ring=False), 0.0005, 0.3)


@sound(
    "blender",
    "a blender;a food processor;a coffee grinder",
    "Blender;Power tool;Drill;Vacuum cleaner;Mechanisms",
    "a kitchen blender",
    steady=True,
)
def blender(rng: Rng) -> Samples:
    n = length(4)
    motor = voiced(
        330 * (1 + 0.015 * wander(rng, n, 3, -1, 1)),
        [(700, 600, 1), (2000, 1200, 0.9), (4200, 1800, 0.6)],
        -0.5,
        0.1,
        whole=True,
    )
    chunks = 1 + 0.5 * filtered(wander(rng, n, 25, -1, 1), band(2, 60))
    return (motor + 0.6 * shaped(rng, n, band(500, 9000, 1))) * chunks
