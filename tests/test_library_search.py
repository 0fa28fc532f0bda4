"""The rankings and their fusion, against the plainest way to compute them; and what a query may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonify.errors import SettingsError
from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.catalog.write import Read, Writer
from sonify.library.metadata.header import Header
from sonify.library.records import SoundRecord
from sonify.library.search.answer import Labels, LabelVectors, Searched, SearchHit, SoundVectors, _downwards, answer
from sonify.library.search.query import expressions, query_words
from sonify.library.search.ranking import CosineRanking, ListRanking
from sonify.library.search.vectors import fill
from sonify.progress import Event
from sonify.vectortable import Array, VectorTable, key_of

THINGS = ["dog", "cat", "wolf", "door", "glass", "rain", "bell", "train", "horn", "child", "engine", "fire", "bird"]
DOINGS = ["barking", "breaking", "falling", "ringing", "passing", "humming", "creaking", "singing"]
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "")


def unit(rows: Array) -> Array:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def put(catalog: CatalogFile, path: str, *, seconds: float = 1.0, channels: int = 1, digest: str = "") -> None:
    Writer(catalog).put(Read(path, 1000, 1, Header(seconds, 48_000, channels), content_hash=digest))


def catalogue(root: Path, seed: int, count: int) -> CatalogFile:
    """A library that never was on any disk, with labels from its names."""
    root.mkdir()
    catalog = CatalogFile.open(root)
    random = np.random.default_rng(seed)
    with catalog.writing() as database:
        for n in range(count):
            name = f"{random.choice(THINGS)}_{random.choice(DOINGS)}"
            path = f"pack {n % 3}/{name}_{n:03d}.wav"
            digest = f"{int(random.integers(1, 40)):032x}" if n % 4 else ""
            put(
                catalog,
                path,
                seconds=float(random.integers(1, 30)),
                channels=1 + int(random.integers(2)),
                digest=digest,
            )
            database.execute("UPDATE sound SET licence = ? WHERE path = ?", (LICENCES[n % 4], path))
    return catalog


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[CatalogFile]]:
    folder = tmp_path_factory.mktemp("libraries")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SONIFY_CACHE_DIR", str(folder / "cache"))
        yield [stack.enter_context(catalogue(folder / f"sfx{n}", n, 150 - 60 * n)) for n in range(2)]


def label_vector(text: str) -> Array:
    """Coarse, so that there are equals."""
    random = np.random.default_rng(sum(map(ord, text)) % 40)
    return unit(random.integers(-1, 2, 6).astype(np.float32) + 0.5)


def searched(
    catalogs: list[CatalogFile], folder: Path, query: Array | None, picture: Array | None, like: Array | None
) -> list[Searched]:
    found = []
    for number, catalog in enumerate(catalogs):
        texts = Labels(catalog).texts
        keys = [key_of(text) for text in texts]
        table = VectorTable(folder, f"labels{number}", "m", "w")
        vectors = np.stack([label_vector(text) for text in texts])
        shuffled = np.random.default_rng(9).permutation(len(texts))
        table.add([keys[n] for n in shuffled], vectors[shuffled])
        rows = table.find(keys)
        by_label = [] if query is None else [LabelVectors("meaning", table, rows, query[None])]
        if picture is not None:
            unseen = np.array([text.startswith("d") for text in texts])
            by_label.append(LabelVectors("picture", table, np.where(unseen, -1, rows), picture))
        by_sound = []
        if like is not None:
            sounds = VectorTable(folder, f"sounds{number}", "m", "w")
            sounds.add([bytes.fromhex(f"{n:032x}") for n in range(30)], content_vectors())
            by_sound.append(SoundVectors("sound", sounds, like))
        found.append(Searched(f"sfx{number}", catalog, texts, by_label, by_sound))
    return found


def content_vectors() -> Array:
    return unit(np.random.default_rng(77).integers(-2, 3, (30, 6)).astype(np.float32) + 0.25)


def ranked(values: dict[object, float]) -> dict[object, int]:
    return {one: 1 + sum(other > value for other in values.values()) for one, value in values.items()}


def plain_answer(
    catalogs: list[CatalogFile],
    words: str,
    query: Array | None,
    picture: Array | None,
    like: Array | None,
    filter: Filter,
    limit: int,
) -> list[tuple[int, str, float]]:
    """The definition, with no thought of speed."""
    sounds: list[tuple[int, SoundRecord]] = []
    labels: set[str] = set()
    for number, catalog in enumerate(catalogs):
        labels |= {record.labels[0].text for record in catalog.sounds()}
        sounds += [(number, record) for record in catalog.sounds(Filter() if filter == Filter() else filter)]
    rankings: list[dict[object, int]] = []
    of_label: list[dict[object, int]] = []
    if query is not None:
        of_label.append(ranked({text: round(float(label_vector(text) @ query), 6) for text in labels}))
    if picture is not None:
        of_label.append(
            ranked({t: round(float((picture @ label_vector(t)).max()), 6) for t in labels if not t.startswith("d")})
        )
    if words:
        found: dict[object, float] = {}
        for tier, expression in enumerate(expressions(words)):
            if len(found) < 100:
                for number, catalog in enumerate(catalogs):
                    for path, score in catalog.match_words(expression, filter, 10_000):
                        found.setdefault((number, path), round(score, 6) - 1000 * tier)
        best = sorted(found, key=lambda one: (-found[one], one))[: max(100, limit)]
        rankings.append({one: rank for one, rank in ranked(found).items() if one in set(best)})
    if like is not None:
        cosines = np.round((content_vectors() @ like).astype(np.float64), 6)
        heard = {
            (number, record.path): float(cosines[int(record.content_hash, 16)])
            for number, record in sounds
            if record.content_hash and int(record.content_hash, 16) < 30
        }
        best = sorted(heard, key=lambda one: (-heard[one], one))[: max(100, limit)]
        rankings.append({one: rank for one, rank in ranked(heard).items() if one in set(best)})
    scored = []
    for number, record in sounds:
        place, label = (number, record.path), record.labels[0].text
        parts = [ranks[place] for ranks in rankings if place in ranks]
        parts += [ranks[label] for ranks in of_label if label in ranks]
        if parts:
            scored.append((-sum(1 / (60 + rank) for rank in parts), label, number, record.path))
    scored.sort(key=lambda one: (round(one[0], 9), *one[1:]))
    return [(number, path, round(-score, 9)) for score, _, number, path in scored[:limit]]


FILTERS = (
    Filter(),
    Filter(licences=("cc0", "cc-by"), min_s=5),
    Filter(max_s=3, channels=2),
    Filter(kinds=("effect",), min_s=29),
    Filter(licences=("public-domain",)),
    Filter(kinds=("music",)),
)


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("what", ["w", "m", "p", "l", "wm", "ml", "wmpl"])
def test_the_answer_is_what_the_definition_says(
    libraries: list[CatalogFile], tmp_path: Path, filter: Filter, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(len(what))
    for round_, (catalogs, limit) in enumerate([(libraries[:1], 7), (libraries, 20), (libraries[::-1], 400)]):
        # Of few labels, then of all that are left, or at once where the first have none: all ways to their sounds.
        monkeypatch.setattr("sonify.library.search.answer._SINGLY", (200, 3, 5)[round_])
        monkeypatch.setattr("sonify.library.search.answer._BARREN", (20, 3, 1)[round_])
        words = "dog barki" if "w" in what else ""
        query = unit(random.normal(size=6)) if "m" in what else None
        picture = unit(random.normal(size=(3, 6))) if "p" in what else None
        like = unit(random.normal(size=6)) if "l" in what else None
        asked = searched(catalogs, tmp_path / f"vectors{round_}", query, picture, like)
        hits = answer(asked, words, filter, limit)
        names = {one.name: number for number, one in enumerate(asked)}
        want = plain_answer(catalogs, words, query, picture, like, filter, limit)
        assert [(names[hit.library], hit.record.path, hit.score) for hit in hits] == want
        assert all(isinstance(hit, SearchHit) and hit.why for hit in hits if hit.score > 1 / 100)


def test_a_filter_that_lets_nothing_through_ends_with_nothing(libraries: list[CatalogFile], tmp_path: Path) -> None:
    asked = searched(libraries, tmp_path / "vectors", unit(np.ones(6)), None, unit(np.ones(6)))
    assert answer(asked, "dog", Filter(min_s=1000)) == []
    assert answer(asked, "dog", limit=0) == []
    assert len(answer(asked, "dog", limit=10**30)) == 240
    with pytest.raises(SettingsError):
        answer(asked, "dog", Filter(licences=("nonsense",)))


def test_what_shall_not_be_found_is_not(libraries: list[CatalogFile], tmp_path: Path) -> None:
    (asked,) = searched(libraries[:1], tmp_path / "vectors", unit(np.ones(6)), None, unit(np.ones(6)))
    every = answer([asked], "dog", limit=1000)
    assert len(every) == 150
    first = every[0].record.path
    less = Searched(asked.name, asked.catalog, asked.labels, asked.by_label, asked.by_sound, frozenset({first}))
    assert [hit.record.path for hit in answer([less], "dog", limit=1000)].count(first) == 0
    assert len(answer([less], "dog", limit=1000)) == 149


def test_why_names_place_and_cosine(libraries: list[CatalogFile], tmp_path: Path) -> None:
    asked = searched(libraries[:1], tmp_path / "vectors", label_vector("dog barking"), None, None)
    hits = answer(asked, "dog barking", limit=200)
    assert hits[0].record.labels[0].text == "dog barking"
    assert hits[0].why[0] == "words #1" and hits[0].why[1].startswith("meaning #1 (1.00")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_labels_are_read_again_when_the_catalogue_changes(few: CatalogFile) -> None:
    labels = Labels(few)
    before = labels.texts
    assert labels.texts is before
    with CatalogFile.open(few.root) as other, other.writing():
        put(other, "whistle.wav")
    assert set(labels.texts) - set(before) == {"whistle"}
    with few.writing():
        put(few, "gong.wav")
    assert "gong" in labels.texts


@pytest.mark.parametrize("seed", range(3))
def test_ranks(seed: int) -> None:
    cosines = np.random.default_rng(seed).integers(-5, 6, 50).astype(np.float32) / 7
    cosines[::9] = np.nan
    ranking = CosineRanking("x", cosines)
    known = {n: float(value) for n, value in enumerate(cosines) if not np.isnan(value)}
    want = ranked(dict(known))
    assert [round(float(s), 12) for s in ranking.scores()] == [
        round(1 / (60 + want[n]), 12) if n in known else 0.0 for n in range(50)
    ]
    assert ranking.why(0) == "" and ranking.why(1) == f"x #{want[1]} ({cosines[1]:.2f})"
    found = [((float(-value),), (0, f"{n:02d}")) for n, value in known.items()]
    listed = ListRanking("y", found, 10, cosine=True)
    assert len(listed.ranks) == 10
    assert all(listed.ranks[place] == want[int(place[1])] for place in listed.ranks)


@pytest.mark.parametrize("steps", [2, 50, 100_000])
def test_from_the_largest_down_equals_together(steps: int) -> None:
    random = np.random.default_rng(steps)
    values = random.integers(0, steps, 3000) / steps
    values[random.integers(0, 3000, 500)] = -np.inf
    parts = list(_downwards(values, 30))
    joined = np.concatenate(parts)
    assert sorted(joined.tolist()) == np.flatnonzero(np.isfinite(values)).tolist()
    assert (np.diff(values[joined]) <= 0).all() and len(parts[0]) >= 30
    for one, other in pairwise(parts):
        assert values[one[-1]] > values[other[0]]
    assert not list(_downwards(np.full(3000, -np.inf), 100)) and not list(_downwards(values[:0], 100))


# Queries


def finds(catalog: CatalogFile, query: str, tier: int = 0) -> list[str]:
    return sorted(path for path, _ in catalog.match_words(expressions(query)[tier], Filter(), 100))


FEW = ("dog_barking", "two_dogs", "wolves", "glass-break", "Café Crowd", "footsteps_on_gravel", "OR")


@pytest.fixture
def few(cache: Path, tmp_path: Path) -> Iterator[CatalogFile]:
    (tmp_path / "few").mkdir()
    with CatalogFile.open(tmp_path / "few") as catalog:
        with catalog.writing():
            for name in (
                "dog_barking",
                "two_dogs",
                "wolves",
                "glass-break",
                "Café Crowd",
                "footsteps_on_gravel",
                "OR",
            ):
                put(catalog, f"{name}.wav")
        yield catalog


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("dog", ["dog_barking", "two_dogs"]),
        ("dogs", ["dog_barking", "two_dogs"]),
        ("DOG Barks!", ["dog_barking"]),
        ("wolf", ["wolves"]),
        ("wolves", ["wolves"]),
        ("glass breaking", ["glass-break"]),
        ("glass, break", ["glass-break"]),
        ("glass br", []),
        ("glass bre", ["glass-break"]),
        ("cafe", ["Café Crowd"]),
        ("CAFÉ crow", ["Café Crowd"]),
        ("the footsteps in the gravel", ["footsteps_on_gravel"]),
        ('"dog', ["dog_barking", "two_dogs"]),
        ("dog*", ["dog_barking", "two_dogs"]),
        ("or", ["OR"]),
        ("name:dog", []),
    ],
)
def test_words_find(few: CatalogFile, query: str, names: list[str]) -> None:
    assert finds(few, query) == sorted(f"{name}.wav" for name in names)


def test_some_of_the_words_find_where_all_do_not(few: CatalogFile) -> None:
    assert finds(few, "dog gravel") == []
    assert finds(few, "dog gravel", 1) == ["dog_barking.wav", "footsteps_on_gravel.wav", "two_dogs.wav"]
    hits = answer([Searched("few", few)], "a dog on gravel")
    assert {hit.record.path for hit in hits} == {"dog_barking.wav", "footsteps_on_gravel.wav", "two_dogs.wav"}


def test_common_words_are_left_out_where_there_are_rarer_ones(
    few: CatalogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [Searched("few", few)]
    assert len(answer(asked, "gravel dog")) == 3
    monkeypatch.setattr("sonify.library.search.answer._RANKED", 2)
    assert [hit.record.path for hit in answer(asked, "gravel dog")] == ["footsteps_on_gravel.wav"]
    assert len(answer(asked, "dog")) == 2
    assert len(answer(asked, "dog wav")) == 2


NASTY = [
    '"', "*", "^dog", "dog AND", "NOT dog", "NEAR(dog cat, 2)", "a:b", "{name} : dog", "(dog", "dog)", "-dog", "+",
    "dog\x00cat", "%_", "'; DROP TABLE sound; --", "\\", "🐕", "dog" * 500, "犬", "a" * 70, "dog " * 2000, "é" * 3,
    "\ud800dog",
]  # fmt: skip


@pytest.mark.parametrize("query", NASTY)
def test_no_query_is_an_expression(few: CatalogFile, query: str) -> None:
    for expression in expressions(query):
        few.match_words(expression, Filter(), 10)
    answer([Searched("few", few)], query)


def test_any_characters_make_an_expression(few: CatalogFile) -> None:
    random = np.random.default_rng(5)
    alphabet = list("""ab"'*()^:+-{}[],.;AND OR NOT NEAR\t\n_%&|~`éßİ犬\u0301\u200d""")
    for _ in range(300):
        query = "".join(random.choice(alphabet, random.integers(1, 12)))
        for expression in expressions(query):
            few.match_words(expression, Filter(), 10)


def test_words_of_a_query() -> None:
    assert query_words("Glass-breaking, HEAVY glass_2") == ("glass", "breaking", "heavy", "2")
    assert query_words("... !?") == () and expressions("?!") == ()
    assert len(query_words(" ".join(f"w{n}" for n in range(100)))) == 32
    assert expressions("of") == ('"of"',)


# Filling in


def test_only_what_is_missing_is_made(tmp_path: Path) -> None:
    made: list[int] = []
    events: list[Event] = []

    def make(numbers: list[int]) -> Array:
        made.extend(numbers)
        return unit(np.asarray(numbers, np.float32)[:, None] + np.ones((1, 4), np.float32))

    keys = [key_of(str(n)) for n in range(1300)]
    table = VectorTable(tmp_path, "labels", "m", "w")
    rows = fill(table, keys[:1200], make, progress=events.append)
    assert made == list(range(1200)) and (rows >= 0).all() and len(set(rows.tolist())) == 1200
    assert (events[0].done, events[-1].done, events[-1].total) == (0, 1200, 1200)
    made.clear()
    table = VectorTable(tmp_path, "labels", "m", "w")
    fill(table, keys[100:1201], make)
    assert made == [1100] and len(table) == 1201


def test_what_nobody_asks_for_is_forgotten_in_time(tmp_path: Path) -> None:
    table = VectorTable(tmp_path, "labels", "m", "w")
    for start in range(0, 5000, 500):
        keys = [key_of(str(n)) for n in range(start, start + 500)]
        rows = fill(table, keys, lambda numbers: unit(np.ones((len(numbers), 4), np.float32)))
        assert (rows >= 0).all() and len(table) <= 2 * 500 + 1024 + 500
