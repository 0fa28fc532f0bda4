"""A throat: a train of glottal pulses, rough as in an animal, through a tube that opens at the mouth.

The source is Rosenberg's pulse (JASA 49, 1971: a raised cosine up, a quarter cosine down), differentiated for the
radiation from the mouth. The tube is a cascade of resonators (Klatt, JASA 67(3), 1980) at the odd quarter waves of
its length when the mouth is a plain end, and nearer to the half waves the wider the mouth flares.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import resample_poly

from .noise import RATE, Curve, Rng, Samples, resonate, shaped, straight, tilt, unit, wander

SOUND_M_S = 350.0  # warm and moist, as in a throat
OVERSAMPLING = 4  # so that the corner at closure doesn't fold back


def per_cycle(rng: Rng, turn: Samples, amount: float) -> Samples:
    """A random factor about 1 that stays the same through each cycle of `turn` (in cycles)."""
    values = 1 + amount * rng.standard_normal(int(turn[-1]) + 2)
    return np.asarray(np.maximum(values, 0.05)[turn.astype(int)])


def glottis(
    rng: Rng,
    f0_hz: Samples,
    *,
    open_share: float = 0.6,
    jitter: float = 0.01,
    shimmer: float = 0.06,
    every_other: Curve = 0.0,
    breath: float = 0.08,
) -> Samples:
    """Pulses at `f0_hz`, RMS 1: `jitter` and `shimmer` are the unevenness of period and strength from cycle to cycle,
    `every_other` weakens each second cycle (the subharmonics of a roar), `breath` is noise that blows while it is
    open."""
    n = len(f0_hz) * OVERSAMPLING
    f0 = np.interp(np.arange(n) / OVERSAMPLING, np.arange(len(f0_hz)), f0_hz)
    steady = np.cumsum(f0) / (RATE * OVERSAMPLING)
    turn = np.cumsum(f0 * per_cycle(rng, steady, jitter)) / (RATE * OVERSAMPLING)
    share = turn % 1.0
    rise, fall = open_share * 0.67, open_share * 0.33
    opening = 0.5 - 0.5 * np.cos(np.pi * np.minimum(share / rise, 1))
    closing = np.cos(np.pi / 2 * np.clip((share - rise) / fall, 0, 1))
    flow = np.where(share < rise, opening, closing) * per_cycle(rng, turn, shimmer)
    weak = np.interp(np.arange(n) / OVERSAMPLING, np.arange(len(f0_hz)), np.broadcast_to(every_other, len(f0_hz)))
    flow *= 1 - weak * (turn.astype(int) % 2)
    pulses = unit(np.diff(resample_poly(flow, 1, OVERSAMPLING)[: len(f0_hz)], prepend=0.0))
    blown = unit(rng.standard_normal(len(f0_hz))) * flow[::OVERSAMPLING]
    return unit(pulses + breath * blown / max(1e-9, float(np.sqrt(np.mean(blown**2)))))


def tract(x: Samples, tube_m: float, mouth: Samples, top_hz: float = 9000.0, damping: float = 0.07) -> Samples:
    """`x` through a tube of `tube_m`; `mouth` runs from -0.7 (nearly shut: the first resonance sinks) over 0 (as wide
    as the tube) to 1 (flared). `damping` is a resonance's width over its pitch; 50 Hz are added for the walls."""
    quarter = SOUND_M_S / (4 * tube_m)
    y = x
    for k in range(1, int(top_hz / (2 * quarter)) + 1):
        f = quarter * (2 * k - 1 + mouth)
        y = resonate(y, f, 50 + damping * f)
    return y


def call(
    rng: Rng,
    f0_hz: Samples,
    shape: Samples,
    tube_m: float,
    mouth: Samples,
    *,
    open_share: float = 0.6,
    jitter: float = 0.01,
    shimmer: float = 0.06,
    every_other: Curve = 0.0,
    breath: float = 0.08,
    hoarse: float = 0.0,
    damping: float = 0.07,
    pressed_db: float = 3.0,
) -> Samples:
    """One call, peak 1: pitch, loudness (`shape`) and mouth are curves of the same length.

    `hoarse` is noise made in the throat itself, coloured by the tube like the voice; `pressed_db` per octave is what
    a forced voice has more of its highs than Rosenberg's soft pulse.
    """
    voice = glottis(
        rng,
        f0_hz * (1 + 0.006 * wander(rng, len(f0_hz), 14, -1, 1)),
        open_share=open_share,
        jitter=jitter,
        shimmer=shimmer,
        every_other=every_other,
        breath=breath,
    )
    voice = unit(straight(voice, tilt(pressed_db, 60)))
    x = (voice + hoarse * rng.standard_normal(len(voice))) * shape
    out = tract(x, tube_m, mouth, damping=damping)
    return np.asarray(out / np.abs(out).max())


def field(rng: Rng, x: Samples, gain: float = 0.006) -> Samples:
    """The open air under a recording: wind and distance, RMS `gain` of the peak."""
    return x + gain * float(np.abs(x).max()) * shaped(rng, len(x), tilt(-4, 80))
