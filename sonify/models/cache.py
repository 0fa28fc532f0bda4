"""What the models room keeps between runs: hashes of weights and vectors of phrases. All of it can be made again."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from sonify.errors import ModelError
from sonify.files import write_text
from sonify.resources import cache_folder as cache_folder

_BLOCK = 1 << 20
_HEX = set("0123456789abcdef")


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def weights_hash(path: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 over a file of weights.

    Kept in the cache under path, size and time of change, so that gigabytes are read for it only once.
    Raises ModelError when the file can't be read.
    """
    try:
        path = path.resolve()
        stat = path.stat()
        key = hashlib.sha256(f"{path}|{stat.st_size}|{stat.st_mtime_ns}".encode("utf-8", "surrogateescape"))
        kept = cache_folder() / "weights" / key.hexdigest()
        found = _read(kept)
        if found:
            return found
        found = sha256(path)[:16]
    except OSError as error:
        raise ModelError(f"can't read {path}: {error.strerror}", hint="check the file and who may read it") from None
    with suppress(OSError):  # a cache that can't be written costs time, nothing else
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_text(kept, found)
    return found


def _read(kept: Path) -> str:
    try:
        text = kept.read_bytes()[:64].decode("ascii", "replace")
    except OSError:
        return ""
    return text if len(text) == 16 and set(text) <= _HEX else ""
