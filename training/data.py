"""Photographs in: tars with a labels.csv, or a plain folder with a captions CSV, kept as one array on disk.

The cache is `photos.npy` (uint8 [N, side, side, 3]) and `photos.csv` (concept, caption, split; row i = picture i).
"""

from __future__ import annotations

import csv
import io
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE_PX = 112
"""Side of the cached pictures; the photographs of this project have 112 px or less."""


@dataclass(frozen=True)
class Photos:
    """Pictures uint8 [N, side, side, 3] (memory-mapped), and per picture its concept, caption and split."""

    pixels: np.ndarray
    concepts: tuple[str, ...]
    captions: tuple[str, ...]
    splits: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.concepts)

    def rows(self, split: str) -> np.ndarray:
        """Row numbers, int64, of the pictures of one split."""
        return np.flatnonzero(np.array([s == split for s in self.splits]))

    def half(self, which: str) -> np.ndarray:
        """Row numbers of one half of the test split: "fit" to choose and calibrate by, "check" to measure that."""
        rows = self.rows("test")
        second = np.array([zlib.crc32(str(row).encode()) & 1 for row in rows], dtype=bool)
        return rows[second if which == "check" else ~second]

    def concept_names(self) -> list[str]:
        """The concepts in alphabetical order: the order of every class index in training."""
        return sorted(set(self.concepts))


def load_photos(source: Path, cache: Path) -> Photos:
    """The photographs of `source`, decoded once into `cache`.

    `source` is a folder with `labels.csv` beside tars (columns key, shard, concept, caption, split), or one
    with `captions.csv` (columns file, concept, and optionally caption and split) beside picture files.
    """
    table, pixels = cache / "photos.csv", cache / "photos.npy"
    if not (table.exists() and pixels.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        if (source / "labels.csv").exists():
            _decode_tars(source, pixels, table)
        elif (source / "captions.csv").exists():
            _decode_folder(source, pixels, table)
        else:
            raise FileNotFoundError(f"{source} holds neither labels.csv (tars) nor captions.csv (picture files)")
    with table.open(newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    return Photos(
        np.load(pixels, mmap_mode="r"),
        tuple(r["concept"] for r in rows),
        tuple(r["caption"] for r in rows),
        tuple(r["split"] for r in rows),
    )


def file_names(source: Path) -> list[str]:
    """What picture i is called: "shard/file" of the tars, or the table's file."""
    if not (source / "labels.csv").exists():
        with (source / "captions.csv").open(newline="", encoding="utf-8") as f:
            return [row["file"] for row in csv.DictReader(f)]
    with (source / "labels.csv").open(newline="", encoding="utf-8") as f:
        keys = {(r["shard"], r["key"]) for r in csv.DictReader(f)}
    found = []
    for shard in sorted({shard for shard, _ in keys}):
        with tarfile.open(source / shard) as tar:
            found += [f"{shard}/{name}" for name in tar.getnames() if (shard, Path(name).stem) in keys]
    return found


def _square(data: bytes) -> np.ndarray:
    """One picture as uint8 [SIDE_PX, SIDE_PX, 3]: its centre square, resized."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    box = (left, top, left + side, top + side)
    if picture.size != (SIDE_PX, SIDE_PX):
        picture = picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC, box=box)
    return np.asarray(picture)


def _write(rows: list[dict[str, str]], pictures: list[np.ndarray], pixels: Path, table: Path) -> None:
    np.save(pixels, np.stack(pictures))
    # The table is written last: its presence says that the cache is whole.
    with table.open("w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, ["concept", "caption", "split"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _decode_tars(source: Path, pixels: Path, table: Path) -> None:
    with (source / "labels.csv").open(newline="", encoding="utf-8") as f:
        by_key = {(r["shard"], r["key"]): r for r in csv.DictReader(f)}
    rows: list[dict[str, str]] = []
    pictures: list[np.ndarray] = []
    for shard in sorted({shard for shard, _ in by_key}):
        with tarfile.open(source / shard) as tar:
            for member in tar:
                row = by_key.get((shard, Path(member.name).stem))
                data = tar.extractfile(member)
                if row is not None and data is not None:
                    pictures.append(_square(data.read()))
                    rows.append(row)
    if len(rows) != len(by_key):
        raise ValueError(f"{source}: labels.csv names {len(by_key)} pictures, the tars hold {len(rows)} of them")
    _write(rows, pictures, pixels, table)


def _decode_folder(source: Path, pixels: Path, table: Path) -> None:
    with (source / "captions.csv").open(newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    pictures = []
    for row in rows:
        pictures.append(_square((source / row["file"]).read_bytes()))
        row["caption"] = row.get("caption") or row["concept"]
        # A stable tenth is held out where the table names no split.
        row["split"] = row.get("split") or ("test" if zlib.crc32(row["file"].encode()) % 10 == 0 else "train")
    _write(rows, pictures, pixels, table)
