"""Engines: trains of uneven exhaust pulses through a pipe."""

from __future__ import annotations

import numpy as np

from .noise import (
    RATE,
    Rng,
    Samples,
    band,
    burst,
    clock,
    edges,
    env,
    filtered,
    length,
    modal,
    peaks,
    phase,
    put,
    shaped,
    tilt,
    unit,
    voiced,
    wander,
)
from .registry import sound


def engine(
    rng: Rng,
    f_hz: Samples,
    cylinders: int,
    pipe_hz: float,
    rough: float = 0.25,
    noise: float = 0.25,
    bright: float = 1.0,
) -> Samples:
    """Exhaust pulses at `f_hz` firings a second, uneven between cylinders, through pipe and body resonances.

    On a circle when the pitch is: the number of firings is made a whole multiple of the cylinders.
    """
    n = len(f_hz)
    turn = phase(f_hz) / (2 * np.pi)
    total = turn[-1] + f_hz[-1] / RATE
    count = max(cylinders, round(total / cylinders) * cylinders)
    turn *= count / total
    uneven = 1 + rough * rng.standard_normal(cylinders)
    each = uneven[np.arange(count) % cylinders] * (1 + 0.5 * rough * rng.standard_normal(count))
    index = np.minimum(turn.astype(int), count - 1)
    share = turn - index
    pulse = each[index] * np.exp(-7 * share) * np.minimum(share / 0.04, 1)
    hiss = rng.standard_normal(n) * pulse
    p = pipe_hz
    shape = peaks(
        [p, 2.3 * p, 4.1 * p, 7.5 * p, 16 * p],
        [0.5 * p, p, 1.6 * p, 3 * p, 9 * p],
        [1, 0.7, 0.45 * bright, 0.3 * bright, 0.18 * bright],
        0.01,
    )
    return unit(filtered(unit(filtered(pulse)) + noise * unit(hiss), shape, band(25, 9000, 1)))


@sound(
    "engine idling",
    "the front of a car;a parked car;a car engine;a truck",
    "Idling;Engine;Medium engine (mid frequency);Heavy engine (low frequency);Engine knocking",
    "a petrol engine ticking over",
    steady=True,
)
def engine_idling(rng: Rng) -> Samples:
    n = length(5)
    out = engine(rng, 27 * (1 + 0.02 * wander(rng, n, 2, -1, 1)), 4, 75, 0.2, 0.5)
    tappets = np.zeros(n)
    for i in range(5 * 27):
        put(
            tappets,
            burst(rng, length(0.01), 0.006, band(2500, 8000)),
            i / 27 + rng.normal(0, 0.001),
            rng.uniform(0.3, 1),
        )
    return out + 0.12 * unit(tappets) + 0.1 * shaped(rng, n, band(300, 3000, 1), tilt(-3))


@sound(
    "truck idling",
    "a truck;a lorry;a bus;a diesel engine",
    "Truck;Idling;Engine;Heavy engine (low frequency);Engine knocking;Medium engine (mid frequency);Bus",
    "a big diesel ticking over",
    steady=True,
)
def truck_idling(rng: Rng) -> Samples:
    n = length(5)
    knock = np.zeros(n)
    for i in range(5 * 30):
        m = length(0.02)
        put(
            knock,
            modal([1150, 2100, 3300], [0.015, 0.01, 0.008], [1, 0.8, 0.5], m) + burst(rng, m, 0.01, band(900, 4000)),
            i / 30 + rng.normal(0, 0.0008),
            rng.uniform(0.5, 1),
        )
    return (
        engine(rng, np.full(n, 30.0), 6, 60, 0.15, 0.4)
        + 0.35 * unit(knock)
        + 0.15 * shaped(rng, n, band(400, 4000, 1), tilt(-3))
    )


@sound(
    "tractor",
    "a tractor;a tractor in a field;a combine harvester;farm machinery",
    "Engine;Medium engine (mid frequency);Heavy engine (low frequency);Idling;Truck;Engine knocking",
    "a slow chugging tractor",
    steady=True,
)
def tractor(rng: Rng) -> Samples:
    n = length(5)
    return (
        engine(rng, np.full(n, 22.0), 2, 95, 0.2, 0.9, 1.3)
        + 0.25 * engine(rng, np.full(n, 44.0), 4, 320, 0.2, 1.0)
        + 0.12 * shaped(rng, n, band(500, 5000, 1))
    )


@sound(
    "motorcycle",
    "a motorcycle;a biker;a motorbike on a road;a scooter",
    "Motorcycle;Accelerating, revving, vroom",
    "a motorcycle revs and pulls away",
    packed=True,
)
def motorcycle(rng: Rng) -> Samples:
    n = length(5)
    f = env(n, (0, 38), (0.4, 90), (0.8, 50), (1.3, 105), (1.8, 55), (2.4, 75), (4.2, 150), (5, 165))
    out = engine(rng, f, 2, 130, 0.3, 0.5, 1.6) * env(
        n, (0, 0.6), (0.4, 1), (0.8, 0.6), (1.3, 1), (1.8, 0.6), (4.2, 1), (5, 0.9)
    )
    return edges(np.tanh(1.3 * out) + 0.08 * shaped(rng, n, band(800, 6000, 1)), 0.01, 0.15)


@sound(
    "speedboat",
    "a speedboat;a motorboat;a boat with an outboard motor;a jet ski",
    "Motorboat, speedboat;Boat, Water vehicle;Engine;Medium engine (mid frequency)",
    "an outboard at speed",
    steady=True,
)
def speedboat(rng: Rng) -> Samples:
    n = length(5)
    motor = engine(rng, 88 * (1 + 0.03 * wander(rng, n, 1.5, -1, 1)), 4, 140, 0.15, 0.5)
    slap = shaped(rng, n, band(200, 4000, 1), tilt(-3)) * wander(rng, n, 3, 0.3, 1.3)
    return motor + 0.6 * slap


@sound(
    "snowmobile",
    "a snowmobile;a snowmobile in the snow;a quad bike;a go-kart",
    "Light engine (high frequency);Motorcycle;Engine;Medium engine (mid frequency);"
    "Accelerating, revving, vroom;Chainsaw;Lawn mower;Motor vehicle (road)",
    "a two-stroke engine at speed",
    steady=True,
)
def snowmobile(rng: Rng) -> Samples:
    n = length(5)
    f = 115 * (1 + 0.08 * wander(rng, n, 0.8, -1, 1))
    return engine(rng, f, 2, 260, 0.25, 0.6, 1.8) + 0.15 * shaped(rng, n, band(400, 4000, 1), tilt(-2))


@sound("chainsaw", "a chainsaw;a lumberjack;a person cutting a tree", "Chainsaw", "a chainsaw cutting", steady=True)
def chainsaw(rng: Rng) -> Samples:
    n = length(5)
    f = 125 * (1 + 0.14 * np.sin(2 * np.pi * clock(n) / 2.5) + 0.05 * wander(rng, n, 2.5, -1, 1))
    out = np.tanh(1.4 * engine(rng, f, 1, 330, 0.3, 0.9, 2.5))
    return out + 0.25 * shaped(rng, n, band(900, 8000, 1)) * wander(rng, n, 8, 0.5, 1.2)


@sound(
    "lawn mower",
    "a lawn mower;a person mowing a lawn",
    "Lawn mower;Light engine (high frequency);Medium engine (mid frequency)",
    "a petrol mower",
    steady=True,
)
def lawn_mower(rng: Rng) -> Samples:
    n = length(5)
    motor = engine(rng, 48 * (1 + 0.012 * wander(rng, n, 2, -1, 1)), 1, 170, 0.1, 0.7, 1.8)
    blade = shaped(rng, n, band(250, 4000, 1), tilt(-2)) * (1 + 0.3 * np.sin(2 * np.pi * 96 * clock(n)))
    return motor + 0.45 * blade


@sound(
    "excavator",
    "an excavator;a bulldozer;a digger;a construction crane",
    "Truck;Engine;Heavy engine (low frequency);Medium engine (mid frequency);"
    "Idling;Mechanisms;Motor vehicle (road);Vehicle",
    "a diesel and its hydraulics",
    steady=True,
)
def excavator(rng: Rng) -> Samples:
    n = length(6)
    motor = engine(rng, 75 * (1 + 0.06 * wander(rng, n, 0.8, -1, 1)), 6, 90, 0.12, 0.5)
    pump = voiced(540 * (1 + 0.04 * wander(rng, n, 0.8, -1, 1)), [(1100, 900, 1)], -3, 0.05, whole=True) * wander(
        rng, n, 0.8, 0, 1
    )
    out = motor + 0.12 * pump + 0.12 * shaped(rng, n, band(500, 5000, 1))
    for at in (1.2, 3.9):
        m = length(0.7)
        put(
            out,
            modal([110, 260, 620, 1130], [0.3, 0.25, 0.18, 0.12], [1, 0.8, 0.6, 0.4], m)
            + burst(rng, m, 0.15, band(100, 3000)),
            at,
            1.0,
        )
    return out
