"""`sonify library`: what there is to do with folders of sounds, one file per verb within it.

A verb within it is a module `sonify.cli.library.NAME`, named in MODULES below, with `add(subparsers, common)` and
`run(args, context)` just as the verbs of `sonify.cli` have them. Each declares `--library` for itself, through
`sonify.cli.common.library_option`.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType

from sonify.cli.common import Context, Parser, Subparsers

# In the order of the help. A module may declare more than one verb: `args.library_verb` says which was meant.
MODULES: tuple[str, ...] = ("scan", "listing", "check", "label", "credits", "search", "get")


def add(subparsers: Subparsers, common: Parser) -> None:
    """Adds the verb with its own verbs."""
    parser = subparsers.add_parser(
        "library",
        parents=[common],
        help="scan, list, search, check and label folders of sounds",
        description="Folders of sounds: what is in them, what it means, and under which licence. "
        "Without --library these verbs look at the starter sounds.",
    )
    inner = parser.add_subparsers(dest="library_verb", metavar="VERB", required=True)
    for name in MODULES:
        module = _module(name)
        before = set(inner.choices)
        module.add(inner, common)
        for verb in set(inner.choices) - before:
            inner.choices[verb].set_defaults(library_module=name)


def run(args: argparse.Namespace, context: Context) -> int:
    """Does what the inner verb says."""
    code: int = _module(args.library_module).run(args, context)
    return code


def _module(name: str) -> ModuleType:
    return import_module(f"sonify.cli.library.{name}")
