"""Writes sounds into the catalogue, with all that is derived from what they say; in a transaction of the caller."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sonify.library.catalog.rows import MEASURE_COLUMNS, measure_values, tags_of, tags_text
from sonify.library.metadata.describe import Described, Sidecars, describe, relabelled
from sonify.library.metadata.header import Header
from sonify.library.records import Measures, Tags
from sonify.library.refresh.rules import READING, rules
from sonify.library.rights import licences

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile

_MAX_LICENCE_BYTES = 2**18
_RIGHTS = frozenset({"licence", "licence_url", "author", "source_url"})
# What a person types without thinking of it: ANMLDog, DoorSlam02.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_COLUMNS = [
    "size_bytes",
    "mtime_ns",
    "reading",
    "rules",
    "content_hash",
    "duration_s",
    "sample_rate_hz",
    "channels",
    "label_id",
    "phrases_id",
    "labels",
    "source",
    "kind",
    "category",
    "licence",
    "author",
    "source_url",
    "description",
    "title",
    "tags",
    "problem",
]


@dataclass(frozen=True)
class Read:
    """What was read of one file: its header, or why it can't be used; its hash where that was asked for.

    passing: what is wrong may be over by the next scan. told_as: the path at which it lay before it was moved, "" for
    none.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    header: Header | str
    tags: Tags = field(default_factory=Tags)
    content_hash: str = ""
    passing: bool = False
    told_as: str = ""


class Writer:
    """Puts sounds into the catalogue, labels derived. It reads each table and licence text once."""

    def __init__(self, catalog: CatalogFile) -> None:
        self._root = catalog.root
        self._database = catalog.database
        self._sidecars = Sidecars(catalog.root)
        self._licences: dict[str, str] = {}
        # Whether a person's label was given to changed bytes, so that the export must be written again.
        self.handed_on = False

    def put(self, read: Read) -> None:
        """A sound that is new or has changed."""
        found = self._database.execute(
            "SELECT id, size_bytes, mtime_ns, content_hash, told_as FROM sound WHERE path = ?", (read.path,)
        ).fetchone()
        if found and found[4]:
            read = replace(read, told_as=found[4])
        digest = read.content_hash or None
        if found and found[3] and digest is None and found[1:3] == (read.size_bytes, read.mtime_ns):
            digest = found[3]
        if found and digest and found[3] != digest:
            self._hand_on(found[3], digest, read)
        if isinstance(read.header, str):
            values = self._unusable(read, digest)
        else:
            values = self._usable(read, read.header, digest)
        self._store(read.path, values)

    def relabel(self, path: str) -> None:
        """Derives the labels of a sound anew, from what is stored of it."""
        row = self._database.execute(
            "SELECT size_bytes, mtime_ns, duration_s, sample_rate_hz, channels, tags, content_hash, problem, reading,"
            " told_as FROM sound WHERE path = ?",
            (path,),
        ).fetchone()
        if row is None:
            return
        size_bytes, mtime_ns, duration_s, rate, channels, tags, digest, problem, reading, told_as = row
        if problem:
            self._database.execute("UPDATE sound SET rules = ? WHERE path = ?", (rules(), path))
            return
        header = Header(duration_s, rate, channels)
        read = Read(path, size_bytes, mtime_ns, header, tags_of(tags), told_as=told_as)
        self._store(path, self._usable(read, header, digest) | {"reading": reading})

    def moved(self, path: str, digest: str, size_bytes: int, old: str) -> None:
        """A sound that has been found again at `path`: what was measured and said of it comes along.

        old: where it lay when a table may have spoken of it.
        """
        self.set_hash(path, digest, size_bytes)
        self._database.execute("UPDATE sound SET told_as = ? WHERE path = ?", (old, path))
        self.relabel(path)

    def set_hash(self, path: str, digest: str, size_bytes: int) -> None:
        """Says what the content of a sound is; if that was found to be unusable, so is the sound."""
        self._content(digest, size_bytes)
        problem = self._database.execute("SELECT problem FROM content WHERE hash = ?", (digest,)).fetchone()[0]
        self._database.execute("UPDATE sound SET content_hash = ? WHERE path = ?", (digest, path))
        if problem:
            self.refuse(path, problem)

    def refuse(self, path: str, problem: str) -> None:
        """Marks a sound as one that can't be used."""
        self._database.execute("DELETE FROM words WHERE rowid = (SELECT id FROM sound WHERE path = ?)", (path,))
        self._database.execute("UPDATE sound SET problem = ? WHERE path = ?", (problem, path))

    def put_measures(self, digest: str, version: int, measures: Measures | str) -> None:
        """What was measured of a content, or why it can't be used; then all sounds with it can't be."""
        if isinstance(measures, str):
            self._database.execute(
                "UPDATE content SET measured = ?, problem = ? WHERE hash = ?", (version, measures, digest)
            )
            same = self._database.execute("SELECT path FROM sound WHERE content_hash = ?", (digest,)).fetchall()
            for (path,) in same:
                self.refuse(path, measures)
            return
        columns = ", ".join(f"{name} = ?" for name in MEASURE_COLUMNS)
        self._database.execute(
            f"UPDATE content SET measured = ?, problem = '', {columns} WHERE hash = ?",
            (version, *measure_values(measures), digest),
        )

    def _usable(self, read: Read, header: Header, digest: str | None) -> dict[str, Any]:
        described = self._describe(read, digest)
        return self._base(read, digest) | {
            "duration_s": header.duration_s,
            "sample_rate_hz": header.sample_rate_hz,
            "channels": header.channels,
            "label_id": self._intern("label", described.label),
            "phrases_id": self._intern("phrases", "\n".join(described.phrases)),
            "labels": json.dumps([(one.text, one.source, one.confidence) for one in described.labels]),
            "source": described.labels[0].source,
            "kind": described.kind,
            "category": described.category,
            "licence": described.licence,
            "author": described.author,
            "source_url": described.source_url,
            "description": described.description,
            "title": described.title,
            "tags": tags_text(read.tags),
        }

    def _unusable(self, read: Read, digest: str | None) -> dict[str, Any]:
        return self._base(read, digest) | {"problem": str(read.header)}

    def _base(self, read: Read, digest: str | None) -> dict[str, Any]:
        problem = ""
        if digest:
            self._content(digest, read.size_bytes)
            problem = self._database.execute("SELECT problem FROM content WHERE hash = ?", (digest,)).fetchone()[0]
        return {
            "size_bytes": read.size_bytes,
            "mtime_ns": read.mtime_ns,
            "reading": -1 if read.passing else READING,
            "rules": rules(),
            "content_hash": digest,
            "problem": problem,
        }

    def _store(self, path: str, values: dict[str, Any]) -> None:
        values = {column: _text(value) if isinstance(value, str) else value for column, value in values.items()}
        inside, _, name = path.rpartition("/")
        self._database.execute("INSERT OR IGNORE INTO folder (path) VALUES (?)", (inside,))
        columns = [column for column in _COLUMNS if column in values]
        self._database.execute(
            f"INSERT INTO sound (folder_id, name, path, {', '.join(columns)})"
            f" VALUES ((SELECT id FROM folder WHERE path = ?), ?, ?{', ?' * len(columns)})"
            f" ON CONFLICT (path) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in columns)}",
            (inside, name, path, *(values[column] for column in columns)),
        )
        (row,) = self._database.execute("SELECT id FROM sound WHERE path = ?", (path,)).fetchone()
        self._database.execute("DELETE FROM words WHERE rowid = ?", (row,))
        if not values["problem"]:
            self._database.execute(
                "INSERT INTO words (rowid, name, label, title, description, keywords, category)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row, *_words(path, values)),
            )

    def _describe(self, read: Read, digest: str | None) -> Described:
        path = read.path
        told = self._sidecars.told(path)
        if not told and read.told_as:
            # Rights are looked up where the file lies, at rendering too: they stay with the table.
            before = self._sidecars.told(read.told_as)
            told = {column: cell for column, cell in before.items() if column not in _RIGHTS}
        described = describe(path, read.tags, told)
        if not described.licence:
            described = replace(described, licence=self._licence_of(str(PurePosixPath(path).parent)))
        if digest:
            by_hand = self._database.execute("SELECT label FROM person WHERE hash = ?", (digest,)).fetchone()
            if by_hand:
                return relabelled(described, by_hand[0])
        return described

    def _licence_of(self, inside: str) -> str:
        """What the nearest licence text above says, "" when there is none that we know."""
        inside = "" if inside == "." else inside
        if inside not in self._licences:
            own = self._own_licence(inside)
            self._licences[inside] = own or (self._licence_of(str(PurePosixPath(inside).parent)) if inside else "")
        return self._licences[inside]

    def _own_licence(self, inside: str) -> str:
        rows = self._database.execute(
            "SELECT s.name FROM sidecar s JOIN folder f ON f.id = s.folder_id WHERE f.path = ? ORDER BY s.name",
            (inside,),
        ).fetchall()
        for (name,) in rows:
            if licences.is_licence_file(name):
                try:
                    with (self._root / inside / name).open("rb") as file:
                        text = file.read(_MAX_LICENCE_BYTES).decode("utf-8", "replace")
                except OSError:
                    continue
                if found := licences.of_folder(text):
                    return found
        return ""

    def _hand_on(self, old: str | None, new: str, read: Read) -> None:
        """A file that was changed in its place keeps what a person said of it."""
        if old:
            self._content(new, read.size_bytes)
            done = self._database.execute(
                "INSERT OR IGNORE INTO person SELECT ?, label, ? FROM person WHERE hash = ?", (new, read.path, old)
            )
            self.handed_on |= done.rowcount > 0

    def _content(self, digest: str, size_bytes: int) -> None:
        self._database.execute("INSERT OR IGNORE INTO content (hash, size_bytes) VALUES (?, ?)", (digest, size_bytes))

    def _intern(self, table: str, text: str) -> int:
        text = _text(text)
        self._database.execute(f"INSERT OR IGNORE INTO {table} (text) VALUES (?)", (text,))
        return int(self._database.execute(f"SELECT id FROM {table} WHERE text = ?", (text,)).fetchone()[0])


def _text(text: str) -> str:
    """Text that SQLite takes: JSON can hold halves of characters."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _words(path: str, values: dict[str, Any]) -> tuple[str, ...]:
    tags = tags_of(values["tags"])
    labels = " ".join(text for text, _, _ in json.loads(values["labels"]))
    apart = _CAMEL.sub(" ", path)
    return (
        path if apart == path else f"{path} {apart}",
        labels,
        values["title"],
        values["description"],
        tags.keywords,
        f"{values['category']} {tags.category}".strip(),
    )
