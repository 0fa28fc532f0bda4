"""`sonify library search`: sounds by words, by what they mean, by a sound, by a picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sonify.cli.common import Context, Parser, Subparsers, UsageError, library_option, model_option
from sonify.cli.library.filters import filter_of, filter_options
from sonify.cli.library.opened import length
from sonify.cli.output import shown
from sonify.cli.tables import count

if TYPE_CHECKING:
    from sonify.library.search.answer import SearchHit

LIMIT = 20


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "search",
        parents=[common],
        help="find sounds by words, by what they mean, by a sound or a picture",
        description="Find sounds, best first: by the words in their names and descriptions and by what these mean, "
        "by a sound that they shall be like (needs CLAP), by a picture in which they could be heard. What is given "
        "together is weighed together.",
    )
    parser.add_argument("words", metavar="WORDS", nargs="*", help='what is heard: "glass breaking, heavy"')
    parser.add_argument("--like", metavar="SOUND", help="sounds like this one: a file, or a sound of the library")
    parser.add_argument("--image", metavar="FILE", help="sounds of what is in this picture")
    parser.add_argument("--words-only", action="store_true", help="names and descriptions alone; no model is loaded")
    parser.add_argument("--limit", metavar="N", type=int, default=LIMIT, help=f"so many at most (default: {LIMIT})")
    filter_options(parser)
    library_option(parser)
    model_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    query = " ".join(args.words)
    if not query.strip() and args.like is None and args.image is None:
        raise UsageError("nothing to search for", hint='give words, --like or --image: "glass breaking"')
    if args.limit < 1:
        raise UsageError(f"--limit {args.limit} finds nothing", hint="give 1 or more")
    filter = filter_of(args)
    from sonify.searching import search

    hits = search(
        query,
        like=args.like,
        image=args.image,
        library=args.library or None,
        filter=filter,
        limit=args.limit,
        words_only=args.words_only,
        settings=context.settings,
        progress=context.progress,
    )
    document = {"query": query, "like": args.like, "image": args.image, "sounds": [_document(hit) for hit in hits]}
    several = len({hit.library for hit in hits}) > 1
    ending = f"\n{count(len(hits), 'sound')}" if hits else "no sound is like that"
    context.result(document | {"notes": context.notes}, *_lines(hits, several=several), ending)
    return 0


def _document(hit: SearchHit) -> dict[str, Any]:
    record = hit.record
    return {
        "library": hit.library,
        "path": record.path,
        "label": _label(hit),
        "kind": record.kind,
        "duration_s": record.duration_s,
        "channels": record.channels,
        "licence": record.licence,
        "author": record.author,
        "title": record.title,
        "score": hit.score,
        "why": list(hit.why),
    }


def _lines(hits: list[SearchHit], *, several: bool) -> list[str]:
    """A line a sound, its path last, so that nothing is cut."""
    rows = [["length", "licence", "label", "why", "sound"]] if hits else []
    for hit in hits:
        path = shown(f"{hit.library}: {hit.record.path}" if several else hit.record.path)
        licence = shown(hit.record.licence) or "-"
        rows.append([length(hit.record.duration_s), licence, shown(_label(hit)), ", ".join(hit.why), path])
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    lines = []
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row[1:4], widths[1:], strict=True))
        lines.append("  ".join([row[0].rjust(widths[0]), *padded, row[4]]))
    return lines


def _label(hit: SearchHit) -> str:
    return hit.record.labels[0].text if hit.record.labels else ""
