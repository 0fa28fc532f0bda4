"""Wind instruments and organs: air columns, lips and reeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .music import Note, hertz, play
from .noise import (
    RATE,
    Curve,
    Rng,
    Samples,
    air,
    band,
    clock,
    env,
    filtered,
    length,
    peaks,
    put,
    resonate,
    room,
    shaped,
    straight,
    tilt,
    turned,
    unit,
    voiced,
    wander,
)
from .registry import sound
from .throat import glottis

Formants = Sequence[tuple[Curve, float, float]]
TUNE: tuple[Note, ...] = (
    (0, 60, 1),
    (1, 64, 0.5),
    (1.5, 65, 0.5),
    (2, 67, 1),
    (3, 72, 1),
    (4, 71, 0.5),
    (4.5, 69, 0.5),
    (5, 67, 1),
    (6, 64, 0.5),
    (6.5, 62, 0.5),
    (7, 60, 1),
)


def blown(
    rng: Rng,
    f_hz: float,
    seconds: float,
    formants: Formants,
    tilt_db: float,
    *,
    attack_s: float = 0.05,
    vibrato: float = 0.004,
    breath: float = 0.03,
    breath_hz: tuple[float, float] = (800, 6000),
    odd: bool = False,
    swell_db: float = 6.0,
) -> Samples:
    """One blown note: brightness follows loudness, breath noise under it; `odd` leaves out even harmonics."""
    n = length(seconds + 0.06)
    d = n / RATE
    shape = env(
        n,
        (0, 0),
        (attack_s, 0.9),
        (2 * attack_s + 0.05, 1),
        (max(d - 0.08, 3 * attack_s + 0.06), 0.85),
        (d + 0.001, 0),
    )
    f0 = f_hz * (1 + vibrato * env(n, (0, 0), (0.3, 1), (9, 1)) * np.sin(2 * np.pi * 5.2 * clock(n)))
    f0 = f0 * (1 + 0.002 * wander(rng, n, 12, -1, 1)) * env(n, (0, 0.98), (attack_s, 1), (d, 1))
    dull = voiced(f0, formants, tilt_db - swell_db)
    bright = voiced(f0, formants, tilt_db)
    if odd:
        second = voiced(2 * f0, formants, tilt_db)
        bright = bright - 0.5 * second * float(np.dot(bright, second) / np.dot(second, second)) * 2
        dull = bright
    return (shape * (dull * (1 - shape**2) + bright * shape**2)) + breath * shape**0.5 * shaped(
        rng, n, band(*breath_hz, 1)
    )


def tune(
    rng: Rng, shift: int, formants: Formants, tilt_db: float, wet: float = 0.25, beat_s: float = 0.62, **how: object
) -> Samples:
    """The common tune, moved by `shift` semitones, in a hall."""
    notes = [(b, m + shift, d) for b, m, d in TUNE]
    out = play(notes, beat_s, 8, lambda f, s: blown(rng, f, s, formants, tilt_db, **how))  # type: ignore[arg-type]
    return room(rng, out, 1.4, wet, 5000)


@sound(
    "flute",
    "a flute;a flautist;a recorder",
    "Flute;Wind instrument, woodwind instrument",
    "a flute tune",
    steady=True,
)
def flute(rng: Rng) -> Samples:
    return tune(rng, 12, [(800, 900, 1), (1800, 1200, 0.4)], -7, vibrato=0.007, breath=0.09, attack_s=0.06)


@sound(
    "ocarina",
    "an ocarina;a clay whistle;a panpipe",
    "Flute;Wind instrument, woodwind instrument;Whistling;Whistle",
    "an ocarina tune",
    steady=True,
)
def ocarina(rng: Rng) -> Samples:
    return tune(rng, 14, [(900, 700, 1)], -16, vibrato=0.006, breath=0.05, attack_s=0.04)


@sound(
    "clarinet",
    "a clarinet;a clarinettist",
    "Clarinet;Wind instrument, woodwind instrument;Saxophone",
    "a clarinet tune",
    steady=True,
)
def clarinet(rng: Rng) -> Samples:
    return tune(
        rng, -2, [(500, 700, 1), (1500, 900, 0.6), (2800, 1300, 0.25)], -3, odd=True, vibrato=0.0015, breath=0.02
    )


@sound(
    "saxophone",
    "a saxophone;a saxophonist;a jazz band",
    "Saxophone;Jazz;Wind instrument, woodwind instrument;Clarinet",
    "a saxophone tune",
    steady=True,
)
def saxophone(rng: Rng) -> Samples:
    def reed(f: float, s: float) -> Samples:
        """A reed beats against a cone: all harmonics, a scoop into the note, a late vibrato, a throaty edge."""
        n = length(s + 0.08)
        d = n / RATE
        f0 = f * env(n, (0, 0.955), (0.09, 1), (d, 1))
        f0 *= 1 + 0.012 * env(n, (0, 0), (0.25, 0.2), (0.6, 1), (9, 1)) * np.sin(2 * np.pi * 5.3 * clock(n))
        loud = env(n, (0, 0), (0.04, 0.8), (0.12, 1), (max(d - 0.1, 0.13), 0.8), (d + 0.001, 0))
        buzz = glottis(rng, f0, open_share=0.35, jitter=0.01, shimmer=0.1, breath=0.4)
        bore = straight(buzz, peaks([700, 1500, 2600, 4200], [700, 900, 1400, 2500], [1, 0.9, 0.6, 0.35], 0.1))
        tone = unit(straight(bore, tilt(2))) * loud
        return tone + 0.05 * loud**0.5 * shaped(rng, n, band(1200, 7000, 1))

    notes = [(b, m - 3, d) for b, m, d in TUNE]
    return air(rng, room(rng, play(notes, 0.62, 8, reed), 1.2, 0.25, 5000), 0.003)


@sound(
    "trumpet",
    "a trumpet;a trumpeter;a brass band",
    "Trumpet;Brass instrument;Trombone",
    "a trumpet tune",
    steady=True,
)
def trumpet(rng: Rng) -> Samples:
    return tune(
        rng, 7, [(1250, 900, 1), (2600, 1500, 0.6)], -0.5, vibrato=0.005, attack_s=0.035, breath=0.015, swell_db=9
    )


@sound(
    "trombone",
    "a trombone;a trombonist;a marching band",
    "Trombone;Brass instrument;Trumpet;French horn",
    "a trombone tune",
    steady=True,
)
def trombone(rng: Rng) -> Samples:
    return tune(
        rng,
        -10,
        [(520, 450, 1), (1200, 900, 0.6), (2400, 1500, 0.25)],
        -1.5,
        vibrato=0.004,
        attack_s=0.05,
        breath=0.015,
        swell_db=9,
    )


@sound(
    "french horn",
    "a french horn;an alphorn;a horn player",
    "French horn;Brass instrument;Trombone;Shofar",
    "a horn tune",
    steady=True,
)
def french_horn(rng: Rng) -> Samples:
    return tune(
        rng, -7, [(380, 350, 1), (800, 600, 0.4)], -6, 0.4, vibrato=0.002, attack_s=0.07, breath=0.01, swell_db=8
    )


@sound(
    "tuba",
    "a tuba;a tuba player;a brass instrument",
    "Brass instrument;Trombone;French horn",
    "a tuba tune",
    steady=True,
)
def tuba(rng: Rng) -> Samples:
    def lips(f: float, s: float) -> Samples:
        """Lips that open wider, and clip harder, the louder it is; a wide bore that swallows the highs."""
        n = length(s + 0.1)
        d = n / RATE
        f0 = f * env(n, (0, 0.97), (0.07, 1), (d, 1)) * (1 + 0.003 * wander(rng, n, 9, -1, 1))
        loud = env(n, (0, 0), (0.07, 0.9), (0.15, 1), (max(d - 0.12, 0.16), 0.75), (d + 0.001, 0))
        buzz = glottis(rng, f0, open_share=0.5, jitter=0.004, shimmer=0.03, breath=0.08)
        bell = straight(buzz, peaks([230, 420, 750, 1300], [200, 300, 500, 900], [1, 0.7, 0.35, 0.12], 0.01))
        return unit(bell) * loud + 0.02 * loud * shaped(rng, n, band(300, 2500, 1))

    notes = [(b, m - 19, 0.9 * d) for b, m, d in TUNE]
    return air(rng, room(rng, play(notes, 0.55, 8, lips), 1.3, 0.3, 4000), 0.003)


@sound(
    "harmonica", "a harmonica;a person playing the harmonica", "Harmonica;Accordion", "a blues phrase", steady=True
)
def harmonica(rng: Rng) -> Samples:
    out = np.zeros(length(4.96))
    formants: Formants = [(1100, 700, 1), (2500, 1200, 0.8), (4500, 2000, 0.3)]
    for shift in (12, 16):
        out += tune(rng, shift, formants, -1.5, 0.1, vibrato=0.012, attack_s=0.04, breath=0.04)
    t = clock(len(out))
    return out * (1 + 0.25 * np.sin(2 * np.pi * 5.04 * t))


@sound("accordion", "an accordion;an accordionist;a street musician", "Accordion;Harmonica", "a waltz", steady=True)
def accordion(rng: Rng) -> Samples:
    def reed(f: float, s: float) -> Samples:
        """Three free reeds a few beats apart: each chops the air into sharp puffs and starts late and flat."""
        n = length(s)
        slow = 0.02 + 4 / f
        out = np.zeros(n)
        for apart in (-2.4, 0.0, 2.7):
            pitch = (f + apart) * env(n, (0, 0.992), (slow, 1), (s, 1)) * (1 + 0.001 * wander(rng, n, 9, -1, 1))
            out += glottis(rng, pitch, open_share=0.3, jitter=0.001, shimmer=0.01, breath=0.05)
        box = straight(out, tilt(3), peaks([550, 1300, 2700, 4500], [500, 900, 1600, 2500], [1, 0.9, 0.6, 0.3], 0.1))
        return unit(box) * env(n, (0, 0), (slow, 0.9), (s - 0.05, 1), (s, 0))

    melody = [
        (0, 72, 1),
        (1, 76, 1),
        (2, 79, 1),
        (3, 77, 2),
        (5, 76, 1),
        (6, 74, 1),
        (7, 77, 1),
        (8, 81, 1),
        (9, 79, 2),
        (11, 76, 1),
    ]
    bass = [
        (b, m, 0.8)
        for k, root in enumerate((48, 53, 50, 48))
        for b, m in (
            (3 * k, root),
            (3 * k + 1, root + 16),
            (3 * k + 1, root + 19),
            (3 * k + 2, root + 16),
            (3 * k + 2, root + 19),
        )
    ]
    melody += [(b, m - (3 if m % 12 in (4, 9, 11) else 4), d) for b, m, d in melody]  # in thirds
    both = play(melody, 0.42, 12, reed) + 0.35 * play(bass, 0.42, 12, reed)
    bellows = wander(rng, len(both), 1.2, 0.7, 1.05)
    return air(rng, room(rng, both * bellows, 0.9, 0.25), 0.004)


@sound("bagpipes", "bagpipes;a bagpiper;a man in a kilt", "Bagpipes", "chanter over drones", steady=True)
def bagpipes(rng: Rng) -> Samples:
    n = length(4.8)
    out = np.zeros(n)
    for f, g in ((116.5, 0.5), (233.5, 0.35), (234.1, 0.35)):
        out += g * voiced(
            np.full(n, f) * (1 + 0.001 * wander(rng, n, 3, -1, 1)),
            [(700, 900, 1), (1900, 1300, 0.7)],
            -1,
            0.12,
            whole=True,
        )
    at = 0.0
    for midi, d in (
        (70, 0.6),
        (72, 0.3),
        (74, 0.3),
        (75, 0.6),
        (77, 0.6),
        (79, 0.3),
        (77, 0.3),
        (74, 0.6),
        (72, 0.6),
        (70, 0.6),
    ):
        m = length(d)
        note = voiced(np.full(m, hertz(midi)), [(1300, 800, 1), (2700, 1500, 0.9)], 0, 0.15) * env(
            m, (0, 0.3), (0.02, 1), (d - 0.01, 1), (d, 0.3)
        )
        grace = voiced(np.full(length(0.035), hertz(79)), [(1500, 900, 1), (2800, 1500, 0.9)], 0, 0.15)
        put(out, note, at, 1.0)
        put(out, grace, at, 0.7)
        at += d
    return room(rng, out, 0.8, 0.2)


@sound(
    "pipe organ",
    "a pipe organ;an organ in a church;the inside of a cathedral",
    "Organ;Electronic organ;Hammond organ;Keyboard (musical)",
    "slow chords",
    steady=True,
)
def pipe_organ(rng: Rng) -> Samples:
    def pipe(f: float, s: float) -> Samples:
        n = length(s + 0.1)
        shape = env(n, (0, 0), (0.06, 1), (s, 1), (s + 0.1, 0))
        ranks = ((0.5, 0.6), (1, 1), (2, 0.7), (3, 0.3), (4, 0.45), (6, 0.15), (8, 0.2))
        return (
            sum(
                (
                    g * np.sin(2 * np.pi * f * r * clock(n) + r) + 0.2 * g * np.sin(4 * np.pi * f * r * clock(n))
                    for r, g in ranks
                    if f * r < 9000
                ),
                np.zeros(n),
            )
            * shape
        )

    chords = (
        (0, 2, (36, 60, 64, 67, 72)),
        (2, 2, (41, 60, 65, 69, 72)),
        (4, 2, (43, 59, 62, 67, 74)),
        (6, 2, (36, 60, 64, 67, 72)),
    )
    notes = [(b, m, d) for b, d, chord in chords for m in chord]
    return room(rng, play(notes, 0.8, 8, pipe), 3.0, 0.5, 5000)


@sound(
    "didgeridoo", "a didgeridoo;a man playing a didgeridoo", "Didgeridoo", "a circular-breathing drone", steady=True
)
def didgeridoo(rng: Rng) -> Samples:
    n = length(5)
    breaths = 0.5 - 0.5 * np.cos(2 * np.pi * clock(n) / 2.5)  # the cheeks take over while the nose draws air
    puff = np.clip(breaths * 6, 0.08, 1)
    f0 = 68 * (1 + 0.01 * wander(rng, n, 3, -1, 1)) * (1 + 0.03 * (1 - puff))
    lips = straight(glottis(rng, f0, open_share=0.55, jitter=0.006, shimmer=0.06, breath=0.15), tilt(2, 60))
    rhythm = np.sin(2 * np.pi * 3.2 * clock(n)) * wander(rng, n, 1.5, 0.4, 1)
    tongue = 1150 + 650 * rhythm  # the mouth behind the lips colours the drone
    sung = resonate(lips, tongue, np.full(n, 160.0)) + 0.5 * resonate(lips, 1.9 * tongue, np.full(n, 260.0))
    pipe = straight(lips, peaks([68, 205, 345, 490], [30, 50, 70, 90], [1, 0.8, 0.6, 0.4], 0.05))
    drone = (unit(pipe) + 0.8 * unit(sung)) * puff * (1 + 0.25 * rhythm)
    sniff = shaped(rng, n, band(600, 4000, 1)) * (1 - puff)
    return turned(air(rng, room(rng, drone + 0.12 * sniff, 0.7, 0.2), 0.004), 1.25)


@sound(
    "alphorn",
    "an alphorn;a man with an alphorn in the mountains;a long wooden horn",
    "French horn;Brass instrument;Shofar;Trombone;Foghorn;Didgeridoo",
    "a call across a valley",
    steady=True,
)
def alphorn(rng: Rng) -> Samples:
    notes: tuple[Note, ...] = ((0, 53, 2), (2, 60, 1), (3, 65, 2), (5, 62, 0.5), (5.5, 60, 1.5))
    out = play(
        notes,
        0.75,
        8,
        lambda f, s: blown(rng, f, s, [(330, 400, 1), (900, 700, 0.3)], -4, attack_s=0.09, vibrato=0.002, swell_db=8),
    )
    return room(rng, filtered(out, peaks([400], [1500], [1], 0.2)), 2.5, 0.6, 3000)
