"""Finding sounds: by words, by what their labels mean or look like, by how they sound; several rankings made one.

Labels are ranked by every one of them, sounds (by words, by sound) as far as rank 100: what lies further down adds
less than two fifths of what the first adds. Within that the answer is exact: all vectors are compared, and nothing
that the filter lets through is missed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.records import SoundRecord
from sonify.library.search.lookups import (
    Condition,
    found_by,
    label_texts,
    labels_at,
    paths_by_label,
    paths_of,
    paths_with,
    version,
)
from sonify.library.search.query import any_of, expressions, terms
from sonify.library.search.ranking import DECIMALS, RRF_K, CosineRanking, Key, ListRanking, Place
from sonify.vectortable import Array, VectorTable

DEPTH = 100
"""How far down rankings of sounds count."""
MAX_HITS = 1_000_000
_RANKED = 5000
"""Ranking costs a microsecond or two a sound. Those with the rarer words come first anyway, and a hundred count."""
_SINGLY = 200
_BARREN = 20
"""So many labels without one sound that fits: the filter lets few by."""
_GROWTH = 8


@dataclass(frozen=True)
class SearchHit:
    """One sound that was found.

    score: the sum of the fused ranks; only its order means something. why: each ranking that speaks for the sound,
    with its place there and its cosine: ("words #1", "meaning #3 (0.82)"). library: the name of its library.
    """

    record: SoundRecord
    score: float
    why: tuple[str, ...]
    library: str = ""


@dataclass(frozen=True)
class LabelVectors:
    """A ranking of a library's labels.

    name: what `why` calls it. rows: the row of each label in `table`, -1 for none. query: unit vectors float32
    [Q, D], of which the nearest counts.
    """

    name: str
    table: VectorTable
    rows: NDArray[np.intp]
    query: Array


@dataclass(frozen=True)
class SoundVectors:
    """A ranking of a library's sounds. The keys of `table` are content hashes. query: a unit vector float32 [D]."""

    name: str
    table: VectorTable
    query: Array


@dataclass(frozen=True)
class Searched:
    """One library in which to search.

    labels: those of its usable sounds, sorted. by_label, by_sound: its rankings besides that by words; a ranking has
    the same name in all libraries. without: paths that are not to be found.
    """

    name: str
    catalog: CatalogFile
    labels: Sequence[str] = ()
    by_label: Sequence[LabelVectors] = ()
    by_sound: Sequence[SoundVectors] = ()
    without: frozenset[str] = frozenset()


class Labels:
    """The labels of a library's usable sounds, read again only when the catalogue has changed."""

    def __init__(self, catalog: CatalogFile) -> None:
        self._catalog = catalog
        self._version: tuple[int, int] | None = None
        self._texts: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Sorted."""
        now = version(self._catalog)
        if now != self._version:
            self._version, self._texts = now, tuple(label_texts(self._catalog))
        return self._texts


def answer(
    libraries: Sequence[Searched],
    words: str = "",
    filter: Filter = Filter(),  # noqa: B008 - frozen
    limit: int = 20,
) -> list[SearchHit]:
    """The best `limit` sounds (at most a million), best first.

    Equals come in the order of their labels, then of the libraries, then of their paths.
    words: ranks by words too, unless "". Raises SettingsError for a licence that isn't known.
    """
    return list(_Answer(libraries, words, filter, min(limit, MAX_HITS)).hits()) if limit > 0 else []


class _Answer:
    def __init__(self, libraries: Sequence[Searched], words: str, filter: Filter, limit: int) -> None:
        self.libraries, self.filter, self.limit = libraries, filter, limit
        self.conditions = [Condition.of(filter, library.catalog) for library in libraries]
        self.depth = max(DEPTH, limit)
        self.labels = _union([library.labels for library in libraries])
        self.by_label = [self.label_ranking(name) for name in _names(library.by_label for library in libraries)]
        self.by_sound = [self.word_ranking(words)] if words else []
        self.by_sound += [self.sound_ranking(name) for name in _names(library.by_sound for library in libraries)]

    def hits(self) -> Iterator[SearchHit]:
        """The best, best first."""
        of_label = np.zeros(len(self.labels))
        for ranking in self.by_label:
            of_label += ranking.scores()
        scores: dict[Place, float] = {}
        for listed in self.by_sound:
            for place, rank in listed.ranks.items():
                scores[place] = scores.get(place, 0.0) + 1.0 / (RRF_K + rank)
        label_of = self.label_numbers(list(scores))
        for place, number in label_of.items():
            scores[place] += of_label[number]
        for place, number in self.of_best_labels(of_label, set(scores)):
            scores[place], label_of[place] = float(of_label[number]), number
        last = len(self.labels)
        for place in sorted(scores, key=lambda one: (-scores[one], label_of.get(one, last), one))[: self.limit]:
            record = self.libraries[place[0]].catalog.sound(place[1])
            if record is not None:  # else a scan has just removed it
                why = [ranking.why(place) for ranking in self.by_sound]
                why += [ranking.why(label_of[place]) for ranking in self.by_label if place in label_of]
                name = self.libraries[place[0]].name
                yield SearchHit(record, round(scores[place], 9), tuple(filter(None, why)), name)

    def label_ranking(self, name: str) -> CosineRanking:
        """One ranking of the labels of all libraries."""
        cosines = np.full(len(self.labels), np.nan, np.float32)
        for library in self.libraries:
            for vectors in library.by_label:
                if vectors.name == name:
                    own = _cosines(vectors)
                    if len(self.libraries) == 1:
                        return CosineRanking(name, own)
                    at = np.array([bisect_left(self.labels, text) for text in library.labels], np.intp)
                    cosines[at] = np.where(np.isnan(cosines[at]), own, cosines[at])
        return CosineRanking(name, cosines)

    def word_ranking(self, words: str) -> ListRanking:
        """Sounds with all of the words come before those with some."""
        found: dict[Place, Key] = {}
        for tier, expression in enumerate(expressions(words)):
            if len(found) >= self.depth:
                break
            for number, library in enumerate(self.libraries):
                chosen = expression if tier == 0 else _telling(library.catalog, words, expression)
                for path, score in library.catalog.match_words(chosen, self.filter, self.depth):
                    if path not in library.without:
                        found.setdefault((number, path), (tier, -round(score, DECIMALS)))
        return ListRanking("words", [(key, place) for place, key in found.items()], self.depth)

    def sound_ranking(self, name: str) -> ListRanking:
        """Sounds by their own vectors."""
        found: list[tuple[Key, Place]] = []
        for number, library in enumerate(self.libraries):
            for vectors in library.by_sound:
                if vectors.name == name:
                    found += (((-cosine,), (number, path)) for cosine, path in self.nearest(number, vectors))
        return ListRanking(name, found, self.depth, cosine=True)

    def nearest(self, number: int, vectors: SoundVectors) -> Iterator[tuple[float, str]]:
        """The nearest sounds of a library that the filter lets through: at least `depth`, where there are so many."""
        library = self.libraries[number]
        product = _product(vectors.table, vectors.query[None])[:, 0].astype(np.float64)
        cosines = np.asarray(np.round(np.where(vectors.table.good(), product, -np.inf), DECIMALS), np.float64)
        count = 0
        for rows in _downwards(cosines, self.depth):
            hashes = [key.hex() for key in vectors.table.keys(rows)]
            cosine = dict(zip(reversed(hashes), cosines[rows[::-1]].tolist(), strict=True))
            for digest, path in paths_with(library.catalog, list(cosine), self.conditions[number]):
                if path not in library.without:
                    count += 1
                    yield cosine[digest], path
            if count >= self.depth:
                return

    def label_numbers(self, places: Sequence[Place]) -> dict[Place, int]:
        """The numbers of the labels of sounds."""
        numbers: dict[Place, int] = {}
        for number, library in enumerate(self.libraries):
            paths = [path for n, path in places if n == number]
            for path, label in labels_at(library.catalog, paths, self.conditions[number]).items():
                at = bisect_left(self.labels, label)
                if at < len(self.labels) and self.labels[at] == label:
                    numbers[number, path] = at
        return numbers

    def of_best_labels(self, of_label: NDArray[np.float64], known: set[Place]) -> Iterator[tuple[Place, int]]:
        """Sounds with the numbers of their labels, the best labels first, besides those that are known: `limit`."""
        order = np.argsort(-of_label, kind="stable")[: np.count_nonzero(of_label)]
        count, last = 0, -1
        for at, number, path in self.sounds_of(order.tolist(), len(known)):
            if count >= self.limit and at != last:
                return
            last = at
            if (number, path) not in known and path not in self.libraries[number].without:
                count += 1
                yield (number, path), at

    def sounds_of(self, labels: Sequence[int], known: int) -> Iterator[tuple[int, int, str]]:
        """Labels, libraries and paths: of each label and library as many as may be wanted.

        The first labels are asked for one by one, since most answers end there. Where the filter lets few sounds by,
        all of these are fetched at once.
        """
        most = self.limit + known + max(len(library.without) for library in self.libraries)
        asked = list(zip(self.libraries, self.conditions, strict=True))
        singly, barren = 0, True
        while singly < min(len(labels), _BARREN if barren else _SINGLY):
            at = labels[singly]
            singly += 1
            for number, (library, condition) in enumerate(asked):
                for path in paths_of(library.catalog, self.labels[at], condition, most):
                    barren = False
                    yield at, number, path
        if len(labels) > singly:
            found = [paths_by_label(library.catalog, condition, few=barren) for library, condition in asked]
            there = set[str]().union(*found)
            for at in [at for at in labels[singly:] if self.labels[at] in there]:
                for number, paths in enumerate(found):
                    for path in paths.get(self.labels[at], ()):
                        yield at, number, path


def _telling(catalog: CatalogFile, words: str, expression: str) -> str:
    """`expression`, which finds any of the words, without the commonest where it would find too many to rank."""
    if found_by(catalog, expression) <= _RANKED:
        return expression
    chosen: list[str] = []
    left = _RANKED
    for count, term in sorted((found_by(catalog, term), term) for term in terms(words)):
        if chosen and count > left:
            break
        chosen.append(term)
        left -= count
    return any_of(chosen)


def _downwards(values: NDArray[np.float64], first: int) -> Iterator[NDArray[np.intp]]:
    """Numbers of the finite values from the largest down, in growing parts; equals are never parted."""
    above, count = np.inf, first
    while count * _GROWTH < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        if not np.isfinite(least):
            break
        top = np.flatnonzero((values >= least) & (values < above))
        if len(top):
            yield top[np.argsort(-values[top], kind="stable")]
        above, count = least, count * _GROWTH
    rest = np.flatnonzero((values < above) & np.isfinite(values))
    if len(rest):
        yield rest[np.argsort(-values[rest], kind="stable")]


def _cosines(vectors: LabelVectors) -> Array:
    """The cosine of each label, float32 [L]; NaN where it has no vector."""
    if not len(vectors.table):
        return np.full(len(vectors.rows), np.nan, np.float32)
    best = _product(vectors.table, vectors.query).max(axis=1)
    return np.where(vectors.rows >= 0, best[vectors.rows], np.float32(np.nan))


def _product(table: VectorTable, query: Array) -> Array:
    """Cosines of all rows with all queries, float32 [N, Q]. Rows that nobody asks for may hold anything."""
    if not len(table):
        return np.empty((0, len(query)), np.float32)
    with np.errstate(all="ignore"):
        if len(query) == 1:  # BLAS is twice as quick with a vector as with a matrix of one column
            return np.asarray(table.matrix @ query[0])[:, None]
        return np.asarray(table.matrix @ query.T)


def _union(texts: Sequence[Sequence[str]]) -> Sequence[str]:
    return texts[0] if len(texts) == 1 else sorted(set().union(*texts))


def _names(rankings: Iterator[Sequence[LabelVectors]] | Iterator[Sequence[SoundVectors]]) -> list[str]:
    return list(dict.fromkeys(one.name for some in rankings for one in some))
