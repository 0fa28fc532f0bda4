"""Shots, blasts and breakages: single events."""

from __future__ import annotations

import numpy as np

from .noise import (
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
    put,
    room,
    shaped,
    wander,
)
from .registry import sound


def blast(rng: Rng, n: int, low_hz: float, high_hz: float, t60_s: float) -> Samples:
    """A pressure front, then noise that loses its highs as it dies."""
    out = np.zeros(n)
    for share, cut in ((1.0, 1.0), (0.55, 3.0), (0.25, 9.0)):
        out += peak(burst(rng, n, t60_s * share, band(low_hz, high_hz * cut, 1))) * (1.0 if cut > 1 else 1.4)
    return peak(out)


@sound(
    "gunshot",
    "a gun;a pistol;a rifle;a person shooting a gun",
    "Gunshot, gunfire;Cap gun;Explosion;Machine gun;Artillery fire",
    "one shot outdoors",
    takes=3,
)
def gunshot(rng: Rng) -> Samples:
    n = length(1.6)
    f = rng.uniform(0.85, 1.2)
    # Friedlander's wave: a jump, half a millisecond of pressure, a longer suck; then its print from the ground
    t, long = clock(n), 0.0006 / f
    wave = (1 - t / long) * np.exp(-0.9 * t / long)
    out = 1.2 * wave
    put(
        out,
        -0.7 * filtered(np.pad(wave[: length(0.02)], (0, length(0.02))), band(40, 5000, 1)),
        0.0035,
        1,
        wrap=False,
    )
    out += 0.5 * peak(burst(rng, n, 0.06, band(250 * f, 7000, 1))) + 0.45 * peak(
        burst(rng, n, 0.22, band(70, 900 * f, 1))
    )
    shot = np.tanh(7 * out)  # a microphone gives up so near to a muzzle
    far = np.zeros(n)
    for at in np.sort(rng.uniform(0.07, 0.9, 9)):  # walls and trees, later ones duller
        echo = burst(rng, length(0.3), rng.uniform(0.05, 0.2), band(90, 2600 * np.exp(-at / 0.5), 1))
        put(far, peak(echo), float(at), 0.22 * float(np.exp(-at / 0.35)) * rng.uniform(0.4, 1), wrap=False)
    return edges(air(rng, room(rng, shot + far, 1.6, 0.4, 2500, ring=False), 0.004), 0.0002, 0.5)


@sound(
    "explosion",
    "an explosion;a bomb;a ball of fire;a missile",
    "Explosion;Boom;Eruption;Artillery fire;Burst, pop",
    "a heavy blast and debris",
    takes=3,
    packed=True,
)
def explosion(rng: Rng) -> Samples:
    n = length(3.2)
    out = 1.5 * blast(rng, n, 30, 260, 2.2) + 0.5 * peak(burst(rng, n, 0.3, band(300, 7000, 1)))
    debris = np.zeros(n)
    for at in 0.3 + rng.exponential(0.7, 60):
        if at < 2.9:
            put(
                debris,
                peak(burst(rng, length(0.06), rng.uniform(0.02, 0.06), band(400, 5000, 1))),
                float(at),
                rng.uniform(0.2, 1),
                wrap=False,
            )
    return edges(room(rng, np.tanh(2.0 * out) + 0.1 * debris, 2.0, 0.6, 1500, ring=False), 0.0002, 0.7)


@sound(
    "cannon",
    "a cannon;artillery;a tank firing",
    "Artillery fire;Explosion;Boom;Gunshot, gunfire;Fireworks",
    "one gun and its echo",
    packed=True,
    takes=3,
)
def cannon(rng: Rng) -> Samples:
    n = length(3)
    out = 1.3 * blast(rng, n, 35, 320, 1.1) + 0.5 * peak(burst(rng, n, 0.1, band(300, 5000, 1)))
    put(out, 0.4 * blast(rng, length(1.5), 40, 200, 1.2), 0.75, 0.6, wrap=False)
    return edges(room(rng, np.tanh(1.6 * out), 2.4, 0.7, 1200, ring=False), 0.0002, 0.7)


@sound(
    "fireworks",
    "fireworks;fireworks in the night sky;a firework bursting",
    "Fireworks;Firecracker;Explosion;Boom;Burst, pop;Gunshot, gunfire",
    "a shell bursts and crackles",
    takes=3,
    packed=True,
)
def fireworks(rng: Rng) -> Samples:
    n = length(2.8)
    out = 1.4 * blast(rng, n, 45, 500, 0.5) + 0.4 * peak(burst(rng, n, 0.12, band(400, 8000, 1)))
    for at in rng.normal(1.0, 0.4, 90):
        if 0.25 < at < 2.5:
            put(
                out,
                peak(burst(rng, length(0.05), rng.uniform(0.012, 0.04), band(900, 9000, 1))),
                float(at),
                rng.uniform(0.05, 0.32),
                wrap=False,
            )
    return edges(room(rng, out, 1.8, 0.6, 2500, ring=False), 0.0002, 0.5)


@sound(
    "firework rocket",
    "a firework rocket;a rocket taking off",
    "Fireworks;Whistle;Whoosh, swoosh, swish;Firecracker;Explosion;Boom;Burst, pop",
    "a rocket whistles up and bursts",
    packed=True,
)
def firework_rocket(rng: Rng) -> Samples:
    n = length(3.6)
    m = length(1.4)
    turn = 2 * np.pi * np.cumsum(env(m, (0, 1300), (1.4, 2600)) * (1 + 0.01 * wander(rng, m, 30, -1, 1))) / 48000
    rise = (0.4 * np.sin(turn) + shaped(rng, m, band(900, 6000, 1))) * env(
        m, (0, 0.4), (0.1, 1), (1.2, 0.4), (1.4, 0)
    )
    out = np.zeros(n)
    put(out, peak(rise), 0.0, 0.3, wrap=False)
    m = length(2.1)
    put(
        out,
        1.4 * blast(rng, m, 45, 600, 0.5) + 0.4 * peak(burst(rng, m, 0.1, band(400, 8000, 1))),
        1.5,
        1.0,
        wrap=False,
    )
    for at in rng.normal(2.3, 0.3, 60):
        if 1.7 < at < 3.4:
            put(
                out,
                peak(burst(rng, length(0.04), 0.025, band(1200, 9000, 1))),
                float(at),
                rng.uniform(0.05, 0.25),
                wrap=False,
            )
    return edges(room(rng, out, 1.8, 0.5, 2500, ring=False), 0.001, 0.4)


@sound(
    "glass breaking",
    "a broken window;a glass;laboratory glassware;a glass bottle",
    "Shatter;Glass;Breaking;Smash, crash",
    "a pane breaks and falls",
    takes=3,
)
def glass_breaking(rng: Rng) -> Samples:
    n = length(1.6)
    out = 1.2 * peak(burst(rng, n, 0.12, band(1200, 14000, 1)))
    for at in np.concatenate([rng.exponential(0.02, 18), 0.1 + rng.exponential(0.25, 60)]):
        if at < 1.4:
            m = length(0.25)
            f = np.exp(rng.uniform(np.log(2200), np.log(11000)))
            shard = modal([f, f * 1.31, f * 1.83, f * 2.6], list(rng.uniform(0.03, 0.2, 4)), [1, 0.7, 0.6, 0.4], m)
            put(
                out,
                peak(shard) + 0.5 * burst(rng, m, 0.006, band(3000, 16000)),
                float(at),
                rng.uniform(0.08, 0.5) * np.exp(-at),
                wrap=False,
            )
    return edges(room(rng, out, 0.5, 0.15, 9000, ring=False), 0.0002, 0.25)


@sound(
    "clinking glasses",
    "two glasses;people drinking at a bar;a toast with wine",
    "Chink, clink;Glass;Ding",
    "one toast",
    takes=3,
)
def glasses(rng: Rng) -> Samples:
    n = length(1.3)
    out = 0.3 * burst(rng, n, 0.008, band(3000, 14000))
    for f in rng.uniform(2300, 3300, 2):
        out += modal([f, f * 2.32, f * 4.25, f * 1.003], [0.9, 0.5, 0.25, 0.8], [1, 0.6, 0.35, 0.6], n)
    return edges(room(rng, out, 0.4, 0.12, ring=False), 0.0002, 0.3)


@sound(
    "sword clash",
    "fencing;two fencers;a sword",
    "Clang;Chink, clink;Ding;Zing;Scrape;Cutlery, silverware;Clatter;Whack, thwack",
    "two blades meet",
    takes=3,
)
def sword(rng: Rng) -> Samples:
    n = length(1.2)
    out = np.zeros(n)
    for at, g in ((0.0, 1.0), (rng.uniform(0.25, 0.35), 0.7)):
        m = length(0.8)
        f = rng.uniform(1500, 2300)
        blade = modal(
            [f, f * 1.39, f * 1.88, f * 2.63, f * 3.4, f * 4.6],
            list(rng.uniform(0.25, 0.7, 6)),
            [1, 0.9, 0.8, 0.7, 0.5, 0.4],
            m,
        )
        put(out, blade + 1.5 * burst(rng, m, 0.02, band(2000, 14000)), at, g, wrap=False)
    return edges(room(rng, out, 0.6, 0.2, ring=False) * (1 - 0.3 * decay(n, 0.01)), 0.0002, 0.3)
