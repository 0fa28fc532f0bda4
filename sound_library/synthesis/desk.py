"""Keys, clicks and small machines on a desk."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    air,
    band,
    burst,
    edges,
    env,
    length,
    modal,
    peaks,
    put,
    room,
    shaped,
    strike,
    tilt,
    voiced,
)
from .registry import sound


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
    out = np.zeros(length(0.7))
    gap = rng.uniform(0.09, 0.13)
    # mirror up against its damper, first curtain, second curtain, mirror down
    for at, low, high, gain in (
        (0.0, 450, 6500, 0.8),
        (0.03, 1800, 9500, 0.45),
        (gap, 1600, 9500, 0.6),
        (gap + 0.02, 350, 6000, 1.0),
        (gap + 0.055, 600, 7000, 0.3),
    ):
        part = strike(rng, length(0.12), (low, high), (0.035, 0.01), -1.0, 0.7, (1200, 9000), 0.014)
        put(out, part, at, gain * rng.uniform(0.9, 1), wrap=False)
    return edges(air(rng, room(rng, out, 0.35, 0.12, ring=False), 0.003), 0.0003, 0.1)


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
