"""Doors, desks, kitchens and the machines of a household."""

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
    filtered,
    length,
    modal,
    peaks,
    phase,
    put,
    room,
    shaped,
    straight,
    strike,
    tilt,
    times,
    unit,
    voiced,
    wander,
)
from .registry import sound
from .water import bubbles


def keystroke(rng: Rng) -> Samples:
    """One key: touch, bottom, and a quieter release."""
    n = length(0.16)
    out = np.zeros(n)
    f = rng.uniform(1500, 2600)
    for at, gain in ((0.0, 0.35), (0.012, 1.0), (rng.uniform(0.07, 0.1), 0.4)):
        m = length(0.04)
        hit = burst(rng, m, 0.014, band(1200, 7500, 1)) * 1.3 + 0.5 * modal(
            [f, f * 1.8, 480], [0.012, 0.009, 0.02], [1, 0.7, 0.9], m
        )
        put(out, hit, at, gain, wrap=False)
    return out


@sound(
    "keyboard typing",
    "a computer keyboard;a person using a laptop;hands on a keyboard;a laptop",
    "Computer keyboard;Typing;Typewriter",
    "quick typing",
    steady=True,
)
def keyboard_typing(rng: Rng) -> Samples:
    out = np.zeros(length(5))
    at = 0.0
    while at < 4.8:
        down = strike(rng, length(0.08), (450, 6500), (0.035, 0.008), -1.0, 0.6, (1500, 9000), 0.012)
        put(out, down, at, rng.uniform(0.5, 1))
        up = strike(rng, length(0.08), (700, 7500), (0.025, 0.007), 0.0, 0.5, (2000, 10000), 0.01)
        put(out, up, at + rng.uniform(0.07, 0.1), rng.uniform(0.2, 0.4))
        at += rng.uniform(0.09, 0.17) if rng.uniform() < 0.9 else rng.uniform(0.25, 0.35)
    typed = air(rng, room(rng, out, 0.25, 0.12), 0.003)
    return np.roll(typed, length(0.06))  # so that the loop turns between two keys


@sound(
    "mouse click",
    "a computer mouse;a hand on a mouse;a remote control",
    "Clicking;Tick;Computer keyboard;Typing;Mouse;Tap",
    "a double click",
    takes=2,
)
def mouse_click(rng: Rng) -> Samples:
    out = np.zeros(length(0.6))
    for at, g in ((0.0, 1), (0.075, 0.6), (0.19, 1), (0.26, 0.6)):
        m = length(0.02)
        f = rng.uniform(3200, 4200)
        put(
            out,
            modal([f, f * 1.6, 1300], [0.008, 0.006, 0.012], [1, 0.7, 0.5], m)
            + burst(rng, m, 0.005, band(2000, 12000)),
            at,
            g,
            wrap=False,
        )
    return edges(room(rng, out, 0.15, 0.1, ring=False), 0.0003, 0.05)


@sound(
    "camera shutter",
    "a camera;a photographer;a person taking a photograph",
    "Camera;Single-lens reflex camera;Clicking",
    "mirror up, shutter, mirror down",
    takes=3,
)
def camera_shutter(rng: Rng) -> Samples:
    out = np.zeros(length(0.55))
    gap = rng.uniform(0.085, 0.13)
    for at, f, g in ((0.0, 1900, 0.8), (0.022, 3100, 0.6), (gap, 2500, 1.0), (gap + 0.018, 1500, 0.7)):
        m = length(0.08)
        clack = modal([f, f * 1.43, f * 2.1, 420], [0.03, 0.022, 0.015, 0.03], [1, 0.8, 0.6, 0.6], m) + 1.2 * burst(
            rng, m, 0.025, band(900, 9000, 1)
        )
        put(out, clack, at, g, wrap=False)
    whirr = length(0.2)
    put(
        out,
        0.08 * voiced(np.full(whirr, 320.0), [(1800, 1500, 1)], 0, 0.1) * env(whirr, (0, 0), (0.03, 1), (0.2, 0)),
        gap + 0.03,
        1,
        wrap=False,
    )
    return edges(room(rng, out, 0.2, 0.12, ring=False), 0.0003, 0.08)


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
    n = length(2.2)
    f0 = env(n, (0, 55), (0.5, 95), (1.0, 70), (1.6, 130), (2.2, 60)) * (1 + 0.18 * wander(rng, n, 12, -1, 1))
    turn = phase(f0) / (2 * np.pi)
    ticks = np.zeros(n)
    ticks[np.flatnonzero(np.diff(np.floor(turn)) > 0)] = 1.0
    ticks *= 1 + 0.4 * rng.standard_normal(n)
    creak = straight(ticks, peaks([620, 1150, 1900, 3100], [90, 140, 220, 400], [1, 1, 0.8, 0.5], 0.02))
    return edges(
        room(rng, unit(creak) * env(n, (0, 0.4), (0.4, 1), (1.1, 0.6), (1.6, 1), (2.2, 0)), 0.6, 0.3, ring=False),
        0.001,
        0.2,
    )


@sound(
    "door slamming",
    "a door in a corridor;a closing door;a car door",
    "Slam;Door;Bang;Thump, thud",
    "a heavy door shuts",
    takes=2,
)
def door_slam(rng: Rng) -> Samples:
    n = length(1.4)
    out = np.zeros(n)
    put(out, strike(rng, length(0.2), (400, 2500), (0.04, 0.015), -2, 0.2), 0.0, 0.3, wrap=False)
    put(out, strike(rng, length(0.6), (85, 1330), (0.14, 0.015), -1.2, 0.2, (300, 4000), 0.04), 0.03, 1.0, wrap=False)
    return edges(air(rng, room(rng, out, 0.5, 0.25, 3400, ring=False), 0.003), 0.0005, 0.2)


@sound(
    "vacuum cleaner",
    "a vacuum cleaner;a person cleaning a carpet;cleaning a room",
    "Vacuum cleaner",
    "a vacuum cleaner running",
    steady=True,
)
def vacuum_cleaner(rng: Rng) -> Samples:
    n = length(5)
    motor = voiced(
        238 * (1 + 0.002 * wander(rng, n, 2, -1, 1)),
        [(950, 600, 1), (1900, 700, 0.7), (3800, 1200, 0.4)],
        -2,
        0.08,
        whole=True,
    )
    return 0.35 * motor + shaped(
        rng, n, band(200, 6000, 1), peaks([500, 1400, 3000], [500, 900, 1800], [1, 0.8, 0.5], 0.15)
    )


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
    blades = 1 + 0.18 * np.sin(2 * np.pi * 56 * t)
    air = shaped(rng, n, band(80, 2500, 1), tilt(-3)) * blades * (1 + 0.08 * np.sin(2 * np.pi * 3 * t))
    return air + 0.25 * voiced(np.full(n, 100.0), [(200, 150, 1), (600, 300, 0.3)], -4, 0.02, whole=True)


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
    out = 0.15 * voiced(np.full(n, 120.0), [(800, 700, 1), (2200, 1200, 0.6)], -1, 0.05, whole=True)
    for i in range(5 * 12):
        for offset, g, f in ((0.0, 1.0, 1600), (0.038, 0.55, 2700)):
            m = length(0.06)
            hit = modal([f, f * 1.7, 420, 190], [0.025, 0.015, 0.04, 0.05], [0.8, 0.6, 0.8, 0.7], m) + 1.0 * burst(
                rng, m, 0.025, band(700, 7000, 1)
            )
            put(out, hit, i / 12 + offset + rng.normal(0, 0.0008), g * rng.uniform(0.8, 1))
    return room(rng, out, 0.2, 0.15)


@sound(
    "frying",
    "a frying pan;food in a pan;a cook at a stove;meat on a grill",
    "Frying (food);Sizzle",
    "hot oil",
    steady=True,
)
def frying(rng: Rng) -> Samples:
    n = length(5)
    out = 0.55 * shaped(rng, n, band(2500, 14000, 1)) * wander(rng, n, 15, 0.7, 1.2)
    pops = np.zeros(n)
    for at in times(rng, 5, 380):
        m = length(0.008)
        f = rng.uniform(2500, 9000)
        put(pops, burst(rng, m, rng.uniform(0.002, 0.007), band(f * 0.6, f * 1.6)), at, 0.1 + rng.pareto(2.2))
    return out + 0.7 * unit(pops) + 0.08 * bubbles(rng, n, 120, 400, 1800)


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


@sound("scissors", "scissors;a barber cutting hair;a barbershop;paper being cut", "Scissors", "snips", steady=True)
def scissors(rng: Rng) -> Samples:
    n = length(4)
    out = 0.001 * shaped(rng, n, tilt(-3))
    for i in range(8):
        m = length(0.22)
        slide = shaped(rng, m, band(3000, 12000, 1), peaks([4200, 6800, 9500], [500, 900, 1500], [1, 1, 0.7], 0.25))
        put(out, 0.5 * slide * env(m, (0, 0.2), (0.06, 0.6), (0.12, 1), (0.13, 0)), i * 0.5)
        snap = modal([3900, 5600, 7300, 9800], [0.05, 0.04, 0.03, 0.02], [1, 0.9, 0.7, 0.5], m) + 1.5 * burst(
            rng, m, 0.015, band(2500, 14000)
        )
        put(out, snap, i * 0.5 + 0.125, 0.9)
        put(out, slide * env(m, (0, 0.5), (0.07, 0), (0.2, 0)), i * 0.5 + 0.27, 0.25)
    return room(rng, out, 0.2, 0.1)


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


@sound(
    "stapler",
    "a stapler;an office desk;papers on a desk",
    "Clicking;Thunk;Ratchet, pawl;Camera;Tap;Knock;Cupboard open or close;Drawer open or close",
    "one staple",
    takes=1,
)
def stapler(rng: Rng) -> Samples:
    out = np.zeros(length(0.6))
    for at, f, g in ((0.0, 900, 0.5), (0.07, 1500, 1.0), (0.09, 2600, 0.7), (0.25, 1900, 0.45)):
        m = length(0.12)
        put(
            out,
            modal([f, f * 1.5, f * 2.6, 180], [0.04, 0.03, 0.02, 0.05], [1, 0.8, 0.6, 0.8], m)
            + burst(rng, m, 0.02, band(500, 7000, 1)),
            at,
            g,
            wrap=False,
        )
    return edges(room(rng, out, 0.2, 0.15, ring=False), 0.0005, 0.1)


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


@sound(
    "printer",
    "a printer;an office printer;a photocopier",
    "Printer;Mechanisms;Sewing machine;Whir;Ratchet, pawl",
    "an ink-jet page",
    steady=True,
)
def printer(rng: Rng) -> Samples:
    n = length(4.8)
    out = 0.05 * shaped(rng, n, band(100, 3000, 1), tilt(-2))
    for i in range(8):
        m = length(0.45)
        f0 = (300 if i % 2 else 360) * env(m, (0, 0.5), (0.08, 1), (0.36, 1), (0.45, 0.5))
        sweep = voiced(f0, [(1300, 800, 1), (2900, 1500, 0.7)], -0.5, 0.08) + 0.5 * shaped(rng, m, band(800, 7000, 1))
        put(out, sweep * env(m, (0, 0), (0.04, 1), (0.4, 1), (0.45, 0)), i * 0.6, 0.5)
        put(
            out,
            modal([350, 900, 2100], [0.05, 0.03, 0.02], [1, 0.8, 0.6], length(0.1))
            + burst(rng, length(0.1), 0.03, band(500, 5000)),
            i * 0.6 + 0.47,
            0.9,
        )
    return room(rng, out, 0.2, 0.15)
