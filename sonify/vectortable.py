"""Vectors on disk by key: memory-mapped, append-only, shared by processes, whole again after any crash.

    NAME.keys          a header, then for each row its key and a check sum over key and vector
    NAME.7.rows        the vectors, float32 [N, D], one after the other; 7 is the generation that the header names
    NAME.lock          held by whoever writes; readers need no lock

A row counts when its key is there and its check sum is right, and the key is written after the row. So whatever a
crash, a full disk, a power cut or a damaged file takes away is simply not there any more, and is made again; nothing
waits for the disk. Rows are never changed in place; `compact` writes a new generation beside the old one and renames
the keys over.

float32, since float16 costs more than it saves: over 20,000 rows of 512 a product took 1.5 ms against 13.6 ms
(numpy has to widen every number), with errors up to 4e-5, which swaps neighbours in a ranking.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.files import replacing

Array = NDArray[np.float32]
KEY_BYTES = 16
MAX_DIMENSIONS = 1 << 16
MAX_KEYS_BYTES = 1 << 32

_MAGIC = b"sonify vectors 1"
_HEADER = struct.Struct("<16s32sIIQ")  # magic, digest of what is kept, dimensions, 0, generation
_RECORD = np.dtype([("key", "<u8", 2), ("sum", "<u8")])
# Odd numbers from xxHash (Collet 2012)
_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)
_BLOCK = 8192
_LOCK_TIMEOUT_S = 20.0
_UNKNOWN, _GOOD, _BAD = 0, 1, 2


def key_of(text: str) -> bytes:
    """The key of a text: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=KEY_BYTES).digest()


class VectorTable:
    """The vectors of one kind that one model makes.

    what: what they are of ("phrases", "labels", "sounds"). model, weights: the model's name and hash of its weights;
    scope: whatever else changes the vectors (precision, templates). Other values mean another file.
    A table that can't be written to works in memory; `problem` then says why.
    """

    def __init__(self, folder: Path, what: str, model: str, weights: str, *, scope: str = "") -> None:
        """Opens what there is; creates nothing."""
        self.problem = ""
        self._digest = hashlib.sha256(
            "\0".join((what, model, weights, scope)).encode("utf-8", "surrogateescape")
        ).digest()
        name = re.sub(r"[^A-Za-z0-9.]+", "-", model)[:40].strip("-.") or "model"
        self._folder, self._name = folder, f"{what}-{name}-{self._digest.hex()[:12]}"
        self._memory: list[tuple[bytes, Array]] = []
        self._load()

    def __repr__(self) -> str:
        return f"VectorTable({self._name!r}, {len(self)} x {self.dimensions})"

    def __len__(self) -> int:
        """Rows, those that nobody asks for any more included."""
        return len(self._matrix)

    @property
    def dimensions(self) -> int:
        """D; 0 while nothing is kept."""
        return self._matrix.shape[1] if len(self._matrix) else 0

    @property
    def matrix(self) -> Array:
        """All rows, float32 [N, D], read-only, mapped where they lie on disk. Rows not found may be damaged."""
        return self._matrix

    def find(self, keys: Sequence[bytes]) -> NDArray[np.intp]:
        """The row of each key, int [len(keys)]; -1 where there is none or where it is damaged."""
        wanted = _pairs(keys)
        if not len(self._sorted) or not len(wanted):
            return np.full(len(wanted), -1, np.intp)
        # A key that was added twice, since its first row was damaged, is found at its last.
        at = np.searchsorted(self._sorted, wanted[:, 0], side="right") - 1
        rows = self._order[np.maximum(at, 0)]
        rows[at < 0] = -1
        other = np.flatnonzero((rows >= 0) & (self._keys[rows] != wanted).any(axis=1))
        for n in other:  # absent, or one of several keys with the same first half
            rows[n] = self._search(wanted[n], int(at[n]))
        self._check(rows[rows >= 0])
        rows[(rows >= 0) & (self._state[rows] == _BAD)] = -1
        return np.asarray(rows, np.intp)

    def good(self) -> NDArray[np.bool_]:
        """Which rows are whole, bool [N]."""
        self._check(np.flatnonzero(self._state == _UNKNOWN))
        return np.asarray(self._state == _GOOD)

    def keys(self, numbers: NDArray[np.intp]) -> list[bytes]:
        """The keys of some rows."""
        raw = np.ascontiguousarray(self._keys[numbers], "<u8").tobytes()
        return [raw[at : at + KEY_BYTES] for at in range(0, len(raw), KEY_BYTES)]

    def rows(self, numbers: NDArray[np.intp]) -> Array:
        """A copy of some rows, float32 [len(numbers), D]."""
        return np.asarray(self._matrix[numbers], np.float32)

    def add(self, keys: Sequence[bytes], vectors: Array) -> None:
        """Keeps vectors [len(keys), D]. What is there already is left as it is.

        Where the disk can't take them they are kept in memory, and `problem` says why.
        Raises ValueError for vectors that are not float32 of one length, or not finite.
        """
        vectors = np.ascontiguousarray(vectors, np.float32)
        if vectors.ndim != 2 or len(vectors) != len(keys) or not 0 < vectors.shape[1] <= MAX_DIMENSIONS:
            raise ValueError(f"{len(keys)} keys and vectors of shape {vectors.shape}")
        if not np.isfinite(vectors).all():
            raise ValueError("a vector is not finite")
        if not len(keys):
            return
        try:
            with self._writing():
                self._append(keys, vectors)
        except OSError as error:
            self.problem = error.strerror or str(error)
            self._memory += zip(keys, vectors, strict=True)
        self._load()

    def compact(self, keep: Sequence[bytes]) -> None:
        """Forgets all rows but those of `keep`. Does nothing where the disk can't be written to."""
        try:
            with self._writing():
                self._load()
                rows = np.unique(self.find(keep))
                rows = rows[(rows >= 0) & (rows < self._saved)]
                generation = self._next_generation()
                path = self._rows_path(generation)
                with path.open("wb") as file:
                    for start in range(0, len(rows), _BLOCK):
                        file.write(self._matrix[rows[start : start + _BLOCK]].tobytes())
                    records = np.empty(len(rows), _RECORD)
                records["key"], records["sum"] = self._keys[rows], self._sums[rows]
                self._replace_keys(self.dimensions, generation, records.tobytes())
                self._remove_all_but(generation)
        except OSError as error:
            self.problem = error.strerror or str(error)
        self._load()

    # Reading

    def _load(self) -> None:
        self._generation, records, matrix = self._read()
        self._saved = len(matrix)
        keys, sums = records["key"], records["sum"]
        memory = [(key, vector) for key, vector in self._memory if not len(matrix) or len(vector) == matrix.shape[1]]
        if memory:  # what the disk would not take
            extra = np.stack([vector for _, vector in memory])
            pairs = _pairs([key for key, _ in memory])
            keys = np.concatenate([keys, pairs])
            sums = np.concatenate([sums, _sums(pairs, extra)])
            matrix = np.concatenate([matrix, extra]) if len(matrix) else extra
        self._matrix, self._keys, self._sums = matrix, np.ascontiguousarray(keys), sums
        self._state = np.zeros(len(matrix), np.uint8)
        self._order = np.lexsort((self._keys[:, 1], self._keys[:, 0]))
        self._sorted, self._seconds = np.ascontiguousarray(self._keys[self._order].T)

    def _read(self) -> tuple[int, NDArray[np.void], Array]:
        """The generation, the records that count, and their rows as they lie on disk."""
        nothing = (0, np.empty(0, _RECORD), np.empty((0, 0), np.float32))
        for _ in range(5):
            try:
                if _plain_size(self._keys_path) > MAX_KEYS_BYTES:
                    return nothing
                raw = self._keys_path.read_bytes()
            except OSError:
                return nothing
            found = self._header(raw)
            if not found:
                return nothing
            dimensions, generation = found
            count = (len(raw) - _HEADER.size) // _RECORD.itemsize
            try:
                _plain_size(self._rows_path(generation))
                with self._rows_path(generation).open("rb") as file:
                    count = min(count, os.fstat(file.fileno()).st_size // (4 * dimensions))
                    if not count:
                        return nothing
                    rows = np.memmap(file, np.dtype("<f4"), "r", shape=(count, dimensions))
            except FileNotFoundError:
                continue  # compacted by another process between the two reads
            except (OSError, ValueError):
                return nothing
            records = np.frombuffer(raw, _RECORD, count, _HEADER.size)
            return generation, records, np.asarray(rows).view(np.ndarray)
        return nothing

    def _header(self, raw: bytes) -> tuple[int, int] | None:
        if len(raw) < _HEADER.size:
            return None
        magic, digest, dimensions, _, generation = _HEADER.unpack_from(raw)
        if magic != _MAGIC or digest != self._digest or not 0 < dimensions <= MAX_DIMENSIONS:
            return None
        return dimensions, generation

    def _search(self, wanted: NDArray[np.uint64], at: int) -> int:
        if self._sorted[at] != wanted[0]:
            return -1
        first = int(np.searchsorted(self._sorted, wanted[0], side="left"))
        second = self._seconds[first : at + 1]
        row = int(self._order[first + max(0, int(np.searchsorted(second, wanted[1], side="right")) - 1)])
        return row if self._keys[row, 1] == wanted[1] else -1

    def _check(self, rows: NDArray[np.intp]) -> None:
        """Compares rows with their check sums, each once."""
        new = np.unique(rows[self._state[rows] == _UNKNOWN])
        for start in range(0, len(new), _BLOCK):
            part = new[start : start + _BLOCK]
            whole = part[-1] - part[0] + 1 == len(part)
            vectors = self._matrix[part[0] : part[-1] + 1] if whole else self._matrix[part]
            right = _sums(self._keys[part], vectors) == self._sums[part]
            self._state[part] = np.where(right, _GOOD, _BAD)

    # Writing

    def _append(self, keys: Sequence[bytes], vectors: Array) -> None:
        self._load()  # another process may have been here
        new = {key: n for n, (key, row) in enumerate(zip(keys, self.find(keys), strict=True)) if row < 0}
        if not new:
            return
        chosen = vectors[list(new.values())]
        pairs = _pairs(list(new))
        records = np.empty(len(new), _RECORD)
        records["key"], records["sum"] = pairs, _sums(pairs, chosen)
        if self._saved == 0 or self.dimensions != chosen.shape[1]:  # nothing there, or nothing that can be read
            generation = self._next_generation()
            with self._rows_path(generation).open("wb") as file:
                file.write(chosen.tobytes())
            self._replace_keys(chosen.shape[1], generation, records.tobytes())
            self._remove_all_but(generation)
            return
        # Whatever lies behind the rows that count was left by a crash. Nobody has it mapped, so it is written over;
        # a file is never cut, since that would end a process that has it mapped.
        with self._rows_path(self._generation).open("r+b") as file:
            file.seek(self._saved * chosen.itemsize * chosen.shape[1])
            file.write(chosen.tobytes())
        with self._keys_path.open("r+b") as file:
            file.truncate(_HEADER.size + self._saved * _RECORD.itemsize)
            file.seek(0, os.SEEK_END)
            file.write(records.tobytes())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The lock. Raises OSError when it can't be had."""
        from filelock import FileLock, Timeout

        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / f"{self._name}.lock", timeout=_LOCK_TIMEOUT_S)
        try:
            lock.acquire()
        except Timeout:
            raise OSError(f"{self._name} has been locked for {_LOCK_TIMEOUT_S:.0f} s") from None
        except NotImplementedError as error:
            raise OSError(f"this file system has no locks ({error})") from None
        try:
            yield
        finally:
            lock.release()

    def _replace_keys(self, dimensions: int, generation: int, records: bytes) -> None:
        with replacing(self._keys_path) as beside, beside.open("wb") as file:
            file.write(_HEADER.pack(_MAGIC, self._digest, dimensions, 0, generation) + records)

    @property
    def _keys_path(self) -> Path:
        return self._folder / f"{self._name}.keys"

    def _rows_path(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}.rows"

    def _generations(self) -> dict[int, Path]:
        found = {}
        for path in self._folder.glob(f"{self._name}.*.rows"):
            number = path.name.removeprefix(f"{self._name}.").removesuffix(".rows")
            if number.isdecimal():
                found[int(number)] = path
        return found

    def _next_generation(self) -> int:
        return max(self._generations(), default=0) + 1

    def _remove_all_but(self, generation: int) -> None:
        for number, path in self._generations().items():
            if number != generation:
                with suppress(OSError):  # Windows keeps a file that is mapped: the next time will do
                    path.unlink()


def _plain_size(path: Path) -> int:
    """The size of a file. Raises OSError for what is none: a library may come from a stranger, its vectors with it,
    and a link or a pipe there would be read, or written to, in their place."""
    info = path.lstat()
    if not stat.S_ISREG(info.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file")
    return info.st_size


def _pairs(keys: Sequence[bytes]) -> NDArray[np.uint64]:
    """Keys as two numbers each, uint64 [N, 2]. Raises ValueError for a key that hasn't 16 bytes."""
    joined = b"".join(keys)
    if len(joined) != KEY_BYTES * len(keys):
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return np.frombuffer(joined, "<u8").reshape(-1, 2)


def _sums(pairs: NDArray[np.uint64], vectors: Array) -> NDArray[np.uint64]:
    """A check sum for each row, uint64 [N]: sees any change of one number, and rows or keys that changed places."""
    words = np.ascontiguousarray(vectors).view("<u8" if vectors.shape[1] % 2 == 0 else "<u4")
    total = np.add.reduce(words, axis=1, dtype=np.uint64)
    mixed: NDArray[np.uint64] = (total + _MIX[2]) * _MIX[0] + pairs[:, 0] * _MIX[1] + (pairs[:, 1] ^ _MIX[2])
    return mixed
