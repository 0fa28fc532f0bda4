"""A search of a large library against the bare matrix product that it needs, in the same run.

    python benchmarks/library_search.py [--sounds 200000] [--labels 20000] [--vectors 1000000] [--rounds 20]

The catalogue is made straight in SQLite, with random names and licences; vectors are random, 512 numbers each. The
query's vector is given, as after a text tower. Both sides of a ratio are measured in turn. Targets: the whole answer
(words, meaning, fusion, filter, the records of the best 20) within 1.3 times the product plus 50 ms; the nearest of
a million vectors are exactly those of the product. Both are shown by the clock and, since the clock counts what other
programs do too, in time of the processor, which decides.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.refresh.rules import READING, rules
from sonify.library.search.answer import Labels, LabelVectors, Searched, SoundVectors, answer
from sonify.library.search.vectors import open_vectors
from sonify.vectortable import VectorTable, key_of

DIMENSIONS = 512
SYLLABLES = "ba be bi da de di fo ka ke ki lo la le mi mo na ne pu ra re ro sa se ti to va vo za".split()  # noqa: SIM905
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "")
KINDS = ("effect", "ambience", "music")
BATCH = 100_000


def main() -> None:
    """Makes the library, asks it, prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sounds", type=int, default=200_000)
    parser.add_argument("--labels", type=int, default=20_000)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="make the library here, and keep it for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name)
        os.environ["SONIFY_CACHE_DIR"] = str(folder / "cache")
        root = folder / "sfx"
        root.mkdir(parents=True, exist_ok=True)
        with CatalogFile.open(root) as catalog:
            if not Labels(catalog).texts:
                fill_catalogue(catalog, given.sounds, given.labels)
            measure(catalog, given.rounds)
            if given.vectors:
                million(catalog, given.vectors, given.rounds)


def measure(catalog: CatalogFile, rounds: int) -> None:
    """The whole answer against the product."""
    texts = Labels(catalog).texts
    fill_labels(catalog, texts)
    random = np.random.default_rng(1)

    def opened() -> Searched:
        """As a new process does it: labels, table and rows from nothing."""
        labels = Labels(catalog).texts
        table = open_vectors(catalog, "labels", "random", "1")
        rows = table.find([key_of(text) for text in labels])
        return Searched("sfx", catalog, labels, [LabelVectors("meaning", table, rows, unit(random, 1))])

    start = time.perf_counter()
    searched = opened()
    print(f"{len(texts):,} labels and their vectors opened in {1e3 * (time.perf_counter() - start):.0f} ms")
    table, rows = searched.by_label[0].table, searched.by_label[0].rows
    words = [texts[int(n)] for n in random.integers(0, len(texts), rounds)]
    print(f"{'':34}{'by the clock':^30}{'of the processor':^30}")
    print(f"{'':34}" + 2 * f"{'product':>10}{'answer':>10}{'limit':>10}")
    for name, filter, text in (
        ("words and meaning", Filter(), words),
        ("meaning alone", Filter(), [""] * rounds),
        ("words and meaning, --licence cc0", Filter(licences=("cc0",)), words),
        ("words and meaning, --min-s 55", Filter(min_s=55), words),
        ("words and meaning, 100 sounds fit", Filter(min_s=59.97), words),
        ("nothing is long enough", Filter(min_s=1e6), words),
        ("nothing is of that licence", Filter(licences=("cc-by-sa",)), words),
        ("nothing has so many channels", Filter(channels=8), words),
        ("one common word and meaning", Filter(), [one.split()[0] for one in words]),
    ):
        products, answers = [], []
        for one in text:
            query = unit(random, 1)
            asked = Searched("sfx", catalog, texts, [LabelVectors("meaning", table, rows, query)])
            products.append(timed(lambda query=query: table.matrix @ query[0]))
            answers.append(timed(lambda asked=asked, one=one, filter=filter: answer([asked], one, filter)))
        show(name, products, answers)


def million(catalog: CatalogFile, count: int, rounds: int) -> None:
    """The nearest sounds among many vectors: exact, and against the product."""
    table = open_vectors(catalog, "sounds", "random", "1")
    random = np.random.default_rng(2)
    for start in range(len(table), count, BATCH):
        numbers = range(start + 1, min(count, start + BATCH) + 1)
        table.add([bytes.fromhex(f"{n:032x}") for n in numbers], unit(random, len(numbers)))
    start_s = time.perf_counter()
    table = open_vectors(catalog, "sounds", "random", "1")
    opened_s = time.perf_counter() - start_s
    start_s = time.perf_counter()
    assert table.good().all()
    print(f"{len(table):,} vectors opened in {1e3 * opened_s:.0f} ms, compared with their check sums in "
          f"{1e3 * (time.perf_counter() - start_s):.0f} ms")  # fmt: skip
    products, answers = [], []
    for _ in range(min(rounds, 5)):
        query = unit(random, 1)[0]
        asked = Searched("sfx", catalog, (), (), [SoundVectors("sound", table, query)])
        products.append(timed(lambda query=query: table.matrix @ query))
        answers.append(timed(lambda asked=asked: answer([asked])))
        check_exact(catalog, table, query, [hit.record.content_hash for hit in answer([asked])])
    show(f"nearest of {len(table):,}, exact", products, answers)


def check_exact(catalog: CatalogFile, table: VectorTable, query: NDArray[np.float32], found: list[str]) -> None:
    """Stops unless `found` are the contents of the nearest vectors that belong to a sound of the catalogue."""
    sounds = catalog.rows("SELECT count(*) FROM sound")[0][0]
    order = np.argsort(-np.round((table.matrix @ query).astype(np.float64), 6), kind="stable")
    want = [f"{row + 1:032x}" for row in order.tolist() if row < sounds][: len(found)]
    if want != found:
        raise SystemExit(f"not exact: {found} instead of {want}")


def fill_catalogue(catalog: CatalogFile, count: int, labels: int) -> None:
    """Random sounds. Words are as uneven as in a language (Zipf)."""
    random = np.random.default_rng(0)
    vocabulary = sorted({"".join(random.choice(SYLLABLES, random.integers(2, 4))) for _ in range(6000)})
    random.shuffle(vocabulary)
    weights = 1 / np.arange(1, len(vocabulary) + 1) ** 0.8
    texts: dict[str, None] = {}
    while len(texts) < labels:
        for row in random.choice(len(vocabulary), (labels, 3), p=weights / weights.sum()):
            texts.setdefault(" ".join(dict.fromkeys(vocabulary[n] for n in row)))
    names = list(texts)[:labels]
    sounds = []
    for n in range(1, count + 1):
        label = n - 1 if n <= labels else int(random.integers(labels))
        file = f"{names[label].replace(' ', '_')}_{n:06d}.wav"
        told = json.dumps([(names[label], "name", 0.6)])
        sounds.append(
            (n, n % 200 + 1, file, f"pack {n % 200 + 1:03d}/{file}", 1000, n, READING, rules(), f"{n:032x}",
             float(random.uniform(0.1, 60)), 48_000, 1 + n % 2, label + 1, told, "name",
             KINDS[n % 3], LICENCES[n % 4])
        )  # fmt: skip
    with catalog.writing() as database:
        database.executemany("INSERT INTO label (id, text) VALUES (?, ?)", enumerate(names, 1))
        packs = ((n, f"pack {n:03d}") for n in range(1, 201))
        database.executemany("INSERT INTO folder (id, path) VALUES (?, ?)", packs)
        database.executemany("INSERT INTO content (hash, size_bytes) VALUES (?, 1000)", ((s[8],) for s in sounds))
        columns = (
            "id, folder_id, name, path, size_bytes, mtime_ns, reading, rules, content_hash, duration_s, "
            "sample_rate_hz, channels, label_id, labels, source, kind, licence"
        )
        database.executemany(f"INSERT INTO sound ({columns}) VALUES ({', '.join('?' * 17)})", sounds)
        database.executemany(
            "INSERT INTO words (rowid, name, label) VALUES (?, ?, ?)",
            ((s[0], s[3], names[s[12] - 1]) for s in sounds),
        )
    print(f"made a catalogue of {count:,} sounds of {labels:,} labels, {catalog.path.stat().st_size >> 20} MiB")


def fill_labels(catalog: CatalogFile, texts: tuple[str, ...]) -> None:
    """A random vector for each label."""
    table = open_vectors(catalog, "labels", "random", "1")
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        table.add([key_of(text) for text in part], unit(np.random.default_rng(start), len(part)))


def unit(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Random vectors of length 1."""
    rows = random.standard_normal((count, DIMENSIONS), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    start, start_cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start, time.process_time() - start_cpu


def show(name: str, products: list[tuple[float, float]], answers: list[tuple[float, float]]) -> None:
    """Medians in ms, and what the product allows for."""
    line, over = f"{name:34}", False
    for product_s, answer_s in zip(zip(*products, strict=True), zip(*answers, strict=True), strict=True):
        product, whole = 1e3 * statistics.median(product_s), 1e3 * statistics.median(answer_s)
        limit = 1.3 * product + 50
        over = whole > limit
        line += f"{product:7.1f} ms{whole:7.1f} ms{limit:7.1f} ms"
    print(f"{line}{'  OVER' if over else ''}", flush=True)


if __name__ == "__main__":
    main()
