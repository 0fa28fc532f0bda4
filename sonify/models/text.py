"""Vectors of labels: each label's phrases, each phrase in several sentences, averaged; kept on disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import ModelError
from sonify.files import replacing
from sonify.models.cache import cache_folder
from sonify.models.calibration import NULL_PHRASES
from sonify.models.interface import Array, ImageTextModel
from sonify.progress import Event, Progress, silent

TEMPLATES = ("{}", "a photo of {}", "a video frame of {}", "a scene with {}")
"""Sentences around a phrase. Averaging over a handful is worth a few percent of accuracy (Radford et al. 2021,
section 3.1.4); more of them gain little and every one costs a pass of the text tower."""

_AS_IT_STANDS = ("{}",)
_BATCH = 512
_MAX_ROWS = 100_000
_MAX_FILES = 16
_ARTICLES = {"a", "an", "the", "some", "two", "three", "several", "many", "people", "no"}
_PLURAL = re.compile(r"[a-z]{2,}(?<![suia])s")


def embed_labels(model: ImageTextModel, labels: Sequence[Sequence[str]], *, progress: Progress = silent) -> Array:
    """One unit vector a label, float32 [len(labels), D].

    labels: for each label its visual phrases ("a dog", "waves on a beach"), at least one.
    The mean over a label's phrases of the mean over TEMPLATES, each of length 1. Vectors of phrases are kept in
    the cache under model, weights, precision, templates and phrase, so a new sound costs only its own phrases.
    Raises ModelError for a label without phrases.
    """
    for phrases in labels:
        if isinstance(phrases, str) or not phrases or not all(phrase.strip() for phrase in phrases):
            raise ModelError(f"a label has the phrases {phrases!r}", hint="each label needs at least one phrase")
    distinct = list(dict.fromkeys(" ".join(phrase.split()) for phrases in labels for phrase in phrases))
    vectors = _kept_or_made(model, distinct, TEMPLATES, progress)
    if not labels:
        return vectors
    place = {phrase: n for n, phrase in enumerate(distinct)}
    means = [vectors[[place[" ".join(p.split())] for p in phrases]].mean(axis=0) for phrases in labels]
    return _unit(np.stack(means))


def embed_null(model: ImageTextModel) -> Array:
    """Unit vectors float32 [K, D] of the K phrases that describe nothing in particular, as they stand."""
    return _kept_or_made(model, NULL_PHRASES, _AS_IT_STANDS, silent)


def sentences(phrase: str, templates: Sequence[str] = TEMPLATES) -> list[str]:
    """The phrase in each template, with an article where a bare noun needs one ("dog": "a photo of a dog")."""
    return [template.format(phrase if template == "{}" else _with_article(phrase)) for template in templates]


def _with_article(phrase: str) -> str:
    words = phrase.lower().split()
    if len(words) != 1 or words[0] in _ARTICLES or words[0].endswith("ing") or _PLURAL.fullmatch(words[0]):
        return phrase  # "waves on a beach", "rain falling", "fireworks" read well as they are
    if words[0] in _UNCOUNTED:
        return phrase
    return f"{'an' if words[0][0] in 'aeiou' else 'a'} {phrase}"


_UNCOUNTED = {
    "rain", "snow", "wind", "water", "fire", "traffic", "thunder", "grass", "smoke", "fog", "music", "applause",
    "surf", "sand", "ice", "lava", "night", "weather", "hail", "mud", "steam", "glass", "wood", "people", "children",
    "men", "women", "sheep", "cattle", "geese", "poultry", "livestock", "wildlife", "nature", "lightning",
}  # fmt: skip


def _kept_or_made(
    model: ImageTextModel, phrases: Sequence[str], templates: Sequence[str], progress: Progress
) -> Array:
    precision = str(getattr(model, "precision", ""))
    scope = "\0".join((model.name, model.weights, precision, *templates))
    folder = cache_folder() / "text" / hashlib.sha256(scope.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    kept = _read(folder)
    keys = [hashlib.sha256(phrase.encode("utf-8", "surrogateescape")).digest()[:16] for phrase in phrases]
    missing = [n for n, key in enumerate(keys) if key not in kept]
    made: dict[bytes, Array] = {}
    for start in range(0, len(missing), _BATCH):
        progress(Event("words", start, len(missing), "phrases"))
        chosen = missing[start : start + _BATCH]
        texts = [text for n in chosen for text in sentences(phrases[n], templates)]
        vectors = model.embed_phrases(texts).reshape(len(chosen), len(templates), -1)
        made.update(zip((keys[n] for n in chosen), _unit(vectors.mean(axis=1)), strict=True))
    if made:
        progress(Event("words", len(missing), len(missing), "phrases"))
        with suppress(OSError):  # a cache that can't be written costs time, nothing else
            _keep(folder, kept, made)
    if not phrases:
        return model.embed_phrases(())
    return np.stack([made[key] if key in made else kept[key] for key in keys])


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)


def _read(folder: Path) -> dict[bytes, Array]:
    """What the files of a folder hold. A damaged one is removed: its vectors are made again."""
    kept: dict[bytes, Array] = {}
    for path in sorted(folder.glob("*.npy")):
        try:
            rows = np.load(path, allow_pickle=False)
            if path.name != _name(rows):
                raise ValueError("not what was written")
            kept.update(zip((key.tobytes() for key in rows["key"]), rows["vector"], strict=True))
        except (OSError, ValueError, EOFError, KeyError, IndexError, TypeError):
            with suppress(OSError):
                path.unlink()
    return kept


def _keep(folder: Path, kept: dict[bytes, Array], made: dict[bytes, Array]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    old = list(folder.glob("*.npy"))
    merge = len(old) >= _MAX_FILES
    if len(kept) + len(made) > _MAX_ROWS:
        kept, merge = {}, True
    rows = {**kept, **made} if merge else made
    width = len(next(iter(made.values())))
    table = np.empty(len(rows), dtype=[("key", "u1", 16), ("vector", "<f4", width)])
    table["key"] = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, 16)
    table["vector"] = np.stack(list(rows.values()))
    with replacing(folder / _name(table)) as beside, beside.open("wb") as file:
        np.save(file, table, allow_pickle=False)
    if merge:
        for path in old:
            with suppress(OSError):
                path.unlink()


def _name(table: NDArray[np.void]) -> str:
    """Named after its content, so that a damaged file shows."""
    return hashlib.sha256(table.tobytes()).hexdigest()[:24] + ".npy"
