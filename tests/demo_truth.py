"""What the sample film shows, and when: known to the tests only."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Shown:
    """One scene: its span (dissolves belong to both), which labels are right, the instants of its events."""

    start_s: Fraction
    end_s: Fraction
    accept: str
    events_s: tuple[float, ...] = ()


TRUTH = (
    Shown(Fraction(0), Fraction(7, 2), r"\bsea(side|shore)?\b|ocean|waves?\b|surf|beach"),
    Shown(Fraction(11, 4), Fraction(25, 4), r"(air|aero)plane|aircraft|airliner|\bjet\b|\bplane\b"),
    Shown(Fraction(25, 4), Fraction(37, 4), r"traffic|highway|motorway|\bcars?\b|\broad\b|truck|lorry|vehicle"),
    Shown(Fraction(37, 4), Fraction(49, 4), r"campfire|bonfire|fire crackling|\bfire$|flame"),
    Shown(Fraction(49, 4), Fraction(67, 4), r"firework|explosion", (12.85, 13.65, 14.45, 15.35)),
    Shown(Fraction(16), Fraction(77, 4), r"\brain|thunder|lightning|storm", (17.0, 18.3)),
)
DURATION_S = Fraction(77, 4)
CUTS_S = (Fraction(25, 4), Fraction(37, 4), Fraction(49, 4))
DISSOLVES_S = ((Fraction(11, 4), Fraction(7, 2)), (Fraction(16), Fraction(67, 4)))
CROSSING = 1
"""The scene in which something crosses the picture from left to right, throughout."""
