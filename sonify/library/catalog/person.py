"""A person's labels: kept by content hash in the catalogue, and at each change in a file that outlives it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.errors import LibraryError
from sonify.files import write_text
from sonify.library.catalog.place import BY_HAND
from sonify.library.catalog.write import Writer
from sonify.library.labels.words import normalise
from sonify.library.refresh.hashing import content_hash
from sonify.library.refresh.walk import shown

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile

VERSION = 1
_MAX_COPIES = 100
MAX_BYTES = 64 * 2**20


def set_label(catalog: CatalogFile, path: str, label: str) -> None:
    """See CatalogFile.set_person_label."""
    text = normalise(label)
    if label.strip() and not text:
        raise LibraryError(
            f"the label {label!r} has no word in it", hint='write what is heard, such as "dog barking"'
        )
    sound = catalog.sound(path)
    if sound is None:
        raise LibraryError(f"there is no sound {shown(path)} in the catalogue", hint="scan the library first")
    digest, size_bytes = sound.content_hash, sound.size_bytes
    if not digest:
        try:
            digest = content_hash(catalog.root / path)
        except OSError as error:
            raise LibraryError(f"can't read {shown(path)} ({error.strerror})", hint="check the file") from None
    copies = _copies(catalog, digest, size_bytes)
    with catalog.writing() as database:
        writer = Writer(catalog)
        for same in (path, *copies):
            writer.set_hash(same, digest, size_bytes)
        if text:
            database.execute("INSERT OR REPLACE INTO person VALUES (?, ?, ?)", (digest, text, path))
        else:
            database.execute("DELETE FROM person WHERE hash = ?", (digest,))
        for (same,) in database.execute("SELECT path FROM sound WHERE content_hash = ?", (digest,)).fetchall():
            writer.relabel(same)
        # Still inside the transaction: two people's changes are exported one after the other.
        export(database, catalog.path)


def _copies(catalog: CatalogFile, digest: str, size_bytes: int) -> list[str]:
    """Sounds with the same bytes that have not been hashed yet; of many that are as long only some are looked at."""
    sql = "SELECT path FROM sound WHERE content_hash IS NULL AND problem = '' AND size_bytes = ? LIMIT ?"
    found = []
    for (path,) in catalog.rows(sql, (size_bytes, _MAX_COPIES)):
        with suppress(OSError):
            if content_hash(catalog.root / path) == digest:
                found.append(path)
    return found


def export(database: sqlite3.Connection, catalogue: Path) -> None:
    """Writes all of a person's labels beside the catalogue. Raises LibraryError when that can't be done."""
    rows = database.execute("SELECT p.path, p.label, p.hash, c.size_bytes FROM person p JOIN content c USING (hash)")
    labels = [
        {"path": path, "label": label, "content_hash": digest, "size_bytes": size_bytes}
        for path, label, digest, size_bytes in sorted(rows)
    ]
    file = catalogue.with_name(BY_HAND)
    if not labels and not file.exists():
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"version": VERSION, "labels": labels}, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        what = f"can't write {shown(file)} ({error.strerror})"
        raise LibraryError(what, hint="check its folder and the free space; the label is not changed") from None


def restore(database: sqlite3.Connection, catalogue: Path) -> None:
    """Takes a person's labels from the export into an empty catalogue; what isn't well-formed is passed over."""
    file = catalogue.with_name(BY_HAND)
    try:
        if file.stat().st_size > MAX_BYTES:
            return
        document = json.loads(file.read_text("utf-8"))
        labels = document["labels"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    for entry in labels if isinstance(labels, list) else []:
        row = _row(entry)
        if row:
            database.execute("INSERT OR IGNORE INTO content (hash, size_bytes) VALUES (?, ?)", (row[0], row[3]))
            database.execute("INSERT OR REPLACE INTO person VALUES (?, ?, ?)", row[:3])


def _row(entry: object) -> tuple[str, str, str, int] | None:
    """(hash, label, path, size) of an entry, None when it isn't one."""
    if not isinstance(entry, dict):
        return None
    digest, size_bytes = entry.get("content_hash"), entry.get("size_bytes")
    label, path = normalise(str(entry.get("label", ""))), str(entry.get("path", ""))
    hexadecimal = isinstance(digest, str) and len(digest) == 32 and set(digest) <= set("0123456789abcdef")
    if not hexadecimal or not label or not isinstance(size_bytes, int) or not 0 <= size_bytes < 2**62:
        return None
    return str(digest), label, path.encode("utf-8", "replace").decode("utf-8"), size_bytes
