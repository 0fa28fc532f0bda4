"""`sonify library check`: what is wrong with the sounds of a library."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from sonify.cli.common import Context, Parser, Subparsers, library_option
from sonify.cli.library.opened import opened
from sonify.cli.library.scan import paced
from sonify.cli.output import shown
from sonify.cli.tables import count

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile
    from sonify.library.check import Finding
    from sonify.library.sounds import Library
    from sonify.models.clap.ear import Ear

SHOWN = 10
Found = tuple["Library", "Finding"]


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "check",
        parents=[common],
        help="unreadable, silent, clipped, duplicate and mislabelled sounds, missing licences",
        description="What is wrong with the sounds of a library: unreadable, silent, damaged, near-empty, clipped, "
        "with an offset, duplicate, mislabelled, without a label, a licence or an author. All samples are measured "
        "first, once. The exit code is 1 if a sound is unreadable, silent or damaged; the rest is for you to judge.",
    )
    parser.add_argument("folders", metavar="DIR", nargs="*", help="as with --library")
    parser.add_argument("--listen", action="store_true", help="let CLAP hear which labels are wrong (an extra, slow)")
    parser.add_argument("--all", action="store_true", help=f"name every sound, not only {SHOWN} of each kind")
    library_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.library.check import FAULTS, KINDS

    ear = _ear(context) if args.listen else None
    with opened(args, context, measured=paced(context.progress)) as libraries:
        found = [(library, finding) for library, file in libraries for finding in _findings(file, ear)]
        sounds = sum(stats.sounds + stats.unusable for stats in (file.stats() for _, file in libraries))
    numbers = Counter(finding.kind for _, finding in found)
    kinds = [kind for kind in KINDS if numbers[kind]]
    context.result(
        {
            "sounds": sounds,
            "counts": {kind: numbers[kind] for kind in KINDS},
            "findings": [asdict(finding) | {"library": library.name} for library, finding in found],
            "notes": context.notes,
        },
        f"{count(sounds, 'sound')} checked{'' if found else ': nothing wrong was found'}",
        *(f"{numbers[kind]:>7,}  {kind}" for kind in kinds),
        *(line for kind in kinds for line in _section(kind, found, len(libraries), None if args.all else SHOWN)),
        *(() if ear else ("", "whether they sound like their labels was not heard: --listen does that, with CLAP")),
    )
    return 1 if any(numbers[kind] for kind in FAULTS) else 0


def _section(kind: str, found: list[Found], libraries: int, most: int | None) -> list[str]:
    of_kind = [one for one in found if one[1].kind == kind]
    lines = ["", kind]
    for library, finding in of_kind[:most]:
        place = shown(f"{library.name}: {finding.path}" if libraries > 1 and finding.path else finding.path)
        lines.append("  " + "  ".join(part for part in (place, shown(finding.detail)) if part))
    hidden = len(of_kind) - len(of_kind[:most])
    return [*lines, f"  and {hidden:,} more; --all names them"] if hidden else lines


def _ear(context: Context) -> Ear:
    from sonify.models.clap import load_clap
    from sonify.models.clap.ear import Ear

    return Ear(load_clap(context.settings.model, progress=context.progress), progress=context.progress)


def _findings(file: CatalogFile, ear: Ear | None) -> Iterator[Finding]:
    from sonify.library.check import check_catalog

    return check_catalog(file, _contradicted(file, ear) if ear else {})


def _contradicted(file: CatalogFile, ear: Ear) -> dict[str, str]:
    from sonify.matching.rerank import contradicted, listen

    records = [record for record in file.sounds() if not record.problem]
    found = contradicted(records, listen(records, file.root, ear))
    return {one.path: one.heard for one in found}
