"""Rain, wind, thunder, fire, and the ground opening."""

from __future__ import annotations

import numpy as np

from .noise import (
    RATE,
    Rng,
    Samples,
    air,
    band,
    burst,
    clock,
    decay,
    edges,
    env,
    length,
    modal,
    peak,
    put,
    room,
    shaped,
    straight,
    tilt,
    times,
    unit,
    wander,
)
from .registry import sound


def drops(rng: Rng, n: int, per_s: float, low_hz: float, high_hz: float, t60_s: float) -> Samples:
    """Small hard impacts of random pitch and strength, on a circle."""
    out = np.zeros(n)
    for at in times(rng, n / RATE, per_s):
        f = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz)))
        m = length(0.012)
        grain = modal([f, f * 1.7], [t60_s, t60_s * 0.6], [1, 0.4], m) + 0.5 * burst(rng, m, 0.004, band(1500, 12000))
        put(out, grain, at, rng.pareto(2.5) + 0.1)
    return out


def gusts(rng: Rng, n: int, rate_hz: float = 0.4) -> Samples:
    """Wind: bands of noise that swell together, the higher ones only in strong gusts."""
    force = wander(rng, n, rate_hz, 0.0, 1.0)
    flutter = wander(rng, n, 3.0, 0.75, 1.15)
    out = 0.6 * shaped(rng, n, band(60, 220), tilt(-4))
    for centre, power in ((260, 1.0), (420, 1.6), (640, 2.2), (950, 3.0), (1500, 4.0)):
        swell = np.clip(force + wander(rng, n, 1.2, -0.15, 0.15), 0.02, 1.2) ** power
        out += swell * shaped(rng, n, band(centre * 0.75, centre * 1.3, 3)) * (260 / centre) ** 0.55
    return out * (0.35 + force) * flutter


def crackle(rng: Rng, n: int, per_s: float) -> Samples:
    """Snaps of burning wood: very short broad clicks, some with a woody ring, in little flurries."""
    out = np.zeros(n)
    for at in times(rng, n / RATE, per_s):
        for extra in np.cumsum(rng.exponential(0.012, rng.integers(1, 4))):
            m = length(0.03)
            f = rng.uniform(900, 5200)
            snap = burst(rng, m, rng.uniform(0.004, 0.02), band(f * 0.5, f * 2.4)) + 0.3 * modal([f], [0.01], [1], m)
            put(out, peak(snap), at + extra, min(0.08 + 0.25 * rng.pareto(1.8), 2.5))
    return out


@sound(
    "rain",
    "rain;rain falling on a street;a rainy day;an umbrella in the rain",
    "Rain;Raindrop;Rain on surface",
    "steady rain on hard ground",
    steady=True,
)
def rain(rng: Rng) -> Samples:
    n = length(6)
    return (
        0.9 * shaped(rng, n, band(500, 14000, 1), tilt(-2.5)) * wander(rng, n, 2, 0.9, 1.1)
        + 0.7 * unit(drops(rng, n, 900, 1500, 9000, 0.006))
        + 0.25 * shaped(rng, n, band(100, 600))
    )


@sound(
    "rain on a roof",
    "an umbrella;rain falling on a roof;a tent in the rain;rain on a window",
    "Rain on surface;Rain;Raindrop",
    "heavy drops on a thin roof",
    steady=True,
)
def rain_on_roof(rng: Rng) -> Samples:
    n = length(6)
    out = 0.35 * shaped(rng, n, band(300, 9000, 1), tilt(-3)) + 0.5 * unit(drops(rng, n, 350, 900, 4500, 0.01))
    knocks = np.zeros(n)
    for at in times(rng, 6, 90):
        f = rng.uniform(250, 700)
        put(knocks, modal([f, f * 2.3], [0.04, 0.02], [1, 0.6], length(0.05)), at, rng.pareto(3) + 0.1)
    return out + 0.4 * unit(knocks)


@sound(
    "wind",
    "wind;trees bent by the wind;a flag in the wind;a windy desert",
    "Wind;Wind noise (microphone)",
    "gusts of wind in the open",
    steady=True,
)
def wind(rng: Rng) -> Samples:
    return gusts(rng, length(7))


@sound(
    "thunder",
    "lightning;a thunderstorm;dark storm clouds",
    "Thunder;Thunderstorm",
    "a crack and the long roll after it",
    takes=3,
    packed=True,
)
def thunder(rng: Rng) -> Samples:
    n = length(6)
    # every bend of the channel sends its own N-shaped wave, and each comes when its distance lets it (Ribner and Roy,
    # JASA 72(6), 1982): the near bends make the crack, the far ones the roll
    steps = rng.standard_normal((1400, 3)) * (4.0, 4.0, 2.0) + (1.6, 0.6, 1.6)
    steps += np.repeat(rng.standard_normal((20, 3)) * (4.0, 4.0, 1.5), 70, axis=0)  # it also leans for a while
    bends = np.cumsum(steps, axis=0) + np.array([250.0, 0.0, 0.0])
    away = np.sqrt((bends**2).sum(axis=1))
    late = (away - away.min()) / 343.0
    roll = np.zeros(n)
    for near_m, far_m, long_s, high in (
        (0, 600, 0.004, 7000.0),
        (600, 1200, 0.006, 1300.0),
        (1200, 1e9, 0.01, 350.0),
    ):
        heard = np.flatnonzero((away >= near_m) & (away < far_m) & (late < 5.5))
        for part in range(8):  # no two stretches of the channel are equally hot, so their waves differ in length
            hits, own = np.zeros(n), heard[part::8]
            np.add.at(hits, (late[own] * RATE).astype(int), rng.uniform(0.3, 1, len(own)) * 250 / away[own])
            wave = np.linspace(1, -1, length(long_s * 2 ** rng.uniform(-1, 1)))
            roll += straight(np.convolve(hits, wave)[:n], band(18, high, 1))
    hills = room(rng, peak(roll), 3.0, 0.9, 500, ring=False)
    return edges(air(rng, hills * env(n, (0, 1), (4.5, 0.7), (6, 0.1)), 0.003), 0.001, 0.8)


@sound(
    "fire crackling",
    "a fire;a campfire;burning wood in a fireplace;flames",
    "Fire;Crackle",
    "a wood fire close by",
    steady=True,
)
def fire_crackling(rng: Rng) -> Samples:
    n = length(6)
    roar = shaped(rng, n, band(40, 500, 1), tilt(-5)) * wander(rng, n, 5, 0.5, 1.2)
    hiss = shaped(rng, n, band(1500, 9000, 1)) * wander(rng, n, 8, 0.3, 1.2)
    return 0.28 * roar + 0.06 * hiss + 1.0 * unit(crackle(rng, n, 16))


@sound(
    "torch burning",
    "a burning torch;a candle flame;a gas flame",
    "Fire;Crackle;Wind;Wind noise (microphone);Eruption",
    "a flame fluttering in the air",
    steady=True,
)
def torch(rng: Rng) -> Samples:
    n = length(5)
    flutter = wander(rng, n, 11, 0.2, 1.3) * wander(rng, n, 2, 0.6, 1.1)
    return shaped(rng, n, band(50, 700, 1), tilt(-4)) * flutter + 0.25 * unit(crackle(rng, n, 9))


@sound(
    "volcano erupting",
    "a volcano;a volcanic eruption;lava and smoke",
    "Eruption;Explosion;Rumble;Boom;Thunder;Thunderstorm",
    "the ground roars and throws rocks",
    steady=True,
)
def volcano(rng: Rng) -> Samples:
    n = length(7)
    out = 1.2 * shaped(rng, n, band(25, 140, 1)) * wander(rng, n, 2, 0.6, 1.2)
    out += 0.35 * shaped(rng, n, band(150, 2500, 1), tilt(-3)) * wander(rng, n, 4, 0.3, 1.3)
    for at in times(rng, 7, 1.6):
        m = length(1.5)
        put(out, unit(burst(rng, m, 1.3, band(30, rng.uniform(200, 900), 1))), at, rng.uniform(0.5, 1.6))
    return out


@sound(
    "skiing",
    "a skier;skiing down a snowy slope;a snowboarder",
    "Scrape;Whoosh, swoosh, swish;Rub;Wind;Skateboard;Spray;Wind noise (microphone)",
    "skis carving snow",
    steady=True,
)
def skiing(rng: Rng) -> Samples:
    n = length(5)
    turn = 0.5 - 0.5 * np.cos(2 * np.pi * clock(n) / (5 / 4))
    carve = shaped(rng, n, band(900, 7000, 1), tilt(-3)) * (0.25 + turn**1.5) * wander(rng, n, 25, 0.6, 1.2)
    return carve + 0.5 * shaped(rng, n, band(60, 500, 1), tilt(-4)) * wander(rng, n, 2, 0.6, 1.1)


@sound(
    "rockfall",
    "rocks falling down a cliff;a landslide;a climber on a cliff",
    "Rumble;Thump, thud;Crushing;Smash, crash;Clatter;Crunch;Roll",
    "stones tumbling down a slope",
    packed=True,
)
def rockfall(rng: Rng) -> Samples:
    n = length(3)
    out = np.zeros(n)
    for at in np.concatenate([[0.0], np.sort(rng.beta(1.2, 2.5, 70) * 2.7)]):
        m = length(0.25)
        f = np.exp(rng.uniform(np.log(140), np.log(1500)))
        stone = unit(burst(rng, m, rng.uniform(0.04, 0.15), band(f * 0.5, f * 3, 1)))
        put(
            out,
            stone + 2 * modal([f, 1.6 * f], [0.05, 0.03], [1, 0.5], m),
            float(at),
            rng.uniform(0.1, 1),
            wrap=False,
        )
    grit = shaped(rng, n, band(400, 5000, 1)) * decay(n, 3.5)
    return edges(room(rng, out + 0.15 * grit, 0.9, 0.35, ring=False), 0.001, 0.4)
