"""Doors, and steps behind them."""

from __future__ import annotations

import numpy as np

from .noise import Rng, Samples, air, edges, env, length, peak, phase, plate, put, room, strike, wander
from .registry import sound


@sound(
    "knocking on a door", "a door;a hand knocking on a door;a wooden door", "Knock;Door;Tap", "three knocks", takes=3
)
def door_knock(rng: Rng) -> Samples:
    out = np.zeros(length(1.4))
    gap, take = rng.uniform(0.2, 0.24), int(rng.integers(1 << 30))
    for i in range(3):
        knuckles = strike(
            np.random.default_rng(take), length(0.3), (125, 1450), (0.09, 0.016), -2.1, 0.05, (400, 5000), 0.02
        )
        put(out, knuckles, i * gap + rng.uniform(0, 0.006), rng.uniform(0.8, 1), wrap=False)
    return edges(air(rng, room(rng, out, 0.36, 0.15, 3500, ring=False), 0.001), 0.0005, 0.15)


@sound(
    "door creaking", "an old door;an old wooden gate;an open door", "Creak;Door;Squeak", "a dry hinge", packed=True
)
def door_creak(rng: Rng) -> Samples:
    n = length(2.6)
    # the hinge sticks and slips: each slip is one blow on the panel, and how fast they come follows the hand
    rate = env(
        n, (0, 50), (0.3, 110), (0.8, 210), (1.2, 420), (1.35, 60), (1.5, 18), (1.8, 70), (2.3, 260), (2.6, 30)
    )
    turn = phase(rate * (1 + 0.1 * wander(rng, n, 7, -1, 1) + 0.08 * wander(rng, n, 90, -1, 1))) / (2 * np.pi)
    slips = np.zeros(n)
    at = np.flatnonzero(np.diff(np.floor(turn)) > 0)
    slips[at] = (1 + 0.25 * rng.standard_normal(len(at))) / np.sqrt(rate[at])
    panel = plate(rng, length(0.12), 450, 9000, 45, (0.05, 0.008), 0.5)
    creak = np.convolve(slips, panel)[:n] * env(n, (0, 0.5), (0.8, 1), (1.3, 0.9), (1.5, 0.5), (2.2, 0.9), (2.6, 0))
    return edges(air(rng, room(rng, peak(creak), 0.6, 0.2, ring=False), 0.002), 0.001, 0.2)


@sound(
    "door slamming",
    "a door in a corridor;a closing door;a car door",
    "Slam;Door;Bang;Thump, thud",
    "a heavy door shuts",
    takes=3,
)
def door_slam(rng: Rng) -> Samples:
    out = np.zeros(length(1.6))
    latch = strike(rng, length(0.2), (900, 5200), (0.05, 0.02), -1, 0.5, (1200, 7000), 0.015)
    leaf = strike(rng, length(0.8), (85, 1700), (0.16, 0.025), -1.2, 0.4, (200, 3500), 0.06)
    put(out, latch, 0.0, 0.2, wrap=False)
    put(out, leaf, 0.012, 1.0, wrap=False)
    for late in 0.05 + np.cumsum(rng.uniform(0.02, 0.05, 4)):  # the frame and the lock rattle after
        rattle = strike(rng, length(0.2), (300, 4500), (0.05, 0.02), -1, 0.4, (900, 6000), 0.015)
        put(out, rattle, float(late), 0.22 * float(np.exp(-late / 0.1)), wrap=False)
    return edges(air(rng, room(rng, out, 0.8, 0.35, 4500, ring=False), 0.001), 0.0005, 0.25)


@sound(
    "footsteps on stairs",
    "a staircase;a person walking;a corridor;shoes on a floor",
    "Walk, footsteps;Run",
    "heels on a hard floor",
    steady=True,
    name="footsteps",
)
def footsteps(rng: Rng) -> Samples:
    out = np.zeros(length(4.4))
    for i in range(8):
        at = i * 0.55 + rng.uniform(0, 0.008)
        put(
            out,
            strike(rng, length(0.3), (70, 1000), (0.05, 0.011), -1.0, 0.06, (415, 1500), 0.065),
            at,
            rng.uniform(0.8, 1),
        )
        put(out, strike(rng, length(0.3), (70, 1000), (0.05, 0.011), -1.0, 0.06, (415, 1500), 0.065), at + 0.09, 0.35)
    return air(rng, room(rng, out, 0.8, 0.13, 7000), 0.004)
