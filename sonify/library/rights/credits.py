"""The text that says whose sounds a video uses, and under which licences.

Creative Commons asks for title, author, source, licence and a word on changes
(wiki.creativecommons.org/wiki/Recommended_practices_for_attribution). Its licences take a sound that is put to moving
pictures for an adaptation (section 1(a) of version 4.0, 1(a) of 3.0): hence what is said of share-alike and of
licences without adaptations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sonify.cues import CueSheet, SoundRef
from sonify.library.records import SoundRecord
from sonify.library.rights import licences

Lookup = Callable[[SoundRef], SoundRecord | None]
"""What the library says of a sound now; None when it isn't there."""

SUFFIX = ".credits.txt"
MAX_CELL = 300
_BEGINS, _GOES_ON = "Sounds in ", ", cut, looped and mixed to its picture:"
_ASK = "ask before you publish"
_UNKNOWN = f"licence not known: {_ASK}"


@dataclass(frozen=True)
class Credit:
    """One sound that a video uses. Texts are one line, "" where nothing is known; licence: SPDX or as written."""

    library: str
    path: str
    title: str
    author: str
    source_url: str
    licence: str

    @property
    def needed(self) -> bool:
        """Whether the sound must not go unmentioned: its licence asks for credit, or nobody knows what it asks."""
        return licences.needs_credit(self.licence)


def credits(sheet: CueSheet, lookup: Lookup) -> tuple[Credit, ...]:
    """The sounds that the cues of a sheet use, each once, sorted.

    What the library says now counts; where it isn't there, what the sheet says.
    """
    used = {(cue.sound.library, cue.sound.path): cue.sound for cue in sheet.cues}
    return tuple(_credit(sound, lookup(sound)) for _, sound in sorted(used.items()))


def needed(found: Iterable[Credit]) -> bool:
    """Whether a video with these sounds needs its credits beside it: one of them has a licence that asks for it.

    Sounds that say nothing at all about a licence are mostly a person's own; they alone make no file.
    """
    return any(credit.needed and credit.licence for credit in found)


def text(sheet: CueSheet, lookup: Lookup) -> str:
    """The credits of a video as plain text, one line a sound, grouped by licence; see `written`."""
    return written(PurePosixPath(sheet.video.path.replace("\\", "/")).name, credits(sheet, lookup))


def written(video: str, found: Iterable[Credit]) -> str:
    """The text: first what must be named, then what nobody knows the terms of, then what needs no mention.

    The same sounds give the same text, in whatever order they come.
    """
    groups: dict[str, list[Credit]] = {}
    for credit in found:
        groups.setdefault(credit.licence, []).append(credit)
    if not groups:
        return f"{_BEGINS}{_line(video)}: none.\n"
    parts = [f"{_BEGINS}{_line(video)}{_GOES_ON}"]
    for licence in sorted(groups, key=_rank):
        lines = sorted({_entry(credit) for credit in groups[licence]}, key=str.casefold)
        parts.append("\n".join([_heading(licence), *lines]))
    return "\n\n".join(parts) + "\n"


def is_ours(file: Path) -> bool:
    """Whether a file is a text that `written` made, and may be replaced with its video."""
    try:
        with file.open("rb") as opened:
            first = opened.readline(4 * MAX_CELL + 100).decode("utf-8", errors="replace").rstrip()
    except OSError:
        return False
    return first.startswith(_BEGINS) and first.endswith(_GOES_ON)


def _credit(sound: SoundRef, record: SoundRecord | None) -> Credit:
    told = record or sound
    return Credit(
        sound.library,
        sound.path,
        _line(told.title) or _line(PurePosixPath(sound.path).name),
        _line(told.author),
        _line(told.source_url),
        _line(told.licence),
    )


def _rank(licence: str) -> tuple[int, str]:
    terms = licences.terms(licence)
    return (1 if not terms.known else 0 if terms.credit else 2), licence.casefold()


def _heading(licence: str) -> str:
    if not licence:
        return f"{_UNKNOWN[0].upper()}{_UNKNOWN[1:]}"
    terms, address = licences.terms(licence), licences.address(licence)
    said = [f"{licences.title(licence)}{f' ({address})' if address else ''}"]
    if not terms.known:
        said.append(f"not free to use as it stands: {_ASK}" if licence == licences.RESERVED else _UNKNOWN)
    if terms.non_commercial:
        said.append("not for commercial use")
    if terms.share_alike:
        said.append("share the video under the same licence")
    if terms.no_adaptation:
        said.append(f"a sound set to pictures is an adaptation, which may not be shared: {_ASK}")
    return "; ".join(said)


def _entry(credit: Credit) -> str:
    author = f"by {credit.author}" if credit.author else ""
    if not author and credit.needed:
        author = f"(author not known: {_ASK})"
    return " ".join(part for part in (f"- {credit.title}", author, credit.source_url) if part)


def _line(said: str) -> str:
    """On one line, without anything that a terminal obeys or hides, and no longer than a line should be."""
    plain = "".join(c if c.isprintable() else " " for c in said[: 4 * MAX_CELL])
    return " ".join(plain.split())[:MAX_CELL]
