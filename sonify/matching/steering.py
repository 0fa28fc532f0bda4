"""What a person asks for in words: labels to avoid, to prefer, to keep to, and a direction in free text.

A word is met by name first (`dog` is in "dog barking"), else by meaning: the model's vectors of both are compared.
Labels that look for the same emitter go with it, so who avoids a gunshot hears no rifle either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sonify.errors import LibraryError, SettingsError
from sonify.library.labels.phrases import known, look
from sonify.library.labels.words import singular, words
from sonify.library.sounds import Label
from sonify.matching.rank import SAME_EMITTER_COSINE, from_middle
from sonify.matching.scores import Array, Words
from sonify.settings import MatchingSettings

MAX_WORDS = 100
"""Words and labels that one option may name."""

NEAREST_LABELS = 3
NEAR_COSINE = 0.4
"""A word that the library doesn't have stands for the labels nearest to it, if they are at least this near. Of
unrelated names 99 in 100 resemble each other less than .29 with ViT-B/32, less than .41 with sonify-mini."""

PREFERRED_ODDS = 8.0
"""A preferred label is taken to be so many times more likely than the picture says. At the threshold of even odds, a
label at .11 is heard then; one that is not there at all is not."""

DIRECTED_ODDS = 8.0
"""What a label gains whose resemblance to the direction is 1 above the library's usual; those in between, in
proportion."""

Embed = Callable[[Sequence[Sequence[str]]], Array]
"""Unit vectors [N, D] of N labels, each given by its phrases."""


@dataclass(frozen=True)
class Steered:
    """The words with what was asked in them, and the sentences that say how it was understood."""

    words: Words
    notes: tuple[str, ...] = ()


def wanted(text: str) -> list[str]:
    """The single words of an option: "gunshot; siren" -> ["gunshot", "siren"]."""
    return [word for part in text.split(";") if (word := " ".join(part.split()))]


def steered(words: Words, labels: Sequence[Label], settings: MatchingSettings, embed: Embed) -> Steered:
    """Words whose odds follow settings.avoid, prefer, only and direct; untouched where nothing is asked.

    Raises LibraryError where `only` names nothing that the library has, SettingsError where an option
    has more than MAX_WORDS words.
    """
    if not any((settings.avoid, settings.prefer, settings.only, settings.direct)):
        return Steered(words)
    finder = _Finder(words, labels, embed)
    odds = np.ones(len(labels), np.float32)
    notes: list[str] = []
    if settings.only:
        kept = finder.labels(settings.only, "only", notes)
        if not kept:
            raise LibraryError(
                f"no label of the library is like {settings.only!r}", hint=f"the nearest are {finder.nearest()}"
            )
        odds[[at for at in range(len(labels)) if at not in kept]] = 0
    for at in finder.labels(settings.prefer, "prefer", notes):
        odds[at] *= PREFERRED_ODDS
    if settings.direct:
        gain = finder.direction(settings.direct)
        odds *= DIRECTED_ODDS**gain
        best = [at for at in np.argsort(-gain, kind="stable")[:NEAREST_LABELS] if gain[at] > 0]
        notes.append(f"the direction {settings.direct!r} favours {finder.named(best) or 'nothing in the library'}")
    odds[list(finder.labels(settings.avoid, "avoid", notes))] = 0
    return Steered(replace(words, odds=odds), tuple(notes))


class _Finder:
    """Finds the labels that a person's words mean."""

    def __init__(self, words: Words, labels: Sequence[Label], embed: Embed) -> None:
        self.words, self.all, self.embed = words, labels, embed
        self.last: Array = np.zeros(len(labels), np.float32)

    def labels(self, text: str, option: str, notes: list[str]) -> set[int]:
        """Indices of all labels that `text` means, and of those that look for the same emitter."""
        asked = wanted(text)
        if len(asked) > MAX_WORDS:
            raise SettingsError(f"matching.{option} names {len(asked)} labels", hint=f"{MAX_WORDS} are enough")
        found: set[int] = set()
        for word in asked:
            named = self._by_name(word)
            self.last = near = self._resemblance(word)
            if named:
                alike = (self.words.emitters @ self.words.emitters[named].T).max(axis=1)
                more = set(np.flatnonzero(alike >= SAME_EMITTER_COSINE).tolist()) | set(named)
            else:
                more = set(np.flatnonzero(near >= SAME_EMITTER_COSINE).tolist())
                if not more:
                    best = np.argsort(-near, kind="stable")[:NEAREST_LABELS]
                    more = {int(at) for at in best if near[at] >= NEAR_COSINE}
                meant = f"taken as {self.named(sorted(more))}" if more else f"the nearest is {self.nearest(1)}"
                notes.append(f"{option} {word!r}: no label has that name; {meant}")
            found |= more
        return found

    def direction(self, text: str) -> Array:
        """What each label gains, in shares of DIRECTED_ODDS: its resemblance to the text above the median's.

        The text as a whole counts, and each thing that it names by a word that the table of phrases knows: a small
        model that reads "a calm night by the sea" sees the night and forgets the sea.
        """
        parts = [found.phrases for word in dict.fromkeys(words(text)) if (found := known(word)) and found.certain]
        vectors = from_middle(self.embed([(text,), *(part for part in parts[:MAX_WORDS] if part)]), self.words.usual)
        near = (self.words.emitters @ vectors.T).max(axis=1)
        return np.asarray(near - np.median(near), dtype=np.float32)

    def nearest(self, count: int = NEAREST_LABELS) -> str:
        """The labels nearest to the last word."""
        return self.named(np.argsort(-self.last, kind="stable")[:count].tolist())

    def named(self, numbers: Sequence[int]) -> str:
        """At most a handful of labels in quotation marks."""
        shown = ", ".join(f"{self.all[at].text!r}" for at in numbers[:5])
        return f"{shown} and {len(numbers) - 5} more" if len(numbers) > 5 else shown

    def _by_name(self, word: str) -> list[int]:
        asked = _stems(word)
        if not asked:
            return []
        return [at for at, label in enumerate(self.all) if asked <= _stems(label.text)]

    def _resemblance(self, word: str) -> Array:
        phrases = look(word).phrases or (word,)
        vector = from_middle(self.embed([list(phrases)]), self.words.usual)
        return np.asarray(self.words.emitters @ vector[0], dtype=np.float32)


def _stems(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words(text))
