"""The BBC's sound effects: chosen by words from their index, fetched one by one. Never for commercial use."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from sonify.errors import LibraryError
from sonify.library.fetch.download import Remote
from sonify.library.fetch.network import Network, read
from sonify.library.fetch.sheet import Row
from sonify.library.fetch.single import Chosen, Single, file_name

DEFAULT_LIMIT = 100
_MAX_INDEX_BYTES = 64 << 20
_LOCATION = re.compile(r"[A-Za-z0-9_-]{1,64}\.wav")
_BYTES_A_SECOND = 44_100 * 2 * 2  # they are CD quality
_LONGEST_S = 7200


def choose(
    address: str, files: str, licence: str, only: str, limit: int, index: Path | None, network: Network
) -> Chosen:
    """The sounds whose description, category and record hold all the words of `only`, at most `limit` (0: 100).

    index: the BBC's index (BBCSoundEffects.csv), where a person has it already; else it is fetched from `address`.
    Raises LibraryError when the index can't be had or read, when no words are given, and when none is found.
    """
    words = only.casefold().split()
    if not words:
        raise LibraryError(
            "the BBC has too many sounds to fetch all",
            hint='say which: --only "dog barking", and how many: --limit',
        )
    found = []
    try:
        for row in csv.DictReader(io.StringIO(_index(address, index, network), newline=""), restval=""):
            text = " ".join(str(row.get(column) or "") for column in ("description", "category", "CDName"))
            location = str(row.get("location") or "")
            if all(word in text.casefold() for word in words) and _LOCATION.fullmatch(location):
                found.append(_single(files, licence, location, row))
            if len(found) >= (limit or DEFAULT_LIMIT):
                break
    except csv.Error as error:
        raise LibraryError(f"can't read the BBC's index: {error}", hint="name a copy of it: --index FILE") from None
    if not found:
        raise LibraryError(f"the BBC's index has no sound for {only!r}", hint="use fewer or other words")
    return Chosen(f"BBC Sound Effects: {only}", tuple(found))


def _index(address: str, index: Path | None, network: Network) -> str:
    try:
        if index is None:
            raw = read(address, network, max_bytes=_MAX_INDEX_BYTES)
        elif index.stat().st_size <= _MAX_INDEX_BYTES:
            raw = index.read_bytes()
        else:
            raise LibraryError(f"{index} is too large for an index", hint="name BBCSoundEffects.csv")
    except OSError as error:
        raise LibraryError(f"can't read {index}: {error.strerror}", hint="name BBCSoundEffects.csv") from None
    text = raw.decode("utf-8-sig", errors="replace")
    if "location" not in text[:1000].split("\n")[0]:
        raise LibraryError(
            "the BBC's index is not what it was (no column 'location')", hint="name a copy of it: --index FILE"
        )
    return text


def _single(files: str, licence: str, location: str, row: dict[str, str]) -> Single:
    number = location.removesuffix(".wav")
    seconds = str(row.get("secs") or "")
    length_s = min(int(seconds), _LONGEST_S) if seconds.isascii() and seconds.isdecimal() else 60
    description = str(row.get("description") or "")
    return Single(
        Remote(f"{files}{location}.zip", max_bytes=(_LONGEST_S * _BYTES_A_SECOND)),
        Row(
            file=file_name(number, "bbc", description, ".wav"),
            licence=licence,
            author="BBC",
            description=description,
            source_url=f"https://sound-effects.bbcrewind.co.uk/search?q={number}",
        ),
        expected_bytes=length_s * _BYTES_A_SECOND,
        zipped=True,
    )
