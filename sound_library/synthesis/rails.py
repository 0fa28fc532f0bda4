"""Trains and their horns."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    band,
    edges,
    env,
    filtered,
    length,
    peaks,
    put,
    room,
    shaped,
    straight,
    strike,
    tilt,
    unit,
    wander,
)
from .registry import sound
from .throat import glottis


@sound(
    "train",
    "a train;a railway track;a passing train;a locomotive",
    "Train;Rail transport;Railroad car, train wagon;Clickety-clack;Train wheels squealing",
    "wagons over rail joints",
    steady=True,
)
def train(rng: Rng) -> Samples:
    n = length(6)
    roll = shaped(rng, n, band(35, 300, 1), tilt(-4)) * wander(rng, n, 4, 0.7, 1.1)
    roll += 0.7 * shaped(rng, n, band(350, 1500, 2)) * wander(rng, n, 2, 0.5, 1.1)
    clacks = np.zeros(n)
    for wagon in range(6):
        for offset in (0.0, 0.11, 0.42, 0.53):  # two axles of each bogie, two bogies at each coupling
            joint = strike(rng, length(0.3), (90, 2600), (0.2, 0.04), -1.5, 0.9, (200, 3500), 0.08)
            put(clacks, joint, wagon + offset + rng.normal(0, 0.004), rng.uniform(0.6, 1))
    flange = unit(shaped(rng, n, peaks([2700, 3900], [25, 40], [1, 0.6]))) * wander(rng, n, 1.5, -0.5, 1).clip(0)
    passing_by = roll + 0.8 * unit(room(rng, filtered(clacks, band(60, 1800, 1)), 0.7, 0.5)) + 0.05 * flange
    return filtered(passing_by, band(30, 3500, 1))


@sound(
    "train horn",
    "the front of a locomotive;a train at a level crossing;a train in a station",
    "Train horn;Train;Train whistle;Air horn, truck horn;Rail transport",
    "a five-chime air horn",
    packed=True,
)
def train_horn(rng: Rng) -> Samples:
    out = np.zeros(length(5))
    for at, d in ((0.0, 1.1), (1.45, 2.2)):
        n = length(d)
        for f in (311.0, 370.0, 415.0, 494.0, 622.0):
            # each bell's diaphragm rattles on its seat, and the air comes up and dies away a little differently
            late = rng.uniform(0.02, 0.08)
            f0 = f * env(n, (0, 0.95), (late + 0.1, 1), (d - 0.25, 1), (d, 0.94))
            bell_mouth = glottis(rng, f0, open_share=0.4, jitter=0.004, shimmer=0.04, breath=0.12)
            horn = straight(bell_mouth, peaks([700, 1500, 2800], [700, 1200, 2000], [1, 0.9, 0.5], 0.05))
            shape = env(n, (0, 0), (late, 0.7), (late + 0.15, 1), (d - 0.2, 1), (d, 0))
            put(out, unit(horn) * shape, at, rng.uniform(0.8, 1), wrap=False)
    rumble = shaped(rng, len(out), band(40, 600, 1), tilt(-3)) * env(len(out), (0, 0.4), (5, 1))
    return edges(room(rng, out, 2.4, 0.7, 2500, ring=False) + 0.15 * rumble, 0.002, 0.5)


@sound(
    "steam train",
    "a steam locomotive;smoke from a train;an old train",
    "Steam;Train;Rail transport;Steam whistle;Train whistle;Railroad car, train wagon",
    "chuffing with a whistle",
    steady=True,
)
def steam_train(rng: Rng) -> Samples:
    n = length(6)
    roll = shaped(rng, n, band(40, 700, 1), tilt(-3))
    chuffs = np.zeros(n)
    for i in range(24):
        # steam leaves a cylinder with a bark through the chimney, four times a turn, one of them always weaker
        m = length(0.32)
        hiss = straight(
            rng.standard_normal(m), band(180, 5000, 1), tilt(-2), peaks([240, 700], [160, 400], [1, 0.6], 0.25)
        )
        shape = env(m, (0, 0), (0.012, 1), (0.07, 0.6), (0.2, 0.15), (0.32, 0))
        put(
            chuffs,
            unit(hiss) * shape,
            i * 0.25 + rng.normal(0, 0.006),
            (1.0, 0.75, 0.9, 0.6)[i % 4] * rng.uniform(0.8, 1),
        )
        rod = strike(rng, length(0.15), (260, 4200), (0.07, 0.02), -1.5, 0.5, (500, 5000), 0.02)
        put(chuffs, rod, i * 0.25 + 0.11, rng.uniform(0.1, 0.35))
    leak = shaped(rng, n, band(2500, 10000, 1)) * wander(rng, n, 2, 0.5, 1)
    return room(rng, 0.25 * roll + unit(chuffs) + 0.08 * leak, 1.0, 0.3, 3500)
