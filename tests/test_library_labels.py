"""Which label, kind and phrases a sound gets, from all that is said of it; and how often they are right."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path

import pytest

from sonify.library.labels import ucs
from sonify.library.labels.names import clean
from sonify.library.labels.phrases import look
from sonify.library.labels.words import normalise
from sonify.library.metadata.describe import Described, Sidecars, describe, relabelled
from sonify.library.records import SOURCES, SoundLabel, Tags

NAMES = Path(__file__).with_name("names_300.csv")


def rows() -> list[dict[str, str]]:
    with NAMES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def label_is_right(row: dict[str, str], found: Described) -> bool:
    return re.search(rf"\b(?:{row['label']})", found.label) is not None


def phrases_are_right(row: dict[str, str], found: Described) -> bool:
    """The first phrase names what is to be seen; without phrases, there must be nothing to see."""
    meant = row["phrase"].split("|")
    if not found.phrases:
        return "-" in meant
    return any(word != "-" and re.search(word, found.phrases[0]) for word in meant)


# Nothing was fitted to "held", whose mistakes nobody has read. Measured twice, it had 97 and 98 % of the labels
# right, and of the phrases 94 and 86, at last 88 %. The floors are a little lower.
@pytest.mark.parametrize(
    ("kind", "half", "labels", "phrases"),
    [
        ("ucs", "develop", 0.98, 0.98),
        ("free", "develop", 0.96, 0.94),
        ("ucs", "held", 0.95, 0.92),
        ("free", "held", 0.94, 0.82),
    ],
)
def test_file_names_are_understood(kind: str, half: str, labels: float, phrases: float) -> None:
    tried = [(row, describe(row["name"])) for row in rows() if (row["set"], row["half"]) == (kind, half)]
    assert len(tried) == (100 if kind == "ucs" else 50)
    assert sum(label_is_right(*one) for one in tried) >= labels * len(tried)
    assert sum(phrases_are_right(*one) for one in tried) >= phrases * len(tried)


def test_order_of_trust() -> None:
    """Each source in turn is left out, and the next one counts."""
    path = "Cats/ANMLFarm_Moo_JS_Kit.wav"
    tags = Tags(category="ANMLHors", title="whinny")
    told = {"label": "duck"}
    described = describe(path, tags, told)
    assert [label.source for label in described.labels] == ["sidecar", "tags", "tags", "ucs", "folder"]
    assert (described.label, described.kind, described.category) == ("duck", "effect", "BIRDFowl")
    assert relabelled(described, "Old Dog!").labels[0] == SoundLabel("old dog", "person", 1.0)
    assert describe(path, tags).label == "horse"
    assert describe("Cats/ANMLFarm_Moo.wav", Tags(title="Rooster Crowing 03")).labels[0].source == "tags"
    assert describe("Cats/ANMLDog_Woof_JS_Kit.wav").labels[0] == SoundLabel("dog", "ucs", 0.9)
    assert describe("Cats/gizmo 07.wav").labels[0].source == "folder"
    assert describe("Cats/dog 07.wav").labels[0].source == "name"
    for found in (described, describe(path, tags)):
        assert all(label.source in SOURCES and 0 <= label.confidence <= 1 for label in found.labels)
        assert len({label.text for label in found.labels}) == len(found.labels)


def test_a_weak_word_in_a_tag_is_behind_a_clear_name() -> None:
    chatty = Tags(description="Recorded with a Sennheiser in my kitchen", title="take 4")
    assert describe("ANMLDog_Bark_JS_Kit.wav", chatty).label == "dog"
    assert describe("church bells 03.wav", chatty).label == "church bells"
    assert describe("0001.wav", chatty).label == "kitchen"
    assert describe("0001.mp3", Tags(category="Other", title="Track 1")).label == "unnamed"


@pytest.mark.parametrize(
    ("tags", "label", "category"),
    [
        (Tags(category="DOORWood", title="Creak Slow"), "door creak", "DOORWood"),
        (Tags(category="doorwood"), "wooden door", "DOORWood"),
        (Tags(category="DOORS-WOOD"), "wooden door", "DOORWood"),
        (Tags(category="Doors / Wood"), "wooden door", "DOORWood"),
        (Tags(category="Animals", title="Dog Barking"), "dog barking", "ANMLDog"),
        (Tags(category="Rain"), "rain", "RAIN"),
        (Tags(keywords="glass, shatter, window"), "glass shatter", "GLASBrk"),
        (Tags(category="UIBeep", title="Dog"), "ui beep", "UIBeep"),
    ],
)
def test_tags(tags: Tags, label: str, category: str) -> None:
    found = describe("x7/0001.wav", tags)
    assert (found.label, found.category) == (label, category)


@pytest.mark.parametrize(
    ("path", "tags", "kind"),
    [
        ("MUSCSong_Ballad_JS_Kit.wav", Tags(), "music"),
        ("VOXMale_Hello There_JS_Kit.wav", Tags(), "speech"),
        ("VOXBaby_Cry_JS_Kit.wav", Tags(), "effect"),
        ("VOXScrm_Long_JS_Kit.wav", Tags(), "effect"),
        ("AMBForst_Dawn_JS_Kit.wav", Tags(), "ambience"),
        ("01 Hey.mp3", Tags(category="Indie Rock", title="Hey"), "music"),
        ("dog.mp3", Tags(category="Sound Clip"), "effect"),
        ("dog.mp3", Tags(category="Ambient"), "ambience"),
        ("intro.mp3", Tags(category="Audiobook"), "speech"),
        ("Music/summer.wav", Tags(), "music"),
        ("Dialogue/summer.wav", Tags(), "speech"),
        ("mus_tension_loop.wav", Tags(), "music"),
        ("VO_intro_03.wav", Tags(), "speech"),
        ("man talking.wav", Tags(), "speech"),
        ("amb_city.wav", Tags(), "ambience"),
        ("guitar strum.wav", Tags(), "effect"),
    ],
)
def test_kinds(path: str, tags: Tags, kind: str) -> None:
    assert describe(path, tags).kind == kind


def test_a_bed_is_looked_for_by_its_place() -> None:
    assert describe("AMB_City_Night_Distant_Sirens.wav").phrases[0] == "a city street"
    assert describe("City_Night_Distant_Sirens.wav").phrases[0] != "a city street"


def test_a_person_changes_what_follows_from_the_label() -> None:
    forest = describe("AMBForst_Dawn_JS_Kit.wav", Tags(licence="CC0"))
    dog = relabelled(forest, "dog barking")
    assert (dog.label, dog.kind, dog.phrases[0], dog.category) == ("dog barking", "effect", "a dog", "ANMLDog")
    assert (dog.licence, dog.author, dog.title) == ("CC0-1.0", "JS", "Dawn")
    assert dog.labels[1:] == forest.labels
    whoosh = relabelled(forest, "whoosh")
    assert (whoosh.phrases, whoosh.kind) == ((), "effect")
    gizmo = relabelled(forest, "gizmo")
    assert (gizmo.kind, gizmo.phrases) == ("ambience", ("a gizmo",))
    assert relabelled(forest, " !? ") == forest
    assert relabelled(relabelled(forest, "cat"), "dog").labels[0].text == "dog"


def test_licences_of_tables_and_tags() -> None:
    assert describe("a.wav", Tags(licence="Creative Commons Attribution 3.0")).licence == "CC-BY-3.0"
    assert describe("a.wav", Tags(licence="CC0"), {"licence": "ask Jo"}).licence == "ask Jo"
    assert describe("a.wav", Tags(licence="CC0"), {"licence": "CC BY 4.0"}).licence == "CC-BY-4.0"
    openverse = {"licence": "by", "licence_url": "https://creativecommons.org/licenses/by/2.0/"}
    assert describe("a.wav", Tags(), openverse).licence == "CC-BY-2.0"
    assert describe("a.wav", Tags(licence="all rights reserved")).licence == "LicenseRef-all-rights-reserved"


def told(folder: Path, document: object, path: str = "x.wav") -> dict[str, str]:
    (folder / "labels.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return dict(Sidecars(folder).told(path))


@pytest.mark.parametrize(
    "document",
    [
        {"x.wav": "wet dog"},
        {"x.wav": {"label": "wet dog"}},
        [{"file": "x.wav", "label": "wet dog"}, {"file": "x.wav", "label": "later"}],
        [{"Filename": "./x.wav", "LABEL": "wet dog", "unknown": [1, {}]}],
    ],
)
def test_labels_in_json(tmp_path: Path, document: object) -> None:
    assert told(tmp_path, document) == {"label": "wet dog"}


def test_json_cells(tmp_path: Path) -> None:
    entry = {"label": "dog", "phrases": ["a wet dog", "a dog"], "tags": ["wet", "dog"], "author": None, "title": 7}
    found = told(tmp_path, {"x.wav": entry})
    assert found == {"label": "dog", "phrases": "a wet dog; a dog", "keywords": "wet, dog", "title": "7"}
    assert describe("x.wav", told=found).phrases == ("a wet dog", "a dog")
    assert describe("x.wav", told=told(tmp_path, {"x.wav": {"label": "dog", "phrases": []}})).phrases == ()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("1" * 10_000, "is not JSON"),
        ('"dog"', "must be a list"),
        ({"x.wav": 7}, "entry 1: neither"),
        ([["x.wav", "dog"]], "entry 1: neither"),
        ({"../x.wav": "dog"}, "entry 1: its file is not inside"),
    ],
)
def test_json_that_says_nothing(tmp_path: Path, document: object, problem: str) -> None:
    assert told(tmp_path, document) == {}
    tables = Sidecars(tmp_path)
    tables.told("x.wav")
    assert problem in tables.problems[0] and "\n" not in tables.problems[0]


def test_a_table_of_nonsense_does_not_fill_the_report(tmp_path: Path) -> None:
    tables = Sidecars(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps([7] * 5_000))
    tables.told("x.wav")
    assert len(tables.problems) == 21 and "4980 more" in tables.problems[-1]


def test_tables_of_freesound_and_openverse(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        'filename,tags,username,license,url\n1.wav,"dog,bark",Jo,http://creativecommons.org/licenses/by/3.0/,https://a.org/1\n'
    )
    found = describe("1.wav", told=Sidecars(tmp_path).told("1.wav"))
    assert (found.label, found.licence, found.author, found.source_url) == (
        "dog bark",
        "CC-BY-3.0",
        "Jo",
        "https://a.org/1",
    )
    (tmp_path / "labels.csv").write_text("file,category,title\n1.wav,DOORWood,Creak\n")
    assert describe("1.wav", told=Sidecars(tmp_path).told("1.wav")).label == "door creak"


def test_every_category_can_be_found_and_says_what_it_is() -> None:
    for category in ucs.categories().values():
        assert ucs.find(category.catid) == category
        assert ucs.find(f"{category.category}-{category.subcategory}") is not None
        found = describe(f"{category.catid}_Some Title_JS_Kit.wav")
        assert found.category == category.catid
        assert not (category.blind and found.phrases)


def test_words_of_categories_lead_back_to_them() -> None:
    said: dict[str, str] = {}
    for category in ucs.categories().values():
        for word in category.words:
            assert said.setdefault(word, category.catid) == category.catid, word
            assert ucs.category_of(word) == category.catid, word
            assert look(word).key, word
            if category.blind:
                assert look(word).phrases == (), word
    assert len(said) > 1_500


@pytest.mark.parametrize(
    ("label", "category"),
    [("gunshot pistol", "GUNMisc"), ("dog bark", "ANMLDog"), ("footsteps gravel", "FEETHmn"), ("whoosh", "WHSH"),
     ("church bells", "BELLLrg"), ("heavy rain on tin roof", "RAINMetl"), ("gizmo", ""), ("", "")],
)  # fmt: skip
def test_categories_of_free_labels(label: str, category: str) -> None:
    assert ucs.category_of(label) == category


@pytest.mark.parametrize(
    "name", ["Copy of dog bark", "dog bark - Copy (2)", "dog bark copy 3", "copy_of_copy_of_DogBark"]
)
def test_copies_are_called_what_they_are_copies_of(name: str) -> None:
    assert clean(name) == "dog bark"


def test_codes_are_no_words() -> None:
    assert clean("NHU05093028") == ""
    assert clean("DOG00012") == "dog"


@pytest.mark.parametrize(
    ("stem", "label", "title", "author"),
    [
        ("DOORWood_Creak_01", "door creak", "Creak", ""),
        ("DOORWood Creak Slow 03", "door creak", "Creak Slow 03", ""),
        ("DOORWood", "wooden door", "", ""),
        ("DOORWood-INT_HALL-Old Oak Slam_Jo Smith_House_ORTF", "wooden door", "HALL-Old Oak Slam", "Jo Smith"),
    ],
)
def test_names_that_are_nearly_ucs(stem: str, label: str, title: str, author: str) -> None:
    found = describe(f"{stem}.wav")
    assert (found.label, found.category, found.title, found.author) == (label, "DOORWood", title, author)
    assert found.labels[0].source == "ucs"


@pytest.mark.parametrize("stem", ["RAIN", "RAIN on roof", "STORM", "MIX 3", "TEST", "doorwood_creak"])
def test_words_that_are_also_categories(stem: str) -> None:
    assert all(label.source == "name" for label in describe(f"{stem}.wav").labels)


def test_whatever_is_said_a_sound_is_described() -> None:
    dice = random.Random(4)
    letters = "aZ9_-. ;|/\\\u00e9\u0301\u202e\u0000\ud83d\udc36漢ßİ\n\t'\"()[]"
    for _ in range(400):
        texts = ["".join(dice.choices(letters, k=dice.choice([0, 1, 8, 60, 3_000]))) for _ in range(9)]
        found = describe(
            texts[0], Tags(*texts[1:8]), {"label": texts[8], "phrases": texts[7]} if dice.random() < 0.5 else {}
        )
        assert found.labels and found.labels[0].text
        assert all(one.text == normalise(one.text) for one in found.labels)
        for line in (found.licence, found.author, found.title, found.description, found.source_url, *found.phrases):
            assert line == " ".join(line.split()) and len(line) <= 2_000
