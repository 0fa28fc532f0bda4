"""What a person types, as expressions of SQLite's full-text search (FTS5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sonify.library.labels.words import singular, word_set

MAX_WORDS = 32
_WORD = re.compile(r"[^\W_]{1,64}")
# They stand in most names and tell none from another.
_STOP = word_set("a an and are as at by for from in into is it of off on onto or out over the to under up with")
# The index knows English endings (Porter's stemmer) but not these.
_PLURALS = {singular(plural): plural for plural in ("children", "feet", "geese", "knives", "leaves", "men", "mice",
                                                    "teeth", "wolves", "women")}  # fmt: skip
_PREFIX_LETTERS = 3


def query_words(text: str) -> tuple[str, ...]:
    """The words of a query in lower case; everything between them, quotes and operators too, is left out."""
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return tuple(dict.fromkeys(words))[:MAX_WORDS]


def terms(text: str) -> tuple[str, ...]:
    """An expression for each word that tells something. None for a text without words.

    Each word is quoted, so that nothing in it is an operator. The last one may be only the beginning of a word.
    Words such as "of" count only where there are no others.
    """
    words = query_words(text)
    telling = [word for word in words if word not in _STOP] or list(words)
    return tuple(_term(word, last=word == words[-1]) for word in telling)


def expressions(text: str) -> tuple[str, ...]:
    """Expressions to try in turn: all words, then any of them. None for a text without words."""
    found = terms(text)
    return tuple(dict.fromkeys((all_of(found), any_of(found)))) if found else ()


def all_of(found: Iterable[str]) -> str:
    """What is found by each of some terms."""
    return " AND ".join(found)


def any_of(found: Iterable[str]) -> str:
    """What is found by one of some terms or more."""
    return " OR ".join(found)


def _term(word: str, *, last: bool) -> str:
    one = singular(word)
    forms = [f'"{form}"' for form in dict.fromkeys((word, one, _PLURALS.get(word, word), _PLURALS.get(one, word)))]
    if last and len(word) >= _PREFIX_LETTERS:
        forms.append(f'"{word}"*')
    return f"({' OR '.join(forms)})" if len(forms) > 1 else forms[0]
