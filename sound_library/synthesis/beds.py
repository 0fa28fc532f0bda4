"""Ambiences out of doors: ten-second places in stereo, on a circle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .alarms import bell
from .animals import crickets
from .birds import birdsong
from .engines import engine
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
    put,
    room,
    shaped,
    tilt,
    unit,
    voiced,
    wander,
    wide,
)
from .people import cheering, clapping, shouting
from .registry import bed
from .vehicles import passing
from .water import bubbles
from .weather import crackle, drops, gusts


def sides(rng: Rng, make: Callable[[Rng, int], Samples], n: int, width: float = 0.75) -> Samples:
    """Two unrelated copies of a texture, partly mixed so that the middle is not empty."""
    a, b = make(rng, n), make(rng, n)
    return wide(a + (1 - width) * b, b + (1 - width) * a)


def noise2(rng: Rng, n: int, *gains: Callable[[Samples], Samples]) -> Samples:
    """Wide noise of RMS about 1."""
    return sides(rng, lambda r, m: shaped(r, m, *gains), n)


def once(out: Samples, x: Samples, at_s: float, gain: float, where: float = 0.0) -> None:
    """Add a mono sound to a stereo bed at a place between the loudspeakers."""
    put(out, pan(x, where), at_s, gain)


def fit(x: Samples, n: int) -> Samples:
    """Repeat a looping mono sound to fill `n` samples."""
    return np.resize(x, n)


@bed(
    "city traffic",
    "a city street;highway traffic;cars in a city;a busy road;a city skyline",
    "Traffic noise, roadway noise;Car;Vehicle;Car passing by;Outside, urban or manmade;Motor vehicle (road)",
    "a busy street",
)
def city_traffic(rng: Rng) -> Samples:
    n = length(11)
    out = 0.6 * noise2(rng, n, band(40, 500, 1), tilt(-4)) + 0.12 * noise2(rng, n, band(500, 4000, 1), tilt(-3))
    for i, at in enumerate(np.arange(7) * 11 / 7):
        m = length(7)
        near, doppler = passing(rng, m, 3.5, rng.uniform(10, 15))
        car = (
            shaped(rng, m, band(250, 3000, 1), tilt(-2.5)) * near**1.3
            + 0.7 * engine(rng, rng.uniform(55, 80) * doppler, 4, 110, 0.1, 0.2) * near
        )
        once(out, car * env(m, (0, 0), (1, 1), (6, 1), (7, 0)), float(at), rng.uniform(0.5, 1.1), (-0.6, 0.6)[i % 2])
    m = length(0.35)
    horn = sum((voiced(np.full(m, f), [(1600, 1500, 1)], -3, 0.1) for f in (420.0, 530.0)), np.zeros(m)) * env(
        m, (0, 0), (0.02, 1), (0.3, 1), (0.35, 0)
    )
    once(out, horn, 6.3, 0.12, -0.4)
    return np.stack([room(rng, out[:, c], 1.2, 0.3, 2500) for c in (0, 1)], axis=1)


@bed(
    "forest",
    "a forest;trees;a path in the woods;a field;a garden",
    "Bird;Bird vocalization, bird call, bird song;Chirp, tweet;Rustling leaves;Outside, rural or natural;Wind;Insect",
    "leaves and distant birds",
)
def forest(rng: Rng) -> Samples:
    n = length(11)
    leaves = sides(
        rng,
        lambda r, m: (
            shaped(r, m, band(1500, 9000, 1), tilt(-3)) * wander(r, m, 0.5, 0.3, 1) * wander(r, m, 9, 0.7, 1.2)
        ),
        n,
    )
    return (
        0.12 * leaves
        + 0.05 * noise2(rng, n, band(60, 500, 1), tilt(-3))
        + sides(rng, lambda r, m: 0.55 * birdsong(r, m, 3), n)
    )


@bed(
    "jungle",
    "a jungle;a rainforest;tropical trees",
    "Bird;Insect;Cricket;Bird vocalization, bird call, bird song;Frog;"
    "Wild animals;Outside, rural or natural;Chirp, tweet;Squawk",
    "insects, frogs and birds",
)
def jungle(rng: Rng) -> Samples:
    n = length(11)
    t = clock(n)
    out = 0.02 * noise2(rng, n, tilt(-3))
    for f, rate, where in ((5200, 31, -0.7), (6400, 44, 0.6), (4300, 18, 0.1)):
        buzz = (
            unit(shaped(rng, n, band(f * 0.96, f * 1.04, 4)))
            * np.maximum(0, np.sin(2 * np.pi * rate * t))
            * wander(rng, n, 0.5, 0.2, 1)
        )
        out += 0.12 * pan(buzz, where)
    out += 0.45 * sides(rng, lambda r, m: birdsong(r, m, 3), n)
    for _ in range(9):
        m = length(0.5)
        f0 = rng.uniform(700, 1300) * env(m, (0, 0.8), (0.2, 1.25), (0.5, 0.8))
        once(
            out,
            voiced(f0, [(1500, 900, 1), (3000, 1200, 0.5)], -4, 0.05) * np.hanning(m),
            rng.uniform(0, 11),
            0.12,
            rng.uniform(-0.8, 0.8),
        )
    return np.stack([room(rng, out[:, c], 1.2, 0.35, 5000) for c in (0, 1)], axis=1)


@bed(
    "seaside", "a beach;the sea;a coast;a cliff by the sea;surf", "Ocean;Waves, surf;Wind;Water", "surf along a beach"
)
def seaside(rng: Rng) -> Samples:
    n = length(12)
    out = 0.3 * noise2(rng, n, band(40, 600, 1), tilt(-3)) + 0.08 * noise2(rng, n, band(700, 8000, 1), tilt(-2))
    for i, at in enumerate((0.0, 3.1, 5.4, 8.6)):
        m = length(6)
        rise = env(m, (0, 0), (1.6, 0.5), (2.1, 1), (2.8, 0.7), (4.2, 0.3), (6, 0)) ** 1.4
        wave = 0.8 * shaped(rng, m, band(60, 900, 1), tilt(-2)) + shaped(
            rng, m, band(700, 9000, 1), tilt(-2.5)
        ) * env(m, (0, 0), (1.5, 0.2), (2.2, 1), (6, 0.5))
        once(out, wave * rise, at, rng.uniform(0.7, 1.1), (-0.5, 0.3, -0.1, 0.6)[i])
    return out


@bed(
    "night",
    "night in the countryside;a starry sky;a campsite at night;a dark field",
    "Cricket;Insect;Outside, rural or natural;Frog;Owl",
    "crickets and a far owl",
)
def night(rng: Rng) -> Samples:
    n = length(12)
    out = sides(rng, lambda r, m: fit(crickets(r), m), n, 0.9) + 0.03 * noise2(rng, n, band(60, 1500, 1), tilt(-3))
    for at, d in ((4.0, 0.35), (4.7, 0.16), (4.95, 0.6)):
        m = length(d)
        once(
            out,
            room(rng, voiced(np.full(m, 340.0), [(340, 120, 1)], -9, 0.003) * np.hanning(m), 0.5, 0.5, ring=False),
            at,
            0.12,
            0.5,
        )
    return out


@bed(
    "rain",
    "rain;a rainy street;an umbrella;a garden in the rain",
    "Rain;Raindrop;Rain on surface",
    "steady rain outdoors",
)
def rain_bed(rng: Rng) -> Samples:
    n = length(10)
    return (
        0.8 * noise2(rng, n, band(500, 13000, 1), tilt(-2.5))
        + sides(rng, lambda r, m: 0.7 * unit(drops(r, m, 700, 1500, 8000, 0.006)), n)
        + 0.2 * noise2(rng, n, band(80, 500, 1))
    )


@bed(
    "wind",
    "a mountain;a desert;a snowy plain;a canyon;a valley",
    "Wind;Wind noise (microphone);Howl",
    "wind over open land",
)
def wind_bed(rng: Rng) -> Samples:
    return sides(rng, lambda r, m: gusts(r, m, 0.3), length(12), 0.6)


@bed(
    "river",
    "a river;a lake;a river valley;a stream",
    "Stream;Water;Trickle, dribble;Gurgling;Waterfall",
    "a broad stream",
)
def river(rng: Rng) -> Samples:
    n = length(10)
    return sides(
        rng, lambda r, m: bubbles(r, m, 420, 350, 3200) + 0.4 * shaped(r, m, band(250, 5000, 1), tilt(-3)), n
    )


@bed(
    "playground",
    "a playground;an amusement park;a schoolyard;children playing",
    "Children playing;Children shouting;Child speech, kid speaking;Yell;Shout",
    "children at play",
)
def playground(rng: Rng) -> Samples:
    n = length(12)
    calls = sides(rng, lambda r, m: shouting(r, m, 14), n, 0.8)
    far = np.stack([room(rng, calls[:, c], 0.9, 0.35, 4500) for c in (0, 1)], axis=1)
    return far + 0.04 * float(far.std()) * noise2(rng, n, band(80, 4000, 1), tilt(-3))


@bed(
    "stadium",
    "a stadium;a football match;fans in a stadium;a rugby match",
    "Cheering;Crowd;Applause;Chant;Shout;Hubbub, speech noise, speech babble",
    "a full stadium",
)
def stadium(rng: Rng) -> Samples:
    n = length(11)
    return sides(rng, lambda r, m: room(r, cheering(r, m, 80) + 0.25 * unit(clapping(r, m, 12)), 2.0, 0.5, 3500), n)


@bed(
    "swamp",
    "a swamp;a pond;a marsh;wetland at dusk",
    "Frog;Croak;Insect;Cricket;Outside, rural or natural",
    "frogs and insects",
)
def swamp(rng: Rng) -> Samples:
    n = length(11)
    out = 0.5 * sides(rng, lambda r, m: fit(crickets(r), m), n, 0.9) + 0.02 * noise2(
        rng, n, band(100, 2000, 1), tilt(-3)
    )
    for k in range(7):
        f, step, where = rng.uniform(520, 1150), rng.uniform(0.02, 0.028), rng.uniform(-0.9, 0.9)
        for at in np.arange(rng.uniform(0, 1), 11, rng.uniform(1.3, 2.4)):
            for i in range(12):
                pulse = modal([f, f * 2.05, f * 3.4], [0.03, 0.02, 0.012], [1, 0.7, 0.3], length(0.03))
                once(out, pulse, float(at) + i * step, float(np.hanning(14)[i + 1]) ** 0.5 / (1 + 0.3 * k), where)
    return np.stack([room(rng, out[:, c], 0.8, 0.25, 5000) for c in (0, 1)], axis=1)


@bed(
    "construction site",
    "a construction site;a construction crane;builders at work;a road being built",
    "Hammer;Jackhammer;Engine;Truck;Power tool;Tools;"
    "Drill;Bang;Medium engine (mid frequency);Heavy engine (low frequency);Outside, urban or manmade",
    "a diesel, hammers, a beeping truck",
)
def construction_site(rng: Rng) -> Samples:
    n = length(12)
    out = 0.5 * noise2(rng, n, band(60, 1500, 1), tilt(-4)) + pan(
        0.6 * engine(rng, np.full(n, 60.0), 6, 90, 0.15, 0.5), -0.4
    )
    for start, where in ((0.0, 0.5), (4.2, -0.6), (8.3, 0.2)):
        for i in range(5):
            m = length(0.4)
            blow = modal(
                [240, 610, 1450, 2600, 4100], [0.12, 0.1, 0.12, 0.1, 0.07], [1, 0.8, 0.9, 0.7, 0.4], m
            ) + 1.5 * burst(rng, m, 0.03, band(500, 8000, 1))
            once(out, blow, start + i * 0.55 + rng.uniform(0, 0.03), 1.1, where)
    for i in range(5):
        m = length(0.4)
        once(
            out,
            np.sin(2 * np.pi * 1250 * clock(m)) * env(m, (0, 0), (0.01, 1), (0.39, 1), (0.4, 0)),
            5 + i * 0.8,
            0.12,
            0.8,
        )
    return np.stack([room(rng, out[:, c], 0.9, 0.3, 3500) for c in (0, 1)], axis=1)


@bed(
    "harbour",
    "a harbor;boats in a harbour;a boat deck;sailboats",
    "Water;Waves, surf;Boat, Water vehicle;Slosh;Ship;Ocean;"
    "Stream;Rowboat, canoe, kayak;Bell;Bird;Sailboat, sailing ship",
    "water against hulls, rigging, gulls",
)
def harbour(rng: Rng) -> Samples:
    n = length(12)
    out = 0.1 * noise2(rng, n, band(60, 1500, 1), tilt(-4))
    for at in np.arange(10) * 1.2:
        m = length(1.4)
        lap = (bubbles(rng, m, 120, 220, 1600) + 0.6 * shaped(rng, m, band(200, 2500, 1), tilt(-3))) * env(
            m, (0, 0), (0.3, 1), (0.7, 0.5), (1.4, 0)
        )
        once(out, lap, float(at) + rng.uniform(0, 0.3), rng.uniform(0.4, 0.9), rng.uniform(-0.8, 0.8))
    for at in (2.5, 2.9, 8.4):
        m = length(0.35)
        f0 = 1000 * env(m, (0, 0.75), (0.1, 1.3), (0.35, 0.85))
        once(out, voiced(f0, [(1700, 900, 1), (3200, 1100, 0.8)], -2, 0.05) * np.hanning(m), at, 0.15, 0.6)
    once(out, bell(900, 1.5, length(2)), 6.0, 0.06, -0.7)
    return np.stack([room(rng, out[:, c], 0.8, 0.2, 4000) for c in (0, 1)], axis=1)


@bed(
    "campfire",
    "a campsite;a campfire at night;tents and a fire",
    "Fire;Crackle;Cricket;Insect",
    "a fire and crickets",
)
def campfire(rng: Rng) -> Samples:
    n = length(12)
    out = sides(
        rng,
        lambda r, m: (
            0.8 * unit(crackle(r, m, 12)) + 0.3 * shaped(r, m, band(40, 500, 1), tilt(-5)) * wander(r, m, 5, 0.5, 1.2)
        ),
        n,
        0.5,
    )
    return out + 0.25 * sides(rng, lambda r, m: unit(fit(crickets(r), m)), n, 0.9)


@bed(
    "underwater",
    "under water;a fish under water;a coral reef;a scuba diver;a dolphin",
    "Gurgling;Water;Liquid;Boiling;Rumble;Stream;Inside, small room",
    "muffled water and bubbles",
)
def underwater(rng: Rng) -> Samples:
    n = length(11)
    out = noise2(rng, n, band(30, 250, 1), tilt(-3)) * wander(rng, n, 0.7, 0.7, 1.1)[:, None]
    for at in (0.0, 3.1, 6.4, 8.9):
        m = length(1.8)
        rise = bubbles(rng, m, 90, 260, 1400, 0.12) * env(m, (0, 0), (0.1, 1), (1.2, 0.6), (1.8, 0))
        once(out, rise, at, 1.0, rng.uniform(-0.6, 0.6))
    return out
