"""What happens in a composed video: its kind goes by its number, all else by the seed."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.composed.emitters import BACKGROUNDS, EMITTERS, FACES, alike
from benchmarks.composed.photos import HeldOut
from benchmarks.composed.pieces import (
    HEIGHT_PX,
    RATE_HZ,
    WIDTH_PX,
    Background,
    Camera,
    Emitter,
    Film,
    Panned,
    Shot,
    Texture,
    clouds,
)

KINDS = ("still", "moving", "two", "cuts", "none", "still", "growing", "two", "dissolve", "none")
"""Round and round: half with one emitter in one shot, a fifth with two that overlap, a fifth with none."""


CLOSE = 1.03 * HEIGHT_PX / WIDTH_PX
"""Width of a photograph that is a little higher than the frame."""


class Director:
    """Makes films from the photographs; film n of a seed is the same however many are made."""

    def __init__(self, photos: HeldOut, seed: int) -> None:
        self._photos = photos
        self._seed = seed
        known = photos.concepts()
        self._emitters = [c for c in known if c in EMITTERS]
        self._backgrounds = [c for c in known if c in BACKGROUNDS]
        self._faces = [c for c in known if c in FACES]

    def film(self, number: int) -> Film:
        """The film of that number."""
        rng = np.random.default_rng([self._seed, number])
        kind = KINDS[number % len(KINDS)]
        duration_s = _frames(rng.uniform(6, 12))
        shake = 0.0 if rng.random() < 0.4 else float(rng.uniform(2, 7))
        phases = tuple(float(p) for p in rng.uniform(0, 2 * np.pi, 4))
        camera = Camera(shake, (phases[0], phases[1], phases[2], phases[3]))
        shots = getattr(self, f"_{kind}")(rng, duration_s)
        return Film(kind, shots, duration_s, camera, float(rng.uniform(0, 4)))

    def _still(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        return (Shot(0.0, self._background(rng), (self._emitter(rng, self._concept(rng), 0.0, duration_s),)),)

    def _moving(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        emitter = self._emitter(rng, self._concept(rng), 0.0, duration_s, moves=True)
        return (Shot(0.0, self._background(rng), (emitter,)),)

    def _growing(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        emitter = self._emitter(rng, self._concept(rng), 0.0, duration_s, grows=True)
        return (Shot(0.0, self._background(rng), (emitter,)),)

    def _two(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        """The second comes while the first is there, and stays when it goes."""
        one = self._concept(rng)
        other = self._concept(rng, besides=one)
        sides = (0.26, 0.74) if rng.random() < 0.5 else (0.74, 0.26)
        times = [_frames(duration_s * share) for share in (rng.uniform(0.05, 0.15), rng.uniform(0.3, 0.4))]
        ends = [_frames(duration_s * share) for share in (rng.uniform(0.65, 0.75), rng.uniform(0.88, 0.97))]
        made = [
            self._pasted(rng, concept, start_s, end_s, x=(x, x), size=(s := float(rng.uniform(0.3, 0.44)), s))
            for concept, start_s, end_s, x in zip((one, other), times, ends, sides, strict=True)
        ]
        return (Shot(0.0, self._background(rng), tuple(made)),)

    def _cuts(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        """A place, the emitter in the middle and as high as the picture, another place: its interval is the shot."""
        first, second = _frames(duration_s * rng.uniform(0.25, 0.4)), _frames(duration_s * rng.uniform(0.6, 0.8))
        concept = self._concept(rng)
        picture = Image.fromarray(self._photos.pick(concept, rng))
        # What is left of the frame is the same photograph, far out of focus, as television does it.
        sides = Panned(picture.filter(ImageFilter.GaussianBlur(12)), (0.5, 0.5), (0.0, 0.0))
        shown = Emitter(concept, picture, first, second, (0.5, 0.5), 0.5, (CLOSE, CLOSE))
        return (
            Shot(0.0, self._background(rng)),
            Shot(first, sides, (shown,)),
            Shot(second, self._background(rng)),
        )

    def _dissolve(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        """An emitter in the first place is gone before the picture dissolves into another."""
        middle = _frames(duration_s * rng.uniform(0.6, 0.75))
        length_s = _frames(rng.uniform(0.6, 1.4))
        emitter = self._emitter(rng, self._concept(rng), 0.0, middle - length_s)
        return (
            Shot(0.0, self._background(rng), (emitter,)),
            Shot(middle, self._background(rng), dissolve_s=length_s),
        )

    def _none(self, rng: np.random.Generator, duration_s: float) -> tuple[Shot, ...]:
        """Texture, a plain colour, a face: nothing should be heard."""
        which = rng.random()
        if which < 0.4:
            return (Shot(0.0, self._texture(rng)),)
        if which < 0.6:
            colour = tuple(float(c) for c in rng.uniform(10, 240, 3))
            flat = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
            three = (colour[0], colour[1], colour[2])
            return (Shot(0.0, Texture(flat, (three, three), (0.0, 0.0))),)
        concept = self._faces[int(rng.integers(len(self._faces)))]
        side = float(rng.uniform(0.35, 0.5))
        x = float(rng.uniform(0.3, 0.7))
        face = self._pasted(rng, concept, 0.0, duration_s, x=(x, x), size=(side, side))
        return (Shot(0.0, self._texture(rng), (face,)),)

    def _concept(self, rng: np.random.Generator, besides: str = "") -> str:
        while True:
            concept = self._emitters[int(rng.integers(len(self._emitters)))]
            if not besides or not alike(concept, besides):
                return concept

    def _background(self, rng: np.random.Generator) -> Background:
        if rng.random() < 0.3:
            return self._texture(rng)
        concept = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        start = (float(rng.uniform(0, 1)), float(rng.uniform(0.3, 0.7)))
        towards = -1.0 if start[0] > 0.5 else 1.0
        drift = (towards * float(rng.uniform(0, 0.02)), 0.0)
        return Panned(Image.fromarray(self._photos.pick(concept, rng)), start, drift)

    def _texture(self, rng: np.random.Generator) -> Texture:
        low, high = (tuple(float(c) for c in rng.uniform(20, 235, 3)) for _ in range(2))
        drift = tuple(float(d) for d in rng.uniform(-0.05, 0.05, 2))
        return Texture(clouds(rng), ((low[0], low[1], low[2]), (high[0], high[1], high[2])), (drift[0], drift[1]))

    def _emitter(
        self,
        rng: np.random.Generator,
        concept: str,
        start_s: float,
        end_s: float,
        *,
        moves: bool = False,
        grows: bool = False,
    ) -> Emitter:
        """There for 40 to 75 % of the time from start_s to end_s, with something before and after."""
        length_s = end_s - start_s
        stay_s = length_s * rng.uniform(0.4, 0.75)
        come_s = _frames(start_s + rng.uniform(0.1, 0.9) * (length_s - stay_s))
        size = float(rng.uniform(0.26, 0.48))
        sizes = (size, size)
        if grows:
            sizes = (0.16, 0.5) if rng.random() < 0.5 else (0.5, 0.16)
        widest = max(sizes)
        x = float(rng.uniform(widest / 2, 1 - widest / 2))
        path = (x, x)
        if moves:
            path = (widest / 2, 1 - widest / 2) if rng.random() < 0.5 else (1 - widest / 2, widest / 2)
        return self._pasted(rng, concept, come_s, _frames(come_s + stay_s), x=path, size=sizes)

    def _pasted(
        self,
        rng: np.random.Generator,
        concept: str,
        start_s: float,
        end_s: float,
        *,
        x: tuple[float, float],
        size: tuple[float, float],
    ) -> Emitter:
        half = max(size) * WIDTH_PX / HEIGHT_PX / 2
        y = float(rng.uniform(half, 1 - half)) if half < 0.5 else 0.5
        entry = "pop" if rng.random() < 0.5 else "fade"
        picture = Image.fromarray(self._photos.pick(concept, rng))
        return Emitter(concept, picture, start_s, end_s, x, y, size, "pop" if entry == "pop" else "fade")


def right_for(concept: str) -> str:
    """The regular expression of labels that are right for an emitter; "" for one that makes no sound."""
    return EMITTERS.get(concept, "")


def check() -> list[str]:
    """The pairs of emitters that may share a video though a label could be right for both; there should be none."""
    words = [word for concept in EMITTERS for word in (concept, *re.findall(r"[a-z' ]+", EMITTERS[concept]))]
    return [
        f"{a} and {b}: {word}"
        for n, a in enumerate(EMITTERS)
        for b in list(EMITTERS)[n + 1 :]
        if not alike(a, b)
        for word in words
        if re.search(EMITTERS[a], word) and re.search(EMITTERS[b], word)
    ]


def _frames(time_s: float) -> float:
    """The nearest time at which a frame begins."""
    return round(float(time_s) * RATE_HZ) / RATE_HZ
