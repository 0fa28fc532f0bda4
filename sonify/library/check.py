"""What is wrong with the sounds of a library, from what the catalogue knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from sonify.library.catalog.file import CatalogFile
from sonify.library.records import Measures, SoundRecord
from sonify.library.refresh.walk import shown
from sonify.library.rights import licences

FindingKind = Literal[
    "unreadable",
    "silent",
    "damaged",
    "near-empty",
    "clipped",
    "offset",
    "duplicate",
    "mislabelled",
    "unlabelled",
    "licence missing",
    "licence unclear",
    "credit missing",
    "not measured",
    "folder or table",
]
KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
# What can't be heard, or not as it was meant; the rest is worth knowing.
FAULTS: tuple[FindingKind, ...] = ("unreadable", "silent", "damaged")

# Under the noise of nearly every recording, as in measure.py.
SILENT_DBTP = -60.0
# Shorter than any single hit of the starter sounds and of ESC-50.
LEAST_HEARD_S = 0.03
# So little of a file is heard that most of it is waiting.
LEAST_HEARD_SHARE = 0.05
# Such a part of all samples stands in runs at full scale. Of 171 recordings from the field 8 have over 0.2 %, loud
# cows and alarms that were recorded too hot, and none has between 0.06 and 0.2 %.
CLIPPED_SHARE = 1e-3
# -40 dBFS: a click at every start and end.
OFFSET = 0.01
# The label of a sound of which nothing is known, and the least confidence of one that a name gives.
UNNAMED = "unnamed"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one sound. path: inside the library; detail: "" when the kind says all."""

    kind: FindingKind
    path: str
    detail: str = ""


@dataclass
class Checker:
    """Looks at sounds one after another; it keeps of each only what finds its duplicates.

    contradicted: paths of sounds whose label the audio contradicts, with what is heard instead; whoever has an
    audio-text model finds them.
    """

    contradicted: Mapping[str, str] = field(default_factory=dict)
    sounds: int = 0
    _first: dict[bytes, str] = field(default_factory=dict)

    def look(self, record: SoundRecord) -> Iterator[Finding]:
        """What is wrong with this one."""
        self.sounds += 1
        if record.problem:
            yield Finding("unreadable", record.path, record.problem)
            return
        if record.measures is None:
            yield Finding("not measured", record.path)
        else:
            yield from _samples(record, record.measures)
        yield from self._duplicate(record)
        yield from self._label(record)
        yield from _licence(record)

    def _duplicate(self, record: SoundRecord) -> Iterator[Finding]:
        if record.content_hash:
            first = self._first.setdefault(bytes.fromhex(record.content_hash), record.path)
            if first != record.path:
                yield Finding("duplicate", record.path, f"the same as {first}")

    def _label(self, record: SoundRecord) -> Iterator[Finding]:
        heard = self.contradicted.get(record.path)
        if heard:
            yield Finding("mislabelled", record.path, f"labelled {record.labels[0].text!r}, sounds like {heard!r}")
        if not record.labels or record.labels[0].text == UNNAMED:
            yield Finding("unlabelled", record.path)


def check_catalog(file: CatalogFile, contradicted: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What is wrong with the sounds of a catalogue, then with its folders and tables, which have no path."""
    checker, told = Checker(contradicted or {}), set()
    for record in file.sounds():
        if record.problem:
            told.add(f"{shown(file.root / record.path)}: {record.problem}")
        yield from checker.look(record)
    for line in file.problems():
        if line not in told:
            yield Finding("folder or table", "", line)


def check(records: Iterable[SoundRecord], contradicted: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What is wrong with these sounds, in their order; see Checker."""
    checker = Checker(contradicted or {})
    for record in records:
        yield from checker.look(record)


def _samples(record: SoundRecord, measures: Measures) -> Iterator[Finding]:
    peak = measures.true_peak_dbtp
    if measures.not_finite:
        yield Finding("damaged", record.path, "some of its samples are no numbers")
    if peak is None or peak < SILENT_DBTP:
        yield Finding("silent", record.path, "" if peak is None else f"its peak is {peak:.0f} dBTP")
        return
    heard_s = max(record.duration_s - measures.lead_silence_s - measures.tail_silence_s, 0.0)
    if heard_s < LEAST_HEARD_S or heard_s < LEAST_HEARD_SHARE * record.duration_s:
        yield Finding("near-empty", record.path, f"{_seconds(heard_s)} of {_seconds(record.duration_s)} are heard")
    if measures.clipped_share > CLIPPED_SHARE:
        yield Finding("clipped", record.path, f"{_percent(measures.clipped_share)} of it at full scale")
    if abs(measures.dc) > OFFSET:
        yield Finding("offset", record.path, f"its zero lies at {measures.dc:+.3f}")


def _licence(record: SoundRecord) -> Iterator[Finding]:
    if not record.licence:
        yield Finding("licence missing", record.path)
    elif not licences.is_known(record.licence):
        yield Finding("licence unclear", record.path, record.licence)
    elif licences.needs_credit(record.licence) and not record.author:
        yield Finding("credit missing", record.path, f"{record.licence} asks for credit, and no author is known")


def _seconds(length_s: float) -> str:
    return f"{length_s:.2f} s" if length_s < 10 else f"{length_s:.0f} s"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
