"""`sonify batch`: scores every video of a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.cli.common import (
    Context,
    Parser,
    Subparsers,
    library_option,
    licence_option,
    mix_options,
    model_option,
    rerank_option,
    steering_options,
)
from sonify.cli.output import shown
from sonify.cli.tables import count, place

if TYPE_CHECKING:
    from rich.table import Table

    from sonify.batch.folder import BatchReport


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "batch",
        parents=[common],
        help="score every video of a folder",
        description="Score every video below a folder, one after another, into the same tree below --out. "
        "A file that fails is reported and skipped; a second run does only what is missing. "
        "batch.json in --out says what became of each file. The exit code is 1 if any failed.",
    )
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="where the scored videos go")
    library_option(parser)
    model_option(parser)
    mix_options(parser)
    rerank_option(parser)
    steering_options(parser)
    licence_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.batch.folder import batch

    report = batch(
        Path(args.folder),
        Path(args.out),
        library=args.library or None,
        settings=context.settings,
        force=context.force,
        progress=context.progress,
    )
    made, there, failed = (report.count(state) for state in ("scored", "present", "failed"))
    credited = sum(bool(file.credits) for file in report.files)
    context.result(
        report.document() | {"notes": context.notes},
        _table(report) if report.files else "",
        f"{count(len(report.files), 'video')}: {made} scored, {there} there already, {failed} failed",
        place("report", report.file),
        *([f"{count(credited, 'video')} with credits to publish beside: NAME.credits.txt"] if credited else []),
    )
    return 1 if failed else 0


def _table(report: BatchReport) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("video", overflow="fold")
    table.add_column("state", no_wrap=True)
    table.add_column("cues", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for file in report.files:
        cells = [file.video, file.state, "" if file.cues is None else str(file.cues), file.reason]
        table.add_row(*(Text(shown(cell)) for cell in cells))
    return table
