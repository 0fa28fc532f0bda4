"""Brings a catalogue up to date with its folder, reading headers and tags only: what every use of a library does.

Nothing is kept open for long and every batch is whole, so it may be stopped or killed at any moment, and two may run
at once: the next one does what is left.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from sonify.errors import LibraryError
from sonify.library.catalog import person as catalog_person
from sonify.library.catalog.file import CatalogFile, Changes
from sonify.library.catalog.write import Read, Writer
from sonify.library.metadata.header import UNREAD, read_header
from sonify.library.metadata.tags import read_tags
from sonify.library.refresh.compare import compare
from sonify.library.refresh.hashing import content_hash
from sonify.library.refresh.walk import shown, visible
from sonify.library.refresh.work import BATCH, batches, in_parallel
from sonify.progress import Event, Progress

STAGE = "scan"
TELL_S = 0.1
Item = TypeVar("Item")


def refresh(catalog: CatalogFile, progress: Progress) -> Changes:
    """Looks what has changed, and reads that. Raises LibraryError when the folder or the catalogue can't be used."""
    try:
        found = compare(catalog)
    except OSError as error:
        what = f"can't read the library {shown(catalog.root)} ({error.strerror})"
        raise LibraryError(what, hint="allow reading it, or name another folder") from None
    catalog.changes = found
    with catalog.guarded():
        _Refresh(catalog, found, progress).run()
    return found


class _Refresh:
    def __init__(self, catalog: CatalogFile, found: Changes, progress: Progress) -> None:
        self.catalog = catalog
        self.database = catalog.database
        self.found = found
        self.progress = progress
        self.done = found.unchanged
        self.writer = Writer(catalog)
        # What a person has labelled is known by its bytes alone, so files of that size are read whole.
        self.sizes = self.column("SELECT size_bytes FROM content JOIN person USING (hash)")
        self.paths = self.column("SELECT path FROM sound WHERE content_hash IN (SELECT hash FROM person)")

    def run(self) -> None:
        self.tell()
        with closing(in_parallel(self.read, self.todo("<>"))) as found:
            for batch in batches(self.told(found)):
                with self.catalog.writing():
                    for read in batch:
                        self.writer.put(read)
                    self.export()
        for paths in batches(self.told(path for path, _, _ in self.todo("="))):
            with self.catalog.writing():
                for path in paths:
                    self.writer.relabel(path)
        self.tell()
        # A disk that isn't mounted leaves an empty folder: no reason to forget what was on it.
        if self.found.gone and self.found.total:
            self.moved()
            self.forget()

    def tell(self) -> None:
        self.progress(Event(STAGE, self.done, self.found.total, "sounds"))

    def told(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, with the progress told as they come."""
        since_s = time.monotonic()
        for item in items:
            yield item
            self.done += 1
            if time.monotonic() - since_s >= TELL_S:
                since_s = time.monotonic()
                self.tell()

    def column(self, sql: str) -> set[object]:
        return {row[0] for row in self.database.execute(sql)}

    def todo(self, operator: str) -> Iterator[tuple[str, int, int]]:
        """What there is to do besides labels ("<>"), or the labels ("=")."""
        after = 0
        while True:
            rows = self.database.execute(
                "SELECT rowid, path, size_bytes, mtime_ns FROM temp.todo"
                f" WHERE rowid > ? AND what {operator} 'label' ORDER BY rowid LIMIT {BATCH}",
                (after,),
            ).fetchall()
            if not rows:
                return
            for _, path, size_bytes, mtime_ns in rows:
                yield path, size_bytes, mtime_ns
            after = rows[-1][0]

    def read(self, item: tuple[str, int, int]) -> Read:
        """Reads one file; in a thread."""
        path, size_bytes, mtime_ns = item
        file = self.catalog.root / path
        header = read_header(file)
        if isinstance(header, str):
            return Read(path, size_bytes, mtime_ns, header, passing=header.startswith(UNREAD))
        known = size_bytes in self.sizes or path in self.paths
        return Read(path, size_bytes, mtime_ns, header, read_tags(file), _hash(file) if known else "")

    def export(self) -> None:
        """Keeps the export of a person's labels in step."""
        if self.writer.handed_on:
            catalog_person.export(self.database, self.catalog.path)
            self.writer.handed_on = False

    def moved(self) -> None:
        """Recognises sounds that lie elsewhere now: their measures, a person's labels and a table's go with them.

        Same size, time of change and name, and no other like it: the same check that tells an unchanged file. Where
        only two of the three agree, or several files are alike, the bytes are compared. Not only those that are new
        now: an earlier scan may have been killed between finding them and this.
        """
        database = self.database
        database.execute("CREATE INDEX temp.gone_alike ON gone (size_bytes, mtime_ns, name)")
        database.execute("CREATE INDEX temp.gone_same ON gone (content_hash)")
        database.execute("CREATE INDEX temp.gone_named ON gone (size_bytes, name)")
        pairs = database.execute(
            "SELECT s.path, g.content_hash, s.size_bytes FROM sound s JOIN temp.gone g"
            " ON g.size_bytes = s.size_bytes AND g.mtime_ns = s.mtime_ns AND g.name = s.name"
            " WHERE s.problem = '' AND s.content_hash IS NULL AND g.content_hash IS NOT NULL"
            " AND s.id NOT IN (SELECT id FROM temp.gone)"
            " GROUP BY s.size_bytes, s.mtime_ns, s.name HAVING count(*) = 1"
        )
        self.recognise([(path, digest, size) for path, digest, size in pairs])
        like = "SELECT 1 FROM temp.gone g WHERE g.content_hash IS NOT NULL AND g.size_bytes = s.size_bytes"
        candidates = database.execute(
            "SELECT s.path, s.size_bytes FROM sound s WHERE s.content_hash IS NULL AND s.problem = ''"
            " AND s.id NOT IN (SELECT id FROM temp.gone)"
            f" AND (EXISTS ({like} AND g.mtime_ns = s.mtime_ns) OR EXISTS ({like} AND g.name = s.name))"
        )
        root = self.catalog.root
        hashed = in_parallel(lambda item: (item[0], _hash(root / item[0]), item[1]), candidates.fetchall())
        for batch in batches(hashed):
            self.recognise([one for one in batch if one[1]])
        self.found.moved = min(self.found.moved, self.found.new, self.found.gone)

    def recognise(self, found: list[tuple[str, str, int]]) -> None:
        for at in range(0, len(found), BATCH):
            with self.catalog.writing():
                for path, digest, size_bytes in found[at : at + BATCH]:
                    # A concurrent scan may have forgotten the old row already.
                    was = self.database.execute(
                        "SELECT coalesce(nullif(s.told_as, ''), g.path) FROM temp.gone g LEFT JOIN sound s USING (id)"
                        " WHERE g.content_hash = ? ORDER BY g.path LIMIT 1",
                        (digest,),
                    ).fetchone()
                    self.writer.moved(path, digest, size_bytes, was[0] if was else "")
                    self.found.moved += was is not None

    def forget(self) -> None:
        """Removes the rows whose file is not there, looking once more at each."""
        after = 0
        while True:
            rows = self.database.execute(
                f"SELECT id, path FROM temp.gone WHERE id > ? ORDER BY id LIMIT {BATCH}", (after,)
            ).fetchall()
            if not rows:
                break
            after = rows[-1][0]
            missing = [(number,) for number, path in rows if not self.is_there(path)]
            with self.catalog.writing() as database:
                database.executemany("DELETE FROM words WHERE rowid = ?", missing)
                database.executemany("DELETE FROM sound WHERE id = ?", missing)
        with self.catalog.writing() as database:
            database.execute(
                "DELETE FROM folder WHERE id NOT IN (SELECT folder_id FROM sound)"
                " AND id NOT IN (SELECT folder_id FROM sidecar)"
            )

    def is_there(self, path: str) -> bool:
        """Whether another scan was right to find this file."""
        try:
            return visible(path) and stat.S_ISREG((self.catalog.root / path).lstat().st_mode)
        except OSError:
            return False


def _hash(file: Path) -> str:
    try:
        return content_hash(file)
    except OSError:
        return ""
