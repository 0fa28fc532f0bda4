"""`sonify demo`: draws the sample film, scores it, and draws what was decided."""

from __future__ import annotations

import argparse
from pathlib import Path

from sonify.cli.common import Context, Parser, Subparsers, library_option, model_option, must_not_exist
from sonify.cli.tables import cue_table, place, sheet_document, summary
from sonify.errors import RenderError


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "demo",
        parents=[common],
        help="draw a sample film, score it, and show what was decided",
        description="Draw a short film by code, score it with the default settings, and draw an overview: "
        "the film's frames, the cues under them, and the sound before and after.",
    )
    parser.add_argument("-o", "--out", metavar="DIR", default="demo", help="where it all goes (default: demo)")
    library_option(parser)
    model_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    folder = Path(args.out)
    film, overview = folder / "film.mp4", folder / "overview.png"
    for file in (film, folder / "film.scored.mp4", folder / "film.cues.json", overview):
        must_not_exist(file, force=context.force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderError(f"can't make the folder {folder}: {error.strerror}", hint="choose another") from None
    from sonify.demo.film import make_film
    from sonify.demo.picture import draw_overview
    from sonify.pipeline import score

    make_film(film, progress=context.progress)
    scored = score(
        film,
        library=args.library or None,
        settings=context.settings,
        force=context.force,
        progress=context.progress,
    )
    draw_overview(scored.sheet, film, overview, audio=scored.video)
    document = {"film": str(film), "scored": str(scored.video), "cue_sheet": str(scored.cues)}
    context.result(
        document | {"overview": str(overview)} | sheet_document(scored.sheet) | {"notes": context.notes},
        cue_table(scored.sheet) if scored.sheet.scenes else "",
        summary(scored.sheet),
        place("film", film),
        place("scored", scored.video),
        place("cue sheet", scored.cues),
        place("overview", overview),
    )
    return 0
