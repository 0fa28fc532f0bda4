"""`sonify doctor`: what is here, what is missing, and how to get it."""

from __future__ import annotations

import argparse

from sonify.cli.common import Context, Parser, Subparsers


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    subparsers.add_parser(
        "doctor",
        parents=[common],
        help="say what is here, what is missing, and how to get it",
        description="Check this installation: versions, device, decoder, ffmpeg, model weights, starter sounds. "
        "The exit code is 1 if something that scoring needs is broken.",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    raise NotImplementedError
