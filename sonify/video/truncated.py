"""Whether an MP4 or MOV is cut short: decord then shows now and then a frame twice, in other runs it doesn't."""

from __future__ import annotations

import struct
from pathlib import Path

_BOXES = 10_000


def cut_short(path: Path) -> bool:
    """Whether one of the file's boxes ends after the file does. False for anything that is no MP4."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        for _ in range(_BOXES):
            file.seek(at)
            head = file.read(16)
            if len(head) < 8 or (at == 0 and head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")):
                return False
            length = int(struct.unpack(">I", head[:4])[0])
            if length == 1 and len(head) == 16:
                length = int(struct.unpack(">Q", head[8:])[0])
            if length < 8:  # 0: up to the end of the file
                return False
            at += length
            if at >= size:
                return at > size
    return False
