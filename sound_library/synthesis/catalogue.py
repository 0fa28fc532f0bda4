"""All sounds: importing the families fills the registry, and what is not heard as meant yet is held back."""

from __future__ import annotations

from . import (
    alarms,
    animals,
    beds,
    birds,
    crafts,
    desk,
    doors,
    drums,
    engines,
    farm,
    fowl,
    hits,
    home,
    indoors,
    kitchen,
    music,
    people,
    rails,
    sport,
    vehicles,
    water,
    weather,
    wild,
    winds,
)
from .drafts import DRAFTS
from .registry import REGISTERED, Sound

FAMILIES = (
    alarms,
    animals,
    beds,
    birds,
    crafts,
    desk,
    doors,
    drums,
    engines,
    farm,
    fowl,
    hits,
    home,
    indoors,
    kitchen,
    music,
    people,
    rails,
    sport,
    vehicles,
    water,
    weather,
    wild,
    winds,
)

if not set(REGISTERED) >= DRAFTS:
    raise ValueError(f"drafts.py names sounds that nobody makes: {sorted(DRAFTS - set(REGISTERED))}")

SOUNDS: dict[str, Sound] = {name: spec for name, spec in REGISTERED.items() if name not in DRAFTS}

__all__ = ["DRAFTS", "FAMILIES", "REGISTERED", "SOUNDS", "Sound"]
