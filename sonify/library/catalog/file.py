"""The catalogue of one library: what a scan found, in an SQLite file.

with CatalogFile.open(folder) as catalog:
    for sound in catalog.sounds(): ...
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sonify.errors import LibraryError
from sonify.library.catalog import person as catalog_person
from sonify.library.catalog.adopt import adopt, remember
from sonify.library.catalog.place import damaged, is_full, mark_damaged, open_place, place_of
from sonify.library.catalog.rows import RECORD_SQL, Filter, phrase_list, record, where
from sonify.library.records import SoundKind, SoundRecord
from sonify.library.refresh.walk import shown

__all__ = ["CatalogFile", "CatalogStats", "Changes", "Filter", "LabelEntry"]

MAX_PHRASES = 12
_PAGE = 1000
_AGAIN = "run this again: it is then made anew"
# In a name and a label a word says more than in a description.
_WEIGHTS = "2.0, 4.0, 2.0, 1.0, 1.5, 1.0"


@dataclass(frozen=True)
class LabelEntry:
    """One label of the library: its kind (that of most of its sounds), its phrases, and how many sounds bear it."""

    text: str
    kind: SoundKind
    phrases: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class CatalogStats:
    """The library in numbers; the tuples hold (name, number of usable sounds), the largest first.

    sources are those of the label that counts. measured counts usable sounds whose samples have been measured.
    """

    sounds: int
    unusable: int
    measured: int
    labels: int
    by_hand: int
    duration_s: float
    size_bytes: int
    kinds: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, int], ...]
    licences: tuple[tuple[str, int], ...]


@dataclass
class Changes:
    """How the folder differed from the catalogue when it was last compared.

    total: sounds on the disk, each of which was unchanged, new, changed, or due for new labels. gone: sounds of the
    catalogue that were not found; moved: how many of those were found again elsewhere.
    """

    total: int = 0
    unchanged: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    moved: int = 0


class CatalogFile:
    """The catalogue of one library. Others read it through these methods; only a scan writes its main tables.

    root: the folder of the sounds. path: the SQLite file; what belongs to it (vectors, the export of a person's
    labels) lies beside it. in_memory: nothing can be written there, and all is forgotten on closing. note: what a
    person should know of how it was opened, "" when all is well. changes: what the last scan found, while it is
    open. database: for the rooms that fill it.
    """

    def __init__(self, root: Path, path: Path, database: sqlite3.Connection, *, in_memory: bool, note: str) -> None:
        self.root, self.path, self.in_memory, self.note = root, path, in_memory, note
        self.database = database
        self.changes = Changes()
        self._closing = weakref.finalize(self, database.close)

    @classmethod
    def open(cls, root: Path, *, portable: bool = False, readonly: bool = False) -> CatalogFile:
        """Opens the catalogue of the folder `root`, or makes an empty one.

        portable: beside the sounds, in `.sonify`; one that is there is always used. Otherwise in the user's cache.
        readonly: what is there, unchanged. Raises LibraryError for a catalogue of a newer sonify and, with
        `readonly`, when there is none.
        """
        root = root.expanduser().resolve()
        place = place_of(root, portable=portable)
        adopted = not readonly and not place.is_relative_to(root) and adopt(root, place)
        opened = open_place(place, readonly=readonly)
        catalog = cls(root, opened.path, opened.database, in_memory=opened.in_memory, note=opened.note)
        if (opened.new or adopted) and not readonly:
            with catalog.writing():
                remember(catalog.database, root)
                catalog_person.restore(catalog.database, catalog.path)
        return catalog

    def __enter__(self) -> CatalogFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CatalogFile({self.root})"

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        self._closing()

    def sounds(self, filter: Filter = Filter()) -> Iterator[SoundRecord]:  # noqa: B008 - frozen
        """All sounds sorted by path, a page at a time. Without a filter also those that can't be used."""
        sql, values = ("", []) if filter == Filter() else where(filter, self.database)
        after = ""
        while True:
            page = self.rows(f"{RECORD_SQL} WHERE s.path > ?{sql} ORDER BY s.path LIMIT {_PAGE}", (after, *values))
            yield from self._records(page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def sound(self, path: str) -> SoundRecord | None:
        """The sound at `path`, inside the library and with '/'; None when there is none."""
        rows = self.rows(f"{RECORD_SQL} WHERE s.path = ?", (path,))
        return next(self._records(rows), None)

    def labels(self, filter: Filter = Filter()) -> tuple[LabelEntry, ...]:  # noqa: B008 - frozen
        """The labels of the usable sounds, sorted by text.

        The kind is that of most sounds, the phrases are those that most sounds have first, at most 12.
        """
        sql, values = where(filter, self.database)
        rows = self.rows(
            "SELECT l.text, g.kind, coalesce(p.text, ''), g.number FROM (SELECT s.label_id, s.kind, s.phrases_id,"
            f" count(*) AS number FROM sound s WHERE s.label_id IS NOT NULL{sql} GROUP BY 1, 2, 3) g"
            " JOIN label l ON l.id = g.label_id LEFT JOIN phrases p ON p.id = g.phrases_id"
            " ORDER BY l.text, g.number DESC, g.kind, p.text",
            values,
        )
        return tuple(_entries(rows))

    def sounds_of(self, label: str, filter: Filter = Filter(), limit: int | None = None) -> tuple[SoundRecord, ...]:  # noqa: B008 - frozen
        """The usable sounds whose label is `label`, sorted by path."""
        sql, values = where(filter, self.database)
        found = self.rows(
            f"{RECORD_SQL} WHERE s.label_id = (SELECT id FROM label WHERE text = ?){sql} ORDER BY s.path LIMIT ?",
            (label, *values, -1 if limit is None else limit),
        )
        return tuple(self._records(found))

    def match_words(self, query: str, filter: Filter, limit: int) -> list[tuple[str, float]]:
        """Paths and scores (bm25, more is better) of the sounds that an FTS5 expression finds, best first.

        The columns are name, label, title, description, keywords and category. Raises LibraryError for an expression
        that FTS5 doesn't understand.
        """
        sql, values = where(filter, self.database)
        try:
            rows = self.rows(
                f"SELECT s.path, -bm25(words, {_WEIGHTS}) AS score FROM words JOIN sound s ON s.id = words.rowid"
                f" WHERE words MATCH ?{sql} ORDER BY score DESC, s.path LIMIT ?",
                (query, *values, limit),
            )
        except sqlite3.OperationalError as error:
            raise LibraryError(f"can't search for {query!r} ({error})", hint="use plain words") from None
        return [(path, float(score)) for path, score in rows]

    def problems(self) -> tuple[str, ...]:
        """One line for each thing that could not be used when the library was last scanned, as `place: reason`."""
        walked = [row[0] for row in self.rows("SELECT text FROM walk_problem ORDER BY text")]
        rows = self.rows("SELECT path, problem FROM sound WHERE problem <> '' ORDER BY path")
        told = self.rows(
            "SELECT s.problems FROM sidecar s JOIN folder f ON f.id = s.folder_id ORDER BY f.path, s.name"
        )
        tables = [line for row in told for line in row[0].split("\n") if line]
        return (*walked, *(f"{shown(self.root / path)}: {problem}" for path, problem in rows), *tables)

    def set_person_label(self, path: str, label: str) -> None:
        """Makes `label` what the sound at `path` is, whatever else says; "" takes a person's label away.

        It holds for all sounds with the same bytes, wherever they are moved, and is written at once to
        labels-by-hand.json beside the catalogue. Raises LibraryError when there is no such sound, or when it or the
        catalogue can't be read or written.
        """
        catalog_person.set_label(self, path, label)

    def stats(self) -> CatalogStats:
        """The library in numbers."""

        def counts(column: str) -> tuple[tuple[str, int], ...]:
            sql = f"SELECT {column}, count(*) AS n FROM sound NOT INDEXED WHERE problem = '' GROUP BY 1"
            return tuple((str(name), int(number)) for name, number in self.rows(f"{sql} ORDER BY n DESC, 1"))

        def number(sql: str) -> int:
            return int(self.rows(f"SELECT {sql}")[0][0] or 0)

        totals = self.rows(
            "SELECT count(*), total(duration_s), total(size_bytes) FROM sound NOT INDEXED WHERE problem = ''"
        )[0]
        return CatalogStats(
            sounds=totals[0],
            unusable=number("count(*) FROM sound WHERE problem <> ''"),
            measured=number(
                "count(*) FROM sound s JOIN content c ON c.hash = s.content_hash WHERE s.problem = '' AND c.measured"
            ),
            labels=number("count(DISTINCT label_id) FROM sound WHERE problem = ''"),
            by_hand=number("count(*) FROM sound NOT INDEXED WHERE problem = '' AND source = 'person'"),
            duration_s=float(totals[1]),
            size_bytes=int(totals[2]),
            kinds=counts("kind"),
            sources=counts("source"),
            licences=counts("licence"),
        )

    def _records(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[SoundRecord]:
        for row in rows:
            try:
                found = record(row)
            except (TypeError, ValueError, RecursionError) as error:
                mark_damaged(self.path)
                raise DamagedError(f"the catalogue {shown(self.path)} is damaged ({error})", hint=_AGAIN) from None
            yield found

    def check(self) -> None:
        """Looks through the whole file. Raises LibraryError when it is damaged."""
        if self.rows("PRAGMA quick_check(1)") != [("ok",)]:
            mark_damaged(self.path)
            raise DamagedError(f"the catalogue {shown(self.path)} is damaged", hint=_AGAIN)

    def check_places(self) -> None:
        """Looks whether each sound's path is that of its folder and name. Raises LibraryError when one is not.

        For a catalogue that came with the sounds, so that nothing in it leads out of their folder.
        """
        own = "CASE f.path WHEN '' THEN s.name ELSE f.path || '/' || s.name END"
        if self.rows(
            f"SELECT 1 FROM sound s LEFT JOIN folder f ON f.id = s.folder_id WHERE s.path IS NOT {own} LIMIT 1"
        ):
            mark_damaged(self.path)
            raise DamagedError(f"the catalogue {shown(self.path)} is damaged", hint=_AGAIN)

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query. Raises LibraryError when the file is damaged."""
        with self.guarded():
            return self.database.execute(sql, tuple(values)).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of the block or nothing. Raises LibraryError when the disk is full or broken."""
        with self.guarded():
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
                self.database.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself when the disk was full.
                with suppress(sqlite3.Error):
                    self.database.execute("ROLLBACK")
                raise

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turns what SQLite says of a broken, full or locked file into LibraryError."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            place = shown(self.path)
            if damaged(error):
                mark_damaged(self.path)
                raise DamagedError(f"the catalogue {place} is damaged ({error})", hint=_AGAIN) from None
            if is_full(error):
                what = f"no room for the catalogue {place}"
                raise LibraryError(what, hint="free some space and run this again, what is in it stays") from None
            if "locked" in str(error):
                what = f"the catalogue {place} is in use by another program"
                raise LibraryError(what, hint="wait until that is done") from None
            if "disk I/O error" in str(error) or "readonly" in str(error) or "unable to open" in str(error):
                raise LibraryError(f"can't use the catalogue {place} ({error})", hint="check its disk") from None
            raise


class DamagedError(LibraryError):
    """The catalogue's file is broken; it is set aside by whoever opens it next."""


def _entries(rows: Iterable[tuple[Any, ...]]) -> Iterator[LabelEntry]:
    """Joins rows (label, kind, phrases, number), which stand together for each label."""
    grouped: dict[str, list[tuple[SoundKind, str, int]]] = {}
    for text, kind, phrases, number in rows:
        grouped.setdefault(text, []).append((kind, phrases, number))
    for text, group in grouped.items():
        yield entry(text, group)


def entry(text: str, group: Iterable[tuple[SoundKind, str, int]]) -> LabelEntry:
    """One label out of (kind, phrases, number): the kind of most, the phrases of most first."""
    kinds: dict[SoundKind, int] = {}
    texts: dict[str, int] = {}
    for kind, phrases, number in group:
        kinds[kind] = kinds.get(kind, 0) + number
        texts[phrases] = texts.get(phrases, 0) + number
    ordered = sorted(texts, key=lambda phrases: (-texts[phrases], phrases))
    found = dict.fromkeys(phrase for phrases in ordered for phrase in phrase_list(phrases))
    # On a tie an ambience: its name is the first.
    return LabelEntry(
        text, min(kinds, key=lambda kind: (-kinds[kind], kind != "effect", kind)), tuple(found)[:MAX_PHRASES],
        sum(kinds.values()),
    )  # fmt: skip
