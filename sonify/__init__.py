"""sonify matches sound effects to video.

    sheet = sonify.suggest("holiday.mp4")
    sheet.save("holiday.cues.json")
    sonify.render(sheet, "holiday.scored.mp4")

The names below are all of the public interface. They load when first used: importing sonify is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sonify._version import __version__

if TYPE_CHECKING:
    from sonify.cues import Cue, CueSheet
    from sonify.errors import SonifyError
    from sonify.pipeline import Session, render, score, suggest
    from sonify.progress import Event
    from sonify.settings import Settings

_HOMES = {
    "Cue": "sonify.cues",
    "CueSheet": "sonify.cues",
    "Event": "sonify.progress",
    "Session": "sonify.pipeline",
    "Settings": "sonify.settings",
    "SonifyError": "sonify.errors",
    "render": "sonify.pipeline",
    "score": "sonify.pipeline",
    "suggest": "sonify.pipeline",
}

__all__ = [
    "Cue",
    "CueSheet",
    "Event",
    "Session",
    "Settings",
    "SonifyError",
    "__version__",
    "render",
    "score",
    "suggest",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sonify' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
