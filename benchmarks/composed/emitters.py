"""Which photographs are emitters, with the labels that are right for them, and which are backgrounds."""

from __future__ import annotations

# Concepts of the photographs whose sound the starter library or the recordings of media/sounds have, and of which a
# person can say at a glance what they are. Left out: those whose photographs are 64 px (blurred when they fill a
# frame), places (they are beds, not emitters), and sports that sound of nothing in particular. Chosen by that alone,
# before any model looked at them. The patterns accept every label that would be right, not only the best.
EMITTERS = {
    "accordion": r"accordion",
    "airplane": r"plane\b|\bjet",
    "bagpipes": r"bagpipe",
    "baseball": r"baseball",
    "basketball": r"basketball",
    "bicycle": r"bicycle|\bbike",
    "car": r"\bcar\b|engine|traffic",
    "castanets": r"castanet",
    "cat": r"\bcat\b|meow",
    "chainsaw": r"chainsaw",
    "clarinet": r"clarinet",
    "cow": r"\bcow\b",
    "dog": r"\bdog\b",
    "drum kit": r"drum",
    "duck": r"duck",
    "electric guitar": r"guitar",
    "elephant": r"elephant",
    "fencing": r"sword|fencing",
    "flute": r"flute",
    "french horn": r"french horn|alphorn",
    "guitar": r"guitar",
    "gun": r"\bgun|shot",
    "hand drum": r"drum",
    "harmonica": r"harmonica",
    "harp": r"\bharp\b",
    "helicopter": r"helicopter",
    "horse": r"horse",
    "horse racing": r"horse",
    "laptop": r"keyboard|typing|mouse click",
    "motorcycle": r"motorcycle|motorbike|engine",
    "motorcycle racing": r"motorcycle|motorbike|engine|racing car",
    "ocarina": r"ocarina",
    "piano": r"piano",
    "racing car": r"racing car|\bcar\b|engine",
    "rooster": r"rooster|\bhen\b",
    "rowing boat": r"rowing|boat\b",
    "ship": r"ship|\bboat",
    "sitar": r"sitar",
    "skiing": r"skiing",
    "songbird": r"bird",
    "speedboat": r"boat",
    "table tennis": r"table tennis",
    "tambourine": r"tambourine",
    "telephone call": r"phone|people talking",
    "train": r"\btrain",
    "trombone": r"trombone",
    "truck": r"truck|engine",
    "trumpet": r"trumpet",
    "tuba": r"tuba",
    "violin": r"violin",
    "washing machine": r"washing machine",
    "wolf": r"wolf|\bdog\b",
}

# Emitters so alike that one beside the other would prove nothing: never together in one video, which the patterns
# above show too (no label may be right for both).
ALIKE = (
    {"guitar", "electric guitar", "harp", "violin", "sitar"},
    {"car", "racing car", "motorcycle", "motorcycle racing", "truck", "bicycle"},
    {"clarinet", "flute", "french horn", "ocarina", "trombone", "trumpet", "tuba", "bagpipes", "harmonica"},
    {"dog", "wolf", "cat"},
    {"horse", "horse racing", "cow"},
    {"rowing boat", "ship", "speedboat"},
    {"drum kit", "hand drum", "tambourine", "castanets"},
    {"songbird", "duck", "rooster"},
    {"baseball", "basketball", "fencing", "skiing", "table tennis"},
    {"airplane", "helicopter"},
)

BACKGROUNDS = ("bedroom", "cloudy sky", "corridor", "living room", "mountain")
"""Places whose photographs hold no emitter, by eye (canyons have a car, fields birds, sunrises surf). A bed for them
is no mistake."""

FACES = ("person face", "angry face", "sad face", "surprised face")
"""Somebody looks on: nothing is heard."""


def alike(one: str, other: str) -> bool:
    """Whether two emitters must not share a video."""
    return one == other or any(one in group and other in group for group in ALIKE)
