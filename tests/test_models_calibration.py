"""The calibration, and what OPENAI_CLIP makes of vectors that a real CLIP gave."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from sonify.errors import ModelError
from sonify.models.background import NEAREST, background, usual_phrases
from sonify.models.calibration import NULL_PHRASES, OPENAI_CLIP, Calibration
from sonify.models.checkpoints import read_calibration
from training.calibrate_clip import PEOPLE_AND_CLOTHES


def test_even_odds_where_the_exponent_is_zero_and_more_above() -> None:
    found = Calibration(scale=100, bias=-4).probabilities(
        np.array([[0.24, 0.20, 0.30]], np.float32), np.array([0.20], np.float32)
    )
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.5, 1 / (1 + np.exp(4)), 1 / (1 + np.exp(-6))]], rtol=1e-4)


def test_absurd_cosines_overflow_nothing() -> None:
    found = Calibration(scale=1e4, bias=0).probabilities(np.array([-1, 1], np.float32), np.array(0, np.float32))
    assert np.isfinite(found).all() and 0 <= found[0] < 1e-20 and found[1] == 1


def test_each_label_is_judged_by_itself() -> None:
    found = OPENAI_CLIP.probabilities(np.array([0.3, 0.3, 0.1], np.float32), np.array(0.2, np.float32))
    assert found[0] == found[1] > 0.9 and found[2] < 1e-6


@pytest.fixture(scope="module")
def recorded(shared: Path) -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    """Image vectors of 100 photographs, all captions of each in one text, and text vectors of LVIS's names."""
    folder = shared / "clip-vectors"
    rows = list(csv.DictReader((folder / "flickr" / "metadata.csv").read_text("utf-8").splitlines()))
    images = np.load(folder / "flickr" / "image_embeddings.npy")
    texts: dict[str, str] = {}
    first: list[int] = []
    for n, row in enumerate(rows):
        if row["image_id"] not in texts:
            first.append(n)
        texts[row["image_id"]] = texts.get(row["image_id"], "") + " " + row["caption"].lower()
    words = np.load(folder / "names" / "lvis_v1_clip_a+cname.npy").astype(np.float32)
    words /= np.linalg.norm(words, axis=1, keepdims=True)
    lines = (folder / "names" / "lvis_names.txt").read_text("utf-8").splitlines()
    return images[first], list(texts.values()), words, [line.split("\t")[0] for line in lines]


def test_a_real_clips_dogs_are_dogs_and_other_pictures_are_not(
    recorded: tuple[np.ndarray, list[str], np.ndarray, list[str]],
) -> None:
    images, texts, words, names = recorded
    # as in training/calibrate_clip.py: no vectors of the null phrases were recorded
    random = np.random.default_rng(0)
    others = random.choice(len(names), (200, len(NULL_PHRASES)))
    cosines = images @ words.T
    null = cosines[:, others].max(axis=2).mean(axis=1)
    dog = OPENAI_CLIP.probabilities(cosines[:, [names.index("dog")]], null)[:, 0]
    has = np.array([text.count("dog") >= 3 for text in texts])
    hasnt = np.array(["dog" not in text for text in texts])
    assert has.sum() >= 20 and hasnt.sum() >= 50
    assert (dog[has] > 0.5).mean() >= 0.5
    assert (dog[hasnt] > 0.5).mean() <= 0.05
    assert np.median(dog[has]) > 10 * np.median(dog[hasnt])


def test_most_names_are_not_found_in_most_pictures(
    recorded: tuple[np.ndarray, list[str], np.ndarray, list[str]],
) -> None:
    images, _, words, names = recorded
    random = np.random.default_rng(0)
    cosines = images @ words.T
    null = cosines[:, random.choice(len(names), (200, len(NULL_PHRASES)))].max(axis=2).mean(axis=1)
    found = OPENAI_CLIP.probabilities(cosines, null) > 0.5
    assert 0.001 < found.mean() < 0.02


def test_over_the_background_more_is_found_at_as_many_wrong_labels(
    recorded: tuple[np.ndarray, list[str], np.ndarray, list[str]], shared: Path
) -> None:
    images, _, words, names = recorded
    captions: dict[str, list[str]] = {}
    for row in csv.DictReader((shared / "clip-vectors" / "flickr" / "metadata.csv").read_text("utf-8").splitlines()):
        captions.setdefault(row["image_id"], []).append(f" {row['caption'].lower()} ")
    often = np.load(shared / "clip-vectors" / "names" / "oid_clip_a+cname.npy").astype(np.float32)
    often /= np.linalg.norm(often, axis=1, keepdims=True)
    # as in training/calibrate_clip.py: right where two of a photograph's captions have the name, wrong where none has
    keep = [n for n, name in enumerate(names) if name.replace("_", " ") not in PEOPLE_AND_CLOTHES]
    words = words[keep]
    spoken = [names[n].split("_(")[0].replace("_", " ") for n in keep]
    counted = np.array(
        [[sum(f" {n} " in text or f" {n}s " in text for text in own) for n in spoken] for own in captions.values()]
    )
    said, unsaid = counted >= 2, counted == 0
    cosines = images @ words.T
    over = background(images, often[:1] * 0, often)  # no vectors of the null phrases were recorded

    def found(scores: np.ndarray) -> float:
        """Share of the named things above what half a wrong label of 60 reaches."""
        return float((scores[said] > np.quantile(scores[unsaid], 1 - 0.5 / 60)).mean())

    assert said.sum() > 50
    assert found(cosines - over[:, None]) > found(cosines) + 0.02
    assert OPENAI_CLIP.usual is not None
    chances = OPENAI_CLIP.usual.probabilities(cosines, over)
    assert (chances[said] > 0.5).mean() > 0.4 and (chances[unsaid] > 0.5).mean() < 0.02


def test_usual_phrases_are_many_and_none_twice() -> None:
    phrases = usual_phrases()
    assert len(phrases) == len(set(phrases)) > 10 * NEAREST
    assert all(phrase == " ".join(phrase.split()) for phrase in phrases)
    assert not set(phrases) & set(NULL_PHRASES)


@pytest.mark.parametrize("usual", [[], 3, {"scale": 1}, {"scale": 0, "bias": 1}, {"scale": 1, "bias": "x"}])
def test_a_damaged_second_calibration_is_refused(tmp_path: Path, usual: object) -> None:
    (tmp_path / "calibration.json").write_text(json.dumps({"scale": 20, "bias": -5, "usual": usual}))
    with pytest.raises(ModelError):
        read_calibration(tmp_path)


def test_a_second_calibration_is_optional(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    file.write_text('{"scale": 20, "bias": -5}')
    assert read_calibration(tmp_path) == Calibration(20, -5)
    file.write_text('{"scale": 20, "bias": -5, "usual": {"scale": 30, "bias": -1}}')
    assert read_calibration(tmp_path) == Calibration(20, -5, Calibration(30, -1))
