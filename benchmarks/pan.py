"""Where emitters are: our curves against the paper's formula, on the same maps, over composed scenes.

    python -m benchmarks.pan --photos ../shared/photos [--model NAME] [--json]

Every scene is a wide picture of something else (a held-out photograph, or even texture) with one held-out photograph
of an emitter in it, as training/evaluate_dense.py composes them: still for one second, moving along a straight path
for six, at five frames a second, with grain and a shaking camera. Its pan is the centre of the pasted photograph.
"Absent" is a label that is not in the scene, asked for all the same. Sizes are pairs of scenes that differ in nothing
but the emitter's size, by a factor of 1.5 or more.

The paper's formula: the centre of mass of the whole heat map, (x - 1/2) * 2, and min(40 * mean heat - 10, 10) dB.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonify.matching.rank import pool
from sonify.matching.saliency import regions
from sonify.matching.scores import Words, score
from sonify.matching.where import RATE_HZ, Way, follow, given
from sonify.models.clip import ClipModel
from sonify.models.dense import label_maps
from sonify.models.text import embed_labels, embed_null, embed_usual
from training.concepts import FACES
from training.data import Photos, load_photos
from training.draw import BACKDROPS
from training.evaluate_dense import HEIGHT_PX, WIDTH_PX, backdrop, paste

STILL_FRAMES, MOVING_FRAMES = 5, 30
SIZES = (0.3, 0.45, 0.7, 0.95)
"""Heights of the emitter, as shares of the picture's."""
RATIO = 1.5
SHAKE_PX, GRAIN = 2.0, 3.0
THRESHOLD = 0.5
METHODS = ("sonify", "sonify, never in doubt", "paper", "centre")
Frames = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """Frames uint8 [N, H, W, 3] with the pans [N] of `concept`; another concept is absent."""

    frames: Frames
    pans: Floats
    concept: str
    absent: str


@dataclass
class Tally:
    """What one method said: absolute errors by scene, pans of what is absent."""

    errors: list[float] = field(default_factory=list)
    found_errors: list[float] = field(default_factory=list)
    answered: list[bool] = field(default_factory=list)
    absent: list[float] = field(default_factory=list)
    found_absent: list[float] = field(default_factory=list)

    def row(self) -> dict[str, float]:
        """Means."""
        absent, found = np.array(self.absent), np.array(self.found_absent)
        return {
            "pan_error": float(np.mean(self.errors)),
            "pan_error_median": float(np.median(self.errors)),
            "pan_error_found": float(np.mean(self.found_errors)) if self.found_errors else float("nan"),
            "answered": float(np.mean(self.answered)),
            "absent_abs_pan": float(absent.mean()),
            "absent_centred": float((absent == 0).mean()),
            "absent_pipeline_abs_pan": float(found.mean()),
            "absent_pipeline_centred": float((found == 0).mean()),
        }


class Eye:
    """A model, and the vectors of all concepts."""

    def __init__(self, model: ClipModel, concepts: list[str]) -> None:
        self.model, self.null, self.usual = model, embed_null(model), embed_usual(model)
        self.words = dict(zip(concepts, embed_labels(model, [[name] for name in concepts]), strict=True))

    def maps(self, frames: Frames, concepts: list[str]) -> NDArray[np.float32]:
        """Maps [N, L, h, w]."""
        return label_maps(self.model, frames, np.stack([self.words[c] for c in concepts]), self.null).maps

    def scores(self, frames: Frames, concepts: list[str]) -> NDArray[np.float32]:
        """Probabilities of the fixed views, two frames a second, pooled over the scene as for a cue."""
        seen = self.model.embed_frames(frames[:: round(RATE_HZ / 2)])
        words = Words(np.stack([self.words[c] for c in concepts]), self.null, self.usual)
        return pool(score(seen.vectors, seen.boxes, words, self.model.calibration, scene=True).probabilities)


def paper(maps: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Pans and gains in dB by the paper's formula, of the positive evidence divided by its highest value."""
    heat = np.maximum(maps, 0.0).astype(np.float64)
    heat = heat / np.maximum(heat.max((1, 2), keepdims=True), 1e-9)
    middles = (np.arange(maps.shape[2]) + 0.5) / maps.shape[2]
    mass = heat.sum((1, 2))
    x = np.where(mass > 0, (heat.sum(1) @ middles) / np.maximum(mass, 1e-9), 0.5)
    return (x - 0.5) * 2, np.minimum(heat.mean((1, 2)) * 40 - 10, 10)


def ours(maps: NDArray[np.float32], model: ClipModel, score: float | None) -> Way:
    """Our way through maps [N, h, w] of one label that the first look gave `score`; None: never in doubt."""
    found = regions(maps, model.calibration)
    sure = np.ones(len(maps)) if score is None else given(found.confidence, score)
    found = replace(found, confidence=sure)
    return follow(_times(len(maps)), found, start_s=Fraction(0), range_db=6.0)


def _times(count: int) -> list[Fraction]:
    return [Fraction(index) / Fraction(RATE_HZ) for index in range(count)]


def _at(curve: Any, count: int) -> Floats:
    if not curve:
        return np.zeros(count)
    return np.interp([float(t) for t in _times(count)], *np.array(curve).T)


class Maker:
    """Composes scenes from held-out photographs."""

    def __init__(self, photos: Photos, seed: int) -> None:
        self.photos, self.rng = photos, np.random.default_rng(seed)
        test = photos.rows("test")
        self.shown = np.array([i for i in test if photos.concepts[i] not in (*FACES, *BACKDROPS)])
        self.scenery = np.array([i for i in test if photos.concepts[i] in BACKDROPS])
        self.names = [name for name in photos.concept_names() if name not in FACES]

    def scene(self, moving: bool) -> Scene:
        """One scene."""
        row = int(self.shown[self.rng.integers(0, len(self.shown))])
        side = int(HEIGHT_PX * self.rng.uniform(0.45, 0.85))
        top = self.rng.uniform(0, HEIGHT_PX - side)
        ends = self.rng.uniform(0, WIDTH_PX - side, 2)
        count = MOVING_FRAMES if moving else STILL_FRAMES
        left = np.linspace(ends[0], ends[1] if moving else ends[0], count)
        behind = backdrop(self.photos, self.scenery, self.rng)
        return self._filmed(row, behind, left, np.full(count, top), np.full(count, side))

    def sizes(self) -> list[Scene]:
        """Scenes that differ in the emitter's size alone."""
        row = int(self.shown[self.rng.integers(0, len(self.shown))])
        behind = backdrop(self.photos, self.scenery, self.rng)
        middle = self.rng.uniform(0.3, 0.7) * WIDTH_PX
        found = []
        for share in SIZES:
            side = int(HEIGHT_PX * share)
            left = np.clip(middle - side / 2, 0, WIDTH_PX - side)
            same = np.ones(STILL_FRAMES)
            found.append(
                self._filmed(row, behind, left * same, (HEIGHT_PX - side) / 2 * same, (side * same).astype(int))
            )
        return found

    def _filmed(self, row: int, behind: Frames, left: Floats, top: Floats, side: NDArray[np.int64]) -> Scene:
        photo, frames, pans = np.asarray(self.photos.pixels[row]), [], []
        for x, y, s in zip(left, top, side, strict=True):
            shake = np.round(self.rng.normal(0, SHAKE_PX, 2)).astype(int)
            picture = np.roll(paste(behind, photo, x, y, int(s)), shake, axis=(0, 1))
            grain = self.rng.normal(0, GRAIN, picture.shape)
            frames.append(np.clip(picture + grain, 0, 255).astype(np.uint8))
            pans.append((np.round(x) + s / 2) / WIDTH_PX * 2 - 1)
        concept = self.photos.concepts[row]
        others = [name for name in self.names if name != concept]
        return Scene(np.stack(frames), np.array(pans), concept, others[self.rng.integers(0, len(others))])


def placed(eye: Eye, maker: Maker, count: int, moving: bool) -> dict[str, Any]:
    """Pan errors of each method over `count` scenes."""
    tallies = {name: Tally() for name in METHODS}
    found_share: list[bool] = []
    for _ in range(count):
        scene = maker.scene(moving)
        maps = eye.maps(scene.frames, [scene.concept, scene.absent])
        scores = eye.scores(scene.frames, [scene.concept, scene.absent])
        found = scores >= THRESHOLD
        found_share.append(bool(found[0]))
        ways = [ours(maps[:, index], eye.model, float(scores[index])) for index in (0, 1)]
        bold = [ours(maps[:, index], eye.model, None) for index in (0, 1)]
        n = len(scene.frames)
        said = {
            "sonify": ([_at(way.pan_curve, n) for way in ways], ways[0].sure),
            "sonify, never in doubt": ([_at(way.pan_curve, n) for way in bold], True),
            "paper": ([paper(maps[:, index])[0] for index in (0, 1)], True),
            "centre": ([np.zeros(n), np.zeros(n)], False),
        }
        for name, ((present, absent), sure) in said.items():
            tally = tallies[name]
            error = float(np.abs(present - scene.pans).mean())
            tally.errors.append(error)
            tally.answered.append(sure)
            tally.absent.append(float(np.abs(absent).mean()))
            # A label that the first look doesn't find gets no cue from us; the prototype always has one.
            heard = bool(found[1]) or name == "paper"
            tally.found_absent.append(float(np.abs(absent).mean()) if heard else 0.0)
            if found[0]:
                tally.found_errors.append(error)
    return {"found": float(np.mean(found_share))} | {name: tally.row() for name, tally in tallies.items()}


def sized(eye: Eye, maker: Maker, count: int) -> dict[str, Any]:
    """In how many pairs the larger one is louder, over all emitters and over those that are found at both sizes."""
    pairs: dict[str, list[bool]] = {"sonify": [], "sonify_found": [], "paper": []}
    for _ in range(count):
        scenes = maker.sizes()
        gains: dict[str, list[float]] = {"sonify": [], "paper": []}
        found = []
        for scene in scenes:
            maps = eye.maps(scene.frames, [scene.concept])[:, 0]
            way = ours(maps, eye.model, float(eye.scores(scene.frames, [scene.concept])[0]))
            gains["sonify"].append(float(_at(way.gain_curve, len(maps)).mean()))
            gains["paper"].append(float(paper(maps)[1].mean()))
            found.append(way.sure)
        for small in range(len(SIZES)):
            for large in range(small + 1, len(SIZES)):
                if SIZES[large] / SIZES[small] < RATIO - 1e-9:
                    continue
                for name, said in gains.items():
                    pairs[name].append(said[large] > said[small])
                if found[small] and found[large]:
                    pairs["sonify_found"].append(pairs["sonify"][-1])
    shares = {name: float(np.mean(said)) if said else float("nan") for name, said in pairs.items()}
    return shares | {"pairs": len(pairs["sonify"]), "pairs_found": len(pairs["sonify_found"])}


def main() -> None:
    """Print the table."""
    from sonify.models.registry import load
    from sonify.settings import ModelSettings

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--model", default="sonify-mini")
    parser.add_argument("--still", type=int, default=240)
    parser.add_argument("--moving", type=int, default=60)
    parser.add_argument("--sizes", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    model = load(ModelSettings(name=args.model, device="cpu"))
    maker = Maker(load_photos(args.photos, args.cache), args.seed)
    eye = Eye(model, maker.names)
    report: dict[str, Any] = {"model": model.name, "weights": model.weights, "seed": args.seed}
    say = (lambda text: None) if args.json else (lambda text: print(text, flush=True))
    say(f"{model.name} ({model.weights}), seed {args.seed}\n")
    for kind, count in (("still", args.still), ("moving", args.moving)):
        report[kind] = placed(eye, maker, count, kind == "moving")
        say(table(f"{kind}, {count} scenes", report[kind]))
    report["size_pairs"] = sized(eye, maker, args.sizes)
    sizes = report["size_pairs"]
    said = ", ".join(f"{name} {sizes[name]:.1%}" for name in ("sonify", "sonify_found", "paper"))
    say(f"the larger one is louder: {said}, of {sizes['pairs']} pairs ({sizes['pairs_found']} found)")
    if args.json:
        print(json.dumps(report, indent=1))


def table(title: str, rows: dict[str, Any]) -> str:
    """Lines of Markdown, a row a method."""
    columns = list(rows["sonify"])
    lines = [f"{title}: the first look finds {rows['found']:.0%} of the emitters", ""]
    lines += [f"| method | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for name in METHODS:
        lines.append(f"| {name} | {' | '.join(f'{rows[name][c]:.3f}' for c in columns)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
