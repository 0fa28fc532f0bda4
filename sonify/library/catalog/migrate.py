"""Brings a catalogue to the version that this sonify knows; a new one is made the same way, from nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

# "soni" in ASCII: tells a catalogue from any other SQLite file.
APPLICATION_ID = 0x736F6E69


def _first(database: sqlite3.Connection) -> None:
    for statement in _statements(Path(__file__).with_name("schema.sql").read_text("utf-8")):
        database.execute(statement)


def _second(database: sqlite3.Connection) -> None:
    """A filter is answered from indexes alone: the table itself is twenty times as large."""
    database.execute("DROP INDEX sound_label")
    database.execute(
        "CREATE INDEX sound_label ON sound (label_id, kind, phrases_id, licence, duration_s, channels, problem)"
        " WHERE problem = ''"
    )
    database.execute("CREATE INDEX sound_licence ON sound (licence, problem) WHERE problem = ''")


def _third(database: sqlite3.Connection) -> None:
    """A sound that was moved: the path under which tables speak of it, "" for its own."""
    database.execute("ALTER TABLE sound ADD COLUMN told_as TEXT NOT NULL DEFAULT ''")
    database.execute("CREATE INDEX sound_told ON sound (told_as) WHERE told_as <> ''")


# STEPS[n] makes version n + 1 out of version n.
STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second, _third)


class NewerVersionError(Exception):
    """The catalogue was written by a newer sonify; the arguments are its version and ours."""


def version_of(database: sqlite3.Connection) -> int:
    """The schema's version; 0 for an empty database."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def migrate(database: sqlite3.Connection) -> bool:
    """Brings `database` to the newest version, whole or not at all; returns whether it was empty before.

    Raises NewerVersionError, and sqlite3.DatabaseError for what isn't a catalogue.
    """
    newest = len(STEPS)
    if version_of(database) == newest:
        if _schema(database) != _expected(STEPS):
            raise sqlite3.DatabaseError("its tables are not those of a catalogue")
        return False
    database.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        version = version_of(database)
        if version > newest:
            raise NewerVersionError(version, newest)
        if version == 0 and database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("a database of something else")
        for step in STEPS[version:]:
            step(database)
        database.execute(f"PRAGMA user_version = {newest}")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    return version == 0


def _schema(database: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    # How FTS5 keeps its own tables, and what ANALYZE leaves, differs between versions of SQLite.
    rows = database.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
    return frozenset(row for row in rows if not row[2].startswith(("words_", "sqlite_")))


@lru_cache(maxsize=2)
def _expected(steps: tuple[Callable[[sqlite3.Connection], None], ...]) -> frozenset[tuple[str, ...]]:
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in steps:
            step(database)
        return _schema(database)
    finally:
        database.close()


def _statements(script: str) -> list[str]:
    found: list[str] = []
    kept = ""
    for line in script.splitlines():
        kept += line.split("--")[0] + "\n"
        if kept.strip() and sqlite3.complete_statement(kept):
            found.append(kept.strip())
            kept = ""
    return found
