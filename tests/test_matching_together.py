"""One bed for all scenes of the same place, and one that suits the effects: on vectors made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonify.cues import Kind
from sonify.library.sounds import Catalog, Label, Library, Sound
from sonify.matching.choose import by_fit
from sonify.matching.parts import Part
from sonify.matching.place import Placed, place
from sonify.matching.presence import Interval
from sonify.matching.scores import Sight, Words
from sonify.matching.together import BedVote, bed_parts, places
from sonify.models.calibration import Calibration
from sonify.models.interface import Box, Embeddings
from sonify.settings import MatchingSettings, Settings

WHOLE = (Box(0, 0, 1, 1),)


def voted(
    view: Sequence[float], *chances: float, start_s: int = 0, length_s: int = 2, effects: Sequence[int] = ()
) -> BedVote:
    count = len(chances)
    vector = np.array(view, np.float32)
    return BedVote(
        Interval(Fraction(start_s), Fraction(start_s + length_s), 0, 3),
        np.array(chances, np.float32),
        np.full(count, float(start_s)),
        np.array(chances, np.float32),
        WHOLE * count,
        tuple(effects),
        vector / np.linalg.norm(vector),
    )


def beds(votes: Sequence[BedVote], count: int = 2, **options: object) -> list[Part]:
    words = Words(np.eye(count + 1, dtype=np.float32), np.eye(count + 2, dtype=np.float32)[-1:, : count + 1])
    return bed_parts(votes, range(count), words, MatchingSettings(**options))  # type: ignore[arg-type]


STREET, ROOM = (1, 0.1, 0), (0, 0.1, 1)


def test_scenes_that_look_alike_are_one_place_in_order_of_appearance() -> None:
    nearly = (1, 0.4, 0)
    assert places([voted(STREET, 0.5), voted(ROOM, 0.5), voted(nearly, 0.5), voted(ROOM, 0.5)]) == [0, 1, 0, 1]
    assert places([]) == []


def test_all_scenes_of_a_place_have_one_bed() -> None:
    votes = [voted(STREET, 0.9, 0.5), voted(ROOM, 0.1, 0.8, start_s=2), voted(STREET, 0.3, 0.5, start_s=4)]
    found = beds(votes)
    assert [part.label for part in found] == [0, 1, 0]
    assert [part.score for part in found] == [0.6, 0.8, 0.6]
    assert [part.interval.start_s for part in found] == [0, 2, 4]
    assert [part.evidence.score for part in found] == [0.9, 0.8, 0.3]


def test_a_place_without_a_likely_bed_has_none() -> None:
    assert beds([voted(STREET, 0.1, 0.2), voted(ROOM, 0.9, 0.1, start_s=2)])[0].interval.start_s == 2
    assert beds([]) == []


def test_long_scenes_weigh_more() -> None:
    votes = [voted(STREET, 0.9, 0.2, length_s=1), voted(STREET, 0.3, 0.7, start_s=1, length_s=9)]
    assert {part.label for part in beds(votes)} == {1}


def test_of_nearly_equal_beds_the_one_that_suits_an_effect_is_chosen() -> None:
    near = np.array([[1, 0, 0], [0, 1, 0], [0, 0.6, 0.8]], np.float32)  # label 2, an effect, is near the bed 1
    words = Words(near, np.eye(3, dtype=np.float32)[:1] * 0)
    settings = MatchingSettings()
    plain, suited = voted(STREET, 0.62, 0.6), voted(STREET, 0.62, 0.6, effects=(2,))
    assert bed_parts([plain], (0, 1), words, settings)[0].label == 0
    assert bed_parts([suited], (0, 1), words, settings)[0].label == 1
    clear = voted(STREET, 0.95, 0.6, effects=(2,))
    assert bed_parts([clear], (0, 1), words, settings)[0].label == 0


def sound(label: str, kind: Kind, duration_s: float) -> Sound:
    path = f"{label}_{duration_s:g}.wav"
    return Sound("lib", path, Path("/lib") / path, label, kind, (label,), "CC0-1.0", "", duration_s, 48000, 1)


def test_the_same_place_sounds_the_same_when_it_comes_again() -> None:
    sounds = [sound("city", "ambience", 5.0), sound("city", "ambience", 60.0), sound("room", "ambience", 30.0)]
    labels = (Label("city", "ambience", ("c",), sounds[:2]), Label("room", "ambience", ("r",), sounds[2:]))
    catalog = Catalog((Library("lib", Path("/lib")),), sounds, labels)
    rows = [[0.6, 0.1]] * 8 + [[0.1, 0.6]] * 8 + [[0.58, 0.14]] * 20
    vectors = np.array([[*row, 0.0] for row in rows], np.float32)[:, None, :]
    sight = Sight(Embeddings(vectors, WHOLE), tuple(Fraction(n, 2) for n in range(len(rows))))

    class Span:
        def __init__(self, start_s: int, end_s: int) -> None:
            self.start_s, self.end_s = Fraction(start_s), Fraction(end_s)

    words = Words(np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[2:])
    spans = [Span(a, b) for a, b in pairwise((0, 4, 8, 18))]
    found: Placed = place(
        sight, spans, catalog, words, Calibration(20.0, -2.0), Settings(), lead_silence_s=lambda s: 0.0
    )
    assert [(cue.label, cue.sound.path) for cue in found.cues] == [
        ("city", "city_60.wav"),
        ("room", "room_30.wav"),
        ("city", "city_60.wav"),
    ]


@pytest.mark.parametrize("length_s", [1.0, 7.0, 1000.0])
def test_of_beds_the_longest_is_best(length_s: float) -> None:
    sounds = [sound("city", "ambience", d) for d in (5.0, 60.0, 8.0)]
    assert by_fit(Label("city", "ambience", ("c",), sounds), length_s)[0].duration_s == 60
