"""`sonify library list`, `info` and `stats`: what there is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from sonify.cli.common import Context, Parser, Subparsers, UsageError, library_option
from sonify.cli.library.filters import filter_of, filter_options
from sonify.cli.library.opened import (
    Opened,
    close,
    fields,
    length,
    library_document,
    open_libraries,
    opened,
    size,
    sound_document,
)
from sonify.cli.output import shown
from sonify.cli.tables import count

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile, CatalogStats, Filter
    from sonify.library.records import SoundRecord
    from sonify.library.sounds import Library

SCREENFUL = 40
Row = tuple["Library", "SoundRecord"]


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the three verbs."""
    listing = subparsers.add_parser(
        "list",
        parents=[common],
        help="the sounds of a library",
        description=f"The sounds of a library, sorted by path: {SCREENFUL} of them, or --all. "
        "With --json all, unless --limit is given.",
    )
    listing.add_argument("--label", metavar="LABEL", help='only sounds with this label: "dog barking"')
    filter_options(listing)
    listing.add_argument("--limit", metavar="N", type=int, help="so many at most")
    listing.add_argument("--all", action="store_true", help="every one of them")
    library_option(listing)
    info = subparsers.add_parser(
        "info",
        parents=[common],
        help="what is known of a sound",
        description="Everything that is known of one sound: what it is and who says so, how it sounds, whose it is.",
    )
    info.add_argument("sound", metavar="SOUND", help="a file, a path inside the library, or a file's name")
    library_option(info)
    stats = subparsers.add_parser(
        "stats",
        parents=[common],
        help="a library in numbers",
        description="How much there is in a library, of which kinds and under which licences.",
    )
    library_option(stats)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does what the verb says."""
    return {"list": _list, "info": _info, "stats": _stats}[args.library_verb](args, context)


def _list(args: argparse.Namespace, context: Context) -> int:
    filter = filter_of(args)
    if args.limit is not None and args.limit < 1:
        raise UsageError(f"--limit {args.limit} lists nothing", hint="give 1 or more, or --all")
    libraries = open_libraries(args, context)
    total = sum(_number(file, filter, args.label) for _, file in libraries)
    limit = args.limit or (total if args.all or context.json else SCREENFUL)
    found = islice(_sounds(libraries, filter, args.label), min(limit, total))
    context.result(
        {
            "libraries": [library_document(library, file) for library, file in libraries],
            "total": total,
            "sounds": (sound_document(library, record) for library, record in found),
        },
        _lines(found, several=len(libraries) > 1),
        _ending(total, limit),
    )
    return 0


def _number(file: CatalogFile, filter: Filter, label: str | None) -> int:
    return sum(entry.count for entry in file.labels(filter) if label is None or entry.text == label)


def _sounds(libraries: Opened, filter: Filter, label: str | None) -> Iterator[Row]:
    """The usable sounds, read as they are asked for; the catalogues are closed at the end."""
    try:
        for library, file in libraries:
            records = file.sounds(filter) if label is None else iter(file.sounds_of(label, filter))
            yield from ((library, record) for record in records if not record.problem)
    finally:
        close(libraries)


def _lines(found: Iterator[Row], *, several: bool) -> Iterator[str]:
    """A line a sound, its path last, so that nothing is cut; the first ones tell how wide the columns are."""
    cells = ([*_cells(record), shown(f"{library.name}: " if several else "") + shown(record.path)]
             for library, record in found)  # fmt: skip
    first = list(islice(cells, SCREENFUL))
    if not first:
        return
    heading = ["length", "kind", "licence", "label", "sound"]
    widths = [max(len(row[column]) for row in [heading, *first]) for column in range(4)]
    for row in chain([heading], first, cells):
        padded = (cell.ljust(width) for cell, width in zip(row[1:4], widths[1:], strict=True))
        yield "  ".join([row[0].rjust(widths[0]), *padded, row[4]])


def _cells(record: SoundRecord) -> list[str]:
    label = record.labels[0].text if record.labels else ""
    return [length(record.duration_s), record.kind, shown(record.licence) or "-", shown(label)]


def _ending(total: int, limit: int) -> str:
    if not total:
        return "there is no such sound that can be used"
    if total > limit:
        return f"\n{limit:,} of {count(total, 'sound')}; --all lists them all"
    return f"\n{count(total, 'sound')}"


def _info(args: argparse.Namespace, context: Context) -> int:
    from sonify.library.search.finding import find_sound

    with opened(args, context, sound=args.sound) as libraries:
        file, record = find_sound([file for _, file in libraries], args.sound)
        library = next(library for library, other in libraries if other is file)
    document = {"library": library_document(library, file), "sound": sound_document(library, record)}
    context.result(document, fields(_told(library, record)))
    return 0


def _told(library: Library, record: SoundRecord) -> list[tuple[str, str]]:
    if record.problem:
        return [
            ("sound", record.path),
            ("library", f"{library.name}: {library.folder}"),
            ("file", size(record.size_bytes)),
            ("problem", record.problem),
        ]
    labels = [f"{label.text} ({label.source}, {label.confidence:.2f})" for label in record.labels]
    channels = {1: "mono", 2: "stereo"}.get(record.channels, f"{record.channels} channels")
    rows = [
        ("sound", record.path),
        ("library", f"{library.name}: {library.folder}"),
        ("label", labels[0] if labels else ""),
        ("or", ", ".join(labels[1:])),
        ("looked for", "; ".join(record.phrases) or "nothing to see: no picture chooses it"),
        ("kind", record.kind),
        ("category", record.category),
        ("title", record.title),
        ("described", record.description),
        ("keywords", record.tags.keywords),
        ("licence", record.licence or "not known"),
        ("author", record.author or "not known"),
        ("from", record.source_url),
        ("file", f"{size(record.size_bytes)}, {record.sample_rate_hz} Hz, {channels}"),
        ("length", length(record.duration_s)),
    ]
    return [*rows, *_measured(record)]


def _measured(record: SoundRecord) -> list[tuple[str, str]]:
    found = record.measures
    if found is None:
        return [("loudness", "not measured yet: `sonify library scan` does that")]
    if found.loudness_lufs is None or found.loudest_3s_lufs is None or found.true_peak_dbtp is None:
        loudness = "silent"
    else:
        loudness = f"{found.loudness_lufs:.1f} LUFS, {found.loudest_3s_lufs:.1f} in its loudest 3 s"
        loudness += f", true peak {found.true_peak_dbtp:.1f} dBTP"
    onsets = ", ".join(f"{onset_s:.2f}" for onset_s in found.onsets_s[:8])
    more = f" and {len(found.onsets_s) - 8} more" if len(found.onsets_s) > 8 else ""
    return [
        ("loudness", loudness),
        ("silence", f"{found.lead_silence_s:.2f} s before, {found.tail_silence_s:.2f} s after"),
        ("onsets", f"{onsets} s{more}" if onsets else "none"),
        ("loops", f"{found.loopability:.2f} (1: without a seam)"),
    ]


def _stats(args: argparse.Namespace, context: Context) -> int:
    with opened(args, context) as libraries:
        numbers = [(library, file, file.stats()) for library, file in libraries]
    from dataclasses import asdict

    context.result(
        {
            "libraries": [
                library_document(library, file)
                | asdict(found)
                | {name: dict(getattr(found, name)) for name in ("kinds", "sources", "licences")}
                for library, file, found in numbers
            ]
        },
        "\n\n".join(fields(_counted(library, file, found)) for library, file, found in numbers),
    )
    return 0


def _counted(library: Library, file: CatalogFile, found: CatalogStats) -> list[tuple[str, str]]:
    unusable = f", {found.unusable:,} that can't be used (`sonify library check`)" if found.unusable else ""
    by_hand = f", {found.by_hand:,} sounds labelled by hand" if found.by_hand else ""
    waiting = found.sounds - found.measured
    return [
        ("library", f"{library.name}: {library.folder}"),
        ("catalogue", "in memory only" if file.in_memory else str(file.path)),
        ("sounds", f"{found.sounds:,}{unusable}"),
        ("length", f"{length(found.duration_s)}, {size(found.size_bytes)}"),
        ("labels", f"{found.labels:,}{by_hand}"),
        (
            "measured",
            "all" if not waiting else f"{found.measured:,} (`sonify library scan` does the other {waiting:,})",
        ),
        ("kinds", _tallied(found.kinds)),
        ("labels from", _tallied(found.sources)),
        ("licences", _tallied(found.licences)),
    ]


def _tallied(numbers: tuple[tuple[str, int], ...]) -> str:
    told = [f"{name or 'not known'} {number:,}" for name, number in numbers[:12]]
    return ", ".join(told) + (f" and {len(numbers) - 12} more" if len(numbers) > 12 else "")
