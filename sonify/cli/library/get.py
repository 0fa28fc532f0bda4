"""`sonify library get`: which free libraries there are, and fetching one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonify.cli.common import Context, Parser, Subparsers
from sonify.errors import SettingsError

if TYPE_CHECKING:
    from sonify.library.fetch.get import Plan
    from sonify.library.fetch.table import FetchList

_SHOWN_PROBLEMS = 10


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "get",
        parents=[common],
        help="fetch a well-known free library",
        description="Fetches a well-known free library: ESC-50, FSD50K, a Freesound pack, sounds of the BBC. Says "
        "size and licence first. Without a name it lists what there is. Broken off, it goes on where it was.",
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="which: esc50, fsd50k, freesound:NUMBER, bbc")
    parser.add_argument("--to", metavar="DIR", help="the library becomes DIR/NAME (default: in your data folder)")
    parser.add_argument("--yes", action="store_true", help="don't ask before a large download")
    parser.add_argument("--only", metavar="WORDS", default="", help="only sounds described by these words (bbc)")
    parser.add_argument("--limit", metavar="N", type=int, default=0, help="at most so many sounds (freesound, bbc)")
    parser.add_argument("--index", metavar="FILE", help="a table of the BBC's sounds, instead of asking it (bbc)")


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    if args.name is None:
        return _list(context)
    from sonify.library.fetch.get import get, plan

    if args.limit < 0:
        raise SettingsError(f"--limit {args.limit} is below 0", hint="give the most that you want, or 0 for all")
    what = plan(
        args.name,
        Path(args.to) if args.to else None,
        only=args.only,
        limit=args.limit,
        index=Path(args.index) if args.index else None,
        force=context.force,
    )
    if not _agreed(what, context, yes=args.yes, quiet=getattr(args, "quiet", False)):
        context.result({**_plan(what), "fetched": False, "notes": context.notes}, "nothing was fetched")
        return 1
    done = get(what, force=context.force, progress=context.progress)
    document = {
        **_plan(what),
        "fetched": True,
        "sounds": done.sounds,
        "labels": done.labels,
        "problems": list(done.problems),
        "notes": context.notes,
    }
    more = len(done.problems) - _SHOWN_PROBLEMS
    context.result(
        document,
        *(f"problem: {problem}" for problem in done.problems[:_SHOWN_PROBLEMS]),
        *([f"and {more} more problems; --json names them all"] if more > 0 else []),
        f"{what.title}: {_count(done.sounds, 'sound')} of {_count(done.labels, 'label')} in {done.folder}",
        f"use them with: --library {done.folder}",
    )
    return 0


def _list(context: Context) -> int:
    from rich.table import Table

    from sonify.library.fetch.get import is_here
    from sonify.library.fetch.table import lists

    here = {entry.name: is_here(entry) for entry in lists()}
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "download", "here", "sounds", "licence", "what it is"):
        table.add_column(heading, justify="right" if heading in ("download", "sounds") else "left", overflow="fold")
    for entry in lists():
        size = _size(entry.download_bytes) if entry.download_bytes else "by choice"
        known = ("yes" if here[entry.name] else "no", f"{entry.sounds:,}") if entry.archives else ("", "")
        table.add_row(_called(entry), size, *known, _licence(entry), entry.about)
    document = {"libraries": [_document(entry) | {"here": here[entry.name]} for entry in lists()]}
    context.result(document, table, "\nget one with: sonify library get NAME")
    return 0


def _agreed(what: Plan, context: Context, *, yes: bool, quiet: bool) -> bool:
    """Says what it takes; asks on a terminal. Raises SettingsError where nobody can be asked."""
    if what.here:
        return True
    size = f"{'' if what.exact else 'about '}{_size(what.download_bytes)}"
    lines = [
        f"{what.title}: {size} to download, at most {_size(what.room_bytes)} of disk ({_size(what.free_bytes)} free)",
        f"goes to {what.folder}",
        f"licence: {what.licence} ({what.entry.page})",
    ]
    if what.entry.terms:
        lines.append(f"terms: {what.entry.terms}")
    for line in lines:
        context.progress(_said(line))
    if yes or not what.big:
        return True
    if quiet or not sys.stdin.isatty() or not sys.stderr.isatty():
        raise SettingsError(f"{what.name} is {size}, and nobody can be asked", hint="pass --yes to fetch it")
    context.progress(_said("fetch it? type y and Enter; anything else leaves it"))
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _said(text: str) -> Any:
    from sonify.progress import Event

    return Event("get", note=text)


def _plan(what: Plan) -> dict[str, Any]:
    return {
        "name": what.name,
        "title": what.title,
        "folder": str(what.folder),
        "licence": what.entry.licence,
        "licences_of_their_own": what.entry.mixed,
        "page": what.entry.page,
        "download_bytes": what.download_bytes,
        "exact": what.exact,
        "room_bytes": what.room_bytes,
        "here": what.here,
    }


def _document(entry: FetchList) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "about": entry.about,
        "licence": entry.licence,
        "licences_of_their_own": entry.mixed,
        "page": entry.page,
        "sounds": entry.sounds,
        "download_bytes": entry.download_bytes,
        "unpacked_bytes": entry.unpacked_bytes,
        "terms": entry.terms,
    }


def _called(entry: FetchList) -> str:
    return f"{entry.name}:NUMBER" if entry.numbered else entry.name


def _licence(entry: FetchList) -> str:
    if not entry.licence:
        return "each its own"
    return f"{entry.licence}, each its own" if entry.mixed else entry.licence


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.1f} MB"
