"""Small questions to a catalogue that a search asks by the hundred."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.catalog.rows import where

_PAGE = 500


@dataclass(frozen=True)
class Condition:
    """A filter as SQL over the sounds `s`, made once for many questions."""

    sql: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, filter: Filter, catalog: CatalogFile) -> Condition:
        """Raises SettingsError for a licence that isn't known."""
        sql, values = where(filter, catalog.database)
        return cls(sql, tuple(values))


def label_texts(catalog: CatalogFile) -> list[str]:
    """The labels that usable sounds have, sorted."""
    rows = catalog.rows(
        "SELECT text FROM label l WHERE EXISTS (SELECT 1 FROM sound s WHERE s.label_id = l.id AND s.problem = '')"
    )
    return sorted(text for (text,) in rows)


def version(catalog: CatalogFile) -> tuple[int, int]:
    """Changes whenever the catalogue may have changed since the same connection was asked before."""
    return catalog.rows("PRAGMA data_version")[0][0], catalog.database.total_changes


def labels_at(catalog: CatalogFile, paths: Sequence[str], condition: Condition) -> dict[str, str]:
    """The label of each sound among `paths` that is usable and fits."""
    found: dict[str, str] = {}
    for part in _pages(paths):
        sql = f"SELECT s.path, l.text FROM sound s JOIN label l ON l.id = s.label_id WHERE s.path IN ({_marks(part)})"
        found |= dict(catalog.rows(sql + condition.sql, (*part, *condition.values)))
    return found


def paths_of(catalog: CatalogFile, label: str, condition: Condition, limit: int) -> list[str]:
    """Paths of the usable sounds of a label, the first `limit` in order."""
    rows = catalog.rows(
        f"SELECT s.path FROM sound s WHERE s.label_id = (SELECT id FROM label WHERE text = ?){condition.sql}"
        " ORDER BY s.path LIMIT ?",
        (label, *condition.values, limit),
    )
    return [path for (path,) in rows]


def paths_by_label(catalog: CatalogFile, condition: Condition, *, few: bool) -> dict[str, list[str]]:
    """Paths of all usable sounds that fit, in order, by their labels; several times quicker than label by label.

    few: only some will fit. They are found in the index, and looked up one by one; else the table is read from end
    to end.
    """
    by = "INDEXED BY sound_label" if few else "NOT INDEXED"
    sql = f"SELECT l.text, s.path FROM sound s {by} CROSS JOIN label l ON l.id = s.label_id WHERE 1"
    rows = catalog.rows(sql + condition.sql, condition.values)
    found: dict[str, list[str]] = {}
    for label, path in sorted(rows):
        found.setdefault(label, []).append(path)
    return found


def paths_with(catalog: CatalogFile, hashes: Sequence[str], condition: Condition) -> list[tuple[str, str]]:
    """Content hash and path of the usable sounds with those contents."""
    found: list[tuple[str, str]] = []
    for part in _pages(hashes):
        found += catalog.rows(
            f"SELECT s.content_hash, s.path FROM sound s WHERE s.content_hash IN ({_marks(part)}){condition.sql}",
            (*part, *condition.values),
        )
    return found


def found_by(catalog: CatalogFile, expression: str) -> int:
    """How many sounds an FTS5 expression finds: several times quicker than ranking them."""
    return int(catalog.rows("SELECT count(*) FROM words WHERE words MATCH ?", (expression,))[0][0])


def contents(catalog: CatalogFile) -> Iterator[tuple[str, str, int]]:
    """Path, content hash ("" until known) and size of each usable sound, in order of the paths."""
    after = ""
    while True:
        rows = catalog.rows(
            "SELECT path, coalesce(content_hash, ''), size_bytes FROM sound WHERE problem = '' AND path > ?"
            f" ORDER BY path LIMIT {_PAGE}",
            (after,),
        )
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _pages(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
