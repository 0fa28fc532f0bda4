"""By which words pictures are searched for what makes a sound."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from sonify.library.labels.phrases import known, look, own_phrases
from sonify.library.labels.words import normalise, singular, words

TABLE = Path(__file__).resolve().parent.parent / "sonify" / "library" / "labels" / "phrases.csv"


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("label", "phrase"),
    [
        ("dog barking", "a dog"),
        ("Dog Barking!", "a dog"),
        ("rain on roof", "rain falling"),
        ("church bells", "a church tower"),
        ("crackling fire", "a campfire"),
        ("fireworks", "fireworks"),
        ("car passing by", "a car"),
        ("Vehicle horn, car horn, honking", "traffic"),
        ("sound of a helicopter flying", "a helicopter"),
        ("helicopter loop", "a helicopter"),
        ("big old grandfather clock ticking", "a clock"),
        ("geese honking", "a goose"),
        ("wolves howling", "a wolf"),
        ("people clapping", "applause"),
        ("playing electric guitar", "an electric guitar"),
        ("dog growling by the fire", "a dog"),
        ("footsteps on gravel", "a person walking"),
        ("animals cow moo", "a cow"),
        ("frogs at a pond by night", "a frog"),
        ("fox bark", "a fox"),
        ("gun fire", "a gun"),
        ("office chair squeak", "a chair"),
    ],
)
def test_known_labels(label: str, phrase: str) -> None:
    found = look(label)
    assert phrase in found.phrases
    assert found.key


@pytest.mark.parametrize(
    "label",
    ["whoosh", "deep whoosh 3", "riser", "white noise", "pink noise", "label", "UI beep", "drone", "sub drop",
     "impact", "sine wave", "magic spell", "laser gun", "glitch", "growling", "silence", "", "123"],
)  # fmt: skip
def test_nothing_to_see(label: str) -> None:
    assert look(label).phrases == ()


@pytest.mark.parametrize(
    ("label", "phrases"),
    [
        ("pogo stick starting", ("a pogo stick", "pogo stick starting")),
        ("unicycle passing by", ("a unicycle", "unicycle passing by")),
        ("abacus", ("an abacus",)),
        ("castanoids ringing", ("castanoids", "castanoids ringing")),
        ("loud gizmo sound 7", ("a gizmo",)),
        ("зверь", ("зверь",)),
        ("x 1", ()),
    ],
)
def test_unknown_labels_speak_for_themselves(label: str, phrases: tuple[str, ...]) -> None:
    assert known(label) is None
    assert look(label).phrases == phrases == own_phrases(label)


@pytest.mark.parametrize("label", ["rain", "wind", "sea waves", "city", "forest", "crowd murmur", "room tone",
                                   "summer night", "traffic", "underwater", "restaurant", "storm"])  # fmt: skip
def test_beds(label: str) -> None:
    assert look(label).kind == "ambience"


@pytest.mark.parametrize("label", ["dog", "car", "bell", "thunder", "waterfall", "campfire", "applause", "train"])
def test_effects(label: str) -> None:
    assert look(label).kind == "effect"


def test_the_table_is_large_and_without_contradictions() -> None:
    meant: dict[tuple[str, ...], str] = {}
    for row in rows():
        assert row["kind"] in ("effect", "ambience", "music", "speech"), row
        phrases = [phrase for phrase in row["phrases"].split(";") if phrase]
        assert len(phrases) == len(set(phrases)) <= 4, row
        for key in row["keys"].split(";"):
            stem = tuple(map(singular, words(key)))
            assert stem, row
            assert meant.setdefault(stem, row["phrases"]) == row["phrases"], key
    assert len(meant) > 2_500


def labels_of(shared: Path) -> dict[str, list[str]]:
    folder = shared / "media" / "labels"

    def column(path: Path, name: str) -> list[str]:
        with path.open(encoding="utf-8", newline="") as lines:
            return [row[name] for row in csv.DictReader(lines)]

    with (folder / "vggsound_stat_309_classes.csv").open(encoding="utf-8", newline="") as lines:
        vggsound = [row[0] for row in csv.reader(lines)]
    return {
        "real sounds": column(shared / "media" / "sounds" / "manifest.csv", "label"),
        "ESC-50": column(folder / "esc50.csv", "category"),
        "Soundify": [
            label
            for name in ("soundify_main_sounds.txt", "soundify_ambient_sounds.txt")
            for label in (folder / name).read_text().split("\n")
        ],
        "FSD50K": list(json.loads((folder / "clap_FSD50K_labels.json").read_text())),
        "VGGSound": vggsound,
    }


def test_labels_that_libraries_use_are_known(shared: Path) -> None:
    for name, labels in labels_of(shared).items():
        found = [known(label) for label in set(labels)]
        assert sum(bool(one and one.certain) for one in found) >= 0.93 * len(found), name
    for name in ("real sounds", "ESC-50", "Soundify"):
        assert all(look(label).key for label in labels_of(shared)[name]), name


def test_what_the_built_in_model_knows_is_asked_for(shared: Path) -> None:
    """Nearly every concept of the training photographs occurs, as a word, among the phrases."""
    with (shared / "photos" / "concepts.csv").open(encoding="utf-8", newline="") as lines:
        concepts = [row["concept"] for row in csv.DictReader(lines)]
    asked = {tuple(map(singular, words(phrase))) for row in rows() for phrase in row["phrases"].split(";")}
    joined = {f" {' '.join(phrase)} " for phrase in asked}
    missing = [
        concept
        for concept in concepts
        if not any(f" {' '.join(map(singular, words(concept)))} " in phrase for phrase in joined)
    ]
    assert len(missing) <= 0.2 * len(concepts), missing


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("  Dog_Barking ", "dog barking"),
        ("dog—bark", "dog bark"),
        ("ＤＯＧ", "dog"),
        ("Bird's nest", "bird's nest"),
        ("bird’s nest", "bird's nest"),
        ("!?", ""),
        ("", ""),
    ],
)
def test_one_spelling(text: str, label: str) -> None:
    assert normalise(text) == label


def test_singular() -> None:
    for many, one in [("dogs", "dog"), ("geese", "goose"), ("flies", "fly"), ("churches", "church"), ("bus", "bus"),
                      ("glasses", "glass"), ("glass", "glass"), ("breezes", "breeze"), ("gas", "gas")]:  # fmt: skip
        assert singular(many) == one
