"""The surest mistakes on pictures drawn by code, whole and small, as a picture: no photograph may be shown.

python -m training.failures --model sonify/models/mini docs/sonify-mini-failures.png
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.concepts import DRAWN, NOTHING
from training.data import SIDE_PX
from training.draw import RECIPES, nothing
from training.loaded import Loaded, load
from training.phrases import read_words

SEED = 91
"""Training draws with others."""
EACH = 40
SMALL = (0.5, 0.3)
"""Heights of what is drawn, as shares of the picture's."""
SHOWN = 12
COLUMNS = 6


@dataclass(frozen=True)
class Mistake:
    """A picture uint8 [S, S, 3], what it is, what it is taken for, and by how much (difference of cosines)."""

    picture: NDArray[np.uint8]
    truth: str
    taken: str
    lead: float


def mistakes(model: Loaded, each: int = EACH) -> tuple[list[Mistake], int]:
    """The mistakes among drawn pictures, surest first, and how many were drawn."""
    concepts = sorted({*read_words(), *DRAWN} - {NOTHING})
    names = [*concepts, NOTHING]
    words = model.labels([[name] for name in concepts] + [["nothing in particular", "a blank wall"]])
    found, count = [], 0
    for truth in (*DRAWN, NOTHING):
        draw = nothing if truth == NOTHING else RECIPES[truth][0]
        rngs = [np.random.default_rng([SEED, n]) for n in range(each)]
        grounds = [np.full((SIDE_PX, SIDE_PX, 3), rng.uniform(0.1, 0.8, 3), np.float32) for rng in rngs]
        made = [np.clip(draw(rng, ground), 0, 1) for rng, ground in zip(rngs, grounds, strict=True)]
        whole = (np.stack(made) * 255).astype(np.uint8)
        pictures = np.concatenate([whole, *(_small(whole, share) for share in SMALL)])
        count += len(pictures)
        own = names.index(truth)
        for picture, scores in zip(pictures, model.pictures(pictures) @ words.T, strict=True):
            best = int(scores.argmax())
            if best != own:
                found.append(Mistake(picture, truth, names[best], float(scores[best] - scores[own])))
    return sorted(found, key=lambda mistake: -mistake.lead), count


def _small(pictures: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """The pictures [N, S, S, 3] before grey, each `share` as high as it."""
    side = round(SIDE_PX * share)
    start = (SIDE_PX - side) // 2
    found = np.full_like(pictures, 110)
    for picture, whole in zip(found, pictures, strict=True):
        picture[start : start + side, start : start + side] = Image.fromarray(whole).resize((side, side))
    return found


def draw_failures(found: list[Mistake], out: Path) -> None:
    """A grid of them, no pair of names twice."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    first = {(m.truth, m.taken): m for m in reversed(found)}
    shown = sorted(first.values(), key=lambda mistake: -mistake.lead)[:SHOWN]
    rows = -(-len(shown) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(COLUMNS * 1.5, rows * 1.9), dpi=100, squeeze=False)
    for cell in axes.flat:
        cell.axis("off")
    for cell, mistake in zip(axes.flat, shown, strict=False):
        cell.imshow(mistake.picture)
        cell.set_title(f"{mistake.truth}\ntaken for {mistake.taken}", fontsize=7)
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)


def main() -> None:
    """Draw, look, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    found, count = mistakes(load(args.model))
    draw_failures(found, args.out)
    print(f"{len(found)} of {count} drawn pictures are taken for something else")


if __name__ == "__main__":
    main()
