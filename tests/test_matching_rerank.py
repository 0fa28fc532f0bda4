"""Which of a label's sounds comes first when CLAP listens, and which labels it contradicts.

No weights of CLAP are part of these tests: an ear that hears what it is told shows the rules, not how well they work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonify.cli.common import Parser, common_options, rerank_option, settings_of
from sonify.errors import ModelError, SettingsError
from sonify.library.records import SoundLabel, SoundRecord, Tags
from sonify.library.sounds import Label, Sound
from sonify.matching.choose import by_fit
from sonify.matching.rerank import (
    CLEARLY,
    MIN_LABELS,
    MIN_SOUNDS,
    MOST_HEARD,
    Listened,
    Reranker,
    contradicted,
    label_vectors,
    listen,
    steps_down,
)
from sonify.models.clap.ear import Ear
from sonify.pipeline import Session
from sonify.progress import Event
from sonify.settings import Settings


class Told(Ear):
    """Hears the cosine that it was told of a file, against every text alike."""

    def __init__(self, cosines: Mapping[str, float], broken: Sequence[str] = ()) -> None:
        self.cosines, self.broken = cosines, broken
        self.listened: list[str] = []
        self.events: list[Event] = []
        self.progress = self.events.append

    def hear(self, files: Sequence[Path]) -> tuple[Any, dict[int, str]]:
        names = [file.name for file in files]
        self.listened += names
        values = [self.cosines.get(name, 0.0) for name in names]
        vectors = np.array([[value, np.sqrt(1 - value**2)] for value in values], np.float32)
        return vectors, {n: f"{name} is broken" for n, name in enumerate(names) if name in self.broken}

    def read(self, texts: Sequence[str]) -> Any:
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))


def sound(name: str, duration_s: float = 5.0) -> Sound:
    return Sound("lib", name, Path("/lib") / name, "dog", "effect", (), "", "", duration_s, 48_000, 1)


def label(*sounds: Sound) -> Label:
    return Label("dog barking", "effect", ("a dog",), sounds)


def names(sounds: Sequence[Sound]) -> list[str]:
    return [one.path for one in sounds]


def test_what_sounds_most_like_it_comes_first() -> None:
    dogs = label(sound("a"), sound("b"), sound("c"))
    assert names(by_fit(dogs, 5)) == ["a", "b", "c"]
    assert names(Reranker(Told({"a": 0.1, "b": 0.5, "c": 0.3}))(dogs, 5)) == ["b", "c", "a"]


def test_among_equals_length_decides_as_before() -> None:
    dogs = label(sound("short", 2), sound("long", 9), sound("fits", 6), sound("other", 6))
    ear = Told({"short": 0.32, "long": 0.31, "fits": 0.3, "other": 0.1})
    assert names(Reranker(ear)(dogs, 5)) == ["fits", "long", "short", "other"]
    assert names(by_fit(dogs, 5)) == ["fits", "other", "long", "short"]


def test_a_clear_difference_beats_length() -> None:
    dogs = label(sound("fits", 5), sound("short", 2))
    assert names(Reranker(Told({"fits": 0.2, "short": 0.4}))(dogs, 5)) == ["short", "fits"]


def test_equals_keep_the_order_of_the_catalogue() -> None:
    dogs = label(*(sound(f"{n}") for n in range(9)))
    assert names(Reranker(Told({}))(dogs, 5)) == [f"{n}" for n in range(9)]


def test_a_sound_that_cant_be_heard_comes_last_and_is_named_once() -> None:
    dogs = label(sound("broken"), sound("a", 9), sound("b"))
    ear = Told({"broken": 0.9, "a": -0.5, "b": -0.4}, broken=["broken"])
    ranked = Reranker(ear)
    assert names(ranked(dogs, 5)) == names(ranked(dogs, 5)) == ["b", "a", "broken"]
    assert [event.note for event in ear.events] == ["broken is broken"]


def test_a_sound_is_heard_once_for_a_label() -> None:
    dogs, ear = label(sound("a", 3), sound("b", 9)), Told({"a": 0.5})
    ranked = Reranker(ear)
    for length_s in (1, 5, 20):
        ranked(dogs, length_s)
    assert sorted(ear.listened) == ["a", "b"]


def test_of_very_many_only_those_that_fit_are_heard() -> None:
    dogs = label(*(sound(f"{n:03}", 5 + n / 100) for n in range(100)))
    ear = Told({"099": 0.9, f"{MOST_HEARD - 1:03}": 0.8})
    ranked = names(Reranker(ear)(dogs, 5))
    assert len(ear.listened) == MOST_HEARD and ranked[0] == f"{MOST_HEARD - 1:03}"
    assert sorted(ranked) == sorted(names(by_fit(dogs, 5)))


def test_a_label_with_one_sound_needs_no_ear() -> None:
    ear = Told({})
    assert names(Reranker(ear)(label(sound("a")), 5)) == ["a"] and not ear.listened


def test_steps_are_counted_down_from_the_best() -> None:
    assert steps_down([0.5, 0.4501, 0.45, 0.449, 0.1]) == [0, 0, 1, 1, 8]
    assert steps_down([0.30000001, 0.3]) == [0, 0]
    assert steps_down([]) == []
    assert steps_down([None, -0.9]) == [10**6, 0]


def test_a_labels_own_words_count_more_than_what_is_seen() -> None:
    class Reads(Told):
        def read(self, texts: Sequence[str]) -> Any:
            return np.array([[1, 0] if text == "dog barking" else [0, 1] for text in texts], np.float32)

    (mixed,) = label_vectors(Reads({}), {"dog barking": ("a dog", "a puppy")})
    assert mixed[0] == pytest.approx(2 * mixed[1]) and np.linalg.norm(mixed) == pytest.approx(1)
    assert np.array_equal(label_vectors(Reads({}), {"dog barking": ()})[0], [1, 0])


# Labels that the audio contradicts

LABELS = tuple(f"label {n:02}" for n in range(12))


def record(path: str, text: str, phrases: tuple[str, ...] = ()) -> SoundRecord:
    labels = (SoundLabel(text, "name", 1.0),) if text else ()
    return SoundRecord(
        path, 1, 1, "", 1.0, 48_000, 1, labels, phrases, "effect", "", "", "", "", "", "", Tags(), None, ""
    )  # fmt: skip


def library(each: int = 3, wrong: Mapping[int, int] | None = None) -> tuple[list[SoundRecord], Listened]:
    """`each` sounds of every label, heard as it; wrong: the number of a sound, and of the label it is heard as."""
    generator = np.random.default_rng(0)
    words = np.eye(len(LABELS), dtype=np.float32)
    records, sounds = [], []
    for number in range(each * len(LABELS)):
        own = number // each
        heard = words[(wrong or {}).get(number, own)] * 0.5 + 0.02 * generator.standard_normal(len(LABELS))
        heard[own] -= 0.1 if number in (wrong or {}) else 0
        records.append(record(f"{number:03}.wav", LABELS[own]))
        sounds.append(heard / np.linalg.norm(heard))
    return records, Listened(np.array(sounds, np.float32), LABELS, words)


def test_a_library_that_sounds_as_it_is_called_is_not_contradicted() -> None:
    assert contradicted(*library()) == ()


def test_a_sound_that_is_heard_as_something_else_is_named() -> None:
    found = contradicted(*library(wrong={4: 9, 20: 0}))
    assert [(one.path, one.label, one.heard) for one in found] == [
        ("004.wav", "label 01", "label 09"),
        ("020.wav", "label 06", "label 00"),
    ]
    assert found[0].own <= 0 and found[0].best >= CLEARLY and found[0].place > 3 and found[0].labels == 12
    assert str(found[0]) == "004.wav: called 'label 01', sounds more like 'label 09'"


def test_labels_that_mean_the_same_do_not_contradict_each_other() -> None:
    records, listened = library(wrong={4: 9})
    words = listened.words.copy()
    words[1] = words[9] + 0.3 * words[1]
    words[1] /= np.linalg.norm(words[1])
    assert contradicted(records, Listened(listened.sounds, LABELS, words)) == ()


def test_a_label_that_is_near_to_everything_contradicts_nothing() -> None:
    records, listened = library()
    sounds = listened.sounds + np.float32(1.5) * listened.words[5]
    sounds /= np.linalg.norm(sounds, axis=1, keepdims=True)
    assert (np.argmax(sounds @ listened.words.T, axis=1) == 5).all()
    assert contradicted(records, Listened(sounds, LABELS, listened.words)) == ()


def test_too_small_a_library_is_left_alone() -> None:
    records, listened = library(each=1, wrong={4: 9})
    assert len(records) < MIN_SOUNDS and contradicted(records, listened) == ()
    few = MIN_LABELS - 1
    records, listened = library(each=3, wrong={4: 8})
    kept = Listened(listened.sounds[: 3 * few, :few], LABELS[:few], listened.words[:few, :few])
    assert contradicted(records[: 3 * few], kept) == ()


def test_sounds_without_a_label_or_a_vector_are_passed_over() -> None:
    records, listened = library(wrong={4: 9, 20: 0})
    records[4] = record("004.wav", "")
    listened.sounds[20] = 0
    assert contradicted(records, listened) == ()


def test_a_library_is_listened_to_by_its_labels(tmp_path: Path) -> None:
    records = [record("b.wav", "rain", ("rain falling",)), record("a.wav", "dog"), record("c.wav", "")]
    listened = listen(records, tmp_path, Told({"b.wav": 0.5}))
    assert listened.labels == ("dog", "rain") and listened.words.shape == (2, 2)
    assert listened.sounds[:, 0] == pytest.approx([0.5, 0, 0])


# The option


def test_the_option_sets_the_setting() -> None:
    parser = Parser(parents=[common_options()])
    rerank_option(parser)
    assert settings_of(parser.parse_args([])).matching.rerank == "none"
    assert settings_of(parser.parse_args(["--rerank", "clap"])).matching.rerank == "clap"
    with pytest.raises(SettingsError, match="none, clap"):
        settings_of(parser.parse_args(["--rerank", "ears"]))


def test_without_clap_it_fails_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    with pytest.raises(ModelError, match="pip install|sonify models pull"):
        Session(library=tmp_path / "none", settings=Settings.load(values={"matching.rerank": "clap"}))
