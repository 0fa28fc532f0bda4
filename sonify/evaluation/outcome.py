"""What a method says of a clip, in the terms in which it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Heard:
    """One label over one interval, in seconds.

    hits: the instants at which single events of it begin, () where it is heard as a whole. pan: ((time_s, -1..1),
    ...), straight between; None where the method doesn't say.
    """

    label: str
    kind: Literal["effect", "ambience"]
    start_s: float
    end_s: float
    hits: tuple[float, ...] = ()
    pan: Curve | None = None


@dataclass(frozen=True)
class Outcome:
    """What a method says of a clip.

    ranked: (label, score), best first: how likely each is in the clip as a whole. heard: what sounds.
    scenes_s: (start, end) of each. error: why there is nothing, if it failed.
    """

    ranked: tuple[tuple[str, float], ...] = ()
    heard: tuple[Heard, ...] = ()
    scenes_s: tuple[tuple[float, float], ...] = ()
    error: str = ""
