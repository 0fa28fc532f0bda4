"""Keeps the help texts in docs/cli.md what the program says: `python -m sonify.cli.reference docs/cli.md`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from sonify.cli.program import build

_BLOCK = re.compile(r"<!-- help: ([\w ]+) -->\n```text\n.*?```", re.DOTALL)
_COMMON = "\n\ncommon options:"


def refreshed(text: str) -> str:
    """`text` with each block `<!-- help: VERB -->` filled anew; raises KeyError for a verb that doesn't exist.

    A verb within a verb goes by both their names, `<!-- help: library list -->`, and is shown without the options
    that all have in common.
    """
    parser, verbs, _ = build()
    helps = {"sonify": parser.format_help()}
    for name, verb in verbs.items():
        helps[name] = verb.format_help()
        for action in verb._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner, within in action.choices.items():
                    helps[f"{name} {inner}"] = f"{within.format_help().split(_COMMON)[0].rstrip()}\n"
    return _BLOCK.sub(lambda found: f"<!-- help: {found[1]} -->\n```text\n{helps[found[1]]}```", text)


def main() -> None:
    """Rewrites the documents named on the command line."""
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(refreshed(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
