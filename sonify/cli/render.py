"""`sonify render`: makes the video that a cue sheet describes."""

from __future__ import annotations

import argparse
from pathlib import Path

from sonify.cli.common import (
    Context,
    Parser,
    Subparsers,
    library_option,
    licence_option,
    missing_option,
    mix_options,
    settings_of,
    stems_option,
)
from sonify.cli.tables import count, place


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "render",
        parents=[common],
        help="make the video that a cue sheet describes",
        description="Mix the sounds of a cue sheet onto its video. "
        "Settings are those of the sheet, with the options given here over them.",
    )
    parser.add_argument("cues", metavar="CUES", help="a cue sheet, as `sonify suggest` writes it")
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="where the scored video goes")
    library_option(parser)
    mix_options(parser)
    stems_option(parser)
    missing_option(parser)
    licence_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.cues import CueSheet
    from sonify.library.rights.credits import is_ours
    from sonify.pipeline import credits_beside, render, without_missing

    sheet = CueSheet.load(args.cues)
    settings = settings_of(args, base=sheet.settings)
    if settings.mix.missing == "skip":
        sheet = without_missing(sheet, library=args.library or None, progress=context.progress)
    out = render(
        sheet,
        Path(args.out),
        library=args.library or None,
        settings=settings,
        stems=args.stems,
        force=context.force,
        progress=context.progress,
    )
    credits = credits_beside(out)
    written = is_ours(credits)
    document = {"cue_sheet": args.cues, "scored": str(out), "credits": str(credits) if written else None}
    context.result(
        document | {"cues": len(sheet.cues), "notes": context.notes},
        count(len(sheet.cues), "cue") + " rendered",
        place("video", out),
        *([place("credits", credits)] if written else []),
    )
    return 0
