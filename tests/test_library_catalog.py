"""The catalogue: what it gives back, where it lies, and how it grows with the versions."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from library_folders import fill, wav

from sonify.errors import LibraryError
from sonify.library.catalog import migrate, rows
from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.records import SoundRecord
from sonify.library.scan import libraries_of, refreshed, scan
from sonify.library.sounds_found import FoundSounds
from sonify.matching.choose import MOST_SOUNDS, by_fit

NAMES = (
    "dogs/ANMLDog_Bark Angry_JSmith_SFXKit.wav",
    "dogs/dog_bark_05.wav",
    "rain.wav",
    "UIMisc_Beep_A_B.wav",
    "x/song.wav",
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def catalogue(root: Path, *, measured: bool = False) -> CatalogFile:
    (library,) = libraries_of([root])
    return refreshed(library, measured=measured)


def record(file: CatalogFile, path: str) -> SoundRecord:
    found = file.sound(path)
    assert found is not None
    return found


def test_a_record_holds_what_is_known(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    (root / "LICENSE").write_text("https://creativecommons.org/licenses/by/4.0/")
    (root / "labels.csv").write_text("file,label,licence,author\nrain.wav,rain on a roof,CC0,Jo\n")
    with catalogue(root, measured=True) as file:
        dog = record(file, NAMES[0])
        assert (dog.category, dog.kind, dog.author, dog.labels[0].source) == ("ANMLDog", "effect", "JSmith", "ucs")
        assert dog.licence == "CC-BY-4.0"
        assert any("dog" in phrase for phrase in dog.phrases)
        assert dog.size_bytes == len(wav()) and dog.mtime_ns == (root / NAMES[0]).stat().st_mtime_ns
        assert dog.duration_s == pytest.approx(0.05)
        assert len(dog.content_hash) == 32
        assert dog.measures is not None and dog.measures.true_peak_dbtp is not None
        rain = record(file, "rain.wav")
        assert (rain.labels[0].text, rain.labels[0].source) == ("rain on a roof", "sidecar")
        assert (rain.licence, rain.author) == ("CC0-1.0", "Jo")
        assert record(file, "UIMisc_Beep_A_B.wav").phrases == ()
        assert file.sound("nothing.wav") is None
        assert [sound.path for sound in file.sounds()] == sorted(NAMES)
        stats = file.stats()
        assert (stats.sounds, stats.measured, stats.unusable) == (5, 5, 0)
        assert dict(stats.licences) == {"CC-BY-4.0": 4, "CC0-1.0": 1}


def test_filters(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")
    (root / "bell.wav").write_bytes(wav(9, 0.2))
    (root / "labels.csv").write_text("file,kind,licence\ncat.wav,music,CC0\ndog.wav,effect,CC BY-NC 3.0\n")
    with catalogue(root) as file:

        def paths(**given: object) -> list[str]:
            return [sound.path for sound in file.sounds(Filter(**given))]  # type: ignore[arg-type]

        assert paths(kinds=("music",)) == ["cat.wav"]
        assert paths(min_s=0.1) == ["bell.wav"]
        assert paths(max_s=0.1) == ["cat.wav", "dog.wav"]
        assert paths(channels=2) == []
        assert paths(licences=("cc0",)) == ["cat.wav"]
        assert paths(licences=("cc-by",)) == []
        assert paths(licences=("cc-by-nc", "cc0")) == ["cat.wav", "dog.wav"]
        assert [sound.path for sound in file.sounds_of("dog")] == ["dog.wav"]
        assert file.sounds_of("dog", Filter(kinds=("music",))) == ()


@pytest.mark.parametrize("most", [0, 1, 2, 200])
def test_licences_are_judged_alike_before_and_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(rows, "_MOST_LICENCES", most)
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav", "cow.wav")
    (root / "labels.csv").write_text("file,licence\ncat.wav,CC0\ndog.wav,CC BY 3.0\n")
    with catalogue(root) as file:

        def paths(*terms: str) -> list[str]:
            return [sound.path for sound in file.sounds(Filter(licences=terms))]

        assert paths("cc0") == ["cat.wav"]
        assert paths("cc0", "cc-by") == ["cat.wav", "dog.wav"]
        assert paths("cc-by-sa") == []
        assert paths("any") == ["cat.wav", "cow.wav", "dog.wav"]
        assert file.match_words('"wav"', Filter(licences=("cc-by-sa",)), 9) == []
        assert [path for path, _ in file.match_words('"wav"', Filter(licences=("cc-by",)), 9)] == ["dog.wav"]


def test_words_are_found(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dogs/BarkingLoud_03.wav", "dogs/dog_bark_05.wav", "rain.wav")
    with catalogue(root) as file:
        found = file.match_words("bark*", Filter(), 10)
        assert {path for path, _ in found} == {"dogs/BarkingLoud_03.wav", "dogs/dog_bark_05.wav"}
        assert all(score > 0 for _, score in found)
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
        assert file.match_words('"dogs"', Filter(channels=7), 10) == []
        assert len(file.match_words('"dogs"', Filter(), 1)) == 1
        with pytest.raises(LibraryError, match="can't search for"):
            file.match_words('"unclosed', Filter(), 10)


def test_labels_count_all_libraries_and_are_read_when_asked_for(tmp_path: Path) -> None:
    one = fill(tmp_path / "one", "dog bark 1.wav", "dog bark 2.wav", "glass.wav")
    two = fill(tmp_path / "two", "dog bark 3.wav", seed=7)
    catalog = scan([one, two])
    label = next(label for label in catalog.labels if label.text == "dog bark")
    assert isinstance(label.sounds, FoundSounds) and len(label.sounds) == 3
    assert [(sound.library, sound.path) for sound in label.sounds] == [
        ("one", "dog bark 1.wav"), ("one", "dog bark 2.wav"), ("two", "dog bark 3.wav"),
    ]  # fmt: skip
    assert label.sounds[2].library == "two" and [sound.path for sound in label.sounds[:1]] == ["dog bark 1.wav"]
    assert len(catalog.sounds) == 4
    with CatalogFile.open(one, readonly=True) as file:
        assert [(entry.text, entry.count) for entry in file.labels()] == [("dog bark", 2), ("glass", 1)]


def test_music_and_speech_are_never_matched(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "bell 1.wav", "bell 2.wav", "bell 3.wav", "guitar.wav")
    table = "file,kind\nbell 1.wav,music\nbell 2.wav,music\nguitar.wav,music\n"
    (root / "labels.csv").write_text(table)
    labels = {label.text: label for label in scan([root]).labels}
    assert labels["guitar"].phrases == () and labels["guitar"].kind == "music"
    # Of one label that is both, the effects alone may be heard.
    assert labels["bell"].kind == "effect" and labels["bell"].phrases
    assert [sound.path for sound in labels["bell"].sounds] == ["bell 3.wav"]
    assert [sound.path for sound in by_fit(labels["bell"], 1.0)] == ["bell 3.wav"]


def test_a_policy_drops_sounds_and_labels(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav", "cow.wav")
    (root / "labels.csv").write_text("file,licence\ncat.wav,CC0\ndog.wav,CC BY 3.0\n")
    catalog = scan([root], licences=("cc0", "cc-by"))
    assert [label.text for label in catalog.labels] == ["cat", "dog"]
    assert [sound.path for sound in catalog.sounds] == ["cat.wav", "dog.wav"]
    assert len(catalog.sounds) == 2
    with pytest.raises(LibraryError, match=r"no sound of .*sfx is under a licence that may be used \(cc-by-nc\)"):
        scan([root], licences=("cc-by-nc",))


def test_the_best_of_many_are_those_nearest_in_length(tmp_path: Path) -> None:
    root = tmp_path / "sfx"
    root.mkdir()
    lengths = [0.02 + 0.001 * number for number in range(150)]
    for number, length_s in enumerate(lengths):
        (root / f"dog {number:03}.wav").write_bytes(wav(1, length_s))
    (label,) = scan([root]).labels
    whole = sorted(label.sounds, key=lambda sound: (sound.duration_s < 0.1, abs(sound.duration_s - 0.1)))
    best = by_fit(label, 0.1)
    assert best[:MOST_SOUNDS] == whole[: len(best)][:MOST_SOUNDS]
    assert len(best) <= 2 * MOST_SOUNDS < len(whole)


def test_measured_silence_is_used(tmp_path: Path) -> None:
    root = tmp_path / "sfx"
    root.mkdir()
    (root / "dog.wav").write_bytes(wav())
    assert scan([root]).sounds[0].lead_silence_s is None
    assert scan([root], measured=True).sounds[0].lead_silence_s == 0.0


def test_it_lies_in_the_cache_or_beside_the_sounds(tmp_path: Path, own_cache: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    with catalogue(root) as file:
        assert file.path.is_relative_to(own_cache / "libraries") and file.path.name == "catalog.sqlite"
        assert not (root / ".sonify").exists()
        assert file.rows("PRAGMA journal_mode") == [("wal",)]
    scan([root], portable=True)
    assert (root / ".sonify" / "catalog.sqlite").is_file()
    with CatalogFile.open(root) as file:
        assert file.path == root / ".sonify" / "catalog.sqlite"
        assert file.rows("PRAGMA journal_mode") == [("delete",)]
        assert file.stats().sounds == 1
    # It goes where the folder goes.
    root.rename(tmp_path / "moved")
    with CatalogFile.open(tmp_path / "moved", readonly=True) as file:
        assert [sound.path for sound in file.sounds()] == ["dog.wav"]


def test_readonly_wants_a_scan_and_writes_nothing(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    with pytest.raises(LibraryError, match="not been scanned yet: run `sonify library scan`"):
        CatalogFile.open(root, readonly=True)
    scan([root])
    with CatalogFile.open(root, readonly=True) as file, pytest.raises(sqlite3.OperationalError, match="readonly"):
        file.database.execute("DELETE FROM sound")


def test_a_persons_word_beats_everything(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "ANMLDog_Bark_A_B.wav", "cat.wav")
    (root / "copy.wav").write_bytes((root / "cat.wav").read_bytes())
    with catalogue(root) as file:
        file.set_person_label("cat.wav", "Church  Bells")
        for path in ("cat.wav", "copy.wav"):
            found = record(file, path)
            assert (found.labels[0].text, found.labels[0].source) == ("church bells", "person")
            assert "a church tower" in found.phrases
        exported = json.loads((file.path.parent / "labels-by-hand.json").read_text("utf-8"))
        assert [(one["path"], one["label"]) for one in exported["labels"]] == [("cat.wav", "church bells")]
        assert file.match_words("church", Filter(), 5)
    (root / "later.wav").write_bytes((root / "cat.wav").read_bytes())
    with catalogue(root) as file:
        assert file.stats().by_hand == 3
        file.set_person_label("cat.wav", "")
        assert record(file, "copy.wav").labels[0].source == "name"
        assert json.loads((file.path.parent / "labels-by-hand.json").read_text("utf-8"))["labels"] == []
        with pytest.raises(LibraryError, match="there is no sound nothing.wav"):
            file.set_person_label("nothing.wav", "dog")
        with pytest.raises(LibraryError, match="has no word in it"):
            file.set_person_label("cat.wav", "...")
        (root / "cat.wav").unlink()
    with CatalogFile.open(root) as file:
        assert file.sound("cat.wav") is not None


def test_older_versions_are_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    with catalogue(root) as file:
        file.set_person_label("dog.wav", "wolf howling")
        older = file.database.execute("PRAGMA user_version").fetchone()[0]

    def more(database: sqlite3.Connection) -> None:
        database.execute("ALTER TABLE sound ADD COLUMN stars INTEGER NOT NULL DEFAULT 3")

    monkeypatch.setattr(migrate, "STEPS", (*migrate.STEPS, more))
    with catalogue(root) as file:
        assert file.rows("PRAGMA user_version") == [(older + 1,)]
        assert file.rows("SELECT stars FROM sound") == [(3,)]
        assert record(file, "dog.wav").labels[0].text == "wolf howling"


def test_the_first_version_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "STEPS", migrate.STEPS[:1])
        with CatalogFile.open(root) as file, file.writing() as database:
            database.execute("INSERT INTO folder VALUES (1, '')")
            database.execute("INSERT INTO content (hash, size_bytes, measured, dc) VALUES ('0a', 844, 1, 0.25)")
            database.execute("INSERT INTO person VALUES ('0a', 'wolf howling', 'dog.wav')")
            database.execute(
                "INSERT INTO sound (folder_id, name, path, size_bytes, mtime_ns, reading, rules, content_hash)"
                " VALUES (1, 'dog.wav', 'dog.wav', 844, 1, 1, 1, '0a')"
            )
            assert file.rows("PRAGMA user_version") == [(1,)]
    with CatalogFile.open(root) as file:
        assert file.note == ""
        assert file.rows("PRAGMA user_version") == [(len(migrate.STEPS),)]
        assert [(sound.path, sound.content_hash) for sound in file.sounds()] == [("dog.wav", "0a")]
        assert file.rows("SELECT label FROM person") == [("wolf howling",)]
        file.check()
    with catalogue(root) as file:
        assert [sound.path for sound in file.sounds()] == ["cat.wav", "dog.wav"]


def test_a_step_that_fails_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    with catalogue(root) as file:
        path = file.path

    def wrong(database: sqlite3.Connection) -> None:
        database.execute("DROP TABLE words")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(migrate, "STEPS", (*migrate.STEPS, wrong))
        CatalogFile.open(root)
    with CatalogFile.open(root) as file:
        assert file.path == path
        assert file.match_words("dog", Filter(), 5)


def test_every_step_makes_what_the_schema_says(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "new.sqlite", isolation_level=None) as database:
        assert migrate.migrate(database)
        assert not migrate.migrate(database)
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.close()
    assert {"sound", "content", "person", "folder", "label", "phrases", "sidecar", "words"} <= names


def test_names_of_folders_make_names_of_catalogues(tmp_path: Path) -> None:
    places = set()
    for name in ("a b", "ä ö", "x" * 200, "...", "a:b"):
        root = tmp_path / "deep" / name
        try:
            fill(root, "dog.wav")
        except OSError:
            continue
        with CatalogFile.open(root) as file:
            places.add(file.path.parent.name)
            assert len(os.fsencode(file.path.parent.name)) < 150
    assert len(places) >= 3


def test_sounds_that_went_since_are_said(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")
    cat, _ = scan([root]).labels
    (root / "cat.wav").unlink()
    scan([root])
    with pytest.raises(LibraryError, match="the sounds called 'cat' are not in the library any more: run this again"):
        by_fit(cat, 1.0)


def test_odd_values_are_kept_as_well_as_can_be(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")
    (root / "labels.json").write_text(
        json.dumps(
            {"dog.wav": {"label": "d\ud800og", "author": "a\ud800b", "phrases": ["a \udfffdog"], "title": "\0x"}}
        )
    )
    try:
        os.utime(root / "cat.wav", ns=(2**63 + 10**18, 2**63 + 10**18))
    except OverflowError:
        pytest.skip("the disk keeps no such times")
    with catalogue(root, measured=True) as file:
        assert record(file, "dog.wav").author in ("a b", "a?b")
        assert record(file, "cat.wav").measures is not None
    with catalogue(root) as file:
        assert file.changes.unchanged == 2
