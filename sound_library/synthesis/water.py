"""Bubbles do most of it: a bubble is a short sine whose pitch rises (van den Doel, "Physically based models for
liquid sounds", ACM TAP 2(4), 2005)."""

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
    filtered,
    length,
    modal,
    peak,
    peaks,
    put,
    resonate,
    room,
    shaped,
    tilt,
    times,
    unit,
    wander,
)
from .registry import sound


def bubble(rng: Rng, f_hz: float, rise: float) -> Samples:
    """One bubble of resonance `f_hz`; damping grows with pitch as for air in water."""
    damp = 0.13 * f_hz + 0.0072 * f_hz**1.5 / 10
    n = min(length(0.25), max(64, length(7 / damp)))
    t = clock(n)
    f = f_hz * (1 + rise * damp * t)
    return np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-damp * t) * np.minimum(1, t / 0.0006)


def bubbles(rng: Rng, n: int, per_s: float, low_hz: float, high_hz: float, rise: float = 0.1) -> Samples:
    """Many bubbles on a circle, small ones more often, large ones louder."""
    out = np.zeros(n)
    for at in times(rng, n / RATE, per_s):
        u = rng.uniform()
        f = low_hz * (high_hz / low_hz) ** u
        put(out, bubble(rng, f, rise * rng.uniform(0, 1.4)), at, rng.uniform(0.05, 1) ** 2 * (low_hz / f) ** 0.4)
    return unit(out)


def splashing(rng: Rng, size: float, n: int) -> Samples:
    """A body hits water: slap, spray, and the bubbles that come up after."""
    out = 1.2 * unit(burst(rng, n, 0.09 * size, band(120, 3500, 1)))
    spray = unit(burst(rng, n, 0.7 * size, band(900, 11000, 1))) * env(n, (0, 0.2), (0.05, 1), (3, 1))
    out += 1.1 * spray * wander(rng, n, 40, 0.5, 1.2)
    foam = bubbles(rng, n, 260, 350 / size, 4500) * env(n, (0, 0.1), (0.08, 1), (0.25 * size, 0.7), (1.6 * size, 0.0))
    return out + 1.3 * foam


@sound(
    "sea waves",
    "waves on a beach;the sea;ocean surf;a beach;a surfer on a wave",
    "Ocean;Waves, surf",
    "swells that break and run up the sand",
    steady=True,
)
def sea_waves(rng: Rng) -> Samples:
    n = length(8)
    out = 0.25 * shaped(rng, n, band(40, 500, 1), tilt(-3)) + 0.06 * shaped(rng, n, band(800, 9000, 1), tilt(-2))
    for at in (0.0, 3.7, 5.6):
        m = length(6)
        rise = env(m, (0, 0), (1.6, 0.5), (2.0, 1), (2.6, 0.7), (4, 0.3), (6, 0)) ** 1.4
        low = shaped(rng, m, band(60, 900, 1), tilt(-2))
        high = shaped(rng, m, band(700, 10000, 1), tilt(-2.5)) * env(
            m, (0, 0), (1.5, 0.2), (2.1, 1), (4, 0.8), (6, 0.5)
        )
        put(out, rise * (low * 0.8 + 1.1 * high), at, rng.uniform(0.7, 1.1))
    return out


@sound(
    "stream",
    "a stream;a brook;a small river between rocks;a creek in a forest",
    "Stream;Trickle, dribble;Gurgling;Water",
    "a brook running over stones",
    steady=True,
)
def stream(rng: Rng) -> Samples:
    n = length(6)
    return (
        bubbles(rng, n, 420, 420, 3800)
        + 0.5 * bubbles(rng, n, 60, 250, 900)
        + 0.35 * shaped(rng, n, band(300, 6000, 1), tilt(-3)) * wander(rng, n, 4, 0.7, 1.2)
    )


@sound(
    "waterfall",
    "a waterfall;water falling over a cliff;a dam with rushing water",
    "Waterfall;Stream;Gush",
    "a great fall of water",
    steady=True,
)
def waterfall(rng: Rng) -> Samples:
    n = length(6)
    return (
        shaped(rng, n, band(70, 9000, 1), tilt(-3.2)) * wander(rng, n, 6, 0.85, 1.1)
        + 0.35 * bubbles(rng, n, 900, 500, 4000)
        + 0.3 * shaped(rng, n, band(50, 300))
    )


@sound(
    "bubbles",
    "an aquarium;a fish tank;bubbles in water;a diver under water",
    "Gurgling;Boiling;Liquid;Water;Plop",
    "air bubbling up through water",
    steady=True,
)
def bubbling(rng: Rng) -> Samples:
    n = length(5)
    out = np.zeros(n)
    for at in times(rng, 5, 14):
        # a gulp of air breaks into a swarm: few large, many small, and each bursts at the top with a little spray
        big = rng.uniform(260, 700)
        for _ in range(int(rng.integers(6, 16))):
            f = big * rng.uniform(1, 9) ** rng.uniform(0.2, 1.2)
            late = rng.exponential(0.07)
            put(out, bubble(rng, f, rng.uniform(0, 0.15)), at + late, rng.uniform(0.2, 1) * (big / f) ** 0.3)
        for _ in range(3):
            put(out, burst(rng, length(0.03), 0.02, band(900, 6000, 1)), at + rng.exponential(0.1), 0.15)
    tank = filtered(out, peaks([420, 900, 1700], [300, 500, 900], [1, 0.8, 0.5], 0.4))
    return unit(tank) + 0.2 * shaped(rng, n, band(150, 5000, 1), tilt(-3))


@sound(
    "water drops",
    "a dripping tap;water drops;a tap over a sink",
    "Drip;Plop;Raindrop;Liquid;Water",
    "drops falling into a bowl of water",
    steady=True,
)
def water_drops(rng: Rng) -> Samples:
    n = length(5)
    out = np.zeros(n)
    for i in range(9):
        at, f = i * 5 / 9 + rng.uniform(0, 0.12), rng.uniform(700, 2300)
        # a tick as it meets the surface, then the trapped bubble rings (Franz, JASA 31(8), 1959), then droplets
        put(out, peak(burst(rng, length(0.012), 0.004, band(2000, 14000, 1))), at, 0.5)
        put(out, bubble(rng, f, 0.06), at + rng.uniform(0.012, 0.03), rng.uniform(0.5, 1))
        for late in rng.uniform(0.05, 0.16, int(rng.integers(0, 3))):
            put(out, bubble(rng, f * rng.uniform(1.5, 3), 0.05), at + float(late), rng.uniform(0.1, 0.3))
    return room(rng, out, 0.9, 0.35, 7000) + 0.004 * shaped(rng, n, tilt(-3, 80))


@sound(
    "splash",
    "a person jumping into a swimming pool;a splash of water;a diver;a swimming pool",
    "Splash, splatter;Slosh;Water",
    "something heavy falls into water",
    takes=3,
    packed=True,
)
def splash(rng: Rng) -> Samples:
    n = length(2)
    return edges(room(rng, splashing(rng, rng.uniform(0.9, 1.4), n), 0.5, 0.15, ring=False), 0.001, 0.3)


@sound(
    "swimming",
    "a swimmer;people swimming in a pool;a person swimming",
    "Splash, splatter;Slosh;Water",
    "strokes and kicks in a pool",
    steady=True,
)
def swimming(rng: Rng) -> Samples:
    n = length(5.6)
    out = 0.12 * bubbles(rng, n, 150, 400, 3000)
    for i in range(8):
        put(
            out,
            splashing(rng, rng.uniform(0.5, 0.75), length(0.9)),
            i * 0.7 + rng.uniform(0, 0.08),
            rng.uniform(0.4, 1),
        )
    return room(rng, out, 0.8, 0.25)


@sound(
    "pouring water",
    "a teapot pouring;water poured into a glass;a bottle and a glass;pouring a drink",
    "Pour;Fill (with liquid);Liquid;Trickle, dribble;Water",
    "a glass being filled",
    packed=True,
)
def pouring(rng: Rng) -> Samples:
    n = length(4)
    # the jet drags air down as bubbles of every size; the air left over the water is a pipe that grows shorter
    swarm = np.zeros(n)
    for at in times(rng, 3.6, 450):
        put(swarm, bubble(rng, 500 * rng.uniform(1, 10) ** rng.uniform(0, 1), 0.05), at, rng.uniform(0.1, 1) ** 2)
    jet = shaped(rng, n, band(300, 9000, 1), tilt(-2)) * wander(rng, n, 14, 0.6, 1.2)
    stirred = 0.5 * unit(swarm) + jet
    air_left = env(n, (0, 0.14), (3.6, 0.035), (4, 0.035)) * (1 + 0.03 * wander(rng, n, 8, -1, 1))
    pitch = 343 / (4 * air_left)
    glass = resonate(stirred, pitch, 0.12 * pitch)
    out = (unit(glass) + 0.8 * unit(stirred)) * env(n, (0, 0.5), (0.15, 1), (3.4, 1), (3.7, 0.05), (4, 0))
    return edges(air(rng, room(rng, out, 0.35, 0.1, ring=False), 0.002), 0.005, 0.2)


@sound(
    "shower",
    "a shower;a bathroom with a shower;water from a shower head",
    "Bathtub (filling or washing);Water tap, faucet;Spray;Rain;Rain on surface;Sink (filling or washing)",
    "a shower in a tiled bathroom",
    steady=True,
)
def shower(rng: Rng) -> Samples:
    n = length(5)
    jets = shaped(rng, n, band(700, 8000, 1), tilt(-2.5)) * wander(rng, n, 20, 0.85, 1.1)
    splatter = np.zeros(n)  # heavy drops on the tub
    for at in times(rng, 5, 500):
        put(splatter, burst(rng, length(0.02), rng.uniform(0.006, 0.02), band(250, 3500, 1)), at, rng.pareto(2) + 0.1)
    wet = room(rng, jets + unit(splatter), 0.6, 0.6, 7000)
    return wet + 0.25 * shaped(rng, n, band(120, 900, 1)) * wander(rng, n, 6, 0.7, 1.1)


@sound(
    "bath filling",
    "a bathtub;a bath being filled;a tap running into a sink",
    "Bathtub (filling or washing);Water tap, faucet;Sink (filling or washing);Fill (with liquid);Gush;Water;Pour",
    "a tap running into a tub",
    steady=True,
)
def bath_filling(rng: Rng) -> Samples:
    n = length(5)
    out = bubbles(rng, n, 500, 250, 2200) + 0.6 * shaped(rng, n, band(300, 8000, 1), tilt(-2.5))
    return room(rng, out * wander(rng, n, 5, 0.85, 1.1), 0.6, 0.5)


@sound(
    "fountain",
    "a fountain;water jets in a park;a fountain in a square",
    "Stream;Waterfall;Water;Splash, splatter;Trickle, dribble;Spray",
    "jets falling back into a basin",
    steady=True,
)
def fountain(rng: Rng) -> Samples:
    n = length(6)
    return 0.8 * shaped(rng, n, band(900, 11000, 1), tilt(-2)) * wander(rng, n, 7, 0.8, 1.1) + 0.8 * bubbles(
        rng, n, 700, 700, 4800
    )


@sound(
    "rowing",
    "a rowing boat;people rowing;a canoe;a kayak",
    "Rowboat, canoe, kayak;Splash, splatter;Slosh;Water;Stream",
    "oars dip, pull and drip",
    steady=True,
)
def rowing(rng: Rng) -> Samples:
    n = length(6)
    out = 0.18 * bubbles(rng, n, 90, 300, 1600) + 0.05 * shaped(rng, n, band(200, 3000, 1), tilt(-3))
    for i in range(3):
        at = i * 2.0
        dip = splashing(rng, 0.55, length(0.8))
        put(out, dip, at, 0.8)
        swirl = shaped(rng, length(0.9), band(250, 2500, 1)) * env(length(0.9), (0, 0), (0.3, 1), (0.9, 0))
        put(
            out,
            swirl + bubbles(rng, length(0.9), 200, 260, 1800) * env(length(0.9), (0, 0), (0.4, 1), (0.9, 0)),
            at + 0.15,
            0.6,
        )
        put(out, modal([310, 640, 980], [0.07, 0.05, 0.04], [1, 0.6, 0.3], length(0.1)), at + 0.05, 0.35)
        for _ in range(6):
            put(out, bubble(rng, rng.uniform(900, 2500), 0.2), at + rng.uniform(1.1, 1.8), 0.3)
    return out


@sound(
    "water lapping",
    "a lake;a moored boat;a sailboat;calm water at the shore",
    "Slosh;Water;Waves, surf;Stream;Gurgling;Rowboat, canoe, kayak;Trickle, dribble;Ocean;Sailboat, sailing ship",
    "small waves against a hull",
    steady=True,
)
def water_lapping(rng: Rng) -> Samples:
    n = length(6)
    out = 0.05 * shaped(rng, n, band(100, 1500, 1), tilt(-4))
    for at in (0.0, 1.1, 2.3, 3.0, 4.2, 5.1):
        m = length(1.2)
        swell = env(m, (0, 0), (0.25, 1), (0.6, 0.5), (1.2, 0))
        put(
            out,
            (bubbles(rng, m, 130, 220, 1500) + 0.5 * shaped(rng, m, band(200, 2500, 1), tilt(-3))) * swell,
            at,
            rng.uniform(0.5, 1),
        )
    return out


@sound(
    "boiling kettle",
    "a teapot;a kettle on a stove;boiling water in a pot",
    "Boiling;Steam whistle;Steam;Whistle;Gurgling;Whistling",
    "a kettle comes to the boil and whistles",
    steady=True,
)
def kettle(rng: Rng) -> Samples:
    n = length(5)
    t = clock(n)
    out = 0.5 * bubbles(rng, n, 260, 250, 1200) + 0.3 * shaped(rng, n, band(1500, 9000, 1))
    wobble = 2 * np.pi * (2300 * t) + 1.5 * np.sin(2 * np.pi * 2 * t)
    whistle = np.sin(wobble) + 0.25 * np.sin(2 * wobble) + 0.3 * shaped(rng, n, band(2150, 2450, 4))
    return out + 1.1 * whistle * wander(rng, n, 6, 0.8, 1.1) + 0.05 * decay(n, 1.0)
