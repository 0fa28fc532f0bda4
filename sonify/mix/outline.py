"""What the limiter would make of a mix, from two numbers every 5 ms: the gain is searched on these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonify.loudness import GATE_STEPS, STEP_S, gated_lufs, mean_over
from sonify.mix.limiter import PART, UNIT, Envelope, Falls
from sonify.mix.sources import RATE_HZ
from sonify.mix.spatial import Floats

DIVISIONS = round(STEP_S * RATE_HZ) // PART
"""Parts of the meter's steps of 0.1 s."""

_FARTHEST_DB = 0.3
"""How far the wave between samples rises over the highest of 5 ms, as a rule."""

_TOGETHER = 600 * DIVISIONS
"""A minute at a time: an outline of hours is small, all that is worked out from it is not."""


@dataclass(frozen=True)
class Outline:
    """A mix in parts of 5 ms: K-weighted power [T] and highest sample [T] of each; T is a multiple of DIVISIONS."""

    powers: NDArray[np.float32]
    peaks: NDArray[np.float32]

    def change_lu(self, gain_db: float, ceiling_db: float, lower_db: NDArray[np.float32] | None = None) -> float:
        """How much louder it gets by `gain_db` before a limiter at `ceiling_db`; `gain_db` where nothing is limited.

        lower_db: how far the ceiling lies lower in each part, [T] or more.

        The limiter's gain is taken to come after the weighting, which it does not: tests with bursts, noise and bass
        came out up to 0.5 LU wrong where the limiter works hard.
        """
        steps = [self.powers.reshape(-1, DIVISIONS).mean(axis=1, dtype=np.float64)]
        steps += [np.concatenate(list(self._lowered(gain_db, ceiling_db, lower_db)))] if len(self.powers) else steps
        before, after = (gated_lufs(mean_over(powers, min(GATE_STEPS, len(powers)))) for powers in steps)
        return gain_db + after - before if before > float("-inf") < after else gain_db

    def _lowered(self, gain_db: float, ceiling_db: float, lower_db: NDArray[np.float32] | None) -> Iterator[Floats]:
        """Powers of the meter's steps after limiting."""
        envelope = Envelope(PART)
        loudest = 10 ** ((ceiling_db - gain_db - _FARTHEST_DB) / 20)
        peaks = self.peaks if lower_db is None else self.peaks * np.power(10, lower_db[: len(self.peaks)] / 20)
        known = envelope.add(_falls(peaks[:1], loudest))
        for first in range(0, len(self.peaks), _TOGETHER):
            powers = self.powers[first : first + _TOGETHER]
            # One part further: what a part begins with and what the next one begins with are both wanted.
            ahead = peaks[first + 1 : first + 1 + len(powers)]
            ahead = np.concatenate([ahead, np.zeros(len(powers) - len(ahead), np.float32)])
            known = np.concatenate([known[-1:], envelope.add(_falls(ahead, loudest))])
            gain = np.power(10.0, -known / (20 * UNIT))
            lowered = powers * np.square((gain[:-1] + gain[1:]) / 2)
            yield lowered.reshape(-1, DIVISIONS).mean(axis=1)


def _falls(peaks: NDArray[np.float32], loudest: float) -> Falls:
    over = np.log10(np.maximum(peaks.astype(np.float64) / loudest, 1.0))
    return np.asarray(np.rint(20 * UNIT * over), np.int64)
