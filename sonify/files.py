"""Files that are whole or not there: write beside, then rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path` to write to; it becomes `path` when the block ends well.

    Whatever goes wrong, Ctrl-C included, the file beside is removed and `path` stays as it was.
    Raises OSError where the folder can't be written to. The suffix is kept, since programs go by it.
    """
    handle, name = tempfile.mkstemp(prefix=".sonify-", suffix=path.suffix, dir=path.absolute().parent)
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8, whole or not at all. Raises OSError."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
