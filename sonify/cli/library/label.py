"""`sonify library label`: a person's word for what a sound is."""

from __future__ import annotations

import argparse

from sonify.cli.common import Context, Parser, Subparsers, UsageError, library_option
from sonify.cli.library.opened import fields, library_document, opened, sound_document
from sonify.cli.output import shown


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "label",
        parents=[common],
        help="say what a sound is; a person's word beats everything",
        description='Say what a sound is: sonify library label rex_03.wav "dog barking". That beats names, tags and '
        "tables. It holds for the sound itself: wherever it is moved, whatever it is called, and for its copies.",
    )
    parser.add_argument("sound", metavar="SOUND", help="a file, a path inside the library, or a file's name")
    parser.add_argument("label", metavar="LABEL", nargs="?", help='what it is, in plain words: "dog barking"')
    parser.add_argument("--remove", action="store_true", help="take a person's label away again")
    library_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.errors import LibraryError
    from sonify.library.search.finding import find_sound

    if args.remove == (args.label is not None):
        raise UsageError(
            "a label, or --remove, not both" if args.remove else "no label",
            hint='sonify library label SOUND "dog barking", or sonify library label SOUND --remove',
        )
    if args.label is not None and not args.label.strip():
        raise UsageError("the label is empty", hint="--remove takes a label away")
    with opened(args, context, sound=args.sound) as libraries:
        file, record = find_sound([file for _, file in libraries], args.sound)
        library = next(library for library, other in libraries if other is file)
        if record.problem:
            what = f"{shown(record.path)} can't be used ({record.problem})"
            raise LibraryError(what, hint="mend or replace the file, then label it")
        file.set_person_label(record.path, args.label or "")
        record = file.sound(record.path) or record
        lasting = not file.in_memory
    label = record.labels[0]
    rows = [
        ("sound", record.path),
        ("label", f"{label.text} ({label.source})"),
        ("kind", record.kind),
        ("looked for", "; ".join(record.phrases) or "nothing to see: no picture chooses it"),
        ("", "" if lasting else "this is forgotten again: the catalogue can't be written"),
    ]
    context.result(
        {"library": library_document(library, file), "sound": sound_document(library, record)}, fields(rows)
    )
    return 0
