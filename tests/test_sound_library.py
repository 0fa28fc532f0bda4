"""The starter sounds: complete, clean, level, looping, and what the code makes."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "sound_library"
COLUMNS = ["file", "label", "kind", "phrases", "licence", "author", "description"]
CEILING = 10 ** (-1 / 20)
SHORT = ("door_knock_1", "whistle_1", "dog_barking_1")
HASH_CODE = """
import hashlib, sys
from sound_library.synthesis.catalogue import SOUNDS
from sound_library.synthesis.master import samples
print(*(hashlib.sha256(samples(SOUNDS[n]).tobytes()).hexdigest() for n in sys.argv[1:]))
"""


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


ROWS = table("labels.csv")


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """The package that makes the sounds, which lies at the top of the checkout."""
    sys.path.insert(0, str(ROOT))
    try:
        import sound_library.synthesis.catalogue
        import sound_library.synthesis.master
    finally:
        sys.path.remove(str(ROOT))
    return sound_library.synthesis


def read(row: dict[str, str]) -> tuple[np.ndarray, int]:
    """Samples as float, shape [samples, channels], and the rate."""
    return soundfile.read(FOLDER / row["file"], always_2d=True)


def test_table_and_files_agree() -> None:
    with (FOLDER / "labels.csv").open(newline="", encoding="utf-8") as handle:
        assert next(csv.reader(handle)) == COLUMNS
    files = {p.relative_to(FOLDER).as_posix() for kind in ("effects", "ambience") for p in (FOLDER / kind).iterdir()}
    assert [r["file"] for r in ROWS] == sorted(files)
    assert [r["file"] for r in table("expected.csv")] == sorted(files)


def test_tables_are_what_the_code_writes(made: ModuleType, tmp_path: Path) -> None:
    from sound_library.synthesis.__main__ import main

    assert main(["--out", str(tmp_path), "--tables"]) == 0
    for name in ("labels.csv", "expected.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_rows_are_complete() -> None:
    for row in ROWS:
        assert row["kind"] == ("ambience" if row["file"].startswith("ambience/") else "effect"), row
        assert row["licence"] == "CC0-1.0", row
        assert row["author"] == "sonify contributors", row
        assert row["label"], row
        assert row["description"], row
        phrases = row["phrases"].split(";")
        assert 2 <= len(phrases) <= 5, row
        assert all(p == p.strip() and p for p in phrases), row
        assert len(set(phrases)) == len(phrases), row


def test_enough_and_small_enough() -> None:
    assert len(ROWS) >= 110
    assert len({r["label"] for r in ROWS}) >= 90
    assert sum(r["kind"] == "ambience" for r in ROWS) >= 12
    assert sum((FOLDER / r["file"]).stat().st_size for r in ROWS) < 15_000_000


def test_licence_text() -> None:
    text = (FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "CC0-1.0" in text
    assert "Public License Fallback" in text


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["file"])
def test_sound_is_clean(row: dict[str, str]) -> None:
    x, rate = read(row)
    assert rate == 48_000
    assert x.shape[1] == (2 if row["kind"] == "ambience" else 1)
    assert 0.3 <= len(x) / rate <= 12.1
    assert np.abs(x).max() <= CEILING, "clipped"
    assert np.abs(x.mean(axis=0)).max() < 1e-3, "DC"
    for channel in x.T:
        assert 20 * np.log10(np.sqrt(np.mean(channel**2)) + 1e-12) > -50, "silent"


def test_levels_are_alike_within_a_kind(made: ModuleType) -> None:
    from sound_library.synthesis.master import BED_LUFS, EFFECT_LUFS, loudest_lufs

    for row in ROWS:
        level = loudest_lufs(read(row)[0])
        if row["kind"] == "ambience":
            assert BED_LUFS - 6 < level < BED_LUFS + 1.5, (row["file"], level)
        else:  # what is sharp is held down by its peak
            assert EFFECT_LUFS - 12 < level < EFFECT_LUFS + 1.5, (row["file"], level)


def test_events_start_at_once(made: ModuleType) -> None:
    from sound_library.synthesis.catalogue import SOUNDS

    for spec in SOUNDS.values():
        if not spec.steady:
            x = soundfile.read(FOLDER / spec.file)[0]
            first = int(np.argmax(np.abs(x) > 0.01 * np.abs(x).max()))
            assert first <= 0.020 * 48_000, (spec.file, first)


def test_steady_sounds_loop(made: ModuleType) -> None:
    from sound_library.synthesis.catalogue import SOUNDS

    hop = 2400  # 50 ms
    for spec in SOUNDS.values():
        if not spec.steady:
            continue
        x = soundfile.read(FOLDER / spec.file, always_2d=True)[0]
        join = np.abs(x[0] - x[-1]).max()
        assert join <= np.abs(np.diff(x, axis=0)).max(), (spec.file, join)
        power = np.concatenate([[0.0], np.cumsum(np.mean(x**2, axis=1))])
        level = 10 * np.log10(
            (power[hop::240] - power[:-hop:240]) / hop + 1e-7
        )  # every 5 ms; under -70 dB is silence
        change = np.abs(level[hop // 240 :] - level[: -hop // 240]).max()
        last = 10 * np.log10((power[-1] - power[-1 - hop]) / hop + 1e-7)
        assert abs(level[0] - last) <= change + 1.0, spec.file


def test_made_again_short_sounds_are_the_files(made: ModuleType) -> None:
    from sound_library.synthesis.catalogue import SOUNDS
    from sound_library.synthesis.master import samples

    for name in SHORT:
        again = samples(SOUNDS[name]).astype(int)
        stored = soundfile.read(FOLDER / SOUNDS[name].file, dtype="int16")[0].astype(int)
        assert again.shape == stored.shape
        assert np.abs(again - stored).max() <= 1, name  # sines may differ in the last bit between processors


def test_made_again_packed_sound_is_the_file(made: ModuleType, tmp_path: Path) -> None:
    from sound_library.synthesis.catalogue import SOUNDS
    from sound_library.synthesis.master import samples, write

    spec = SOUNDS["sea_waves"]
    first = write(spec, tmp_path / "a").read_bytes()
    assert first == write(spec, tmp_path / "b").read_bytes()
    stored = soundfile.read(FOLDER / spec.file)[0]
    assert np.corrcoef(samples(spec) / 32768, stored)[0, 1] > 0.9


def test_two_processes_make_the_same_samples(made: ModuleType) -> None:
    from sound_library.synthesis.catalogue import SOUNDS
    from sound_library.synthesis.master import samples

    names = (*SHORT, "sea_waves")
    run = subprocess.run(
        [sys.executable, "-c", HASH_CODE, *names], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    here = [hashlib.sha256(samples(SOUNDS[n]).tobytes()).hexdigest() for n in names]
    assert run.stdout.split() == here


def test_expected_classes_are_classes(shared: Path) -> None:
    known = set((shared / "judges" / "yamnet_521_labels.txt").read_text().splitlines())
    for row in table("expected.csv"):
        assert set(row["classes"].split(";")) <= known, row


@pytest.mark.slow
def test_a_listener_hears_what_is_meant(shared: Path) -> None:
    if os.environ.get("CI") != "true":
        pytest.importorskip("ai_edge_litert")
    judge = shared / "judges" / "hear.py"
    wanted = ["--expect", str(FOLDER / "expected.csv"), str(FOLDER), "--top", "5", "--share", "0.85"]
    run = subprocess.run([sys.executable, str(judge), *wanted], capture_output=True, text=True, timeout=600)
    misses = [line for line in run.stdout.splitlines() if line.startswith(("MISS", "heard"))]
    assert run.returncode == 0, "\n".join(misses) + run.stderr[-500:]
