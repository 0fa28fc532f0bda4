"""How the library speaks while it works: a callback. It never prints.

A caller passes `progress=`, any function that takes an `Event`; `sonify.cli` draws the bars.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One thing to show.

    stage: what is being done ("read", "match", "mix"); the same word until that stage ends.
    done, total: how far, in `unit`; a total of 0 means that nobody knows.
    note: a sentence that a person should read once; then `done` and `total` say nothing.
    """

    stage: str
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    note: str = ""


Progress = Callable[[Event], None]


def silent(event: Event) -> None:
    """Shows nothing: the default."""


def note(progress: Progress, stage: str, text: str) -> None:
    """Says one sentence to a person."""
    progress(Event(stage, note=text))
