"""What the text tower hears in training: phrases in carriers, at places, among words to ignore; where they lie."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.phrases import PLACE_SHARE, Book, distract, say


@dataclass(frozen=True)
class Extra:
    """Phrases beside the book whose unit targets [E, D] are known directly; share: of every batch.

    meanings: what the sentence encoder makes of them, [E, MEANING]; None: not asked.
    """

    phrases: tuple[str, ...]
    targets: np.ndarray
    share: float
    meanings: np.ndarray | None = None


class Sampler:
    """Draws batches of sentences and their unit targets; the same seed draws the same ones."""

    def __init__(
        self,
        anchors: np.ndarray,
        book: Book,
        extras: tuple[Extra, ...],
        fillers: tuple[str, ...],
        seed: int,
        meanings: np.ndarray | None = None,
    ) -> None:
        """anchors: unit [A, D] of `anchor_table`; fillers: words to ignore; meanings: of the book's phrases."""
        self._book, self._extras, self._fillers = book, extras, fillers
        self._rng = np.random.default_rng(seed)
        self._targets = torch.from_numpy(book.targets(anchors))
        self._placed = [torch.from_numpy(extra.targets) for extra in extras]
        self._meanings = [_meanings(m) for m in (meanings, *(extra.meanings for extra in extras))]
        # A concept with two phrases is met as often as one with thirty; names and things fill the rest.
        self._weight = _weights(book)
        self.table = torch.from_numpy(anchors)

    def draw(self, count: int) -> tuple[list[str], Tensor, Tensor]:
        """`count` sentences, their targets [count, D] and meanings [count, MEANING] (0: unknown), as float32."""
        rng, book = self._rng, self._book
        counts = [round(count * extra.share) for extra in self._extras]
        said, aims, meant = [], [], []
        for i in rng.choice(len(book.phrases), count - sum(counts), p=self._weight):
            phrase, aim, meaning = book.phrases[i], self._targets[i], self._meanings[0](int(i))
            if book.kinds[i] != "name" and len(phrase.split()) <= 3 and rng.random() < 0.2:
                place, at = book.places[rng.integers(0, len(book.places))]
                phrase, meaning = f"{phrase} {place}", _UNKNOWN
                if at >= 0:
                    aim = (1 - PLACE_SHARE) * aim + PLACE_SHARE * self.table[at]
            sentence = say(phrase, rng)
            if self._fillers and book.kinds[i] != "name" and rng.random() < 0.35:
                sentence, meaning = distract(sentence, self._fillers, rng), _UNKNOWN
            said.append(sentence)
            aims.append(aim)
            meant.append(meaning)
        for extra, aims_of, means, number in zip(self._extras, self._placed, self._meanings[1:], counts, strict=True):
            for i in rng.integers(0, len(extra.phrases), number):
                said.append(say(extra.phrases[i], rng))
                aims.append(aims_of[i])
                meant.append(means(int(i)))
        return said, F.normalize(torch.stack(aims), dim=-1), torch.stack(meant)


MEANING = 384
"""Width of the sentence encoder's vectors."""
_UNKNOWN = torch.zeros(MEANING)


def _meanings(vectors: np.ndarray | None) -> Callable[[int], Tensor]:
    if vectors is None:
        return lambda _: _UNKNOWN
    stored = torch.from_numpy(vectors.astype(np.float16))
    return lambda row: stored[row].float()


def unlike(guess: Tensor, meant: Tensor) -> Tensor:
    """How far guesses [B, MEANING] are from the meanings that are known (not 0), as a mean."""
    known = (meant.abs().amax(-1) > 0).float()
    apart = 1 - F.cosine_similarity(guess, meant, dim=-1)
    return (apart * known).sum() / known.sum().clamp(min=1)


def loss_of(text: Tensor, aim: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
    """How far unit vectors [B, D] are from their targets, and how differently they rank the anchors [A, D]."""
    by_place = (1 - (text * aim).sum(-1)).mean()
    wanted = F.softmax(16 * aim @ table.T, -1)
    by_rank = -(wanted * F.log_softmax(16 * text @ table.T, -1)).sum(-1).mean()
    return by_place, by_rank


def _weights(book: Book) -> np.ndarray:
    """Chance of each phrase: concepts share 65 %, things 20 %, names 15 %; each first row equally within."""
    shares = {"concept": 0.65, "thing": 0.2, "name": 0.15}
    groups: dict[tuple[str, int], int] = {}
    for kind, parts in zip(book.kinds, book.parts, strict=True):
        key = (kind, parts[0])
        groups[key] = groups.get(key, 0) + 1
    kinds: dict[str, int] = {}
    for kind, _ in groups:
        kinds[kind] = kinds.get(kind, 0) + 1
    # The square root lets concepts of many phrases have more of the time, as they need it.
    rows = zip(book.kinds, book.parts, strict=True)
    chance = np.array([shares[k] / kinds[k] / math.sqrt(groups[k, p[0]]) for k, p in rows])
    return np.asarray(chance / chance.sum())
