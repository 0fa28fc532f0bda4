"""Hand tools, power tools and factory work."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    air,
    band,
    burst,
    clock,
    edges,
    env,
    length,
    modal,
    peak,
    peaks,
    phase,
    put,
    room,
    shaped,
    straight,
    strike,
    tilt,
    unit,
    voiced,
    wander,
)
from .registry import sound


@sound(
    "hammering",
    "a hammer;a nail;a carpenter hammering;a construction worker",
    "Hammer;Wood;Tools;Knock;Bang",
    "a hammer drives a nail into wood",
    steady=True,
)
def hammering(rng: Rng) -> Samples:
    out = np.zeros(length(4.2))
    for i in range(7):
        blow = strike(rng, length(0.35), (165, 3200), (0.056, 0.015), -3.0, 0.2, (350, 4500), 0.03)
        put(out, blow, i * 0.6 + rng.uniform(0, 0.01), rng.uniform(0.8, 1))
    return air(rng, room(rng, out, 0.37, 0.17, 3800), 0.001)


@sound(
    "sawing wood",
    "a hand saw;a carpenter sawing;a person sawing wood",
    "Sawing;Filing (rasp);Wood;Tools",
    "a hand saw",
    steady=True,
)
def sawing(rng: Rng) -> Samples:
    n = length(4.8)
    out = 0.001 * shaped(rng, n, tilt(-3))
    for i in range(12):
        m = length(0.38)
        d = m / 48000
        push = i % 2 == 0
        f0 = (
            (125 if push else 100)
            * env(m, (0, 0.5), (0.4 * d, 1.1), (d, 0.5))
            * (1 + 0.05 * wander(rng, m, 40, -1, 1))
        )
        teeth = voiced(f0, [(900, 700, 0.8), (1900, 900, 1), (3600, 1500, 0.8)], 0, 0.1)
        dust = unit(
            straight(rng.standard_normal(m), peaks([1000, 2100, 4200], [800, 1200, 2500], [0.8, 1, 0.7], 0.1))
        )
        put(
            out,
            (0.5 * teeth + dust) * env(m, (0, 0), (0.3 * d, 0.9), (0.6 * d, 1), (d, 0)),
            i * 0.4,
            1.0 if push else 0.6,
        )
    return room(rng, out, 0.3, 0.12)


@sound(
    "electric drill",
    "an electric drill;a power tool;a person drilling a wall",
    "Drill;Power tool;Dental drill, dentist's drill",
    "three holes",
    steady=True,
)
def electric_drill(rng: Rng) -> Samples:
    n = length(4.8)
    out = np.zeros(n)
    for i in range(3):
        m = length(1.4)
        # rotor turns a second, up to speed, under load in the wall, and running out; 6 teeth drive the gear,
        # 24 bars pass the brushes, and the mains shakes it all at 100 Hz
        rotor = env(m, (0, 40), (0.18, 330), (0.4, 350), (0.55, 285), (1.1, 295), (1.2, 340), (1.4, 120))
        rotor *= 1 + 0.012 * wander(rng, m, 25, -1, 1)
        mains = 1 + 0.45 * np.sin(2 * np.pi * 100 * clock(m))
        gear = sum((np.sin(k * 6 * phase(rotor)) / k for k in (1, 2, 3)), np.zeros(m))
        gear *= 1 + 0.5 * np.sin(phase(rotor)) + 0.4 * np.sin(phase(rotor / 12))
        bars = np.sin(24 * phase(rotor)) * (1 + 0.4 * np.sin(phase(rotor)))
        brushes = shaped(rng, m, band(1500, 11000, 1)) * mains
        load = env(m, (0, 0), (0.42, 0), (0.55, 1), (1.1, 1), (1.2, 0))
        chips = straight(rng.standard_normal(m) * (np.sin(phase(rotor / 6)) > 0.3), band(250, 5000, 1))
        run = (
            mains * unit(gear) + 0.35 * bars + 0.9 * brushes + 1.3 * load * unit(chips) * wander(rng, m, 40, 0.4, 1.3)
        )
        put(out, run * (rotor / 350) ** 1.5 * env(m, (0, 0), (0.03, 1), (1.25, 0.9), (1.4, 0)), i * 1.6)
    return air(rng, room(rng, out, 0.4, 0.2), 0.004)


@sound(
    "jackhammer",
    "a jackhammer;road works;a construction site",
    "Jackhammer;Drill;Machine gun",
    "a pneumatic drill on asphalt",
    steady=True,
)
def jackhammer(rng: Rng) -> Samples:
    n = length(4)
    out = 0.2 * shaped(rng, n, band(300, 5000, 1), tilt(-2))
    for i in range(4 * 21):
        m = length(0.12)
        hit = modal(
            [85, 210, 760, 1450, 2600], [0.08, 0.05, 0.035, 0.03, 0.02], [1.2, 1, 0.7, 0.6, 0.5], m
        ) + 1.4 * burst(rng, m, 0.04, band(300, 6000, 1))
        put(out, hit, i / 21 + rng.normal(0, 0.001), rng.uniform(0.8, 1))
    return room(rng, out, 0.4, 0.2)


@sound(
    "axe chopping wood",
    "an axe;a person chopping wood;axe throwing",
    "Chop;Wood;Thunk;Hammer;Splinter;Crack",
    "an axe splits a log",
    takes=3,
)
def axe(rng: Rng) -> Samples:
    out = np.zeros(length(1.5))
    for at in (0.0, 0.68):
        chop = strike(rng, length(0.5), (130, 2660), (0.055, 0.02), -2.3, 0.4, (450, 3500), 0.03)
        put(out, chop, at, rng.uniform(0.8, 1), wrap=False)
        for late in np.sort(rng.uniform(0.02, 0.1, 4)):
            put(out, peak(burst(rng, length(0.05), 0.015, band(900, 5000, 1))), at + float(late), 0.1, wrap=False)
    return edges(air(rng, room(rng, out, 0.43, 0.27, 4800, ring=False), 0.001), 0.0005, 0.2)


@sound(
    "wrench ratchet",
    "a wrench;a mechanic;a spanner on a bolt",
    "Ratchet, pawl;Clicking;Tools;Tick;Gears",
    "a ratchet spanner",
    steady=True,
)
def ratchet(rng: Rng) -> Samples:
    n = length(4)
    out = 0.001 * shaped(rng, n, tilt(-3))
    for turn in range(5):
        for i in range(12):
            m = length(0.05)
            click = modal([2300, 3700, 5400, 1100], [0.02, 0.016, 0.01, 0.02], [1, 0.8, 0.6, 0.5], m) + 0.8 * burst(
                rng, m, 0.008, band(2000, 12000)
            )
            put(out, click, turn * 0.8 + i * 0.034, rng.uniform(0.7, 1))
    return room(rng, out, 0.3, 0.2)


@sound(
    "rattling chain",
    "a chain;an anchor chain;metal links",
    "Clatter;Jingle, tinkle;Keys jangling;Clang;Rattle;Chink, clink",
    "links fall on each other",
    steady=True,
)
def chain(rng: Rng) -> Samples:
    n = length(4)
    out = 0.001 * shaped(rng, n, tilt(-3))
    for pull in range(5):
        for at in np.sort(rng.beta(1.5, 2.2, 26) * 0.7):
            m = length(0.12)
            f = rng.uniform(1900, 5600)
            link = modal([f, f * 1.53, f * 2.27, f * 0.4], list(rng.uniform(0.03, 0.11, 4)), [1, 0.8, 0.5, 0.6], m)
            put(
                out,
                link + 0.7 * burst(rng, m, 0.008, band(1500, 11000)),
                pull * 0.8 + float(at),
                rng.uniform(0.15, 1),
            )
    return room(rng, out, 0.4, 0.15)


@sound(
    "grinder",
    "an angle grinder;sparks from metal;a welder;metal being cut",
    "Power tool;Sanding;Drill;Sawing;Filing (rasp);Tools;Squeal;Chainsaw",
    "a disc on steel",
    steady=True,
)
def grinder(rng: Rng) -> Samples:
    n = length(4)
    f0 = 560 * (1 + 0.012 * wander(rng, n, 4, -1, 1))
    whine = voiced(f0, [(2200, 1500, 1), (4500, 2000, 0.9)], 0, 0.1, whole=True)
    return 0.7 * whine + shaped(rng, n, band(1500, 14000, 1)) * wander(rng, n, 6, 0.4, 1.2)
