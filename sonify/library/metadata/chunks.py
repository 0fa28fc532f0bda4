"""The chunks of WAV, RF64 and AIFF files, looked for within bounds: nothing that a file claims is believed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# Recorders and editors write a dozen or two; a file of nothing else would be walked for minutes.
MAX_CHUNKS = 256
_BIG_SIZE = 0xFFFFFFFF


@dataclass(frozen=True)
class Chunk:
    """One chunk: its four letters, where its contents begin, and how long they are in bytes."""

    name: bytes
    start: int
    size_bytes: int


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a file in their order, as far as they lie within it; none when it is not made of chunks.

    RF64 and BW64 keep the length of `data` in a chunk of its own (EBU Tech 3306).
    """
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64", b"FORM"):
        return
    order = ">I" if head[:4] == b"FORM" else "<I"
    data_size, position = 0, 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > end:
            return
        file.seek(position)
        name, size = _header(file.read(8), order)
        if name == b"ds64":
            sizes = file.read(24)
            data_size = int(struct.unpack("<QQQ", sizes)[1]) if len(sizes) == 24 else 0
        if name == b"data" and size == _BIG_SIZE:
            size = data_size
        start = position + 8
        # What follows a chunk of a wrong length is not a chunk, and its name shows it.
        if not name.isascii() or not name.decode("ascii").isprintable() or start + size > end:
            return
        yield Chunk(name, start, size)
        position = start + size + size % 2


def contents(file: BinaryIO, chunk: Chunk, most_bytes: int) -> bytes:
    """The contents of a chunk, at most so many bytes of them."""
    file.seek(chunk.start)
    return file.read(min(chunk.size_bytes, most_bytes))


def _header(raw: bytes, order: str) -> tuple[bytes, int]:
    return raw[:4], int(struct.unpack(order, raw[4:8])[0])
