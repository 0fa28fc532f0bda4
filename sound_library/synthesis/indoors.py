"""Ambiences under a roof: ten-second places in stereo, on a circle."""

from __future__ import annotations

import numpy as np

from .beds import noise2, once, sides
from .desk import keystroke
from .kitchen import dishes
from .noise import (
    Rng,
    Samples,
    band,
    burst,
    clock,
    env,
    length,
    modal,
    pan,
    peaks,
    room,
    shaped,
    strike,
    tilt,
    unit,
    voiced,
    wander,
)
from .people import murmur
from .registry import bed


@bed(
    "room tone",
    "an empty room;a living room;a bedroom;a corridor;a bookstore",
    "Inside, small room;Silence;Air conditioning;Hum;White noise;Pink noise;"
    "Mains hum;Noise;Static;Inside, large room or hall;Mechanical fan",
    "a quiet room",
)
def room_tone(rng: Rng) -> Samples:
    n = length(10)
    hum = voiced(np.full(n, 50.0), [(100, 40, 1), (200, 80, 0.3)], -6, 0.01, whole=True)
    return (
        noise2(rng, n, band(30, 1200, 1), tilt(-4))
        + 0.12 * noise2(rng, n, band(500, 6000, 1), tilt(-3))
        + 0.1 * pan(hum, 0)
    )


@bed(
    "crowd",
    "a crowd;a market;people in a square;a shop;an airport hall",
    "Crowd;Hubbub, speech noise, speech babble;Chatter;Conversation;Speech;Inside, public space",
    "many people talk",
)
def crowd(rng: Rng) -> Samples:
    n = length(11)
    return sides(rng, lambda r, m: murmur(r, m, 16, 0.5), n) + 0.05 * noise2(rng, n, band(100, 3000, 1), tilt(-4))


@bed(
    "restaurant",
    "a restaurant;a cafe;a bar;people at a table",
    "Hubbub, speech noise, speech babble;Chatter;Crowd;Conversation;"
    "Dishes, pots, and pans;Cutlery, silverware;Inside, public space;Speech",
    "voices and plates",
)
def restaurant(rng: Rng) -> Samples:
    n = length(11)
    out = sides(rng, lambda r, m: murmur(r, m, 13, 0.6), n)
    level = float(out.std())
    for at in np.arange(9) * 11 / 9:  # plates set down, forks, a glass: behind the voices
        m = length(0.35)
        ware = strike(rng, m, (1300, 8500), (0.16, 0.05), -0.5, 0.8, (2000, 11000), 0.01)
        for late in np.sort(rng.uniform(0, 0.5, int(rng.integers(1, 4)))):
            once(out, ware, float(at + late), level * rng.uniform(0.4, 1.6), rng.uniform(-0.8, 0.8))
    out = np.stack([room(rng, out[:, c], 0.8, 0.4, 4500) for c in (0, 1)], axis=1)
    return out + 0.25 * level * noise2(rng, n, band(80, 3000, 1), tilt(-4))


@bed(
    "factory",
    "a factory;a workshop;machines in a hall;a laboratory",
    "Mechanisms;Engine;Hum;Power tool;Heavy engine (low frequency);Medium engine (mid frequency);"
    "Clang;Sewing machine;Inside, large room or hall;Throbbing;Vibration;Train",
    "presses and motors",
)
def factory(rng: Rng) -> Samples:
    n = length(10)
    hum = voiced(np.full(n, 50.0), [(200, 200, 1), (700, 600, 0.5), (1800, 900, 0.2)], -2, 0.03, whole=True)
    out = 0.7 * noise2(rng, n, band(80, 4000, 1), tilt(-3)) + pan(0.6 * hum, -0.3)
    for i in range(20):
        m = length(0.5)
        press = modal([95, 240, 610, 1330, 2450], [0.25, 0.2, 0.15, 0.1, 0.07], [1.2, 1, 0.7, 0.5, 0.4], m) + burst(
            rng, m, 0.1, band(300, 6000, 1)
        )
        once(out, press, i * 0.5, 1.2 if i % 2 == 0 else 0.6, 0.4)
        if i % 4 == 1:
            hiss = shaped(rng, length(0.4), band(2500, 11000, 1)) * env(length(0.4), (0, 0), (0.02, 1), (0.4, 0))
            once(out, hiss, i * 0.5 + 0.2, 0.5, -0.6)
    return np.stack([room(rng, out[:, c], 1.5, 0.4, 4000) for c in (0, 1)], axis=1)


@bed(
    "kitchen",
    "a kitchen;a cook in a kitchen;a dining table",
    "Dishes, pots, and pans;Frying (food);Sizzle;Cutlery, silverware;Chopping (food);Inside, small room;Boiling",
    "a pan and dishes",
)
def kitchen(rng: Rng) -> Samples:
    n = length(11)
    out = 0.25 * noise2(rng, n, band(3000, 13000, 1)) * wander(rng, n, 12, 0.6, 1.2)[:, None] + 0.1 * noise2(
        rng, n, band(50, 900, 1), tilt(-3)
    )
    for at, where in ((0.3, -0.5), (3.8, 0.5), (7.2, -0.2)):
        once(out, unit(dishes(rng)), at, 0.9, where)
    return out


@bed(
    "office",
    "an office;people at computers;a meeting room;a classroom",
    "Typing;Computer keyboard;Inside, small room;Speech;Hubbub, speech noise, speech babble;"
    "Inside, large room or hall;Air conditioning;Conversation;Typewriter",
    "keys, air, low talk",
)
def office(rng: Rng) -> Samples:
    n = length(11)
    out = 0.25 * noise2(rng, n, band(60, 2500, 1), tilt(-4)) + 0.12 * pan(unit(murmur(rng, n, 4, 0.8)), 0.3)
    at = 0.0
    while at < 10.9:
        once(out, keystroke(rng), at, rng.uniform(0.3, 0.9), -0.4)
        if rng.uniform() < 0.5:
            once(out, keystroke(rng), at + rng.uniform(0, 0.1), rng.uniform(0.1, 0.4), 0.6)
        at += rng.uniform(0.08, 0.2) if rng.uniform() < 0.93 else 0.6
    return np.stack([room(rng, out[:, c], 0.5, 0.25, 4000) for c in (0, 1)], axis=1)


@bed(
    "subway station",
    "a subway station;an underground train;a train platform;a train station",
    "Subway, metro, underground;Train;Rail transport;Railroad car, train wagon;Train wheels squealing;Rumble",
    "a train runs in",
)
def subway_station(rng: Rng) -> Samples:
    n = length(12)
    t = clock(n)
    near = 0.12 + 0.88 * np.clip(1.25 * np.exp(-(((t - 5.0) / 2.4) ** 2)), 0, 1)
    speed = env(n, (0, 0.9), (3.5, 0.9), (7.5, 0.35), (9, 0.3), (12, 0.9))
    # wheels on rails in a tube: a low roar that beats with the bogies, and the motors' whine that follows the speed
    roar = noise2(rng, n, band(45, 350, 1), tilt(-3)) + 0.45 * noise2(rng, n, band(350, 1600, 2))
    roar *= (0.75 + 0.35 * wander(rng, n, 5, -1, 1))[:, None]
    whine = voiced(620 * speed * (1 + 0.004 * wander(rng, n, 6, -1, 1)), [(900, 700, 1), (1800, 900, 0.5)], -3, 0.04)
    out = roar * near[:, None] + pan(0.35 * whine * near**1.5, 0.2)
    at = 0.0
    while at < 11.6:
        for late in (0.0, 0.075):
            joint = strike(rng, length(0.25), (110, 2200), (0.15, 0.04), -1.5, 0.9, (200, 2800), 0.06)
            once(out, joint, at + late, 2.2 * float(near[length(at)]) ** 1.3, 0.2)
        at += 0.42 / max(0.4, float(speed[length(at)]))
    squeal = shaped(rng, n, peaks([2900, 4150, 5800], [22, 30, 60], [1, 0.7, 0.3])) * wander(rng, n, 9, 0, 1)
    out += pan(0.22 * squeal * near * env(n, (0, 0), (3.5, 0.1), (6, 1), (8, 0.4), (8.6, 0), (12, 0)), -0.2)
    return np.stack([room(rng, out[:, c], 2.0, 0.6, 3000) for c in (0, 1)], axis=1)


@bed(
    "church interior",
    "the inside of a church;a cathedral;a museum hall;a large hall",
    "Inside, large room or hall;Reverberation;Inside, public space;Walk, footsteps;Echo;Organ",
    "steps and air under a high vault",
)
def church_interior(rng: Rng) -> Samples:
    n = length(12)
    out = 0.05 * noise2(rng, n, band(30, 900, 1), tilt(-4))
    for i in range(11):
        m = length(0.2)
        step = modal([130, 330, 760, 1400], [0.08, 0.05, 0.03, 0.02], [1, 0.7, 0.5, 0.3], m) + burst(
            rng, m, 0.03, band(500, 4000, 1)
        )
        once(out, step, i * 0.62 + 2, 0.6 * (0.4 + 0.06 * i), -0.8 + 0.15 * i)
    return np.stack([room(rng, out[:, c], 3.5, 1.0, 2500) for c in (0, 1)], axis=1)
