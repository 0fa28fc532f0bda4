"""The command line: one small file per verb; parse, call, print; no logic.

A verb is a module `sonify.cli.NAME`, named in `sonify.cli.program.VERBS`, with two functions:

    def add(subparsers: Subparsers, common: Parser) -> None:
        parser = subparsers.add_parser("NAME", parents=[common], help=..., description=...)
        parser.add_argument(...)

    def run(args: argparse.Namespace, context: Context) -> int:
        ...
        context.result({...}, table_or_text, ...)
        return 0

`add` is called on every start, so the module imports nothing heavy at its top. `context` (`sonify.cli.common`)
holds the settings, `progress`, and the common options; `context.result` prints either the JSON document or the
human form on stdout. What goes wrong is raised as a SonifyError: `program` makes the one line and the exit code.
"""

from __future__ import annotations

import os

from sonify.cli.interrupts import Interrupts


def main() -> int:
    """The command `sonify`. Returns 0, 1 (it failed), 2 (it was asked wrongly), 130 (Ctrl-C), 143 (SIGTERM)."""
    interrupts = Interrupts()
    try:
        interrupts.watch()  # first of all: loading the rest takes a while
        # Threads that wait for each other by spinning take the decoder's cores; read when torch is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from sonify.cli.program import main as run

        return run(interrupts)
    except KeyboardInterrupt:
        return interrupts.exit_code
