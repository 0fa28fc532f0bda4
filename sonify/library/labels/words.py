"""Labels as words: one spelling for each, so that the same label of two libraries is the same."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 80
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "men": "man",
    "mice": "mouse",
    "people": "people",
    "teeth": "tooth",
    "wolves": "wolf",
    "woods": "woods",
    "axes": "axe",
    "buses": "bus",
    "women": "woman",
}
_ALWAYS_SINGULAR = ("ss", "us", "is", "as", "os")


def word_set(text: str) -> frozenset[str]:
    """The words between the spaces of a text: lists that a person can read and extend."""
    return frozenset(text.split())


def words(text: str) -> tuple[str, ...]:
    """The words of a text in lower case: letters and digits, whatever stands between them."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'")))


def normalise(text: str) -> str:
    """A label as it is written and compared: lower-case words with a space between, at most 80 characters."""
    label = " ".join(words(text))
    return label if len(label) <= MAX_CHARACTERS else label[:MAX_CHARACTERS].rsplit(" ", 1)[0]


def one_line(text: str, most: int) -> str:
    """A text on one line without control characters, at most `most` characters long."""
    shown = "".join(c if c.isprintable() or c.isspace() else " " for c in text[: most * 4])
    return " ".join(shown.split())[:most].rstrip()


def plain(word: str) -> str:
    """A word without accents, to compare: "café" -> "cafe"."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def singular(word: str) -> str:
    """An English word without its plural; good enough to compare two words, not to be shown."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(_ALWAYS_SINGULAR):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1]
