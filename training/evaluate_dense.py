"""How well dense features say where an emitter is: held-out photographs pasted at known places over others.

python -m training.evaluate_dense --photos ../shared/photos

Every frame is a wide picture of something else (a held-out photograph, or even texture) with one emitter in it. Its
pan is the centre of the pasted photograph, -1 at the left edge of the frame to 1 at the right.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonify.matching.saliency import Regions, regions
from sonify.models.clip import ClipModel
from sonify.models.dense import label_maps
from sonify.models.text import embed_labels, embed_null
from training.concepts import FACES
from training.data import Photos, load_photos
from training.draw import BACKDROPS

HEIGHT_PX, WIDTH_PX = 252, 448
FRAMES = 12
"""Of a moving one."""


@dataclass(frozen=True)
class Composed:
    """Frames uint8 [N, H, W, 3] in which `concept` has the pans and widths (shares of the frame) given, each [N]."""

    frames: NDArray[np.uint8]
    pans: NDArray[np.float64]
    widths: NDArray[np.float64]
    concept: str


def backdrop(photos: Photos, rows: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A wide picture without the emitter: two photographs in three, else a soft gradient with grain."""
    if rng.random() < 2 / 3:
        picture = Image.fromarray(np.asarray(photos.pixels[rows[rng.integers(0, len(rows))]]))
        side = picture.width
        cut = side * HEIGHT_PX / WIDTH_PX
        top = (side - cut) / 2
        size = (WIDTH_PX, HEIGHT_PX)
        return np.asarray(picture.resize(size, Image.Resampling.BICUBIC, box=(0, top, side, top + cut)))
    ends = rng.uniform(20, 230, (2, 3))
    along = np.linspace(0, 1, WIDTH_PX)[None, :, None]
    plain = np.broadcast_to(ends[0] * (1 - along) + ends[1] * along, (HEIGHT_PX, WIDTH_PX, 3))
    return np.clip(plain + rng.normal(0, 6, plain.shape), 0, 255).astype(np.uint8)


def paste(
    behind: NDArray[np.uint8], photo: NDArray[np.uint8], left: float, top: float, side: int
) -> NDArray[np.uint8]:
    """`photo` as a square of `side` px with soft edges, its corner at (left, top)."""
    small = np.asarray(Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
    ramp = np.minimum(np.arange(side) + 1, side - np.arange(side)) / max(1.0, side * 0.12)
    soft = np.minimum(ramp, 1.0)
    opaque = (soft[:, None] * soft[None])[..., None]
    x, y = round(left), round(top)
    found = behind.astype(np.float32)
    found[y : y + side, x : x + side] += opaque * (small - found[y : y + side, x : x + side])
    return np.clip(found, 0, 255).astype(np.uint8)


def compose(photos: Photos, count: int, moving: bool, seed: int) -> list[Composed]:
    """`count` scenes, each of one frame or of FRAMES along a straight path."""
    rng = np.random.default_rng([seed, moving])
    test = photos.rows("test")
    shown = np.array([i for i in test if photos.concepts[i] not in (*FACES, *BACKDROPS)])
    scenery = np.array([i for i in test if photos.concepts[i] in BACKDROPS])
    found = []
    for _ in range(count):
        row = int(shown[rng.integers(0, len(shown))])
        behind = backdrop(photos, scenery, rng)
        frames = FRAMES if moving else 1
        side = int(HEIGHT_PX * rng.uniform(0.45, 0.85))
        ends = rng.uniform(0, WIDTH_PX - side, 2)
        left = np.linspace(*ends, frames) if moving else ends[:1]
        top = rng.uniform(0, HEIGHT_PX - side)
        pictures = np.stack([paste(behind, np.asarray(photos.pixels[row]), x, top, side) for x in left])
        # As pasted: to whole pixels.
        pans = (np.round(left) + side / 2) / WIDTH_PX * 2 - 1
        found.append(Composed(pictures, pans, np.full(frames, side / WIDTH_PX), photos.concepts[row]))
    return found


def smooth(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """A weighted moving mean over five frames."""
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    over = np.convolve(values * weights, kernel, mode="same")
    return over / np.maximum(np.convolve(weights, kernel, mode="same"), 1e-9)


def measure(model: ClipModel, photos: Photos, count: int, detail: float, seed: int = 7) -> dict[str, Any]:
    """Mean absolute errors of pan, and what is said of emitters that are absent."""
    names = [n for n in photos.concept_names() if n not in FACES]
    words = dict(zip(names, embed_labels(model, [[n] for n in names]), strict=True))
    null = embed_null(model)
    rng = np.random.default_rng(seed)
    report: dict[str, Any] = {"detail": detail}

    def seen(frames: NDArray[np.uint8], concept: str) -> Regions:
        found = label_maps(model, frames, words[concept][None], null, detail=detail)
        return regions(found.maps[:, 0], model.calibration)

    for kind, moving in (("still", False), ("moving", True)):
        errors, sure, centred, strength, absent = [], [], [], [], []
        for scene in compose(photos, count if not moving else max(1, count // 4), moving, seed):
            where = seen(scene.frames, scene.concept)
            pans = smooth(where.pans, where.confidence) if moving else where.pans
            error = np.abs(pans - scene.pans)
            errors.append(error.mean())
            centred.append(np.abs(scene.pans).mean())
            strength.append(where.confidence.mean())
            if where.confidence.mean() >= 0.5:
                sure.append(error.mean())
            other = names[rng.integers(0, len(names))]
            if other != scene.concept:
                absent.append(seen(scene.frames, other))
        pan = np.concatenate([a.pans for a in absent])
        report[kind] = {
            "scenes": len(errors), "pan_error": float(np.mean(errors)),
            "pan_error_if_centred": float(np.mean(centred)),
            "sure_share": len(sure) / len(errors), "pan_error_when_sure": float(np.mean(sure)) if sure else None,
            "absent_mean_abs_pan": float(np.abs(pan).mean()),
            "absent_off_centre": float((np.abs(pan) > 0.05).mean()),
        }  # fmt: skip
    return report


def main() -> None:
    """Print the table."""
    from sonify.models.registry import load
    from sonify.settings import ModelSettings

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--model", default="sonify-mini")
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--detail", type=float, action="append")
    args = parser.parse_args()
    model = load(ModelSettings(name=args.model, device="cpu"))
    photos = load_photos(args.photos, args.cache)
    for detail in args.detail or [1.0, 2.0]:
        print(json.dumps(measure(model, photos, args.count, detail), indent=1))


if __name__ == "__main__":
    main()
