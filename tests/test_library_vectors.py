"""The table of vectors: what is kept comes back, whatever happens to its files and whoever else writes to them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sonify.vectortable import Array, VectorTable, key_of

DIMENSIONS = 8


def keys(*names: object) -> list[bytes]:
    return [key_of(str(name)) for name in names]


def vectors(*names: object, dimensions: int = DIMENSIONS) -> Array:
    rows = [
        np.random.default_rng(int.from_bytes(key_of(str(n))[:4], "little")).normal(size=dimensions) for n in names
    ]
    found = np.asarray(rows, np.float32).reshape(len(names), dimensions)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def table(folder: Path, what: str = "labels", weights: str = "w") -> VectorTable:
    return VectorTable(folder, what, "a model", weights)


def filled(folder: Path, count: int = 100) -> VectorTable:
    found = table(folder)
    found.add(keys(*range(count)), vectors(*range(count)))
    return found


def check(found: VectorTable, *names: object) -> None:
    rows = found.find(keys(*names))
    assert (rows >= 0).all()
    if names:
        np.testing.assert_array_equal(found.rows(rows), vectors(*names))


def missing(found: VectorTable, *names: object) -> list[object]:
    return [name for name, row in zip(names, found.find(keys(*names)), strict=True) if row < 0]


def file(folder: Path, suffix: str) -> Path:
    (path,) = folder.glob(f"*.{suffix}")
    return path


def test_what_is_kept_comes_back_in_any_order(tmp_path: Path) -> None:
    filled(tmp_path)
    again = table(tmp_path)
    check(again, *reversed(range(100)))
    check(again, 5, 5, 99)
    assert missing(again, "other", 3, "more") == ["other", "more"]
    assert len(again) == 100 and again.dimensions == DIMENSIONS and again.matrix.dtype == np.float32


def test_nothing_is_found_in_nothing_and_nothing_is_made(tmp_path: Path) -> None:
    empty = table(tmp_path / "not" / "there")
    assert missing(empty, 1, 2) == [1, 2] and len(empty) == 0 and empty.dimensions == 0
    assert empty.find([]).shape == (0,)
    empty.add([], vectors())
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_kept_twice(tmp_path: Path) -> None:
    filled(tmp_path, 10)
    size = file(tmp_path, "rows").stat().st_size
    table(tmp_path).add(keys(*range(10)), vectors(*range(10)))
    assert file(tmp_path, "rows").stat().st_size == size
    table(tmp_path).add(keys("a", "a"), vectors("a", "a"))
    assert len(table(tmp_path)) == 11


@pytest.mark.parametrize("other", [("sounds", "w"), ("labels", "other weights")])
def test_other_models_and_other_things_share_nothing(tmp_path: Path, other: tuple[str, str]) -> None:
    filled(tmp_path, 10)
    second = table(tmp_path, *other)
    assert len(second) == 0
    second.add(keys(1), vectors("else"))
    check(table(tmp_path), *range(10))


def test_keys_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    alike = [bytes(8) + bytes([n]) * 8 for n in range(5)]
    first = table(tmp_path)
    first.add(alike[:4], vectors(*range(4)))
    rows = table(tmp_path).find([*alike[::-1]])
    assert rows[0] == -1
    np.testing.assert_array_equal(first.rows(rows[1:]), vectors(3, 2, 1, 0))


def test_many_keys_that_begin_alike_are_found_as_quickly(tmp_path: Path) -> None:
    alike = [n.to_bytes(16, "big") for n in range(20_000)]  # looked at one by one they would take minutes
    first = table(tmp_path)
    first.add(alike[:15_000], np.ones((15_000, 2), np.float32))
    rows = table(tmp_path).find(alike)
    assert rows[:15_000].tolist() == list(range(15_000)) and (rows[15_000:] == -1).all()


@pytest.mark.parametrize("bad", [np.full((1, 8), np.nan), np.zeros((2, 8)), np.zeros((1, 0)), np.zeros(8)])
def test_vectors_that_are_none_are_refused(tmp_path: Path, bad: Array) -> None:
    with pytest.raises(ValueError):
        table(tmp_path).add(keys("a"), bad)
    with pytest.raises(ValueError):
        table(tmp_path).find([b"short"])


@pytest.mark.parametrize("dimensions", [1, 7, 8, 512])
def test_any_length_of_vector(tmp_path: Path, dimensions: int) -> None:
    first = table(tmp_path)
    first.add(keys(*range(9)), vectors(*range(9), dimensions=dimensions))
    again = table(tmp_path)
    np.testing.assert_array_equal(again.rows(again.find(keys(4, 2))), vectors(4, 2, dimensions=dimensions))


def test_vectors_of_another_length_take_the_place_of_the_old(tmp_path: Path) -> None:
    filled(tmp_path, 10)
    second = table(tmp_path)
    second.add(keys("a"), vectors("a", dimensions=12))
    assert second.dimensions == 12 and len(second) == 1 and not missing(second, "a")


@pytest.mark.parametrize("suffix", ["keys", "rows"])
@pytest.mark.parametrize("cut", [0, 1, 17, 0.3, 0.97, -1, -5])
def test_a_file_that_is_cut_loses_only_what_was_cut(tmp_path: Path, suffix: str, cut: float) -> None:
    filled(tmp_path)
    path = file(tmp_path, suffix)
    size = path.stat().st_size
    os.truncate(path, int(cut * size) if 0 < cut < 1 else int(cut) if cut >= 0 else size + int(cut))
    again = table(tmp_path)
    lost = missing(again, *range(100))
    assert lost, "something was cut"
    if cut in (0.97, -1, -5):
        assert len(lost) <= 5
    check(again, *(n for n in range(100) if n not in lost))
    again.add(keys(*lost), vectors(*lost))
    check(again, *range(100))
    check(table(tmp_path), *range(100))


@pytest.mark.parametrize("suffix", ["keys", "rows"])
def test_a_file_that_is_gone_is_made_again(tmp_path: Path, suffix: str) -> None:
    filled(tmp_path)
    file(tmp_path, suffix).unlink()
    again = table(tmp_path)
    assert len(missing(again, *range(100))) == 100
    again.add(keys(*range(100)), vectors(*range(100)))
    check(table(tmp_path), *range(100))


@pytest.mark.parametrize("suffix", ["keys", "rows"])
def test_bytes_that_were_changed_are_noticed(tmp_path: Path, suffix: str) -> None:
    filled(tmp_path)
    path = file(tmp_path, suffix)
    original = path.read_bytes()
    random = np.random.default_rng(3)
    for _ in range(30):
        changed = bytearray(original)
        start = int(random.integers(len(original)))
        changed[start : start + int(random.choice([1, 8, 300]))] = b"\x5a"
        path.write_bytes(changed[: len(original)])
        again = table(tmp_path)
        rows = again.find(keys(*range(100)))
        for n in np.flatnonzero(rows >= 0):
            np.testing.assert_array_equal(again.rows(rows[n : n + 1]), vectors(n))
        path.write_bytes(bytes(random.integers(0, 256, len(original), np.uint8)))
        assert len(missing(table(tmp_path), *range(100))) == 100
    damaged = table(tmp_path)
    damaged.add(keys(*range(100)), vectors(*range(100)))
    check(table(tmp_path), *range(100))


def test_a_damaged_row_is_made_again_beside_it(tmp_path: Path) -> None:
    filled(tmp_path)
    path = file(tmp_path, "rows")
    raw = bytearray(path.read_bytes())
    raw[4 * DIMENSIONS * 40 + 3] ^= 1
    path.write_bytes(raw)
    again = table(tmp_path)
    assert missing(again, *range(100)) == [40]
    again.add(keys(40), vectors(40))
    check(table(tmp_path), *range(100))
    assert len(table(tmp_path)) == 101


def test_what_a_crash_left_behind_the_rows_is_written_over(tmp_path: Path) -> None:
    filled(tmp_path, 10)
    for suffix, junk in (("rows", b"half a row"), ("keys", b"half a key")):
        with file(tmp_path, suffix).open("ab") as end:
            end.write(junk)
    again = table(tmp_path)
    check(again, *range(10))
    again.add(keys("a", "b"), vectors("a", "b"))
    check(table(tmp_path), *range(10), "a", "b")


@pytest.mark.parametrize("suffix", ["keys", "rows"])
def test_a_link_in_place_of_a_file_is_neither_read_nor_written(tmp_path: Path, suffix: str) -> None:
    folder = tmp_path / "vectors"
    filled(folder, 10)
    path = file(folder, suffix)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    before = elsewhere.read_bytes()
    path.symlink_to(elsewhere)
    again = table(folder)
    assert len(missing(again, *range(10))) == 10
    again.add(keys(*range(12)), vectors(*range(12)))
    check(table(folder), *range(12))
    assert elsewhere.read_bytes() == before and not file(folder, suffix).is_symlink()


def test_forgetting_what_nobody_asks_for(tmp_path: Path) -> None:
    reader = filled(tmp_path)
    writer = table(tmp_path)
    writer.compact(keys(*range(0, 100, 10), "never there"))
    assert len(writer) == 10 and len(list(tmp_path.glob("*.rows"))) == 1
    check(writer, *range(0, 100, 10))
    check(reader, *range(100))  # whoever had it open keeps what it had
    reader.add(keys("new"), vectors("new"))
    assert missing(reader, 0, 1, "new") == [1]
    table(tmp_path).compact([])
    assert len(table(tmp_path)) == 0
    filled(tmp_path)
    check(table(tmp_path), *range(100))


def test_a_generation_that_a_crash_left_is_cleared_away(tmp_path: Path) -> None:
    filled(tmp_path, 10)
    file(tmp_path, "rows").with_suffix("").with_suffix(".7.rows").write_bytes(b"left over")
    table(tmp_path).compact(keys(1, 2))
    assert [path.name.split(".")[-2] for path in tmp_path.glob("*.rows")] == ["8"]
    check(table(tmp_path), 1, 2)


def test_a_table_that_cannot_be_written_works_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    found = table(tmp_path / "file")
    found.add(keys(*range(5)), vectors(*range(5)))
    found.add(keys(*range(3, 8)), vectors(*range(3, 8)))
    check(found, *range(8))
    assert found.problem
    found.compact([])
    check(found, *range(8))


def test_a_full_disk_costs_only_what_it_did_not_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = filled(tmp_path, 10)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(VectorTable, "_append", full)
        found.add(keys("a"), vectors("a"))
    check(found, *range(10), "a")
    assert found.problem == "No space left on device"
    assert missing(table(tmp_path), *range(10), "a") == ["a"]


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_library_vectors import keys, table, vectors
found = table(Path(sys.argv[2]))
print("ready", flush=True)
for start in range(int(sys.argv[3]), int(sys.argv[4]), 7):
    names = range(start, start + 7)
    found.add(keys(*names), vectors(*names))
    if start % 70 == 0 and len(sys.argv) > 5:
        found.compact(keys(*range(5000)))
"""


def writer(folder: Path, start: int, stop: int, *compacting: str) -> subprocess.Popen[str]:
    words = [
        sys.executable,
        "-c",
        WRITER,
        str(Path(__file__).parent),
        str(folder),
        str(start),
        str(stop),
        *compacting,
    ]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    both = [writer(tmp_path, 0, 700), writer(tmp_path, 350, 1050, "compacting")]
    for process in both:
        process.communicate(timeout=120)
        assert process.returncode == 0
    found = table(tmp_path)
    check(found, *range(1050))
    assert len(found) == 1050


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_killed_at_any_moment_what_counts_is_right(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for start in (0, 100_000, 200_000):
        before = len(table(tmp_path))
        process = writer(tmp_path, start, start + 99_995, "compacting" if start == 0 else "plain")
        assert process.stdout and process.stdout.readline() == "ready\n"
        time.sleep(float(random.uniform(0.02, 0.2)))
        process.kill()
        process.communicate()
        found = table(tmp_path)
        check(found, *range(start, start + len(found) - before))
        found.add(keys(f"after {start}", start), vectors(f"after {start}", start))
        check(table(tmp_path), f"after {start}", start)
