"""Cuts and dissolves in films made by code, whose edges are known: how many are found, how many are false.

    python -m benchmarks.scenes [--photos ../shared/photos] [--films 60] [--seed 1] [--show]

Each film has 4 to 9 shots: pictures drawn by code, or with --photos held-out photographs as well, under a camera
that stands, pans, zooms, shakes, whips round at up to two widths a second or has something cross the picture close
by. Lamps flash, lightning strikes, lights go down. 70 % of the edges are cuts, the others dissolves of .3 to 1.6 s.
A last group of films has no edge at all, but all that may look like one.

A cut is found by an edge within .1 s of it, a dissolve by one within it or .25 s of it; each edge finds one only,
and one that finds nothing is false for both.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonify.settings import SceneSettings
from sonify.video.frames import Frames
from sonify.video.scenes import SceneFinder

WIDTH, HEIGHT, RATE_HZ, GREY_HZ = 128, 72, 25, 12
MOVES = ("still", "pan", "zoom", "shake", "whip", "crossing")
LIGHTS = ("steady", "steady", "steady", "flash", "strobe", "lightning", "dimmed")
CUT_S, DISSOLVE_S = 0.1, 0.25
Picture = NDArray[np.float32]


@dataclass(frozen=True)
class Edge:
    """A cut, or a dissolve of length_s that begins at start_s."""

    start_s: float
    length_s: float = 0.0


@dataclass(frozen=True)
class Film:
    """Grey frames as the reader gives them, where the edges are, and what each shot is."""

    grey: NDArray[np.uint8]
    edges: tuple[Edge, ...]
    shots: tuple[str, ...] = ()

    @property
    def duration_s(self) -> Fraction:
        """Its length."""
        return Fraction(len(self.grey), GREY_HZ)


@dataclass(frozen=True)
class Count:
    """What was found of one kind of edge."""

    found: int
    missed: int
    false: int

    @property
    def f1(self) -> float:
        """1 when there was nothing to find and nothing was found."""
        return 1.0 if not (self.found + self.missed + self.false) else 2 * self.found / (
            2 * self.found + self.missed + self.false
        )  # fmt: skip

    def __add__(self, other: Count) -> Count:
        return Count(self.found + other.found, self.missed + other.missed, self.false + other.false)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--films", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="name what is missed and what is false")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    drawn: Callable[[np.random.Generator], Picture] = drawing
    groups = {"drawn": drawn}
    if given.photos:
        groups["photographs"] = photographs(given.photos)
    print(f"{'films':34} {'cuts F1':>8} {'found':>9} {'dissolves F1':>13} {'found':>9} {'false':>6}")
    total = {True: (Count(0, 0, 0), Count(0, 0, 0)), False: (Count(0, 0, 0), Count(0, 0, 0))}
    for name, picture in groups.items():
        for edged in (True, False):
            cuts, dissolves = Count(0, 0, 0), Count(0, 0, 0)
            for number in range(given.films if edged else given.films // 2):
                film = make(rng, picture, edged=edged)
                cut, dissolve = judged(film, found(film), show=f"{name} {number}" if given.show else "")
                cuts, dissolves = cuts + cut, dissolves + dissolve
            _row(f"{name}, {'with edges' if edged else 'without any'}", cuts, dissolves)
            total[edged] = (total[edged][0] + cuts, total[edged][1] + dissolves)
    _row("all, with edges", *total[True])
    _row("all", *(a + b for a, b in zip(*total.values(), strict=True)))


def found(film: Film, settings: SceneSettings | None = None) -> list[float]:
    """The edges that sonify finds, in seconds."""
    finder = SceneFinder(settings or SceneSettings())
    times = tuple(Fraction(k, GREY_HZ) for k in range(len(film.grey)))
    finder.add(Frames(film.grey, times))
    return [float(span.start_s) for span in finder.finish(film.duration_s)[1:]]


def judged(film: Film, edges_s: Sequence[float], *, show: str = "") -> tuple[Count, Count]:
    """Cuts and dissolves, what was found of them and what is false."""
    left = list(edges_s)
    hits = {True: 0, False: 0}
    missed = {True: 0, False: 0}
    for edge in film.edges:
        slack_s = DISSOLVE_S if edge.length_s else CUT_S
        near = [e for e in left if edge.start_s - slack_s <= e <= edge.start_s + edge.length_s + slack_s]
        if near:
            left.remove(min(near, key=lambda e: abs(e - edge.start_s - edge.length_s / 2)))
            hits[not edge.length_s] += 1
        else:
            missed[not edge.length_s] += 1
            if show:
                print(f"  {show}: missed {edge}")
    if show and (left or sum(missed.values())):
        print(f"  {show}: false {[round(e, 2) for e in left]}; {film.shots}")
    return Count(hits[True], missed[True], len(left)), Count(hits[False], missed[False], len(left))


def make(rng: np.random.Generator, picture: Callable[[np.random.Generator], Picture], *, edged: bool = True) -> Film:
    """A film of several shots, or of one. Only the frames that the reader would take are rendered."""
    count = int(rng.integers(4, 10)) if edged else 1
    clear = [round(float(rng.uniform(1.2, 4) if edged else rng.uniform(8, 16)) * RATE_HZ) for _ in range(count)]
    # A dissolve leaves more than a second of the shots that it joins.
    blends = [round(float(rng.uniform(0.3, 1.6)) * RATE_HZ) * (rng.random() < 0.3) for _ in range(count - 1)] + [0]
    total = sum(clear) + sum(blends)
    taken = np.arange(-(-total * GREY_HZ // RATE_HZ)) * RATE_HZ // GREY_HZ
    film = np.zeros((len(taken), HEIGHT, WIDTH), np.float32)
    edges: list[Edge] = []
    shots: list[str] = []
    start, before = 0, 0
    for length, after in zip(clear, blends, strict=True):
        end = start + before + length + after
        own = np.flatnonzero((taken >= start) & (taken < end))
        times = (taken[own] - start) / RATE_HZ
        calm = edged and rng.random() < 0.5
        move, light = str(rng.choice(MOVES[:4] if calm else MOVES)), "steady" if calm else str(rng.choice(LIGHTS))
        shots.append(f"{start / RATE_HZ:.2f} {move} {light}")
        shot = shoot(rng, picture(rng), times, (end - start) / RATE_HZ, move, light)
        for index, frame in zip(own, shot, strict=True):
            into = min(1.0, (taken[index] - start + 1) / (before + 1))
            out = min(1.0, (end - taken[index]) / (after + 1))
            film[index] += min(into, out) * frame
        start, before = end - after, after
        if end < total:
            edges.append(Edge(start / RATE_HZ, after / RATE_HZ))
    noisy = film + rng.normal(0, rng.uniform(0.5, 3), film.shape)
    small = noisy.reshape(len(film), HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(2, 4))
    return Film(np.clip(np.rint(small), 0, 255).astype(np.uint8), tuple(edges), tuple(shots))


def shoot(
    rng: np.random.Generator, picture: Picture, times: NDArray[np.float64], seconds: float, move: str, light: str
) -> list[Picture]:
    """What a camera sees of a picture at `times` within so many seconds, in the light of the moment."""
    count = len(times)
    way, speed = rng.uniform(0, 2 * np.pi), float(rng.uniform(0.02, 0.25))
    x, y, zoom = np.full(count, 0.5), np.full(count, 0.5), np.full(count, float(rng.uniform(0.35, 0.6)))
    if move == "pan":
        x, y = x + np.cos(way) * speed * zoom * times, y + np.sin(way) * speed * zoom * times * 0.5
    elif move == "zoom":
        zoom = zoom * np.exp(rng.choice([-1, 1]) * speed * times)
    elif move == "shake":
        x = x + 0.015 * np.sin(2 * np.pi * 1.7 * times) + 0.01 * np.sin(2 * np.pi * 4.1 * times + way)
        y = y + 0.015 * np.sin(2 * np.pi * 2.3 * times + way)
    elif move == "whip":
        begin, lasts = rng.uniform(0.3, 0.6) * seconds, float(rng.uniform(0.3, 0.8))
        turned = np.clip((times - begin) / lasts, 0, 1)
        x = 0.3 + x * 0 + (3 * turned**2 - 2 * turned**3) * rng.uniform(0.8, 2.0) * lasts * 0.5
    frames = [_seen(picture, *at) for at in zip(x, y, zoom, strict=True)]
    if move == "crossing":
        dark, width = float(rng.uniform(10, 90)), int(rng.uniform(0.2, 0.45) * WIDTH)
        begin, pace = rng.uniform(0.2, 0.5) * seconds, rng.uniform(0.6, 1.5)
        for k, time_s in enumerate(times):
            left = int((time_s - begin) * pace * WIDTH) - width
            frames[k][12:, max(left, 0) : max(left + width, 0)] = dark
    return _lit(rng, frames, times, seconds, light)


def _lit(
    rng: np.random.Generator, frames: list[Picture], times: NDArray[np.float64], seconds: float, light: str
) -> list[Picture]:
    glow = np.zeros(len(frames))
    if light == "flash":
        for begin in rng.uniform(0.2, max(seconds - 0.3, 0.3), int(rng.integers(1, 4))):
            glow[(times >= begin) & (times < begin + rng.uniform(0.04, 0.16))] = rng.uniform(0.5, 1)
    elif light == "strobe":
        rate = rng.uniform(4, 10)
        on = (times > 0.3 * seconds) & (times < 0.8 * seconds)
        glow[on & ((times * rate) % 1 < 0.4)] = rng.uniform(0.4, 0.9)
    elif light == "lightning":
        for begin in rng.uniform(0.2, max(seconds - 0.5, 0.3), 2):
            age = times - begin
            glow += np.where(age >= 0, np.exp(-age / 0.12), 0) * rng.uniform(0.5, 0.9)
    lit = [frame + g * (245 - frame) for frame, g in zip(frames, np.clip(glow, 0, 1), strict=True)]
    if light == "dimmed":
        begin, lasts, rest = rng.uniform(0.3, 0.6) * seconds, rng.uniform(0.3, 1.5), rng.uniform(0.3, 0.7)
        lit = [f * (1 - (1 - rest) * np.clip((t - begin) / lasts, 0, 1)) for f, t in zip(lit, times, strict=True)]
    return [np.asarray(frame, np.float32) for frame in lit]


def _seen(picture: Picture, x: float, y: float, zoom: float) -> Picture:
    """The part of a picture around (x, y), `zoom` of its width wide; mirrored beyond its edges."""
    height, width = picture.shape
    across = (x + (np.arange(WIDTH) / WIDTH - 0.5) * zoom) * width
    down = (y + (np.arange(HEIGHT) / HEIGHT - 0.5) * zoom * HEIGHT / WIDTH * width / height) * height
    columns, rows = (_mirrored(np.rint(a).astype(int), n) for a, n in ((across, width), (down, height)))
    return picture[np.ix_(rows, columns)].copy()


def _mirrored(index: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    folded = np.mod(index, 2 * length)
    return np.where(folded < length, folded, 2 * length - 1 - folded)


def drawing(rng: np.random.Generator) -> Picture:
    """Shapes of several sizes in several greys, as a photograph has."""
    picture = np.full((432, 576), rng.uniform(50, 200))
    for size in (144, 72, 36, 16, 6):
        coarse = rng.normal(0, 20, (432 // size + 2, 576 // size + 2))
        picture += np.kron(coarse, np.ones((size, size)))[:432, :576]
    return np.clip(picture, 0, 255).astype(np.float32)


def photographs(folder: Path) -> Callable[[np.random.Generator], Picture]:
    """Held-out photographs, in grey."""
    from benchmarks.composed.emitters import BACKGROUNDS, EMITTERS
    from benchmarks.composed.photos import HeldOut

    held = HeldOut(folder, sorted({*EMITTERS, *BACKGROUNDS})[::4])
    names = held.concepts()

    def one(rng: np.random.Generator) -> Picture:
        picture = Image.fromarray(held.pick(str(rng.choice(names)), rng)).convert("L")
        return np.asarray(picture.resize((512, 512), Image.Resampling.BICUBIC), np.float32)

    return one


def _row(name: str, cuts: Count, dissolves: Count) -> None:
    def share(count: Count) -> str:
        return f"{count.found}/{count.found + count.missed}"

    print(
        f"{name:34} {cuts.f1:8.3f} {share(cuts):>9} {dissolves.f1:13.3f} {share(dissolves):>9} {cuts.false:6}",
        flush=True,
    )


if __name__ == "__main__":
    main()
