"""A motorway in the afternoon, seen from a bridge: cars and lorries both ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from sonify.demo.drawing import (
    ASPECT,
    HEIGHT_PX,
    Colour,
    Light,
    Plane,
    axes,
    cover,
    crop,
    mix,
    noise,
    paint,
    polygon,
    ramp,
    rgb,
    sample,
    smoothstep,
)

HORIZON = 0.40
CAMERA_HEIGHT_M = 5.6
CAMERA_X_M = 3.2
"""How far right of the middle of the road the camera stands."""
FOCAL = 1.25
HAZE: Colour = (0.50, 0.58, 0.66)
HAZE_M = 750.0
"""Distance over which things fade to the colour of the haze by all but 1/e."""
RUBBER: Colour = (0.016, 0.016, 0.019)
RANGE_M = (9.0, 249.0)


Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car or a lorry: lane centre, place at t = 0, speed (positive away from us), size, paint."""

    x_m: float
    z_m: float
    speed_m_s: float
    paint: Colour
    lorry: bool = False


VEHICLES = (
    Vehicle(3.9, 24, 21, (0.50, 0.03, 0.03)),
    Vehicle(3.9, 95, 21, (0.75, 0.76, 0.78)),
    Vehicle(3.9, 170, 21, (0.03, 0.04, 0.05)),
    Vehicle(7.5, 44, 17, (0.85, 0.85, 0.86)),
    Vehicle(7.5, 120, 17, (0.05, 0.09, 0.25)),
    Vehicle(7.5, 190, 17, (0.35, 0.36, 0.38)),
    Vehicle(11.1, 30, 13, (0.90, 0.90, 0.90), lorry=True),
    Vehicle(11.1, 105, 13, (0.14, 0.25, 0.50), lorry=True),
    Vehicle(11.1, 165, 13, (0.6, 0.5, 0.3)),
    Vehicle(-3.9, 70, -23, (0.30, 0.31, 0.33)),
    Vehicle(-3.9, 140, -23, (0.70, 0.70, 0.72)),
    Vehicle(-3.9, 215, -23, (0.45, 0.02, 0.03)),
    Vehicle(-7.5, 55, -19, (0.04, 0.05, 0.06)),
    Vehicle(-7.5, 112, -19, (0.8, 0.8, 0.8)),
    Vehicle(-7.5, 175, -19, (0.06, 0.12, 0.35)),
    Vehicle(-11.1, 85, -14, (0.75, 0.74, 0.70), lorry=True),
    Vehicle(-11.1, 160, -14, (0.55, 0.08, 0.06)),
)


def _project(x_m: ArrayLike, y_m: ArrayLike, z_m: ArrayLike) -> tuple[Plane, Plane]:
    """Places on the picture of points in metres: right of the road's middle, above the road, away from us."""
    z = np.asarray(z_m, np.float32)
    return (
        np.asarray(ASPECT / 2 + FOCAL * (np.asarray(x_m, np.float32) - CAMERA_X_M) / z, np.float32),
        np.asarray(HORIZON + FOCAL * (CAMERA_HEIGHT_M - np.asarray(y_m, np.float32)) / z, np.float32),
    )


@cache
def _road() -> Light:
    """The ground, without vehicles."""
    _, y = axes()
    x, _ = axes()
    below = np.maximum(y - HORIZON, 0.0015)
    far = CAMERA_HEIGHT_M * FOCAL / below
    across = (x - ASPECT / 2) / FOCAL * far + CAMERA_X_M
    pixel_m = far / (FOCAL * HEIGHT_PX)
    deep_m = far * pixel_m / CAMERA_HEIGHT_M

    def line(at_m: float, half_m: float) -> Plane:
        inside = np.clip((half_m - np.abs(across - at_m)) / pixel_m + 0.5, 0, 1)
        return np.asarray(inside * np.minimum(1, 2 * half_m / pixel_m), np.float32)

    near = np.exp(-far / 60)
    grit = sample(noise(81, 512, 0.3), across * 0.12, far * 0.12) * near
    patches = sample(noise(82, 512, 1.4), across * 0.02, far * 0.006)
    grass_tone = 0.62 + 0.22 * sample(noise(83, 512, 0.8), across * 0.035, far * 0.03) + 0.16 * grit
    light = np.clip(grass_tone, 0.1, 2)[..., None] * rgb(0.110, 0.150, 0.045)
    asphalt = np.clip(0.135 + 0.016 * grit + 0.012 * patches, 0.03, 1)
    for lane in (3.9, 7.5, 11.1):
        for side in (-1, 1):
            for wheel in (-0.8, 0.8):
                asphalt -= 0.016 * np.exp(-(((across - side * lane - wheel) / 0.42) ** 2))
    for side in (-1, 1):
        light = mix(light, asphalt[..., None] * rgb(0.97, 0.99, 1.03), line(side * 8.1, 6.9))
        for edge in (2.0, 13.0):
            light = mix(light, (0.62, 0.62, 0.60), line(side * edge, 0.09))
        dash = np.mod(far, 12.0)
        duty = np.clip((2.0 - np.abs(dash - 4.0)) / np.maximum(deep_m, 0.02) + 0.5, 0, 1)
        duty = mix(duty, np.full_like(duty, 0.33), smoothstep(3, 8, deep_m))
        for at in (5.7, 9.3):
            light = mix(light, (0.66, 0.66, 0.64), line(side * at, 0.08) * duty)
    return mix(light, HAZE, 1 - np.exp(-far / HAZE_M))


def _trees(light: Light) -> None:
    """Woods on both sides, from far to near, and shrubs on the middle strip."""
    rng = np.random.default_rng(84)
    leaves, fine = noise(85, 512, 1.1), noise(86, 512, 0.6)
    for z in np.geomspace(420, 21, 74):
        for side in (-1, 1):
            size = rng.uniform(3.0, 5.2)
            at = side * (19.5 + rng.uniform(0, 7.0) + size * 0.3)
            cx, cy = (float(v) for v in _project(at, size * 0.95, z))
            reach = FOCAL * size / float(z)
            where = crop(cx - reach * 1.2, cy - reach * 1.4, cx + reach * 1.2, cy + reach * 1.3)
            shift, tone, warm = rng.uniform(0, 1), rng.uniform(0.7, 1.2), rng.uniform(0.0, 0.35)
            if where is None:
                continue
            dx, dy = (where.x - np.float32(cx)) / reach, (where.y - np.float32(cy)) / reach
            clump = sample(leaves, dx * 0.35 + shift, dy * 0.35 + shift * 3)
            leaf = sample(fine, dx * 0.4 + shift, dy * 0.4)
            body = 1 - np.hypot(dx, dy * np.where(dy > 0, 0.85, 0.95)) + 0.13 * clump + 0.05 * leaf
            shade = np.clip(0.62 - 0.38 * dy - 0.30 * dx + 0.22 * clump + 0.16 * leaf, 0.10, 1.5) * tone
            colour = shade[..., None] * rgb(0.095 + 0.12 * warm, 0.150, 0.038)
            colour = mix(colour, HAZE, np.full_like(shade, 1 - np.exp(-float(z) / HAZE_M)))
            paint(light, where, smoothstep(0.10, 0.16 + 0.25 * 0.02 / reach, body), colour)


@cache
def _scenery() -> Light:
    x, y = axes()
    light = ramp(y, ((0.0, (0.13, 0.28, 0.55)), (0.25, (0.34, 0.50, 0.72)), (HORIZON, (0.72, 0.76, 0.78))))
    depth = 0.12 / (np.maximum(HORIZON - y, 0) + 0.07)
    u, v = (x - 0.3) * depth * 0.55, depth * 0.9
    body = sample(noise(87, 512, 1.65), u, v) + 0.3 * sample(noise(88, 512, 1.2), u * 2, v * 2)
    light = mix(light, (1.02, 1.0, 0.97), smoothstep(0.1, 1.7, body) * np.float32(0.8))
    ridge = HORIZON - 0.035 - 0.016 * sample(noise(89, 256, 1.7), x * 0.2, np.full_like(x, 0.4))
    light = mix(light, (0.30, 0.38, 0.44), smoothstep(-0.002, 0.002, y - ridge))
    near_ridge = HORIZON - 0.012 - 0.010 * sample(noise(89, 256, 1.7), x * 0.35, np.full_like(x, 0.8))
    light = mix(light, (0.20, 0.26, 0.20), smoothstep(-0.002, 0.002, y - near_ridge))
    light = mix(light, _road(), smoothstep(HORIZON, HORIZON + 0.003, y))
    _trees(light)
    _barrier(light)
    return light


def _barrier(light: Light) -> None:
    """The steel rail on the middle strip, post after post."""
    for x_m in (-0.55, 0.55):
        for z in np.arange(200, 9, -3.0):
            (lx, rx), (ty, by) = _project([x_m - 0.06, x_m + 0.06], [0.7, 0.0], [z, z])
            where = crop(float(lx), float(ty), float(rx), float(by))
            if where is not None:
                corners = [(lx, ty), (rx, ty), (rx, by), (lx, by)]
                paint(light, where, cover(polygon(where.x, where.y, corners)), (0.16, 0.17, 0.18))
        px, py = _project([x_m] * 4, [0.78, 0.78, 0.48, 0.48], [8.5, 400, 400, 8.5])
        where = crop(float(px.min()), float(py.min()), float(px.max()), float(py.max()))
        if where is not None:
            metal = 0.42 + 0.10 * sample(noise(81, 512, 0.3), where.x * 0.3, where.y * 3)
            shape = cover(polygon(where.x, where.y, np.stack([px, py], 1)))
            paint(light, where, shape, metal[..., None] * rgb(1, 1.02, 1.05))


def _face(
    light: Light, corners: ArrayLike, colour: ArrayLike, z_m: float, amount: float = 1.0, soft_px: float = 1.0
) -> None:
    """Paint a flat polygon given by its corners [n, 3] in metres, hazed by its distance."""
    points = np.asarray(corners, np.float32)
    px, py = _project(points[:, 0], points[:, 1], points[:, 2])
    pad = soft_px / HEIGHT_PX
    where = crop(float(px.min()) - pad, float(py.min()) - pad, float(px.max()) + pad, float(py.max()) + pad)
    if where is None:
        return
    tint = mix(np.asarray(colour, np.float32), HAZE, 1 - np.exp(-z_m / HAZE_M))
    paint(light, where, cover(polygon(where.x, where.y, np.stack([px, py], 1)), soft_px) * np.float32(amount), tint)


def _plate(light: Light, left: float, right: float, low: float, high: float, z: float, colour: Colour) -> None:
    """An upright rectangle facing us, in metres."""
    _face(light, ((left, low, z), (right, low, z), (right, high, z), (left, high, z)), colour, z)


def _shadow(light: Light, left: float, right: float, near: float, far: float) -> None:
    """A soft dark patch on the road."""
    corners = ((left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far))
    _face(light, corners, (0.012, 0.012, 0.016), near, 0.85, 4)


def _box(light: Light, x: Span, y: Span, z: Span, colour: Colour, taper: float = 0.0) -> None:
    """A block with its top, the side we see and its near end; `taper` narrows the top (metres on every side)."""
    (x0, x1), (y0, y1), (z0, z1) = x, y, z
    u0, u1, w0, w1 = x0 + taper, x1 - taper, z0 + taper, z1 - taper
    base = rgb(*colour)
    side, above = (x0, u0) if x0 > CAMERA_X_M else (x1, u1)
    _face(light, ((u0, y1, w0), (u1, y1, w0), (u1, y1, w1), (u0, y1, w1)), base * 1.15 + 0.03, z0)
    _face(light, ((side, y0, z0), (side, y0, z1), (above, y1, w1), (above, y1, w0)), base * 0.62, z0)
    _face(light, ((x0, y0, z0), (x1, y0, z0), (u1, y1, w0), (u0, y1, w0)), base * 0.80, z0)


def _lamps(light: Light, half_m: float, vehicle: Vehicle, low: float, z: float) -> None:
    """Two lamps: red ones when it drives away from us, white ones when it comes."""
    colour = (0.95, 0.06, 0.03) if vehicle.speed_m_s > 0 else (2.6, 2.5, 2.2)
    for left in (vehicle.x_m - half_m + 0.06, vehicle.x_m + half_m - 0.40):
        _plate(light, left, left + 0.34, low, low + 0.16, z, colour)


def _car(light: Light, car: Vehicle, z: float) -> None:
    x0, x1 = car.x_m - 0.9, car.x_m + 0.9
    _shadow(light, x0 - 0.1, x1 + 0.55, z - 0.1, z + 4.4)
    for wheel in (x0 + 0.14, x1 - 0.14):
        _plate(light, wheel - 0.12, wheel + 0.12, 0, 0.45, z + 0.25, RUBBER)
    _box(light, (x0, x1), (0.28, 0.86), (z, z + 4.3), car.paint)
    front, back = (z + 0.35, z + 3.0) if car.speed_m_s > 0 else (z + 1.25, z + 3.9)
    _box(light, (x0 + 0.08, x1 - 0.08), (0.86, 1.40), (front, back), (0.035, 0.045, 0.055), 0.28)
    left, right, near, far = x0 + 0.36, x1 - 0.36, front + 0.30, back - 0.30
    roof = ((left, 1.405, near), (right, 1.405, near), (right, 1.405, far), (left, 1.405, far))
    _face(light, roof, rgb(*car.paint) * 1.2 + 0.04, z)
    _plate(light, x0 + 0.1, x1 - 0.1, 0.28, 0.42, z, RUBBER)
    _lamps(light, 0.9, car, 0.62, z)
    _plate(light, car.x_m - 0.26, car.x_m + 0.26, 0.48, 0.59, z, (0.7, 0.7, 0.66))


def _lorry(light: Light, lorry: Vehicle, z: float) -> None:
    x0, x1 = lorry.x_m - 1.25, lorry.x_m + 1.25
    _shadow(light, x0 - 0.1, x1 + 1.3, z - 0.1, z + 11)
    for wheel in (x0 + 0.28, x1 - 0.28):
        _plate(light, wheel - 0.24, wheel + 0.24, 0, 0.95, z + 0.8, RUBBER)
    if lorry.speed_m_s > 0:
        _box(light, (x0, x1), (0.95, 3.9), (z, z + 11), lorry.paint)
        _plate(light, x0 + 0.03, x1 - 0.03, 0.62, 0.95, z, RUBBER)
        _plate(light, lorry.x_m - 0.02, lorry.x_m + 0.02, 1.0, 3.8, z, (0.2, 0.2, 0.2))
        _lamps(light, 1.2, lorry, 0.70, z)
        return
    _box(light, (x0, x1), (0.95, 3.9), (z + 2.2, z + 12), (0.80, 0.80, 0.80))
    _box(light, (x0 + 0.05, x1 - 0.05), (0.45, 3.0), (z, z + 2.0), lorry.paint)
    _plate(light, x0 + 0.18, x1 - 0.18, 1.75, 2.65, z, (0.04, 0.05, 0.06))
    _plate(light, x0 + 0.4, x1 - 0.4, 0.75, 1.45, z, (0.06, 0.06, 0.065))
    _lamps(light, 1.2, lorry, 0.62, z)


@cache
def _sunlight() -> Light:
    x, y = axes()
    return np.asarray(np.exp(-np.hypot(x - 0.1, y) / 0.5)[..., None] * rgb(0.10, 0.09, 0.06), np.float32)


def draw(t: float) -> Light:
    """The motorway at `t` seconds."""
    light = _scenery().copy()
    low, high = RANGE_M
    placed = [(low + (vehicle.z_m + vehicle.speed_m_s * t - low) % (high - low), vehicle) for vehicle in VEHICLES]
    for z, vehicle in sorted(placed, key=lambda pair: -pair[0]):
        (_lorry if vehicle.lorry else _car)(light, vehicle, z)
    return light + _sunlight()
