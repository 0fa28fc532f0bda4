"""A second scan: only what has changed is looked at, and nothing that a person or a long run found is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from library_folders import fill, wav

from sonify.errors import LibraryError
from sonify.library.catalog.file import CatalogFile, Changes, Filter
from sonify.library.records import Measures, SoundRecord
from sonify.library.refresh import index as refresh
from sonify.library.refresh import rules
from sonify.library.scan import libraries_of, refreshed, scan

NAMES = ("dogs/dog_bark_01.wav", "dogs/dog_bark_02.wav", "glass.wav", "deep/er/rain.wav")
MEASURES = Measures(-20.0, -18.0, -3.0, 0.01, 0.02, (0.01, 0.03), 0.5, 0.0, 0.0, False)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were opened since it was last cleared."""
    found: list[str] = []
    really = refresh.read_header

    def read(file: Path) -> object:
        found.append(file.name)
        return really(file)

    monkeypatch.setattr(refresh, "read_header", read)
    return found


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were measured; what they measure is made up."""
    found: list[str] = []

    def measure(self: object, file: Path, duration_s: float) -> Measures:
        found.append(file.name)
        return MEASURES

    monkeypatch.setattr("sonify.library.measures.pool.MeasurePool.measure", measure)
    return found


def again(root: Path, *, measured: bool = False) -> tuple[Changes, dict[str, SoundRecord]]:
    (library,) = libraries_of([root])
    with refreshed(library, measured=measured) as file:
        return file.changes, {sound.path: sound for sound in file.sounds()}


def label_of(sounds: dict[str, SoundRecord], path: str) -> str:
    return sounds[path].labels[0].text


def by_hand(root: Path, path: str, label: str) -> None:
    with CatalogFile.open(root) as file:
        file.set_person_label(path, label)


def test_nothing_is_read_twice(tmp_path: Path, reads: list[str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    first, before = again(root)
    assert (first.total, first.new, first.unchanged) == (4, 4, 0)
    assert len(reads) == 4
    reads.clear()
    second, after = again(root)
    assert (second.total, second.new, second.changed, second.unchanged) == (4, 0, 0, 4)
    assert reads == []
    assert before == after


def test_only_what_changed_is_read(tmp_path: Path, reads: list[str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    reads.clear()
    (root / "glass.wav").write_bytes(wav(70, 0.2))
    (root / "dogs" / "dog_bark_02.wav").unlink()
    fill(root, "new/cat.wav", seed=50)
    changes, sounds = again(root)
    assert sorted(reads) == ["cat.wav", "glass.wav"]
    assert (changes.new, changes.changed, changes.gone, changes.moved, changes.unchanged) == (1, 1, 1, 0, 2)
    assert sorted(sounds) == ["deep/er/rain.wav", "dogs/dog_bark_01.wav", "glass.wav", "new/cat.wav"]
    assert sounds["glass.wav"].duration_s == pytest.approx(0.2)
    with CatalogFile.open(root) as file:
        assert file.match_words("bark", Filter(), 9) == [("dogs/dog_bark_01.wav", pytest.approx(0, abs=99))]


def test_the_same_size_with_another_time_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    again(root)
    reads.clear()
    os.utime(root / "dog.wav", ns=(1, 1))
    changes, sounds = again(root)
    assert (reads, changes.changed, sounds["dog.wav"].mtime_ns) == (["dog.wav"], 1, 1)


def test_measures_are_made_once_for_the_same_bytes(tmp_path: Path, measured: list[str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    _, sounds = again(root, measured=True)
    assert len(measured) == 4
    assert all(sound.measures == MEASURES for sound in sounds.values())
    measured.clear()
    shutil.copy(root / "glass.wav", root / "copy.wav")
    _, sounds = again(root, measured=True)
    assert measured == []
    assert sounds["copy.wav"].measures == MEASURES


def test_what_measuring_refuses_can_not_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")

    def measure(self: object, file: Path, duration_s: float) -> Measures | str:
        return "it holds no sound" if file.name == "dog.wav" else MEASURES

    monkeypatch.setattr("sonify.library.measures.pool.MeasurePool.measure", measure)
    catalog = scan([root], measured=True)
    assert [label.text for label in catalog.labels] == ["cat"]
    assert catalog.problems == (f"{root / 'dog.wav'}: it holds no sound",)
    assert scan([root]).problems == catalog.problems
    (root / "dog.wav").write_bytes(wav(33))
    assert scan([root]).problems == ()


def test_a_disk_that_goes_in_mid_measure_says_nothing_of_its_sounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", "cat.wav")

    def measure(self: object, file: Path, duration_s: float) -> Measures | str:
        if file.exists() and file.name == "dog.wav":
            root.rename(tmp_path / "away")
        return MEASURES if file.exists() else "can't be read to its end (the disk)"

    monkeypatch.setattr("sonify.library.measures.pool.MeasurePool.measure", measure)
    with suppress(LibraryError):
        scan([root], measured=True)
    (tmp_path / "away").rename(root)
    catalog = scan([root])
    assert (catalog.problems, len(catalog.sounds)) == ((), 2)


MOVES: dict[str, Callable[[Path], str]] = {
    "a file moved": lambda root: _move(root / "dogs/dog_bark_01.wav", root / "deep/dog_bark_01.wav"),
    "a file renamed": lambda root: _move(root / "dogs/dog_bark_01.wav", root / "dogs/x17.wav"),
    "a folder renamed": lambda root: _move(root / "dogs", root / "hounds") and "hounds/dog_bark_01.wav",
    "copied and removed": lambda root: _copy_away(root / "dogs/dog_bark_01.wav", root / "other/dog_bark_01.wav"),
    "two alike": lambda root: _twice(root / "dogs/dog_bark_01.wav", root / "a" / "x.wav", root / "b" / "x.wav"),
    "changed in its place": lambda root: _rewritten(root / "dogs/dog_bark_01.wav"),
}


def _inside(file: Path) -> str:
    return file.relative_to(next(parent for parent in file.parents if parent.name == "sfx")).as_posix()


def _move(old: Path, new: Path) -> str:
    old.rename(new)
    return _inside(new)


def _copy_away(old: Path, new: Path) -> str:
    new.parent.mkdir()
    new.write_bytes(old.read_bytes())
    old.unlink()
    os.utime(new, ns=(10**18, 10**18))
    return _inside(new)


def _twice(old: Path, *new: Path) -> str:
    for file in new:
        file.parent.mkdir()
        shutil.copy2(old, file)
    old.unlink()
    return _inside(new[1])


def _rewritten(file: Path) -> str:
    file.write_bytes(wav(40, 0.3))
    return _inside(file)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES.keys())
def test_a_persons_label_stays_with_its_sound(tmp_path: Path, move: Callable[[Path], str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    by_hand(root, "dogs/dog_bark_01.wav", "fox barking")
    new = move(root)
    changes, sounds = again(root)
    assert label_of(sounds, new) == "fox barking"
    assert sounds[new].labels[0].source == "person"
    assert changes.total == len(sounds)
    assert sum(label_of(sounds, path) == "fox barking" for path in sounds) == (2 if new == "b/x.wav" else 1)
    # Also for a catalogue that has to be made again.
    with CatalogFile.open(root) as file:
        path = file.path
    path.unlink()
    _, sounds = again(root)
    assert label_of(sounds, new) == "fox barking"


@pytest.mark.parametrize("beside", ["", "dogs/"])
def test_what_a_table_says_moves_along_but_for_rights(
    tmp_path: Path, measured: list[str], reads: list[str], beside: str
) -> None:
    """Rights are looked up again at rendering, where the file lies."""
    root = fill(tmp_path / "sfx", *NAMES)
    table = root / beside / "labels.csv"
    head = "file,label,kind,phrases,licence,author\n"

    def say(path: str, label: str) -> None:
        table.write_text(f"{head}{path},{label},effect,a wolf;two wolves,CC0,Jo\n")

    old = "dogs/dog_bark_01.wav".removeprefix(beside)
    say(old, "wolf howling")
    again(root, measured=True)
    _move(root / "dogs/dog_bark_01.wav", root / "deep/x17.wav")
    _, sounds = again(root)
    moved = sounds["deep/x17.wav"]
    assert (moved.labels[0].text, moved.labels[0].source) == ("wolf howling", "sidecar")
    assert (moved.phrases, moved.licence, moved.author) == (("a wolf", "two wolves"), "", "")
    # And further on; the table's word goes on to count.
    _move(root / "deep/x17.wav", root / "x18.wav")
    assert label_of(again(root)[1], "x18.wav") == "wolf howling"
    say(old, "coyote howling")
    again(root)
    assert label_of(again(root)[1], "x18.wav") == "coyote howling"
    # What is said of the place where it lies now beats that.
    (root / "labels.json").write_text('{"x18.wav": "fox barking"}')
    assert label_of(again(root)[1], "x18.wav") == "fox barking"


def test_a_move_is_recognised_though_the_scan_that_met_it_was_killed(
    tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    (root / "labels.csv").write_text("file,label\nglass.wav,church bells\n")
    again(root, measured=True)
    _move(root / "glass.wav", root / "deep/x17.wav")

    def killed(self: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(refresh._Refresh, "moved", killed)
        again(root)
    changes, sounds = again(root)
    assert label_of(sounds, "deep/x17.wav") == "church bells"
    assert "glass.wav" not in sounds
    assert (changes.new, changes.moved, changes.gone) == (0, 0, 1)


def test_measures_move_along(tmp_path: Path, measured: list[str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root, measured=True)
    measured.clear()
    (root / "dogs").rename(root / "hounds")
    (root / "glass.wav").rename(root / "bottle.wav")
    changes, sounds = again(root)
    assert (changes.new, changes.moved, changes.gone) == (3, 3, 3)
    assert all(sound.measures == MEASURES for sound in sounds.values())
    again(root, measured=True)
    assert measured == []


def test_a_name_that_moves_with_other_bytes_is_another_sound(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "a/dog.wav", "cat.wav")
    again(root)
    by_hand(root, "a/dog.wav", "fox barking")
    (root / "a/dog.wav").unlink()
    fill(root, "b/dog.wav", seed=99)
    changes, sounds = again(root)
    assert label_of(sounds, "b/dog.wav") == "dog"
    assert (changes.gone, changes.moved) == (1, 0)


def test_tables_and_licences_that_change_change_the_labels(tmp_path: Path, reads: list[str]) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    reads.clear()
    (root / "labels.csv").write_text("file,label\nglass.wav,church bells\n")
    (root / "deep" / "LICENSE").parent.mkdir(exist_ok=True)
    (root / "deep" / "LICENSE").write_text("CC0 1.0 Universal https://creativecommons.org/publicdomain/zero/1.0/")
    _, sounds = again(root)
    assert label_of(sounds, "glass.wav") == "church bells"
    assert {path: sound.licence for path, sound in sounds.items() if sound.licence} == {"deep/er/rain.wav": "CC0-1.0"}
    (root / "labels.csv").write_text("file,label\nglass.wav,wind\nnot a line")
    (root / "dogs" / "labels.csv").write_text("file,label\ndog_bark_01.wav,wolf\n")
    (root / "deep" / "LICENSE").unlink()
    _, sounds = again(root)
    assert (label_of(sounds, "glass.wav"), label_of(sounds, "dogs/dog_bark_01.wav")) == ("wind", "wolf")
    assert sounds["deep/er/rain.wav"].licence == ""
    (root / "labels.csv").unlink()
    _, sounds = again(root)
    assert label_of(sounds, "glass.wav") == "glass"
    assert reads == []  # what is stored is enough


def test_problems_of_tables_are_still_told_later(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    (root / "labels.csv").write_text("label\ndog\n")
    first = scan([root]).problems
    assert len(first) == 1 and "has no column 'file'" in first[0]
    assert scan([root]).problems == first


def test_new_rules_make_new_labels(tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    again(root)
    reads.clear()
    with CatalogFile.open(root) as file, file.writing() as database:
        database.execute('UPDATE sound SET labels = \'[["x", "name", 0.1]]\', rules = 12345')
    _, sounds = again(root)
    assert label_of(sounds, "dog.wav") == "dog"
    assert reads == []
    assert rules.rules() == rules.rules() != 0
    monkeypatch.setattr("sonify.library.refresh.compare.READING", rules.READING + 1)
    changes, _ = again(root)
    assert (reads, changes.changed) == (["dog.wav"], 1)


def test_a_damaged_file_is_not_tried_again_until_it_changes(tmp_path: Path, reads: list[str]) -> None:
    root = fill(tmp_path / "sfx", "dog.wav")
    (root / "cat.wav").write_text("no sound")
    assert len(scan([root]).problems) == 1
    reads.clear()
    assert len(scan([root]).problems) == 1
    assert reads == []
    (root / "cat.wav").write_bytes(wav(3))
    assert scan([root]).problems == ()


def test_a_closed_folder_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    by_hand(root, "deep/er/rain.wav", "hail")
    really = os.scandir

    def scandir(path: str | os.PathLike[str]) -> object:
        if Path(path) == root / "deep":
            raise PermissionError(13, "Permission denied")
        return really(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        catalog = scan([root])
        assert "hail" not in {label.text for label in catalog.labels}
        assert len(catalog.sounds) == 3
        assert any("Permission denied" in problem for problem in catalog.problems)
    catalog = scan([root])
    assert "hail" in {label.text for label in catalog.labels}
    assert catalog.problems == ()


def test_an_empty_folder_is_not_believed(tmp_path: Path) -> None:
    """A disk that isn't mounted."""
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    root.rename(tmp_path / "away")
    root.mkdir()
    with pytest.raises(Exception, match="is empty|no sound that can be used"):
        scan([root])
    root.rmdir()
    (tmp_path / "away").rename(root)
    changes, _ = again(root)
    assert changes.unchanged == 4


def test_links_come_and_go(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", "dog.wav", ".hidden/cat.wav")
    (root / "cat.wav").symlink_to(root / ".hidden" / "cat.wav")
    _, sounds = again(root)
    assert sorted(sounds) == ["cat.wav", "dog.wav"]
    changes, _ = again(root)
    assert changes.unchanged == 2
    (root / "cat.wav").unlink()
    (root / "cat.wav").symlink_to(root / "dog.wav")
    _, sounds = again(root)
    assert sorted(sounds) == ["dog.wav"]


def test_scanning_writes_nothing_between_the_sounds(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    before = sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*"))
    again(root)
    by_hand(root, "glass.wav", "bottle")
    assert sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*")) == before


@pytest.mark.parametrize("copied", [False, True])
def test_a_library_that_moves_as_a_whole_is_known_there(
    tmp_path: Path, reads: list[str], measured: list[str], copied: bool
) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root, measured=True)
    by_hand(root, "glass.wav", "church bells")
    with CatalogFile.open(root) as file:
        (file.path.parent / "vectors").mkdir()
        (file.path.parent / "vectors" / "x").write_text("kept")
    new = tmp_path / "disk" / "sounds"
    new.parent.mkdir()
    if copied:  # without the times
        shutil.copytree(root, new, copy_function=shutil.copyfile)
        shutil.rmtree(root)
    else:
        root.rename(new)
    reads.clear()
    measured.clear()
    changes, sounds = again(new, measured=True)
    assert measured == []
    assert all(sound.measures == MEASURES for sound in sounds.values())
    assert label_of(sounds, "glass.wav") == "church bells"
    if not copied:
        assert (reads, changes.unchanged) == ([], 4)
    with CatalogFile.open(new) as file:
        assert (file.path.parent / "vectors" / "x").read_text() == "kept"
    # The old place may only have been a disk that wasn't mounted.
    shutil.copytree(new, root)
    _, sounds = again(root)
    assert label_of(sounds, "glass.wav") == "church bells"


def test_another_library_takes_nothing_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "sfx", *NAMES)
    again(root)
    by_hand(root, "glass.wav", "church bells")
    shutil.copytree(root, tmp_path / "copy")
    _, sounds = again(tmp_path / "copy")
    assert label_of(sounds, "glass.wav") == "glass"  # the first is still there
    shutil.rmtree(root)
    fill(tmp_path / "other", "glass.wav", "dog.wav", "cat.wav", seed=30)
    _, sounds = again(tmp_path / "other")
    assert label_of(sounds, "glass.wav") == "glass"
