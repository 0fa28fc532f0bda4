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
    strike,
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


def motor(
    rng: Rng,
    f_hz: Samples,
    cylinders: int,
    pipe_m: float,
    *,
    blow_s: float = 0.004,
    uneven: float = 0.15,
    jitter: float = 0.02,
    hiss: float = 0.4,
    reflect: float = 0.7,
    dull_hz: float = 1800.0,
) -> Samples:
    """Exhaust at `f_hz` firings a second, RMS 1, on a circle.

    Each cylinder blows down in `blow_s`, no two strokes alike (`uneven` in strength, `jitter` in time), into a pipe
    of `pipe_m` that is open at its end and throws back `reflect` of what is under `dull_hz`.
    """
    n = len(f_hz)
    turn = phase(f_hz, whole=True) / (2 * np.pi)
    count = round(float(f_hz.sum()) / RATE)
    fires = np.interp(np.arange(count), turn, np.arange(n))
    fires += jitter * RATE / float(f_hz.mean()) * rng.standard_normal(count)
    own = 1 + uneven * rng.standard_normal(cylinders)
    pulses = np.zeros(n)
    np.add.at(
        pulses,
        np.round(fires).astype(int) % n,
        own[np.arange(count) % cylinders] * (1 + uneven * rng.standard_normal(count)),
    )
    f = np.fft.rfftfreq(n, 1 / RATE)
    blow = 1 / (1 + 2j * np.pi * f * blow_s) / (1 + 2j * np.pi * f * blow_s / 6)
    puffs = np.asarray(np.fft.irfft(np.fft.rfft(pulses) * blow, n))
    puffs = unit(puffs) + hiss * unit(rng.standard_normal(n) * puffs)
    back = reflect / (1 + (f / dull_hz) ** 2)
    pipe = (1j * f / 500.0) / (1 + 1j * f / 500.0) / (1 + back * np.exp(-2j * np.pi * f * 2 * pipe_m / 343.0))
    return unit(np.asarray(np.fft.irfft(np.fft.rfft(puffs) * pipe * band(30, 9000, 1)(f), n)))


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
    # three cylinders at 1,300 turns a minute; diesel knocks with every firing, and the gears whine
    speed = 32.5 * (1 + 0.015 * wander(rng, n, 1.5, -1, 1))
    exhaust = motor(rng, speed, 3, 1.1, blow_s=0.005, uneven=0.2, jitter=0.02, hiss=0.5)
    knock = np.zeros(n)
    for i in range(round(5 * 32.5)):
        blow = strike(rng, length(0.06), (350, 4200), (0.03, 0.012), -1.5, 0.4, (600, 4500), 0.012)
        put(knock, blow, i / 32.5 + rng.normal(0, 0.0012), rng.uniform(0.4, 1))
    body = shaped(rng, n, band(60, 2500, 1), tilt(-3))
    return exhaust + 0.3 * unit(knock) + 0.3 * body


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
    # a two-stroke fires at every turn: 10,000 a minute free, fewer as it bites
    bite = 0.5 - 0.5 * np.cos(2 * np.pi * clock(n) / 2.5)
    f = 165 * (1 - 0.22 * bite) * (1 + 0.02 * wander(rng, n, 6, -1, 1))
    exhaust = motor(rng, f, 1, 0.1, blow_s=0.0008, uneven=0.3, jitter=0.03, hiss=0.9, reflect=0.6, dull_hz=6000)
    chain = shaped(rng, n, band(1500, 9000, 1)) * (0.6 + 0.4 * np.sin(3 * phase(f, whole=True)))
    chips = shaped(rng, n, band(250, 4000, 1)) * wander(rng, n, 30, 0.4, 1.2) * bite
    return np.tanh(1.2 * exhaust) + 0.25 * chain + 0.3 * chips


@sound(
    "lawn mower",
    "a lawn mower;a person mowing a lawn",
    "Lawn mower;Light engine (high frequency);Medium engine (mid frequency)",
    "a petrol mower",
    steady=True,
)
def lawn_mower(rng: Rng) -> Samples:
    n = length(5)
    # one four-stroke cylinder at 3,360 turns a minute fires 28 times a second; the bar's two ends pass 112 times
    turns = 56 * (1 + 0.012 * wander(rng, n, 1.5, -1, 1))
    exhaust = motor(rng, turns / 2, 1, 0.35, blow_s=0.008, uneven=0.12, jitter=0.012, hiss=0.3, dull_hz=3500)
    chop = 0.7 + 0.5 * np.sin(2 * phase(turns, whole=True))
    blade = shaped(rng, n, band(150, 2500, 1), tilt(-2)) * chop
    shake = shaped(rng, n, peaks([700, 1500, 2900], [150, 300, 600], [1, 0.8, 0.5])) * (
        0.5 + 0.5 * np.sin(phase(turns, whole=True))
    )
    return exhaust + 1.1 * blade + 0.25 * shake


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
