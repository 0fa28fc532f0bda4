"""Primitives. Every buffer is float64, shape [samples] (mono) or [samples, 2], at `RATE` Hz.

A steady sound must loop, so all of it lives on a circle: noise is shaped in the frequency domain (periodic by
construction), filters are circular, and events that run over the end are wrapped round to the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

RATE = 48_000

Samples = NDArray[np.float64]
Gain = Callable[[Samples], Samples]
Rng = np.random.Generator
Curve = float | Samples


def length(duration_s: float) -> int:
    """Whole number of samples nearest to `duration_s`."""
    return round(duration_s * RATE)


def clock(n: int) -> Samples:
    """Time of each of `n` samples, in seconds."""
    return np.arange(n) / RATE


def band(low_hz: float, high_hz: float, order: int = 2) -> Gain:
    """Magnitude of a Butterworth band-pass; `low_hz` 0 makes it a low-pass, `high_hz` inf a high-pass."""

    def gain(f: Samples) -> Samples:
        g = np.ones_like(f)
        if low_hz > 0:
            g /= np.sqrt(1 + (low_hz / np.maximum(f, 1e-3)) ** (2 * order))
        if np.isfinite(high_hz):
            g /= np.sqrt(1 + (f / high_hz) ** (2 * order))
        return g

    return gain


def tilt(db_per_octave: float, low_hz: float = 20.0) -> Gain:
    """Straight line on a log-log plot, flat below `low_hz`: -3 is pink, -6 is brown."""
    return lambda f: (np.maximum(f, low_hz) / 1000.0) ** (db_per_octave / 6.0206)


def peaks(
    centres_hz: Sequence[float], widths_hz: Sequence[float], gains: Sequence[float], floor: float = 0.0
) -> Gain:
    """Sum of resonances (formants, body modes) over a flat floor."""

    def gain(f: Samples) -> Samples:
        g = np.full_like(f, floor)
        for c, w, a in zip(centres_hz, widths_hz, gains, strict=True):
            g += a / (1 + ((f - c) / (w / 2)) ** 2)
        return g

    return gain


def both(*gains: Gain) -> Gain:
    """Product of magnitude responses."""

    def gain(f: Samples) -> Samples:
        g = np.ones_like(f)
        for each in gains:
            g = g * each(f)
        return g

    return gain


def unit(x: Samples) -> Samples:
    """The same sound at RMS 1."""
    rms = float(np.sqrt(np.mean(x**2)))
    return x / rms if rms > 0 else x


def peak(x: Samples, to: float = 1.0) -> Samples:
    """The same sound with its largest sample at `to`."""
    top = float(np.abs(x).max(initial=0.0))
    return x * (to / top) if top > 0 else x


def shaped(rng: Rng, n: int, *gains: Gain) -> Samples:
    """Periodic Gaussian noise of RMS 1 with the given magnitude response."""
    return unit(filtered(rng.standard_normal(n), *gains))


def filtered(x: Samples, *gains: Gain) -> Samples:
    """Circular zero-phase filtering; the mean is removed."""
    spectrum = np.fft.rfft(x)
    g = both(*gains)(np.fft.rfftfreq(len(x), 1 / RATE))
    g[0] = 0.0
    return np.asarray(np.fft.irfft(spectrum * g, len(x)))


def straight(x: Samples, *gains: Gain) -> Samples:
    """Filtering without wrap-round, for events."""
    pad = RATE // 4
    return filtered(np.concatenate([np.zeros(pad), x, np.zeros(pad)]), *gains)[pad : pad + len(x)]


def wander(rng: Rng, n: int, rate_hz: float, low: float, high: float) -> Samples:
    """Periodic smooth random curve within [low, high] that turns about `rate_hz` times a second."""
    raw = rng.standard_normal(n)
    f = np.fft.rfftfreq(n, 1 / RATE)
    spectrum = np.fft.rfft(raw) * np.exp(-((f / rate_hz) ** 2))
    spectrum[0] = 0
    curve = unit(np.fft.irfft(spectrum, n))
    return low + (high - low) * (0.5 + 0.5 * np.tanh(0.9 * curve))


def env(n: int, *points: tuple[float, float]) -> Samples:
    """Straight lines through (time in seconds, value)."""
    at, value = zip(*points, strict=True)
    return np.asarray(np.interp(clock(n), at, value))


def decay(n: int, t60_s: float) -> Samples:
    """Exponential fall of 60 dB in `t60_s`."""
    return np.exp(-6.9078 * clock(n) / t60_s)


def edges(x: Samples, fade_in_s: float = 0.001, fade_out_s: float = 0.02) -> Samples:
    """Raised-cosine ends, so that an event starts and stops without a click."""
    y = x.copy()
    a, b = max(1, length(fade_in_s)), max(1, length(fade_out_s))
    y[:a] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(a) / a)
    y[-b:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(b) + 1) / b)
    return y


def put(out: Samples, grain: Samples, at_s: float, gain: float = 1.0, wrap: bool = True) -> None:
    """Add `grain` to `out` in place; what runs over the end wraps to the start, or is cut off."""
    start = round(at_s * RATE)
    if wrap:
        start %= len(out)
    while len(grain) and start < len(out):
        take = min(len(grain), len(out) - start)
        out[start : start + take] += gain * grain[:take]
        grain, start = grain[take:], 0
        if not wrap:
            return


def modal(freqs_hz: Sequence[float], t60s_s: Sequence[float], gains: Sequence[float], n: int) -> Samples:
    """A struck body: decaying sines that start together at zero phase."""
    t = clock(n)
    out = np.zeros(n)
    for f, d, g in zip(freqs_hz, t60s_s, gains, strict=True):
        if f < RATE * 0.45:
            out += g * np.sin(2 * np.pi * f * t) * np.exp(-6.9078 * t / d)
    return out


def plate(
    rng: Rng, n: int, low_hz: float, high_hz: float, count: int, t60_s: tuple[float, float], tilt_db: float = -3.0
) -> Samples:
    """A struck solid: many modes at random between two pitches. `t60_s` is the decay at the lowest and the highest;
    `tilt_db` per octave is the fall of strength with pitch. Peak 1."""
    f = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz), count))
    share = np.log(f / low_hz) / np.log(high_hz / low_hz)
    t60 = np.exp((1 - share) * np.log(t60_s[0]) + share * np.log(t60_s[1])) * rng.uniform(0.7, 1.3, count)
    gains = (f / low_hz) ** (tilt_db / 6.0206) * rng.uniform(0.4, 1, count) * rng.choice([-1, 1], count)
    return peak(modal(list(f), list(t60), list(gains), n))


def strike(
    rng: Rng,
    n: int,
    pitch_hz: tuple[float, float],
    t60_s: tuple[float, float] = (0.06, 0.016),
    tilt_db: float = -2.5,
    noise: float = 0.25,
    noise_hz: tuple[float, float] = (450.0, 5000.0),
    noise_t60_s: float = 0.025,
) -> Samples:
    """One solid hits another: a plate of 30 modes, and the noise of the contact."""
    body = plate(rng, n, *pitch_hz, 30, t60_s, tilt_db)
    return body + noise * peak(burst(rng, n, noise_t60_s, band(*noise_hz, 1)))


def burst(rng: Rng, n: int, t60_s: float, *gains: Gain) -> Samples:
    """Noise that starts at once and falls 60 dB in `t60_s`."""
    return straight(rng.standard_normal(n), *gains) * decay(n, t60_s)


def room(rng: Rng, x: Samples, t60_s: float, wet: float, high_hz: float = 6000.0, ring: bool = True) -> Samples:
    """Diffuse reverberation. With `ring` the tail wraps round (loops); without, the sound keeps its length."""
    m = min(length(t60_s), len(x)) if ring else length(t60_s)
    response = unit(burst(rng, m, t60_s, band(80, high_hz, 1))) / np.sqrt(m)
    size = len(x) if ring else len(x) + m
    late = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(response, size), size)[: len(x)]
    return x + wet * np.asarray(late)


def air(rng: Rng, x: Samples, gain: float) -> Samples:
    """The quiet that a microphone hears anyway: brown noise at RMS `gain` under a sound of any peak."""
    return x + gain * float(np.abs(x).max()) * shaped(rng, len(x), tilt(-5, 60))


def phase(f0_hz: Samples, whole: bool = False) -> Samples:
    """Running phase in radians of a frequency curve; `whole` bends it to a whole number of turns (for loops)."""
    turns = np.concatenate([[0.0], np.cumsum(f0_hz[:-1])]) / RATE
    if whole:
        total = float(f0_hz.sum()) / RATE
        turns = turns * (max(1, round(total)) / total)
    return 2 * np.pi * turns


def voiced(
    f0_hz: Samples,
    formants: Sequence[tuple[Curve, float, float]],
    tilt_db: float = -6.0,
    floor: float = 0.02,
    top_hz: float = 14_000.0,
    whole: bool = False,
) -> Samples:
    """Harmonics of a moving pitch under moving formants.

    `formants`: (centre in Hz, width in Hz, gain); `tilt_db` per octave is the source's fall; `floor` is what passes
    between formants. RMS 1.
    """
    turn = phase(f0_hz, whole)
    out = np.zeros(len(f0_hz))
    for k in range(1, int(top_hz / float(f0_hz.min())) + 1):
        f = k * f0_hz
        g = np.full(len(f), floor)
        for centre, width, gain in formants:
            g += gain / np.sqrt(1 + ((f - centre) / (width / 2)) ** 2) ** 2
        g *= k ** (tilt_db / 6.0206) * np.clip((top_hz - f) / 1000.0, 0, 1)
        out += g * np.sin(k * turn)
    return unit(out)


def string(rng: Rng, f0_hz: float, n: int, t60_s: float, bright: float = 0.5, pick: float = 0.13) -> Samples:
    """Plucked string after Karplus and Strong (Computer Music Journal 7(2), 1983), tuned with a two-point filter.

    `bright` in (0, 1] softens the pluck; `pick` is where it is plucked, as a share of the string.
    """
    period = RATE / f0_hz - 1  # the smoothing filter is one sample late
    whole = int(period)
    loss = 10 ** (-3.0 / (f0_hz * t60_s))
    shape = lfilter([bright], [1, bright - 1], rng.uniform(-1, 1, whole + 1))
    gap = max(1, round(pick * period))
    excite = np.zeros(n)
    excite[: whole + 1] = shape[:n]
    excite[gap:] -= 0.9 * excite[:-gap].copy()
    taps = np.convolve([0.04, 0.92, 0.04], [1 - (period - whole), period - whole])
    feedback = np.zeros(whole + 4)
    feedback[0] = 1.0
    feedback[whole : whole + 4] -= loss * taps
    return peak(np.asarray(lfilter([1.0], feedback, excite)))


def times(rng: Rng, duration_s: float, per_s: float) -> Samples:
    """Random (Poisson) instants on a circle of `duration_s`."""
    return np.sort(rng.uniform(0, duration_s, rng.poisson(duration_s * per_s)))


def wide(left: Samples, right: Samples) -> Samples:
    """Two channels side by side."""
    return np.stack([left, right], axis=1)


def pan(x: Samples, at: float) -> Samples:
    """Mono to two channels at equal power; `at` from -1 (left) to 1 (right)."""
    angle = (at + 1) * np.pi / 4
    return wide(x * np.cos(angle), x * np.sin(angle))


def resonate(x: Samples, f_hz: Samples, width_hz: Samples) -> Samples:
    """A resonator whose pitch moves (Klatt, JASA 67(3), 1980: two poles, gain 1 at 0 Hz), set anew every 2 ms."""
    step = RATE // 500
    out, state = np.empty(len(x)), np.zeros(2)
    for start in range(0, len(x), step):
        r = np.exp(-np.pi * float(width_hz[start]) / RATE)
        b, c = 2 * r * np.cos(2 * np.pi * min(float(f_hz[start]), 0.45 * RATE) / RATE), -r * r
        out[start : start + step], state = lfilter([1 - b - c], [1.0, -b, -c], x[start : start + step], zi=state)
    return out


def turned(x: Samples, s: float = 0.07) -> Samples:
    """A loop that turns `s` seconds before what begins it, so that its join isn't at an attack."""
    return np.roll(x, length(s), axis=0)
