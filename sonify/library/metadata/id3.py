"""ID3v2 tags of any size, made small: only the frames with text, so that mutagen can read them safely.

mutagen unpacks compressed frames without a limit (a bomb), and its time grows with the square of the number of
frames. Pictures, often larger than the sound, are passed over unread.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO

MAX_FRAMES = 512
MAX_KEPT = 64
MAX_FRAME_BYTES = 64 * 2**10
# A tag that was unsynchronised as a whole (2.3 and older) must be undone from its beginning.
MAX_UNSYNCHED_BYTES = 2 * 2**20
_UNSYNCHED, _EXTENDED = 0x80, 0x40
# Compressed or encrypted, in version 2.3 and 2.4 (id3.org, sections 3.3.1 and 4.1.2).
_PACKED = {3: 0x00C0, 4: 0x000C}
_NAMES = {
    "TIT2": "title",
    "TT2": "title",
    "TIT3": "subtitle",
    "TPE1": "artist",
    "TP1": "artist",
    "TCON": "genre",
    "TCO": "genre",
    "TCOP": "copyright",
    "TCR": "copyright",
    "COMM": "comment",
    "COM": "comment",
    "WCOP": "licenceurl",
    "WCP": "licenceurl",
    "WOAS": "url",
    "WOAF": "url",
    "WXXX": "url",
    "WXX": "url",
    "TXXX": "",
    "TXX": "",
}


def read_id3(file: BinaryIO, start: int) -> Mapping[str, str]:
    """The texts of the ID3v2 tag that begins at `start`, by field name ("title", or what a TXXX frame is called).

    Raises what mutagen raises for a damaged tag; nothing when there is no tag.
    """
    from mutagen.id3 import ID3

    small = _small(file, start)
    if not small:
        return {}
    found: dict[str, str] = {}
    for frame in ID3(BytesIO(small), load_v1=False).values():
        name = _NAMES.get(frame.FrameID) or str(getattr(frame, "desc", ""))
        text = frame.url if frame.FrameID.startswith("W") else "; ".join(_texts(frame))
        found.setdefault(name, text)
    return found


def read_id3v1(file: BinaryIO) -> Mapping[str, str]:
    """The texts of the 128 bytes at the end of old MP3 files, nothing when they are no tag."""
    from mutagen.id3 import ParseID3v1

    size = file.seek(0, 2)
    if size < 128:
        return {}
    file.seek(size - 128)
    frames = ParseID3v1(file.read(128)) or {}
    return {_NAMES[name]: "; ".join(_texts(frame)) for name, frame in frames.items() if name in _NAMES}


def _texts(frame: object) -> list[str]:
    genres = getattr(frame, "genres", None)
    return [str(text) for text in (genres or getattr(frame, "text", []))][:8]


def _small(file: BinaryIO, start: int) -> bytes:
    """A tag of the same version with only those frames in it that we want, b"" when there are none."""
    file.seek(start)
    head = file.read(10)
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
        return b""
    version, flags, size = head[3], head[5], _syncsafe(head[6:10])
    # From version 2.4 on single frames are unsynchronised, and mutagen undoes that.
    keep_flags = flags & _UNSYNCHED if version == 4 else 0
    source, end = file, start + 10 + size
    if flags & _UNSYNCHED and version < 4:
        source = BytesIO(file.read(min(size, MAX_UNSYNCHED_BYTES)).replace(b"\xff\x00", b"\xff"))
        start, end = -10, source.getbuffer().nbytes
    position = start + 10
    if flags & _EXTENDED and version > 2:
        source.seek(position)
        raw = source.read(4)
        position += _syncsafe(raw) if version == 4 else 4 + int.from_bytes(raw, "big")
    frames = b"".join(_frames(source, position, end, version))
    if not frames:
        return b""
    return b"ID3" + bytes([version, 0, keep_flags]) + _to_syncsafe(len(frames)) + frames


def _frames(source: BinaryIO, position: int, end: int, version: int) -> list[bytes]:
    kept: list[bytes] = []
    letters, length = (3, 6) if version == 2 else (4, 10)
    for _ in range(MAX_FRAMES):
        source.seek(position)
        head = source.read(length)
        if position + length > end or len(head) < length or not head[:letters].isalnum():
            break
        size = int.from_bytes(head[letters : 2 * letters], "big")
        if version == 4:
            size = _syncsafe(head[4:8])
        flags = int.from_bytes(head[8:10], "big")
        wanted = head[:letters].decode("ascii", "replace") in _NAMES and not flags & _PACKED.get(version, 0)
        if wanted and 0 < size <= MAX_FRAME_BYTES:
            kept.append(head + source.read(size))
        if len(kept) == MAX_KEPT:
            break
        position += length + size
    return kept


def _syncsafe(raw: bytes) -> int:
    size = 0
    for byte in raw:
        size = size << 7 | (byte & 0x7F)
    return size


def _to_syncsafe(size: int) -> bytes:
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
