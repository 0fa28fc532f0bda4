"""By which rules the catalogue was filled: when they change, what was derived by them is derived again."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

# Of metadata/header.py and metadata/tags.py: every file is opened again when it changes.
READING = 2
# Of measure.py: every file is measured again when it changes, which takes hours for a big library.
MEASURING = 1
# What labels, phrases, kinds, categories and licences are derived with.
_LABELLING = (
    "labels/guesses.py", "labels/names.py", "labels/phrases.csv", "labels/phrases.py", "labels/ucs.csv",
    "labels/ucs.py", "labels/words.py", "metadata/describe.py", "metadata/freesound.py", "metadata/sidecar.py",
    "rights/licences.py",
)  # fmt: skip


@lru_cache(maxsize=1)
def rules() -> int:
    """A number that differs when any rule for labels does: made from those files, so that nobody forgets it."""
    digest = hashlib.blake2b(digest_size=6)
    for name in _LABELLING:
        file = Path(__file__).parent.parent / name
        digest.update(name.encode() + b"\0" + (file.read_bytes() if file.is_file() else b"") + b"\0")
    return int.from_bytes(digest.digest(), "big")
