"""Shots, blasts, breakages and sport: single events."""

from __future__ import annotations

import numpy as np

from .noise import (
    Rng,
    Samples,
    air,
    band,
    burst,
    decay,
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


def blast(rng: Rng, n: int, low_hz: float, high_hz: float, t60_s: float) -> Samples:
    """A pressure front, then noise that loses its highs as it dies."""
    out = np.zeros(n)
    for share, cut in ((1.0, 1.0), (0.55, 3.0), (0.25, 9.0)):
        out += peak(burst(rng, n, t60_s * share, band(low_hz, high_hz * cut, 1))) * (1.0 if cut > 1 else 1.4)
    return peak(out)


@sound(
    "gunshot",
    "a gun;a pistol;a rifle;a person shooting a gun",
    "Gunshot, gunfire;Cap gun;Explosion;Machine gun;Artillery fire",
    "one shot outdoors",
    takes=3,
)
def gunshot(rng: Rng) -> Samples:
    n = length(1.6)
    f = rng.uniform(0.85, 1.2)
    crack = peak(burst(rng, n, 0.09, band(300 * f, 9000, 1)))
    body = blast(rng, n, 60, 700 * f, 0.35)
    return edges(room(rng, 1.6 * crack + body, 1.5, 0.75, 3500, ring=False), 0.0002, 0.4)


@sound(
    "explosion",
    "an explosion;a bomb;a ball of fire;a missile",
    "Explosion;Boom;Eruption;Artillery fire;Burst, pop",
    "a heavy blast and debris",
    takes=2,
    packed=True,
)
def explosion(rng: Rng) -> Samples:
    n = length(3.2)
    out = 1.5 * blast(rng, n, 30, 260, 2.2) + 0.5 * peak(burst(rng, n, 0.3, band(300, 7000, 1)))
    debris = np.zeros(n)
    for at in 0.3 + rng.exponential(0.7, 60):
        if at < 2.9:
            put(
                debris,
                peak(burst(rng, length(0.06), rng.uniform(0.02, 0.06), band(400, 5000, 1))),
                float(at),
                rng.uniform(0.2, 1),
                wrap=False,
            )
    return edges(room(rng, np.tanh(2.0 * out) + 0.1 * debris, 2.0, 0.6, 1500, ring=False), 0.0002, 0.7)


@sound(
    "cannon",
    "a cannon;artillery;a tank firing",
    "Artillery fire;Explosion;Boom;Gunshot, gunfire;Fireworks",
    "one gun and its echo",
    packed=True,
)
def cannon(rng: Rng) -> Samples:
    n = length(3)
    out = 1.3 * blast(rng, n, 35, 320, 1.1) + 0.5 * peak(burst(rng, n, 0.1, band(300, 5000, 1)))
    put(out, 0.4 * blast(rng, length(1.5), 40, 200, 1.2), 0.75, 0.6, wrap=False)
    return edges(room(rng, np.tanh(1.6 * out), 2.4, 0.7, 1200, ring=False), 0.0002, 0.7)


@sound(
    "fireworks",
    "fireworks;fireworks in the night sky;a firework bursting",
    "Fireworks;Firecracker;Explosion;Boom;Burst, pop;Gunshot, gunfire",
    "a shell bursts and crackles",
    takes=3,
    packed=True,
)
def fireworks(rng: Rng) -> Samples:
    n = length(2.8)
    out = 1.4 * blast(rng, n, 45, 500, 0.5) + 0.4 * peak(burst(rng, n, 0.12, band(400, 8000, 1)))
    for at in rng.normal(1.0, 0.4, 90):
        if 0.25 < at < 2.5:
            put(
                out,
                peak(burst(rng, length(0.05), rng.uniform(0.012, 0.04), band(900, 9000, 1))),
                float(at),
                rng.uniform(0.05, 0.32),
                wrap=False,
            )
    return edges(room(rng, out, 1.8, 0.6, 2500, ring=False), 0.0002, 0.5)


@sound(
    "firework rocket",
    "a firework rocket;a rocket taking off",
    "Fireworks;Whistle;Whoosh, swoosh, swish;Firecracker;Explosion;Boom;Burst, pop",
    "a rocket whistles up and bursts",
    packed=True,
)
def firework_rocket(rng: Rng) -> Samples:
    n = length(3.6)
    m = length(1.4)
    turn = 2 * np.pi * np.cumsum(env(m, (0, 1300), (1.4, 2600)) * (1 + 0.01 * wander(rng, m, 30, -1, 1))) / 48000
    rise = (0.4 * np.sin(turn) + shaped(rng, m, band(900, 6000, 1))) * env(
        m, (0, 0.4), (0.1, 1), (1.2, 0.4), (1.4, 0)
    )
    out = np.zeros(n)
    put(out, peak(rise), 0.0, 0.3, wrap=False)
    m = length(2.1)
    put(
        out,
        1.4 * blast(rng, m, 45, 600, 0.5) + 0.4 * peak(burst(rng, m, 0.1, band(400, 8000, 1))),
        1.5,
        1.0,
        wrap=False,
    )
    for at in rng.normal(2.3, 0.3, 60):
        if 1.7 < at < 3.4:
            put(
                out,
                peak(burst(rng, length(0.04), 0.025, band(1200, 9000, 1))),
                float(at),
                rng.uniform(0.05, 0.25),
                wrap=False,
            )
    return edges(room(rng, out, 1.8, 0.5, 2500, ring=False), 0.001, 0.4)


@sound(
    "glass breaking",
    "a broken window;a glass;laboratory glassware;a glass bottle",
    "Shatter;Glass;Breaking;Smash, crash",
    "a pane breaks and falls",
    takes=3,
)
def glass_breaking(rng: Rng) -> Samples:
    n = length(1.6)
    out = 1.2 * peak(burst(rng, n, 0.12, band(1200, 14000, 1)))
    for at in np.concatenate([rng.exponential(0.02, 18), 0.1 + rng.exponential(0.25, 60)]):
        if at < 1.4:
            m = length(0.25)
            f = np.exp(rng.uniform(np.log(2200), np.log(11000)))
            shard = modal([f, f * 1.31, f * 1.83, f * 2.6], list(rng.uniform(0.03, 0.2, 4)), [1, 0.7, 0.6, 0.4], m)
            put(
                out,
                peak(shard) + 0.5 * burst(rng, m, 0.006, band(3000, 16000)),
                float(at),
                rng.uniform(0.08, 0.5) * np.exp(-at),
                wrap=False,
            )
    return edges(room(rng, out, 0.5, 0.15, 9000, ring=False), 0.0002, 0.25)


@sound(
    "clinking glasses",
    "two glasses;people drinking at a bar;a toast with wine",
    "Chink, clink;Glass;Ding",
    "one toast",
    takes=2,
)
def glasses(rng: Rng) -> Samples:
    n = length(1.3)
    out = 0.3 * burst(rng, n, 0.008, band(3000, 14000))
    for f in rng.uniform(2300, 3300, 2):
        out += modal([f, f * 2.32, f * 4.25, f * 1.003], [0.9, 0.5, 0.25, 0.8], [1, 0.6, 0.35, 0.6], n)
    return edges(room(rng, out, 0.4, 0.12, ring=False), 0.0002, 0.3)


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
    hit = strike(rng, n, (86, 3170), (0.05, 0.016), -2.3, 0.53, (470, 2840), 0.027)
    return edges(air(rng, room(rng, hit, 0.64, 0.36, 5080, ring=False), 0.001), 0.0003, 0.15)


@sound(
    "golf swing",
    "a golfer;a golf club;a golf ball;a golf course",
    "Whack, thwack;Whoosh, swoosh, swish;Tap;Clicking;Slap, smack;Thunk;Wood;Whip;Cap gun",
    "a swing and a crisp hit",
    takes=2,
)
def golf(rng: Rng) -> Samples:
    n = length(0.9)
    out = np.zeros(n)
    m = length(0.25)
    put(out, shaped(rng, m, band(500, 4000, 2)) * env(m, (0, 0), (0.2, 1), (0.25, 0.2)) ** 2, 0.0, 0.12, wrap=False)
    f = rng.uniform(0.94, 1.06)
    hit = modal(
        [1500 * f, 2700 * f, 4300 * f, 620 * f], [0.05, 0.04, 0.03, 0.05], [1, 0.8, 0.5, 0.5], length(0.4)
    ) + 1.2 * burst(rng, length(0.4), 0.015, band(1000, 11000, 1))
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
    kick = strike(rng, n, (77, 1200), (0.077, 0.016), -3.5, 0.9, (700, 5000), 0.028)
    return edges(air(rng, room(rng, kick, 0.5, 0.3, 4260, ring=False), 0.001), 0.0003, 0.15)


@sound(
    "punch",
    "a boxer;boxing;two people fighting;a martial artist;a wrestler",
    "Thump, thud;Slap, smack;Whack, thwack;Thunk;Bang",
    "a gloved blow",
    takes=3,
)
def punch(rng: Rng) -> Samples:
    n = length(1.0)
    blow = strike(rng, n, (77, 1330), (0.084, 0.012), -3.5, 1.04, (490, 3480), 0.025)
    return edges(air(rng, room(rng, blow, 0.59, 0.2, 4260, ring=False), 0.001), 0.0003, 0.12)


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
    "sword clash",
    "fencing;two fencers;a sword",
    "Clang;Chink, clink;Ding;Zing;Scrape;Cutlery, silverware;Clatter;Whack, thwack",
    "two blades meet",
    takes=2,
)
def sword(rng: Rng) -> Samples:
    n = length(1.2)
    out = np.zeros(n)
    for at, g in ((0.0, 1.0), (rng.uniform(0.25, 0.35), 0.7)):
        m = length(0.8)
        f = rng.uniform(1500, 2300)
        blade = modal(
            [f, f * 1.39, f * 1.88, f * 2.63, f * 3.4, f * 4.6],
            list(rng.uniform(0.25, 0.7, 6)),
            [1, 0.9, 0.8, 0.7, 0.5, 0.4],
            m,
        )
        put(out, blade + 1.5 * burst(rng, m, 0.02, band(2000, 14000)), at, g, wrap=False)
    return edges(room(rng, out, 0.6, 0.2, ring=False) * (1 - 0.3 * decay(n, 0.01)), 0.0002, 0.3)


@sound(
    "baseball hit",
    "a baseball player;a baseball bat;a cricket match",
    "Whack, thwack;Crack;Wood;Slap, smack;Thunk;Tap;Cap gun;Bang;Basketball bounce",
    "a bat cracks",
    takes=2,
)
def baseball(rng: Rng) -> Samples:
    n = length(1.1)
    crack = strike(rng, n, (114, 2440), (0.066, 0.018), -3.6, 0.6, (400, 3300), 0.023)
    return edges(air(rng, room(rng, crack, 0.43, 0.36, 3900, ring=False), 0.001), 0.0003, 0.2)
