"""What it is worth to know where to look: composed films by the first look alone, three ways.

    python -m benchmarks.places --photos ../shared/photos --library starter --library ../shared/media/sounds \
        --count 100 --seed 2

The fixed views of each frame; with what comes, goes or moves (sonify.matching.newcomers); and with the exact place
and size of each emitter, which nobody knows but the film's maker: what is not found then is not recognised, wherever
one looks. An emitter that is heard in any of its time is found; `sonify eval` asks for half. Scenes are the film's
own. Films are not encoded, and read at two frames a second.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.composed.emitters import BACKGROUNDS, EMITTERS, FACES
from benchmarks.composed.films import Director, right_for
from benchmarks.composed.photos import HeldOut
from benchmarks.composed.pieces import HEIGHT_PX, RATE_HZ, WIDTH_PX, Emitter, Film
from sonify.evaluation.manifest import covered
from sonify.matching.choose import by_fit
from sonify.matching.newcomers import Newcomers
from sonify.matching.parts import Part
from sonify.matching.scene import SceneLabels
from sonify.matching.scores import score
from sonify.models.interface import Box, Embeddings
from sonify.pipeline import Session
from sonify.settings import Settings
from sonify.video.reader import CHUNK_S
from sonify.video.scenes import SceneSpan

STEP_S = Fraction(1, 2)
BARELY = 0.9
"""Opacity from which an emitter that fades is there."""
Parts = Sequence[Sequence[Box]]


@dataclass
class Tally:
    """What a way has found: a share for each emitter (intersection over union of its time), and for each film."""

    ious: list[float] = field(default_factory=list)
    both: list[bool] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    false: list[bool] = field(default_factory=list)

    def row(self) -> str:
        """The cells of a table."""
        ious = np.array(self.ious)
        return (
            f"{ious.mean():.2f} | {100 * (ious > 0).mean():.0f} % | {100 * np.mean(self.both):.0f} % | "
            f"{np.mean(self.wrong):.2f} | {sum(self.false)} of {len(self.false)}"
        )


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--library", type=Path, action="append")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2)
    given = parser.parse_args()
    session = Session(library=given.library, settings=Settings.load(values={"model.name": "sonify-mini"}))
    director = Director(HeldOut(given.photos, {*EMITTERS, *BACKGROUNDS, *FACES}), given.seed)
    ways = ("fixed views", "and what comes, goes or moves", "and each emitter's exact place")
    tallies = {way: Tally() for way in ways}
    for number in range(given.count):
        film = director.film(number)
        times_s = tuple(STEP_S * k for k in range(int(Fraction(film.duration_s) / STEP_S)))
        frames = np.stack([film.frame(round(time_s * RATE_HZ)) for time_s in times_s])
        seen = session.model.embed_frames(frames)
        for way, parts in zip(ways, (None, _newcomers(frames), _places(film, times_s)), strict=True):
            details = session.model.embed_parts(frames, parts) if parts else None
            found = list(_found(film, times_s, replace(seen, details=details), session))
            _judge(film, found, session, tallies[way])
        print(f"\r{number + 1} of {given.count}", end="", file=sys.stderr, flush=True)
    print("\n| looked at | mean IoU | found | both found | wrong effects a film | false sounds |")
    print("|---|---|---|---|---|---|")
    for way, tally in tallies.items():
        print(f"| {way} | {tally.row()} |")


def _newcomers(frames: NDArray[np.uint8]) -> Parts:
    finder, stretch = Newcomers(), round(CHUNK_S / STEP_S)
    starts = range(0, len(frames), stretch)
    return [parts for start in starts for parts in finder.parts(frames[start : start + stretch])]


def _places(film: Film, times_s: Sequence[Fraction]) -> Parts:
    return [[_box(film, one, float(t)) for one in film.emitters() if _seen(film, one, float(t))] for t in times_s]


def _seen(film: Film, emitter: Emitter, time_s: float) -> bool:
    shot = next(n for n, shot in enumerate(film.shots) if emitter in shot.emitters)
    ends = [later.start_s for later in film.shots[shot + 1 :]]
    return emitter.opacity(time_s) >= BARELY and film.shots[shot].start_s <= time_s < min([*ends, film.duration_s])


def _box(film: Film, emitter: Emitter, time_s: float) -> Box:
    right_px, down_px = film.camera.offset_px(time_s)
    across = emitter.width(time_s) / 2
    down = across * WIDTH_PX / HEIGHT_PX
    x, y = (emitter.pan(time_s) + 1) / 2 + right_px / WIDTH_PX, emitter.y + down_px / HEIGHT_PX
    left, right, top, bottom = np.clip((x - across, x + across, y - down, y + down), 0, 1)
    return Box(float(left), float(top), float(right), float(bottom))


def _found(film: Film, times_s: tuple[Fraction, ...], seen: Embeddings, session: Session) -> Iterator[Part]:
    """The effects of the first look, in the film's own scenes."""
    edges = [Fraction(0), *(Fraction(shot.start_s) for shot in film.shots[1:]), Fraction(film.duration_s)]
    for start_s, end_s in pairwise(edges):
        inside = [k for k, time_s in enumerate(times_s) if start_s <= time_s < end_s]
        if not inside:
            continue
        own = slice(inside[0], inside[-1] + 1)
        here, calibration = seen[own], session.model.calibration
        scores = score(here.vectors, here.boxes, session.words, calibration, details=here.details, scene=True)
        span = SceneSpan(start_s, end_s)
        scene = SceneLabels(span, scores, times_s[own], session.catalog, session.words, session.settings, by_fit)
        yield from scene.effects()


def _judge(film: Film, found: list[Part], session: Session, tally: Tally) -> None:
    texts = [label.text for label in session.catalog.labels]
    emitters = [(one, re.compile(right_for(one.concept))) for one in film.emitters() if right_for(one.concept)]
    if not emitters:
        tally.false.append(bool(found))
        return
    wrong = {p.label for p in found if not any(right.search(texts[p.label]) for _, right in emitters)}
    tally.wrong.append(len(wrong))
    ious = []
    for emitter, right in emitters:
        mine = [p.interval for p in found if right.search(texts[p.label])]
        ious.append(_iou((emitter.start_s, emitter.end_s), [(float(i.start_s), float(i.end_s)) for i in mine]))
    tally.ious += ious
    if film.kind == "two":
        tally.both.append(all(ious))


def _iou(true: tuple[float, float], said: list[tuple[float, float]]) -> float:
    """Intersection over union of a stretch of time and others that may overlap."""
    stretches = covered(said)
    length = sum(end_s - start_s for start_s, end_s in stretches)
    shared = sum(max(0.0, min(end_s, true[1]) - max(start_s, true[0])) for start_s, end_s in stretches)
    return shared / (true[1] - true[0] + length - shared)


if __name__ == "__main__":
    main()
