"""What crosses between the stages of matching: a label over an interval, not yet a cue."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from sonify.cues import Curve, Evidence
from sonify.matching.presence import Interval


class Span(Protocol):
    """A scene's place in time."""

    @property
    def start_s(self) -> Fraction:
        """Where it begins."""
        ...

    @property
    def end_s(self) -> Fraction:
        """Where it ends."""
        ...


@dataclass(frozen=True)
class Event:
    """Something hits, flashes or speaks at one instant of the video.

    strength: 0..1, the size of its motion or flash against the largest of its part.
    """

    time_s: Fraction
    strength: float


@dataclass(frozen=True)
class Part:
    """One label over one interval.

    label and others are indices into the labels of the catalogue. pan: where in the width the whole of it is,
    from -1 (left) to 1 (right); pan_curve and gain_curve (dB), where they are known, say so instant by instant.
    """

    label: int
    interval: Interval
    evidence: Evidence
    pan: float
    score: float
    others: tuple[int, ...]
    other_scores: tuple[float, ...]
    pan_curve: Curve = ()
    gain_curve: Curve = ()
    events: tuple[Event, ...] = ()
