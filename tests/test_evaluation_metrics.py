"""How right an outcome is, and how sure that is: worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonify.evaluation.bootstrap import MEASURES, Measure, difference, estimate
from sonify.evaluation.manifest import Clip, Expected
from sonify.evaluation.metrics import NOT_RANKED, Judged, Truth, at, judge, paired
from sonify.evaluation.outcome import Heard, Outcome


def truth(*emitters: Expected, right: tuple[frozenset[str], ...] | None = None, none: bool = False) -> Truth:
    clip = Clip("a.mp4", Path("a.mp4"), emitters, none)
    return Truth(clip, right or tuple(frozenset({e.accept}) for e in emitters))


def named(*labels: str) -> tuple[tuple[str, float], ...]:
    return tuple((label, 1 - n / 10) for n, label in enumerate(labels))


def test_the_first_right_label_counts() -> None:
    judged = judge(truth(Expected("dog")), Outcome(named("cat", "rain", "dog")))
    assert judged.values["rank"] == (3,) and judged.values["top1"] == (0,) and judged.values["top5"] == (1,)
    never = judge(truth(Expected("dog")), Outcome(named("cat")))
    assert never.values["rank"] == (NOT_RANKED,) and never.values["top5"] == (0,)


def test_a_sound_that_the_libraries_lack_is_not_counted() -> None:
    assert judge(truth(Expected("dog"), right=(frozenset(),)), Outcome(named("cat"))) == Judged()


def test_any_sound_is_false_where_nothing_is_expected() -> None:
    heard = Outcome(heard=(Heard("rain", "ambience", 0, 1),))
    assert judge(truth(none=True), heard).values == {"false_sound": (1,), "false_effect": (0,)}
    assert judge(truth(none=True), Outcome()).values["false_sound"] == (0,)
    # To have failed is not to have been silent.
    assert judge(truth(none=True), Outcome(error="no video")) == Judged()


def test_intersection_over_union_and_edges() -> None:
    emitter = Expected("dog", intervals=((1, 3), (5, 6)))
    heard = (Heard("dog", "effect", 1.5, 3.5), Heard("cat", "effect", 5, 6))
    values = judge(truth(emitter), Outcome(heard=heard)).values
    assert values["iou"] == (pytest.approx(1.5 / 3.5),)
    assert values["found"] == (1,)  # 1.5 s of 3 s
    assert sorted(values["edge_error_s"]) == pytest.approx([0.5, 0.5, 2.5, 3.5])
    assert values["wrong_effects"] == (1,)


def test_an_emitter_that_is_missed_has_no_overlap_and_no_edges() -> None:
    values = judge(truth(Expected("dog", intervals=((1, 3),))), Outcome(heard=(Heard("dog", "effect", 4, 5),))).values
    assert values["iou"] == (0,) and values["found"] == (0,) and "edge_error_s" not in values


def test_hits_are_no_interval() -> None:
    """Three barks say nothing of when the dog comes and goes; one of them in its time is enough to have found it."""
    dog = truth(Expected("dog", intervals=((1, 5),)))
    barks = Heard("dog", "effect", 1.9, 3.1, hits=(2.0, 3.0))
    assert judge(dog, Outcome(heard=(barks,))).values["found"] == (1,)
    assert "iou" not in judge(dog, Outcome(heard=(barks,))).values
    late = Heard("dog", "effect", 5.5, 6, hits=(5.6,))
    assert judge(dog, Outcome(heard=(late,))).values["found"] == (0,)


def test_sounds_that_overlap_count_once() -> None:
    heard = (Heard("dog", "effect", 0, 2), Heard("dog", "effect", 1, 3))
    assert judge(truth(Expected("dog", intervals=((0, 3),))), Outcome(heard=heard)).values["iou"] == (1,)


def test_two_emitters_at_once_are_both_found_or_not() -> None:
    both = truth(Expected("dog", intervals=((0, 2),)), Expected("cat", intervals=((1, 3),)))
    dog, cat = Heard("dog", "effect", 0, 2), Heard("cat", "effect", 1, 3)
    assert judge(both, Outcome(heard=(dog, cat))).values["both_found"] == (1,)
    assert judge(both, Outcome(heard=(dog,))).values["both_found"] == (0,)
    apart = truth(Expected("dog", intervals=((0, 1),)), Expected("cat", intervals=((2, 3),)))
    assert "both_found" not in judge(apart, Outcome(heard=(dog, cat))).values


def test_hits_are_paired_one_to_one() -> None:
    # One true hit has two placed ones near it: it takes the nearer, the other is one too many.
    assert paired([1.0, 2.0], [0.96, 1.01, 2.2], 0.05) == [(0, 1)]
    assert paired([1.0, 2.0], [0.96, 1.01, 2.2], 0.3) == [(0, 1), (1, 2)]
    # More pairs are better than near ones.
    assert paired([1.0, 1.1], [1.05, 1.25], 0.15) == [(0, 0), (1, 1)]
    assert paired([], [1.0], 0.1) == [] and paired([1.0], [], 0.1) == []


def test_hits_of_right_labels_alone_count() -> None:
    emitter = Expected("dog", onsets=(1.0, 2.0, 3.0))
    heard = (Heard("dog", "effect", 0.9, 2.5, hits=(1.02, 2.08)), Heard("cat", "effect", 2.9, 4, hits=(3.0,)))
    values = judge(truth(emitter), Outcome(heard=heard)).values
    assert (values["hits_true"], values["hits_placed"]) == ((3,), (2,))
    assert (values["hits_right_50"], values["hits_right_100"]) == ((1,), (2,))
    assert values["hit_error_s"] == pytest.approx((0.02, 0.08))


def test_pan_is_compared_while_it_is_heard() -> None:
    emitter = Expected("dog", intervals=((0, 2),), pan=((0, -1), (2, 1)))
    half = Heard("dog", "effect", 0, 1, pan=((0, -0.5),))
    # True pan goes from -1 to 0 over that second, at .05, .15 ... .95 s.
    expected = np.mean([abs(-0.5 - (-1 + t)) for t in np.arange(0.05, 1, 0.1)])
    assert judge(truth(emitter), Outcome(heard=(half,))).values["pan_error"] == (pytest.approx(expected),)
    silent = Heard("dog", "effect", 0, 1)  # a method that says nothing of pan
    assert "pan_error" not in judge(truth(emitter), Outcome(heard=(silent,))).values


def test_curves() -> None:
    assert [at(((1, 0.0), (2, 1.0)), t) for t in (0, 1.5, 3)] == [0, 0.5, 1]
    assert at((), 1) == 0


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of intervals from samples of a known mean, about 95 % must hold it."""
    rng = np.random.default_rng(5)
    measure = Measure("x", "x", ("x",))
    inside = 0
    for _ in range(100):
        found = estimate(measure, [Judged({"x": (float(v),)}) for v in rng.random(60) < 0.4])
        assert found.low is not None and found.high is not None
        inside += found.low <= 0.4 <= found.high
    assert 86 <= inside <= 100


def test_whole_clips_are_drawn() -> None:
    """A hundred numbers of one clip are no hundred proofs."""
    measure = Measure("x", "x", ("x",))
    many = estimate(measure, [Judged({"x": (1.0,) * 100}), Judged({"x": (0.0,) * 100})])
    assert (many.value, many.low, many.high) == (0.5, 0.0, 1.0)


def test_medians_ratios_and_f1() -> None:
    judged = [Judged({"right": (2.0,), "placed": (4.0,), "true": (2.0,), "e": (-0.2, 0.1, 0.3)})]
    assert estimate(Measure("m", "", ("e",), "median"), judged).value == pytest.approx(0.1)
    assert estimate(Measure("m", "", ("e",), "median_abs"), judged).value == pytest.approx(0.2)
    assert estimate(Measure("m", "", ("right", "placed"), "ratio"), judged).value == pytest.approx(0.5)
    assert estimate(Measure("m", "", ("right", "placed", "true"), "f1"), judged).value == pytest.approx(2 / 3)
    nothing = [Judged({"right": (0.0,), "placed": (0.0,), "true": (2.0,)})]
    assert estimate(Measure("m", "", ("right", "placed"), "ratio"), nothing).value is None
    assert estimate(MEASURES[0], []).value is None


def test_differences_are_paired() -> None:
    """Two methods that differ on each clip by the same amount differ by it surely, however much clips differ."""
    measure = Measure("x", "x", ("x",))
    values = np.random.default_rng(1).normal(0, 100, 30)
    ours, theirs = ([Judged({"x": (v + d,)}) for v in values] for d in (1.0, 0.0))
    found = difference(measure, ours, theirs)
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))


def test_the_same_results_are_the_same_intervals() -> None:
    judged = [Judged({"x": (float(n % 3),)}) for n in range(20)]
    assert estimate(Measure("x", "x", ("x",)), judged) == estimate(Measure("x", "x", ("x",)), judged)
