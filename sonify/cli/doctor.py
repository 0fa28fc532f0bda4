"""`sonify doctor`: what is here, what is missing, and how to get it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from sonify.cli.common import Context, Parser, Subparsers, model_option
from sonify.cli.output import shown
from sonify.progress import Event

if TYPE_CHECKING:
    from rich.table import Table

    from sonify.cli.checks import Finding


def add(subparsers: Subparsers, common: Parser) -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "doctor",
        parents=[common],
        help="say what is here, what is missing, and how to get it",
        description="Check this installation: versions, device, decoder, ffmpeg, model weights, starter sounds. "
        "The exit code is 1 if something that scoring needs is broken.",
    )
    model_option(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does it."""
    from sonify.cli.checks import examine

    findings: list[Finding] = []
    for finding in examine(context.settings):
        findings.append(finding)
        context.progress(Event("examine", len(findings), unit="checks"))
    broken = sum(finding.state == "broken" for finding in findings)
    verdict = f"{broken} broken: sonify can't work before that is mended" if broken else "ready to score"
    context.result({"ready": not broken, "findings": [asdict(f) for f in findings]}, _table(findings), verdict)
    return 1 if broken else 0


def _table(findings: list[Finding]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    styles = {"ok": "green", "warning": "yellow", "missing": "dim", "broken": "bold red"}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("what", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("found", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in findings:
        state = Text(finding.state, style=styles[finding.state])
        table.add_row(finding.what, state, Text(shown(finding.found)), Text(shown(finding.remedy)))
    return table
