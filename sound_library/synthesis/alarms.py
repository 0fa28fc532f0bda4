"""Bells, horns and rings: things made to be noticed, and clocks."""

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
    put,
    room,
    shaped,
    strike,
    tilt,
    turned,
    unit,
    voiced,
    wander,
)
from .registry import sound


def bell(f_hz: float, t60_s: float, n: int) -> Samples:
    """A cast bell: hum, prime, tierce, quint, nominal and upper partials (Fletcher and Rossing, ch. 21), each a
    slightly split pair, no two split alike, so that it beats."""
    ratios = (0.5, 1.0, 1.2, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8, 8.2, 9.7, 11.2)
    gains = (0.35, 0.5, 0.6, 0.3, 1.0, 0.5, 0.55, 0.9, 0.8, 0.6, 0.45, 0.3, 0.22, 0.15)
    shares = (1.3, 1.0, 0.75, 0.55, 0.5, 0.38, 0.36, 0.34, 0.25, 0.19, 0.15, 0.11, 0.09, 0.07)
    splits = (1.0009, 1.0021, 1.0014, 1.003, 1.0011, 1.0024, 1.0018, 1.0013)
    freqs, long = [f_hz * r for r in ratios], [t60_s * s for s in shares]
    pair = [f * splits[i % len(splits)] for i, f in enumerate(freqs)]
    return modal(freqs, long, gains, n) + modal(pair, long, [0.7 * g for g in gains], n)


@sound(
    "church bell",
    "a church;a church tower;a bell tower;a cathedral",
    "Church bell;Bell;Change ringing (campanology)",
    "a tower bell rung slowly",
    steady=True,
)
def church_bell(rng: Rng) -> Samples:
    n = length(7.2)
    out = np.zeros(n)
    m = length(6.5)
    # two bells swing, neither in step with the other, and the louvres of the tower let the clang out late and dull
    for pitch, every, first, gain in ((392.0, 1.8, 0.0, 1.0), (494.0, 1.44, 0.6, 0.8)):
        rung = peak(bell(pitch, 6.0, m)) + 0.25 * peak(burst(rng, m, 0.06, band(700, 6000, 1)))
        for i in range(round(7.2 / every)):
            put(out, rung, first + i * every + rng.normal(0, 0.015), gain * rng.uniform(0.75, 1))
    return room(rng, filtered(out, band(80, 6000, 1)), 1.6, 0.5, 3500) + 0.02 * unit(shaped(rng, n, tilt(-4, 80)))


@sound(
    "bicycle bell", "a bicycle;a cyclist;a bicycle handlebar", "Bicycle bell;Bell;Ding;Bicycle", "ring-ring", takes=3
)
def bicycle_bell(rng: Rng) -> Samples:
    n = length(1.6)
    out = np.zeros(n)
    f = rng.uniform(1950, 2350)
    for start in (0.0, 0.45):
        for i in range(7):
            m = length(1.1)
            ding = modal(
                [f, f * 1.005, f * 2.42, f * 2.43, f * 4.2], [0.7, 0.6, 0.4, 0.35, 0.15], [1, 0.7, 0.7, 0.4, 0.3], m
            )
            put(
                out,
                ding + 0.1 * burst(rng, m, 0.01, band(2000, 12000)),
                start + i * 0.042 + rng.uniform(0, 0.004),
                rng.uniform(0.6, 1),
                wrap=False,
            )
    return edges(out, 0.0005, 0.25)


@sound(
    "ship's bell",
    "a ship's deck;a boxing ring;a buoy;a brass bell",
    "Bell;Ding;Church bell;Bicycle bell;Clang;Chime",
    "two strokes of a hand bell",
    takes=3,
)
def ships_bell(rng: Rng) -> Samples:
    n = length(2)
    out = np.zeros(n)
    for at in (0.0, rng.uniform(0.36, 0.45)):
        rung = bell(1150, 2.2, n) + rng.uniform(0.1, 0.4) * burst(rng, n, 0.02, band(2000, 9000))
        put(out, rung, at, rng.uniform(0.75, 1), wrap=False)
    return edges(room(rng, out, 0.5, 0.15, ring=False), 0.0005, 0.4)


@sound(
    "clock ticking",
    "a clock;a watch;a clock on a wall;a stopwatch",
    "Tick;Tick-tock;Clock",
    "a wall clock",
    steady=True,
)
def clock_ticking(rng: Rng) -> Samples:
    n = length(4)
    out = np.zeros(n)
    for i in range(8):
        # an escapement strikes three times in a row: unlock, impulse and the loud drop, all on one wooden case
        for late, gain in ((0.0, 0.25), (0.007, 0.4), (0.013 if i % 2 else 0.016, 1.0)):
            wheel = strike(rng, length(0.12), (1100, 7500), (0.035, 0.012), -0.5, 0.5, (1800, 9000), 0.008)
            put(out, wheel, i * 0.5 + late + rng.normal(0, 0.0007), gain * rng.uniform(0.85, 1))
    quiet = shaped(rng, n, tilt(-3, 80), band(80, 12000, 1))
    return filtered(room(rng, out, 0.3, 0.1, 9000), band(500, 16000, 1)) + 0.003 * quiet


@sound(
    "metronome",
    "a metronome;a metronome on a piano",
    "Tick;Tick-tock;Clock;Wood block;Clicking",
    "a wooden metronome",
    steady=True,
)
def metronome(rng: Rng) -> Samples:
    n = length(4)
    out = np.zeros(n)
    for i in range(8):
        side = (700, 5200) if i % 2 else (820, 6000)
        beat = strike(rng, length(0.15), side, (0.05, 0.014), -1.5, 0.35, (1500, 8000), 0.01)
        put(out, beat, i * 0.5 + (0.006 if i % 2 else 0.0), rng.uniform(0.9, 1))
    return filtered(room(rng, out, 0.35, 0.12, 8000), band(300, 16000, 1)) + 0.002 * shaped(rng, n, tilt(-3, 80))


@sound(
    "alarm clock",
    "an alarm clock;a clock on a bedside table;a bedroom",
    "Alarm clock;Alarm;Beep, bleep;Buzzer",
    "an electronic alarm",
    steady=True,
)
def alarm_clock(rng: Rng) -> Samples:
    n = length(4)
    out = np.zeros(n)
    for i in range(4):
        for j in range(4):
            m = length(0.075)
            t = clock(m)
            beep = np.sign(np.sin(2 * np.pi * 2048 * t)) * 0.4 + np.sin(2 * np.pi * 2048 * t)
            put(out, edges(beep, 0.002, 0.004), i + j * 0.125)
    return turned(room(rng, out, 0.3, 0.12) + 0.001 * shaped(rng, n, tilt(-3)))


@sound(
    "telephone ringing",
    "a telephone;an old telephone;a phone booth;a telephone on a desk",
    "Telephone bell ringing;Telephone;Ringtone",
    "an old bell telephone",
    steady=True,
)
def telephone_ringing(rng: Rng) -> Samples:
    n = length(5)
    out = np.zeros(n)
    for start in (0.0, 2.5):
        for i in range(30):
            m = length(0.5)
            f = (1420, 1780)[i % 2]
            ding = modal([f, f * 1.003, f * 2.35, f * 3.9], [0.45, 0.4, 0.25, 0.12], [1, 0.6, 0.7, 0.35], m)
            put(out, ding + 0.15 * burst(rng, m, 0.008, band(2000, 9000)), start + i * 0.045, rng.uniform(0.85, 1))
    return turned(room(rng, out, 0.3, 0.12))


@sound(
    "mobile phone ringing",
    "a smartphone;a person texting on a phone;a mobile phone",
    "Ringtone;Telephone;Telephone bell ringing;Beep, bleep",
    "a two-note ringtone",
    steady=True,
)
def mobile_phone(rng: Rng) -> Samples:
    n = length(4)
    out = np.zeros(n)
    for start in (0.0, 2.0):
        for i in range(16):
            m = length(0.045)
            t = clock(m)
            f = (1320, 1056)[i % 2]
            put(
                out,
                edges(
                    np.sin(2 * np.pi * f * t) + 0.35 * np.sin(6 * np.pi * f * t) + 0.2 * np.sin(4 * np.pi * f * t),
                    0.002,
                    0.006,
                ),
                start + i * 0.05,
            )
    return turned(room(rng, out, 0.2, 0.08) + 0.001 * shaped(rng, n, tilt(-3)))


@sound("doorbell", "a front door;a doorbell button;a person at a door", "Doorbell;Ding-dong;Chime", "ding-dong")
def doorbell(rng: Rng) -> Samples:
    n = length(2.6)
    out = np.zeros(n)
    for at, f in ((0.0, 659.3), (0.55, 523.3)):
        m = length(2)
        put(
            out,
            modal([f, f * 2.76, f * 5.4, f * 2], [1.6, 0.5, 0.2, 0.8], [1, 0.3, 0.12, 0.2], m)
            + 0.05 * burst(rng, m, 0.02, band(800, 5000)),
            at,
            1,
            wrap=False,
        )
    return edges(room(rng, out, 0.5, 0.15, ring=False), 0.001, 0.4)


@sound(
    "fire alarm",
    "a fire station;a smoke detector;a building evacuation;a fire alarm on a wall",
    "Smoke detector, smoke alarm;Fire alarm;Alarm;Beep, bleep;Siren;Buzzer",
    "three piercing beeps, again and again",
    steady=True,
)
def fire_alarm(rng: Rng) -> Samples:
    n = length(4)
    out = np.zeros(n)
    for start in (0.0, 2.0):
        for i in range(3):
            m = length(0.42)
            t = clock(m)
            put(
                out,
                edges(np.sin(2 * np.pi * 3150 * t) + 0.2 * np.sin(4 * np.pi * 3150 * t), 0.004, 0.006),
                start + i * 0.56,
            )
    return turned(room(rng, out, 0.6, 0.2) + 0.001 * shaped(rng, n, tilt(-3)))


@sound(
    "referee whistle",
    "a referee;a football match;a coach with a whistle;a sports match",
    "Whistle;Whistling",
    "a pea whistle, two blasts",
    takes=2,
)
def whistle(rng: Rng) -> Samples:
    out = np.zeros(length(1.4))
    f = rng.uniform(2300, 2700)
    for at, d in ((0.0, 0.18), (0.32, 0.75)):
        n = length(d)
        trill = np.sin(2 * np.pi * 38 * clock(n))
        turn = (
            2
            * np.pi
            * np.cumsum(f * (1 + 0.025 * trill) * env(n, (0, 0.93), (0.03, 1), (d - 0.04, 1), (d, 0.94)))
            / RATE
        )
        tone = (np.sin(turn) + 0.15 * np.sin(2 * turn) + 0.6 * np.sin(1.07 * turn)) * (1 + 0.5 * trill)
        tone += 0.25 * shaped(rng, n, band(1800, 6000))
        put(out, tone * env(n, (0, 0), (0.012, 1), (d - 0.03, 0.95), (d, 0)), at, 1, wrap=False)
    return edges(room(rng, out, 0.7, 0.15, ring=False), 0.001, 0.15)


@sound(
    "air raid siren",
    "a siren on a roof;a fire station;a city under threat",
    "Civil defense siren;Siren;Foghorn;Emergency vehicle",
    "a hand siren winds up and down",
    steady=True,
)
def civil_siren(rng: Rng) -> Samples:
    n = length(8)
    f0 = 430 - 130 * np.cos(2 * np.pi * clock(n) / 8)
    tone = voiced(f0, [(600, 700, 1), (1500, 900, 0.3)], -4, 0.06, whole=True) + 0.5 * voiced(
        f0 * 1.2, [(700, 700, 1)], -4, 0.05, whole=True
    )
    return room(rng, tone * (0.6 - 0.4 * np.cos(2 * np.pi * clock(n) / 8)), 2.0, 0.5, 2500) + 0.01 * shaped(
        rng, n, tilt(-4)
    )


@sound(
    "reversing beeps",
    "the back of a truck;a forklift;a construction vehicle",
    "Reversing beeps;Beep, bleep;Alarm;Truck",
    "a lorry backs up",
    steady=True,
)
def reversing_beeps(rng: Rng) -> Samples:
    n = length(4)
    out = 0.02 * shaped(rng, n, band(40, 800, 1), tilt(-4))
    for i in range(4):
        m = length(0.5)
        put(
            out,
            edges(np.sin(2 * np.pi * 1250 * clock(m)) + 0.3 * np.sin(6 * np.pi * 1250 * clock(m)), 0.005, 0.01),
            float(i),
        )
    return room(rng, out, 0.6, 0.25)


@sound(
    "cash register",
    "a cash machine;a shop counter;a cash register;a supermarket checkout",
    "Cash register;Ding;Bell;Coin (dropping);Drawer open or close;Jingle, tinkle",
    "the drawer rings and opens",
    takes=3,
)
def cash_register(rng: Rng) -> Samples:
    n = length(1.5)
    out = np.zeros(n)
    for at in (0.0, rng.uniform(0.04, 0.06), rng.uniform(0.08, 0.1)):
        m = length(0.06)
        put(
            out,
            modal([900, 2100, 3700], [0.04, 0.03, 0.02], [1, 0.8, 0.6], m) + burst(rng, m, 0.02, band(800, 7000)),
            at,
            0.7,
            wrap=False,
        )
    m = length(1.2)
    put(
        out,
        modal([2640, 2652, 5300, 7900], [1.0, 0.9, 0.5, 0.25], [1, 0.6, *rng.uniform(0.2, 0.6, 2)], m),
        rng.uniform(0.15, 0.18),
        1.2,
        wrap=False,
    )
    roll = shaped(rng, length(0.3), band(300, 4000, 1)) * env(length(0.3), (0, 0), (0.05, 1), (0.3, 0.6))
    put(out, roll, 0.2, 0.25, wrap=False)
    put(
        out,
        modal([150, 320, 700], [0.15, 0.1, 0.06], [1, 0.8, 0.5], length(0.2))
        + burst(rng, length(0.2), 0.06, band(100, 3000)),
        0.5,
        0.8,
        wrap=False,
    )
    for at in rng.uniform(0.5, 0.75, 14):
        f = rng.uniform(3500, 7500)
        put(
            out,
            modal([f, f * 1.47], [0.12, 0.08], [1, 0.6], length(0.15)),
            float(at),
            0.18 * rng.uniform(0.4, 1),
            wrap=False,
        )
    return edges(room(rng, out, 0.3, 0.1, ring=False), 0.0005, 0.3)


@sound(
    "wind chimes",
    "wind chimes;a porch;a garden ornament",
    "Wind chime;Chime;Jingle, tinkle;Tubular bells",
    "metal tubes in a breeze",
    steady=True,
)
def wind_chimes(rng: Rng) -> Samples:
    n = length(6)
    out = 0.004 * shaped(rng, n, band(100, 1500, 1), tilt(-3)) * wander(rng, n, 0.7, 0.3, 1)
    for at in np.sort(rng.uniform(0, 6, 26)):
        f = float(rng.choice([1047, 1175, 1319, 1568, 1760, 2093]))
        m = length(2.5)
        put(
            out,
            modal([f, f * 2.756, f * 5.404], [2.2, 1.0, 0.4], [1, 0.5, 0.25], m)
            + 0.05 * burst(rng, m, 0.005, band(3000, 12000)),
            float(at),
            rng.uniform(0.2, 1) ** 1.5,
        )
    return out
