"""`sonify eval`: how often the sounds are right, beside simpler methods."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sonify.cli.common import (
    Context,
    Parser,
    Subparsers,
    UsageError,
    library_option,
    licence_option,
    model_option,
    must_not_exist,
    nearest,
)
from sonify.cli.output import shown

if TYPE_CHECKING:
    from rich.table import Table

    from sonify.evaluation.tables import Table as Numbers

PICTURES = 6


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "eval",
        parents=[common],
        help="measure how often the sounds are right, beside simpler methods",
        description="Run the pipeline and its baselines on clips of which the right answers are known, and print how "
        "often each is right, with 95 %% intervals. docs/eval.md explains the manifest and each number.",
    )
    parser.add_argument("manifest", metavar="MANIFEST", help="a CSV with the columns file and accept, at least")
    library_option(parser)
    model_option(parser)
    licence_option(parser)
    parser.add_argument("--report", metavar="FILE", help="write a page that shows each clip, too")
    parser.add_argument(
        "--without",
        metavar="PART",
        action="append",
        default=[],
        help="one more row: the pipeline without this part; may be given more than once, `all`: each of them",
    )
    parser.add_argument(
        "--defects", action="store_true", help="more rows: the prototype with each of its defects mended"
    )
    parser.add_argument("--no-baselines", action="store_true", help="the pipeline alone, in half the time")


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    manifest = Path(args.manifest)
    report = Path(args.report) if args.report else None
    if report:
        must_not_exist(report, force=context.force)
        if report.absolute() == manifest.absolute():
            raise UsageError("the report would replace the manifest", hint="give it another name")
    from sonify.evaluation.ablation import PARTS
    from sonify.evaluation.manifest import read_manifest
    from sonify.evaluation.run import evaluate
    from sonify.evaluation.tables import document, failed, said, tables

    parts = list(PARTS) if "all" in args.without else list(dict.fromkeys(args.without))
    for name in parts:
        if name not in PARTS:
            raise UsageError(f"there is no part {name!r} to do without", hint=nearest(name, PARTS))
    evaluation = evaluate(
        read_manifest(manifest),
        library=args.library or None,
        settings=context.settings,
        without={f"without {name}": PARTS[name].take for name in parts},
        defects=args.defects,
        baselines=not args.no_baselines,
        pictures=PICTURES if report else 0,
        progress=context.progress,
    )
    if report:
        from sonify.evaluation.report import page
        from sonify.files import write_text

        must_not_exist(report, force=context.force)
        write_text(report, page(evaluation, manifest.name))
    wrong = failed(evaluation.clips)
    context.result(
        {"manifest": args.manifest, "report": args.report} | document(evaluation) | {"notes": context.notes},
        *(_drawn(table) for table in tables(evaluation)),
        *(f"failed     {shown(file)}: {shown(why)}" for file, why in wrong),
        shown(said(evaluation)),
        *([f"report     {shown(report)}"] if report else []),
    )
    return 1 if wrong else 0


def _drawn(numbers: Numbers) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from sonify.evaluation.tables import cell

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(numbers.title, no_wrap=True)
    for measure in numbers.measures:
        table.add_column(measure.title, justify="right")
    for name, cells in numbers.rows:
        signed = " against " in name
        if signed:
            table.add_section()
        shown_cells = (cell(m, found, signed=signed) for m, found in zip(numbers.measures, cells, strict=True))
        table.add_row(Text(shown(name)), *(Text(text) for text in shown_cells))
    return table
