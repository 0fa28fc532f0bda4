"""Held-out photographs, read from the tars one by one."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

LEAST_SIDE_PX = 100
"""Smaller photographs are blurs at the size of a video."""


class HeldOut:
    """The photographs of the test split by concept: uint8 [S, S, 3]."""

    def __init__(self, folder: Path, concepts: Collection[str]) -> None:
        wanted: dict[str, dict[str, str]] = defaultdict(dict)
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                if row["split"] == "test" and row["concept"] in concepts:
                    wanted[row["shard"]][f"{row['key']}.jpg"] = row["concept"]
        found: dict[str, list[tuple[str, Picture]]] = defaultdict(list)
        for shard, names in wanted.items():
            with tarfile.open(folder / shard) as tar:
                for member in tar:
                    concept = names.get(Path(member.name).name)
                    data = tar.extractfile(member) if concept else None
                    if concept is None or data is None:
                        continue
                    picture = Image.open(io.BytesIO(data.read()))
                    if min(picture.size) >= LEAST_SIDE_PX or concept not in _NEED_DETAIL:
                        found[concept].append((member.name, np.asarray(picture.convert("RGB"))))
        # By name, so that the order of the tars says nothing.
        self._pictures = {concept: [p for _, p in sorted(many, key=_name)] for concept, many in found.items()}

    def concepts(self) -> list[str]:
        """Those that have photographs, in alphabetical order."""
        return sorted(self._pictures)

    def pick(self, concept: str, rng: np.random.Generator) -> Picture:
        """One of a concept's photographs."""
        many = self._pictures[concept]
        return many[int(rng.integers(len(many)))]


def _name(item: tuple[str, Picture]) -> str:
    return item[0]


def _emitters() -> frozenset[str]:
    from benchmarks.composed.emitters import EMITTERS

    return frozenset(EMITTERS)


_NEED_DETAIL = _emitters()
