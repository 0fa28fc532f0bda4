"""Engines are trains of exhaust pulses through a pipe; everything else on wheels, rails, wings and water."""

from __future__ import annotations

import numpy as np

from .noise import (
    RATE,
    Rng,
    Samples,
    band,
    burst,
    clock,
    edges,
    env,
    filtered,
    length,
    modal,
    peak,
    peaks,
    phase,
    put,
    room,
    shaped,
    straight,
    tilt,
    unit,
    voiced,
    wander,
)
from .registry import sound


def engine(
    rng: Rng,
    f_hz: Samples,
    cylinders: int,
    pipe_hz: float,
    rough: float = 0.25,
    noise: float = 0.25,
    bright: float = 1.0,
) -> Samples:
    """Exhaust pulses at `f_hz` firings a second, uneven between cylinders, through pipe and body resonances.

    On a circle when the pitch is: the number of firings is made a whole multiple of the cylinders.
    """
    n = len(f_hz)
    turn = phase(f_hz) / (2 * np.pi)
    total = turn[-1] + f_hz[-1] / RATE
    count = max(cylinders, round(total / cylinders) * cylinders)
    turn *= count / total
    uneven = 1 + rough * rng.standard_normal(cylinders)
    each = uneven[np.arange(count) % cylinders] * (1 + 0.5 * rough * rng.standard_normal(count))
    index = np.minimum(turn.astype(int), count - 1)
    share = turn - index
    pulse = each[index] * np.exp(-7 * share) * np.minimum(share / 0.04, 1)
    hiss = rng.standard_normal(n) * pulse
    p = pipe_hz
    shape = peaks(
        [p, 2.3 * p, 4.1 * p, 7.5 * p, 16 * p],
        [0.5 * p, p, 1.6 * p, 3 * p, 9 * p],
        [1, 0.7, 0.45 * bright, 0.3 * bright, 0.18 * bright],
        0.01,
    )
    return unit(filtered(unit(filtered(pulse)) + noise * unit(hiss), shape, band(25, 9000, 1)))


@sound(
    "engine idling",
    "the front of a car;a parked car;a car engine;a truck",
    "Idling;Engine;Medium engine (mid frequency);Heavy engine (low frequency);Engine knocking",
    "a petrol engine ticking over",
    steady=True,
)
def engine_idling(rng: Rng) -> Samples:
    n = length(5)
    out = engine(rng, 27 * (1 + 0.02 * wander(rng, n, 2, -1, 1)), 4, 75, 0.2, 0.5)
    tappets = np.zeros(n)
    for i in range(5 * 27):
        put(
            tappets,
            burst(rng, length(0.01), 0.006, band(2500, 8000)),
            i / 27 + rng.normal(0, 0.001),
            rng.uniform(0.3, 1),
        )
    return out + 0.12 * unit(tappets) + 0.1 * shaped(rng, n, band(300, 3000, 1), tilt(-3))


@sound(
    "truck idling",
    "a truck;a lorry;a bus;a diesel engine",
    "Truck;Idling;Engine;Heavy engine (low frequency);Engine knocking;Medium engine (mid frequency);Bus",
    "a big diesel ticking over",
    steady=True,
)
def truck_idling(rng: Rng) -> Samples:
    n = length(5)
    knock = np.zeros(n)
    for i in range(5 * 30):
        m = length(0.02)
        put(
            knock,
            modal([1150, 2100, 3300], [0.015, 0.01, 0.008], [1, 0.8, 0.5], m) + burst(rng, m, 0.01, band(900, 4000)),
            i / 30 + rng.normal(0, 0.0008),
            rng.uniform(0.5, 1),
        )
    return (
        engine(rng, np.full(n, 30.0), 6, 60, 0.15, 0.4)
        + 0.35 * unit(knock)
        + 0.15 * shaped(rng, n, band(400, 4000, 1), tilt(-3))
    )


@sound(
    "tractor",
    "a tractor;a tractor in a field;a combine harvester;farm machinery",
    "Engine;Medium engine (mid frequency);Heavy engine (low frequency);Idling;Truck;Engine knocking",
    "a slow chugging tractor",
    steady=True,
)
def tractor(rng: Rng) -> Samples:
    n = length(5)
    return (
        engine(rng, np.full(n, 22.0), 2, 95, 0.2, 0.9, 1.3)
        + 0.25 * engine(rng, np.full(n, 44.0), 4, 320, 0.2, 1.0)
        + 0.12 * shaped(rng, n, band(500, 5000, 1))
    )


def passing(rng: Rng, n: int, at_s: float, speed: float) -> tuple[Samples, Samples]:
    """Gain and Doppler factor of something that passes 6 m away at `speed` m/s, nearest at `at_s`."""
    along = speed * (clock(n) - at_s)
    distance = np.hypot(along, 6.0)
    return 6.0 / distance, 1 / (1 + speed * (along / distance) / 343.0)


@sound(
    "car passing by",
    "a car on a road;a car driving;highway traffic;a moving car",
    "Car passing by;Car;Vehicle;Traffic noise, roadway noise",
    "a car goes past",
    packed=True,
)
def car_passing(rng: Rng) -> Samples:
    n = length(4)
    near, doppler = passing(rng, n, 1.9, 22)
    tyres = shaped(rng, n, band(500, 1800, 1), tilt(-1)) * near**1.2 + 0.6 * shaped(rng, n, band(60, 250, 1)) * near
    motor = engine(rng, 95 * doppler, 4, 120, 0.1, 0.3) * near
    return edges(0.6 * tyres + 0.8 * motor + 0.01 * shaped(rng, n, tilt(-4)), 0.01, 0.1)


@sound(
    "racing car",
    "a racing car;a go-kart;a car on a race track;a formula one car",
    "Race car, auto racing;Car;Accelerating, revving, vroom;Motorcycle;Vehicle",
    "a racing car screams past",
    packed=True,
)
def racing_car(rng: Rng) -> Samples:
    n = length(4)
    near, doppler = passing(rng, n, 1.9, 62)
    motor = engine(rng, 420 * doppler, 8, 480, 0.12, 0.2, 2.0) + 0.4 * engine(rng, 210 * doppler, 4, 300, 0.1, 0.2)
    return edges((motor + 0.35 * shaped(rng, n, band(200, 5000, 1), tilt(-2)) * near) * near**0.7, 0.01, 0.15)


@sound(
    "car horn",
    "a car in a traffic jam;a taxi;cars in a street;a car",
    "Vehicle horn, car horn, honking;Toot;Car",
    "two blasts of a car horn",
    takes=1,
)
def car_horn(rng: Rng) -> Samples:
    out = np.zeros(length(1.5))
    for at, d in ((0.0, 0.28), (0.42, 0.75)):
        n = length(d)
        tone = sum(
            (voiced(np.full(n, f), [(1600, 1500, 1), (3000, 1500, 0.6)], -2.0, 0.15) for f in (405.0, 512.0)),
            np.zeros(n),
        )
        put(out, tone * env(n, (0, 0), (0.015, 1), (d - 0.03, 1), (d, 0)), at, 1, wrap=False)
    return edges(room(rng, out, 0.6, 0.22, 4000, ring=False), 0.001, 0.1)


@sound(
    "motorcycle",
    "a motorcycle;a biker;a motorbike on a road;a scooter",
    "Motorcycle;Accelerating, revving, vroom",
    "a motorcycle revs and pulls away",
    packed=True,
)
def motorcycle(rng: Rng) -> Samples:
    n = length(5)
    f = env(n, (0, 38), (0.4, 90), (0.8, 50), (1.3, 105), (1.8, 55), (2.4, 75), (4.2, 150), (5, 165))
    out = engine(rng, f, 2, 130, 0.3, 0.5, 1.6) * env(
        n, (0, 0.6), (0.4, 1), (0.8, 0.6), (1.3, 1), (1.8, 0.6), (4.2, 1), (5, 0.9)
    )
    return edges(np.tanh(1.3 * out) + 0.08 * shaped(rng, n, band(800, 6000, 1)), 0.01, 0.15)


@sound(
    "speedboat",
    "a speedboat;a motorboat;a boat with an outboard motor;a jet ski",
    "Motorboat, speedboat;Boat, Water vehicle;Engine;Medium engine (mid frequency)",
    "an outboard at speed",
    steady=True,
)
def speedboat(rng: Rng) -> Samples:
    n = length(5)
    motor = engine(rng, 88 * (1 + 0.03 * wander(rng, n, 1.5, -1, 1)), 4, 140, 0.15, 0.5)
    slap = shaped(rng, n, band(200, 4000, 1), tilt(-3)) * wander(rng, n, 3, 0.3, 1.3)
    return motor + 0.6 * slap


@sound(
    "train",
    "a train;a railway track;a passing train;a locomotive",
    "Train;Rail transport;Railroad car, train wagon;Clickety-clack;Train wheels squealing",
    "wagons over rail joints",
    steady=True,
)
def train(rng: Rng) -> Samples:
    n = length(6)
    out = 0.55 * shaped(rng, n, band(50, 400, 1), tilt(-3)) + 0.3 * shaped(
        rng, n, band(400, 4000, 1), tilt(-3)
    ) * wander(rng, n, 3, 0.7, 1.1)
    clacks = np.zeros(n)
    for wagon in range(6):
        for offset in (0.0, 0.11, 0.42, 0.53):
            m = length(0.2)
            clack = modal([170, 480, 900, 1750, 2600], [0.15, 0.1, 0.07, 0.05, 0.04], [1.3, 1, 0.7, 0.5, 0.3], m)
            put(clacks, clack + 1.5 * burst(rng, m, 0.05, band(200, 3500, 1)), wagon + offset, rng.uniform(0.7, 1))
    return out + 0.6 * unit(room(rng, clacks, 0.5, 0.3))


@sound(
    "train horn",
    "the front of a locomotive;a train at a level crossing;a train in a station",
    "Train horn;Train;Train whistle;Air horn, truck horn;Rail transport",
    "a five-chime air horn",
    packed=True,
)
def train_horn(rng: Rng) -> Samples:
    n = length(2.6)
    out = np.zeros(n)
    for f in (311.0, 370.0, 415.0, 494.0, 622.0):
        f0 = f * env(n, (0, 0.96), (0.15, 1), (2.1, 1), (2.6, 0.97)) * (1 + 0.002 * wander(rng, n, 8, -1, 1))
        out += voiced(f0, [(900, 900, 1), (1900, 1400, 0.6)], -3, 0.1)
    out = (unit(out) + 0.08 * shaped(rng, n, band(500, 5000))) * env(
        n, (0, 0), (0.06, 0.8), (0.3, 1), (1.9, 1), (2.15, 0), (2.6, 0)
    )
    return edges(room(rng, out, 1.6, 0.45, 3000, ring=False), 0.001, 0.3)


@sound(
    "steam train",
    "a steam locomotive;smoke from a train;an old train",
    "Steam;Train;Rail transport;Steam whistle;Train whistle;Railroad car, train wagon",
    "chuffing with a whistle",
    steady=True,
)
def steam_train(rng: Rng) -> Samples:
    n = length(6)
    out = 0.15 * shaped(rng, n, band(50, 500, 1), tilt(-3))
    for i in range(24):
        m = length(0.24)
        put(
            out,
            unit(straight(rng.standard_normal(m), band(250, 3500, 1), tilt(-2)))
            * env(m, (0, 0), (0.03, 1), (0.1, 0.5), (0.24, 0)),
            i * 0.25,
            (1.0, 0.7, 0.85, 0.7)[i % 4],
        )
    m = length(1.6)
    pipe = sum((voiced(np.full(m, f), [(1200, 1000, 1)], -6, 0.1) for f in (523.0, 659.0, 784.0)), np.zeros(m))
    whistle = (unit(pipe) + 0.25 * shaped(rng, m, band(500, 4000))) * env(m, (0, 0), (0.12, 1), (1.3, 0.9), (1.6, 0))
    put(out, whistle, 1.2, 0.9)
    return room(rng, out, 1.0, 0.3)


@sound("helicopter", "a helicopter;a helicopter in the sky", "Helicopter", "rotor blades overhead", steady=True)
def helicopter(rng: Rng) -> Samples:
    n = length(5)
    out = 0.12 * shaped(rng, n, band(200, 5000, 1), tilt(-3))
    for i in range(5 * 12):
        m = length(0.085)
        thump = modal([55, 95, 150], [0.09, 0.07, 0.05], [1, 0.8, 0.6], m) * env(m, (0, 0), (0.004, 1), (0.085, 1))
        slap = unit(burst(rng, m, 0.07, band(120, 1600, 1), tilt(-3)))
        put(out, 0.8 * thump + 0.55 * slap, i / 12 + rng.normal(0, 0.0006), rng.uniform(0.9, 1))
    turbine = voiced(np.full(n, 420.0), [(1700, 900, 1)], -2, 0.05, whole=True)
    return out * wander(rng, n, 0.6, 0.75, 1) + 0.02 * turbine


@sound(
    "aeroplane",
    "an airplane;an airplane in the sky;an airport runway;a jet plane",
    "Fixed-wing aircraft, airplane;Aircraft;Jet engine;Aircraft engine",
    "a jet goes over",
    steady=True,
)
def aeroplane(rng: Rng) -> Samples:
    n = length(6)
    roar = shaped(rng, n, band(50, 800, 1), tilt(-4)) * wander(rng, n, 3, 0.7, 1.1)
    hiss = shaped(rng, n, band(800, 4000, 1), tilt(-4))
    fan = 2300 * (1 + 0.004 * wander(rng, n, 1, -1, 1))
    whine = voiced(fan, [(2300, 800, 1), (4600, 900, 0.5)], -6, 0.02, whole=True)
    return roar + 0.2 * hiss + 0.2 * whine


@sound(
    "propeller plane",
    "a small propeller plane;a biplane;a plane's propeller;a cockpit",
    "Propeller, airscrew;Fixed-wing aircraft, airplane;Aircraft;Aircraft engine",
    "a light aircraft",
    steady=True,
)
def propeller_plane(rng: Rng) -> Samples:
    n = length(5)
    f = 82 * (1 + 0.004 * wander(rng, n, 1, -1, 1))
    return engine(rng, f, 4, 165, 0.08, 0.3, 1.2) * wander(rng, n, 1.5, 0.85, 1.05) + 0.35 * shaped(
        rng, n, band(100, 2500, 1), tilt(-4)
    )


@sound(
    "ship horn",
    "a ship;a ferry;a cruise ship;a harbour with ships",
    "Foghorn;Ship;Boat, Water vehicle;Train horn;Air horn, truck horn",
    "one deep blast",
    packed=True,
)
def ship_horn(rng: Rng) -> Samples:
    n = length(4)
    f0 = 98 * env(n, (0, 0.95), (0.3, 1), (3, 1), (4, 0.98))
    tone = voiced(f0, [(280, 200, 1), (560, 400, 0.7), (1100, 700, 0.25)], -3, 0.04) + 0.5 * voiced(
        f0 * 1.26, [(350, 300, 1), (900, 700, 0.3)], -3, 0.03
    )
    out = (tone + 0.04 * shaped(rng, n, band(200, 2000))) * env(n, (0, 0), (0.15, 1), (2.6, 1), (2.9, 0), (4, 0))
    return edges(room(rng, out, 2.5, 0.6, 1500, ring=False), 0.002, 0.5)


@sound(
    "police siren",
    "a police car;an ambulance;a fire engine;flashing blue lights",
    "Siren;Police car (siren);Ambulance (siren);Fire engine, fire truck (siren);Emergency vehicle",
    "a rising and falling siren",
    steady=True,
)
def police_siren(rng: Rng) -> Samples:
    n = length(6)
    f0 = 1050 + 430 * np.sin(2 * np.pi * clock(n) / 3 - np.pi / 2)
    tone = voiced(f0, [(1300, 1000, 1), (3000, 1500, 0.6)], -2, 0.1, whole=True)
    return room(rng, tone, 1.0, 0.35, 4000) + 0.03 * shaped(rng, n, tilt(-3))


@sound(
    "tyres squealing",
    "a car drifting;a car braking;skid marks on a road",
    "Skidding;Tire squeal;Car;Squeal",
    "tyres skid",
    packed=True,
)
def tyres(rng: Rng) -> Samples:
    n = length(2)
    f0 = env(n, (0, 950), (0.4, 1120), (1.4, 1000), (2, 820)) * (1 + 0.025 * wander(rng, n, 60, -1, 1))
    squeal = voiced(f0, [(1100, 600, 1), (2200, 800, 0.6)], -3, 0.1) * wander(rng, n, 30, 0.6, 1.2)
    rub = shaped(rng, n, band(500, 5000, 1), tilt(-2))
    return edges((squeal + 0.4 * rub) * env(n, (0, 0.2), (0.08, 1), (1.4, 0.8), (2, 0)), 0.002, 0.2)


@sound(
    "roller skating",
    "a person roller skating;a skateboard;a skateboarder;skates on asphalt",
    "Skateboard;Roll;Rumble;Scrape",
    "wheels on asphalt",
    steady=True,
)
def roller_skating(rng: Rng) -> Samples:
    n = length(5)
    roll = shaped(rng, n, band(150, 2500, 1), tilt(-1)) * wander(rng, n, 45, 0.5, 1.3) * wander(rng, n, 0.9, 0.5, 1.1)
    grit = np.zeros(n)
    for at in rng.uniform(0, 5, 160):
        put(grit, burst(rng, length(0.02), 0.012, band(800, 5000)), float(at), rng.pareto(2) + 0.1)
    for at in (0.6, 2.1, 3.9):
        m = length(0.15)
        put(
            roll,
            3
            * peak(
                modal([190, 420, 830], [0.1, 0.07, 0.05], [1, 0.8, 0.5], m) + burst(rng, m, 0.05, band(200, 3000))
            ),
            at,
            1,
        )
    return roll + 0.3 * unit(grit)


@sound(
    "snowmobile",
    "a snowmobile;a snowmobile in the snow;a quad bike;a go-kart",
    "Light engine (high frequency);Motorcycle;Engine;Medium engine (mid frequency);"
    "Accelerating, revving, vroom;Chainsaw;Lawn mower;Motor vehicle (road)",
    "a two-stroke engine at speed",
    steady=True,
)
def snowmobile(rng: Rng) -> Samples:
    n = length(5)
    f = 115 * (1 + 0.08 * wander(rng, n, 0.8, -1, 1))
    return engine(rng, f, 2, 260, 0.25, 0.6, 1.8) + 0.15 * shaped(rng, n, band(400, 4000, 1), tilt(-2))
