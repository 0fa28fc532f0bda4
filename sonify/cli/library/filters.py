"""The options that choose among sounds: --kind, --licence, --min-s, --max-s, --channels."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, get_args

from sonify.cli.common import UsageError, licence_option
from sonify.library.records import SoundKind

if TYPE_CHECKING:
    from sonify.library.catalog.file import Filter

KINDS: tuple[SoundKind, ...] = get_args(SoundKind)


def filter_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument(
        "--kind",
        metavar="KIND",
        action="append",
        default=[],
        choices=KINDS,
        help=f"only {', '.join(KINDS[:-1])} or {KINDS[-1]}; may be given more than once",
    )
    licence_option(parser)
    parser.add_argument("--min-s", metavar="S", type=float, help="only sounds of at least so many seconds")
    parser.add_argument("--max-s", metavar="S", type=float, help="only sounds of at most so many seconds")
    parser.add_argument("--channels", metavar="N", type=int, help="only sounds with so many channels")


def filter_of(args: argparse.Namespace) -> Filter:
    """What they say. Raises SettingsError for a licence that isn't known or a length that is no length."""
    from sonify.library.catalog.file import Filter
    from sonify.library.rights.policy import parse

    for name, value in (("--min-s", args.min_s), ("--max-s", args.max_s)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UsageError(f"{name} {value} is not a length", hint="give seconds, such as 1.5")
    if args.min_s is not None and args.max_s is not None and args.min_s > args.max_s:
        raise UsageError(
            f"nothing is longer than {args.min_s:g} s and shorter than {args.max_s:g} s", hint="swap them"
        )
    if args.channels is not None and args.channels < 1:
        raise UsageError(f"--channels {args.channels} is no number of channels", hint="1 is mono, 2 stereo")
    return Filter(tuple(args.kind), parse(getattr(args, "licence", "")).terms, args.min_s, args.max_s, args.channels)
