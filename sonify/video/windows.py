"""Stretches of a video that are to be read again, and which frames of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor


@dataclass(frozen=True)
class Window:
    """From start_s up to, not including, end_s, at rate_hz frames a second; None: every frame."""

    start_s: Fraction
    end_s: Fraction
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        if self.start_s > self.end_s:
            raise ValueError(f"a window can't end at {self.end_s} s, before its start at {self.start_s} s")
        if self.rate_hz is not None and self.rate_hz <= 0:
            raise ValueError(f"rate_hz must be over 0, not {self.rate_hz}")


class Pace:
    """Tells, of frames in order, which ones some windows want.

    Of a window with a rate it is the first frame that begins in each multiple of 1/rate_hz of the video's clock. So
    a frame is wanted whatever else is read between.
    """

    def __init__(self, windows: Iterable[Window]) -> None:
        self._coming = sorted((w for w in windows if w.end_s > w.start_s), key=lambda w: w.start_s)
        self._next = 0
        self._open: list[tuple[Window, Fraction | None]] = []
        self._cells: list[int] = []

    def wants(self, time_s: Fraction) -> bool:
        """Whether the next frame, which begins at time_s, is wanted."""
        while self._next < len(self._coming) and self._coming[self._next].start_s <= time_s:
            window = self._coming[self._next]
            rate = None if window.rate_hz is None else Fraction(str(window.rate_hz))
            self._open.append((window, rate))
            self._cells.append(-1)
            self._next += 1
        still = [index for index, (window, _) in enumerate(self._open) if time_s < window.end_s]
        self._open, self._cells = [self._open[i] for i in still], [self._cells[i] for i in still]
        wanted = False
        for index, (_, rate) in enumerate(self._open):
            cell = 0 if rate is None else floor(time_s * rate)
            wanted |= rate is None or cell != self._cells[index]
            self._cells[index] = cell
        return wanted


def stretches(windows: Sequence[Window]) -> list[tuple[Fraction, Fraction]]:
    """The union of windows: (start_s, end_s) in order, none touching the next."""
    found: list[tuple[Fraction, Fraction]] = []
    for window in sorted(windows, key=lambda w: (w.start_s, w.end_s)):
        if window.end_s == window.start_s:
            continue
        if found and window.start_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], window.end_s))
        else:
            found.append((window.start_s, window.end_s))
    return found
