"""`sonify score`: a video goes in, a scored video comes out."""

from __future__ import annotations

import argparse

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
    stems_option,
    text_name,
    top_option,
)
from sonify.cli.tables import cue_table, place, sheet_document, summary


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "score",
        parents=[common],
        help="score a video: suggest, then render",
        description="Look at a video, choose sounds for it, and write the video with them mixed in. "
        "holiday.mp4 becomes holiday.scored.mp4 and holiday.cues.json beside it.",
    )
    parser.add_argument("video", metavar="VIDEO")
    parser.add_argument("-o", "--out", metavar="FILE", help="where the scored video goes")
    parser.add_argument("--cues", metavar="FILE", help="where the cue sheet goes (default: beside the output)")
    library_option(parser)
    model_option(parser)
    top_option(parser)
    mix_options(parser)
    stems_option(parser)
    rerank_option(parser)
    steering_options(parser)
    licence_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.pipeline import score

    scored = score(
        text_name(args.video),
        args.out,
        cues=args.cues,
        library=args.library or None,
        settings=context.settings,
        stems=args.stems,
        force=context.force,
        progress=context.progress,
    )
    credits = str(scored.credits) if scored.credits else None
    document = {"video": args.video, "scored": str(scored.video), "cue_sheet": str(scored.cues), "credits": credits}
    context.result(
        document | sheet_document(scored.sheet) | {"notes": context.notes},
        cue_table(scored.sheet) if scored.sheet.scenes else "",
        summary(scored.sheet),
        place("video", scored.video),
        place("cue sheet", scored.cues),
        *([place("credits", scored.credits)] if scored.credits else []),
    )
    return 0
