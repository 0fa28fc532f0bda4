"""Libraries that are fetched sound by sound: what to ask for, and how each file is named."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sonify.library.fetch.download import Remote
from sonify.library.fetch.sheet import Row

FOLDER = "sounds"
_MAX_SLUG = 60


@dataclass(frozen=True)
class Single:
    """One sound to fetch: where from, and its line in labels.csv, whose `file` is also where it goes.

    expected_bytes: about how long it is.
    """

    remote: Remote
    row: Row
    expected_bytes: int


@dataclass(frozen=True)
class Chosen:
    """The sounds of one call, and what they are together."""

    title: str
    singles: tuple[Single, ...]


def file_name(number: str, author: str, title: str, suffix: str) -> str:
    """Where a sound goes, named as Freesound names its files: sounds/1234__author__some-title.wav."""
    stem = re.sub(r"\.(wav|aiff?|flac|ogg|mp3|m4a)$", "", title, flags=re.IGNORECASE)
    parts = [part for part in (number, slug(author), slug(stem)) if part]
    return f"{FOLDER}/{'__'.join(parts)}{suffix}"


def slug(text: str) -> str:
    """Letters, digits and single hyphens: safe in every file system."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_MAX_SLUG].strip("-")
