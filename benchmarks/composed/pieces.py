"""What a composed video consists of: a camera, backgrounds, emitters on their paths. Times are in seconds.

All places are shares of the frame: x from 0 (left) to 1 (right), y from 0 (top) to 1, sizes in widths of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
WIDTH_PX, HEIGHT_PX, RATE_HZ = 640, 360, 25

_EDGE = 0.08
"""Share of its side over which a pasted photograph fades into what is behind it, so that its outline is no object."""


@dataclass(frozen=True)
class Camera:
    """Shake: a smooth wobble of up to shake_px; the whole picture moves, emitters with it."""

    shake_px: float
    phases: tuple[float, float, float, float]

    def offset_px(self, time_s: float) -> tuple[float, float]:
        """How far right and down the picture is moved; two waves a direction, of a hand's 1.1 to 3.1 Hz."""
        a, b, c, d = self.phases
        across = 0.65 * np.sin(2 * np.pi * 1.3 * time_s + a) + 0.35 * np.sin(2 * np.pi * 3.1 * time_s + b)
        down = 0.65 * np.sin(2 * np.pi * 1.1 * time_s + c) + 0.35 * np.sin(2 * np.pi * 2.7 * time_s + d)
        return float(across * self.shake_px), float(down * self.shake_px)


class Background(Protocol):
    """What lies behind."""

    def at(self, time_s: float, camera: tuple[float, float]) -> NDArray[np.float32]:
        """The picture, float32 [H, W, 3] of 0..255."""
        ...


@dataclass(frozen=True)
class Panned:
    """A photograph that fills the frame, panned slowly: drift in widths of the frame a second."""

    picture: Image.Image
    start: tuple[float, float]
    drift: tuple[float, float]
    zoom: float = 1.25

    def at(self, time_s: float, camera: tuple[float, float]) -> NDArray[np.float32]:
        """See Background."""
        side = self.picture.width
        width = side / self.zoom
        height = width * HEIGHT_PX / WIDTH_PX
        scale = width / WIDTH_PX
        left = self.start[0] * (side - width) + self.drift[0] * time_s * width - camera[0] * scale
        top = self.start[1] * (side - height) + self.drift[1] * time_s * width - camera[1] * scale
        left, top = min(max(left, 0.0), side - width), min(max(top, 0.0), side - height)
        box = (left, top, left + width, top + height)
        shown = self.picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC, box=box)
        return np.asarray(shown, dtype=np.float32)


@dataclass(frozen=True)
class Texture:
    """Clouds of two colours that drift; nothing in particular. noise: float32 [h, w] of 0..1, wrapped round."""

    noise: NDArray[np.float32]
    colours: tuple[tuple[float, float, float], tuple[float, float, float]]
    drift: tuple[float, float]

    def at(self, time_s: float, camera: tuple[float, float]) -> NDArray[np.float32]:
        """See Background."""
        height, width = self.noise.shape
        right = self.drift[0] * time_s * WIDTH_PX + camera[0]
        down = self.drift[1] * time_s * WIDTH_PX + camera[1]
        moved = np.roll(self.noise, (round(down) % height, round(right) % width), axis=(0, 1))
        share = moved[:HEIGHT_PX, :WIDTH_PX, None]
        low, high = (np.array(c, dtype=np.float32) for c in self.colours)
        return np.asarray(low + share * (high - low), dtype=np.float32)


def clouds(rng: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of three scales, float32 [H, W], which joins itself at the edges."""
    total = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for cells, weight in ((4, 1.0), (9, 0.5), (24, 0.25)):
        coarse = rng.random((cells, cells * 2)).astype(np.float32)
        around = np.pad(coarse, 2, mode="wrap")
        unit = (WIDTH_PX / (cells * 2), HEIGHT_PX / cells)
        size = (round(around.shape[1] * unit[0]), round(around.shape[0] * unit[1]))
        fine = np.asarray(Image.fromarray(around).resize(size, Image.Resampling.BICUBIC))
        left, top = round(2 * unit[0]), round(2 * unit[1])
        total += weight * fine[top : top + HEIGHT_PX, left : left + WIDTH_PX]
    low, high = float(total.min()), float(total.max())
    return (total - low) / (high - low)


@dataclass(frozen=True)
class Emitter:
    """A photograph on a path, there from start_s to end_s.

    x: centre, as it goes in a straight line from x[0] at start_s to x[1] at end_s, both for the whole stay (a still
    one has x[0] = x[1]); sizes likewise. entry: pops in and out from one frame to the next, or fades over fade_s,
    and is then there from the middle of the one fade to the middle of the other.
    """

    concept: str
    picture: Image.Image
    start_s: float
    end_s: float
    x: tuple[float, float]
    y: float
    size: tuple[float, float]
    entry: Literal["pop", "fade"] = "pop"
    fade_s: float = 0.4

    def share(self, time_s: float) -> float:
        """How far along its path it is, 0..1."""
        return min(1.0, max(0.0, (time_s - self.start_s) / (self.end_s - self.start_s)))

    def opacity(self, time_s: float) -> float:
        """How much of it is seen, 0..1."""
        if self.entry == "pop":
            return 1.0 if self.start_s <= time_s < self.end_s else 0.0
        rise = (time_s - self.start_s) / self.fade_s + 0.5
        fall = (self.end_s - time_s) / self.fade_s + 0.5
        return min(1.0, max(0.0, min(rise, fall)))

    def pan(self, time_s: float) -> float:
        """Of its centre, -1..1, before the camera shakes."""
        return (self.x[0] + (self.x[1] - self.x[0]) * self.share(time_s)) * 2 - 1

    def width(self, time_s: float) -> float:
        """In widths of the frame."""
        return self.size[0] + (self.size[1] - self.size[0]) * self.share(time_s)

    def draw(self, onto: NDArray[np.float32], time_s: float, camera: tuple[float, float]) -> None:
        """Pastes it, with soft edges, at the whole pixel nearest to its place."""
        seen = self.opacity(time_s)
        if not seen:
            return
        side = max(8, round(self.width(time_s) * WIDTH_PX))
        left = round((self.pan(time_s) + 1) / 2 * WIDTH_PX + camera[0] - side / 2)
        top = round(self.y * HEIGHT_PX + camera[1] - side / 2)
        small = np.asarray(self.picture.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
        ramp = np.minimum(1.0, np.minimum(np.arange(side) + 1, side - np.arange(side)) / max(1.0, side * _EDGE))
        mask = (seen * ramp[:, None] * ramp[None]).astype(np.float32)[..., None]
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, WIDTH_PX), min(top + side, HEIGHT_PX)
        if x0 >= x1 or y0 >= y1:
            return
        part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        behind = onto[y0:y1, x0:x1]
        behind += mask[part] * (small[part] - behind)


@dataclass(frozen=True)
class Shot:
    """From start_s on, one background with its emitters; a cut, or the middle of a dissolve, brings it."""

    start_s: float
    background: Background
    emitters: tuple[Emitter, ...] = ()
    dissolve_s: float = 0.0

    def at(self, time_s: float, camera: tuple[float, float]) -> NDArray[np.float32]:
        """The picture, float32 [H, W, 3]."""
        picture = self.background.at(time_s - self.start_s, camera).copy()
        for emitter in self.emitters:
            emitter.draw(picture, time_s, camera)
        return picture


@dataclass(frozen=True)
class Film:
    """Shots one after another, and what a person should know of it. kind: what it tries."""

    kind: str
    shots: tuple[Shot, ...]
    duration_s: float
    camera: Camera
    noise: float

    def frame(self, number: int) -> Picture:
        """Frame `number`, uint8 [H, W, 3]; the noise of a sensor on it."""
        time_s = number / RATE_HZ
        camera = self.camera.offset_px(time_s)
        now = max(n for n, shot in enumerate(self.shots) if n == 0 or time_s >= shot.start_s - shot.dissolve_s / 2)
        shot = self.shots[now]
        picture = shot.at(time_s, camera)
        if shot.dissolve_s and time_s < shot.start_s + shot.dissolve_s / 2:
            share = (time_s - shot.start_s) / shot.dissolve_s + 0.5
            picture = (1 - share) * self.shots[now - 1].at(time_s, camera) + share * picture
        grain = np.random.default_rng([number, 9]).normal(0, self.noise, (HEIGHT_PX, WIDTH_PX, 1))
        return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)

    @property
    def frames(self) -> int:
        """How many there are."""
        return round(self.duration_s * RATE_HZ)

    def emitters(self) -> list[Emitter]:
        """All of them, in order."""
        return [emitter for shot in self.shots for emitter in shot.emitters]
