"""The mix before mastering, set down in a temporary file: it is gone through more than once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from sonify.loudness import Meter
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spatial import Floats

_BLOCK = 2 * RATE_HZ


class Spool:
    """float32 samples [total, C], read again as often as wanted, with their loudness and highest sample.

    The file lies in `folder`, without a name where the system allows it, and is gone when it is closed.
    """

    def __init__(self, folder: Path, channels: int) -> None:
        self.channels = channels
        self.peak = 0.0
        self.total = 0
        self._meter = Meter(RATE_HZ, channels)
        self._file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed by __exit__

    @property
    def loudness_lufs(self) -> float:
        """Integrated loudness of what was written; -inf for silence."""
        return self._meter.integrated_lufs()

    def fill(self, blocks: Iterable[Floats]) -> None:
        """Writes blocks [N, C], measuring them on the way. Raises OSError when the disk is full."""
        for block in blocks:
            self._meter.add(block)
            self.total += len(block)
            if len(block):
                self.peak = max(self.peak, float(np.abs(block).max()))
            self._file.write(block.astype("<f4").tobytes())
        self._file.flush()

    def blocks(self) -> Iterator[Samples]:
        """The samples from the first on, in blocks of 2 s."""
        self._file.seek(0)
        while raw := self._file.read(_BLOCK * 4 * self.channels):
            yield np.frombuffer(raw, "<f4").reshape(-1, self.channels)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
