"""The mix before mastering, set down in a temporary file: it is gone through more than once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
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

_BLOCK = RATE_HZ


class Spool:
    """float32 samples [total, C], read again as often as wanted, with their loudness, highest sample and outline.

    The files lie in `folder`, without a name where the system allows it, and are gone when it is closed.
    """

    def __init__(self, folder: Path, channels: int) -> None:
        self.channels = channels
        self.peak = 0.0
        self.total = 0
        self._meter = Meter(RATE_HZ, channels, divisions=DIVISIONS)
        # Power and highest sample of each part; in a file too, since a film of hours has millions.
        self._parts = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed by __exit__
        self._peaks: NDArray[np.float32] = np.zeros(0, np.float32)  # those whose power isn't known yet
        self._rest: Samples = np.zeros((0, channels), np.float32)
        self._file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed by __exit__

    @cached_property
    def loudness_lufs(self) -> float:
        """Integrated loudness of all, once it is written; -inf for silence."""
        return self._meter.integrated_lufs()

    @property
    def outline(self) -> Outline:
        """All of it in parts of 5 ms, as far as there are whole steps of the meter; read anew each time."""
        self._parts.seek(0)
        parts = np.frombuffer(self._parts.read(), "<f4").reshape(-1, 2)
        return Outline(parts[:, 0], parts[:, 1])

    def fill(self, blocks: Iterable[Floats]) -> None:
        """Writes blocks [N, C], measuring them on the way. Raises OSError when the disk is full."""
        for block in blocks:
            samples = block.astype("<f4")
            self.total += len(samples)
            self._add_parts(self._meter.add(block), samples)
            self._file.write(samples.data)
        self._file.flush()
        self._parts.flush()

    def _add_parts(self, powers: Floats, samples: Samples) -> None:
        if not samples.size:
            return
        loud = np.abs(samples)
        self.peak = max(self.peak, float(loud.max()))
        joined = np.concatenate([self._rest, loud]) if len(self._rest) else loud
        count = len(joined) // PART
        peaks = joined[: count * PART].reshape(count, PART * self.channels).max(axis=1)
        self._rest = joined[count * PART :].copy()
        peaks = np.concatenate([self._peaks, peaks])
        self._parts.write(np.stack([powers, peaks[: len(powers)]], axis=1).astype("<f4").tobytes())
        self._peaks = peaks[len(powers) :]

    def blocks(self) -> Iterator[Samples]:
        """The samples from the first on, in blocks of 1 s.

        Short ones, since ffmpeg is at its largest while they are mastered.
        """
        self._file.seek(0)
        while raw := self._file.read(_BLOCK * 4 * self.channels):
            yield np.frombuffer(raw, "<f4").reshape(-1, self.channels)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._file, self._parts):
            # What was still to be written when the disk was full has no need of a place any more.
            with suppress(OSError):
                file.close()
