"""Photographs with the 50 labels of ESC-50: our way of judging labels beside the paper prototype's, in one run.

    python -m benchmarks.photos --photos ../shared/photos --labels ../shared/media/labels/esc50.csv [--model NAME]

Counted are the held-out photographs whose concept is what some label looks for. The prototype compares the bare
label with the picture whose red and blue are exchanged. The difference has a 95 % bootstrap interval, paired.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.library.labels.phrases import look
from sonify.matching.scores import Words, score
from sonify.models.interface import Box
from sonify.models.registry import load
from sonify.models.text import embed_labels, embed_null, embed_usual
from sonify.settings import Settings
from training.data import load_photos

DRAWS, TOPS = 2000, (1, 5)


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--model", default="sonify-mini")
    given = parser.parse_args()
    with given.labels.open(encoding="utf-8") as handle:
        texts = sorted({row["category"].replace("_", " ") for row in csv.DictReader(handle)})
    phrases = [look(text).phrases or (text,) for text in texts]
    known: dict[str, list[int]] = {}
    for at, some in enumerate(phrases):
        for phrase in (*some, texts[at]):
            known.setdefault(re.sub(r"^(an?|the) ", "", phrase.lower()), []).append(at)
    photos = load_photos(given.photos, given.cache)
    rows = [row for row in photos.rows("test") if photos.concepts[row] in known]
    right = np.zeros((len(rows), len(texts)), dtype=bool)
    for at, row in enumerate(rows):
        right[at, known[photos.concepts[row]]] = True
    model = load(Settings.load(values={"model.name": given.model}).model, view="whole")
    plain, swapped = [], []
    for start in range(0, len(rows), 64):
        pixels = np.ascontiguousarray(photos.pixels[rows[start : start + 64]])
        plain.append(model.embed_frames(pixels).vectors)
        swapped.append(model.embed_frames(np.ascontiguousarray(pixels[..., ::-1])).vectors)
    words = Words(embed_labels(model, phrases), embed_null(model), embed_usual(model))
    ours = score(np.concatenate(plain), (Box(0, 0, 1, 1),), words, model.calibration).probabilities
    theirs = np.concatenate(swapped)[:, 0] @ model.embed_phrases(texts).T
    print(f"| {len(rows)} photographs, {len(known)} phrases, {len(texts)} labels | sonify | prototype | difference |")
    print("|---|---|---|---|")
    for top in TOPS:
        one, other = hits(ours, right, top), hits(theirs, right, top)
        low, high = interval(one.astype(float) - other)
        difference = f"{100 * (one.mean() - other.mean()):+.1f} ({100 * low:+.1f}..{100 * high:+.1f})"
        print(f"| top {top} | {100 * one.mean():.1f} % | {100 * other.mean():.1f} % | {difference} |")


def hits(scores: NDArray[np.float32], right: NDArray[np.bool_], top: int) -> NDArray[np.bool_]:
    """Whether a right label is among the first `top`, for each picture."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return np.asarray(np.take_along_axis(right, order, axis=1).any(axis=1))


def interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the means of bootstrap draws."""
    rng = np.random.default_rng(0)
    means = [rng.choice(differences, len(differences)).mean() for _ in range(DRAWS)]
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
