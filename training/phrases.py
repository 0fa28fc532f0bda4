"""Many ways to say each concept, and where each should land.

`words.txt` gives other words for a concept, the photographs' captions more of them, `things.txt` things without
photographs as mixtures, the teacher's labels another thousand things. Phrases of `paraphrases.csv` are held out.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonify.models.text import sentences
from training.concepts import NOTHING
from training.data import Photos

HERE = Path(__file__).parent

CARRIERS = (
    "{}", "{}", "{}", "a photo of {}", "a photo of {}", "a video frame of {}", "a scene with {}", "a picture of {}",
    "an image of {}", "a video of {}", "a close-up of {}", "a clip showing {}", "{} in the background", "here is {}",
    "there is {}", "we see {}", "{} in view", "some {}", "my {}", "the {}", "footage of {}", "one can see {}",
    "someone filming {}", "{} outdoors", "{} indoors", "{} from far away", "a blurry photo of {}", "a small {}",
    "an old {}", "a big {}", "a beautiful {}", "the sound of {}", "sound of {}", "recording of {}", "{} noise",
    "a man with {}", "a woman with {}", "people and {}", "{} close up", "a movie scene with {}",
)  # fmt: skip
"""Sentences around a phrase; `{}` alone counts several times."""

PLACES = {
    "on a beach": "sea", "by the sea": "sea", "in the forest": "forest", "in the woods": "forest",
    "on the street": "city street", "in the city": "city street", "in a park": "garden", "in the garden": "garden",
    "in the living room": "living room", "at home": "living room", "in the kitchen": "kitchen", "on the road": "car",
    "in the mountains": "mountain", "in the snow": "snowfall", "in the rain": "rain", "on a field": "field",
    "in a meadow": "field", "on a farm": "field", "on a lake": "lake", "by the river": "river", "on stage": "concert",
    "in a stadium": "stadium", "at night": "", "on a table": "", "in the sky": "", "on the ground": "",
    "in the dark": "", "on a sunny day": "", "in the water": "lake", "in a room": "living room",
    "in the desert": "desert",
    "under a tree": "forest", "in an office": "office", "on a rug": "", "in the studio": "",
}  # fmt: skip
"""Where a thing may be; the place takes a small share of the target."""

PLACE_SHARE = 0.25
UNSEEN = "!"
"""In `things.txt`: a sound without a picture; the last row of the anchor table."""


@dataclass(frozen=True)
class Book:
    """phrases: all training phrases as they stand. parts[i]: rows of the anchor table that phrase i is the mean of.

    kinds[i]: "concept" (of words.txt or a caption), "thing" (things.txt) or "name" (one of the teacher's labels).
    places: phrase of a place and the anchor row of the place (-1: none).
    """

    phrases: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    held_out: tuple[tuple[str, str], ...]

    def targets(self, anchors: np.ndarray) -> np.ndarray:
        """Unit targets float32 [P, D] from unit anchors [A, D]."""
        found = np.stack([anchors[list(rows)].mean(0) for rows in self.parts])
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def held_out() -> list[tuple[str, str]]:
    """(concept, phrase) of `paraphrases.csv`: written before training, never trained on."""
    with (HERE / "paraphrases.csv").open(newline="", encoding="utf-8") as f:
        return [(r["concept"], r["phrase"]) for r in csv.DictReader(f)]


def read_words() -> dict[str, list[str]]:
    """`words.txt`: concept to its phrases."""
    found = {}
    for line in (HERE / "words.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            concept, _, rest = line.partition(":")
            found[concept.strip()] = [w.strip() for w in rest.split(",") if w.strip()]
    return found


def plain(label: str) -> str:
    return re.sub(r"[_\s]+", " ", re.sub(r"_\(.*?\)", "", label)).strip().lower()


def _usable(caption: str) -> bool:
    """Whether a source's label reads like words ("monkey species n3" and "caption" don't)."""
    return not re.search(r"\d|species|caption", caption) and 2 < len(caption) < 40


def build_book(photos: Photos, classes: list[str], imagenet: list[str]) -> Book:
    """All phrases over the rows of `text_tower.anchor_table`; imagenet: the teacher's 1,000 labels."""
    row = {c: i for i, c in enumerate(classes)}
    names = [[plain(n) for n in label.split(",")] for label in imagenet]
    # Rows by phrase: a phrase of several concepts lies between them.
    rows: dict[str, list[int]] = defaultdict(list)
    kinds: dict[str, str] = {}

    def add(phrase: str, places: list[int], kind: str) -> None:
        kinds.setdefault(phrase, kind)
        if kinds[phrase] == kind:
            rows[phrase].extend(places)

    words = read_words()
    for phrase, mixture in _things(row, names):
        add(phrase, mixture, "thing")
    for concept, phrases in words.items():
        if concept in row:
            for phrase in (concept, *phrases):
                add(phrase.lower(), [row[concept]], "concept")
    captions = {(c.lower(), k) for c, k, s in zip(photos.captions, photos.concepts, photos.splits, strict=True)
                if s == "train" and _usable(c)}  # fmt: skip
    for caption, concept in sorted(captions):
        if kinds.get(plain(caption), "concept") == "concept" and row[concept] not in rows[plain(caption)]:
            add(plain(caption), [row[concept]], "concept")
    for n, synonyms in enumerate(names):
        for name in synonyms:
            add(name, [len(classes) + n], "name")
    out = held_out()
    never = {phrase.lower() for _, phrase in out}
    chosen = [p for p in rows if p not in never and rows[p]]
    places = tuple((p, row.get(c, -1)) for p, c in PLACES.items())
    parts = tuple(tuple(rows[p] if kinds[p] == "thing" else sorted(set(rows[p]))) for p in chosen)
    return Book(tuple(chosen), parts, tuple(kinds[p] for p in chosen), places, tuple(out))


def _things(row: dict[str, int], names: list[list[str]]) -> list[tuple[str, list[int]]]:
    """`things.txt`: phrase and anchor rows (repeated rows weigh more)."""
    found = []
    first = {synonym: n for n in reversed(range(len(names))) for synonym in reversed(names[n])}
    for line in (HERE / "things.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        phrases, _, parts = line.partition(":")
        rows = []
        for part in (p.strip() for p in parts.split(",")):
            if part == UNSEEN:
                rows.append(len(row) + len(names))
            elif part.startswith("@"):
                key = part[1:].lower()
                match = first.get(key, next((n for n, s in enumerate(names) if s[0].startswith(key)), None))
                if match is not None:
                    rows.append(len(row) + match)
            elif part in row:
                rows.append(row[part])
        if rows:
            found.extend((p.strip().lower(), rows) for p in phrases.split(","))
    return found


def filler_words(labels_folder: Path, book: Book) -> tuple[str, ...]:
    """Words of the sound captions in `labels_folder` that no phrase of the book holds, sorted."""
    mine = {word for phrase in book.phrases for word in phrase.split()}
    found: set[str] = set()
    for table in ("audiocaps_val.csv", "audiocaps_test.csv", "clotho_captions_evaluation.csv"):
        path = labels_folder / table
        if path.exists():
            found.update(re.findall(r"[a-z]{2,}", path.read_text(encoding="utf-8", errors="replace").lower()))
    return tuple(sorted(found - mine))


def distract(phrase: str, fillers: tuple[str, ...], rng: np.random.Generator) -> str:
    """The phrase with one to four words of no meaning for us among its own: what is not known must not sway."""
    words = phrase.split()
    for _ in range(int(rng.integers(1, 5))):
        words.insert(int(rng.integers(0, len(words) + 1)), fillers[rng.integers(0, len(fillers))])
    return " ".join(words)


def say(phrase: str, rng: np.random.Generator) -> str:
    """The phrase in a random carrier, sometimes with a word dropped or an article added."""
    carrier = CARRIERS[rng.integers(0, len(CARRIERS))]
    words = phrase.split()
    if len(words) > 3 and rng.random() < 0.15:
        del words[rng.integers(0, len(words))]
        phrase = " ".join(words)
    if carrier == "{}":
        if rng.random() < 0.4 and len(words) <= 2:
            return sentences(phrase, ("the {}" if rng.random() < 0.2 else " {}",))[0].strip()
        return phrase
    return sentences(phrase, (carrier,))[0]


def nothing_row(classes: list[str]) -> int:
    """Row of the rejection concept."""
    return classes.index(NOTHING)
