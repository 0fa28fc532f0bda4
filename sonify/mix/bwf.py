"""Broadcast Wave: 24-bit WAV that says where on the timeline it belongs (EBU Tech 3285); RF64 over 4 GB."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from sonify.mix.sources import RATE_HZ
from sonify.mix.spatial import Floats

FULL_SCALE = float(2**23)
_BYTES = 3
_LARGEST_RIFF = 2**32 - 1
_BEXT = struct.Struct("<256s32s32s10s8sQH64s10s180s")
_VERSION = 1
# Speakers as bits: front left and right, centre, low frequency, back left and right, side left and right.
_MASKS = {1: 0x4, 2: 0x3, 6: 0x3F, 8: 0x63F}
_PCM = bytes.fromhex("0100000000001000800000aa00389b71")


class BwfWriter:
    """Writes samples [N, C] at 48 kHz as they come; the sizes go into the header when it is closed.

    time_reference: the place of the first sample, in samples since midnight. Nothing in the file tells when it was
    written, so that the same sound is the same file. Raises OSError when the disk is full.
    """

    def __init__(self, path: Path, channels: int, *, description: str = "", time_reference: int = 0) -> None:
        self.channels = channels
        self.peak = 0.0
        """The highest sample so far; over 1.0 it was cut off."""
        self._frames = 0
        self._file = path.open("wb")
        self._file.write(b"RIFF\0\0\0\0WAVE")
        self._chunk(b"JUNK", bytes(28))  # becomes ds64 in a file over 4 GB
        self._chunk(b"bext", _bext(description, time_reference))
        block = _BYTES * channels
        extensible = struct.pack("<HHI16s", 22, 24, _MASKS.get(channels, 0), _PCM)
        self._chunk(
            b"fmt ", struct.pack("<HHIIHH", 0xFFFE, channels, RATE_HZ, RATE_HZ * block, block, 24) + extensible
        )
        self._file.write(b"data\0\0\0\0")
        self._begin = self._file.tell()

    def write(self, samples: Floats) -> None:
        """The next samples, full scale at 1."""
        if not len(samples):
            return
        self.peak = max(self.peak, float(np.abs(samples).max()))
        whole = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i4")
        self._file.write(whole.view(np.uint8).reshape(-1, 4)[:, :_BYTES].tobytes())
        self._frames += len(samples)

    def close(self) -> None:
        """Completes the header. Raises OSError when the disk is full."""
        if self._file.closed:
            return
        size = self._frames * _BYTES * self.channels
        if size % 2:
            self._file.write(b"\0")
        end = self._file.tell()
        if end - 8 > _LARGEST_RIFF:
            self._put(0, b"RF64" + struct.pack("<I", _LARGEST_RIFF))
            self._put(12, b"ds64" + struct.pack("<IQQQI", 28, end - 8, size, self._frames, 0))
            self._put(self._begin - 4, struct.pack("<I", _LARGEST_RIFF))
        else:
            self._put(4, struct.pack("<I", end - 8))
            self._put(self._begin - 4, struct.pack("<I", size))
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        # It is thrown away: why must not be hidden by what else goes wrong on the way.
        with suppress(OSError):
            self._file.close()

    def _chunk(self, name: bytes, content: bytes) -> None:
        self._file.write(name + struct.pack("<I", len(content)) + content)

    def _put(self, at: int, content: bytes) -> None:
        self._file.seek(at)
        self._file.write(content)


def _bext(description: str, time_reference: int) -> bytes:
    def text(value: str) -> bytes:
        return value.encode("ascii", "replace")

    undated, none = b"0000-00-00", b""
    return _BEXT.pack(
        text(description)[:256], b"sonify", none, undated, b"00:00:00", time_reference, _VERSION, none, none, none
    )
