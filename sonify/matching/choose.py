"""Which of a label's sounds is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from sonify.errors import LibraryError
from sonify.library.sounds import Label, Sound
from sonify.library.sounds_found import around

# A sound shorter than this is a single event: looping it makes a machine gun of a gunshot.
ONE_SHOT_S = 1.5

# A label may have thousands of sounds. So many that last the cue, and so many that don't, are takes enough.
MOST_SOUNDS = 64

# Time between two single events of one emitter, until the events themselves are found in the picture.
BETWEEN_SHOTS_S = Fraction(2)

# So long before the emitter is gone no further event begins: it would be cut off.
LAST_SHOT_S = Fraction(1, 2)

# Longer than any film: of a label's beds the longest is nearest to it.
LONGEST_BED_S = 1e6

Order = Callable[[Label, float], list[Sound]]
"""A label's sounds, best first, for a cue of so many seconds: by_fit, or sonify.matching.rerank.Reranker."""


def by_fit(label: Label, length_s: float) -> list[Sound]:
    """The label's sounds, best first, for a cue of that length; of many only those nearest in length.

    One that lasts the cue beats one that must be looped; then the one that wastes least. Equals keep the order
    of the catalogue. Of beds the longest is best, however long the cue is: a place that comes again sounds the same.
    Raises LibraryError when another scan has found that all of them are gone.
    """
    if label.kind == "ambience":
        length_s = LONGEST_BED_S
    sounds = around(label.sounds, length_s, MOST_SOUNDS)

    def misfit(item: tuple[int, Sound]) -> tuple[bool, float, int]:
        order, sound = item
        return sound.duration_s < length_s, abs(sound.duration_s - length_s), order

    if not sounds:
        what = f"the sounds called {label.text!r} are not in the library any more"
        raise LibraryError(what, hint="run this again, it looks at what is there now")
    return [sound for _, sound in sorted(enumerate(sounds), key=misfit)]


def single_event(sound: Sound) -> bool:
    """Whether the sound is one short event."""
    return sound.kind == "effect" and sound.duration_s < ONE_SHOT_S


def takes(sounds: Iterable[Sound]) -> list[Sound]:
    """The single events among a label's sounds, to be used in turn."""
    return [sound for sound in sounds if single_event(sound)]
