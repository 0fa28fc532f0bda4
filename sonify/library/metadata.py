"""What a sound is: from sidecars, then UCS names, then folder and file names."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sonify.cues import Kind
from sonify.library import licences, names, ucs
from sonify.library.phrases import known, look
from sonify.library.sidecar import NAMES, Row, read_sidecar
from sonify.library.words import normalise

NOTHING_TO_SEE = "-"
MAX_PHRASES = 12
MAX_PHRASE_CHARACTERS = 120
MAX_TEXT = 200
_BEDS = (
    "ambience;ambiences;ambient;ambiance;atmos;atmosphere;atmospheres;background;backgrounds;bed;beds;bgs;"
    "room tone;room tones;soundscape;soundscapes"
)
_EFFECTS = "effect;effects;sfx;foley;hard effects;one shots"
_KIND_FOLDERS: Mapping[str, Kind] = {
    **dict.fromkeys(_BEDS.split(";"), "ambience"),
    **dict.fromkeys(_EFFECTS.split(";"), "effect"),
}


@dataclass(frozen=True)
class Meaning:
    """What is known of one sound besides its header. Without phrases there is nothing to see."""

    label: str
    kind: Kind
    phrases: tuple[str, ...]
    licence: str
    author: str


class Describer:
    """Tells what the sounds of one library are; it reads each sidecar once."""

    def __init__(self, folder: Path, paths: Iterable[str]) -> None:
        self.problems: list[str] = []
        self._tables: dict[str, tuple[Mapping[str, Row], ...]] = {}
        for inside in sorted({"", *(posixpath.dirname(path) for path in paths)}):
            self._tables[inside] = tuple(self._read(folder, inside))

    def describe(self, path: str) -> Meaning:
        """What the sound at `path` (inside the library, with '/') is."""
        told = self._told(path)
        label, kind, phrases, author = _guess(path, told)
        stated = told.get("kind", "").casefold()
        if stated in ("effect", "ambience"):
            kind = cast(Kind, stated)
        if "phrases" in told:
            phrases = _phrases(told["phrases"])
        licence = told.get("licence", "")
        return Meaning(
            label,
            kind,
            phrases,
            licences.normalise(licence) or _line(licence),
            _line(told.get("author", "")) or author,
        )

    def _read(self, folder: Path, inside: str) -> Iterable[Mapping[str, Row]]:
        for name in NAMES:
            file = folder / inside / name
            # A link may lead to a file that is none of the library's business.
            if file.is_file() and not file.is_symlink():
                table = read_sidecar(file, inside)
                self.problems.extend(table.problems)
                yield table.rows

    def _told(self, path: str) -> dict[str, str]:
        """All that sidecars say of a sound: its own folder's before the root's, labels.csv before manifest.csv."""
        composed = unicodedata.normalize("NFC", path)
        told: dict[str, str] = {}
        for inside in dict.fromkeys((posixpath.dirname(path), "")):
            for table in self._tables[inside]:
                told = {**table.get(composed, {}), **told}
        return told


def _guess(path: str, told: Row) -> tuple[str, Kind, tuple[str, ...], str]:
    """Label, kind, phrases and author, as good as names allow; a sidecar's label stands."""
    folders, stem = path.split("/")[:-1], posixpath.splitext(posixpath.basename(path))[0]
    named = ucs.parse(stem)
    label = normalise(told.get("label", ""))
    if not label and named:
        found = look(named.label)
        phrases = () if named.category.blind else found.phrases
        return named.label, named.category.kind or found.kind, phrases, _line(named.author)
    label = label or _from_description(told) or _from_names(folders, stem)
    found = look(label)
    kind = (named and named.category.kind) or _named_kind(folders, stem) or found.kind
    # A name without any word that we know may be a code: there is nothing to look for.
    return label or "unnamed", kind, found.phrases, _line(named.author) if named else ""


def _from_description(told: Row) -> str:
    found = known(told.get("description", ""))
    return found.key if found else ""


def _from_names(folders: list[str], stem: str) -> str:
    """The file's name where we know it, else the folder's where we know that, else the file's as it is."""
    own = names.clean(stem)
    above = [label for label in (names.clean(folder) for folder in reversed(folders)) if label]
    if own:
        above = [label for label in above if label not in _KIND_FOLDERS]
    candidates = [(own, known(own)), *((label, known(label)) for label in above[:2])]
    for label, found in candidates:
        if found and found.certain:
            return label
    for label, found in candidates:
        if found:
            return label
    return own or next(iter(above), "")


def _named_kind(folders: list[str], stem: str) -> Kind | None:
    """The kind that the file's name, or else the nearest folder's, says."""
    if names.says_bed(stem):
        return "ambience"
    told = (_KIND_FOLDERS.get(normalise(folder)) for folder in reversed(folders))
    return next((kind for kind in told if kind), None)


def _phrases(cell: str) -> tuple[str, ...]:
    """The phrases of a cell, between ';' or '|'; a lone '-' says that there is nothing to see."""
    if cell == NOTHING_TO_SEE:
        return ()
    found = (" ".join(part.split())[:MAX_PHRASE_CHARACTERS] for part in cell.replace("|", ";").split(";"))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))[:MAX_PHRASES]


def _line(text: str) -> str:
    return " ".join(text.split())[:MAX_TEXT]
