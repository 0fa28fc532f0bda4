"""The last step: the whole mix to the loudness of its profile, and no peak over it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sonify.loudness import Meter
from sonify.mix.heard import Heard
from sonify.mix.limiter import PART, Limiter
from sonify.mix.memory import give_back
from sonify.mix.outline import Outline
from sonify.mix.profiles import Profile
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spool import Spool

TOLERANCE_LU = 0.5
"""EBU R 128 allows as much."""

_AIM_LU = 0.1
_CORRECT_FROM_LU = 0.3
_MOST_SEARCHES = 16

MOST_LIMITING_DB = 24.0
"""Peaks are brought down by no more: a programme of a few clicks is not crushed until it is loud."""

_LEAST_SLOPE = 0.1
_MARGIN_DB = 0.1
_METER_STEP_DB = 0.05
_MOST_LOCAL = 3
_LOCAL_MARGIN_DB = 0.4
"""What is lowered here may rise elsewhere in the same frame: a little too much, each time more, ends it soon."""
_AROUND = 5
"""Parts of 5 ms; a frame of AAC is 21 ms long."""

_LIMITED_LU = 0.2
"""So much loudness lost to the limiter is worth a look at the samples."""

_BETWEEN_DB = 3.0
"""How far the wave between samples may rise over them, nearly always."""


class Master:
    """Blocks of the mastered mix; `correct` learns from what the encoder made of them."""

    def __init__(self, spool: Spool, profile: Profile) -> None:
        self._spool, self._profile = spool, profile
        self._ceiling_db = profile.peak_dbtp
        self._offset_lu = 0.0
        self._rough_lu = 0.0
        self._peak_db = _db(spool.peak)
        self._given_db = self._ceiling_db
        self._lower_db: NDArray[np.float32] | None = None
        self._lowered = 0
        self._at_most = False
        self.loudness_lufs = spool.loudness_lufs
        """What the programme comes to before it is encoded; -inf for silence."""

    @property
    def falls_short(self) -> bool:
        """Whether the programme stays under its profile's loudness, since its peaks would have to be crushed."""
        wanted = self._profile.loudness_lufs
        return wanted is not None and self.loudness_lufs < wanted - TOLERANCE_LU

    def blocks(self) -> Iterator[Samples]:
        """float32 [N, C] at 48 kHz, as many as in the spool."""
        highest = 0.0
        gain_db = self._gain_db()
        give_back()
        for block in self._limited(gain_db):
            if len(block):
                highest = max(highest, float(np.abs(block).max()))
            yield block
        self._given_db = _db(highest)

    def correct(self, heard: Heard, excess_db: NDArray[np.float32] | None = None) -> bool:
        """Takes what the encoded file measures; True when the programme must be made again.

        excess_db: how far it is over the peak in each 5 ms, [T]. There alone the ceiling is lowered; without it, or
        where that is no longer enough, everywhere.
        """
        again = False
        over_db = heard.peak_dbtp - self._profile.peak_dbtp
        if over_db > _METER_STEP_DB:
            again = True
            self._lowered += 1
            if excess_db is not None and excess_db.any() and self._lowered <= _MOST_LOCAL:
                self._lower_where(excess_db)
            else:
                # The encoder may put peaks where the limiter saw none: counted is from what it was given.
                self._ceiling_db = min(self._ceiling_db, self._given_db) - over_db - _MARGIN_DB
        wanted = self._profile.loudness_lufs
        if wanted is not None and heard.loudness_lufs > float("-inf") and not self.falls_short:
            off_lu = wanted - heard.loudness_lufs
            if abs(off_lu) > _CORRECT_FROM_LU and not (off_lu > 0 and self._at_most):
                self._offset_lu += off_lu
                again = True
        return again

    def _lower_where(self, excess_db: NDArray[np.float32]) -> None:
        """Makes room where the encoder needs it, and some time around: its frames are as long, and may come late."""
        from scipy.ndimage import maximum_filter1d

        wider = maximum_filter1d(
            np.where(excess_db > 0, excess_db + self._lowered * _LOCAL_MARGIN_DB, 0), 2 * _AROUND + 1
        )
        known = self._lower_db if self._lower_db is not None else np.zeros(0, np.float32)
        total = np.zeros(max(len(known), len(wider), -(-self._spool.total // PART)), np.float32)
        total[: len(known)] += known
        total[: len(wider)] += wider
        self._lower_db = total

    def _gain_db(self) -> float:
        """The gain before the limiter; sets `loudness_lufs`."""
        loudness = self._spool.loudness_lufs
        if self._profile.loudness_lufs is None or loudness == float("-inf"):
            self.loudness_lufs = loudness
            return 0.0
        wanted = self._profile.loudness_lufs + self._offset_lu
        # Let go of before the encoder begins to need memory of its own.
        outline = self._spool.outline
        gain_db, guessed = self._search(wanted, outline)
        if loudness + gain_db - guessed > _LIMITED_LU:
            # The outline is rough where the limiter works hard: once, it is compared with the samples.
            self._rough_lu += self._measured(gain_db) - guessed
            gain_db, guessed = self._search(wanted, outline)
        self.loudness_lufs = guessed
        return gain_db

    def _search(self, wanted: float, outline: Outline) -> tuple[float, float]:
        """The gain that comes to `wanted`, or the most that is allowed, and what it comes to."""
        most_db = self._profile.peak_dbtp - self._peak_db + MOST_LIMITING_DB
        gain_db = min(wanted - self._spool.loudness_lufs, most_db)
        best, before, slope = (gain_db, float("inf")), None, 1.0
        for _ in range(_MOST_SEARCHES):
            guessed = self._guessed(gain_db, outline)
            off_lu = wanted - guessed
            best = min(best, (gain_db, guessed), key=lambda tried: abs(wanted - tried[1]))
            self._at_most = off_lu > 0 and gain_db >= most_db
            if abs(off_lu) <= _AIM_LU or self._at_most:
                break
            # The more is limited, the less a decibel of gain brings: as the last step showed, so the next is made.
            if before is not None and gain_db != before[0]:
                slope = (guessed - before[1]) / (gain_db - before[0])
                slope = min(1.0, max(_LEAST_SLOPE, slope))
            before = (gain_db, guessed)
            gain_db = min(gain_db + off_lu / slope, most_db)
        return best

    def _guessed(self, gain_db: float, outline: Outline) -> float:
        if self._peak_db + gain_db <= self._ceiling_db - _BETWEEN_DB:
            return self._spool.loudness_lufs + gain_db
        return (
            self._spool.loudness_lufs + outline.change_lu(gain_db, self._ceiling_db, self._lower_db) + self._rough_lu
        )

    def _measured(self, gain_db: float) -> float:
        meter = Meter(RATE_HZ, self._spool.channels)
        for block in self._limited(gain_db):
            meter.add(block)
        return meter.integrated_lufs()

    def _limited(self, gain_db: float) -> Iterator[Samples]:
        factor = np.float32(10 ** (gain_db / 20))
        louder: Iterator[Samples] = (block * factor for block in self._spool.blocks())
        return Limiter(self._ceiling_db, self._spool.channels, lower_db=self._lower_db).run(louder)


def _db(peak: float) -> float:
    return 20 * float(np.log10(peak)) if peak > 0 else float("-inf")
