"""Balls, bats, blades and blows of sport."""

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
    peak,
    put,
    room,
    shaped,
    straight,
    strike,
    tilt,
    unit,
    wander,
)
from .registry import sound


@sound(
    "basketball bouncing",
    "a basketball;a basketball player;a ball on a court",
    "Basketball bounce;Bouncing;Thump, thud",
    "dribbling in a hall",
    steady=True,
)
def basketball(rng: Rng) -> Samples:
    n = length(4.8)
    out = np.zeros(n)
    for i in range(8):
        bounce = strike(rng, length(0.35), (104, 1160), (0.09, 0.029), -2.2, 0.68, (586, 5000), 0.02)
        put(out, bounce, i * 0.6 + rng.uniform(0, 0.006), rng.uniform(0.8, 1))
    return air(rng, room(rng, out, 0.52, 0.09, 4400), 0.002)


@sound(
    "tennis hit",
    "a tennis player;a tennis racket;a tennis court;a badminton player",
    "Whack, thwack;Basketball bounce;Thump, thud;Bouncing;Slap, smack;Thunk;Tap;Burst, pop",
    "a racket meets the ball",
    takes=3,
)
def tennis(rng: Rng) -> Samples:
    n = length(1.1)
    # the strings' bed at some 500 Hz, the frame over it, the hollow ball's short thud under it, and a court around
    hit = strike(rng, n, (430, 3600), (0.06, 0.016), -2.0, 0.5, (500, 4500), 0.02)
    hit += 0.6 * modal([165, 240], [0.05, 0.04], [1, 0.7], n)
    far = np.zeros(n)
    for late in rng.uniform(0.06, 0.25, 4):
        put(far, peak(burst(rng, length(0.15), 0.06, band(250, 2500, 1))), float(late), 0.05, wrap=False)
    return edges(air(rng, room(rng, hit + far, 0.7, 0.25, 4000, ring=False), 0.001), 0.0003, 0.15)


@sound(
    "golf swing",
    "a golfer;a golf club;a golf ball;a golf course",
    "Whack, thwack;Whoosh, swoosh, swish;Tap;Clicking;Slap, smack;Thunk;Wood;Whip;Cap gun",
    "a swing and a crisp hit",
    takes=3,
)
def golf(rng: Rng) -> Samples:
    n = length(0.9)
    out = np.zeros(n)
    m = length(0.25)
    put(out, shaped(rng, m, band(500, 4000, 2)) * env(m, (0, 0.4), (0.2, 1), (0.25, 0.2)) ** 2, 0.0, 0.12, wrap=False)
    f = rng.uniform(0.94, 1.06)
    # a thin steel face rings short and high, and the ball's hard core knocks under it
    hit = strike(rng, length(0.4), (900 * f, 8500), (0.06, 0.015), -0.5, 0.8, (1200, 9000), 0.012)
    hit += 0.5 * modal([3300 * f, 4700 * f], [0.09, 0.06], [1, 0.6], length(0.4))
    put(out, peak(hit), 0.22, 1.0, wrap=False)
    return edges(room(rng, out, 0.5, 0.2, ring=False), 0.001, 0.2)


@sound(
    "ball kick",
    "a footballer kicking a ball;a soccer ball;a volleyball player;a rugby player",
    "Thump, thud;Basketball bounce;Thunk;Whack, thwack;Slap, smack;Bouncing",
    "a leather ball is kicked",
    takes=3,
)
def ball_kick(rng: Rng) -> Samples:
    n = length(1.0)
    f = rng.uniform(0.9, 1.12)
    # the foot is on the ball for 10 ms: a dent that springs back, the leather's slap, and the shell's few low modes
    m = length(0.012)
    dent = np.zeros(n)
    dent[:m] = np.sin(np.pi * np.arange(m) / m) ** 2
    kick = 0.45 * peak(straight(dent, band(45, 900, 1)))
    kick += 0.8 * peak(burst(rng, n, 0.035, band(350 * f, 2600, 1)))
    kick += 0.5 * peak(modal([132 * f, 208 * f, 310 * f, 455 * f], [0.07, 0.06, 0.05, 0.04], [1, 0.8, 0.5, 0.4], n))
    grass = np.zeros(n)
    for late in rng.exponential(0.05, 25):
        put(
            grass,
            burst(rng, length(0.02), 0.01, band(1500, 9000, 1)),
            0.01 + float(late),
            rng.uniform(0.2, 1),
            wrap=False,
        )
    out = room(rng, kick + 0.04 * peak(grass), 0.8, 0.15, 2500, ring=False)
    return edges(out + 0.0006 * shaped(rng, n, tilt(-3, 150)), 0.0003, 0.15)


@sound(
    "punch",
    "a boxer;boxing;two people fighting;a martial artist;a wrestler",
    "Thump, thud;Slap, smack;Whack, thwack;Thunk;Bang",
    "a gloved blow",
    takes=3,
)
def punch(rng: Rng) -> Samples:
    n = length(0.9)
    f = rng.uniform(0.88, 1.12)
    # padding gives way for 15 ms, then flesh: a dull push, a leathery smack over it, and hardly a ring
    m = length(0.015)
    push = np.zeros(n)
    push[:m] = np.sin(np.pi * np.arange(m) / m) ** 2
    blow = 0.5 * peak(straight(push, band(40, 500, 1)))
    blow += 0.9 * peak(burst(rng, n, 0.05, band(250 * f, 1800 * f, 1)))
    blow += 0.3 * peak(burst(rng, n, 0.018, band(1500, 6000, 1)))
    out = room(rng, blow, 0.7, 0.2, 3500, ring=False)
    return edges(out + 0.0006 * shaped(rng, n, tilt(-3, 150)), 0.0003, 0.12)


@sound(
    "bowling strike",
    "a bowling alley;bowling pins;a person bowling",
    "Clatter;Smash, crash;Wood;Knock;Bang;Thump, thud;Roll;Breaking;Rumble;Basketball bounce",
    "a ball rolls into the pins",
    packed=True,
)
def bowling(rng: Rng) -> Samples:
    n = length(3)
    out = np.zeros(n)
    m = length(1.5)
    put(
        out,
        shaped(rng, m, band(60, 500, 1), tilt(-3))
        * env(m, (0, 0.3), (1.45, 1), (1.5, 0.2))
        * wander(rng, m, 12, 0.7, 1.2),
        0.0,
        0.12,
        wrap=False,
    )
    for at in 1.45 + np.concatenate([[0.0, 0.01, 0.02], rng.exponential(0.16, 26)]):
        if at < 2.8:
            f = rng.uniform(650, 1500)
            pin = modal(
                [f, f * 1.72, f * 2.7, f * 0.45], [0.09, 0.06, 0.04, 0.08], [1, 0.7, 0.5, 0.5], length(0.2)
            ) + 0.8 * burst(rng, length(0.2), 0.015, band(800, 7000))
            put(out, peak(pin), float(at), rng.uniform(0.2, 0.7), wrap=False)
    return edges(room(rng, out, 1.0, 0.35, ring=False), 0.005, 0.3)


@sound(
    "billiard balls",
    "a billiard table;a pool table;a person playing billiards",
    "Tap;Knock;Clicking;Chink, clink;Wood block;Tick;Wood;Bouncing;Clatter",
    "cue, break, a few kisses",
    packed=False,
)
def billiards(rng: Rng) -> Samples:
    n = length(1.8)
    out = np.zeros(n)
    put(out, modal([380, 900], [0.05, 0.03], [1, 0.6], length(0.1)), 0.0, 0.35, wrap=False)
    for at in 0.18 + np.concatenate([[0.0, 0.006, 0.014, 0.03, 0.05], rng.exponential(0.3, 9)]):
        if at < 1.6:
            f = rng.uniform(2600, 3400)
            put(
                out,
                modal([f, f * 1.95, f * 0.5], [0.03, 0.02, 0.02], [1, 0.6, 0.3], length(0.06))
                + 0.4 * burst(rng, length(0.06), 0.004, band(2000, 12000)),
                float(at),
                rng.uniform(0.2, 1) * np.exp(-at),
                wrap=False,
            )
    return edges(room(rng, out, 0.6, 0.2, ring=False), 0.0005, 0.25)


@sound(
    "table tennis",
    "table tennis;a ping-pong player;a ping-pong table",
    "Bouncing;Basketball bounce;Tap;Tick;Clicking;Knock;Wood block;Whack, thwack",
    "a rally",
    steady=True,
)
def table_tennis(rng: Rng) -> Samples:
    n = length(4.8)
    out = 0.0008 * shaped(rng, n, tilt(-3))
    for i in range(8):
        for offset, f, g in ((0.0, 1150, 1.0), (0.2, 2050, 0.7)):
            m = length(0.08)
            f *= rng.uniform(0.97, 1.03)
            put(
                out,
                modal([f, f * 1.58, f * 2.4], [0.03, 0.02, 0.015], [1, 0.6, 0.4], m)
                + 0.4 * burst(rng, m, 0.006, band(1000, 9000)),
                i * 0.6 + offset + rng.uniform(0, 0.01),
                g,
            )
    return room(rng, out, 0.9, 0.35)


@sound(
    "arrow",
    "an archer;a bow and arrow;an archery target",
    "Arrow;Whoosh, swoosh, swish;Thunk;Whip;Thump, thud",
    "string, flight, target",
    takes=2,
)
def arrow(rng: Rng) -> Samples:
    n = length(1.1)
    out = np.zeros(n)
    m = length(0.3)
    put(
        out,
        modal([130, 262, 395, 530], [0.18, 0.12, 0.1, 0.08], [1, 0.7, 0.4, 0.3], m)
        + 0.6 * burst(rng, m, 0.03, band(400, 5000)),
        0.0,
        0.6,
        wrap=False,
    )
    m = length(0.4)
    put(
        out,
        unit(straight(rng.standard_normal(m), band(900, 5000, 1))) * env(m, (0, 0.2), (0.12, 1), (0.4, 0)) ** 1.5,
        0.02,
        0.25,
        wrap=False,
    )
    m = length(0.4)
    put(
        out,
        modal([150, 310, 560, 980], [0.12, 0.1, 0.07, 0.05], [1.2, 1, 0.7, 0.4], m)
        + burst(rng, m, 0.025, band(500, 6000, 1)),
        0.38,
        0.9,
        wrap=False,
    )
    return edges(room(rng, out, 0.5, 0.2, ring=False), 0.0005, 0.2)


@sound(
    "ice skating",
    "an ice skater;ice skating;an ice hockey player;an ice rink",
    "Skateboard;Scrape;Scratch;Whoosh, swoosh, swish;Filing (rasp);Rub;Sawing;Squeak",
    "blades on ice",
    steady=True,
)
def ice_skating(rng: Rng) -> Samples:
    n = length(4.8)
    out = 0.01 * shaped(rng, n, band(100, 2000, 1), tilt(-3))
    for i in range(6):
        m = length(0.7)
        grind = shaped(rng, m, band(1200, 10000, 1)) * (0.5 + 0.6 * wander(rng, m, 90, 0, 1))
        ring = 0.2 * shaped(rng, m, band(3300, 3700, 4))
        put(out, (grind + ring) * env(m, (0, 0), (0.05, 0.7), (0.3, 1), (0.7, 0)), i * 0.8, rng.uniform(0.8, 1))
    return room(rng, out, 1.2, 0.3)


@sound(
    "baseball hit",
    "a baseball player;a baseball bat;a cricket match",
    "Whack, thwack;Crack;Wood;Slap, smack;Thunk;Tap;Cap gun;Bang;Basketball bounce",
    "a bat cracks",
    takes=3,
)
def baseball(rng: Rng) -> Samples:
    n = length(1.2)
    f = rng.uniform(0.94, 1.06)
    # an ash bat bends at 170 and 580 Hz; the crack is its barrel and the hard ball, and the stand throws it back
    crack = strike(rng, n, (620 * f, 6500), (0.05, 0.012), -1.5, 0.8, (800, 7000), 0.014)
    crack += 0.5 * modal([170 * f, 580 * f, 1180 * f], [0.09, 0.06, 0.04], [0.8, 1, 0.6], n)
    far = np.zeros(n)
    for late in rng.uniform(0.09, 0.35, 5):
        put(far, peak(burst(rng, length(0.2), 0.1, band(300, 3000, 1))), float(late), 0.07, wrap=False)
    return edges(air(rng, room(rng, crack + far, 0.8, 0.2, 4000, ring=False), 0.001), 0.0003, 0.2)
