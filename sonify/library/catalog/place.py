"""Where a catalogue lies, and opening it whatever state it is in."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonify.errors import LibraryError
from sonify.library.catalog.migrate import NewerVersionError, migrate
from sonify.library.refresh.walk import shown
from sonify.resources import cache_folder

FILE = "catalog.sqlite"
BESIDE = ".sonify"
BY_HAND = "labels-by-hand.json"
# Another scan holds the lock for a batch at a time, a change of a big table's labels for some seconds.
WAIT_S = 60.0


@dataclass(frozen=True)
class Opened:
    """An open catalogue. new: nothing is in it yet. note: what a person should know of it, "" when all is well."""

    database: sqlite3.Connection
    path: Path
    in_memory: bool
    new: bool
    note: str


def place_of(root: Path, *, portable: bool = False) -> Path:
    """The file of the catalogue of `root`: beside the sounds if it is there or shall be, else in the user's cache.

    Raises LibraryError when it shall lie beside the sounds and can't.
    """
    beside = root / BESIDE / FILE
    try:
        # A link could have other files than this library's written to.
        linked = beside.is_symlink() or beside.parent.is_symlink()
        there = beside.is_file()
    except OSError:  # the folder is closed, as whoever walks it will say
        linked = there = False
    if portable and linked:
        what = f"{shown(beside.parent)} is a link, so no catalogue is kept there"
        raise LibraryError(what, hint="remove it, or scan without --portable")
    if portable or (there and not linked):
        return beside
    digest = hashlib.blake2b(os.fsencode(root), digest_size=8).hexdigest()
    name = re.sub(r"[^\w.-]+", "-", shown(root.name))[:40].strip(".-") or "library"
    return cache_folder() / "libraries" / f"{name}-{digest}" / FILE


def open_place(path: Path, *, readonly: bool) -> Opened:
    """Opens or makes the catalogue at `path`.

    A damaged one is set aside and made anew. Where nothing can be written it is worked on in memory, with what was
    in the file. Raises LibraryError for a catalogue of a newer sonify and, with `readonly`, when there is none.
    """
    try:
        note = _set_aside(path) if _marker(path).exists() else ""
        try:
            return _open(path, readonly, note)
        except sqlite3.DatabaseError as error:
            if not damaged(error):
                return _in_memory(path, str(error))
            return _open(path, readonly, _set_aside(path))
    except OSError as error:
        return _in_memory(path, error.strerror or str(error))


def mark_damaged(path: Path) -> None:
    """Has the catalogue at `path` set aside by whoever opens it next."""
    with suppress(OSError):
        _marker(path).touch()


def damaged(error: sqlite3.Error) -> bool:
    """Whether the error says that the file itself is broken."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    broken = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
    return code in broken or type(error) is sqlite3.DatabaseError or "decode to UTF-8" in str(error)


def is_full(error: sqlite3.Error) -> bool:
    """Whether the error says that the disk is full."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_FULL or "disk is full" in str(error)


def _open(path: Path, readonly: bool, note: str) -> Opened:
    if readonly and not path.is_file():
        raise LibraryError("the library has not been scanned yet", hint="run `sonify library scan` on its folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    database = _connect(path)
    try:
        new = migrate(database)
        if readonly:
            database.execute("PRAGMA query_only = 1")
        else:
            # Whether it can be written to is known only after trying.
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except NewerVersionError as error:
        database.close()
        theirs, ours = error.args
        raise LibraryError(
            f"the catalogue {shown(path)} was made by a newer sonify (version {theirs}, this one knows {ours})",
            hint="update sonify, or remove that file to have it made again",
        ) from None
    except BaseException:
        database.close()
        raise
    return Opened(database, path, in_memory=False, new=new, note=note)


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        # Beside the sounds it may lie on a disk that machines share, where WAL is not safe (sqlite.org/wal.html).
        shared = path.parent.name == BESIDE
        _set_journal(database, "DELETE" if shared else "WAL")
        # It may have come with somebody else's sounds: nothing in its schema may do more than hold rows.
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute(f"PRAGMA synchronous = {'FULL' if shared else 'NORMAL'}")
        database.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        database.close()
        raise
    return database


def _set_journal(database: sqlite3.Connection, mode: str) -> None:
    """Sets the journal, as soon as nobody else is in the way: SQLite doesn't wait for this lock by itself."""
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            if database.execute("PRAGMA journal_mode").fetchone()[0] != mode.lower():
                database.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def _in_memory(path: Path, reason: str) -> Opened:
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA foreign_keys = ON")
    with suppress(sqlite3.Error, OSError):
        # What an earlier scan wrote is still worth reading.
        if path.is_file():
            kept = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            try:
                kept.backup(database)
            finally:
                kept.close()
    try:
        new = migrate(database)
    except (sqlite3.DatabaseError, NewerVersionError):
        database.close()
        database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA foreign_keys = ON")
        new = migrate(database)
    note = f"the catalogue {shown(path)} can't be written ({reason}): what is found is forgotten afterwards"
    return Opened(database, path, in_memory=True, new=new, note=note)


def _set_aside(path: Path) -> str:
    aside = path.with_name("catalog.damaged.sqlite")
    with suppress(FileNotFoundError):
        path.replace(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    _marker(path).unlink(missing_ok=True)
    return f"the catalogue {shown(path)} was damaged: it is made again, the old one is kept as {aside.name}"


def _marker(path: Path) -> Path:
    return path.with_suffix(".damaged")
