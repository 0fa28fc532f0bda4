"""Catalogues that are damaged, newer, read-only or on a full disk; scans that are killed, or run at once."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from library_folders import fill, wav

from sonify.errors import LibraryError
from sonify.library.catalog.file import CatalogFile
from sonify.library.measures.pool import CRASHED, STOPPED, MeasurePool
from sonify.library.metadata.header import read_header
from sonify.library.records import SoundRecord
from sonify.library.refresh import index as refresh
from sonify.library.scan import scan
from sonify.progress import Event

SCAN = "import sys; from sonify.library.scan import scan; print(len(scan(sys.argv[1:]).sounds))"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))


def library(tmp_path: Path, number: int = 40) -> Path:
    return fill(tmp_path / "sfx", *(f"pack {index % 7}/dog_bark_{index:04}.wav" for index in range(number)))


def known(root: Path) -> list[SoundRecord]:
    """All records. What has been hashed depends on the way; the hashes themselves are tested elsewhere."""
    with CatalogFile.open(root) as file:
        return [replace(sound, content_hash="") for sound in file.sounds()]


def catalogue_of(root: Path) -> Path:
    with CatalogFile.open(root) as file:
        return file.path


def whole(root: Path) -> list[tuple[object, ...]]:
    """What is wrong with the structure of a catalogue, or between its tables."""
    with CatalogFile.open(root) as file:
        odd = [row for row in file.rows("PRAGMA integrity_check") if row != ("ok",)]
        odd += file.rows("PRAGMA foreign_key_check")
        file.database.execute("INSERT INTO words(words) VALUES ('integrity-check')")
        odd += file.rows("SELECT rowid FROM words EXCEPT SELECT id FROM sound WHERE problem = ''")
        odd += file.rows("SELECT id FROM sound WHERE problem = '' EXCEPT SELECT rowid FROM words")
        return odd


def _truncate(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2 // 4096 * 4096])


def _overwrite(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    noise = random.Random(5)
    for page in range(1, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 512] = noise.randbytes(512)
    path.write_bytes(raw)


def _other_tables(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE invoices (amount INTEGER)")
    database.close()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"what is this? " * 999),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "empty": lambda path: path.write_bytes(b""),
    "cut in half": _truncate,
    "pages overwritten": _overwrite,
    "something else's": _other_tables,
    "a header only": lambda path: path.write_bytes(path.read_bytes()[:100]),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_catalogue_is_made_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    root = library(tmp_path)
    scan([root])
    with CatalogFile.open(root) as file:
        file.set_person_label("pack 0/dog_bark_0000.wav", "fox barking")
    before = known(root)
    path = catalogue_of(root)
    damage(path)
    notes: list[str] = []
    catalog = scan([root], progress=lambda event: notes.append(event.note))
    if "damaged" in "".join(notes):
        assert (path.with_name("catalog.damaged.sqlite")).is_file()
    assert {label.text for label in catalog.labels} == {"dog bark", "fox barking"}
    assert len(list(catalog.sounds)) == 40
    assert known(root) == before
    assert whole(root) == []


def test_damage_that_shows_late_is_mended_by_the_next_run(tmp_path: Path) -> None:
    root = library(tmp_path)
    scan([root])
    path = catalogue_of(root)
    with sqlite3.connect(path, isolation_level=None) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'content'").fetchone()
        pages = [row[0] for row in database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sound'")]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    raw = bytearray(path.read_bytes())
    for number in (page, *pages):
        raw[(number - 1) * 4096 : number * 4096] = b"\x07" * 4096
    path.write_bytes(raw)
    with CatalogFile.open(root) as file, pytest.raises(LibraryError, match="is damaged .*: run this again"):
        list(file.sounds())
    assert len(scan([root]).sounds) == 40
    assert len(known(root)) == 40


def test_measuring_checks_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path, 3)
    scan([root])
    path = catalogue_of(root)
    with sqlite3.connect(path, isolation_level=None) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'content'").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 4096 : page * 4096] = b"\x07" * 4096
    path.write_bytes(raw)
    monkeypatch.setattr("sonify.library.scan.measure_sounds", lambda file, progress: None)
    assert len(scan([root], measured=True).sounds) == 3
    assert path.with_name("catalog.damaged.sqlite").exists()


HOSTILE: dict[str, str] = {
    "paths that lead out": "UPDATE sound SET path = '../../secret.wav' WHERE name LIKE '%0001.wav'",
    "folders that lead out": "UPDATE folder SET path = '../..' WHERE path = 'pack 1';"
    " UPDATE sound SET path = '../../' || name WHERE folder_id = (SELECT id FROM folder WHERE path = '../..')",
    "a trigger": "CREATE TRIGGER more AFTER INSERT ON sound BEGIN DELETE FROM person; END",
    "a view for a table": "ALTER TABLE person RENAME TO was; CREATE VIEW person AS SELECT * FROM was",
    "labels that are none": "UPDATE sound SET labels = '{}x'",
    "nested labels": "UPDATE sound SET labels = '" + "[" * 5_000 + "'",
    "text for numbers": "UPDATE sound SET labels = '[1]'",
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_catalogue_that_came_with_the_sounds_is_not_trusted(tmp_path: Path, change: str) -> None:
    root = library(tmp_path, 20)
    (tmp_path / "secret.wav").write_bytes(wav())
    scan([root], portable=True)
    before = known(root)
    path = root / ".sonify" / "catalog.sqlite"
    with sqlite3.connect(path, isolation_level=None) as database:
        database.executescript(change)
    database.close()
    scan([root])
    with suppress(LibraryError):  # "run this again"
        known(root)
    scan([root])
    assert known(root) == before
    assert all(sound.file.is_relative_to(root) for sound in scan([root]).sounds)


def test_a_catalogue_is_not_kept_behind_a_link(tmp_path: Path) -> None:
    root = library(tmp_path, 2)
    (tmp_path / "elsewhere").mkdir()
    (root / ".sonify").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "catalog.sqlite").write_bytes(b"")
    assert len(scan([root]).sounds) == 2
    assert (tmp_path / "elsewhere" / "catalog.sqlite").read_bytes() == b""
    with pytest.raises(LibraryError, match="is a link"):
        scan([root], portable=True)


def test_a_newer_catalogue_is_left_alone(tmp_path: Path) -> None:
    root = library(tmp_path, 2)
    scan([root])
    path = catalogue_of(root)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match=r"made by a newer sonify \(version 99.*: update sonify, or remove"):
        scan([root])
    assert path.read_bytes() == before


@pytest.mark.parametrize("export", ["", "[]", "{", '{"labels": 3}', '{"labels": [3, {"label": "x"}]}', "[" * 99_999])
def test_an_odd_export_is_passed_over(tmp_path: Path, export: str) -> None:
    root = library(tmp_path, 2)
    path = catalogue_of(root)
    path.unlink()
    path.with_name("labels-by-hand.json").write_text(export)
    assert len(scan([root]).sounds) == 2


def test_without_a_place_it_works_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "file"))
    notes: list[str] = []
    catalog = scan([root], progress=lambda event: notes.append(event.note))
    assert len(list(catalog.sounds)) == len(catalog.labels[0].sounds) == 40
    (told,) = filter(None, notes)
    assert "can't be written" in told and "forgotten" in told


def test_a_catalogue_that_can_only_be_read_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path)
    scan([root])
    reads: list[Path] = []
    really = sqlite3.connect

    def connect(path: object, **options: object) -> object:
        if str(path).endswith("catalog.sqlite"):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return really(path, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(sqlite3, "connect", connect)
    monkeypatch.setattr(refresh, "read_header", lambda file: reads.append(file) or read_header(file))
    fill(root, "new.wav")
    assert len(scan([root]).sounds) == 41
    assert [file.name for file in reads] == ["new.wav"]


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path, 5)
    scan([root])
    path = catalogue_of(root)
    with sqlite3.connect(path) as database:
        (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.close()
    fill(root, *(f"more/{'very long name ' * 9}{index}.wav" for index in range(300)), seed=100)
    really = CatalogFile.open.__func__  # type: ignore[attr-defined]

    def small(kind: type[CatalogFile], root: Path, **options: bool) -> CatalogFile:
        file = really(kind, root, **options)
        # SQLite says the same of a file that has reached its limit as of a disk that is full.
        file.database.execute(f"PRAGMA max_page_count = {pages + 3}")
        return file  # type: ignore[no-any-return]

    with monkeypatch.context() as patch:
        patch.setattr(CatalogFile, "open", classmethod(small))
        with pytest.raises(LibraryError, match="no room for the catalogue .*: free some space"):
            scan([root])
    assert len(known(root)) >= 5
    assert whole(root) == []
    assert len(scan([root]).sounds) == 305


def test_a_label_that_can_not_be_exported_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path, 1)
    scan([root])

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sonify.library.catalog.person.write_text", full)
    with CatalogFile.open(root) as file:
        with pytest.raises(LibraryError, match="No space left"):
            file.set_person_label("pack 0/dog_bark_0000.wav", "fox")
        (sound,) = file.sounds()
        assert sound.labels[0].source != "person"


def test_a_folder_that_vanishes_in_mid_scan(tmp_path: Path) -> None:
    root = library(tmp_path)

    def remove(event: Event) -> None:
        if event.total and (root / "pack 3").exists():
            shutil.rmtree(root / "pack 3")

    catalog = scan([root], progress=remove)
    assert all("can't be read" in problem for problem in catalog.problems)
    catalog = scan([root])
    assert catalog.problems == ()
    assert not any(sound.path.startswith("pack 3") for sound in catalog.sounds)


def test_a_root_that_vanishes_in_mid_scan_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path)
    scan([root])
    really = os.scandir

    def scandir(path: str | os.PathLike[str]) -> object:
        if Path(path).name.startswith("pack") and root.exists():
            root.rename(tmp_path / "away")
        return really(path)

    with monkeypatch.context() as patch, pytest.raises(LibraryError):
        patch.setattr(os, "scandir", scandir)
        scan([root])
    (tmp_path / "away").rename(root)
    assert len(known(root)) == 40


def start(root: Path, code: str = SCAN) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    )


def test_killed_scans_lose_nothing(tmp_path: Path) -> None:
    """Slowed down, so that it is killed in the middle; benchmarks/library_scan.py does it to 100,000 sounds."""
    root = library(tmp_path, 300)
    slow = "import time, sonify.library.refresh.index as r; f = r.read_header\n"
    slow += "r.read_header = lambda file: (time.sleep(0.01), f(file))[1]\nr.BATCH = 20\n"
    slow += "import sonify.library.refresh.work as w; w.BATCH = 20\n" + SCAN.replace("; ", "\n")
    path = catalogue_of(root)
    chance = random.Random(11)
    seen = 0
    for _ in range(3):
        process = start(root, slow)
        before = seen
        deadline_s = time.monotonic() + 60
        while seen <= before and process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(chance.uniform(0.01, 0.1))
            with sqlite3.connect(path) as database:
                (seen,) = database.execute("SELECT count(*) FROM sound").fetchone()
            database.close()
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.communicate()
        assert whole(root) == []
        assert len(known(root)) >= seen
    assert seen > 0
    killed = scan([root])
    assert len(killed.sounds) == 300
    with CatalogFile.open(root) as file:
        assert file.stats().sounds == 300
    shutil.rmtree(path.parent)
    assert scan([root]) == killed


@pytest.mark.parametrize("portable", [False, True])
def test_two_scans_at_once(tmp_path: Path, portable: bool) -> None:
    root = library(tmp_path, 200)
    if portable:
        CatalogFile.open(root, portable=True).close()
    processes = [start(root) for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (out.strip(), err) == (b"200", b"")
    assert len(known(root)) == 200
    assert whole(root) == []


def test_labels_of_two_people_at_once(tmp_path: Path) -> None:
    root = library(tmp_path, 20)
    scan([root])
    code = """
import sys
from pathlib import Path
from sonify.library.catalog.file import CatalogFile
with CatalogFile.open(Path(sys.argv[1])) as file:
    for sound in list(file.sounds())[PART::2]:
        file.set_person_label(sound.path, "label PART " + chr(97 + int(sound.path[-6:-4])))
"""
    processes = [start(root, code.replace("PART", str(part))) for part in (0, 1)]
    for process in processes:
        assert process.communicate(timeout=120)[1] == b""
    with CatalogFile.open(root) as file:
        exported = json.loads(file.path.with_name("labels-by-hand.json").read_text("utf-8"))
        assert len(exported["labels"]) == file.stats().by_hand == 20


def test_a_file_that_crashes_or_stops_the_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sfx").mkdir()
    good = tmp_path / "sfx" / "good.wav"
    good.write_bytes(wav())
    code = (
        "import json, os, sys, time\n"
        "for line in sys.stdin:\n"
        "    if 'crash.wav' in line: os.abort()\n"
        "    if 'stop.wav' in line: time.sleep(60)\n"
        "    print(json.dumps('fine'), flush=True)\n"
    )
    monkeypatch.setattr("sonify.library.measures.pool._BOOT", code)
    monkeypatch.setattr("sonify.library.measures.pool.PATIENCE_S", 1.5)
    with MeasurePool(1) as pool:
        assert pool.measure(tmp_path / "crash.wav", 0) == CRASHED
        assert pool.measure(good, 0) == "fine"
        assert pool.measure(tmp_path / "stop.wav", 0) == STOPPED
        assert pool.measure(good, 0) == "fine"
    assert pool.measure(good, 0) == CRASHED  # closed: nothing is started any more


def test_an_interrupt_while_measuring_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = library(tmp_path, 10)
    monkeypatch.setattr("sonify.library.measures.pool._BOOT", "import time; time.sleep(60)")
    # Whoever starts tests in the background may have turned Ctrl-C off for them.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def told(event: Event) -> None:
        if event.stage == "measure":
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    began_s = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            scan([root], measured=True, progress=told)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - began_s < 30
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("sonify-scan")] == []
    assert len(known(root)) == 10
