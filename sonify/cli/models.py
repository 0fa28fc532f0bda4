"""`sonify models`: which models there are, fetching one, and what one is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from sonify.cli.common import Context, Parser, Subparsers

if TYPE_CHECKING:
    from sonify.models.registry import ModelEntry


def add(subparsers: Subparsers, common: Parser) -> None:
    """Adds the verb with its own verbs list, pull and info."""
    parser = subparsers.add_parser(
        "models",
        parents=[common],
        help="list, fetch and describe the models that look at the picture",
        description="The models that look at the picture. Only `models pull` ever downloads one.",
    )
    inner = parser.add_subparsers(dest="models_verb", metavar="list|pull|info", required=True)
    inner.add_parser(
        "list",
        parents=[common],
        help="our picks, with size, licence, and whether they are on this machine",
        description="Our picks of models. Any other NAME:PRETRAINED of open_clip and hf-hub:ORG/NAME works too.",
    )
    pull = inner.add_parser(
        "pull",
        parents=[common],
        help="download the weights of a model",
        description="Downloads the weights of a model into the cache of the Hugging Face hub (HF_HOME, HF_ENDPOINT).",
    )
    info = inner.add_parser(
        "info",
        parents=[common],
        help="what a model is",
        description="What a model is, and whether its weights are on this machine.",
    )
    for verb in (pull, info):
        verb.add_argument(
            "name", metavar="NAME", help="as in --model: ViT-B-32:datacomp_xl_s13b_b90k, hf-hub:ORG/NAME"
        )


def run(args: argparse.Namespace, context: Context) -> int:
    """Does what the inner verb says."""
    if args.models_verb == "pull":
        return _pull(args.name, context)
    if args.models_verb == "info":
        return _info(args.name, context)
    return _list(context)


def _list(context: Context) -> int:
    from rich.table import Table

    from sonify.models.registry import AUDIO_ENTRIES, ENTRIES, is_present, recommended

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "pick", "about", "here", "licence", "what it is"):
        table.add_column(heading, justify="right" if heading == "about" else "left", overflow="fold")
    entries = (*ENTRIES, *AUDIO_ENTRIES)
    for entry in entries:
        here = "yes" if is_present(entry) else "no"
        table.add_row(entry.name, entry.pick, _megabytes(entry), here, entry.licence, entry.note)
    document = {"models": [_document(entry) for entry in entries], "recommended": recommended().name}
    context.result(document, table, "\nget one with: sonify models pull NAME")
    return 0


def _pull(name: str, context: Context) -> int:
    from sonify.models.pull import pull

    path = pull(name, progress=context.progress, force=context.force)
    context.result({"name": name, "path": str(path), "notes": context.notes}, f"{name} is at {path}")
    return 0


def _info(name: str, context: Context) -> int:
    from sonify.models.describe import describe

    document = describe(name)
    width = max(map(len, document))
    lines = [f"{key.replace('_', ' '):<{width}}  {_shown(value)}" for key, value in document.items()]
    context.result(document, "\n".join(lines))
    return 0


def _document(entry: ModelEntry) -> dict[str, Any]:
    from sonify.models.registry import is_present

    return {
        "name": entry.name,
        "pick": entry.pick,
        "size_bytes": entry.size_bytes,
        "licence": entry.licence,
        "present": is_present(entry),
        "recommended": entry.recommended,
        "note": entry.note,
        "repository": entry.repo,
    }


def _megabytes(entry: ModelEntry) -> str:
    return f"{entry.size_bytes / 1e6:,.0f} MB" if entry.size_bytes else "?"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
