"""The machines of a household."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    band,
    clock,
    env,
    length,
    modal,
    peaks,
    put,
    room,
    shaped,
    strike,
    tilt,
    unit,
    voiced,
    wander,
)
from .registry import sound
from .water import bubbles


@sound(
    "vacuum cleaner",
    "a vacuum cleaner;a person cleaning a carpet;cleaning a room",
    "Vacuum cleaner",
    "a vacuum cleaner running",
    steady=True,
)
def vacuum_cleaner(rng: Rng) -> Samples:
    n = length(5)
    # a universal motor: its turns ring through the case, the mains shakes it, and the air rushes
    turns = 290 * (1 + 0.004 * wander(rng, n, 1.5, -1, 1))
    case = [(870, 500, 1), (2600, 900, 0.8), (5200, 1500, 0.35)]
    whine = voiced(turns, case, -1, 0.1, whole=True) * (1 + 0.3 * np.sin(2 * np.pi * 100 * clock(n)))
    rush = shaped(rng, n, band(250, 5000, 1), peaks([600, 1500, 3200], [500, 900, 1800], [1, 0.9, 0.6], 0.2))
    hose = shaped(rng, n, peaks([230, 690, 1150], [60, 120, 200], [1, 0.7, 0.5])) * wander(rng, n, 8, 0.7, 1.2)
    return 0.9 * whine + rush * wander(rng, n, 5, 0.85, 1.1) + 0.4 * hose


@sound(
    "hair dryer",
    "a hair dryer;a hair salon;a person drying hair",
    "Hair dryer;Vacuum cleaner",
    "a hand-held dryer",
    steady=True,
)
def hair_dryer(rng: Rng) -> Samples:
    n = length(5)
    motor = voiced(np.full(n, 410.0), [(1650, 500, 1), (3300, 700, 0.6), (5000, 1200, 0.3)], -1, 0.06, whole=True)
    return 0.3 * motor + shaped(
        rng, n, band(500, 9000, 1), peaks([900, 2600, 5200], [700, 1600, 2500], [1, 0.8, 0.5], 0.2)
    )


@sound(
    "washing machine",
    "a washing machine;a laundry room;a tumble dryer",
    "Mechanisms;Pump (liquid);Slosh;Mechanical fan;Throbbing;Whir;Hum;Sewing machine;Gears",
    "a drum turns and sloshes",
    steady=True,
)
def washing_machine(rng: Rng) -> Samples:
    n = length(6)
    t = clock(n)
    hum = voiced(np.full(n, 50.0), [(100, 60, 1), (300, 200, 0.5), (900, 500, 0.15)], -3, 0.02, whole=True) * (
        1 + 0.25 * np.sin(2 * np.pi * t)
    )
    out = 0.7 * hum + 0.15 * shaped(rng, n, band(200, 2500, 1))
    for i in range(6):
        m = length(0.9)
        slosh = (bubbles(rng, m, 220, 250, 1500) + 0.8 * shaped(rng, m, band(250, 2500, 1))) * env(
            m, (0, 0), (0.25, 1), (0.9, 0)
        )
        put(out, slosh, float(i), 0.7)
        put(out, modal([70, 140, 260], [0.2, 0.15, 0.1], [1, 0.7, 0.4], length(0.3)), i + 0.45, 1.2)
    return out


@sound(
    "electric fan",
    "an electric fan;a ceiling fan;a space heater;an air conditioner",
    "Mechanical fan;Air conditioning;Whir;Hum",
    "a table fan",
    steady=True,
)
def electric_fan(rng: Rng) -> Samples:
    n = length(5)
    t = clock(n)
    # three blades at 1,320 turns a minute pass 66 times a second; a bent one shows at every turn
    sweep = 1 + 0.1 * np.sin(2 * np.pi * 66 * t) + 0.06 * np.sin(2 * np.pi * 22 * t)
    wind = shaped(rng, n, band(90, 1500, 1), tilt(-3)) * sweep
    hum = voiced(np.full(n, 100.0), [(200, 150, 1), (600, 300, 0.4), (1500, 800, 0.15)], -3, 0.02, whole=True)
    bearing = shaped(rng, n, peaks([1250, 2600], [60, 150], [1, 0.6])) * (1 + 0.5 * np.sin(2 * np.pi * 22 * t))
    return wind + 0.35 * hum * wander(rng, n, 3, 0.85, 1.1) + 0.06 * bearing


@sound(
    "refrigerator humming",
    "a refrigerator;a fridge in a kitchen;a freezer in a supermarket",
    "Hum;Mains hum;Air conditioning;Mechanical fan;Whir;Mechanisms",
    "a compressor hums",
    steady=True,
)
def refrigerator(rng: Rng) -> Samples:
    n = length(5)
    hum = voiced(np.full(n, 50.0), [(100, 40, 1), (200, 80, 0.5), (400, 150, 0.2)], -3, 0.02, whole=True)
    return hum * wander(rng, n, 1, 0.9, 1.05) + 0.2 * shaped(rng, n, band(60, 900, 1), tilt(-3))


@sound("sewing machine", "a sewing machine;a person sewing;a tailor", "Sewing machine", "a fast seam", steady=True)
def sewing_machine(rng: Rng) -> Samples:
    n = length(5)
    stitches = 11
    out = np.zeros(n)
    for i in range(5 * stitches):  # needle bar up and down, feed dog, hook
        for late, low, high, gain in ((0.0, 260, 4200, 1.0), (0.024, 600, 6000, 0.4), (0.047, 320, 5000, 0.75)):
            part = strike(rng, length(0.08), (low, high), (0.05, 0.014), -1.5, 0.6, (700, 6000), 0.018)
            put(out, part, i / stitches + late + rng.normal(0, 0.0015), gain * rng.uniform(0.6, 1))
    turns = np.full(n, 12.0 * stitches)
    beat = 0.7 + 0.3 * np.sin(2 * np.pi * stitches * clock(n))
    motor = voiced(turns, [(700, 600, 1), (1900, 1200, 0.7), (3600, 1800, 0.4)], -1, 0.1, whole=True)
    whirr = 0.4 * motor * (1 + 0.4 * np.sin(2 * np.pi * 100 * clock(n))) + shaped(rng, n, band(500, 6000, 1))
    return room(rng, 1.5 * unit(out) + 0.5 * whirr * beat, 0.3, 0.15)


@sound(
    "sweeping",
    "a broom;a person sweeping the floor;a street sweeper",
    "Scrape;Rub;Sanding;Scratch;Shuffle;Whoosh, swoosh, swish;Filing (rasp);Rustle;Sawing",
    "a broom on a stone floor",
    steady=True,
)
def sweeping(rng: Rng) -> Samples:
    n = length(5)
    out = 0.003 * shaped(rng, n, tilt(-3))
    for i in range(5):
        m = length(0.6)
        bristles = shaped(rng, m, band(1000, 9000, 1)) * wander(rng, m, 60, 0.3, 1.3)
        put(out, bristles * env(m, (0, 0), (0.08, 0.9), (0.3, 1), (0.6, 0)), i * 1.0)
    return out
