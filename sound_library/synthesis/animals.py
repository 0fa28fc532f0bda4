"""Beasts: a moving pitch through moving formants, roughened; insects and frogs by their wings and pulses."""

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
    turned,
    voiced,
    wander,
)
from .registry import sound
from .throat import call


def rough(rng: Rng, f0: Samples, amount: float, rate_hz: float = 60.0) -> Samples:
    """Pitch with the random jitter of a hoarse throat."""
    return f0 * (1 + amount * wander(rng, len(f0), rate_hz, -1, 1))


def outdoors(rng: Rng, x: Samples, seconds: float, wet: float = 0.12) -> Samples:
    """An event in the open: a little echo, then nothing."""
    full = np.concatenate([x, np.zeros(max(0, length(seconds) - len(x)))])
    return edges(room(rng, full, 0.5, wet, 3500, ring=False), 0.002, 0.08)


def bark_once(rng: Rng, f0_hz: float, n: int) -> Samples:
    """A dog's bark: pitch jumps up and falls, the mouth snaps open and shuts, and the throat is rough throughout."""
    d = n / RATE
    f0 = f0_hz * env(n, (0, 0.7), (0.15 * d, 1.2), (0.45 * d, 1.1), (d, 0.55))
    mouth = env(n, (0, -0.6), (0.2 * d, 0.7), (0.5 * d, 0.5), (d, -0.6))
    shape = env(n, (0, 0), (0.012, 0.7), (0.2 * d, 1), (0.5 * d, 0.7), (d, 0)) ** 1.2
    return call(
        rng,
        f0,
        shape,
        0.15,
        mouth,
        open_share=0.4,
        jitter=0.035,
        shimmer=0.25,
        every_other=0.35,
        breath=0.4,
        hoarse=0.2,
        pressed_db=4,
    )


@sound("dog barking", "a dog;a dog barking;a puppy", "Bark;Dog;Bow-wow;Yip", "two barks", takes=3)
def dog_barking(rng: Rng) -> Samples:
    f0 = rng.uniform(380, 560)
    out = np.zeros(length(1.2))
    for at in (0.0, rng.uniform(0.42, 0.5)):
        put(
            out,
            bark_once(rng, f0 * rng.uniform(0.95, 1.05), length(rng.uniform(0.16, 0.21))),
            at,
            rng.uniform(0.8, 1),
            wrap=False,
        )
    return outdoors(rng, out, 1.2)


@sound(
    "wolf howling",
    "a wolf;a wolf howling;a husky;a pack of sled dogs",
    "Howl;Canidae, dogs, wolves;Dog",
    "one long howl",
    packed=True,
)
def wolf_howl(rng: Rng) -> Samples:
    n = length(4)
    f0 = env(n, (0, 300), (0.5, 480), (0.9, 560), (2.4, 540), (3.2, 470), (4, 330))
    f0 = f0 * (1 + 0.008 * np.sin(2 * np.pi * 5 * clock(n))) * (1 + 0.004 * wander(rng, n, 20, -1, 1))
    tone = voiced(f0, [(600, 300, 1), (1150, 400, 0.3), (2500, 700, 0.06)], -8, 0.01)
    shape = env(n, (0, 0.05), (0.4, 0.7), (1, 1), (2.6, 0.9), (3.5, 0.4), (4, 0))
    return outdoors(rng, (tone + 0.03 * shaped(rng, n, band(500, 3000))) * shape, 4, 0.5)


@sound("cat purring", "a sleeping cat;a cat on a lap;a cat lying down", "Purr;Cat", "slow purring", steady=True)
def cat_purring(rng: Rng) -> Samples:
    out = np.zeros(length(5))
    for i in range(4):  # in and out, a little faster and rougher in, with hardly a gap
        n = length(1.21)
        f0 = np.full(n, 26.5 if i % 2 else 24.0) * (1 + 0.03 * wander(rng, n, 4, -1, 1))
        shape = env(n, (0, 0), (0.12, 1), (1.0, 0.9), (1.21, 0)) * (1.0 if i % 2 else 0.75)
        purr = call(
            rng,
            f0,
            shape,
            0.1,
            np.full(n, -0.6),
            open_share=0.35,
            jitter=0.05,
            shimmer=0.25,
            breath=1.0,
            hoarse=0.1,
            damping=0.15,
            pressed_db=0,
        )
        put(out, purr, i * 1.25)
    return air(rng, filtered(room(rng, out, 0.25, 0.1), band(90, 8000, 2)), 0.004)


@sound(
    "horse galloping",
    "a horse;a horse galloping;a horse race;a rider on a horse",
    "Clip-clop;Horse",
    "hooves on hard ground",
    steady=True,
)
def horse_galloping(rng: Rng) -> Samples:
    out = np.zeros(length(4.8))
    for stride in range(12):
        for i, offset in enumerate((0.0, 0.09, 0.19)):
            hoof = strike(rng, length(0.25), (100, 1500), (0.05, 0.013), -1.0, 0.08, (415, 2500), 0.05)
            put(out, hoof, stride * 0.4 + offset + rng.uniform(0, 0.006), rng.uniform(0.7, 1) * (0.8, 0.9, 1.0)[i])
    return air(rng, room(rng, out, 0.6, 0.13, 6000), 0.004)


@sound(
    "crickets",
    "grass at night;a cricket;a grasshopper;an insect on a leaf",
    "Cricket;Insect",
    "field crickets",
    steady=True,
)
def crickets(rng: Rng) -> Samples:
    n = length(6)
    t = clock(n)
    out = 0.05 * shaped(rng, n, tilt(-3, 80), band(80, 9000, 1))
    # field crickets chirp: three or four strokes of the file, thirty a second, near and far
    for f, period, gain in (
        (4550, 0.5, 1.0),
        (4780, 0.4, 0.5),
        (4320, 0.6, 0.45),
        (4900, 0.75, 0.3),
        (4450, 1.0, 0.25),
    ):
        start, strokes = rng.uniform(0, 1), int(rng.integers(3, 5))
        for i in range(round(6 / period)):
            for stroke in range(strokes):
                m = length(0.018)
                pitch = f * (1 + 0.01 * rng.standard_normal()) * env(m, (0, 1.01), (0.018, 0.985))
                tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.hanning(m) ** 0.6
                at = start + i * period + stroke * 0.032 + rng.normal(0, 0.002)
                put(out, tone, at, gain * (0.6, 0.9, 1, 1)[stroke] * rng.uniform(0.8, 1))
    # tree crickets trill without end in the distance
    for f, rate, gain in ((3150, 55, 0.3), (3620, 62, 0.2)):
        beat = np.maximum(0, np.sin(2 * np.pi * rate * t)) ** 0.7
        out += (
            gain
            * beat
            * np.sin(phase(f * (1 + 0.003 * wander(rng, n, 5, -1, 1)), whole=True))
            * wander(rng, n, 0.7, 0.5, 1)
        )
    return room(rng, out, 0.5, 0.25)


@sound(
    "bee buzzing",
    "a bee;a bee on a flower;an insect;a wasp",
    "Bee, wasp, etc.;Buzz;Insect;Fly, housefly;Mosquito",
    "a bee round a flower",
    steady=True,
)
def bee_buzzing(rng: Rng) -> Samples:
    n = length(5)
    out = np.zeros(n)
    for base, near, away in ((232.0, 1.0, 0.35), (205.0, 0.35, 0.0), (251.0, 0.25, 0.0)):
        # two wings out of step: every beat differs in length and strength, and the pitch sinks as it hovers
        f0 = base * (1 + 0.05 * wander(rng, n, 0.9, -1, 1) + 0.02 * wander(rng, n, 9, -1, 1))
        f0 *= 1 + 0.05 * shaped(rng, n, band(30, 160, 1))
        wings = voiced(f0, [(480, 400, 1), (1100, 900, 0.8), (2600, 2000, 0.5)], -1.5, 0.12, whole=True)
        rasp = shaped(rng, n, band(300, 5000, 1)) * (0.6 + 0.6 * np.sin(phase(f0, whole=True)))
        out += near * (wings + 0.35 * rasp) * wander(rng, n, 1.2, away, 1) * wander(rng, n, 22, 0.7, 1.1)
    return out + 0.04 * shaped(rng, n, tilt(-3, 80))


@sound("frog croaking", "a frog;a frog in a pond;a toad", "Frog;Croak", "a frog calling", steady=True)
def frog_croaking(rng: Rng) -> Samples:
    n = length(4.2)
    out = 0.01 * shaped(rng, n, band(200, 4000, 1), tilt(-2))
    for at in (0.0, 0.72, 1.4, 2.8, 3.5):
        for i in range(16):
            m = length(0.03)
            f = 620 + 8 * i
            pulse = modal([f, f * 2.05, f * 3.4], [0.03, 0.02, 0.012], [1, 0.8, 0.3], m)
            put(
                out,
                pulse + 0.2 * burst(rng, m, 0.01, band(600, 3000)),
                at + i * 0.0235,
                np.hanning(18)[i + 1] ** 0.5 * rng.uniform(0.85, 1),
            )
    return turned(room(rng, out, 0.4, 0.15))


@sound("snake hissing", "a snake;a rattlesnake;a cobra", "Hiss;Snake;Rattle;Steam", "a long hiss", packed=True)
def snake_hissing(rng: Rng) -> Samples:
    n = length(2.5)
    hiss = straight(rng.standard_normal(n), band(2500, 9000, 1), peaks([4200, 7000], [1800, 2500], [1, 0.8], 0.2))
    return edges(hiss * env(n, (0, 0.3), (0.2, 1), (1.6, 0.8), (2.5, 0)) * wander(rng, n, 12, 0.8, 1.1), 0.01, 0.2)
