"""Measures the samples of all sounds of a library: the slow part of a scan, which may be stopped at any moment."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sonify.library.catalog.file import CatalogFile
from sonify.library.catalog.write import Writer
from sonify.library.measures.pool import MeasurePool
from sonify.library.records import Measures
from sonify.library.refresh.hashing import content_hash
from sonify.library.refresh.rules import MEASURING
from sonify.library.refresh.walk import changed_ns
from sonify.library.refresh.work import BATCH, batches, in_parallel
from sonify.progress import Event, Progress

STAGE = "measure"
TELL_S = 0.1


@dataclass(frozen=True)
class _Item:
    """One sound on its way. known: its content has been measured before, here or in another file."""

    path: str
    size_bytes: int
    mtime_ns: int
    duration_s: float
    digest: str
    known: bool = False
    measures: Measures | str | None = None


def measure_sounds(catalog: CatalogFile, progress: Progress) -> None:
    """Hashes and measures what has not been measured yet.

    Sounds with the same bytes are measured once. Raises LibraryError when the catalogue can't be written.
    """
    with catalog.guarded(), MeasurePool(os.cpu_count() or 1) as pool:
        _Measuring(catalog, pool, progress).run()


class _Measuring:
    def __init__(self, catalog: CatalogFile, pool: MeasurePool, progress: Progress) -> None:
        self.catalog = catalog
        self.database = catalog.database
        self.pool = pool
        self.progress = progress
        self.writer = Writer(catalog)
        self.total = self._count("")
        self.done = self.total - self._count(f" AND {_TODO}")

    def run(self) -> None:
        self.tell()
        with (
            closing(in_parallel(self.hashed, self.todo())) as hashed,
            closing(in_parallel(self.measured, self.sifted(hashed), workers=os.cpu_count() or 1)) as measured,
        ):
            for batch in batches(self.told(measured)):
                with self.catalog.writing():
                    for item in batch:
                        self.store(item)
        self.tell()

    def tell(self) -> None:
        self.progress(Event(STAGE, self.done, self.total, "sounds"))

    def told(self, items: Iterator[_Item]) -> Iterator[_Item]:
        since_s = time.monotonic()
        for item in items:
            yield item
            self.done += 1
            if time.monotonic() - since_s >= TELL_S:
                since_s = time.monotonic()
                self.tell()

    def todo(self) -> Iterator[_Item]:
        after = ""
        while True:
            rows = self.database.execute(
                "SELECT s.path, s.size_bytes, s.mtime_ns, s.duration_s, coalesce(s.content_hash, '') FROM sound s"
                f" LEFT JOIN content c ON c.hash = s.content_hash WHERE s.problem = '' AND s.path > ? AND {_TODO}"
                f" ORDER BY s.path LIMIT {BATCH}",
                (after,),
            ).fetchall()
            if not rows:
                return
            for row in rows:
                yield _Item(*row)
            after = rows[-1][0]

    def hashed(self, item: _Item) -> _Item:
        """In a thread: the content of a file that is still what its row says; "" when it isn't."""
        file = self.catalog.root / item.path
        try:
            about = file.stat()
            if (about.st_size, changed_ns(about)) != (item.size_bytes, item.mtime_ns):
                return replace(item, digest="")
            return item if item.digest else replace(item, digest=content_hash(file))
        except OSError:
            return replace(item, digest="")

    def sifted(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """Notes which contents are known already."""
        for item in items:
            row = self.database.execute(
                "SELECT 1 FROM content WHERE hash = ? AND measured = ?", (item.digest, MEASURING)
            ).fetchone()
            yield replace(item, known=row is not None)

    def measured(self, item: _Item) -> _Item:
        """In a thread, which waits for a process."""
        if item.known or not item.digest:
            return item
        file = self.catalog.root / item.path
        found = self.pool.measure(file, item.duration_s)
        if isinstance(found, str) and not _holds(file, item.digest):
            return replace(item, digest="")  # a disk that has just gone says nothing of its sounds
        return replace(item, measures=found)

    def store(self, item: _Item) -> None:
        # What has changed or gone since it was listed is for the next scan.
        row = self.database.execute("SELECT size_bytes, mtime_ns FROM sound WHERE path = ?", (item.path,)).fetchone()
        if not item.digest or row != (item.size_bytes, item.mtime_ns):
            return
        self.writer.set_hash(item.path, item.digest, item.size_bytes)
        if item.measures is not None:
            self.writer.put_measures(item.digest, MEASURING, item.measures)
        if self.database.execute("SELECT 1 FROM person WHERE hash = ?", (item.digest,)).fetchone():
            self.writer.relabel(item.path)

    def _count(self, condition: str) -> int:
        (number,) = self.database.execute(
            "SELECT count(*) FROM sound s LEFT JOIN content c ON c.hash = s.content_hash"
            f" WHERE s.problem = ''{condition}"
        ).fetchone()
        return int(number)


def _holds(file: Path, digest: str) -> bool:
    try:
        return content_hash(file) == digest
    except OSError:
        return False


_TODO = f"(s.content_hash IS NULL OR c.measured <> {MEASURING})"
