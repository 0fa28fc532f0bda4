"""Writes the `labels.csv` of a library that was fetched, from what its makers say of the sounds."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from sonify.errors import LibraryError
from sonify.files import write_text
from sonify.library.labels.words import normalise as as_label
from sonify.library.rights.licences import normalise

NAME = "labels.csv"
_CLASSES = Path(__file__).with_name("classes.csv")
_COLUMNS = ("file", "label", "licence", "author", "description", "source_url")
_MAX_BYTES = 256 << 20
_MAX_TEXT = 500
_ESC50_CLIP = re.compile(
    r"^- \[(?P<clip>[\w-]+)\.\w+\]:\s+clip derived from (?P<title>.*) \((?P<url>https?://\S+)\) by (?P<author>.*?)"
    r"\s*\[(?P<licence>[^\]]+)\]\s*$",
    re.MULTILINE,
)
_PARENTHESIS = re.compile(r"_?\(.*?\)")


@dataclass(frozen=True)
class Row:
    """One sound's line: what is not known is ""."""

    file: str
    label: str = ""
    licence: str = ""
    author: str = ""
    description: str = ""
    source_url: str = ""


def write(folder: Path, rows: Iterable[Row], *, keep: bool = True) -> None:
    """Writes labels.csv into `folder`, sorted by file, whole or not at all.

    Lines of other sounds in it stay. keep: so do those of the same sounds, since a person may have changed them.
    Raises LibraryError when the table that is there can't be read, OSError when it can't be written.
    """
    found = {row.file: {name: _line(getattr(row, name)) for name in _COLUMNS} for row in rows}
    columns, before = _before(folder / NAME) if (folder / NAME).exists() else ([], {})
    if before is None and keep:
        what = f"{folder / NAME} is no table with commas and a column 'file'"
        raise LibraryError(what, hint="save it so, in UTF-8, or write it anew with --force")
    found = found | (before or {}) if keep else (before or {}) | found
    columns += [name for name in _COLUMNS if name not in columns]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(found[file] for file in sorted(found))
    write_text(folder / NAME, text.getvalue())


def _before(file: Path) -> tuple[list[str], dict[str, dict[str, str]] | None]:
    """The columns and the lines, by file, of the table that is there; None for lines that can't be read."""
    lines = csv.DictReader(io.StringIO(_text(file), newline=""), restval="")
    try:
        old = [{key: text for key, text in line.items() if key and isinstance(text, str)} for line in lines]
    except csv.Error:
        return [], None
    if "file" not in (lines.fieldnames or ()):
        return [], None
    return [name for name in lines.fieldnames or () if name], {line["file"]: line for line in old if line.get("file")}


def rows_of(kind: str, folder: Path, source: Path) -> Iterator[Row]:
    """The rows for the sounds in `folder`; `source` holds what their makers wrote of them.

    Raises LibraryError when that is missing or can't be read.
    """
    makers: Mapping[str, Callable[[Path, Path], Iterator[Row]]] = {"esc50": _esc50, "fsd50k": _fsd50k}
    return makers[kind](folder, source)


def _esc50(folder: Path, source: Path) -> Iterator[Row]:
    """ESC-50: classes from meta/esc50.csv, authors from LICENSE.

    The whole is CC BY-NC 3.0 and its part ESC-10 CC BY 3.0, whatever the original recordings allow. An original
    under the Sampling Plus or a non-commercial licence keeps that one, since the clip can't be freer than it.
    """
    clips = {found["clip"]: found for found in _ESC50_CLIP.finditer(_text(folder / "LICENSE"))}
    for row in _table(source / "esc50.csv", "filename", "category"):
        clip = clips.get(row["filename"].rpartition("-")[0])
        whole = "CC-BY-3.0" if row.get("esc10", "").strip().lower() == "true" else "CC-BY-NC-3.0"
        original = clip["licence"] if clip else ""
        binding = "ampling" in original or "NC" in original.upper()
        yield Row(
            file=f"audio/{row['filename']}",
            label=label_of("esc50", row["category"]),
            licence=(normalise(f"{original} 3.0") or original) if binding else whole,
            author=clip["author"] if clip else "",
            description=clip["title"] if clip else "",
            source_url=clip["url"] if clip else "https://github.com/karolpiczak/ESC-50",
        )


def _fsd50k(folder: Path, source: Path) -> Iterator[Row]:
    """FSD50K: classes from the ground truth, the most particular first; title, author and licence of each clip."""
    for part in ("dev", "eval"):
        if not (folder / part).is_dir():
            continue
        infos = _object(source / f"{part}_clips_info_FSD50K.json")
        for row in _table(source / f"{part}.csv", "fname", "labels"):
            info = infos.get(row["fname"])
            info = info if isinstance(info, dict) else {}
            licence = _word(info, "license")
            classes = row["labels"].split(",")
            title = _word(info, "title")
            yield Row(
                file=f"{part}/{row['fname']}.wav",
                label=label_of("fsd50k", classes[0]),
                licence=normalise(licence) or licence,
                author=_word(info, "uploader"),
                description=f"{title} ({', '.join(name.replace('_', ' ') for name in classes)})",
                source_url=f"https://freesound.org/s/{row['fname']}/" if row["fname"].isdecimal() else "",
            )


@lru_cache
def label_of(kind: str, name: str) -> str:
    """The label for a class of ESC-50 or FSD50K: by classes.csv, else its own words."""
    found = _classes().get((kind, name)) or _classes().get(("", name))
    return found or as_label(_PARENTHESIS.sub("", name).replace("_", " "))


@cache
def _classes() -> Mapping[tuple[str, str], str]:
    with _CLASSES.open(encoding="utf-8", newline="") as file:
        return {(row["list"], row["class"]): row["label"] for row in csv.DictReader(file)}


def _table(file: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV table in which `columns` are filled in and lead nowhere."""
    try:
        for row in csv.DictReader(io.StringIO(_text(file), newline=""), restval=""):
            if all(row.get(column) for column in columns) and "/" not in row[columns[0]]:
                yield row
    except csv.Error as error:
        raise _unread(file, str(error)) from None


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(file))
    except (ValueError, RecursionError) as error:
        raise _unread(file, str(error)) from None
    if not isinstance(found, dict):
        raise _unread(file, "not what was expected")
    return found


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise _unread(file, "too large")
        return file.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise _unread(file, error.strerror or str(error)) from None


def _unread(file: Path, why: str) -> LibraryError:
    return LibraryError(f"can't read {file}: {why}", hint="fetch it again with --force")


def _word(info: Mapping[str, Any], key: str) -> str:
    found = info.get(key, "")
    return found if isinstance(found, str) else ""


def _line(text: str) -> str:
    return " ".join(text.split())[:_MAX_TEXT]
