"""The content hash of a sound file."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BLOCK = 1 << 20
_DIGEST_BYTES = 16


def content_hash(file: Path) -> str:
    """BLAKE2b-128 of a file's bytes, 32 hexadecimal digits. Raises OSError."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
