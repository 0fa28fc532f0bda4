"""Vectors of labels: each label's phrases, each phrase in several sentences, averaged; kept on disk."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from sonify.errors import ModelError
from sonify.models.background import usual_phrases
from sonify.models.cache import cache_folder
from sonify.models.calibration import NULL_PHRASES
from sonify.models.interface import Array, ImageTextModel
from sonify.progress import Event, Progress, silent
from sonify.vectortable import VectorTable, key_of

TEMPLATES = ("{}", "a photo of {}", "a video frame of {}", "a scene with {}")
"""Sentences around a phrase. Averaging over a handful is worth a few percent of accuracy (Radford et al. 2021,
section 3.1.4); more of them gain little and every one costs a pass of the text tower."""

_AS_IT_STANDS = ("{}",)
_BATCH = 512
_MAX_ROWS = 100_000
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
    every = [" ".join(phrase.split()) for phrases in labels for phrase in phrases]
    place = {phrase: n for n, phrase in enumerate(dict.fromkeys(every))}
    vectors = _kept_or_made(model, list(place), TEMPLATES, progress)
    if not labels:
        return vectors
    counts = np.array([len(phrases) for phrases in labels])
    numbers = np.array([place[phrase] for phrase in every])
    first = np.cumsum(counts) - counts
    sums = vectors[numbers[first]]
    for nth in range(1, int(counts.max())):  # numpy's reduceat is ten times slower
        more = np.flatnonzero(counts > nth)
        sums[more] += vectors[numbers[first[more] + nth]]
    return _unit(sums / counts[:, None].astype(np.float32))


def embed_null(model: ImageTextModel) -> Array:
    """Unit vectors float32 [K, D] of the K phrases that describe nothing in particular, as they stand."""
    return _kept_or_made(model, NULL_PHRASES, _AS_IT_STANDS, silent)


def embed_usual(model: ImageTextModel, *, progress: Progress = silent) -> Array:
    """Unit vectors float32 [U, D] of what pictures usually show, as it stands in usual.txt."""
    return _kept_or_made(model, usual_phrases(), _AS_IT_STANDS, progress)


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
    if not phrases:
        return model.embed_phrases(())
    scope = "\0".join((str(getattr(model, "precision", "")), *templates))
    table = VectorTable(cache_folder() / "text", "phrases", model.name, model.weights, scope=scope)
    keys = [key_of(phrase) for phrase in phrases]
    found = table.find(keys)
    missing = np.flatnonzero(found < 0)
    if not len(missing):
        return table.rows(found)
    kept, out = table.rows(found[found >= 0]), None
    if len(table) + len(missing) > _MAX_ROWS:
        table.compact(keys)
    for start in range(0, len(missing), _BATCH):
        progress(Event("words", start, len(missing), "phrases"))
        chosen = missing[start : start + _BATCH]
        texts = [text for n in chosen for text in sentences(phrases[n], templates)]
        made = _unit(model.embed_phrases(texts).reshape(len(chosen), len(templates), -1).mean(axis=1))
        if out is None:
            out = np.empty((len(phrases), made.shape[1]), np.float32)
        out[chosen] = made
        table.add([keys[n] for n in chosen], made)  # at once, so that an interruption costs one batch
    progress(Event("words", len(missing), len(missing), "phrases"))
    assert out is not None
    if len(kept):
        out[found >= 0] = kept
    return out


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)
