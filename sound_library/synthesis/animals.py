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
    length,
    modal,
    peaks,
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


def rough(rng: Rng, f0: Samples, amount: float, rate_hz: float = 60.0) -> Samples:
    """Pitch with the random jitter of a hoarse throat."""
    return f0 * (1 + amount * wander(rng, len(f0), rate_hz, -1, 1))


def outdoors(rng: Rng, x: Samples, seconds: float, wet: float = 0.12) -> Samples:
    """An event in the open: a little echo, then nothing."""
    full = np.concatenate([x, np.zeros(max(0, length(seconds) - len(x)))])
    return edges(room(rng, full, 0.5, wet, 3500, ring=False), 0.002, 0.08)


def bark_once(rng: Rng, f0_hz: float, n: int) -> Samples:
    """A dog's bark: pitch jumps up and falls, mouth opens and shuts, rough in the middle."""
    d = n / RATE
    f0 = f0_hz * env(n, (0, 0.75), (0.18 * d, 1.25), (0.5 * d, 1.1), (d, 0.6))
    mouth = env(n, (0, 0.6), (0.3 * d, 1.0), (d, 0.65))
    tone = voiced(
        rough(rng, f0, 0.05, 90),
        [(750 * mouth, 350, 1), (1500 * mouth, 500, 0.8), (2800 * mouth, 900, 0.35)],
        -3,
        0.02,
    )
    hoarse = straight(rng.standard_normal(n), peaks([800, 1600, 3000], [500, 800, 1500], [1, 0.9, 0.5]))
    growl = 1 + 0.5 * np.sin(2 * np.pi * np.cumsum(f0 / 2) / RATE)
    shape = env(n, (0, 0), (0.02, 0.8), (0.25 * d, 1), (0.55 * d, 0.6), (d, 0)) ** 1.3
    return (tone * growl + 0.45 * unit(hoarse)) * shape


@sound("dog barking", "a dog;a dog barking;a puppy", "Bark;Dog;Bow-wow;Yip", "two barks", takes=3)
def dog_barking(rng: Rng) -> Samples:
    f0 = rng.uniform(330, 520)
    out = np.zeros(length(1.2))
    for at in (0.0, rng.uniform(0.42, 0.5)):
        put(
            out,
            bark_once(rng, f0 * rng.uniform(0.95, 1.05), length(rng.uniform(0.2, 0.26))),
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


@sound("cat meowing", "a cat;a cat meowing;a kitten", "Meow;Cat;Caterwaul", "one meow", takes=2)
def cat_meowing(rng: Rng) -> Samples:
    n = length(rng.uniform(0.8, 1.0))
    d = n / RATE
    base = rng.uniform(520, 640)
    f0 = rough(rng, base * env(n, (0, 0.85), (0.25 * d, 1.2), (0.5 * d, 1.15), (d, 0.8)), 0.012)
    mouth = env(n, (0, 0.4), (0.35 * d, 1), (0.65 * d, 0.85), (d, 0.45))
    tone = voiced(f0, [(1200 * mouth, 500, 1), (2600 * mouth + 400, 700, 0.8), (4300, 1200, 0.25)], -4, 0.015)
    breath = straight(rng.standard_normal(n), band(1500, 7000, 1))
    shape = env(n, (0, 0), (0.08, 0.5), (0.4 * d, 1), (0.7 * d, 0.7), (d, 0))
    return outdoors(rng, (tone + 0.05 * unit(breath)) * shape, d + 0.3, 0.2)


@sound("cat purring", "a sleeping cat;a cat on a lap;a cat lying down", "Purr;Cat", "slow purring", steady=True)
def cat_purring(rng: Rng) -> Samples:
    n = length(5)
    t = clock(n)
    breath = 0.5 - 0.5 * np.cos(2 * np.pi * t / 2.5)
    out = np.zeros(n)
    for i in range(5 * 26):
        inhale = (i / 26 % 2.5) < 1.25
        m = length(0.032)
        grain = burst(rng, m, 0.03, peaks([180, 420, 1300], [150, 300, 900], [1, 0.6, 0.2 if inhale else 0.12]))
        put(out, unit(grain), i / 26 + rng.uniform(0, 0.003), rng.uniform(0.7, 1))
    return (
        out * (0.5 + 0.5 * np.abs(np.sin(2 * np.pi * t / 2.5))) + 0.05 * shaped(rng, n, band(600, 4000, 1)) * breath
    )


@sound("cow mooing", "a cow;cattle in a field;a cow in a meadow", "Moo;Cattle, bovinae", "one long moo")
def cow_mooing(rng: Rng) -> Samples:
    n = length(2.0)
    f0 = rough(rng, env(n, (0, 95), (0.3, 130), (0.9, 165), (1.5, 160), (2, 110)), 0.012, 40)
    mouth = env(n, (0, 0.45), (0.5, 0.7), (1.0, 1.0), (1.6, 0.95), (2, 0.6))
    tone = voiced(f0, [(320 + 250 * mouth, 160, 1), (950 * mouth + 150, 300, 0.5), (2300, 700, 0.1)], -5, 0.01)
    shape = env(n, (0, 0), (0.12, 0.5), (0.7, 1), (1.6, 0.8), (2, 0))
    return outdoors(
        rng, (tone + 0.06 * unit(straight(rng.standard_normal(n), band(300, 2500, 1)))) * shape, 2.3, 0.25
    )


@sound("sheep bleating", "a sheep;a flock of sheep;a lamb", "Sheep;Bleat;Goat", "one bleat", takes=2)
def sheep_bleating(rng: Rng) -> Samples:
    n = length(1.1)
    t = clock(n)
    base = rng.uniform(230, 300)
    shake = np.sin(2 * np.pi * rng.uniform(8, 10) * t)
    f0 = rough(rng, base * env(n, (0, 0.9), (0.1, 1.08), (0.8, 1), (1.1, 0.88)) * (1 + 0.03 * shake), 0.02)
    tone = voiced(f0, [(750, 250, 1), (1450, 350, 0.9), (2700, 500, 0.5), (3900, 800, 0.25)], -3, 0.03)
    shape = env(n, (0, 0), (0.05, 0.9), (0.3, 1), (0.85, 0.75), (1.1, 0)) * (1 + 0.45 * shake)
    return outdoors(rng, (tone + 0.12 * unit(straight(rng.standard_normal(n), band(700, 5000, 1)))) * shape, 1.4)


@sound("pig grunting", "a pig;a piglet;pigs on a farm", "Oink;Pig", "four grunts", packed=True)
def pig_grunting(rng: Rng) -> Samples:
    out = np.zeros(length(2.2))
    for at in (0.0, 0.42, 0.95, 1.45):
        n = length(rng.uniform(0.22, 0.34))
        d = n / RATE
        f0 = rough(rng, rng.uniform(85, 120) * env(n, (0, 0.9), (0.4 * d, 1.2), (d, 0.8)), 0.15, 80)
        tone = voiced(f0, [(450, 200, 1), (1100, 350, 0.7), (2200, 600, 0.35)], -2, 0.03)
        snort = unit(straight(rng.standard_normal(n), peaks([500, 1200, 2500], [300, 600, 1200], [1, 0.8, 0.5])))
        flap = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * np.cumsum(f0 / 3) / RATE))
        put(
            out,
            (tone + 0.9 * snort * (0.4 + flap)) * env(n, (0, 0), (0.03, 1), (0.6 * d, 0.7), (d, 0)),
            at,
            rng.uniform(0.7, 1),
            wrap=False,
        )
    return outdoors(rng, out, 2.2)


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


@sound("horse neighing", "a horse's head;a horse in a stable;a foal", "Neigh, whinny;Horse", "one whinny")
def horse_neighing(rng: Rng) -> Samples:
    n = length(1.9)
    t = clock(n)
    shake = np.sin(2 * np.pi * np.cumsum(env(n, (0, 9), (1.9, 12))) / RATE)
    f0 = rough(rng, env(n, (0, 700), (0.15, 1150), (0.5, 1050), (1.3, 700), (1.9, 380)) * (1 + 0.06 * shake), 0.02)
    tone = voiced(f0, [(1100, 700, 1), (2300, 900, 0.7), (3600, 1200, 0.4)], -3, 0.04)
    hoarse = unit(straight(rng.standard_normal(n), peaks([1200, 2600], [900, 1600], [1, 0.8])))
    shape = env(n, (0, 0), (0.06, 1), (0.9, 0.9), (1.5, 0.5), (1.9, 0)) * (1 + 0.4 * shake * np.minimum(t / 0.4, 1))
    return outdoors(rng, (tone + 0.25 * hoarse) * shape, 2.2)


@sound(
    "lion roaring",
    "a lion;a tiger;a big cat;a bear",
    "Roar;Roaring cats (lions, tigers);Growling",
    "a deep roar",
    packed=True,
)
def lion_roaring(rng: Rng) -> Samples:
    n = length(3)
    f0 = rough(rng, env(n, (0, 70), (0.4, 125), (1.2, 140), (2.2, 95), (3, 55)), 0.18, 70)
    mouth = env(n, (0, 0.6), (0.7, 1), (2, 0.9), (3, 0.6))
    tone = voiced(f0, [(480 * mouth, 200, 1), (950 * mouth, 350, 0.7), (2000, 800, 0.3)], -3, 0.02)
    hoarse = unit(straight(rng.standard_normal(n), peaks([420, 900, 1900], [300, 600, 1200], [1, 0.7, 0.35])))
    chop = 1 + 0.6 * np.sin(2 * np.pi * np.cumsum(f0 / 4) / RATE)
    return outdoors(
        rng, (tone + 0.7 * hoarse) * chop * env(n, (0, 0.1), (0.5, 0.9), (1.1, 1), (2.2, 0.5), (3, 0)), 3, 0.3
    )


@sound(
    "elephant trumpeting",
    "an elephant;an elephant's trunk;elephants in the savanna",
    "Roar;Wild animals;Trumpet;Animal;Brass instrument;Neigh, whinny;Screaming;Bellow",
    "one blast of the trunk",
)
def elephant(rng: Rng) -> Samples:
    n = length(1.8)
    f0 = rough(rng, env(n, (0, 330), (0.15, 520), (0.9, 560), (1.4, 470), (1.8, 340)), 0.035, 90)
    tone = voiced(f0, [(900, 600, 1), (1900, 800, 0.9), (3200, 1200, 0.5)], -1.5, 0.08)
    hoarse = unit(straight(rng.standard_normal(n), band(600, 5000, 1)))
    return outdoors(rng, (tone + 0.25 * hoarse) * env(n, (0, 0), (0.08, 1), (1.2, 0.9), (1.8, 0)), 2.3, 0.5)


@sound(
    "crickets",
    "grass at night;a cricket;a grasshopper;an insect on a leaf",
    "Cricket;Insect",
    "field crickets",
    steady=True,
)
def crickets(rng: Rng) -> Samples:
    n = length(6)
    out = 0.012 * shaped(rng, n, tilt(-3))
    for f, period, gain in ((4350, 0.75, 1.0), (4720, 0.6, 0.5), (4050, 1.0, 0.35), (5200, 0.5, 0.25)):
        for i in range(round(6 / period)):
            for pulse in range(3):
                m = length(0.022)
                tone = np.sin(2 * np.pi * (f * clock(m) - 1500 * clock(m) ** 2)) * np.hanning(m) ** 0.7
                put(out, tone, i * period + pulse * 0.033 + gain * 0.2, gain * rng.uniform(0.85, 1))
    return room(rng, out, 0.4, 0.1)


@sound(
    "bee buzzing",
    "a bee;a bee on a flower;an insect;a wasp",
    "Bee, wasp, etc.;Buzz;Insect;Fly, housefly;Mosquito",
    "a bee round a flower",
    steady=True,
)
def bee_buzzing(rng: Rng) -> Samples:
    n = length(5)
    f0 = 215 * (1 + 0.06 * wander(rng, n, 1.2, -1, 1) + 0.012 * wander(rng, n, 30, -1, 1))
    wings = voiced(f0, [(500, 500, 1), (1300, 900, 0.5), (2800, 1500, 0.25)], -2.5, 0.05, whole=True)
    return wings * wander(rng, n, 1.5, 0.25, 1) * wander(rng, n, 25, 0.8, 1.1) + 0.02 * shaped(rng, n, tilt(-3))


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
    return room(rng, out, 0.4, 0.15)


@sound("snake hissing", "a snake;a rattlesnake;a cobra", "Hiss;Snake;Rattle;Steam", "a long hiss", packed=True)
def snake_hissing(rng: Rng) -> Samples:
    n = length(2.5)
    hiss = straight(rng.standard_normal(n), band(2500, 9000, 1), peaks([4200, 7000], [1800, 2500], [1, 0.8], 0.2))
    return edges(hiss * env(n, (0, 0.3), (0.2, 1), (1.6, 0.8), (2.5, 0)) * wander(rng, n, 12, 0.8, 1.1), 0.01, 0.2)
