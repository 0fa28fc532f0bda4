"""What can be recognised: the concepts of the photographs, those drawn by code, and nothing at all."""

from __future__ import annotations

DRAWN = ("fireworks", "lightning", "campfire", "snowfall", "rain on a window", "explosion", "waterfall")
"""Sounding things of which there are no photographs; `training/draw.py` draws them."""

NOTHING = "nothing"
"""The rejection concept: frames of nothing in particular."""

FACES = ("person face", "angry face", "sad face", "surprised face")
"""Concepts that make no sound of their own: they reject as well."""


def all_concepts(photographed: list[str]) -> list[str]:
    """Class order of training: photographed concepts, then drawn ones, then nothing."""
    return [*photographed, *(d for d in DRAWN if d not in photographed), NOTHING]
