"""`sonify suggest`: writes the cue sheet, no media."""

from __future__ import annotations

import argparse
from pathlib import Path

from sonify.cli.common import (
    Context,
    Parser,
    Subparsers,
    UsageError,
    library_option,
    licence_option,
    model_option,
    rerank_option,
    steering_options,
    text_name,
    top_option,
)
from sonify.cli.tables import cue_table, place, sheet_document, summary


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "suggest",
        parents=[common],
        help="write the cue sheet of a video; no media is written",
        description="Look at a video, choose sounds for it, and write the cue sheet. "
        "Edit it, then make the video with `sonify render`.",
    )
    parser.add_argument("video", metavar="VIDEO")
    parser.add_argument(
        "-o", "--out", metavar="FILE", help="where the cue sheet goes (default: VIDEO's name with .cues.json)"
    )
    parser.add_argument(
        "--debug-video", metavar="FILE", help="draw what is seen over the video: maps, boxes, pan and gain (an MP4)"
    )
    library_option(parser)
    model_option(parser)
    top_option(parser)
    rerank_option(parser)
    steering_options(parser)
    licence_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    video = text_name(args.video)
    out = Path(args.out) if args.out else video.with_name(f"{video.stem}.cues.json")
    from sonify.mix.places import check_writable
    from sonify.pipeline import suggest

    check_writable(out, video, force=context.force)
    places = {"cue_sheet": str(out)}
    if args.debug_video:
        from sonify.debug_video import check, draw
        from sonify.pipeline import Session

        debug = text_name(args.debug_video)
        if debug.absolute() == out.absolute():
            raise UsageError(f"{out} can't be the cue sheet and the debug video", hint="name two files")
        check(debug, video, force=context.force)
        session = Session(library=args.library or None, settings=context.settings, progress=context.progress)
        sheet = session.suggest(video)
        sheet.save(out, force=context.force)
        places["debug_video"] = str(draw(session, sheet, debug, force=context.force))
    else:
        sheet = suggest(video, library=args.library or None, settings=context.settings, progress=context.progress)
        sheet.save(out, force=context.force)
    context.result(
        {"video": args.video} | places | sheet_document(sheet) | {"notes": context.notes},
        cue_table(sheet) if sheet.scenes else "",
        summary(sheet),
        *(place(name.replace("_", " "), Path(file)) for name, file in places.items()),
    )
    return 0
