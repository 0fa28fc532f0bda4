"""Struck and plucked instruments, and the bow: short phrases that loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    put,
    room,
    shaped,
    strike,
    string,
    turned,
    voiced,
    wander,
)
from .registry import sound

Note = tuple[float, float, float]  # beats from the start, MIDI number, beats long


def hertz(midi: float) -> float:
    """Equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def play(
    notes: Sequence[Note], beat_s: float, beats: float, voice: Callable[[float, float], Samples], ring: bool = True
) -> Samples:
    """Lay notes on a circle of `beats`; `voice(f_hz, seconds)` makes one."""
    out = np.zeros(length(beats * beat_s))
    for at, midi, long in notes:
        put(out, voice(hertz(midi), long * beat_s), at * beat_s, 1.0, wrap=ring)
    return out


ARPEGGIO: tuple[Note, ...] = tuple(
    (i * 0.5, m, 2.5) for i, m in enumerate((40, 47, 52, 55, 59, 64, 59, 55, 45, 52, 57, 60, 64, 60, 57, 52))
)
BODY = peaks([105, 205, 400, 700], [50, 70, 180, 400], [1.2, 1.0, 0.5, 0.3], 0.45)


@sound(
    "acoustic guitar",
    "a guitar;a guitarist;an acoustic guitar",
    "Guitar;Acoustic guitar;Plucked string instrument;Steel guitar, slide guitar",
    "a picked pattern",
    steady=True,
)
def acoustic_guitar(rng: Rng) -> Samples:
    out = play(ARPEGGIO, 0.6, 8, lambda f, s: string(rng, f, length(s), 3.5 * (110 / f) ** 0.3, 0.45))
    return room(rng, filtered(out, BODY), 0.5, 0.12)


@sound(
    "electric guitar",
    "an electric guitar;a guitarist on stage;a concert",
    "Electric guitar;Guitar;Rock music;Heavy metal;Punk rock;Rock and roll;Distortion",
    "distorted power chords",
    steady=True,
)
def electric_guitar(rng: Rng) -> Samples:
    notes = [
        (b, m + o, d)
        for b, m, d in (
            (0, 40, 1),
            (1, 40, 0.5),
            (1.5, 43, 1),
            (2.5, 45, 1.5),
            (4, 40, 1),
            (5, 40, 0.5),
            (5.5, 46, 0.5),
            (6, 45, 2),
        )
        for o in (0, 7, 12)
    ]
    out = play(notes, 0.5, 8, lambda f, s: edges(string(rng, f, length(s), 6, 0.8, 0.2), 0.001, 0.03))
    return turned(room(rng, filtered(np.tanh(9 * filtered(out, band(80, 4000, 1))), band(90, 4200, 2)), 0.5, 0.15))


@sound(
    "banjo",
    "a banjo;a banjo player;a bluegrass band",
    "Banjo;Bluegrass;Plucked string instrument;Country;Mandolin;Guitar",
    "a rolling pattern",
    steady=True,
)
def banjo(rng: Rng) -> Samples:
    roll = (
        55,
        59,
        67,
        62,
        59,
        67,
        62,
        59,
        55,
        60,
        67,
        64,
        60,
        67,
        64,
        60,
        57,
        62,
        67,
        66,
        62,
        67,
        66,
        62,
        55,
        59,
        67,
        62,
        59,
        67,
        59,
        62,
    )
    notes = [(i * 0.25, m, 1.2) for i, m in enumerate(roll)]
    out = play(notes, 0.56, 8, lambda f, s: string(rng, f, length(s), 0.9, 0.9, 0.08))
    return room(
        rng, filtered(out, peaks([420, 850, 1600, 2900], [250, 400, 800, 1500], [1, 1, 0.8, 0.5], 0.2)), 0.3, 0.1
    )


@sound(
    "mandolin",
    "a mandolin;a mandolin player;a lute",
    "Mandolin;Plucked string instrument;Banjo;Ukulele;Guitar;Zither",
    "tremolo on paired strings",
    steady=True,
)
def mandolin(rng: Rng) -> Samples:
    melody = (
        (0, 74, 1.5),
        (1.5, 76, 0.5),
        (2, 78, 1),
        (3, 81, 1),
        (4, 79, 1.5),
        (5.5, 78, 0.5),
        (6, 76, 1),
        (7, 69, 1),
    )
    out = np.zeros(length(4.8))
    for at, midi, long in melody:
        for i in range(int(long * 0.6 * 13)):
            for detune in (1.0, 1.003):
                put(
                    out,
                    string(rng, hertz(midi) * detune, length(0.5), 0.8, 0.75, 0.1),
                    at * 0.6 + i / 13,
                    rng.uniform(0.6, 1),
                )
    return room(
        rng, filtered(out, peaks([280, 600, 1300, 2600], [120, 300, 700, 1500], [0.7, 1, 0.8, 0.5], 0.3)), 0.4, 0.12
    )


@sound(
    "sitar",
    "a sitar;a sitar player;an Indian musician",
    "Sitar;Plucked string instrument;Carnatic music;Zither;Music of Asia;Middle Eastern music",
    "a phrase over the drone",
    steady=True,
)
def sitar(rng: Rng) -> Samples:
    out = np.zeros(length(5.6))
    for at, midi in (
        (0, 60),
        (0.7, 62),
        (1.05, 64),
        (1.4, 65),
        (2.1, 64),
        (2.8, 67),
        (3.5, 65),
        (3.85, 64),
        (4.2, 62),
        (4.9, 60),
    ):
        n = length(2)
        f0 = hertz(midi) * env(n, (0, 0.96), (0.09, 1), (2, 1)) * (1 + 0.004 * np.sin(2 * np.pi * 5 * clock(n)))
        sweep = 900 + 3200 * np.exp(-clock(n) / 0.35)
        put(
            out,
            voiced(f0, [(sweep, 900, 1), (600, 500, 0.6)], -1.5, 0.06)
            * np.exp(-clock(n) / 0.5)
            * env(n, (0, 0), (0.003, 1), (2, 1)),
            at,
            1,
        )
    for i in range(8):
        put(out, string(rng, hertz((48, 55, 60, 60)[i % 4]), length(2.5), 5, 0.9, 0.06), i * 0.7, 1.2)
    return turned(room(rng, filtered(out, band(150, 9000)), 0.8, 0.2))


@sound("harp", "a harp;a harpist", "Harp;Plucked string instrument;Zither", "a rolling arpeggio", steady=True)
def harp(rng: Rng) -> Samples:
    chord = (48, 52, 55, 60, 64, 67, 72, 76, 79, 84, 79, 76, 72, 67, 64, 60)
    notes = [(i * 0.25 + 4 * k, m + s, 5) for k, s in ((0, 0), (1, 5)) for i, m in enumerate(chord)]
    out = play(notes, 0.65, 8, lambda f, s: string(rng, f, length(s), 3.0 * (260 / f) ** 0.5, 0.22, 0.42))
    return turned(room(rng, filtered(out, peaks([180, 380, 800], [120, 300, 700], [1, 0.8, 0.5], 0.4)), 1.6, 0.4))


@sound(
    "piano", "a piano;a pianist;a grand piano", "Piano;Keyboard (musical);Electric piano", "a slow piece", steady=True
)
def piano(rng: Rng) -> Samples:
    def note(f: float, s: float) -> Samples:
        n = length(s + 1.5)
        out = np.zeros(n)
        stiff = 0.0004 * (f / 260) ** 1.2
        for k in range(1, int(min(30, 11000 / f)) + 1):
            fk = k * f * np.sqrt(1 + stiff * k * k)
            gain = k**-1.1 * np.exp(-0.00035 * fk) * abs(np.sin(np.pi * k / 8)) ** 0.5
            slow = 5.0 * (220 / f) ** 0.5 / (1 + 0.25 * k)
            for detune in (0.9995, 1.0004):
                out += (
                    gain
                    * np.sin(2 * np.pi * fk * detune * clock(n))
                    * (0.7 * np.exp(-6.9 * clock(n) / slow) + 0.3 * np.exp(-6.9 * clock(n) / (3 * slow)))
                )
        out += 0.25 * burst(rng, n, 0.05, band(100, 2500))
        return edges(out * env(n, (0, 1), (s, 1), (s + 0.12, 0.03), (s + 1.5, 0)), 0.001, 0.05)

    notes = [
        (b, m, 1.8)
        for b, chord in (
            (0, (48, 64, 67)),
            (1, (60, 72)),
            (2, (55, 62, 71)),
            (3, (59, 67)),
            (4, (57, 60, 69)),
            (5, (64, 72)),
            (6, (53, 60, 69)),
            (7, (57, 65, 67)),
        )
        for m in chord
    ]
    return turned(room(rng, play(notes, 0.65, 8, note), 1.2, 0.15, 5000))


@sound(
    "xylophone",
    "a xylophone;a marimba;a person playing a xylophone",
    "Marimba, xylophone;Mallet percussion;Vibraphone;Glockenspiel",
    "wooden bars",
    steady=True,
)
def xylophone(rng: Rng) -> Samples:
    scale = (72, 76, 79, 84, 83, 79, 81, 77, 74, 77, 81, 79, 76, 72, 74, 79)
    out = np.zeros(length(4.8))
    for i, m in enumerate(scale):
        f, n = hertz(m - 5), length(0.6)
        # a rosewood bar, its first overtone cut to the twelfth, dies quickly; a hard head knocks on the wood
        bar = modal([f, 3.01 * f, 6.2 * f, 9.8 * f], [0.34, 0.13, 0.06, 0.03], [1, 0.6, 0.4, 0.25], n)
        knock = strike(rng, n, (700, 7000), (0.03, 0.01), -1.0, 0.6, (1500, 8000), 0.01)
        put(out, bar + 0.4 * knock, i * 0.3 + rng.normal(0, 0.008), rng.uniform(0.65, 1))
    return turned(air(rng, room(rng, out, 0.8, 0.2), 0.002))


@sound(
    "violin",
    "a violin;a violinist;a cello;an orchestra",
    "Violin, fiddle;Bowed string instrument;String section;Cello",
    "a slow melody",
    steady=True,
)
def violin(rng: Rng) -> Samples:
    body = peaks([280, 460, 700, 1100, 2500, 3400], [60, 80, 150, 300, 700, 900], [0.8, 1, 0.7, 0.6, 0.9, 0.4], 0.25)

    def bow(f: float, s: float) -> Samples:
        n = length(s + 0.12)
        d = n / RATE
        vib = 0.006 * env(n, (0, 0), (0.15, 0.2), (0.4, 1), (d, 1)) * np.sin(2 * np.pi * 5.8 * clock(n))
        f0 = f * (1 + vib + 0.0015 * wander(rng, n, 15, -1, 1)) * env(n, (0, 0.985), (0.05, 1), (d, 1))
        tone = voiced(f0, [(1000, 20000, 1)], -6, 0.0, 15000) * wander(rng, n, 12, 0.9, 1.05)
        return (tone + 0.05 * shaped(rng, n, band(1500, 9000, 1))) * env(
            n, (0, 0), (0.07, 0.8), (0.25, 1), (d - 0.12, 0.9), (d, 0)
        )

    notes = (
        (0, 69, 1.5),
        (1.5, 71, 0.5),
        (2, 72, 1),
        (3, 76, 1),
        (4, 74, 1.5),
        (5.5, 72, 0.5),
        (6, 71, 1),
        (7, 68, 1),
    )
    return room(rng, filtered(play(notes, 0.65, 8, bow), body), 1.6, 0.3, 6000)
