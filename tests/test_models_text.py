"""Vectors of labels: what goes into them, and the cache that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from colours import LooksFromAfar

from sonify.errors import ModelError
from sonify.models.calibration import NULL_PHRASES, OPENAI_CLIP, Calibration
from sonify.models.interface import Array, Embeddings
from sonify.models.text import TEMPLATES, embed_labels, embed_null, sentences


class Counting(LooksFromAfar):
    """A model whose vectors come from the letters, and that remembers what it was asked."""

    name, weights, image_size_px = "counting", "0123456789abcdef", 32
    calibration: Calibration = OPENAI_CLIP

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_frames(self, pixels: np.ndarray) -> Embeddings:
        raise NotImplementedError

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        self.asked += phrases
        out = np.zeros((len(phrases), 26), np.float32)
        for row, phrase in zip(out, phrases, strict=True):
            for letter in phrase.lower():
                if letter.isascii() and letter.isalpha():
                    row[ord(letter) - 97] += 1
            row += 1e-3
            row /= np.linalg.norm(row)
        return out


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_label_is_the_mean_of_its_phrases_each_the_mean_over_the_templates() -> None:
    model = Counting()
    found = embed_labels(model, [["a dog", "a puppy"], ["the sea"]])
    parts = []
    for phrase in ("a dog", "a puppy"):
        mean = model.embed_phrases(sentences(phrase)).mean(axis=0)
        parts.append(mean / np.linalg.norm(mean))
    want = np.mean(parts, axis=0)
    np.testing.assert_allclose(found[0], want / np.linalg.norm(want), atol=1e-6)
    assert found.shape == (2, 26) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_no_labels_give_no_vectors() -> None:
    assert embed_labels(Counting(), []).shape == (0, 26)


@pytest.mark.parametrize("labels", [[[]], [["a dog"], []], [[" "]], ["a dog"]])
def test_a_label_without_phrases_is_refused(labels: list[list[str]]) -> None:
    with pytest.raises(ModelError, match="phrase"):
        embed_labels(Counting(), labels)


@pytest.mark.parametrize(
    ("phrase", "sentence"),
    [
        ("dog", "a photo of a dog"),
        ("owl", "a photo of an owl"),
        ("a dog", "a photo of a dog"),
        ("the sea", "a photo of the sea"),
        ("waves on a beach", "a photo of waves on a beach"),
        ("fireworks", "a photo of fireworks"),
        ("rain", "a photo of rain"),
        ("hammering", "a photo of hammering"),
        ("bus", "a photo of a bus"),
        ("grass", "a photo of grass"),
    ],
)
def test_sentences_read_well(phrase: str, sentence: str) -> None:
    assert sentences(phrase, ["a photo of {}", "{}"]) == [sentence, phrase]


def test_null_phrases_are_taken_as_they_stand() -> None:
    model = Counting()
    found = embed_null(model)
    assert tuple(model.asked) == NULL_PHRASES and len(found) == len(NULL_PHRASES)
    model.asked.clear()
    np.testing.assert_array_equal(embed_null(model), found)
    assert not model.asked


def test_what_is_kept_is_not_computed_again_and_only_new_phrases_are() -> None:
    model = Counting()
    first = embed_labels(model, [["a dog"], ["a cat"]])
    model.asked.clear()
    again = embed_labels(model, [["a cat"], ["a dog"], ["a cow", "a dog"]])
    assert model.asked == sentences("a cow")
    np.testing.assert_array_equal(again[:2], first[::-1])


def test_another_model_or_other_weights_share_nothing() -> None:
    embed_labels(Counting(), [["a dog"]])
    for attribute, value in (("name", "other"), ("weights", "f" * 16), ("precision", "bf16")):
        model = Counting()
        setattr(model, attribute, value)
        embed_labels(model, [["a dog"]])
        assert len(model.asked) == len(TEMPLATES)


@pytest.mark.parametrize("suffix", ["keys", "rows"])
@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_cache_is_made_again(cache: Path, suffix: str, damage: bytes | None) -> None:
    want = embed_labels(Counting(), [["a dog"], ["a cat"]])
    (file,) = (cache / "text").glob(f"*.{suffix}")
    whole = bytearray(file.read_bytes())
    whole[-9] ^= 0x40  # one bit of the last row, or of its key
    file.write_bytes(bytes(whole) if damage is None else damage)
    model = Counting()
    np.testing.assert_allclose(embed_labels(model, [["a dog"], ["a cat"]]), want)
    assert len(model.asked) == (2 if damage is not None else 1) * len(TEMPLATES)
    model.asked.clear()
    np.testing.assert_allclose(embed_labels(model, [["a dog"], ["a cat"]]), want)
    assert not model.asked


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "file"))
    assert embed_labels(Counting(), [["a dog"]]).shape == (1, 26)


def test_the_cache_stays_small(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonify.models.text._MAX_ROWS", 20)
    names = [f"thing number {chr(97 + n % 26)} of {n}" for n in range(40)]
    for name in names:
        embed_labels(Counting(), [["the sea"], [name]])
    row_bytes = 26 * 4
    sizes = [file.stat().st_size for file in (cache / "text").glob("*.rows")]
    assert len(sizes) == 1 and sizes[0] <= 20 * row_bytes
    model = Counting()
    embed_labels(model, [["the sea"], [names[-1]]])
    assert not model.asked, "what was used last is still there"


def test_new_phrases_are_added_to_the_file_that_is_there(cache: Path) -> None:
    model = Counting()
    for n in range(40):
        embed_labels(model, [[f"thing number {n}"]])
    assert len(list((cache / "text").iterdir())) == 3  # keys, rows, lock
    model.asked.clear()
    embed_labels(model, [[f"thing number {n}"] for n in range(40)])
    assert not model.asked


def test_progress_is_told() -> None:
    events: list[tuple[float, float]] = []
    embed_labels(
        Counting(), [[f"thing {n}"] for n in range(600)], progress=lambda e: events.append((e.done, e.total))
    )
    assert events[0] == (0, 600) and events[-1] == (600, 600)
