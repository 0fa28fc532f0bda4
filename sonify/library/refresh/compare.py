"""Compares a folder with its catalogue, and writes down what there is to do: the quick part of a scan.

The notes lie in temporary tables of the catalogue's connection, so that memory stays flat however much there is:

    todo (path, size_bytes, mtime_ns, what)   what: 'new', 'changed', or 'label' for sounds whose labels are stale
    gone (id, path, name, size_bytes, mtime_ns, content_hash)   rows without a file
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sonify.cues import SoundRef
from sonify.library.catalog.file import CatalogFile, Changes
from sonify.library.metadata.sidecar import NAMES, read_sidecar
from sonify.library.refresh.rules import READING, rules
from sonify.library.refresh.walk import Listing, Seen, shown, walk
from sonify.library.rights.licences import is_licence_file

_TABLES = """
DROP TABLE IF EXISTS temp.todo;
DROP TABLE IF EXISTS temp.gone;
CREATE TEMP TABLE todo (
    path TEXT NOT NULL, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, what TEXT NOT NULL);
CREATE TEMP TABLE gone (
    id INTEGER PRIMARY KEY, path TEXT, name TEXT, size_bytes INTEGER, mtime_ns INTEGER, content_hash TEXT);
"""
# Sounds of which a table speaks where they were before.
_MOVED_FROM = "told_as <> '' AND told_as > ? AND told_as < ?"
CLOSED = "its folder can't be read"


def compare(catalog: CatalogFile) -> Changes:
    """Walks the library and fills the temporary tables. Raises OSError when the root can't be read."""
    if catalog.path.is_relative_to(catalog.root):
        catalog.check_places()
    with catalog.guarded():
        return _Comparison(catalog).run()


class _Comparison:
    def __init__(self, catalog: CatalogFile) -> None:
        self.catalog = catalog
        self.database = catalog.database
        self.found = Changes()
        self.problems: list[str] = []
        self.unreadable: list[str] = []
        self.made_by = (READING, rules())
        self.database.executescript(_TABLES)
        # As they are now: what another scan adds meanwhile is none of this one's business.
        self.folders: dict[str, int] = dict(self.database.execute("SELECT path, id FROM folder"))
        self.looked_at: set[int] = set()
        # Where something is to be read or labelled again, whatever the disk says.
        sql = "SELECT DISTINCT folder_id FROM sound INDEXED BY sound_place WHERE reading <> ? OR rules <> ?"
        self.stale: set[int] = {row[0] for row in self.database.execute(sql, self.made_by)}
        self.tables: dict[int, dict[str, tuple[int, int]]] = {}
        for folder_id, name, *about in self.database.execute(
            "SELECT folder_id, name, size_bytes, mtime_ns FROM sidecar"
        ):
            self.tables.setdefault(folder_id, {})[name] = (about[0], about[1])

    def run(self) -> Changes:
        for listing in walk(self.catalog.root, _beside):
            self.folder(listing)
        self.vanished()
        self.tell()
        return self.found

    def folder(self, listing: Listing) -> None:
        self.problems += listing.problems
        if listing.unreadable:
            self.unreadable.append(listing.inside)
            return
        folder_id = self.folders.get(listing.inside)
        # Tables first: when one has changed, the rows say so.
        if listing.beside or folder_id in self.tables:
            self.beside(listing, self.tables.get(folder_id or 0, {}))
        known: dict[str, tuple[Any, ...]] = {}
        if folder_id is not None:
            self.looked_at.add(folder_id)
            if self.as_before(folder_id, listing):
                return
            rows = self.database.execute(
                "SELECT name, size_bytes, mtime_ns, reading, rules, id FROM sound INDEXED BY sound_place"
                " WHERE folder_id = ?",
                (folder_id,),
            )
            known = {row[0]: row for row in rows}
        before = f"{listing.inside}/" if listing.inside else ""
        found, (reading, by_rules) = self.found, self.made_by
        todo = []
        for seen in listing.sounds:
            name, size_bytes, mtime_ns = seen
            row = known.pop(name, None)
            if row and row[1] == size_bytes and row[2] == mtime_ns and row[3] == reading and row[4] == by_rules:
                found.unchanged += 1
            elif what := self.what(before, seen, row):
                todo.append((before + name, size_bytes, mtime_ns, what))
        found.total += len(listing.sounds)
        if todo:
            self.database.executemany("INSERT INTO todo VALUES (?, ?, ?, ?)", sorted(todo))
        if known:
            self.lost([row[5] for row in known.values()])

    def as_before(self, folder_id: int, listing: Listing) -> bool:
        """Whether a folder has nothing to do; this is what nearly all have, nearly always."""
        if folder_id in self.stale:
            return False
        rows = self.database.execute(
            "SELECT name, size_bytes, mtime_ns FROM sound INDEXED BY sound_place WHERE folder_id = ?", (folder_id,)
        ).fetchall()
        if len(rows) != len(listing.sounds) or set(rows) != set(listing.sounds):
            return False
        self.found.total += len(rows)
        self.found.unchanged += len(rows)
        return True

    def what(self, before: str, seen: Seen, row: tuple[Any, ...] | None) -> str:
        """What is to be done with a file that differs from its row, "" for nothing."""
        name, size_bytes, mtime_ns = seen
        if row is None:
            if reason := _unnameable(before + name):
                self.problems.append(f"{shown(self.catalog.root / (before + name))}: {reason}")
                self.found.total -= 1
                return ""
            self.found.new += 1
            return "new"
        if row[1] != size_bytes or row[2] != mtime_ns or row[3] != self.made_by[0]:
            self.found.changed += 1
            return "changed"
        return "label"

    def beside(self, listing: Listing, known: dict[str, tuple[int, int]]) -> None:
        """Notes the tables and licence texts of a folder; when one has changed, labels below become stale."""
        now = {name: (size_bytes, mtime_ns) for name, size_bytes, mtime_ns in listing.beside}
        if known == now:
            return
        inside = listing.inside
        try:
            inside.encode("utf-8")
        except UnicodeEncodeError:
            return  # no sound in it can be used
        texts = {name: _problems(self.catalog, inside, name) for name in now if known.get(name) != now[name]}
        with self.catalog.writing() as database:
            database.execute("INSERT OR IGNORE INTO folder (path) VALUES (?)", (inside,))
            (number,) = database.execute("SELECT id FROM folder WHERE path = ?", (inside,)).fetchone()
            for name in known.keys() - now.keys():
                database.execute("DELETE FROM sidecar WHERE folder_id = ? AND name = ?", (number, name))
            for name, text in texts.items():
                about = (number, name, *now[name], text)
                database.execute("INSERT OR REPLACE INTO sidecar VALUES (?, ?, ?, ?, ?)", about)
            _make_stale(database, inside)
        below = f"{inside}/" if inside else ""
        self.stale |= {number for path, number in self.folders.items() if path == inside or path.startswith(below)}
        sql = f"SELECT DISTINCT folder_id FROM sound WHERE {_MOVED_FROM}"
        self.stale |= {row[0] for row in self.database.execute(sql, (below, f"{inside}0"))}

    def lost(self, ids: list[int]) -> None:
        """Rows whose file was not found."""
        self.found.gone += len(ids)
        self.database.executemany(
            "INSERT OR IGNORE INTO gone SELECT id, path, name, size_bytes, mtime_ns, content_hash FROM sound"
            " WHERE id = ?",
            [(number,) for number in ids],
        )

    def vanished(self) -> None:
        """Folders that are no more; what lies in one that could not be read stays, but can't be used."""
        rows = [(number, path) for path, number in self.folders.items() if number not in self.looked_at]
        closed = [number for number, path in rows if self.closed(path)]
        shut = set(closed)
        for number, _ in rows:
            if number not in shut:
                ids = self.database.execute("SELECT id FROM sound WHERE folder_id = ?", (number,)).fetchall()
                self.lost([sound for (sound,) in ids])
                if number in self.tables:
                    with self.catalog.writing() as database:
                        database.execute("DELETE FROM sidecar WHERE folder_id = ?", (number,))
        if closed:
            with self.catalog.writing() as database:
                database.executemany(
                    "DELETE FROM words WHERE rowid IN (SELECT id FROM sound WHERE folder_id = ?)",
                    [(number,) for number in closed],
                )
                # When the folder opens again, they are read again.
                database.executemany(
                    "UPDATE sound SET problem = ?, reading = -1 WHERE folder_id = ? AND problem <> ?",
                    [(CLOSED, number, CLOSED) for number in closed],
                )

    def closed(self, path: str) -> bool:
        return any(path == above or path.startswith(f"{above}/") for above in self.unreadable)

    def tell(self) -> None:
        """Keeps the problems of this walk, when they differ from those of the last."""
        told = {row[0] for row in self.database.execute("SELECT text FROM walk_problem")}
        now = set(self.problems)
        if told != now:
            with self.catalog.writing() as database:
                database.execute("DELETE FROM walk_problem")
                database.executemany("INSERT INTO walk_problem VALUES (?)", [(text,) for text in sorted(now)])


def _beside(name: str) -> bool:
    return name in NAMES or (("icen" in name or "ICEN" in name or "opying" in name.lower()) and is_licence_file(name))


def _problems(catalog: CatalogFile, inside: str, name: str) -> str:
    """What is wrong with a table, one line each."""
    return "\n".join(read_sidecar(catalog.root / inside / name, inside).problems) if name in NAMES else ""


def _make_stale(database: sqlite3.Connection, inside: str) -> None:
    if not inside:
        database.execute("UPDATE sound SET rules = 0")
    else:
        # '0' follows '/': the range is all that begins with the folder's path and a '/'.
        below = (f"{inside}/", f"{inside}0")
        database.execute("UPDATE sound SET rules = 0 WHERE path > ? AND path < ?", below)
        database.execute(f"UPDATE sound SET rules = 0 WHERE {_MOVED_FROM}", below)


def _unnameable(path: str) -> str:
    """Why a cue sheet could not name this path, "" when it can."""
    try:
        path.encode("utf-8")
        SoundRef("library", path)
    except UnicodeEncodeError:
        return "its name is not UTF-8 text, rename it"
    except ValueError:
        return "its name looks like a path out of the library, rename it"
    return ""
