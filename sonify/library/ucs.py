"""Names after the Universal Category System: CatID(-user)_(vendor-)FXName_Creator_Source(_more).

`ucs.csv` has the 752 categories of version 8.2.1 (universalcategorysystem.com, CC0) with labels of our own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sonify.cues import Kind
from sonify.library.names import clean
from sonify.library.phrases import known, look
from sonify.library.words import singular, word_set

# Categories that gather what has no own one: there the title says more.
_VAGUE = word_set("animal vehicle instrument creature machine tool sport aircraft bird")
_TABLE = Path(__file__).with_name("ucs.csv")


@dataclass(frozen=True)
class Category:
    """One category: `kind` is "" where the label's own kind holds; `blind` ones have nothing to see."""

    label: str
    kind: Kind | None
    blind: bool


@dataclass(frozen=True)
class Named:
    """What a UCS name says: a label, its category and who made the sound."""

    label: str
    category: Category
    author: str


def parse(stem: str) -> Named | None:
    """Reads a file name without its suffix; None when it doesn't begin with a category."""
    blocks = stem.split("_")
    category = categories().get(blocks[0].split("-")[0])
    if category is None or len(blocks) < 2:
        return None
    author = blocks[2].strip() if len(blocks) > 2 else ""
    return Named(_label(category, clean(blocks[1])), category, author)


def _label(category: Category, title: str) -> str:
    """The category's own label, or the entry that the title names when it is another one of that category."""
    if not title or category.blind:
        return category.label or title
    own = look(category.label)
    open_to_all = category.kind is None and _stems(category.label) & _VAGUE
    for said in (title, f"{category.label} {title}"):
        named = known(said)
        if named is None or named.phrases in ((), own.phrases):
            continue
        related = _stems(named.key) & _stems(category.label) or set(own.phrases) & set(named.phrases)
        if related or open_to_all:
            return named.key
    return category.label


def _stems(label: str) -> set[str]:
    return {singular(word) for word in label.split()}


@cache
def categories() -> dict[str, Category]:
    """All categories by CatID."""
    with _TABLE.open(encoding="utf-8", newline="") as lines:
        return {
            row["catid"]: Category(
                row["label"], "ambience" if row["kind"] == "ambience" else None, row["phrases"] == "-"
            )
            for row in csv.DictReader(lines)
        }
