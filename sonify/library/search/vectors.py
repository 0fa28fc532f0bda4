"""Where a library's vectors lie, and filling in those that it lacks.

Beside the catalogue, in `vectors`, one table for each thing and model:

    labels     what a label says ("dog barking"), for queries in words
    emitters   what a label looks like (its visual phrases), for queries by picture
    sounds     what a sound sounds like, by the hash of its content, for queries by sound

Which rows still serve is not written down: a table is searched whole, and rows of what has gone are passed over.
They are cleared away when they outnumber the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.library.catalog.file import CatalogFile
from sonify.progress import Event, Progress, silent
from sonify.vectortable import Array, VectorTable, key_of

LABELS, EMITTERS, SOUNDS = "labels", "emitters", "sounds"
FOLDER = "vectors"
_BATCH = 512
_FEW = 1024


def open_vectors(catalog: CatalogFile, what: str, model: str, weights: str, *, scope: str = "") -> VectorTable:
    """The table of a library and a model. what: LABELS, EMITTERS or SOUNDS; the rest as in VectorTable."""
    return VectorTable(folder_of(catalog), what, model, weights, scope=scope)


def folder_of(catalog: CatalogFile) -> Path:
    """Where a library's vectors lie. The folder may not exist."""
    return catalog.path.parent / FOLDER


def key_of_phrases(phrases: Sequence[str]) -> bytes:
    """The key of a label's visual phrases."""
    return key_of("\n".join(phrases))


def fill(
    table: VectorTable,
    keys: Sequence[bytes],
    make: Callable[[Sequence[int]], Array],
    *,
    stage: str = "words",
    unit: str = "labels",
    progress: Progress = silent,
) -> NDArray[np.intp]:
    """The rows of all keys, int [len(keys)], the missing ones made first.

    make: vectors [len(numbers), D] for the numbers of some keys. What is made is kept at once, so that an
    interruption costs a batch. When fewer than half of the table's rows are asked for, the others are forgotten.
    """
    rows = table.find(keys)
    missing = np.flatnonzero(rows < 0)
    for start in range(0, len(missing), _BATCH):
        progress(Event(stage, start, len(missing), unit))
        numbers = missing[start : start + _BATCH].tolist()
        table.add([keys[n] for n in numbers], make(numbers))
    if len(missing):
        progress(Event(stage, len(missing), len(missing), unit))
        if len(table) > 2 * len(keys) + _FEW:
            table.compact(keys)
        rows = table.find(keys)
    return rows
