"""Fireworks over a city at night, mirrored in the river before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sonify.demo.drawing import (
    ASPECT,
    HEIGHT_PX,
    WIDTH_PX,
    Colour,
    Light,
    Plane,
    axes,
    blank,
    blur,
    enlarge,
    mix,
    noise,
    ramp,
    rgb,
    sample,
    smoothstep,
    splat,
    tint,
)

WATERLINE = 0.90
GRAVITY = 0.075
"""Fall of the sparks, in picture heights per second squared."""


@dataclass(frozen=True, slots=True)
class Shell:
    """One firework: when and where it bursts, how wide, and its colours from the burst to the end."""

    burst_s: float
    x: float
    y: float
    reach: float
    first: Colour
    last: Colour
    sparks: int


SHELLS = (
    Shell(0.60, 0.70, 0.36, 0.40, (1.0, 0.55, 0.16), (1.0, 0.20, 0.04), 230),
    Shell(0.60, 1.32, 0.48, 0.22, (1.0, 0.80, 0.50), (1.0, 0.35, 0.10), 110),
    Shell(1.40, 1.20, 0.32, 0.40, (0.30, 0.50, 1.0), (0.50, 0.10, 1.0), 240),
    Shell(1.40, 0.36, 0.46, 0.22, (0.35, 0.90, 1.0), (0.20, 0.40, 1.0), 110),
    Shell(2.20, 0.80, 0.35, 0.45, (1.0, 0.16, 0.14), (1.0, 0.50, 0.10), 270),
    Shell(2.20, 1.48, 0.46, 0.22, (1.0, 0.35, 0.75), (0.8, 0.15, 0.5), 110),
    Shell(3.10, 1.28, 0.35, 0.38, (0.40, 1.0, 0.30), (0.90, 0.85, 0.20), 210),
    Shell(3.10, 0.46, 0.38, 0.33, (1.0, 0.75, 0.30), (1.0, 0.30, 0.55), 190),
)


def _sparks(shell: Shell, t: float) -> tuple[Plane, Plane, Light] | None:
    """Places [n], [n] and colours [n, 3] of a shell's light: the climbing rocket, then the burst with its trails."""
    age = t - shell.burst_s
    rng = np.random.default_rng(int(shell.burst_s * 1000 + shell.x * 100))
    if age < 0:
        if age < -0.5:
            return None
        back = -age + np.linspace(0, 0.07, 14)
        y = shell.y + (WATERLINE - 0.1 - shell.y) * np.clip(back / 0.6, 0, 1) ** 1.3
        x = shell.x + 0.008 * np.sin(back * 30)
        fade = np.linspace(0.5, 0.04, 14)[:, None] * rgb(1.0, 0.75, 0.45)
        return x.astype(np.float32), y.astype(np.float32), fade.astype(np.float32)
    if age > 1.9:
        return None
    up = rng.uniform(-1, 1, shell.sparks)
    turn = rng.uniform(0, 2 * np.pi, shell.sparks)
    speed = rng.normal(1.0, 0.045, shell.sparks)
    vx, vy = np.sqrt(1 - up**2) * np.cos(turn) * speed, up * speed
    life = rng.uniform(0.85, 1.4, shell.sparks)
    lag = np.linspace(0, 0.26, 36)[None, :] * np.minimum(1, 0.3 + age)
    when = np.maximum(age - lag, 0)
    # Sparks are slowed by the air: distance grows towards a limit.
    gone = shell.reach * (1 - np.exp(-3.1 * when))
    x = shell.x + vx[:, None] * gone
    y = shell.y + vy[:, None] * gone + 0.5 * GRAVITY * when**2 * 2.2
    heat = np.clip(1 - age / life, 0, 1)[:, None] ** 0.8 * np.exp(-lag * 9) * (age >= lag)
    twinkle = 1 + 0.5 * np.sin(age * 40 + turn * 9)[:, None] * (age > 0.8)
    part = min(1.0, age / 1.1)
    shade = rgb(*shell.first) * (1 - part) + rgb(*shell.last) * part
    flash = 1 + 2.5 * np.exp(-age / 0.08)
    glow = (heat * twinkle * flash * 0.72)[..., None] * shade
    return x.ravel().astype(np.float32), y.ravel().astype(np.float32), glow.reshape(-1, 3).astype(np.float32)


@cache
def _skyline() -> tuple[Plane, Light, Plane]:
    """Where buildings stand, the light of their windows, and how near each building is (0 far, 1 near)."""
    x, y = axes()
    standing, nearness = np.zeros_like(x), np.zeros_like(x)
    windows = blank()
    rng = np.random.default_rng(12)
    for layer, (low, high, wide) in enumerate(((0.06, 0.19, 0.075), (0.03, 0.11, 0.095))):
        left = -0.05
        while left < ASPECT:
            width = rng.uniform(0.5, 1.3) * wide
            middle = 1 - abs(left / ASPECT - 0.55) * 1.1
            top = WATERLINE - rng.uniform(low, high) * (0.45 + 0.75 * middle)
            body = (x > left) & (x < left + width) & (y > top) & (y < WATERLINE)
            if rng.uniform() < 0.3 and layer == 0:
                body |= (np.abs(x - left - width / 2) < 0.0022) & (y > top - 0.05) & (y < WATERLINE)
            pitch_x, pitch_y = (0.0125, 0.0165) if layer else (0.0095, 0.0130)
            ix = np.floor((x - left) / pitch_x).astype(np.int64)
            iy = np.floor((y - top) / pitch_y).astype(np.int64)
            lit_table = rng.uniform(size=(64, 64)) ** 1.5
            on = lit_table[iy % 64, ix % 64]
            fx, fy = np.mod((x - left) / pitch_x, 1), np.mod((y - top) / pitch_y, 1)
            pane = (fx > 0.25) & (fx < 0.8) & (fy > 0.25) & (fy < 0.8) & (on > 0.58)
            lamp = rgb(*((1.0, 0.72, 0.36), (1.0, 0.82, 0.55), (0.70, 0.85, 1.0))[int(rng.integers(3))])
            windows[body] = 0
            windows[body & pane] = (on[..., None] * lamp * np.float32(0.34 if layer else 0.24))[body & pane]
            standing[body] = 1
            nearness[body] = layer
            left += width + rng.uniform(0, 0.012)
    return standing, windows, nearness


def _smoke(shell: Shell, t: float) -> Plane:
    """What hangs in the air after a burst, slowly widening and drifting; a quarter of the picture's size."""
    age = t - shell.burst_s
    x, y = axes(4)
    dx, dy = x - shell.x - 0.03 * age, y - shell.y - 0.01 * age
    wide = 0.10 + 0.06 * min(age, 2.0)
    puff = sample(noise(41, 256, 1.5), x * 0.8 - t * 0.02 + shell.x, y * 0.8)
    body = np.exp(-(dx**2 + dy**2) / (2 * wide**2)) * np.clip(0.55 + 0.45 * puff, 0, 2)
    return np.asarray(body * min(1.0, age / 0.6) * np.exp(-age / 1.5), np.float32)


@cache
def _night() -> tuple[Light, Light]:
    """The empty sky, and the glow around the windows."""
    _, y = axes()
    sky = ramp(y, ((0.0, (0.004, 0.006, 0.018)), (0.55, (0.012, 0.016, 0.040)), (WATERLINE, (0.075, 0.060, 0.070))))
    return sky, blur(_skyline()[1], 6) * 0.5


def draw(t: float) -> Light:
    """The fireworks at `t` seconds."""
    x, y = axes(4)
    haze = np.zeros((*x.shape, 3), np.float32)
    sky_light = np.zeros(3, np.float32)
    points = []
    for shell in SHELLS:
        seen = _sparks(shell, t)
        if seen is not None:
            points.append(seen)
        age = t - shell.burst_s
        if age < 0:
            continue
        first = rgb(*shell.first)
        power = float(np.exp(-age / 0.10) * 1.1 + np.exp(-age / 0.6) * 0.5)
        sky_light += first * np.float32(power)
        if power > 0.01:
            away = np.hypot(x - shell.x, y - shell.y)
            haze += tint(np.exp(-away / 0.16), first * np.float32(power * 0.16))
            core = np.float32(np.exp(-age / 0.06) * 6 * shell.reach / 0.3)
            haze += tint(np.exp(-((away / 0.045) ** 2)), mix(first, (1, 1, 1), 0.5) * core)
        haze += tint(_smoke(shell, t), rgb(*shell.last) * np.float32(0.010) + sky_light * np.float32(0.022) + 0.003)
    sky, window_glow = _night()
    light = sky + enlarge(haze, HEIGHT_PX, WIDTH_PX)
    if points:
        xs, ys, colours = (np.concatenate(part) for part in zip(*points, strict=True))
        fire = splat(xs, ys, colours)
        light += fire + blur(fire, 5) * 1.0 + blur(fire, 22) * 0.7
    standing, windows, near = _skyline()
    wall = (rgb(0.006, 0.007, 0.012) + sky_light * np.float32(0.012)) * (1.4 - 0.6 * near)[..., None]
    light = mix(light, windows + wall, standing) + window_glow
    return _mirrored(light, t)


def _mirrored(light: Light, t: float) -> Light:
    """The river: the picture above the waterline upside down, broken by ripples."""
    x, y = axes()
    first = int(WATERLINE * HEIGHT_PX)
    x, y = x[first:], y[first:]
    depth = y - np.float32(WATERLINE)
    near = depth / (1 - WATERLINE)
    u, v = (x - ASPECT / 2) * (0.5 / (near + 0.12)), 0.55 / (near + 0.10)
    ripple = sample(noise(42, 512, 0.9), u * 0.30 + t * 0.03, v * 0.9 - t * 0.10)
    above = WATERLINE - depth * 5.0 - ripple * (0.012 + 0.05 * near)
    rows = np.clip(above * HEIGHT_PX, 0, first - 1).astype(np.int64)
    cols = np.clip((x + ripple * 0.004) * HEIGHT_PX, 0, WIDTH_PX - 1).astype(np.int64)
    shine = np.clip(0.60 + 0.16 * ripple, 0.1, 1)
    light[first:] = light[rows, cols] * shine[..., None] + rgb(0.003, 0.005, 0.010)
    bank = smoothstep(0.006, 0.0, np.abs(depth))
    light[first:] *= 1 - 0.8 * bank[..., None]
    return light
