"""Names and categories after the Universal Category System.

A name is CatID(-user)_(vendor-)FXName_Creator_Source(_more); a CatID with spaces after it will do too. `ucs.csv` has
the 752 categories of version 8.2.1 (universalcategorysystem.com, CC0) with labels and words of our own.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from sonify.library.labels.names import clean
from sonify.library.labels.phrases import known, look
from sonify.library.labels.words import plain, singular, word_set, words
from sonify.library.records import SoundKind

# Categories that gather what has no own one: there the title says more.
_VAGUE = word_set(
    """
    animal vehicle instrument creature machine tool sport aircraft bird reptile rodent insect fowl monkey seabird
    songbird household emergency object furniture equipment percussion voice
    """
)
_TABLE = Path(__file__).with_name("ucs.csv")


@dataclass(frozen=True)
class Category:
    """One category: `kind` is None where the label's own kind holds; `blind` ones have nothing to see."""

    catid: str
    category: str
    subcategory: str
    label: str
    kind: SoundKind | None
    blind: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """What a UCS name says: a label, its category, the title as it is written, and who made the sound."""

    label: str
    category: Category
    title: str
    author: str


def parse(stem: str) -> Named | None:
    """Reads a file name without its suffix; None when it doesn't begin with a category."""
    blocks = stem.split("_")
    category = categories().get(blocks[0].split("-")[0].strip())
    if category is None and " " in blocks[0]:
        catid, rest = blocks[0].split(" ", 1)
        # "RAIN on roof" and "WIND" are words.
        category = None if catid.isupper() else categories().get(catid)
        blocks = [catid, rest, *blocks[1:]]
    if category is None or (len(blocks) < 2 and category.catid.isupper()):
        return None
    title = blocks[1].strip() if len(blocks) > 1 else ""
    # The number of a take is nobody.
    author = blocks[2].strip() if len(blocks) > 2 and not blocks[2].strip().isdigit() else ""
    return Named(label_of(category, clean(title)), category, title, author)


def find(text: str) -> Category | None:
    """The category that a tag or a cell means: "DOORWood", "DOORS-WOOD", "Doors / Wood"; None when it is none.

    A category without its subcategory ("doors") is too little to go by.
    """
    return _spelled().get("".join(words(text)))


@lru_cache(maxsize=4096)
def category_of(label: str, *, bed: bool = False) -> str:
    """The CatID that fits a label best, by the table's words and those of `phrases.csv`; "" when none does.

    bed: the label is that of a bed, so that a place's category comes before an emitter's.
    """
    index = _index()
    own = _stem(label)
    if own in index and not bed:
        return index[own]
    found = known(label, bed=bed)
    if found is None:
        return ""
    # The entry itself, what is looked for alike, else the longest of its words, the label's at last.
    by_key = index.get(_stem(found.key)) or (found.phrases and _by_phrases().get(found.phrases))
    return by_key or _longest(_stem(found.key)) or _longest(own)


def label_of(category: Category, title: str) -> str:
    """The category's own label, or the entry that the title names when it is another one of that category."""
    if not title or category.blind:
        return category.label or title
    own = look(category.label)
    open_to_all = category.kind != "ambience" and _stems(category.label) & _VAGUE
    head = category.label.split()[-1]
    partial = {f"{head} {title}"} - {f"{category.label} {title}"}
    for said in (title, f"{category.label} {title}", *partial):
        named = known(said)
        # With only a part of the category's label, a part of the title is too little to go by.
        if named is None or (said in partial and not named.certain) or named.phrases in ((), own.phrases):
            continue
        related = _stems(named.key) & _stems(category.label) or own.phrases[:1] == named.phrases[:1]
        if related or open_to_all:
            return named.key
    return category.label


def _stems(label: str) -> set[str]:
    return set(_stem(label))


def _stem(label: str) -> tuple[str, ...]:
    return tuple(singular(plain(word)) for word in words(label))


def _longest(stems: tuple[str, ...]) -> str:
    """The category of the longest run of words that means one, the first of several; "" when none does."""
    for length in range(len(stems), 0, -1):
        for start in range(len(stems) - length + 1):
            if found := _index().get(stems[start : start + length]):
                return found
    return ""


@cache
def categories() -> dict[str, Category]:
    """All categories by CatID."""
    with _TABLE.open(encoding="utf-8", newline="") as lines:
        return {
            row["catid"]: Category(
                row["catid"],
                row["category"],
                row["subcategory"],
                row["label"],
                cast(SoundKind, row["kind"]) if row["kind"] else None,
                row["phrases"] == "-",
                tuple(row["words"].split(";")) if row["words"] else (),
            )
            for row in csv.DictReader(lines)
        }


@cache
def _spelled() -> dict[str, Category]:
    """Categories by CatID and by "category subcategory", in small letters without anything between."""
    table: dict[str, Category] = {}
    for category in categories().values():
        table.setdefault(category.catid.casefold(), category)
    for category in categories().values():
        table.setdefault("".join(words(f"{category.category} {category.subcategory}")), category)
    return table


@cache
def _index() -> dict[tuple[str, ...], str]:
    """CatIDs by the words that mean them, the particular lists before labels."""
    table: dict[tuple[str, ...], str] = {}
    for category in _preferred():
        for word in category.words:
            table.setdefault(_stem(word), category.catid)
    for category in _preferred():
        table.setdefault(_stem(category.label), category.catid)
    return table


@cache
def _preferred() -> tuple[Category, ...]:
    """Of categories with one label, those first whose own words repeat it, then the miscellaneous ones."""
    ranks = ((one.label not in one.words, not one.catid.endswith("Misc")) for one in categories().values())
    return tuple(one for _, one in sorted(zip(ranks, categories().values(), strict=True), key=lambda pair: pair[0]))


@cache
def _by_phrases() -> dict[tuple[str, ...], str]:
    """CatIDs by what is looked for: entries of phrases.csv that share it mean much the same."""
    table: dict[tuple[str, ...], str] = {}
    for category in _preferred():
        if not category.blind:
            table.setdefault(look(category.label).phrases, category.catid)
    for category in _preferred():
        for word in () if category.blind else category.words:
            table.setdefault(look(word).phrases, category.catid)
    return table
