"""A library that was moved as a whole: its new place takes over what the catalogue of the old one knows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from sonify.library.catalog.place import FILE

# So many sounds are looked at, and so large a share must lie in the new place with the same size.
_LOOKED_AT = 50
_ENOUGH = 0.8
_MOST_CATALOGUES = 1_000


def adopt(root: Path, path: Path) -> bool:
    """Copies the catalogue of a folder that is no more to `path`, if `root` holds what lay there; returns whether.

    Its vectors and a person's labels come along. It is a copy: the old place may only be a disk that isn't mounted.
    Nothing happens where a catalogue is already, or where anything goes wrong: then all is scanned anew.
    """
    if path.parent.exists():
        return False
    with suppress(OSError, sqlite3.Error):
        for other in sorted(path.parent.parent.glob(f"*/{FILE}"))[:_MOST_CATALOGUES]:
            if _was(other, root):
                _copy(other, path)
                return True
    return False


def remember(database: sqlite3.Connection, root: Path) -> None:
    """Notes in a catalogue which folder it is of."""
    database.execute("INSERT OR REPLACE INTO meta VALUES ('root', ?)", (os.fsencode(root),))


def _was(catalogue: Path, root: Path) -> bool:
    """Whether the catalogue is of a folder that is no more, and whose sounds lie in `root`."""
    with suppress(sqlite3.Error), closing(_reading(catalogue)) as database:
        row = database.execute("SELECT value FROM meta WHERE key = 'root'").fetchone()
        if row is None or not isinstance(row[0], bytes) or os.path.lexists(os.fsdecode(row[0])):
            return False
        rows = database.execute("SELECT path, size_bytes FROM sound ORDER BY id LIMIT ?", (_LOOKED_AT,)).fetchall()
        here = sum(1 for path, size_bytes in rows if _size(root / path) == size_bytes)
        return here > 0 and here >= _ENOUGH * len(rows)
    return False


def _copy(other: Path, path: Path) -> None:
    """All or nothing: made beside, then renamed."""
    with tempfile.TemporaryDirectory(prefix=".sonify-", dir=path.parent.parent) as name:
        made = Path(name) / "copy"
        shutil.copytree(other.parent, made, symlinks=True, ignore=shutil.ignore_patterns(f"{FILE}*", "*.damaged*"))
        with closing(_reading(other)) as old, closing(sqlite3.connect(made / FILE)) as new:
            old.backup(new)
        made.rename(path.parent)


def _reading(catalogue: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{catalogue.absolute().as_uri()}?mode=ro", uri=True)


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except (OSError, ValueError):
        return -1
