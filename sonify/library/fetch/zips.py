"""Zip archives, in one file or split into several, seen as one that Python's zipfile can read.

A split archive (NAME.z01, NAME.z02, …, NAME.zip; APPNOTE 6.3.10, 8.0) says of each member on which part, and where
on it, it begins. zipfile knows nothing of parts. So the parts are laid end to end, without copying, and the
directory at the end is written again, in memory, with places that count from the first byte of all.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import IO

from sonify.errors import LibraryError

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END_MARK, _LOCATOR_MARK, _END64_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06", b"PK\x01\x02"
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA = 1
_MAX_DIRECTORY_BYTES = 64 << 20
_MAX_COMMENT = 0xFFFF


class DamagedError(LibraryError):
    """The archive can't be used; a fresh download may help."""


class JoinedZip(io.RawIOBase):
    """The parts of an archive, in order (NAME.zip last), as one file to read.

    max_files: an archive of more members is refused before anything is unpacked.
    Raises DamagedError when it is no archive, LibraryError when it can't be read.
    """

    def __init__(self, parts: Sequence[Path], max_files: int) -> None:
        super().__init__()
        self._name = parts[-1].name
        self._at = 0
        self._stack = ExitStack()
        try:
            self._files: list[IO[bytes]] = [self._stack.enter_context(path.open("rb")) for path in parts]
            sizes = [path.stat().st_size for path in parts]
            self._starts = [0, *accumulate(sizes)]
            self._files.append(io.BytesIO())
            self._starts.append(self._starts[-1])
            end = self._place_directory(max_files)
        except OSError as error:
            self.close()
            raise LibraryError(f"can't read {self._name}: {error.strerror}", hint="check the disk") from None
        except (struct.error, IndexError, ValueError):
            self.close()
            raise self._damaged("its directory makes no sense") from None
        except LibraryError:
            self.close()
            raise
        self._starts[-1] = end

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fills `buffer` up to the end of a part at most."""
        index = bisect_right(self._starts, self._at) - 1
        if index >= len(self._files):
            return 0
        length = min(len(buffer), self._starts[index + 1] - self._at)
        data = self._read(self._at, length)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Closes the parts."""
        self._stack.close()
        super().close()

    def _read(self, at: int, length: int) -> bytes:
        index = bisect_right(self._starts, at) - 1
        file = self._files[index]
        file.seek(at - self._starts[index])
        return file.read(length)

    def _read_across(self, at: int, length: int) -> bytes:
        """`length` bytes, also over the border between two parts."""
        pieces = []
        while length > 0:
            index = bisect_right(self._starts, at) - 1
            piece = self._read(at, min(length, self._starts[index + 1] - at))
            if not piece:
                raise ValueError
            pieces.append(piece)
            at, length = at + len(piece), length - len(piece)
        return b"".join(pieces)

    def _place_directory(self, max_files: int) -> int:
        """Puts the directory, written again, behind the last member. Returns where it all ends."""
        total = self._starts[-2]
        at, last_part, count, size = self._find_end(total)
        if last_part != len(self._files) - 2:
            raise self._damaged(f"it has {last_part + 1} parts, {len(self._files) - 1} are here")
        if count > max_files:
            raise DamagedError(f"{self._name} holds {count:,} files, over {max_files:,}", hint="it isn't used")
        if size > _MAX_DIRECTORY_BYTES or size > at:
            raise self._damaged("its directory is too large")
        old = io.BytesIO(self._read_across(at - size, size))
        new = b"".join(self._entry(old) for _ in range(count))
        begin = at - size
        end64 = _END64.pack(_END64_MARK, _END64.size - 12, 45, 45, 0, 0, count, count, len(new), begin)
        locator = _LOCATOR.pack(_LOCATOR_MARK, 0, begin + len(new), 1)
        end = _END.pack(_END_MARK, 0, 0, min(count, _FULL16), min(count, _FULL16), _FULL32, _FULL32, 0)
        self._files[-1] = io.BytesIO(new + end64 + locator + end)
        self._starts[-2] = begin
        # A directory that begins on an earlier part hides that part's end, and the parts after it.
        for index in range(len(self._starts) - 3, -1, -1):
            self._starts[index] = min(self._starts[index], begin)
        return begin + len(new) + len(end64) + len(locator) + len(end)

    def _find_end(self, total: int) -> tuple[int, int, int, int]:
        """Where the directory ends, the number of the last part, of the members, and the directory's size."""
        length = min(total, _END.size + _MAX_COMMENT)
        tail = self._read_across(total - length, length)
        found = tail.rfind(_END_MARK)
        while found >= 0:
            fields = _END.unpack_from(tail, found) if found + _END.size <= length else None
            if fields and found + _END.size + fields[7] == length:
                break
            found = tail.rfind(_END_MARK, 0, found)
        if found < 0:
            raise self._damaged("it has no end")
        assert fields is not None
        at, last, count, size = total - length + found, fields[1], fields[4], fields[5]
        if at >= _LOCATOR.size:
            mark, part, offset, _ = _LOCATOR.unpack(self._read_across(at - _LOCATOR.size, _LOCATOR.size))
            if mark == _LOCATOR_MARK:
                at = self._starts[:-2][part] + offset
                end64 = _END64.unpack(self._read_across(at, _END64.size))
                if end64[0] != _END64_MARK:
                    raise self._damaged("its directory is not where it should be")
                last, count, size = end64[4], end64[7], end64[8]
        return at, last, count, size

    def _entry(self, old: IO[bytes]) -> bytes:
        fields = list(_ENTRY.unpack(old.read(_ENTRY.size)))
        if fields[0] != _ENTRY_MARK:
            raise ValueError
        name, extra, _comment = (old.read(fields[index]) for index in (10, 11, 12))
        others, wide = _split_extra(extra)
        packed, full, part, offset = fields[8], fields[9], fields[13], fields[16]
        if full == _FULL32:
            full, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        if packed == _FULL32:
            packed, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        if offset == _FULL32:
            offset, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        if part == _FULL16 and len(wide) >= 4:
            part = int.from_bytes(wide[:4], "little")
        offset += self._starts[:-2][part]
        wide = b"".join(value.to_bytes(8, "little") for value in (full, packed, offset) if value >= _FULL32)
        if wide:
            others += struct.pack("<2H", _ZIP64_EXTRA, len(wide)) + wide
        fields[8], fields[9], fields[16] = (min(value, _FULL32) for value in (packed, full, offset))
        fields[11], fields[12], fields[13] = len(others), 0, 0
        return _ENTRY.pack(*fields) + name + others

    def _damaged(self, why: str) -> DamagedError:
        return DamagedError(f"{self._name} is no archive that can be read: {why}", hint="fetch it again")


def _split_extra(extra: bytes) -> tuple[bytes, bytes]:
    """What an entry says beside its fields: all of it but its wide numbers, and those."""
    others, wide = b"", b""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == _ZIP64_EXTRA:
            wide = extra[4 : 4 + length]
        else:
            others += extra[: 4 + length]
        extra = extra[4 + length :]
    return others, wide
