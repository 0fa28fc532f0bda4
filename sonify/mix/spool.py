"""The mix before mastering, set down in a temporary file: it is gone through more than once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sonify.loudness import Meter
from sonify.mix.limiter import PART
from sonify.mix.outline import DIVISIONS, Outline
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spatial import Floats

_BLOCK = 2 * RATE_HZ


class Spool:
    """float32 samples [total, C], read again as often as wanted, with their loudness, highest sample and outline.

    The file lies in `folder`, without a name where the system allows it, and is gone when it is closed.
    """

    def __init__(self, folder: Path, channels: int) -> None:
        self.channels = channels
        self.peak = 0.0
        self.total = 0
        self._meter = Meter(RATE_HZ, channels, divisions=DIVISIONS)
        self._peaks: list[NDArray[np.float32]] = []
        self._rest: Samples = np.zeros((0, channels), np.float32)
        self._file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed by __exit__

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness of all, once it is written; -inf for silence."""
        return self._meter.integrated_lufs()

    @cached_property
    def outline(self) -> Outline:
        """All of it in parts of 5 ms, once it is written, as far as there are whole steps of the meter."""
        powers = self._meter.powers
        peaks = np.concatenate([np.zeros(0, np.float32), *self._peaks])
        self._peaks.clear()
        return Outline(powers, peaks[: len(powers)])

    def fill(self, blocks: Iterable[Floats]) -> None:
        """Writes blocks [N, C], measuring them on the way. Raises OSError when the disk is full."""
        for block in blocks:
            self._meter.add(block)
            samples = block.astype("<f4")
            self.total += len(samples)
            self._add_peaks(samples)
            self._file.write(samples.data)
        self._file.flush()

    def _add_peaks(self, samples: Samples) -> None:
        if not samples.size:
            return
        loud = np.abs(samples)
        self.peak = max(self.peak, float(loud.max()))
        joined = np.concatenate([self._rest, loud]) if len(self._rest) else loud
        count = len(joined) // PART
        self._peaks.append(joined[: count * PART].reshape(count, PART * self.channels).max(axis=1))
        self._rest = joined[count * PART :]

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
