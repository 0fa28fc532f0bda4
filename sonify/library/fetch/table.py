"""Which free libraries `sonify library get` knows: `lists.yaml`, as data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sonify.errors import SettingsError
from sonify.library.fetch.download import Remote

TABLE = Path(__file__).with_name("lists.yaml")


@dataclass(frozen=True)
class Part:
    """One file to download, and its name while it lies here."""

    name: str
    remote: Remote


@dataclass(frozen=True)
class Archive:
    """One zip archive, in one part or split into several (NAME.zip last).

    take: members to keep, by pattern, and the folder each goes to; `source` is the hidden one. unpacked_bytes: about
    how much is kept. limit_bytes, limit_files: an archive that holds more is refused.
    """

    name: str
    parts: tuple[Part, ...]
    take: Mapping[str, str]
    limit_bytes: int
    limit_files: int
    unpacked_bytes: int = 0

    @property
    def download_bytes(self) -> int:
        """Of all parts."""
        return sum(part.remote.size_bytes for part in self.parts)


@dataclass(frozen=True)
class FetchList:
    """A library that can be fetched.

    licence: SPDX, "" where there is only each sound's own; mixed: sounds have licences of their own. archives: what
    to download and unpack, or, for those that are fetched sound by sound: single ("freesound", "bbc"), address and
    files, the places to ask. numbered: the name goes with a number, as in freesound:1234. terms: what a person
    must agree to. labels: who knows how the labels are written in it.
    """

    name: str
    title: str
    about: str
    licence: str
    page: str
    mixed: bool = False
    sounds: int = 0
    labels: str = ""
    archives: tuple[Archive, ...] = ()
    numbered: bool = False
    single: str = ""
    address: str = ""
    files: str = ""
    terms: str = ""

    @property
    def download_bytes(self) -> int:
        """Of all archives; 0 for a list that is fetched sound by sound."""
        return sum(archive.download_bytes for archive in self.archives)

    @property
    def unpacked_bytes(self) -> int:
        """About how much stays here; 0 for a list that is fetched sound by sound."""
        return sum(archive.unpacked_bytes for archive in self.archives)


def lists(table: Path = TABLE) -> tuple[FetchList, ...]:
    """All libraries that are known, in the table's order."""
    return _read(table)


def find(name: str, table: Path = TABLE) -> tuple[FetchList, int]:
    """The library that `name` means, and its number (0 when it has none).

    Raises SettingsError for an unknown name, a number that is missing, and one that shouldn't be there.
    """
    plain, colon, number = name.partition(":")
    known = {entry.name: entry for entry in lists(table)}
    found = known.get(plain.lower())
    if found is None:
        near = difflib.get_close_matches(plain, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
        raise SettingsError(f"there is no library {name!r} to get", hint=hint)
    if found.numbered != bool(colon):
        usage = f"{found.name}:NUMBER" if found.numbered else found.name
        raise SettingsError(f"{name!r} is no name of a library", hint=f"write {usage}")
    if found.numbered and not (number.isascii() and number.isdecimal() and 0 < int(number) < 10**12):
        raise SettingsError(f"{number!r} is no number of a pack", hint="it stands in the address of the pack's page")
    return found, int(number) if number else 0


@cache
def _read(table: Path) -> tuple[FetchList, ...]:
    import yaml

    rows: dict[str, dict[str, Any]] = yaml.safe_load(table.read_text("utf-8"))
    return tuple(_list(name, row) for name, row in rows.items())


def _list(name: str, row: dict[str, Any]) -> FetchList:
    archives = tuple(_archive(archive) for archive in row.get("archives", ()))
    return FetchList(**{**row, "name": name, "archives": archives})


def _archive(row: dict[str, Any]) -> Archive:
    return Archive(**{**row, "parts": tuple(_part(part) for part in row["parts"])})


def _part(row: dict[str, Any]) -> Part:
    return Part(row["name"], Remote(**{key: value for key, value in row.items() if key != "name"}))
