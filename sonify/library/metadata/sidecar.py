"""Sidecars: `labels.csv`, `labels.json` and `manifest.csv`, in which a person says what the sounds are."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonify.library.metadata import freesound
from sonify.library.refresh.walk import shown

NAMES = ("labels.csv", "labels.json", "manifest.csv", freesound.NAME)
MAX_BYTES = 64 * 2**20
MAX_CELL = 2_000
MAX_PROBLEMS = 20
# The second names are those of Freesound's and Openverse's own tables.
_COLUMNS = {
    "file": "file",
    "filename": "file",
    "path": "file",
    "label": "label",
    "kind": "kind",
    "phrases": "phrases",
    "category": "category",
    "catid": "category",
    "title": "title",
    "fxname": "title",
    "description": "description",
    "keywords": "keywords",
    "tags": "keywords",
    "licence": "licence",
    "license": "licence",
    "licence_url": "licence_url",
    "license_url": "licence_url",
    "author": "author",
    "username": "author",
    "creator": "author",
    "source_url": "source_url",
    "foreign_landing_url": "source_url",
    "url": "source_url",
}
Row = Mapping[str, str]


@dataclass(frozen=True)
class Sidecar:
    """One table: for each file, by its path inside the library, the cells that are filled in."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def row(self, path: str) -> Row:
        """What the table says of the file at `path` (inside the library, composed), nothing when it isn't there."""
        return self.rows.get(path, {})


def sidecars(folder: Path) -> tuple[Path, ...]:
    """The tables of a folder, the most trusted first."""
    # A link may lead to a file that is none of the library's business.
    return tuple(file for name in NAMES if (file := folder / name).is_file() and not file.is_symlink())


def read_sidecar(file: Path, inside: str) -> Sidecar:
    """Reads the table `file`, which lies in the folder `inside` of the library ("" for its root).

    Columns are known by their names, in any order; unknown ones are passed over. Paths start at the table's folder;
    rows whose path leaves it are left out. JSON is a list of objects, or an object of {file: label} or
    {file: object}. The text of a Freesound pack is a table too. Never raises for what is in the file: problems say
    what is wrong.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            return Sidecar(problems=(f"{shown(file)}: over {MAX_BYTES >> 20} MiB, not read",))
        text = _decode(file.read_bytes())
    except OSError as error:
        return Sidecar(problems=(f"{shown(file)}: can't be read ({error.strerror})",))
    table = _Table(file, inside)
    if file.suffix.lower() == ".json":
        table.read_json(text)
    elif file.name == freesound.NAME:
        for number, row in enumerate(freesound.read_pack(text), 1):
            table.add({column: cell[:MAX_CELL] for column, cell in row.items() if cell}, f"entry {number}")
    else:
        table.read_csv(text)
    return table.finished()


class _Table:
    """Gathers the rows of one file, the first of each path, and what is wrong with them."""

    def __init__(self, file: Path, inside: str) -> None:
        self.file = file
        self.inside = inside
        self.rows: dict[str, Row] = {}
        self.problems: list[str] = []

    def read_csv(self, text: str) -> None:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        try:
            columns = _columns(next(lines, []))
            if "file" not in columns.values():
                self.wrong("has no column 'file', not used")
                return
            for cells in lines:
                self.add(_row(cells, columns), f"line {lines.line_num}")
        except csv.Error as error:
            self.wrong(f"line {lines.line_num}: {error}; the rest of the table is not used")

    def read_json(self, text: str) -> None:
        try:
            document = json.loads(text)
        # A number of a million digits is a ValueError, a million brackets a RecursionError.
        except (ValueError, RecursionError) as error:
            self.wrong(f"is not JSON that can be read ({str(error)[:200]}), not used")
            return
        if not isinstance(document, list | dict):
            self.wrong("must be a list of objects or an object of {file: label}, not used")
            return
        for number, entry in enumerate(_entries(document), 1):
            if entry is None:
                self.wrong(f"entry {number}: neither a label nor an object")
            else:
                self.add(entry, f"entry {number}")

    def add(self, row: dict[str, str], where: str) -> None:
        path = _inside(row.pop("file", ""))
        if path is None:
            self.wrong(f"{where}: its file is not inside the folder")
        elif path:
            self.rows.setdefault(f"{self.inside}/{path}" if self.inside else path, row)

    def wrong(self, what: str) -> None:
        between = "," if what.startswith(("line", "entry")) else ":"
        self.problems.append(f"{shown(self.file)}{between} {what}")

    def finished(self) -> Sidecar:
        more = len(self.problems) - MAX_PROBLEMS
        kept = self.problems[:MAX_PROBLEMS] + ([f"{shown(self.file)}: {more} more like these"] if more > 0 else [])
        return Sidecar(self.rows, tuple(kept))


def _entries(document: list[object] | dict[str, object]) -> Iterator[dict[str, str] | None]:
    if isinstance(document, list):
        for item in document:
            yield _cells(item) if isinstance(item, dict) else None
        return
    for file, item in document.items():
        if isinstance(item, str):
            yield {"file": file, "label": item[:MAX_CELL]}
        elif isinstance(item, dict):
            yield {**_cells(item), "file": file}
        else:
            yield None


def _cells(item: Mapping[str, object]) -> dict[str, str]:
    """The known members of an object as text; lists are joined, what is neither is left out."""
    cells: dict[str, str] = {}
    for name, value in item.items():
        column = _COLUMNS.get(str(name).strip().lower())
        if column is None or column in cells:
            continue
        text = _text(value, "; " if column == "phrases" else ", ")
        # Like an empty cell, "" says nothing; that there is nothing to see is an empty list, or "-".
        if text or (column == "phrases" and value == []):
            cells[column] = (text if column == "file" else text[:MAX_CELL]) or "-"
    return cells


def _text(value: object, between: str) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return between.join(part.strip() for part in value if isinstance(part, str))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _decode(raw: bytes) -> str:
    """The text of a table as spreadsheets write them: UTF-8, UTF-16 with its mark, or the Western code page."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    head = text[:MAX_CELL].split("\n", 1)[0]
    return max(",;\t", key=head.count) if head else ","


def _columns(head: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for index, name in enumerate(head):
        column = _COLUMNS.get(name.strip().lower())
        if column and column not in found.values():
            found[index] = column
    return found


def _row(cells: list[str], columns: dict[int, str]) -> dict[str, str]:
    named = ((column, cells[index].strip()) for index, column in columns.items() if index < len(cells))
    return {column: cell if column == "file" else cell[:MAX_CELL] for column, cell in named if cell}


def _inside(path: str) -> str | None:
    """The path as the scan finds it, composed (NFC); None when it leads out of the folder."""
    path = unicodedata.normalize("NFC", path.replace("\\", "/"))
    if path.startswith("/") or path[1:2] == ":" or "\0" in path:
        return None
    tidy = posixpath.normpath(path) if path else ""
    return None if tidy == ".." or tidy.startswith("../") else tidy.removeprefix("./")
