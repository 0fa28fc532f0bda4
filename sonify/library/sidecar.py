"""Sidecars: the tables `labels.csv` and `manifest.csv` in which a person says what the sounds are."""

from __future__ import annotations

import csv
import io
import posixpath
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonify.library.walk import shown

NAMES = ("labels.csv", "manifest.csv")
MAX_BYTES = 64 * 2**20
MAX_CELL = 2_000
_COLUMNS = {
    "file": "file",
    "filename": "file",
    "path": "file",
    "label": "label",
    "kind": "kind",
    "phrases": "phrases",
    "licence": "licence",
    "license": "licence",
    "author": "author",
    "username": "author",
    "description": "description",
    "source_url": "source_url",
}
Row = Mapping[str, str]


@dataclass(frozen=True)
class Sidecar:
    """One table: for each file, by its path inside the library, the cells that are filled in."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_sidecar(file: Path, inside: str) -> Sidecar:
    """Reads the table `file`, which lies in the folder `inside` of the library ("" for its root).

    Columns are known by their names, in any order; unknown ones are passed over. Paths start at the table's folder;
    rows whose path leaves it are left out. Never raises for what is in the file: problems say what is wrong.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            return Sidecar(problems=(f"{shown(file)}: over {MAX_BYTES >> 20} MiB, not read",))
        text = _decode(file.read_bytes())
    except OSError as error:
        return Sidecar(problems=(f"{shown(file)}: can't be read ({error.strerror})",))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: dict[str, Row] = {}
    problems: list[str] = []
    try:
        columns = _columns(next(lines, []))
        if "file" not in columns.values():
            return Sidecar(problems=(f"{shown(file)}: has no column 'file', not used",))
        for cells in lines:
            row = _row(cells, columns)
            path = _inside(row.pop("file", ""))
            if path is None:
                problems.append(f"{shown(file)}, line {lines.line_num}: its file is not inside the folder")
            elif path:
                rows.setdefault(f"{inside}/{path}" if inside else path, row)
    except csv.Error as error:
        problems.append(f"{shown(file)}, line {lines.line_num}: {error}; the rest of the table is not used")
    return Sidecar(rows, tuple(problems))


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
