"""A thunderstorm over fields: rain, and lightning that strikes twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sonify.demo.drawing import (
    ASPECT,
    HEIGHT_PX,
    WIDTH_PX,
    Light,
    Plane,
    axes,
    blur,
    mix,
    noise,
    rgb,
    sample,
    smoothstep,
    splat,
    tint,
)

HORIZON = 0.70


@dataclass(frozen=True, slots=True)
class Strike:
    """One stroke of lightning: when, from where in the cloud to where on the ground, and how strong."""

    at_s: float
    top_x: float
    foot_x: float
    power: float
    seed: int


STRIKES = (
    Strike(1.00, 1.20, 1.33, 1.0, 61),
    Strike(2.30, 0.55, 0.42, 1.15, 67),
)


def _strength(strike: Strike, t: float) -> float:
    """A sharp first stroke and two weaker ones through the same channel, as cameras see it."""
    total = 0.0
    for delay, part, fade in ((0.0, 1.0, 0.07), (0.125, 0.65, 0.05), (0.25, 0.4, 0.13)):
        age = t - strike.at_s - delay
        if age >= 0:
            total += part * float(np.exp(-age / fade))
    return total * strike.power


@cache
def _channel(strike: Strike) -> tuple[Plane, Plane, Plane]:
    """Points x [n], y [n] along the bolt and its branches, and the brightness [n] of each."""
    rng = np.random.default_rng(strike.seed)
    xs, ys, glow = [], [], []

    def jagged(start: tuple[float, float], end: tuple[float, float], rough: float, bright: float, forks: int) -> None:
        points = np.array([start, end])
        sway = rough
        for _ in range(7):
            middle = (points[1:] + points[:-1]) / 2
            middle[:, 0] += rng.normal(0, sway, len(middle))
            middle[:, 1] += rng.normal(0, sway * 0.35, len(middle))
            points = np.insert(points, np.arange(1, len(points)), middle, axis=0)
            sway *= 0.54
        fine = np.linspace(0, len(points) - 1, len(points) * 5)
        xs.append(np.interp(fine, np.arange(len(points)), points[:, 0]))
        ys.append(np.interp(fine, np.arange(len(points)), points[:, 1]))
        glow.append(np.linspace(bright, bright * (0.9 if forks else 0.15), len(fine)))
        for _ in range(forks):
            root = points[int(rng.uniform(0.1, 0.75) * len(points))]
            side = rng.choice((-1, 1)) * rng.uniform(0.08, 0.26)
            tip = (root[0] + side, min(root[1] + rng.uniform(0.10, 0.28), HORIZON))
            jagged((root[0], root[1]), tip, rough * 0.55, bright * rng.uniform(0.2, 0.45), 0)

    jagged((strike.top_x, 0.10), (strike.foot_x, HORIZON + 0.004), 0.055, 1.0, 8)
    return tuple(np.concatenate(part).astype(np.float32) for part in (xs, ys, glow))  # type: ignore[return-value]


@cache
def _clouds() -> tuple[Light, Plane]:
    """The dark sky without lightning, and how much light each part of it throws back."""
    x, y = axes()
    depth = 0.20 / (np.maximum(HORIZON - y, 0) + 0.13)
    u, v = (x - ASPECT / 2) * depth * 0.55, depth * 0.8
    tile, fine = noise(63, 512, 1.7), noise(64, 512, 1.3)
    body = sample(tile, u, v) + 0.42 * sample(fine, u * 2.1, v * 2.1)
    relief = body - sample(tile, u, v + 0.03)
    grey = np.clip(0.070 + 0.030 * body + 0.030 * relief, 0.012, 0.3) * (0.55 + 0.75 * smoothstep(0.0, HORIZON, y))
    gleam = np.exp(-np.maximum(HORIZON - y, 0) / 0.055)
    light = tint(grey, (0.78, 0.90, 1.12)) + tint(gleam, (0.115, 0.125, 0.130))
    return light, np.clip(0.75 + 0.38 * body, 0.1, 2)


def _sky(t: float) -> Light:
    x, y = axes()
    light, answer = _clouds()
    flash = np.zeros_like(x)
    for strike in STRIKES:
        power = _strength(strike, t)
        if power > 0.003:
            near = np.exp(-np.hypot((x - strike.top_x) * 0.7, y - 0.12) / 0.33)
            flash += np.float32(power) * (np.float32(0.16) + near) * answer
    return light + tint(flash * np.float32(0.60), (0.72, 0.76, 1.0))


@cache
def _land() -> tuple[Light, Plane, Plane]:
    """The colour of the fields in even light, how wet each place is, and the black of hills and trees."""
    x, y = axes()
    below = np.maximum(y - HORIZON, 0.002)
    far = 0.11 / below
    across = (x - ASPECT * 0.5) * far
    blades = 0.6 * sample(noise(65, 512, 0.7), across * 0.9, far * 0.8) + 0.5 * sample(
        noise(66, 512, 0.35), across * 0.35, far * 0.45
    )
    blades *= np.exp(-far * 0.06)
    bend = 0.30 * np.sin(far * 0.55) - 0.12
    track = smoothstep(0.34, 0.22, np.abs(across - bend))
    ruts = smoothstep(0.07, 0.02, np.abs(np.abs(across - bend) - 0.15)) * track
    grass = np.clip(0.65 + 0.36 * blades, 0.05, 2)[..., None] * rgb(0.060, 0.072, 0.044)
    earth = np.clip(0.70 + 0.30 * blades, 0.05, 2)[..., None] * rgb(0.080, 0.072, 0.062)
    colour = mix(grass, earth, track)
    puddles = ruts * smoothstep(-0.4, 0.6, sample(noise(63, 512, 1.7), across * 0.2, far * 0.10))
    ridge = HORIZON - 0.022 - 0.013 * sample(noise(68, 256, 1.8), x * 0.25, np.full_like(x, 0.1))
    woods = ridge - 0.010 * np.abs(sample(noise(66, 512, 0.35), x * 0.4, np.full_like(x, 0.6)))
    dark = smoothstep(-0.0015, 0.0015, y - woods) * (y < HORIZON + 0.004)
    leaves = noise(69, 512, 1.0)
    for at, foot, size in ((0.235, 0.80, 0.20), (1.60, 0.735, 0.085), (1.51, 0.728, 0.06)):
        dx, dy = (x - at) / size, (y - foot) / size
        crown = 1 - np.hypot(dx * 1.35, (dy + 0.95) * 1.25) * 1.25 + 0.30 * sample(leaves, x * 1.7, y * 1.7)
        stem = np.abs(dx + 0.03 * np.sin(dy * 5)) * (1.0 + 0.2 * dy)
        trunk = smoothstep(0.065, 0.045, stem) * (dy < 0) * (dy > -0.9)
        dark = np.maximum(dark, np.maximum(smoothstep(0.02, 0.12, crown), trunk))
    return colour, np.asarray(puddles, np.float32), np.asarray(dark, np.float32)


_RAIN = (
    (71, 900, 1.5, 0.035, 0.020),
    (72, 420, 2.1, 0.062, 0.034),
    (73, 130, 2.9, 0.105, 0.050),
)
"""Far, middle, near: seed, drops, fall (picture heights per second), length of a streak, brightness."""


def _rain(t: float) -> Light:
    """Streaks at three depths, all slanting with the wind: [H, W, 1]."""
    xs, ys, powers = [], [], []
    for seed, count, speed, length, bright in _RAIN:
        rng = np.random.default_rng(seed)
        x0, y0 = rng.uniform(-0.2, ASPECT + 0.2, count), rng.uniform(0, 1.3, count)
        fall = (y0 + speed * t) % 1.3 - 0.15
        steps = np.arange(0, length, 0.0026)
        ys.append((fall[:, None] - steps).ravel())
        xs.append(((x0 + 0.16 * (fall - 0.5))[:, None] - 0.16 * steps).ravel())
        powers.append((rng.uniform(0.4, 1.0, count)[:, None] * np.ones_like(steps) * bright).ravel())
    return splat(np.concatenate(xs), np.concatenate(ys), np.concatenate(powers).astype(np.float32)[:, None])


def draw(t: float) -> Light:
    """The storm at `t` seconds."""
    _, y = axes()
    light = _sky(t)
    flash = sum(_strength(strike, t) for strike in STRIKES)
    colour, puddles, dark = _land()
    first = int(HORIZON * HEIGHT_PX)
    lit = 0.75 + 3.6 * flash
    ground = colour[first:] * rgb(0.85, 0.95, 1.15) * np.float32(lit)
    rows = np.clip((2 * HORIZON - y[first:]) * HEIGHT_PX * 1.0 - 40, 0, first - 1).astype(np.int64)
    mirror = light[rows, np.broadcast_to(np.arange(WIDTH_PX), rows.shape)] * 0.9
    light[first:] = mix(ground, mirror, puddles[first:])
    haze = np.exp(-np.maximum(y - HORIZON, 0) / 0.03) * (y >= HORIZON) * 0.55
    light = mix(light, rgb(0.085, 0.095, 0.105) * np.float32(1 + 2.5 * flash), haze)
    bolt = np.zeros_like(light)
    for strike in STRIKES:
        power = _strength(strike, t)
        if power > 0.02:
            px, py, glow = _channel(strike)
            bolt += splat(px, py, glow[:, None] * rgb(2.6, 2.7, 3.2) * np.float32(power))
    if bolt.any():
        light = light + (bolt + blur(bolt, 4) * 1.3 + blur(bolt, 20) * 1.8) * (y < HORIZON + 0.006)[..., None]
    light = mix(light, rgb(0.010, 0.014, 0.014) * np.float32(1 + 1.5 * flash), dark * np.float32(0.97))
    veil = smoothstep(0.25, 0.8, y) * np.float32(0.12)
    light = mix(light, rgb(0.10, 0.11, 0.125) * np.float32(1 + 2.0 * flash), veil)
    return np.asarray(light + _rain(t) * rgb(0.9, 0.96, 1.05) * np.float32(1 + 5 * flash), np.float32)
