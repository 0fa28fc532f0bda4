"""Which sound and when, on vectors made by hand: no model is needed to see whether the rules hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonify.library.sounds import Catalog, Label, Library, Sound
from sonify.matching.choose import by_fit
from sonify.matching.place import Placed, place
from sonify.matching.presence import presence
from sonify.matching.rank import best_first, different, pool
from sonify.matching.scores import Sight, Words, score, shown
from sonify.models.background import NEAREST
from sonify.models.calibration import Calibration
from sonify.models.interface import Box, Details, Embeddings
from sonify.settings import MatchingSettings, Settings

WHOLE = (Box(0, 0, 1, 1),)
HALVES = (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1))
CALIBRATION = Calibration(scale=20.0, bias=-2.0)


@dataclass(frozen=True)
class Span:
    start_s: Fraction
    end_s: Fraction


def sound(label: str, kind: str = "effect", duration_s: float = 4.0, take: int = 1) -> Sound:
    path = f"{label}_{take}.wav"
    return Sound("lib", path, Path("/lib") / path, label, kind, (label,), "CC0-1.0", "", duration_s, 48000, 1)


def catalog(*sounds: Sound, unseen: Sequence[str] = ()) -> Catalog:
    labels = []
    for name in sorted({s.label for s in sounds}):
        own = tuple(s for s in sounds if s.label == name)
        labels.append(Label(name, own[0].kind, () if name in unseen else (name,), own))
    return Catalog((Library("lib", Path("/lib")),), sounds, tuple(labels))


def words(count: int) -> Words:
    """Label i is axis i; the last axis is nothing in particular."""
    axes = np.eye(count + 1, dtype=np.float32)
    return Words(axes[:count], axes[count:] * 0.5)


def sight(rows: Sequence[Sequence[float]], rate_hz: int = 2, boxes: tuple[Box, ...] = WHOLE) -> Sight:
    """Frames by their cosines with each label; a row may hold one list a view."""
    vectors = np.array(rows, dtype=np.float32)
    if vectors.ndim == 2:
        vectors = vectors[:, None, :]
    padded = np.concatenate([vectors, np.zeros((*vectors.shape[:2], 1), np.float32)], axis=2)
    return Sight(Embeddings(padded, boxes), tuple(Fraction(i, rate_hz) for i in range(len(rows))))


def placed(rows: Sequence[Sequence[float]], cat: Catalog, *ends_s: float, **options: object) -> Placed:
    edges = [Fraction(0), *(Fraction(end) for end in ends_s or (len(rows) / 2,))]
    spans = [Span(a, b) for a, b in pairwise(edges)]
    boxes = HALVES if np.ndim(rows) == 3 else WHOLE
    return place(
        sight(rows, boxes=boxes),
        spans,
        cat,
        words(len(cat.labels)),
        CALIBRATION,
        Settings.load(values={f"matching.{key}": value for key, value in options.items()}),
        lead_silence_s=lambda s: 0.0,
    )


def when(result: Placed) -> list[tuple[str, float, float]]:
    return [(cue.label, cue.start_s, cue.end_s) for cue in result.cues]


def test_emitters_coexist_each_on_its_own_score() -> None:
    cat = catalog(sound("bell"), sound("dog"))
    assert when(placed([[0.5, 0.5]] * 8, cat)) == [("bell", 0, 4), ("dog", 0, 4)]
    alone = placed([[0.5, 0.0]] * 8, cat).cues[0].score
    assert placed([[0.5, 0.5]] * 8, cat).cues[0].score == alone


def test_nothing_is_an_answer() -> None:
    result = placed([[0.0, 0.0]] * 8, catalog(sound("bell"), sound("dog")))
    assert result.cues == ()
    assert len(result.scenes[0].suggestions) == 2


def test_one_label_alone_is_not_always_right() -> None:
    # The prototype's softmax over one chosen label is 1 whatever the picture.
    assert placed([[-0.2]] * 8, catalog(sound("bell"))).cues == ()
    assert when(placed([[-0.2]] * 4 + [[0.6]] * 4, catalog(sound("bell")))) == [("bell", 1.75, 4)]


def test_every_frame_of_a_scene_counts() -> None:
    # The prototype looks at a scene's first frame only.
    rows = [[0.0, 0.0]] * 4 + [[0.0, 0.6]] * 12
    assert when(placed(rows, catalog(sound("bell"), sound("dog")))) == [("dog", 1.75, 8)]


def test_a_flicker_is_not_heard_and_a_gap_is_bridged() -> None:
    cat = catalog(sound("bell"))
    assert placed([[0.0]] * 9 + [[0.6]] + [[0.0]] * 10, cat).cues == ()
    rows = [[0.6]] * 4 + [[-0.2]] + [[0.6]] * 4
    assert when(placed(rows, cat)) == [("bell", 0, 4.5)]


def test_several_intervals_are_several_cues_once_each() -> None:
    rows = [[0.6]] * 4 + [[-0.2]] * 8 + [[0.6]] * 4
    assert when(placed(rows, catalog(sound("bell")))) == [("bell", 0, 1.75), ("bell", 5.75, 8)]


def test_effects_and_beds_are_ranked_apart() -> None:
    cat = catalog(sound("bell"), sound("city", "ambience"), sound("forest", "ambience"))
    result = placed([[0.5, 0.3, 0.4]] * 8, cat)
    assert [(c.kind, c.label) for c in result.cues] == [("ambience", "forest"), ("effect", "bell")]
    assert [a.label for a in result.cues[0].alternatives] == ["city"]


def test_a_bed_runs_on_over_a_cut() -> None:
    cat = catalog(sound("forest", "ambience"))
    assert when(placed([[0.5]] * 16, cat, 4, 8)) == [("forest", 0, 8)]


def test_an_emitter_stops_at_a_cut() -> None:
    rows = [[0.6, 0.0]] * 8 + [[0.0, 0.6]] * 8
    assert when(placed(rows, catalog(sound("bell"), sound("dog")), 4, 8)) == [("bell", 0, 4), ("dog", 4, 8)]


def test_pan_follows_the_side_that_shows_it() -> None:
    left = placed([[[0.6], [-0.5]]] * 8, catalog(sound("bell"))).cues[0]
    assert left.pan_curve == ((0.0, pytest.approx(-0.5, abs=0.01)),)
    assert left.evidence is not None and left.evidence.box == (0.0, 0.0, 0.5, 1.0)
    both = placed([[[0.6], [0.6]]] * 8, catalog(sound("bell"))).cues[0]
    assert both.pan_curve == ((0.0, pytest.approx(0.0, abs=0.01)),)


def test_what_cannot_be_seen_is_never_matched() -> None:
    cat = catalog(sound("whoosh"), sound("bell"), unseen=["whoosh"])
    result = placed([[0.0, 0.9]] * 8, cat)
    assert result.cues == ()
    assert [a.label for a in result.scenes[0].suggestions] == ["bell"]


def test_single_events_are_repeated_in_turn_and_not_looped() -> None:
    cat = catalog(sound("shot", duration_s=0.4, take=1), sound("shot", duration_s=0.5, take=2))
    result = placed([[0.6]] * 10, cat)
    assert [c.start_s for c in result.cues] == [0, 2, 4]
    assert [c.sound.path for c in result.cues] == ["shot_2.wav", "shot_1.wav", "shot_2.wav"]
    assert all(c.end_s - c.start_s <= 0.5 for c in result.cues)


def test_the_best_fitting_sound_is_chosen() -> None:
    label = catalog(*(sound("bell", duration_s=d, take=t) for t, d in enumerate((2.0, 30.0, 6.0)))).labels[0]
    assert [s.duration_s for s in by_fit(label, 5.0)] == [6.0, 30.0, 2.0]


def test_a_scene_between_two_samples_is_silent() -> None:
    result = placed([[0.6]] * 8, catalog(sound("bell")), 1.125, 1.25, 4)
    assert [len(scene.suggestions) for scene in result.scenes] == [1, 0, 1]


def test_words_for_one_emitter_are_one_idea() -> None:
    vectors = np.array([[1, 0], [0.99, 0.14], [0, 1]], dtype=np.float32)
    assert different([1, 0, 2], vectors) == [1, 2]
    assert different([1, 2], vectors, besides=[0]) == [2]


def test_equal_scores_keep_the_catalogues_order() -> None:
    assert best_first(np.array([0.5, 0.7, 0.5000000001], dtype=np.float32), range(3)) == [1, 0, 2]


def test_pool_of_nothing_is_nothing() -> None:
    assert pool(np.zeros((0, 3), dtype=np.float32)).tolist() == [0, 0, 0]
    assert pool(np.array([[0.2], [0.8], [0.5]], dtype=np.float32)).tolist() == [pytest.approx(0.8)]


def test_intervals_lie_in_the_scene_in_order() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        count = int(rng.integers(1, 30))
        times = [Fraction(i, 2) + Fraction(1, 7) for i in range(count)]
        start, end = times[0], times[-1] + Fraction(1, 2)
        found = presence(rng.random(count).astype(np.float32), times, start, end, MatchingSettings())
        edges = [edge for interval in found for edge in (interval.start_s, interval.end_s)]
        assert edges == sorted(edges)
        assert all(start <= edge <= end for edge in edges)
        assert all(0 <= i.first <= i.last < count for i in found)


def test_scores_take_the_best_view() -> None:
    seen = sight([[[0.1, 0.6], [0.5, 0.0]]], boxes=HALVES)
    scores = score(seen.embeddings.vectors, HALVES, words(2), CALIBRATION)
    assert scores.views.tolist() == [[1, 0]]
    assert scores.probabilities[0, 1] > scores.probabilities[0, 0] > 0.99


def test_a_detail_says_where_something_is_best_seen() -> None:
    seen = sight([[[0.1, 0.2], [0.1, 0.0]], [[0.1, 0.2], [0.1, 0.0]]], boxes=HALVES)
    corner = Box(0.8, 0, 1, 0.3)
    vectors = np.zeros((2, 2, 3), np.float32)
    vectors[1, 0, 0] = 1  # the second frame has one detail, the first none
    details = Details(vectors, ((), (corner,)))
    plain = score(seen.embeddings.vectors, HALVES, words(2), CALIBRATION)
    scores = score(seen.embeddings.vectors, HALVES, words(2), CALIBRATION, details=details)
    assert scores.probabilities[0] == pytest.approx(plain.probabilities[0])
    assert scores.probabilities[1, 0] > 0.99 > plain.probabilities[1, 0]
    assert scores.box(1, 0) == scores.detail(1, 0) == corner
    assert scores.box(1, 1) == HALVES[0] and scores.detail(1, 1) is None
    assert scores.box(0, 0) in HALVES
    assert scores.centres[1, 0] > plain.centres[1, 0] + 0.2


def test_a_detail_must_rise_over_what_it_shows_itself_and_not_over_the_whole_picture() -> None:
    axes = np.eye(2 + NEAREST, dtype=np.float32)
    words_ = Words(axes[:1], axes[1:2], axes[2:])
    frames = np.zeros((1, 2, 2 + NEAREST), np.float32)
    frames[0, 0, 2:], frames[0, 1, 0] = 0.6, 0.4  # a clear view of something usual, and half a view of the label
    part = np.zeros((1, 1, 2 + NEAREST), np.float32)
    part[0, 0, 0] = 0.4
    both = Calibration(20.0, -2.0, Calibration(20.0, -2.0))
    plain = score(frames, HALVES, words_, both)
    closer = score(frames, HALVES, words_, both, details=Details(part, ((HALVES[1],),)))
    assert plain.probabilities[0, 0] < 0.01
    assert closer.probabilities[0, 0] > 0.9 and closer.detail(0, 0) == HALVES[1]


def test_details_that_no_frame_has_change_nothing() -> None:
    seen = sight([[[0.1, 0.6], [0.5, 0.0]]], boxes=HALVES)
    plain = score(seen.embeddings.vectors, HALVES, words(2), CALIBRATION)
    none = Details(np.zeros((1, 0, 3), np.float32), ((),))
    scores = score(seen.embeddings.vectors, HALVES, words(2), CALIBRATION, details=none)
    assert np.array_equal(scores.probabilities, plain.probabilities) and scores.box(0, 0) == HALVES[1]


def test_a_label_that_nobody_wants_still_has_a_place() -> None:
    seen = sight([[[0.1, 0.6], [0.5, 0.0]]], boxes=HALVES)
    unwanted = replace(words(2), odds=np.zeros(2, np.float32))
    details = Details(np.ones((1, 1, 3), np.float32), ((Box(0, 0, 0.1, 0.1),),))
    scores = score(seen.embeddings.vectors, HALVES, unwanted, CALIBRATION, details=details)
    assert not scores.probabilities.any() and scores.box(0, 0) == HALVES[0]


def test_a_short_but_clear_appearance_in_a_long_scene_is_heard() -> None:
    rows = [[-0.2]] * 300 + [[0.6]] * 10 + [[-0.2]] * 300
    assert [label for label, *_ in when(placed(rows, catalog(sound("bell"))))] == ["bell"]
    assert placed([[-0.2]] * 300 + [[0.6]] + [[-0.2]] * 300, catalog(sound("bell"))).cues == ()


def test_a_label_must_rise_over_what_pictures_usually_show() -> None:
    # Both frames are as much of the label; in the second, many usual things are nearer than that.
    axes = np.eye(2 + NEAREST, dtype=np.float32)
    words_ = Words(axes[:1], axes[1:2], axes[2:])
    frames = np.zeros((2, 1, 2 + NEAREST), np.float32)
    frames[:, 0, 0] = 0.4
    frames[1, 0, 2:] = 0.6
    both = Calibration(20.0, -2.0, Calibration(20.0, -2.0))
    plain = score(frames, WHOLE, words_, CALIBRATION).probabilities[:, 0]
    assert plain[0] == plain[1] > 0.9
    over = score(frames, WHOLE, words_, both).probabilities[:, 0]
    assert over[0] == plain[0] and over[1] < 0.01


def test_all_views_of_a_frame_and_half_a_scene_share_their_background() -> None:
    seen = np.array([[0.2, 0.6], [0.2, 0.2], [0.1, 0.2]], np.float32)
    assert shown(seen, scene=False).tolist() == pytest.approx(np.array([[0.6] * 2, [0.2] * 2, [0.2] * 2]))
    assert shown(seen, scene=True).tolist() == pytest.approx(np.array([[0.6] * 2, [0.4] * 2, [0.4] * 2]))
    assert shown(seen[:0], scene=True).shape == (0, 2)
