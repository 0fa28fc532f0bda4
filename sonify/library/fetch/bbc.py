"""The BBC's sound effects: chosen by words, fetched one by one. Never for commercial use.

The BBC documents no way to do this. The search and the files are those that its own page uses; a table of the
sounds (BBCSoundEffects.csv, which the BBC gave out at first) does instead of the search.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sonify.errors import LibraryError
from sonify.library.fetch.download import Remote
from sonify.library.fetch.network import Network, read
from sonify.library.fetch.sheet import Row
from sonify.library.fetch.single import Chosen, Single, file_name

DEFAULT_LIMIT = 100
_PAGE_SIZE, _MAX_PAGES = 50, 40
_MAX_PAGE_BYTES, _MAX_INDEX_BYTES = 16 << 20, 64 << 20
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BYTES_A_SECOND = 44_100 * 2 * 2  # most are CD quality
_LONGEST_S = 7200.0
_LENGTH_S = 60.0  # where none is told
_MAX_SOUND_BYTES = 2 << 30
_JSON = (("Content-Type", "application/json"),)


def choose(
    address: str, files: str, licence: str, only: str, limit: int, index: Path | None, network: Network
) -> Chosen:
    """The sounds that the words of `only` find, at most `limit` (0: 100).

    index: a table with the columns location, description, secs, category and CDName, to look in instead of asking
    the BBC; there, all words must be found. Raises LibraryError when the answer or the table can't be had or read,
    when no words are given, and when nothing is found.
    """
    words = only.casefold().split()
    if not words:
        hint = 'say which: --only "dog barking", and how many: --limit'
        raise LibraryError("the BBC has too many sounds to fetch all", hint=hint)
    most = limit or DEFAULT_LIMIT
    sounds = _in_table(index, words) if index else _asked(address, only, most, network)
    found: dict[str, Single] = {}
    for number, description, length_s in sounds:
        if _NUMBER.fullmatch(number) and number not in found:
            found[number] = _single(files, licence, number, description, length_s)
        if len(found) >= most:
            break
    if not found:
        raise LibraryError(f"the BBC has no sound for {only!r}", hint="use fewer or other words")
    return Chosen(f"BBC Sound Effects: {' '.join(only.split())}", tuple(found.values()))


def _asked(address: str, only: str, most: int, network: Network) -> Iterator[tuple[str, str, float]]:
    size = min(most, _PAGE_SIZE)
    for page in range(_MAX_PAGES):
        criteria = {"query": only, "from": page * size, "size": size}
        body = json.dumps({"criteria": criteria}).encode()
        try:
            found = json.loads(read(address, network, max_bytes=_MAX_PAGE_BYTES, headers=_JSON, body=body))
        except (ValueError, RecursionError):
            found = None
        results = found.get("results") if isinstance(found, dict) else None
        if not isinstance(results, list):
            raise LibraryError("the BBC's answer makes no sense", hint="name a table of its sounds: --index FILE")
        for result in results:
            if isinstance(result, dict):
                yield _text(result, "id"), _text(result, "description"), _length_s(result.get("technicalMetadata"))
        if len(results) < size:
            return


def _in_table(index: Path, words: list[str]) -> Iterator[tuple[str, str, float]]:
    try:
        if index.stat().st_size > _MAX_INDEX_BYTES:
            raise LibraryError(f"{index} is too large for a table of the BBC's sounds", hint="name another")
        text = index.read_bytes().decode("utf-8-sig", errors="replace")
        rows = csv.DictReader(io.StringIO(text, newline=""), restval="")
        if not {"location", "description"} <= set(rows.fieldnames or ()):
            raise LibraryError(f"{index} has no columns 'location' and 'description'", hint="name another table")
        for row in rows:
            told = " ".join(_text(row, column) for column in ("description", "category", "CDName")).casefold()
            if all(word in told for word in words):
                number = _text(row, "location").removesuffix(".wav")
                yield number, _text(row, "description"), _length_s({"duration": row.get("secs")})
    except csv.Error as error:
        raise LibraryError(f"can't read {index}: {error}", hint="name another table") from None
    except OSError as error:
        raise LibraryError(f"can't read {index}: {error.strerror}", hint="check the name") from None


def _single(files: str, licence: str, number: str, description: str, length_s: float) -> Single:
    row = Row(
        file=file_name(number, "bbc", description, ".wav"),
        licence=licence,
        author="BBC",
        description=description,
        source_url=f"https://sound-effects.bbcrewind.co.uk/search?q={number}",
    )
    return Single(
        Remote(f"{files}{number}.wav", max_bytes=_MAX_SOUND_BYTES),
        row,
        expected_bytes=int(length_s * _BYTES_A_SECOND),
    )


def _length_s(told: Any) -> float:
    duration: Any = told.get("duration") if isinstance(told, dict) else _LENGTH_S
    try:
        length_s = float(duration)
    except (TypeError, ValueError):
        return _LENGTH_S
    return min(length_s, _LONGEST_S) if length_s > 0 else _LENGTH_S


def _text(found: dict[str, Any], key: str) -> str:
    text = found.get(key)
    return text if isinstance(text, str) else ""
