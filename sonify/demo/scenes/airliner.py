"""An airliner crosses a summer sky from left to right."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from sonify.demo.drawing import (
    ASPECT,
    HEIGHT_PX,
    WIDTH_PX,
    Light,
    Plane,
    axes,
    capsule,
    cover,
    crop,
    mix,
    noise,
    paint,
    polygon,
    ramp,
    sample,
    smoothstep,
    tint,
)

LENGTH = 1.06
"""Of the aeroplane, nose to tail, in picture heights."""
START, SPEED = (-0.46, 0.49), (0.78, -0.030)
"""Where the middle of the fuselage is at t = 0, and how it moves each second, in picture heights."""
PITCH = -0.055

# The aeroplane in units of its own length: nose at x = 0.5, tail at -0.5, y down.
_FUSELAGE = (
    (0.500, 0.010), (0.492, -0.006), (0.474, -0.018), (0.452, -0.032), (0.425, -0.043), (0.385, -0.049),
    (-0.300, -0.049), (-0.400, -0.046), (-0.500, -0.036), (-0.505, -0.026), (-0.470, -0.010), (-0.390, 0.018),
    (-0.300, 0.040), (-0.230, 0.047), (0.380, 0.049), (0.440, 0.043), (0.480, 0.030), (0.497, 0.018),
)  # fmt: skip
_FIN = ((-0.325, -0.045), (-0.365, -0.075), (-0.465, -0.205), (-0.520, -0.205), (-0.485, -0.035))
_TAILPLANE = ((-0.385, -0.018), (-0.480, 0.034), (-0.520, 0.036), (-0.478, -0.016))
_FAR_TAILPLANE = ((-0.400, -0.030), (-0.470, -0.066), (-0.500, -0.066), (-0.475, -0.032))
_WING = ((0.135, 0.030), (0.060, 0.070), (-0.190, 0.195), (-0.240, 0.200), (-0.110, 0.075), (-0.095, 0.040))
_FAR_WING = ((0.110, -0.035), (-0.080, -0.120), (-0.115, -0.122), (-0.050, -0.035))


@cache
def _sky() -> Light:
    x, y = axes()
    sky = ramp(y, ((0.0, (0.035, 0.13, 0.42)), (0.45, (0.10, 0.28, 0.62)), (1.0, (0.45, 0.60, 0.8))))
    wisps = smoothstep(0.9, 3.4, sample(noise(36, 512, 1.7), x * 0.22, y * 0.9))
    sun = np.exp(-np.hypot(x - ASPECT * 0.08, y + 0.1) / 0.35)
    return mix(sky, (0.9, 0.93, 0.97), wisps * np.float32(0.55)) + tint(sun, (0.5, 0.46, 0.38))


@cache
def _heap(seed: int, top: float, scale: float) -> tuple[Light, Plane]:
    """A bank of cloud a quarter wider than the picture: colours, and how much it covers."""
    y, x = np.mgrid[0:HEIGHT_PX, 0 : WIDTH_PX * 5 // 4].astype(np.float32) / HEIGHT_PX
    tile, fine = noise(seed, 512, 1.75), noise(seed + 1, 512, 1.25)

    def thickness(dx: float, dy: float) -> Plane:
        u, v = x * scale + seed + dx, y * scale * 1.5 + dy
        return sample(tile, u, v) + 0.28 * sample(fine, u * 2, v * 2)

    here = thickness(0, 0)
    body = here + (y - top) * 5.2
    # Lit from the upper left: bright where the cloud thins out towards the light.
    lit = np.clip(0.66 + 0.50 * (here - thickness(-0.012, -0.022)) - 0.20 * smoothstep(0.5, 3.5, body), 0.1, 1.25)
    return mix((0.30, 0.37, 0.48), (1.25, 1.22, 1.16), lit), smoothstep(0.0, 0.9, body)


def _clouds(light: Light, t: float) -> Light:
    """Two banks of cloud that drift, the nearer one faster, as the camera turns with the aeroplane."""
    for seed, top, scale, speed_px_s in ((31, 0.84, 0.22, 16.0), (33, 0.98, 0.34, 27.0)):
        colours, amount = _heap(seed, top, scale)
        whole, part = divmod(speed_px_s * t, 1)
        left = int(whole)
        here, right = slice(left, left + WIDTH_PX), slice(left + 1, left + 1 + WIDTH_PX)
        colour = mix(colours[:, here], colours[:, right], part)
        light = mix(light, colour, mix(amount[:, here], amount[:, right], part))
    return light


def position(t: float) -> tuple[float, float]:
    """Where the middle of the fuselage is, in picture heights."""
    return START[0] + SPEED[0] * t, START[1] + SPEED[1] * t + 0.006 * float(np.sin(2.1 * t))


def _aeroplane(light: Light, t: float) -> None:
    cx, cy = position(t)
    where = crop(cx - LENGTH * 0.56, cy - LENGTH * 0.28, cx + LENGTH * 0.56, cy + LENGTH * 0.28)
    if where is None:
        return
    dx, dy = (where.x - np.float32(cx)) / LENGTH, (where.y - np.float32(cy)) / LENGTH
    c, s = np.float32(np.cos(PITCH)), np.float32(np.sin(PITCH))
    x, y = dx * c + dy * s, dy * c - dx * s

    def part(distance: ArrayLike) -> Plane:
        return cover(np.asarray(distance, np.float32) * LENGTH)

    dark, shade = (0.16, 0.20, 0.27), (0.30, 0.35, 0.44)
    paint(light, where, part(polygon(x, y, _FAR_WING)), (0.40, 0.45, 0.52))
    paint(light, where, part(polygon(x, y, _FAR_TAILPLANE)), (0.45, 0.50, 0.56))
    paint(light, where, part(capsule(x, y, (0.020, -0.062), (0.085, -0.064), 0.014)), shade)
    stripe = smoothstep(-0.01, 0.01, x * 0.8 + y * 0.55 + 0.445)
    paint(light, where, part(polygon(x, y, _FIN)), mix((0.55, 0.03, 0.035), (0.03, 0.10, 0.33), stripe))
    # A tube lit from above, with the light of the clouds on its belly.
    around = np.clip(y / 0.049, -1, 1)
    lit = np.clip(0.62 - 0.55 * around, 0.14, 1.2) + 0.16 * smoothstep(0.4, 1.0, around)
    skin = tint(lit, (1.05, 1.05, 1.07))
    skin = mix(skin, tint(0.35 + 0.6 * lit, (0.05, 0.14, 0.42)), smoothstep(0.016, 0.019, y))
    skin = mix(skin, (0.60, 0.05, 0.05), smoothstep(0.0035, 0.0015, np.abs(y - 0.0165)))
    paint(light, where, part(polygon(x, y, _FUSELAGE)), skin)
    along = np.mod(x * 62, 1.0) - 0.5
    windows = smoothstep(0.34, 0.22, np.abs(along)) * smoothstep(0.0075, 0.0055, np.abs(y + 0.012))
    windows *= (x > -0.36) & (x < 0.40) & ~((x > 0.03) & (x < 0.05))
    paint(light, where, windows * np.float32(0.85), (0.03, 0.05, 0.09))
    for door in (-0.375, 0.04, 0.415):
        edge = np.maximum(np.abs(x - door) - 0.008, np.abs(y + 0.010) - 0.020)
        paint(light, where, part(np.abs(edge) - 0.0008) * np.float32(0.35), dark)
    cockpit = polygon(x, y, ((0.480, -0.014), (0.456, -0.029), (0.434, -0.032), (0.440, -0.016)))
    paint(light, where, part(cockpit), (0.02, 0.03, 0.05))
    paint(light, where, part(polygon(x, y, _TAILPLANE)), (0.34, 0.38, 0.45))
    paint(light, where, part(capsule(x, y, (0.010, 0.106), (0.088, 0.102), 0.0225)), (0.62, 0.65, 0.70))
    paint(light, where, part(capsule(x, y, (0.000, 0.116), (0.080, 0.114), 0.010)), (0.25, 0.28, 0.34))
    paint(light, where, part(capsule(x, y, (0.108, 0.085), (0.106, 0.119), 0.006)), dark)
    wing = mix((0.24, 0.28, 0.35), (0.62, 0.66, 0.72), smoothstep(-0.10, 0.06, x + (y - 0.1) * 1.2))
    paint(light, where, part(polygon(x, y, _WING)), wing)
    paint(light, where, part(capsule(x, y, (-0.060, 0.084), (-0.165, 0.132), 0.006)), shade)
    # The wing-tip strobe blinks about once a second, as on any airliner.
    blink = max(0.0, 1 - abs((t % 1.0) - 0.15) / 0.05)
    paint(light, where, np.exp(-((np.hypot(x + 0.215, y - 0.197) / 0.008) ** 2)) * np.float32(blink), (6.0, 6.0, 6.0))


def draw(t: float) -> Light:
    """The sky and the aeroplane at `t` seconds."""
    light = _clouds(_sky(), t)
    _aeroplane(light, t)
    return light
