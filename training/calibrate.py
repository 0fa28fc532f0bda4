"""Fit scale and bias so that sonify's matching code may use one threshold for all models.

p(label | picture) = sigmoid(scale * (cos(picture, label) - max over null phrases cos(picture, null)) + bias).
Scale: logistic regression over right and wrong labels of held-out photographs, each library of 60 concepts at a
time. A small model is rarely sure that one of 60 labels is more likely there than not, so the bias is then moved
until enough photographs have a label above 0.5, but never so far that more than a few nothing-frames have one.
Fitted on one half of the held-out photographs and frames of nothing, measured on the other.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sonify.models.background import background, usual_phrases
from sonify.models.calibration import NULL_PHRASES
from training.concepts import DRAWN, FACES, NOTHING
from training.data import Photos, load_photos
from training.draw import BACKDROPS, blur, nothing
from training.loaded import Loaded, load

LIBRARY = 60
DRAWS = 8
NOTHING_SHARE = 0.07
"""At most so many nothing-frames with any label above 0.5: below the allowed 10 % with some room."""
PHOTOS_SHARE = 0.78
"""At least so many photographs with any label above 0.5: over the asked 60 % with some room."""
USUAL_SHARE = 0.7
"""The same over the background, which serves where a picture is seen in many views: each of them is one more chance
to remind of something. The regression's own limit leaves 72 %."""


@dataclass(frozen=True)
class Margins:
    """cos(label) - cos(best null or background): photos [N, C] and nothing-frames [M, C] over C sounding concepts.

    truth: int [N], column of each photo's own concept.
    """

    photos: np.ndarray
    truth: np.ndarray
    nothing: np.ndarray
    concepts: tuple[str, ...]


SEEDS = {"fit": 12345, "check": 54321}
"""Frames of nothing are drawn with these; training uses others."""


def nothing_frames(photos: Photos, half: str, count: int = 400) -> np.ndarray:
    """Frames of nothing, uint8 [M, S, S, 3]: drawn with seeds of their own, and held-out faces; half: fit, check."""
    test = photos.half(half)
    seed = SEEDS[half]
    faces = [i for i in test if photos.concepts[i] in FACES]
    behind = [i for i in test if photos.concepts[i] in BACKDROPS]
    drawn = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        backdrop = photos.pixels[behind[rng.integers(0, len(behind))]].astype(np.float32) / 255
        drawn.append((np.clip(nothing(rng, backdrop), 0, 1) * 255).astype(np.uint8))
    soft = [(blur(photos.pixels[i] / 255.0, 12) * 255).astype(np.uint8) for i in behind[: count // 8]]
    return np.concatenate([np.stack(drawn), np.stack(soft), photos.pixels[faces]])


@dataclass(frozen=True)
class Looked:
    """Unit vectors of one half: photos [N, D], frames of nothing [M, D], concepts, null and usual phrases [.., D]."""

    photos: np.ndarray
    truth: np.ndarray
    nothing: np.ndarray
    words: np.ndarray
    null: np.ndarray
    usual: np.ndarray
    concepts: tuple[str, ...]

    def margins(self, *, usual: bool) -> Margins:
        """Of all concepts. usual: over what pictures usually show too, not over the best null alone."""
        often = self.usual if usual else None
        return Margins(
            self.photos @ self.words.T - over(self.photos, self.null, often)[:, None],
            self.truth,
            self.nothing @ self.words.T - over(self.nothing, self.null, often)[:, None],
            self.concepts,
        )


def look(model: Loaded, photos: Photos, half: str) -> Looked:
    """One half (fit or check) of the held-out photographs and of nothing-frames, seen once."""
    silent = {*FACES, NOTHING}
    concepts = [c for c in photos.concept_names() if c not in silent]
    rows = np.array([i for i in photos.half(half) if photos.concepts[i] not in silent])
    index = {c: n for n, c in enumerate(concepts)}
    return Looked(
        model.pictures(photos.pixels[rows]),
        np.array([index[photos.concepts[i]] for i in rows]),
        model.pictures(nothing_frames(photos, half)),
        model.labels([[c] for c in (*concepts, *DRAWN)]),
        model.phrases(list(NULL_PHRASES)),
        model.phrases(list(usual_phrases())),
        (*concepts, *DRAWN),
    )


def measure(model: Loaded, photos: Photos, half: str, *, usual: bool = False) -> Margins:
    """Margins of one half of the held-out photographs and of nothing-frames; usual: see Looked.margins()."""
    return look(model, photos, half).margins(usual=usual)


def over(seen: np.ndarray, null: np.ndarray, often: np.ndarray | None) -> np.ndarray:
    """What labels are compared with, [N], for pictures [N, D]."""
    return (seen @ null.T).max(1) if often is None else background(seen, null, often)


def logistic(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """scale, bias of sigmoid(scale * x + bias) by Newton's method; x float [N], y 0/1 [N]."""
    scale, bias = 10.0, -3.0
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(scale * x + bias, -40, 40)))
        w = p * (1 - p) + 1e-9
        gradient = np.array([((y - p) * x).sum() - 1e-3 * scale, (y - p).sum()])
        curve = np.array([[(w * x * x).sum() + 1e-3, (w * x).sum()], [(w * x).sum(), w.sum()]])
        step = np.linalg.solve(curve, gradient)
        scale, bias = scale + step[0], bias + step[1]
        if np.abs(step).max() < 1e-6:
            break
    return float(scale), float(bias)


def shares(margins: Margins, scale: float, bias: float, seed: int = 1) -> tuple[float, float, float]:
    """Over libraries of 60 concepts: nothing-frames with any label at 0.5, photos with any, photos with their own.

    Photos are those whose concept is in the library.
    """
    rng = np.random.default_rng(seed)
    limit = -bias / scale
    found = []
    for _ in range(DRAWS):
        columns = rng.choice(len(margins.concepts), LIBRARY, replace=False)
        inside = np.isin(margins.truth, columns)
        own = margins.photos[np.flatnonzero(inside), margins.truth[inside]]
        found.append((
            (margins.nothing[:, columns].max(1) >= limit).mean(),
            (margins.photos[inside][:, columns].max(1) >= limit).mean(),
            (own >= limit).mean(),
        ))  # fmt: skip
    return tuple(float(v) for v in np.mean(found, 0))  # type: ignore[return-value]


def fit(margins: Margins, photos_share: float = PHOTOS_SHARE, seed: int = 0) -> tuple[float, float]:
    """scale and bias: the limit is the regression's, lowered until enough photos pass, raised for nothing-frames."""
    rng = np.random.default_rng(seed)
    xs, ys = [], []
    for _ in range(DRAWS):
        columns = rng.choice(len(margins.concepts), LIBRARY, replace=False)
        inside = np.flatnonzero(np.isin(margins.truth, columns))
        xs.append(margins.photos[np.ix_(inside, columns)].ravel())
        ys.append((margins.truth[inside][:, None] == columns[None]).ravel().astype(float))
        xs.append(margins.nothing[:, columns].ravel())
        ys.append(np.zeros(xs[-1].size))
    scale, bias = logistic(np.concatenate(xs), np.concatenate(ys))
    # The strongest of 60 labels, for photographs and for frames of nothing.
    strongest: dict[str, list[np.ndarray]] = {"photos": [], "nothing": []}
    for _ in range(DRAWS):
        columns = rng.choice(len(margins.concepts), LIBRARY, replace=False)
        inside = np.isin(margins.truth, columns)
        strongest["photos"].append(margins.photos[inside][:, columns].max(1))
        strongest["nothing"].append(margins.nothing[:, columns].max(1))
    wanted = np.quantile(np.concatenate(strongest["photos"]), 1 - photos_share)
    floor = np.quantile(np.concatenate(strongest["nothing"]), 1 - NOTHING_SHARE)
    return scale, -scale * max(min(-bias / scale, float(wanted)), float(floor))


def main() -> None:
    """Fit and write calibration.json into the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    args = parser.parse_args()
    calibrate(args.model, load_photos(args.photos, args.cache))


def calibrate(folder: Path, photos: Photos) -> dict[str, float]:
    """Fit on the model in `folder`, write its calibration.json and return what it gives on the other half."""
    model = load(folder)
    one, other = look(model, photos, "fit"), look(model, photos, "check")
    scale, bias = fit(one.margins(usual=False))
    usual = fit(one.margins(usual=True), USUAL_SHARE)
    empty, some, own = shares(other.margins(usual=False), scale, bias)
    rising = shares(other.margins(usual=True), *usual)
    known: dict[str, Any] = {"scale": round(scale, 3), "bias": round(bias, 3)}
    known["usual"] = {"scale": round(usual[0], 3), "bias": round(usual[1], 3)}
    (folder / "calibration.json").write_text(json.dumps(known) + "\n", encoding="utf-8")
    report = {"scale": scale, "bias": bias, "nothing_any": empty, "photos_any": some, "photos_own": own}
    report |= {"usual_scale": usual[0], "usual_bias": usual[1]}
    report |= dict(zip(("usual_nothing_any", "usual_photos_any", "usual_photos_own"), rising, strict=True))
    print(json.dumps(report))
    return report


if __name__ == "__main__":
    main()
