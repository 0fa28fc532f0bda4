"""What passes, flies and warns: cars, aircraft, ships and sirens."""

from __future__ import annotations

import numpy as np

from .engines import engine, motor
from .noise import (
    Rng,
    Samples,
    band,
    burst,
    clock,
    edges,
    env,
    length,
    modal,
    peak,
    put,
    room,
    shaped,
    tilt,
    unit,
    voiced,
    wander,
)
from .registry import sound


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
    near, doppler = passing(rng, n, 1.9, 38)
    # eight cylinders at 5,400 turns a minute, far from alike: the firing at 360 Hz carries the turns' 45 Hz under it
    exhaust = motor(rng, 360 * doppler, 8, 0.9, blow_s=0.0012, uneven=0.5, jitter=0.06, hiss=0.8, dull_hz=3000)
    out = np.tanh(1.5 * exhaust) + 0.6 * shaped(rng, n, band(150, 4000, 1), tilt(-3)) * near
    return edges(room(rng, out * near**0.8, 1.0, 0.2, 3000, ring=False), 0.01, 0.15)


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
