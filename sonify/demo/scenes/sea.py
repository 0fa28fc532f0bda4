"""The sea under a low sun: waves run towards us, break, and wash up the sand at our feet."""

from __future__ import annotations

from functools import cache

import numpy as np

from sonify.demo.drawing import ASPECT, Light, Plane, axes, mix, noise, ramp, rgb, sample, smoothstep, tint

HORIZON = 0.44
SUN = (1.14, 0.30)
CAMERA_HEIGHT_M = 5.0
FOCAL = 1.15
GRAVITY_M_S2 = 9.81


@cache
def _waves() -> tuple[tuple[float, float, float, float, float], ...]:
    """Wave number x, wave number z (1/m), angular frequency, slope, phase of each wave of the swell."""
    rng = np.random.default_rng(4)
    out = []
    for length_m in np.geomspace(0.28, 26.0, 34):
        k = 2 * np.pi / length_m
        heading = rng.normal(-np.pi / 2, 0.62)
        slope = 0.062 + 0.045 * np.exp(-((np.log(length_m / 7)) ** 2))
        out.append((k * np.cos(heading), k * np.sin(heading), np.sqrt(GRAVITY_M_S2 * k), slope, rng.uniform(0, 6.28)))
    return tuple(out)


def _sky(x: Plane, y: Plane) -> Light:
    """Light of the clear sky at a place on the picture; below the horizon it answers as a mirror would."""
    height = np.abs(HORIZON - y)
    base = ramp(
        height,
        (
            (0.0, (0.92, 0.68, 0.48)),
            (0.05, (0.70, 0.62, 0.56)),
            (0.16, (0.34, 0.50, 0.68)),
            (0.45, (0.11, 0.27, 0.54)),
            (1.5, (0.05, 0.13, 0.32)),
        ),
    )
    away = np.hypot((x - SUN[0]) * 0.8, height - (HORIZON - SUN[1]))
    glow = np.exp(-away / 0.105)[..., None] * rgb(0.95, 0.42, 0.12)
    return np.asarray(base * 0.5 + glow, np.float32)


@cache
def _backdrop() -> Light:
    """The sky: the sun, and clouds lit from below."""
    x, y = axes()
    sky = _sky(x, y)
    disc = np.hypot(x - SUN[0], y - SUN[1])
    sky = sky + tint(smoothstep(0.040, 0.022, disc), (7.0, 5.2, 3.0))
    depth = 0.20 / np.maximum(HORIZON - y + 0.10, 0.09)
    u, v = (x - SUN[0]) * depth * 0.42, depth * 0.75 + 0.3
    tile = noise(21, 512, 1.55)
    body = sample(tile, u, v) * 0.75 + sample(noise(22, 512, 1.3), u * 2.3, v * 2.3) * 0.3
    amount = smoothstep(0.15, 1.5, body) * smoothstep(0.0, 0.05, HORIZON - y) * np.float32(0.68)
    lit = np.clip(0.55 + (sample(tile, u, v + 0.02) - sample(tile, u, v)) * 0.9, 0, 1.4)
    return mix(sky, mix((0.20, 0.19, 0.25), (1.05, 0.62, 0.36), lit), amount)


@cache
def _ground() -> tuple[Plane, Plane, Plane, tuple[Plane, ...]]:
    """Of the rows under the horizon: metres across, metres away, and how much of each wave a pixel resolves."""
    x, y = axes()
    first = int(np.ceil(HORIZON * y.shape[0]))
    x, y = x[first:], y[first:]
    below = np.maximum(y - np.float32(HORIZON), 1e-3)
    far = CAMERA_HEIGHT_M * FOCAL / below
    across = (x - ASPECT / 2) / FOCAL * far
    row_m = far * far / (CAMERA_HEIGHT_M * FOCAL) / axes()[0].shape[0]
    seen = tuple(np.asarray(np.exp(-0.5 * (abs(kz) * row_m * 0.6) ** 2), np.float32) for _, kz, _, _, _ in _waves())
    return across.astype(np.float32), far.astype(np.float32), row_m.astype(np.float32), seen


def _water(t: float) -> Light:
    across, far, _, seen = _ground()
    x, y = (plane[-across.shape[0] :] for plane in axes())
    slope_x = np.zeros_like(across)
    slope_z = np.zeros_like(across)
    height = np.zeros_like(across)
    lost = np.zeros_like(across)
    for (kx, kz, omega, slope, phase), part in zip(_waves(), seen, strict=True):
        angle = np.float32(kx) * across + np.float32(kz) * far - np.float32((omega * t - phase) % (2 * np.pi))
        k = float(np.hypot(kx, kz))
        up = np.cos(angle)
        # Sharper crests than troughs, as steep water has.
        turn = np.sin(angle) * (1 + np.float32(0.45) * up) * part * np.float32(slope / k)
        slope_x += turn * np.float32(kx)
        slope_z += turn * np.float32(kz)
        height += up * part * np.float32(slope / k)
        lost += (1 - part * part) * np.float32(slope * slope / 2)
    # Where waves are too far to be seen one by one, we mostly see their near faces: a mirror tipped towards us.
    tip = slope_z - np.sqrt(lost) * np.float32(0.8)
    mirror_y = 2 * HORIZON - y + tip * np.float32(0.55) - np.float32(0.02)
    mirror_x = x + slope_x * np.float32(0.9) * (ASPECT / 2)
    rise = np.asarray(np.maximum(HORIZON - mirror_y, 0.0), np.float32)
    reflected = _sky(mirror_x, HORIZON - rise)
    facing = np.clip((y - HORIZON) / FOCAL * 1.15 - tip * 0.9, 0.02, 1)
    fresnel = np.clip(0.03 + 0.97 * (1 - facing) ** 5, 0, 1)
    body = mix((0.010, 0.055, 0.085), (0.020, 0.150, 0.150), smoothstep(-0.2, 0.9, height))
    water = mix(body, reflected, fresnel * np.float32(0.92))
    spread = np.float32(0.022) + np.sqrt(lost) * np.float32(0.26)
    off_x = (mirror_x - SUN[0]) * np.float32(0.50)
    off_y = (rise - (HORIZON - SUN[1])) * np.float32(0.38)
    glitter = np.exp(-(off_x**2 + off_y**2) / (2 * spread**2)) * (np.float32(0.035) / (spread + 0.02))
    water = water + glitter[..., None] * rgb(5.0, 3.0, 1.35)
    water = _shore(water, _sky(x, 2 * HORIZON - y), t)
    haze = np.exp(-(y - HORIZON) / 0.012) * 0.6
    return mix(water, (0.72, 0.52, 0.38), haze)


def _shore(water: Light, mirrored: Light, t: float) -> Light:
    """Breakers, the white water they leave, and the wash that runs up the sand and back."""
    across, far, row_m, _ = _ground()
    broad, lace = noise(24, 256, 1.7), noise(23, 512, 0.95)
    bend = sample(broad, across * 0.012, np.full_like(across, 0.2))
    wash_m = 1.5 * np.sin(t * 1.15 - 0.9) + 0.5 * np.sin(t * 2.1 + 0.7 * bend)
    edge = np.asarray(13.4 + 1.1 * bend - wash_m, np.float32)
    out = far - edge
    soft = row_m + np.float32(0.05)
    # Far away, where a row of pixels spans a foot of water, foam has to be smooth or it flickers.
    smooth = noise(26, 512, 1.9)
    rough = smoothstep(0.22, 0.05, row_m)
    u, v = across * 0.075, far * 0.075 + 0.020 * wash_m
    fine = mix(sample(smooth, u, v), sample(lace, u, v), rough)
    finer = sample(lace, across * 0.21 + 0.3, far * 0.21 + 0.055 * wash_m) * rough
    pattern = fine + 0.7 * finer
    # Breakers: white fronts that come nearer, each ragged in its own way, with foam trailing behind.
    ragged = sample(broad, across * 0.035, far * 0.004 + 0.02 * t)
    white = np.zeros_like(far)
    for start_m, length_m in ((9.0, 1.0), (20.0, 1.3), (33.0, 1.6)):
        place = start_m - 2.1 * t + 2.2 * ragged + 1.0 * bend
        behind = out - place
        front = smoothstep(-0.15, 0.10, behind) * np.exp(-np.maximum(behind, 0) / length_m)
        tail = smoothstep(0.0, 0.5, behind) * np.exp(-np.maximum(behind, 0) / (length_m * 3.5))
        alive = smoothstep(-1.2, 0.4, ragged + 0.9 - start_m * 0.012) * smoothstep(0.0, 2.5, place + 1.0)
        white = np.maximum(
            white, alive * np.maximum(front * (0.9 + 0.25 * fine), tail * smoothstep(-0.1, 1.3, pattern))
        )
    shallow = np.exp(-np.maximum(out, 0) / 3.2)
    water = mix(water, mirrored * 0.55 + rgb(0.075, 0.070, 0.052), shallow * np.float32(0.62))
    white = np.maximum(white, shallow * smoothstep(-0.25, 1.1, pattern) * np.float32(0.85))
    rim = smoothstep(-0.25, 0.05, out) * np.exp(-np.maximum(out, 0) / 0.16)
    white = np.clip(np.maximum(white, rim * (0.75 + 0.3 * finer)), 0, 1)
    shade = np.clip(0.60 + 0.14 * finer + 0.10 * fine, 0.3, 1.1)
    water = mix(water, tint(shade, (1.0, 0.86, 0.72)), white * np.float32(0.92))
    grain = sample(noise(25, 512, 0.4), across * 0.16, far * 0.16) * np.exp(-row_m * 12)
    tone = np.clip(1.0 + 0.10 * grain + 0.07 * fine + 0.10 * bend, 0.3, 1.6)
    wet = smoothstep(10.0, 12.0, far + 0.25 * fine)
    dry_sand, wet_sand = tint(tone, (0.29, 0.215, 0.150)), tint(tone, (0.115, 0.080, 0.056)) + mirrored * 0.42
    sand = mix(dry_sand, wet_sand, wet)
    return mix(sand, water, np.clip(out / soft + 0.5, 0, 1))


def draw(t: float) -> Light:
    """The sea at `t` seconds."""
    light = _backdrop().copy()
    water = _water(t)
    light[-water.shape[0] :] = water
    return light
