"""`sonify library credits`: whose sounds a cue sheet uses."""

from __future__ import annotations

import argparse
from pathlib import Path, PurePosixPath

from sonify.cli.common import Context, Parser, Subparsers
from sonify.cli.tables import place


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "credits",
        parents=[common],
        help="the text that says whose sounds a video uses",
        description="The sounds that a cue sheet uses, with author, source and licence: a text to publish with the "
        "video. `score` and `render` write it beside every video whose sounds ask for it.",
    )
    parser.add_argument("cues", metavar="CUES", help="a cue sheet, as `sonify suggest` writes it")
    parser.add_argument("-o", "--out", metavar="FILE", help="write the text there (default: print it)")


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from dataclasses import asdict

    from sonify.cues import CueSheet
    from sonify.library.rights import credits
    from sonify.library.rights.known import Known
    from sonify.mix.places import check_writable
    from sonify.pipeline import SoundFinder

    sheet = CueSheet.load(args.cues)
    if args.out:
        check_writable(Path(args.out), Path(sheet.video.path), force=context.force)
    found = credits.credits(sheet, Known(SoundFinder(sheet).roots))
    text = credits.written(PurePosixPath(sheet.video.path).name, found)
    document = {
        "cue_sheet": args.cues,
        "needed": credits.needed(found),
        "sounds": [asdict(credit) | {"credit_needed": credit.needed} for credit in found],
        "text": text,
        "written": args.out,
    }
    if args.out:
        _write(Path(args.out), text)
        context.result(document, place("credits", Path(args.out)))
    else:
        context.result(document, text.rstrip("\n"))
    return 0


def _write(file: Path, text: str) -> None:
    from sonify.errors import RenderError
    from sonify.files import write_text

    try:
        write_text(file, text)
    except OSError as error:
        raise RenderError(f"can't write {file}: {error.strerror}", hint="choose another place") from None
