"""Primitives for drawing a film with numpy: noise, shapes, light.

Places on the picture are in units of its height: x runs from 0 (left) to `ASPECT` (right), y from 0 (top) to 1.
Colours are linear light in [0, infinity); `develop` turns them into what a screen shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH_PX = 640
HEIGHT_PX = 360
ASPECT = WIDTH_PX / HEIGHT_PX

Plane = NDArray[np.float32]
"""[H, W] float32: one number per pixel."""
Light = NDArray[np.float32]
"""[H, W, 3] float32: linear red, green, blue."""
Colour = tuple[float, float, float]


@cache
def axes(step: int = 1) -> tuple[Plane, Plane]:
    """x and y of every pixel's centre, as [H, W] float32 in picture heights (shared: do not write to them).

    With `step`, those of a picture so many times smaller, for soft things that are enlarged afterwards.
    """
    y, x = np.mgrid[0 : HEIGHT_PX // step, 0 : WIDTH_PX // step].astype(np.float32)
    half, scale = np.float32(0.5), np.float32(HEIGHT_PX / step)
    return (x + half) / scale, (y + half) / scale


def rgb(red: float, green: float, blue: float) -> NDArray[np.float32]:
    """A colour as an array [3]."""
    return np.array((red, green, blue), np.float32)


def tint(amount: ArrayLike, colour: ArrayLike) -> Light:
    """One colour, as strong at each pixel as `amount` says."""
    return np.asarray(np.asarray(amount, np.float32)[..., None] * np.asarray(colour, np.float32), np.float32)


def blank(colour: Colour = (0.0, 0.0, 0.0)) -> Light:
    """A picture of one colour, [H, W, 3] float32."""
    return np.full((HEIGHT_PX, WIDTH_PX, 3), colour, np.float32)


def smoothstep(low: float, high: float, value: ArrayLike) -> Plane:
    """0 below `low`, 1 above `high`, a cubic between; `low` > `high` turns it round."""
    t = np.clip((np.asarray(value, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def mix(first: ArrayLike, second: ArrayLike, amount: ArrayLike) -> NDArray[np.float32]:
    """`first` where `amount` is 0, `second` where it is 1; a plane of amounts spreads over the colours."""
    a, b, k = (np.asarray(v, np.float32) for v in (first, second, amount))
    if k.ndim == 2 and max(a.ndim, b.ndim) != 2:
        k = k[..., None]
    return np.asarray(a + (b - a) * k, np.float32)


@cache
def _ramp_table(stops: tuple[tuple[float, Colour], ...], entries: int = 2048) -> Light:
    at = np.array([stop for stop, _ in stops])
    fine = np.linspace(at[0], at[-1], entries)
    return np.stack([np.interp(fine, at, [c[i] for _, c in stops]) for i in range(3)], -1).astype(np.float32)


def ramp(value: Plane, stops: tuple[tuple[float, Colour], ...]) -> Light:
    """Colours along a gradient: `stops` are (value, colour), in rising order of value; held beyond both ends."""
    table = _ramp_table(stops)
    low, high = stops[0][0], stops[-1][0]
    index = (value - np.float32(low)) * np.float32((len(table) - 1) / (high - low)) + np.float32(0.5)
    return np.asarray(np.take(table, index.astype(np.int32), axis=0, mode="clip"), np.float32)


@cache
def noise(seed: int, size_px: int = 256, slope: float = 1.6, low: float = 1.0) -> Plane:
    """Tileable noise [size, size] of mean 0 and deviation 1 whose amplitude falls as frequency ** -slope.

    `low` is the lowest frequency kept, in cycles per tile. Slope 1.6 looks like clouds, 1 like grass.
    """
    rng = np.random.default_rng(seed)
    fx = np.fft.rfftfreq(size_px) * size_px
    fy = np.fft.fftfreq(size_px) * size_px
    radius = np.hypot(fy[:, None], fx[None, :])
    weight = np.where(radius >= low, np.maximum(radius, 1e-6) ** -slope, 0.0)
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size_px, size_px))) * weight, s=(size_px, size_px))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def sample(texture: Plane, u: ArrayLike, v: ArrayLike) -> Plane:
    """Read a tile [N, N] at fractions of a tile (u across, v down), bilinear, repeating; N is a power of two."""
    size = texture.shape[0]
    px = np.asarray(u, np.float32) * np.float32(size)
    py = np.asarray(v, np.float32) * np.float32(size)
    floor_x, floor_y = np.floor(px), np.floor(py)
    fx, fy = px - floor_x, py - floor_y
    x0, y0 = floor_x.astype(np.int32) & (size - 1), floor_y.astype(np.int32) & (size - 1)
    x1, y0, y1 = (x0 + 1) & (size - 1), y0 * size, ((y0 + 1) & (size - 1)) * size
    flat = texture.ravel()
    top, bottom = flat[y0 + x0], flat[y1 + x0]
    top += (flat[y0 + x1] - top) * fx
    bottom += (flat[y1 + x1] - bottom) * fx
    return np.asarray(top + (bottom - top) * fy, np.float32)


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of the picture, with its pixels' x and y, so that small things are drawn at small cost."""

    rows: slice
    cols: slice
    x: Plane
    y: Plane


def crop(left: float, top: float, right: float, bottom: float) -> Crop | None:
    """The pixels between these edges (in picture heights), or None where they are all outside."""
    c0, c1 = max(0, int(left * HEIGHT_PX) - 1), min(WIDTH_PX, int(right * HEIGHT_PX) + 2)
    r0, r1 = max(0, int(top * HEIGHT_PX) - 1), min(HEIGHT_PX, int(bottom * HEIGHT_PX) + 2)
    if c0 >= c1 or r0 >= r1:
        return None
    x, y = axes()
    rows, cols = slice(r0, r1), slice(c0, c1)
    return Crop(rows, cols, x[rows, cols], y[rows, cols])


def cover(distance: Plane, soft_px: float = 1.0) -> Plane:
    """How much of each pixel lies inside, from signed distances (in picture heights, inside below 0)."""
    return np.asarray(np.clip(0.5 - distance * np.float32(HEIGHT_PX / soft_px), 0, 1), np.float32)


def paint(light: Light, where: Crop, amount: Plane, colour: ArrayLike) -> None:
    """Lay an opaque colour (one, or one per pixel) over the picture, in place."""
    below = light[where.rows, where.cols]
    light[where.rows, where.cols] = below + (np.asarray(colour, np.float32) - below) * amount[..., None]


def polygon(x: Plane, y: Plane, points: ArrayLike) -> Plane:
    """Signed distance to a polygon [n, 2], negative inside."""
    corners = np.asarray(points, np.float32)
    best = np.full(x.shape, 1e9, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ex, ey = bx - ax, by - ay
        wx, wy = x - ax, y - ay
        along = np.clip((wx * ex + wy * ey) / max(float(ex * ex + ey * ey), 1e-12), 0, 1)
        best = np.minimum(best, (wx - along * ex) ** 2 + (wy - along * ey) ** 2)
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (wx < wy * ex / ey)
    distance = np.sqrt(best)
    return np.where(inside, -distance, distance)


def capsule(x: Plane, y: Plane, start: tuple[float, float], end: tuple[float, float], radius: float) -> Plane:
    """Signed distance to a thick line with round ends."""
    ex, ey = end[0] - start[0], end[1] - start[1]
    wx, wy = x - np.float32(start[0]), y - np.float32(start[1])
    along = np.clip((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-12), 0, 1)
    return np.hypot(wx - along * ex, wy - along * ey) - np.float32(radius)


def rounded_box(x: Plane, y: Plane, centre: tuple[float, float], half: tuple[float, float], radius: float) -> Plane:
    """Signed distance to a box with round corners."""
    dx = np.abs(x - np.float32(centre[0])) - np.float32(half[0] - radius)
    dy = np.abs(y - np.float32(centre[1])) - np.float32(half[1] - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - np.float32(radius), np.float32)


def splat(x: ArrayLike, y: ArrayLike, colour: NDArray[np.float32]) -> Light:
    """Points of light at x [n], y [n] with colours [n, c], added up on a black picture: [H, W, c]."""
    px = np.asarray(x, np.float32) * np.float32(HEIGHT_PX) - np.float32(0.5)
    py = np.asarray(y, np.float32) * np.float32(HEIGHT_PX) - np.float32(0.5)
    seen = (px > 0) & (px < WIDTH_PX - 2) & (py > 0) & (py < HEIGHT_PX - 2) & (colour.max(axis=1) > 0)
    px, py, colour = px[seen], py[seen], colour[seen]
    left, top = px.astype(np.int32), py.astype(np.int32)
    fx, fy = px - left, py - top
    at = top * WIDTH_PX + left
    places = np.concatenate((at, at + 1, at + WIDTH_PX, at + WIDTH_PX + 1))
    shares = np.concatenate(((1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy))
    out = np.empty((HEIGHT_PX * WIDTH_PX, colour.shape[1]), np.float32)
    for c in range(colour.shape[1]):
        out[:, c] = np.bincount(places, shares * np.tile(colour[:, c], 4), HEIGHT_PX * WIDTH_PX)
    return out.reshape(HEIGHT_PX, WIDTH_PX, -1)


def blur(light: Light, radius_px: float) -> Light:
    """A wide soft blur, done on a copy four or more times smaller (for glows, where detail does not matter)."""
    step = 8 if radius_px >= 16 else 4
    rows, cols = light.shape[0] // step * step, light.shape[1] // step * step
    small = light[:rows, :cols].reshape(rows // step, step, cols // step, step, 3).mean(axis=(1, 3))
    spread = max(radius_px / step, 0.3)
    reach = max(1, round(spread * 3))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(spread)) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (reach, reach)
        wide = np.pad(small, pad, mode="edge")
        length = small.shape[axis]
        total = np.zeros_like(small)
        for i, weight in enumerate(kernel):
            total += weight * (wide[i : i + length] if axis == 0 else wide[:, i : i + length])
        small = total
    return enlarge(small, light.shape[0], light.shape[1])


def enlarge(small: Light, rows: int, cols: int) -> Light:
    """Bilinear resize of [h, w, 3] to [rows, cols, 3]."""
    for axis, length in ((0, rows), (1, cols)):
        have = small.shape[axis]
        at = np.clip((np.arange(length, dtype=np.float32) + 0.5) * have / length - 0.5, 0, have - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, have - 1)
        part = (at - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        small = np.take(small, low, axis) * (1 - part) + np.take(small, high, axis) * part
    return np.asarray(small, np.float32)


@cache
def _film() -> tuple[Plane, Plane, Plane]:
    """The film curve as a table over the square root of light, the darker rim, and a tile of grain."""
    light = np.linspace(0, 4, 4096, dtype=np.float64) ** 2
    shown = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1) ** (1 / 2.2)
    x, y = axes()
    rim = 1 - 0.44 * ((x / ASPECT - 0.5) ** 2 + (y - 0.5) ** 2)
    return (shown * 255).astype(np.float32), rim.astype(np.float32), noise(991, 1024, 0.35)


def develop(light: Light, t: float) -> NDArray[np.uint8]:
    """Linear light to what a screen shows: film curve, gamma, a darker rim, grain. [H, W, 3] uint8.

    The curve is Narkowicz' fit of the ACES film response (2015).
    """
    table, rim, tile = _film()
    index = np.sqrt(np.maximum(light * rim[..., None], 0)) * np.float32(4095 / 4)
    shown = np.take(table, index.astype(np.int32), mode="clip")
    shift = round(t * 1000)
    rows = (np.arange(HEIGHT_PX) + shift * 7) % 1024
    cols = (np.arange(WIDTH_PX) + shift * 13) % 1024
    shown += (np.float32(1.3) * tile[rows[:, None], cols[None, :]] + np.float32(0.5))[..., None]
    return np.asarray(np.clip(shown, 0, 255, out=shown), np.uint8)
