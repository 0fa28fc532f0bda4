"""All sounds: importing the families fills the registry."""

from __future__ import annotations

from . import alarms, animals, beds, birds, crafts, hits, home, music, people, vehicles, water, weather, winds
from .registry import SOUNDS, Sound

FAMILIES = (alarms, animals, beds, birds, crafts, hits, home, music, people, vehicles, water, weather, winds)

__all__ = ["FAMILIES", "SOUNDS", "Sound"]
