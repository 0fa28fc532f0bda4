"""Fits the calibration of full-size CLIP models (`OPENAI_CLIP`) on recorded vectors of OpenAI's ViT-B/32.

    python training/calibrate_clip.py [FOLDER]          # FOLDER: clip-vectors (default: ../shared/clip-vectors)

What is there: image vectors of 100 photographs with 500 captions (flickr), and text vectors of "a {name}" for the
1,203 names of LVIS. A pair (photograph, name) is right when two or more of its five captions have the name, wrong
when none has. People and clothes are left out: they are in most pictures and make no sound.

What is not there: vectors of sonify's null phrases. Their best cosine with a picture is approximated by the
expected best of as many names drawn from those that no caption of the picture mentions. The tables show how much
hangs on that.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.models.background import NEAREST

Floats = NDArray[np.float64]
PEOPLE_AND_CLOTHES = {
    "person",
    "hat",
    "shirt",
    "jacket",
    "dress",
    "blouse",
    "short pants",
    "jersey",
    "swimsuit",
    "toy",
}
PRIOR = 0.05  # about three labels of a library of sixty are in a picture


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "clip-vectors"
    names = [
        re.split(r"[,\t]", line) for line in (folder / "names" / "lvis_names.txt").read_text("utf-8").splitlines()
    ]
    names = [[form.replace("_", " ").strip() for form in forms] for forms in names]
    words = unit(np.load(folder / "names" / "lvis_v1_clip_a+cname.npy"))
    rows = list(csv.DictReader((folder / "flickr" / "metadata.csv").open(encoding="utf-8")))
    every = unit(np.load(folder / "flickr" / "image_embeddings.npy"))
    captions = unit(np.load(folder / "flickr" / "text_embeddings.npy"))
    ids = [row["image_id"] for row in rows]
    photographs = list(dict.fromkeys(ids))
    images = np.stack([every[ids.index(photograph)] for photograph in photographs])
    texts = [[row["caption"].lower() for row in rows if row["image_id"] == photograph] for photograph in photographs]

    keep = [n for n, forms in enumerate(names) if not PEOPLE_AND_CLOTHES & set(forms)]
    cosines = images @ words[keep].T
    mentioned = np.array([[count(names[n], captions_) for n in keep] for captions_ in texts])
    right, wrong = mentioned >= 2, mentioned == 0
    print(f"{len(images)} photographs x {len(keep)} names: {right.sum()} right pairs, {wrong.sum()} wrong ones")
    print(f"cosine of right pairs {cosines[right].mean():.3f}, of wrong ones {cosines[wrong].mean():.3f}")
    own = np.array([[photograph == other for other in photographs] for photograph in ids])
    with_captions = captions @ images.T
    print(f"cosine with its captions {with_captions[own].mean():.3f}, others' {with_captions[~own].mean():.3f}\n")

    print("null from            null  scale   bias  p = .5 at  recall  wrong labels of 60 above .5")
    for source, pools in (
        ("best of 4 names", [cosines[n][wrong[n]] for n in range(len(images))]),
        ("best of 8 names", [cosines[n][wrong[n]] for n in range(len(images))]),
        ("best of 16 names", [cosines[n][wrong[n]] for n in range(len(images))]),
        ("best of 8 captions", [with_captions[:, n][~own[:, n]] for n in range(len(images))]),
    ):
        null = np.array([best_of(pool, int(source.split()[2])) for pool in pools])
        report(source, null, cosines, right, wrong, PRIOR)
    # Names of OpenImages, nearly as many, take the place of usual.txt, whose vectors were not recorded.
    often = unit(np.load(folder / "names" / "oid_clip_a+cname.npy").reshape(-1, images.shape[1]))
    null = np.array([best_of(cosines[n][wrong[n]], 8) for n in range(len(images))])
    near = np.sort(images @ often.T, axis=1)[:, -NEAREST:].mean(axis=1)
    print(f"\nbackground: the {NEAREST} nearest of {len(often)} names of OpenImages, or the best of 8 names")
    for prior in (0.02, 0.05, 0.1):
        report(f"prior {prior:g}", np.maximum(near, null), cosines, right, wrong, prior)
    print("\nprior (best of 8 names)")
    for prior in (0.01, 0.02, 0.05, 0.1):
        report(f"{prior:g}", null, cosines, right, wrong, prior)


def report(
    what: str, null: Floats, cosines: Floats, right: NDArray[np.bool_], wrong: NDArray[np.bool_], prior: float
) -> None:
    above = cosines - null[:, None]
    scale, bias = fit(above[right], above[wrong], prior)
    middle = -bias / scale
    recall, false = (above[right] > middle).mean(), (above[wrong] > middle).mean()
    print(f"{what:20} {null.mean():.3f} {scale:6.1f} {bias:6.2f} {middle:9.3f}  {recall:6.2f}  {60 * false:5.2f}")


def fit(right: Floats, wrong: Floats, prior: float) -> tuple[float, float]:
    """Logistic regression on one number by Newton's method; right pairs weigh `prior` in all."""
    x = np.concatenate([right, wrong])
    y = np.concatenate([np.ones(len(right)), np.zeros(len(wrong))])
    weight = np.concatenate([np.full(len(right), prior / len(right)), np.full(len(wrong), (1 - prior) / len(wrong))])
    features = np.stack([x, np.ones_like(x)])
    found = np.array([50.0, -2.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-(found @ features)))
        gradient = features @ (weight * (p - y))
        found -= np.linalg.solve((features * weight * p * (1 - p)) @ features.T, gradient)
    return float(found[0]), float(found[1])


def best_of(pool: Floats, count: int, draws: int = 400) -> float:
    """Expected highest of `count` values drawn from the pool."""
    random = np.random.default_rng(0)
    return float(np.mean([random.choice(pool, count, replace=False).max() for _ in range(draws)]))


def count(forms: list[str], captions: list[str]) -> int:
    """How many captions have the name, in one of its forms, singular or plural."""
    spelled = {f for form in forms for f in (form, form + "s", form + "es", re.sub("y$", "ies", form))}
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(spelled))) + r")\b")
    return sum(bool(pattern.search(caption)) for caption in captions)


def unit(vectors: NDArray[np.float32]) -> Floats:
    vectors = vectors.astype(np.float64)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


if __name__ == "__main__":
    main()
