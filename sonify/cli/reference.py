"""Keeps the help texts in docs/cli.md what the program says: `python -m sonify.cli.reference docs/cli.md`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sonify.cli.program import build

_BLOCK = re.compile(r"<!-- help: (\w+) -->\n```text\n.*?```", re.DOTALL)


def refreshed(text: str) -> str:
    """`text` with each block `<!-- help: VERB -->` filled anew; raises KeyError for a verb that doesn't exist."""
    parser, verbs, _ = build()
    helps = {"sonify": parser.format_help()} | {name: verb.format_help() for name, verb in verbs.items()}
    return _BLOCK.sub(lambda found: f"<!-- help: {found[1]} -->\n```text\n{helps[found[1]]}```", text)


def main() -> None:
    """Rewrites the documents named on the command line."""
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(refreshed(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
