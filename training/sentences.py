"""Phrases that nobody wrote down for a concept, placed by a sentence encoder: how unseen wordings are learnt.

The teacher is all-MiniLM-L6-v2 (Apache-2.0; a folder with `model.safetensors`, read by the package transformers). A
phrase lies where the phrases of the book that mean about the same lie. Its weights are not part of ours, nor needed:
without it the text tower learns the book alone.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.phrases import PLACES

Floats = NDArray[np.float32]

NEIGHBOURS = 5
SHARPNESS, FAVOUR = 12.0, 0.1
"""Weight of a neighbour: exp(SHARPNESS * cosine), where a phrase of a concept has FAVOUR more cosine than another:
concepts are what has a sound. With 600 phrases left out of the book and put in the place of names, photographs of the
choosing half had their own among the first five for 76.1 %; with 8 and 0 for 74.5 %, by their names for 86.1 %."""
NEAR = 0.5
"""Least cosine to the nearest phrase of the book; what is further away means nothing that can be placed."""
RIDGE = 1.0
"""Of the regression that places tokens; the one that places names has the same."""
CAPTIONS = ("audiocaps_val.csv", "audiocaps_test.csv", "clotho_captions_evaluation.csv")
NOUNS = "imagenet_wnid_words.txt"
CONCRETE = ((1313093, 4616059), (7283608, 7462736), (9186064, 11529295))
"""WordNet 3.0 numbers its nouns by subject: animals and made things; events; natural things, people, phenomena."""
MOST_CAPTIONS = 8000
MOST_COMPOSED = 120_000
"""With 10,000 of them, 1,500 steps and nothing else changed, unseen phrasings stayed 17 points behind the names."""

PATTERNS = (
    "{a} in the {b}", "{a} near {b}", "{a} and {b}", "{a} with {b}", "{a} on the {b}", "{a} {v} in the {b}",
    "{a} {v}", "someone with {a}", "somebody's {a}", "{j} {a}", "{j} {a} {v}", "a group of {a}", "{a} by the {b}",
    "a person and {a}", "{a} {v} near the {b}", "the {j} {a} of the {b}", "two {a}", "{a} {v} at {b}",
    "{a} {v} {p}", "{j} {a} {p}", "{a} {p}", "{w} {v} with {a}", "{w} {v} {p}", "{w} and {a} {p}", "{w} holding {a}",
    "{w} beside {a}", "{w} looking at {a}", "{w} using {a}", "{a} {v} behind {b}", "{a} under {b}", "{a} full of {b}",
    "{a} made of {b}", "lots of {a} {p}", "{w} {v} in the {a}", "{w} at the {a}", "inside {a}", "the edge of {a}",
    "{a} seen from above", "{j} and {k} {a}", "{a} being {u}", "{a} {u} by {w}", "{u} {a}",
)  # fmt: skip
"""How nouns (a, b), verbs (v, u), adjectives (j, k), places (p) and people (w) make phrases of several words."""
VERBS = (
    "standing", "moving", "running", "playing", "waiting", "resting", "passing", "working", "shaking", "turning",
    "falling", "making noise", "being used", "being held", "in action", "coming closer", "going by", "sitting",
    "lying around", "at work", "jumping", "flying", "swimming", "eating", "drinking", "hitting", "rolling", "burning",
    "walking", "sleeping", "shouting", "singing", "laughing", "crying", "talking", "climbing", "riding", "driving",
    "pulling", "pushing", "carrying", "throwing", "catching", "cutting", "cooking", "cleaning", "washing", "digging",
    "building", "floating", "sinking", "drifting", "spinning", "swinging", "hanging", "leaning", "crossing",
    "landing", "taking off", "parking", "stopping", "racing", "chasing", "hunting", "fishing", "grazing", "feeding",
    "nesting", "hiding", "watching", "listening", "dancing", "performing", "practising", "competing", "training",
    "celebrating", "fighting", "blowing", "pouring", "dripping", "splashing", "freezing", "melting", "boiling",
    "exploding", "smoking", "glowing", "flashing", "ringing", "ticking", "humming", "roaring", "growling", "howling",
)  # fmt: skip
DONE = (
    "played", "used", "carried", "pulled", "pushed", "thrown", "opened", "closed", "repaired", "washed", "filled",
    "emptied", "broken", "lit", "painted", "loaded", "ridden", "driven", "fed", "held", "struck", "cut", "cooked",
)  # fmt: skip
ADJECTIVES = (
    "old", "young", "small", "huge", "loud", "quiet", "red", "black", "white", "wooden", "metal", "wild", "busy",
    "empty", "crowded", "broken", "wet", "dry", "fast", "slow", "bright", "dark", "electric", "modern", "rusty",
    "tall", "short", "narrow", "wide", "heavy", "light", "dirty", "clean", "shiny", "green", "blue", "yellow",
    "brown", "grey", "golden", "stone", "brick", "glass", "plastic", "frozen", "hot", "cold", "snowy", "rainy",
    "foggy", "sunny", "muddy", "sandy", "rocky", "grassy", "deep", "shallow", "calm", "rough", "lonely", "friendly",
    "angry", "tired", "hungry", "professional", "homemade", "antique", "toy", "ancient", "tiny", "large", "ordinary",
)  # fmt: skip
PEOPLE = (
    "a man", "a woman", "a boy", "a girl", "a child", "people", "a crowd", "an old man", "a couple", "a family",
    "somebody", "a worker", "a team", "friends", "kids", "a musician", "an athlete", "a driver", "a farmer",
)  # fmt: skip


@dataclass(frozen=True)
class Sentences:
    """Phrases and the sentence encoder's unit vectors of them, float32 [P, 384]."""

    phrases: tuple[str, ...]
    vectors: Floats


def encoder(folder: Path, threads: int = 1) -> Callable[[list[str]], Floats]:
    """Phrases to unit vectors: mean of the last layer's tokens, as all-MiniLM-L6-v2 was trained."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    network = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
    torch.set_num_threads(threads)

    @torch.inference_mode()
    def vectors(phrases: list[str]) -> Floats:
        # Phrases of one length together: nothing is spent on padding.
        order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]))
        found = np.empty((len(phrases), network.config.hidden_size), np.float32)
        for start in range(0, len(order), 128):
            rows = order[start : start + 128]
            batch = tokenizer([phrases[i] for i in rows], padding=True, truncation=True, max_length=48,
                              return_tensors="pt")  # fmt: skip
            hidden = network(**batch).last_hidden_state
            mask = batch["attention_mask"][..., None].float()
            mean = (hidden * mask).sum(1) / mask.sum(1)
            found[rows] = torch.nn.functional.normalize(mean, dim=-1).numpy()
        return found

    return vectors


def captions(labels_folder: Path) -> list[str]:
    """Captions of sounds, and their parts between commas, lower case, sorted."""
    found: set[str] = set()
    for name in CAPTIONS:
        path = labels_folder / name
        if not path.exists():
            continue
        with path.open(newline="", encoding="utf-8", errors="replace") as f:
            for row in csv.DictReader(f):
                for column, text in row.items():
                    if column and column.startswith("caption") and text:
                        plain = text.strip().lower().rstrip(".")
                        found.update(p.strip() for p in (plain, *re.split(r"[,;]| followed by ", plain)))
    return sorted(p for p in found if 5 < len(p) < 80 and p.isascii())


def nouns(labels_folder: Path, pieces: Callable[[str], int]) -> list[str]:
    """WordNet's common nouns for concrete things, of one or two words, sorted; pieces: how many tokens a word has.

    Words of many tokens are rare ones (Latin names of plants and fish); those would be most of the list.
    """
    found: set[str] = set()
    for line in (labels_folder / NOUNS).read_text(encoding="utf-8").splitlines():
        number, _, names = line.partition("\t")
        if not any(low <= int(number[1:]) < high for low, high in CONCRETE):
            continue
        for name in names.split(","):
            words = name.strip().split()
            if not re.fullmatch(r"[a-z' -]{3,24}", name.strip()) or len(words) > 2:
                continue
            if all(pieces(w) <= (2 if len(words) == 1 else 1) for w in words):
                found.add(name.strip())
    return sorted(found)


def composed(things: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """Phrases of several words around nouns, sorted."""

    def one(words: list[str] | tuple[str, ...]) -> str:
        return words[int(rng.integers(0, len(words)))]

    places = tuple(PLACES)
    found = {
        one(PATTERNS).format(
            a=one(things), b=one(things), v=one(VERBS), u=one(DONE), j=one(ADJECTIVES), k=one(ADJECTIVES),
            p=one(places), w=one(PEOPLE),
        )
        for _ in range(count)
    }  # fmt: skip
    return sorted(found)


def gather(
    known: tuple[str, ...], labels_folder: Path, teacher: Path, cache: Path, never: frozenset[str], seed: int = 0
) -> tuple[Sentences, Sentences]:
    """The book's phrases and the wide ones with their vectors; kept in `cache`/sentences-….npz.

    known: phrases of the book. never: phrases that must not be trained on.
    """
    key = hashlib.sha256("\n".join((*known, str(seed), str(MOST_COMPOSED))).encode()).hexdigest()[:12]
    path = cache / f"sentences-{key}.npz"
    if not path.exists():
        import open_clip

        tokenizer = open_clip.SimpleTokenizer()
        encode = encoder(teacher)
        mine = encode(list(known))
        words = [n for n in nouns(labels_folder, lambda w: len(tokenizer.encode(w))) if n not in never]
        near = encode(words)
        close = (near @ mine.T).max(1) > NEAR
        things = [w for w, is_close in zip(words, close, strict=True) if is_close]
        rng = np.random.default_rng(seed)
        heard = captions(labels_folder)
        heard = [heard[i] for i in np.sort(rng.permutation(len(heard))[:MOST_CAPTIONS])]
        # Of two nouns one is what we know best, so that half of what is composed lies where the concepts lie.
        both = [*things, *(known[i] for i in rng.integers(0, len(known), len(things)))]
        rest = sorted({*heard, *composed(both, MOST_COMPOSED, rng)} - never - set(known))
        wide = [*things, *rest]
        part = path.with_suffix(".part.npz")
        np.savez(
            part, known=mine.astype(np.float16), phrases=np.array(wide),
            wide=np.concatenate([near[close], encode(rest)]).astype(np.float16),
        )  # fmt: skip
        part.rename(path)
    with np.load(path) as stored:
        return (
            Sentences(known, stored["known"].astype(np.float32)),
            Sentences(tuple(str(p) for p in stored["phrases"]), stored["wide"].astype(np.float32)),
        )


def place(
    known: Sentences, targets: Floats, wide: Sentences, favoured: NDArray[np.bool_]
) -> tuple[Sentences, Floats]:
    """The wide phrases that mean something we know, and their unit targets [W, D].

    targets: unit vectors [P, D] of the known phrases; favoured [P]: which of these are phrases of concepts. Each wide
    phrase lies at the weighted mean of its neighbours.
    """
    kept: list[int] = []
    placed: list[Floats] = []
    favour = np.where(favoured, FAVOUR, 0.0).astype(np.float32)
    for start in range(0, len(wide.phrases), 1024):
        near = wide.vectors[start : start + 1024] @ known.vectors.T
        sure = near.max(1) > NEAR
        near += favour
        rows = np.argpartition(-near, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        close = np.take_along_axis(near, rows, axis=1)
        weights = np.exp(SHARPNESS * (close - close.max(1, keepdims=True)))
        aims = (weights[..., None] * targets[rows]).sum(1)
        aims /= np.linalg.norm(aims, axis=1, keepdims=True)
        chosen = np.flatnonzero(sure)
        kept += [start + int(i) for i in chosen]
        placed.append(aims[chosen])
    found = Sentences(tuple(wide.phrases[i] for i in kept), wide.vectors[kept])
    return found, np.concatenate(placed).astype(np.float32)


def new_words(teacher: Path, cache: Path, learnt: Floats, known: tuple[str, ...]) -> Floats:
    """A text tower's token table [vocabulary, W] in which tokens that it never met lie beside what they are like.

    learnt: the table of a tower trained on the phrases `known`, whose tokens stay as they are. A ridge regression
    from the encoder's vectors of tokens as words of their own (kept in `cache`/tokens.npy) places the others.
    """
    import open_clip

    tokenizer = open_clip.SimpleTokenizer()
    path = cache / "tokens.npy"
    if not path.exists():
        words = [tokenizer.decode([n]).strip() for n in range(tokenizer.sot_token_id)]
        said = [n for n, word in enumerate(words) if len(word) > 1 and word.isascii() and word.isalnum()]
        table = np.zeros((tokenizer.vocab_size, 384), np.float16)
        table[said] = encoder(teacher)([words[n] for n in said]).astype(np.float16)
        np.save(path, table)
    vectors = np.load(path).astype(np.float32)
    has_meaning = np.linalg.norm(vectors, axis=1) > 0
    met = np.zeros(len(vectors), bool)
    met[[token for phrase in known for token in tokenizer.encode(phrase)]] = True
    from_rows, onto = vectors[met & has_meaning], learnt[met & has_meaning]
    middle, centre = from_rows.mean(0), onto.mean(0)
    source = from_rows - middle
    weights = np.linalg.solve(source.T @ source + RIDGE * np.eye(source.shape[1]), source.T @ (onto - centre))
    found = np.array(learnt)
    others = has_meaning & ~met
    found[others] = (vectors[others] - middle) @ weights + centre
    return found.astype(np.float32)
