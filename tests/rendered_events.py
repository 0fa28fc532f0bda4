"""Films of things that hit, burst and flash at known instants, for tests and benchmarks/events.py.

film = render(Case("bounce", 25))
film.frames, film.times_s, film.events_s
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

HEIGHT, WIDTH = 108, 192
KINDS = ("bounce", "stroke", "burst", "flash")
LABELS = {"bounce": "ball bouncing", "stroke": "hammering", "burst": "glass breaking", "flash": "camera flash"}
_BORDER = 16
# A shutter that is open for half of the time, seen at so many moments.
_SHUTTER, _MOMENTS = 0.5, 4
_Paint = Callable[[NDArray[np.float32], float, float, float], NDArray[np.float32]]
_Y, _X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


@dataclass(frozen=True)
class Case:
    """One film. size: radius in heights of the picture; speed 1: a ball takes 0.6 s from bounce to bounce."""

    kind: str
    fps: int
    size: float = 0.08
    speed: float = 1.0
    ground: str = "soft"
    camera: str = "still"
    seed: int = 1
    length_s: float = 6.0

    @property
    def name(self) -> str:
        """What it shows, on one line."""
        what = f"{self.kind} {self.fps} fps, size {self.size}, speed {self.speed}"
        return f"{what}, {self.ground} ground, {self.camera}"


@dataclass(frozen=True)
class Film:
    """frames: uint8 [N, H, W, 3]; times_s: of each; events_s: the instants, exact."""

    frames: NDArray[np.uint8]
    times_s: tuple[Fraction, ...]
    events_s: tuple[float, ...]


def cases(seed: int = 1, *, length_s: float = 6.0) -> list[Case]:
    """Every kind at every rate, ground and camera, sizes and speeds by turns.

    A hand-held camera needs a ground with something on it: before a blank wall nobody can tell it from the thing.
    """
    found = []
    for kind, fps, ground, camera in product(
        KINDS, (24, 30, 60), ("blank", "soft", "fine"), ("still", "hand-held", "passer-by")
    ):
        if ground == "blank" and camera == "hand-held":
            continue
        number = len(found)
        size, speed = (0.05, 0.08, 0.12)[number % 3], (0.5, 0.7, 1.0)[(number // 3 + number) % 3]
        found.append(Case(kind, fps, size, speed, ground, camera, 1000 * seed + number, length_s))
    return found


def render(case: Case) -> Film:
    """The film of a case; the same for the same seed."""
    rng = np.random.default_rng(case.seed)
    ground = _ground(case.ground, rng)
    events, paint = {"bounce": _bounce, "stroke": _stroke, "burst": _burst, "flash": _flash}[case.kind](case, rng)
    phases = rng.uniform(0, 2 * np.pi, 4)
    count = round(case.length_s * case.fps)
    frames = np.zeros((count, HEIGHT, WIDTH, 3), np.uint8)
    for number in range(count):
        light = np.zeros((HEIGHT, WIDTH), np.float32)
        for moment in range(_MOMENTS):
            time_s = (number + _SHUTTER * moment / _MOMENTS) / case.fps
            x, y = _shake(time_s, phases) if case.camera == "hand-held" else (0.0, 0.0)
            picture = shift(ground, (y, x), order=1, mode="nearest") if x or y else ground
            picture = picture[_BORDER : _BORDER + HEIGHT, _BORDER : _BORDER + WIDTH].copy()
            if case.camera == "passer-by":
                picture = _passer_by(picture, time_s)
            light += paint(picture, time_s, x, y)
        grey = np.clip(light / _MOMENTS + rng.normal(0, 1.5, (HEIGHT, WIDTH)), 0, 255)
        frames[number] = grey.astype(np.uint8)[:, :, None]
    return Film(frames, tuple(Fraction(number, case.fps) for number in range(count)), tuple(events))


def _texture(rng: np.random.Generator, height: int, width: int, soft: float) -> NDArray[np.float32]:
    coarse = gaussian_filter(rng.standard_normal((height, width)), 4 * soft) * 2
    fine = gaussian_filter(rng.standard_normal((height, width)), soft) + coarse
    return np.asarray((fine - fine.mean()) / fine.std(), np.float32)


def _ground(kind: str, rng: np.random.Generator) -> NDArray[np.float32]:
    shape = (HEIGHT + 2 * _BORDER, WIDTH + 2 * _BORDER)
    if kind == "blank":
        return np.full(shape, 150, np.float32)
    return 125 + 25 * _texture(rng, *shape, 4.0 if kind == "soft" else 1.2)


def _shake(time_s: float, phases: NDArray[np.float64]) -> tuple[float, float]:
    turns = 2 * np.pi * time_s
    x = np.sin(2.3 * turns + phases[0]) + 0.6 * np.sin(5.1 * turns + phases[1])
    y = np.sin(2.9 * turns + phases[2]) + 0.6 * np.sin(4.3 * turns + phases[3])
    return 0.012 * HEIGHT * float(x), 0.012 * HEIGHT * float(y)


def _passer_by(picture: NDArray[np.float32], time_s: float) -> NDArray[np.float32]:
    """A ball with stripes that goes from side to side and never stops suddenly."""
    x, y = WIDTH * (0.5 + 0.4 * np.sin(2 * np.pi * 0.35 * time_s + 1)), HEIGHT * 0.2
    return _disc(picture, x, y, 0.1 * HEIGHT, 90 + 25 * np.sin((_X - x) / 3))


def _disc(
    picture: NDArray[np.float32], x: float, y: float, radius: float, light: NDArray[np.float32]
) -> NDArray[np.float32]:
    cover = np.clip(radius - np.hypot(_X - x, _Y - y) + 0.5, 0, 1)
    return picture * (1 - cover) + cover * light


def _bounce(case: Case, rng: np.random.Generator) -> tuple[list[float], _Paint]:
    """A ball falls into the picture, bounces lower and lower, and is gone; then the next."""
    radius, skin = case.size * HEIGHT, _texture(rng, 64, 64, 3)
    floor, arc = 0.88 * HEIGHT - radius, 0.76 * HEIGHT - radius
    period = 0.62 / case.speed
    flights: list[tuple[float, float, float]] = []  # start, length, height at the middle
    events: list[float] = []
    time_s = float(rng.uniform(0.2, 0.5))
    drops: list[tuple[float, float]] = []
    while time_s < case.length_s:
        spring = float(rng.uniform(0.8, 0.9))
        drops.append((time_s, 0.6 * period))
        time_s += 0.6 * period
        for number in range(5):
            events.append(time_s)
            length = period * spring**number
            flights.append((time_s, length, arc * spring ** (2 * number)))
            time_s += length
        events.append(time_s)
        # It lies for a moment before it is gone.
        flights.append((time_s, 0.3, 0.0))
        time_s += 0.3 + float(rng.uniform(0.1, 0.3))
    x0, drift = WIDTH * float(rng.uniform(0.3, 0.7)), WIDTH * float(rng.uniform(-0.03, 0.03))

    def height(time_s: float) -> float | None:
        for start, length in drops:
            if start <= time_s < start + length:
                share = (time_s - start) / length
                return -radius + (floor + radius) * share**2
        for start, length, top in flights:
            if start <= time_s < start + length:
                share = (time_s - start) / length
                return floor - 4 * top * share * (1 - share)
        return None

    def paint(picture: NDArray[np.float32], time_s: float, x: float, y: float) -> NDArray[np.float32]:
        at = height(time_s)
        if at is None:
            return picture
        x, y = x + x0 + drift * time_s, y + at
        rows = np.clip((_Y - y) / radius * 20 + 32, 0, 63).astype(int)
        columns = np.clip((_X - x) / radius * 20 + 32, 0, 63).astype(int)
        return _disc(picture, x, y, radius, 60 + 25 * skin[rows, columns])

    return [event for event in events if event < case.length_s - 0.1], paint


def _stroke(case: Case, rng: np.random.Generator) -> tuple[list[float], _Paint]:
    """A hammer swings down faster and faster, stays for a moment, and is raised gently."""
    events: list[float] = []
    time_s = 0.3
    while time_s < case.length_s:
        time_s += float(rng.uniform(0.55, 1.0)) / case.speed
        events.append(time_s)
    events = [event for event in events if event < case.length_s - 0.2]
    down, rest = 0.2 / case.speed, 0.08 / case.speed
    length, head = HEIGHT * (0.3 + 1.5 * case.size), HEIGHT * case.size

    def raised(time_s: float) -> float:
        after = [event for event in events if event >= time_s]
        before = [event for event in events if event < time_s]
        if after and after[0] - time_s < down:
            share = 1 - (after[0] - time_s) / down
            return 1 - share**1.7
        if not before:
            return 1.0
        free = (after[0] - down if after else before[-1] + 1) - before[-1] - rest
        lift = min(0.35 / case.speed, free)
        share = min(1.0, max(0.0, time_s - before[-1] - rest) / lift)
        return 0.5 - 0.5 * float(np.cos(np.pi * share))

    def paint(picture: NDArray[np.float32], time_s: float, x: float, y: float) -> NDArray[np.float32]:
        angle = -1.1 * raised(time_s)
        along = (_X - WIDTH * 0.3 - x) * np.cos(angle) + (_Y - HEIGHT * 0.8 - y) * np.sin(angle)
        aside = -(_X - WIDTH * 0.3 - x) * np.sin(angle) + (_Y - HEIGHT * 0.8 - y) * np.cos(angle)
        handle = np.clip(2.5 - np.abs(aside), 0, 1) * np.clip(along + 0.5, 0, 1) * np.clip(length - along + 0.5, 0, 1)
        block = np.clip(0.6 * head - np.abs(along - length) + 0.5, 0, 1) * np.clip(head - np.abs(aside) + 0.5, 0, 1)
        cover = np.maximum(handle, block)
        return np.asarray(picture * (1 - cover) + cover * (50 + 15 * np.sin(along / 2)), np.float32)

    return events, paint


def _burst(case: Case, rng: np.random.Generator) -> tuple[list[float], _Paint]:
    """A bright disc flies into pieces; a while later another stands there, having been faded in."""
    events: list[float] = []
    time_s = 0.4
    while time_s < case.length_s:
        time_s += float(rng.uniform(1.2, 1.8)) / case.speed**0.5
        events.append(time_s)
    events = [event for event in events if event < case.length_s - 0.2]
    count, radius = 14, case.size * HEIGHT
    ways = rng.uniform(0, 2 * np.pi, (len(events), count))
    speeds = rng.uniform(0.3, 1.4, (len(events), count)) * HEIGHT * case.speed
    place_x, place_y = WIDTH * float(rng.uniform(0.35, 0.65)), HEIGHT * 0.45

    def paint(picture: NDArray[np.float32], time_s: float, x: float, y: float) -> NDArray[np.float32]:
        x, y = x + place_x, y + place_y
        before = [number for number, event in enumerate(events) if event <= time_s]
        since = time_s - events[before[-1]] if before else 9.0
        if since < 0.5:
            for way, speed in zip(ways[before[-1]], speeds[before[-1]], strict=True):
                far = speed * since
                fallen = 0.5 * 2.0 * HEIGHT * since**2
                at = x + far * np.cos(way), y + far * np.sin(way) + fallen
                picture = _disc(picture, *at, radius / 3.5, np.float32(225))
            return picture
        faded = min(1.0, (since - 0.5) / 0.4)
        whole = _disc(picture, x, y, radius, np.float32(225))
        return np.asarray(picture + faded * (whole - picture), np.float32)

    return events, paint


def _flash(case: Case, rng: np.random.Generator) -> tuple[list[float], _Paint]:
    """A lamp flashes, and dies away within a tenth of a second."""
    events: list[float] = []
    time_s = 0.2
    while time_s < case.length_s:
        time_s += float(rng.uniform(0.5, 1.2)) / case.speed
        events.append(time_s)
    events = [event for event in events if event < case.length_s - 0.2]
    middle = WIDTH * float(rng.uniform(0.3, 0.7))
    glow = np.exp(-((_X - middle) ** 2 + (_Y - 0.4 * HEIGHT) ** 2) / (2 * (5 * case.size * HEIGHT) ** 2))

    def paint(picture: NDArray[np.float32], time_s: float, x: float, y: float) -> NDArray[np.float32]:
        light = sum(float(np.exp((event - time_s) / 0.06)) for event in events if event <= time_s)
        return np.asarray(picture + min(1.3, light) * 90 * glow, np.float32)

    return events, paint
