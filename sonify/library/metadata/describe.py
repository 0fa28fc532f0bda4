"""What a sound is: from sidecars, then its tags, its UCS name, and the names of its folders and file.

tables = Sidecars(folder)
described = describe(path, read_tags(folder / path), tables.told(path))
"""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import cast, get_args

from sonify.library.labels import names, ucs
from sonify.library.labels.guesses import Guess, from_names, from_sidecar, from_tags, from_ucs, named_kind, ordered
from sonify.library.labels.phrases import look
from sonify.library.labels.words import normalise, one_line
from sonify.library.metadata.sidecar import Row, Sidecar, read_sidecar, sidecars
from sonify.library.records import SoundKind, SoundLabel, Tags
from sonify.library.rights import licences

NOTHING_TO_SEE = "-"
UNNAMED = "unnamed"
MAX_PHRASES = 12
MAX_PHRASE_CHARACTERS = 120
MAX_LABELS = 8
MAX_TEXT = 200
MAX_DESCRIPTION = 2_000
_NOTHING: Row = MappingProxyType({})


@dataclass(frozen=True)
class Described:
    """What is known of one sound besides its samples. Without phrases there is nothing to see.

    labels: most trusted first, one at least; labels[0] is the one that counts, "unnamed" when nothing says anything.
    category: a UCS CatID or "". licence: SPDX where we know it, else as it was written.
    """

    labels: tuple[SoundLabel, ...]
    phrases: tuple[str, ...]
    kind: SoundKind
    category: str = ""
    licence: str = ""
    author: str = ""
    source_url: str = ""
    description: str = ""
    title: str = ""

    @property
    def label(self) -> str:
        """The label that counts."""
        return self.labels[0].text


def describe(path: str, tags: Tags | None = None, told: Row = _NOTHING) -> Described:
    """What the sound at `path` (inside the library, with '/') is.

    tags: what the file says of itself. told: what the sidecars say of it, see `Sidecars.told`.
    The same input gives the same answer, whatever other sounds there are.
    """
    tags = tags or Tags()
    folders, stem = path.split("/")[:-1], posixpath.splitext(posixpath.basename(path))[0]
    named = ucs.parse(stem)
    guesses = ordered(
        [
            *from_sidecar(told),
            *from_tags(tags),
            *from_ucs(named),
            *from_names(folders, stem, in_ucs=named is not None),
        ]
    )
    first = guesses[0] if guesses else Guess(UNNAMED, "name", 0.0)
    return Described(
        labels=_labels(guesses) or (SoundLabel(UNNAMED, "name", 0.0),),
        phrases=_phrases(told["phrases"]) if "phrases" in told else first.phrases,
        kind=_kind(told, tags, first, folders, stem),
        category=next((guess.category for guess in guesses if guess.category), ""),
        licence=_licence(told, tags),
        author=one_line(told.get("author") or tags.author or (named.author if named else ""), MAX_TEXT),
        source_url=one_line(told.get("source_url") or tags.source_url, MAX_DESCRIPTION),
        description=one_line(told.get("description") or tags.description, MAX_DESCRIPTION),
        title=one_line(told.get("title") or tags.title or (named.title if named else ""), MAX_TEXT),
    )


def relabelled(described: Described, label: str) -> Described:
    """The same sound with a person's label: it comes first, and kind, phrases and category follow it.

    What the label doesn't say (a kind for words that we don't know) stays as it was. A label without any word
    changes nothing.
    """
    text = normalise(label)
    if not text:
        return described
    found = look(text)
    others = tuple(one for one in described.labels if one.text not in (text, UNNAMED))
    return replace(
        described,
        labels=(SoundLabel(text, "person", 1.0), *others)[:MAX_LABELS],
        phrases=found.phrases,
        kind=found.kind if found.key else described.kind,
        category=ucs.category_of(text) or ("" if found.key else described.category),
    )


class Sidecars:
    """The tables of one library, each read once, when the first sound of its folder is asked for.

    problems: what is wrong with the tables that were read so far, one line each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self._tables: dict[str, tuple[Sidecar, ...]] = {}

    def told(self, path: str) -> Row:
        """All that tables say of a sound: its own folder's before the root's, labels.csv before the others."""
        composed = unicodedata.normalize("NFC", path)
        told: dict[str, str] = {}
        for inside in dict.fromkeys((posixpath.dirname(path), "")):
            for table in self._of(inside):
                told = {**table.row(composed), **told}
        return MappingProxyType(told)

    def files(self, path: str) -> tuple[Path, ...]:
        """The tables that may speak of a sound, in order of trust: when one changes, it must be described again."""
        places = dict.fromkeys((posixpath.dirname(path), ""))
        return tuple(file for inside in places for file in sidecars(self.folder / inside))

    def _of(self, inside: str) -> tuple[Sidecar, ...]:
        if inside not in self._tables:
            read = tuple(read_sidecar(file, inside) for file in sidecars(self.folder / inside))
            self._tables[inside] = read
            self.problems.extend(problem for table in read for problem in table.problems)
        return self._tables[inside]


def _labels(guesses: tuple[Guess, ...]) -> tuple[SoundLabel, ...]:
    return tuple(SoundLabel(guess.text, guess.source, guess.confidence) for guess in guesses)[:MAX_LABELS]


def _kind(told: Row, tags: Tags, first: Guess, folders: list[str], stem: str) -> SoundKind:
    """What a table states, then the category's, the genre's, what the names say, and the label's own."""
    stated = told.get("kind", "").casefold()
    if stated in get_args(SoundKind):
        return cast(SoundKind, stated)
    if first.stated_kind:
        return first.stated_kind
    if first.source == "ucs":
        return first.kind
    return names.genre_kind(tags.category) or named_kind(folders, stem) or first.kind


def _licence(told: Mapping[str, str], tags: Tags) -> str:
    """The first that we know by name, else the first that anything is written of."""
    # Openverse writes "by", and the version only in the address.
    written = [told.get("licence_url", ""), told.get("licence", ""), tags.licence]
    known = next((spdx for text in written if text and (spdx := licences.normalise(text))), "")
    # A table's word is not overruled by what the file says, even where we can't read it.
    if told.get("licence") and not licences.normalise(told["licence"]) and not told.get("licence_url"):
        known = ""
    return known or one_line(next((text for text in written if text), ""), MAX_TEXT)


def _phrases(cell: str) -> tuple[str, ...]:
    """The phrases of a cell, between ';' or '|'; a lone '-' says that there is nothing to see."""
    if cell == NOTHING_TO_SEE:
        return ()
    found = (one_line(part, MAX_PHRASE_CHARACTERS) for part in cell.replace("|", ";").split(";"))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))[:MAX_PHRASES]
