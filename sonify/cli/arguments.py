"""File names that look like options.

argparse takes `-x.mp4` for options `-x`, `-.`, ...; a person means the file. Names that begin with '-' become
`./-x.mp4`, which means the same file everywhere.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from sonify.cli.common import Parser


def plain_names(argv: Sequence[str], parser: Parser) -> list[str]:
    """`argv` with './' before file names that begin with '-', as seen by the verb's `parser`."""
    takes_value = _options(parser)
    out: list[str] = []
    value_next = False
    for index, word in enumerate(argv):
        if word == "--" and not value_next:
            rest = [f"./{name}" if name.startswith("-") else name for name in argv[index + 1 :]]
            return [*out, "--", *rest]
        known = word.split("=", 1)[0] in takes_value
        is_name = word.startswith("-") and len(word) > 1 and not known
        if is_name and (value_next or os.path.lexists(word)):
            word = f"./{word}"
        out.append(word)
        value_next = known and not value_next and "=" not in word and takes_value[word]
    return out


def option_names(parser: Parser) -> list[str]:
    """The options that `parser` and the verbs within it know."""
    return sorted(_options(parser))


def _options(parser: argparse.ArgumentParser) -> dict[str, bool]:
    """Every option, and whether a value follows it."""
    found: dict[str, bool] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                found |= _options(inner)
        for name in action.option_strings:
            found[name] = action.nargs != 0
    return found
