"""What a frame costs with 5,000 labels, against 50: the model's look, the scores, the ranking and the presence.

    python -m benchmarks.many_labels [--few 50] [--many 5000] [--rounds 5]

Processor time of one scene of 30 s at 2 frames a second, with sonify-mini; labels are random directions. Both counts
run in turn in one run, so that a busy machine slows them alike.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median

import numpy as np

from sonify.library.sounds import Catalog, Label, Library, Sound
from sonify.matching.choose import by_fit
from sonify.matching.scene import SceneLabels
from sonify.matching.scores import Words, score
from sonify.models.registry import load
from sonify.models.text import embed_null, embed_usual
from sonify.settings import ModelSettings, Settings
from sonify.video.scenes import SceneSpan

SECONDS = 30


def main() -> None:
    """Prints the parts and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=50)
    parser.add_argument("--many", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    model = load(ModelSettings(name="sonify-mini", device="cpu"))
    pixels = rng.integers(0, 255, (2 * SECONDS, model.image_size_px, model.image_size_px * 16 // 9, 3), np.uint8)
    vectors = model.embed_frames(pixels)
    null, usual = embed_null(model), embed_usual(model)
    span = SceneSpan(Fraction(0), Fraction(SECONDS))
    times = tuple(Fraction(k, 2) for k in range(len(pixels)))

    def judge(count: int) -> Callable[[], object]:
        labels = rng.normal(size=(count, vectors.vectors.shape[2])).astype(np.float32)
        labels /= np.linalg.norm(labels, axis=1, keepdims=True)
        catalog, words = _catalog(count), Words(labels, null, usual)

        def work() -> object:
            scores = score(vectors.vectors, vectors.boxes, words, model.calibration)
            scene = SceneLabels(span, scores, times, catalog, words, Settings(), by_fit)
            return scene.effects(), scene.described()

        return work

    few, many = judge(given.few), judge(given.many)
    rounds = []
    for _ in range(given.rounds):
        looking = _cost(lambda: model.embed_frames(pixels))
        rounds.append((looking, _cost(few), _cost(many)))
    look_s, few_s, many_s = (median(values) for values in zip(*rounds, strict=True))
    frames = len(pixels)
    print(f"per frame: look {look_s / frames * 1e3:.2f} ms", end=", ")
    print(f"{given.few} labels {few_s / frames * 1e3:.2f} ms, {given.many} labels {many_s / frames * 1e3:.2f} ms")
    print(
        f"a frame with {given.many} labels costs {(look_s + many_s) / (look_s + few_s):.2f} of one with {given.few}"
    )


def _catalog(count: int) -> Catalog:
    names = [f"label {number}" for number in range(count)]
    sounds = [
        Sound("lib", f"{name}.wav", Path("/lib") / name, name, "effect", (name,), "CC0-1.0", "", 4.0, 48_000, 1)
        for name in names
    ]
    labels = tuple(Label(name, "effect", (name,), (sound,)) for name, sound in zip(names, sounds, strict=True))
    return Catalog((Library("lib", Path("/lib")),), tuple(sounds), labels)


def _cost(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main()
