"""`sonify library scan`: has folders of sounds understood, once; later only what has changed."""

from __future__ import annotations

import argparse
import time
from collections import deque
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sonify.cli.common import Context, Parser, Subparsers, library_option
from sonify.cli.library.opened import length, library_document, size
from sonify.cli.output import shown
from sonify.cli.tables import count
from sonify.errors import LibraryError
from sonify.progress import Event, Progress, note

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile
    from sonify.library.sounds import Library

_SHOWN_PROBLEMS = 10
# The rate is that of so many seconds.
_WINDOW_S = 20.0


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "scan",
        parents=[common],
        help="look through folders of sounds, and measure them",
        description="Looks through folders of sounds: what they are, who made them, how loud and how long they are. "
        "Later runs look only at what has changed. It may be stopped at any moment; the next run goes on from there.",
    )
    parser.add_argument("folders", metavar="DIR", nargs="*", help="folders of sounds (default: the starter sounds)")
    parser.add_argument(
        "--portable", action="store_true", help="keep the catalogue beside the sounds, in DIR/.sonify"
    )
    parser.add_argument("--quick", action="store_true", help="names, tags and headers only; measure another time")
    library_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Scans one folder after the other; one that can't be scanned doesn't keep the others from it."""
    from sonify.library.scan import libraries_of, refreshed

    failed: list[dict[str, str]] = []
    documents = []
    for library in libraries_of([*args.folders, *args.library]):
        try:
            progress = paced(context.progress)
            file = refreshed(library, measured=not args.quick, portable=args.portable, progress=progress)
        except LibraryError as error:
            failed.append({"folder": str(library.folder), "message": str(error)})
            note(context.progress, "library", f"failed: {error}")
            continue
        with file:
            documents.append(_document(library, file))
            if not context.json:
                context.result({}, _text(library, file))
    if context.json:
        context.result({"libraries": documents, "failed": failed, "notes": context.notes})
    return 1 if failed else 0


def paced(progress: Progress) -> Progress:
    """The same progress, with the rate and the time left in its unit."""
    told: deque[tuple[float, str, float]] = deque()

    def show(event: Event) -> None:
        now_s = time.monotonic()
        if event.note or not event.total:
            progress(event)
            return
        if told and told[-1][1] != event.stage:
            told.clear()
        told.append((now_s, event.stage, event.done))
        while len(told) > 2 and now_s - told[0][0] > _WINDOW_S:
            told.popleft()
        passed_s, came = now_s - told[0][0], event.done - told[0][2]
        if came > 0 and passed_s > 0:
            left = _left((event.total - event.done) * passed_s / came)
            event = replace(event, unit=f"{event.unit}, {came / passed_s:,.0f}/s, {left} left")
        progress(event)

    return show


def _left(time_s: float) -> str:
    if time_s < 90:
        return f"{time_s:.0f} s"
    minutes = round(time_s / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _document(library: Library, file: CatalogFile) -> dict[str, Any]:
    stats = asdict(file.stats())
    return library_document(library, file) | {
        "changes": asdict(file.changes),
        "stats": {name: dict(value) if isinstance(value, tuple) else value for name, value in stats.items()},
        "problems": list(file.problems()),
    }


def _text(library: Library, file: CatalogFile) -> str:
    """What was found, in a few lines."""
    stats, changes = file.stats(), file.changes
    changed = [
        f"{number:,} {word}"
        for number, word in (
            (changes.new - changes.moved, "new"),
            (changes.changed, "changed"),
            (changes.moved, "moved"),
            (changes.gone - changes.moved, "gone"),
        )
        if number
    ]
    lines = [
        f"{shown(library.folder)}",
        f"  {count(stats.sounds, 'sound')} under {count(stats.labels, 'label')}, {length(stats.duration_s)}, "
        f"{size(stats.size_bytes)}",
        f"  {', '.join(changed) or 'nothing has changed'}; {stats.measured:,} measured",
    ]
    problems = file.problems()
    if problems:
        lines.append(f"  {len(problems):,} could not be used:")
        lines += [f"    {shown(problem)}" for problem in problems[:_SHOWN_PROBLEMS]]
        more = len(problems) - _SHOWN_PROBLEMS
        lines += [f"    and {more:,} more; `sonify library check` names them all"] if more > 0 else []
    return "\n".join(lines)
