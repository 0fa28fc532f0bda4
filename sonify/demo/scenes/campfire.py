"""A campfire among trees at night: flames, embers, sparks, and their light on the trunks."""

from __future__ import annotations

from functools import cache

import numpy as np

from sonify.demo.drawing import (
    ASPECT,
    Light,
    Plane,
    axes,
    blank,
    blur,
    capsule,
    cover,
    crop,
    mix,
    noise,
    paint,
    ramp,
    rgb,
    sample,
    smoothstep,
    splat,
    tint,
)

FIRE_X, FIRE_Y = ASPECT * 0.5, 0.78
"""The middle of the hearth, in picture heights."""
SIZE = 1.5
"""How much larger than the lengths below the hearth and its fire are drawn."""
_LOGS = (
    ((-0.25, 0.030), (0.10, -0.055), 0.030),
    ((0.26, 0.034), (-0.09, -0.060), 0.028),
    ((-0.17, 0.062), (0.20, 0.052), 0.032),
    ((0.05, 0.080), (-0.04, -0.070), 0.024),
)


@cache
def _wood() -> tuple[Light, Plane]:
    """The night forest behind the fire as lit by it at full strength, and where sky shows between the trees."""
    x, y = axes()
    light = blank()
    rng = np.random.default_rng(51)
    bark, leaves = noise(52, 512, 0.8), noise(53, 512, 1.15)
    away = np.hypot(x - FIRE_X, (y - FIRE_Y) * 1.1)
    # Foliage far behind, hardly lit.
    leaf = np.clip(0.5 + 0.55 * sample(leaves, x * 0.6, y * 0.6), 0, 2)
    light += (leaf * np.exp(-away / 0.45) * 0.16)[..., None] * rgb(0.75, 0.55, 0.16)
    for layer, (count, radius, falloff) in enumerate(((9, 0.011, 0.42), (5, 0.026, 0.50))):
        for _ in range(count):
            at = rng.uniform(-0.05, ASPECT + 0.05)
            if abs(at - FIRE_X) < 0.25 * layer + 0.05:
                continue
            wide = radius * rng.uniform(0.7, 1.4)
            lean = rng.normal(0, 0.025)
            off = (x - at - lean * (y - 0.6)) / wide
            foot = 0.72 + 0.05 * layer + rng.uniform(-0.015, 0.02)
            trunk = smoothstep(1.0, 0.86, np.abs(off)) * (y < foot)
            side = np.clip(0.55 + 0.75 * off * np.sign(FIRE_X - at), 0, 1.4)
            grooves = np.clip(0.75 + 0.35 * sample(bark, x * 3.0 + at, y * 0.5), 0.15, 1.6)
            strength = side * grooves * np.exp(-away / falloff) * 0.55
            light = mix(light, strength[..., None] * rgb(0.95, 0.50, 0.20), trunk)
    floor = smoothstep(0.725, 0.745, y + 0.012 * sample(leaves, x * 0.5, 0.3))
    depth = 0.22 / np.maximum(y - 0.62, 0.05)
    litter = np.clip(
        0.55 + 0.45 * sample(noise(54, 512, 0.7), (x - FIRE_X) * depth * 0.7, depth * 1.5)
        + 0.25 * sample(noise(55, 512, 0.3), (x - FIRE_X) * depth * 0.9, depth * 1.9), 0.05, 2.2
    )  # fmt: skip
    ground_away = np.hypot(x - FIRE_X, (y - FIRE_Y - 0.03) * 2.4)
    ground = (litter * np.exp(-ground_away / 0.34) * 0.95)[..., None] * rgb(0.95, 0.48, 0.17)
    light = mix(light, ground, floor)
    dark = smoothstep(0.60, 0.05, y + 0.10 * sample(leaves, x * 0.4, y * 0.4)) * (away > 0.3)
    return np.asarray(light, np.float32), np.asarray(dark, np.float32)


def _flicker(t: float) -> float:
    return 1 + 0.10 * float(np.sin(t * 11.3) + np.sin(t * 17.9 + 1) * 0.7 + np.sin(t * 29.3 + 2) * 0.4)


_TONGUES = (
    (0.0, 0.0, 0.185, 0.42, 0.80),
    (0.4, 0.085, 0.10, 0.30, 0.95),
    (0.7, -0.10, 0.095, 0.27, 0.88),
)
"""Of each tongue of fire: place in the noise, shift from the middle, half width, height, speed upwards."""


def _flames(t: float) -> Light:
    """Tongues of fire: noise carried upwards inside a shape that narrows with height."""
    light = blank()
    where = crop(FIRE_X - 0.42 * SIZE, 0.0, FIRE_X + 0.42 * SIZE, FIRE_Y + 0.10 * SIZE)
    assert where is not None
    x, y = (where.x - np.float32(FIRE_X)) / SIZE, (where.y - np.float32(FIRE_Y)) / SIZE
    swirl, fine = noise(56, 256, 1.5), noise(57, 256, 1.2)
    heat = np.zeros_like(x)
    for seed, shift, width, height, speed in _TONGUES:
        v = (0.045 - y) / height
        u = (x - shift) / width
        sway = sample(swirl, x * 0.5 + seed, y * 0.45 + t * speed * 0.45) * 0.36 * np.clip(v, 0, 1.3)
        lick = sample(fine, (x + seed) * 0.95, y * 0.52 + t * speed * 0.80) * 0.55
        lick = lick + sample(fine, (x + seed) * 2.2, y * 1.1 + t * speed * 1.5) * 0.22
        reach = 1.0 - np.clip(v, 0, 2) ** 0.85 - 0.9 * smoothstep(0.8, 1.5, v)
        body = reach - np.abs(u + sway) * (0.75 + 0.9 * np.clip(v, 0, 1)) + lick * np.clip(0.25 + v, 0, 1.1)
        heat = np.maximum(heat, smoothstep(-0.02, 1.05, body) * smoothstep(-0.12, 0.10, v))
    light[where.rows, where.cols] = ramp(
        heat,
        (
            (0.0, (0.0, 0.0, 0.0)),
            (0.18, (0.22, 0.026, 0.002)),
            (0.42, (0.90, 0.20, 0.010)),
            (0.72, (1.90, 0.72, 0.060)),
            (1.0, (2.90, 1.75, 0.42)),
        ),
    )
    return light


def _sparks(t: float) -> Light:
    rng = np.random.default_rng(58)
    born, life = rng.uniform(-2, 4.5, 110), rng.uniform(0.7, 1.8, 110)
    side, speed = rng.normal(0, 0.05, 110), rng.uniform(0.22, 0.5, 110)
    age = t - born
    x = FIRE_X + side * SIZE * (1 + age * 1.6) + 0.022 * np.sin(age * 6 + side * 300) * age
    y = FIRE_Y - 0.16 * SIZE - speed * age
    power = np.where((age > 0) & (age < life), (1 - age / life) * 1.7, 0.0)
    return splat(x, y, tint(power, (1.0, 0.42, 0.08)))


def _hearth(light: Light, t: float) -> None:
    """Logs and a ring of stones, the nearer ones in front of the fire."""
    where = crop(FIRE_X - 0.42 * SIZE, FIRE_Y - 0.16 * SIZE, FIRE_X + 0.42 * SIZE, 1.0)
    if where is None:
        return
    x, y = (where.x - np.float32(FIRE_X)) / SIZE, (where.y - np.float32(FIRE_Y)) / SIZE
    bark = sample(noise(52, 512, 0.8), x * 1.5, y * 5)
    for start, end, radius in _LOGS:
        distance = capsule(x, y, start, end, radius)
        round_light = np.clip(-distance / radius, 0, 1)
        middle = np.exp(-((x / 0.12) ** 2) - ((y + 0.01) / 0.09) ** 2)
        wood = tint(np.clip(0.7 + 0.5 * bark, 0.1, 2) * round_light, (0.13, 0.060, 0.026))
        cracks = smoothstep(0.3, 1.1, bark + 0.25 * sample(noise(57, 256, 1.2), x * 2 + t * 0.12, y * 2)) * middle
        wood = wood * (1 - 0.6 * middle[..., None]) + cracks[..., None] * rgb(2.6, 0.50, 0.04)
        paint(light, where, cover(distance * SIZE), wood)


def _stones(light: Light) -> None:
    rng = np.random.default_rng(59)
    for turn in np.linspace(0.02, np.pi - 0.02, 13):
        sx, sy = FIRE_X + 0.33 * SIZE * np.cos(turn), FIRE_Y + (0.045 + 0.075 * np.sin(turn)) * SIZE
        wide, high = rng.uniform(0.030, 0.043) * SIZE, rng.uniform(0.022, 0.030) * SIZE
        where = crop(sx - wide * 1.3, sy - high * 1.3, sx + wide * 1.3, sy + high * 1.3)
        if where is None:
            continue
        dx, dy = (where.x - np.float32(sx)) / wide, (where.y - np.float32(sy)) / high
        rough = sample(noise(52, 512, 0.8), where.x * 1.3, where.y * 1.3)
        distance = (np.hypot(dx, dy) - 1 + rough * 0.07) * high
        facing = np.clip(-dy * 0.75 - dx * np.cos(turn) * 0.5 + 0.12, 0.02, 1)
        stone = tint(np.clip(0.8 + 0.3 * rough, 0.2, 2) * facing, (0.42, 0.235, 0.12))
        paint(light, where, cover(distance.astype(np.float32)), stone)


def draw(t: float) -> Light:
    """The fire at `t` seconds."""
    wood, dark = _wood()
    light = wood * np.float32(_flicker(t)) + dark[..., None] * rgb(0.004, 0.007, 0.014)
    _hearth(light, t)
    flames = _flames(t)
    light = light * (1 - np.clip(flames[..., :1] * 0.25, 0, 0.8)) + flames + _sparks(t)
    _stones(light)
    return np.asarray(light + blur(flames, 14) * 0.16 + blur(flames, 48) * 0.14, np.float32)
