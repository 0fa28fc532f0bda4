"""When an emitter is there: levels that adapt to the scene, and what they must not do."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from sonify.matching.presence import Interval, Levels, levels, log_odds, presence
from sonify.settings import MatchingSettings

SETTINGS = MatchingSettings()
FIXED = MatchingSettings(adaptive=False)


def column(*stretches: tuple[float, int], unrest: float = 0.3, seed: int = 1) -> np.ndarray:
    """Probabilities of so many frames around each level, with the unrest (log-odds) of a model."""
    values = np.concatenate([np.full(count, level) for level, count in stretches])
    noise = np.random.default_rng(seed).normal(0, unrest, len(values))
    return (1 / (1 + np.exp(-(np.log(values / (1 - values)) + noise)))).astype(np.float32)


def found(values: Sequence[float] | np.ndarray, settings: MatchingSettings = SETTINGS) -> list[tuple[float, float]]:
    times = [Fraction(k, 2) for k in range(len(values))]
    end_s = Fraction(len(values), 2)
    intervals = presence(np.asarray(values, np.float32), times, Fraction(0), end_s, settings)
    return [(float(i.start_s), float(i.end_s)) for i in intervals]


def test_a_background_that_is_like_the_label_is_not_the_emitter() -> None:
    """.4 without it, .97 with it: fixed levels never see it go."""
    values = column((0.4, 8), (0.97, 8), (0.4, 8))
    assert found(values) == [(3.75, 7.75)]
    assert found(values, FIXED)[0][1] > 8.5


def test_a_faint_emitter_is_there_while_it_is_there() -> None:
    """.02 without it, around .55 with it: fixed levels lose it in dips below .3, or find it late."""
    films = [column((0.02, 6), (0.55, 16), (0.02, 6), unrest=0.7, seed=seed) for seed in range(8)]
    assert all(found(film) == [(2.75, 10.75)] for film in films)
    assert sum(found(film, FIXED) != [(2.75, 10.75)] for film in films) == 2


@pytest.mark.parametrize("level", [0.6, 0.8, 0.97])
def test_unrest_alone_makes_no_edge(level: float) -> None:
    for seed in range(20):
        values = column((level, 24), unrest=0.25, seed=seed)
        assert found(values) == [(0, 12)]


def test_what_never_reaches_the_threshold_is_not_there() -> None:
    assert found(column((0.02, 8), (0.35, 8), (0.02, 8), unrest=0.1)) == []


def test_a_part_that_never_reaches_the_threshold_is_left_out() -> None:
    assert found(column((0.01, 6), (0.3, 4), (0.01, 6), (0.95, 6), unrest=0.05)) == [(7.75, 11)]


def test_levels_lie_between_what_is_seen_without_and_with_it() -> None:
    at = levels(column((0.1, 10), (0.9, 10), unrest=0.05), SETTINGS)
    assert at.vanish < 0 < at.appear
    assert at.middle == pytest.approx(0, abs=0.1)
    assert levels(column((0.1, 10), (0.9, 10)), FIXED) == Levels(*log_odds(np.array([0.5, 0.3], np.float32)))
    assert levels(np.array([0.1, 0.9, 0.9], np.float32), SETTINGS) == levels(np.array([0.5], np.float32), FIXED)
    assert levels(np.zeros(0, np.float32), SETTINGS) == levels(np.array([0.5], np.float32), FIXED)


def test_certainty_has_an_end() -> None:
    """Probabilities of exactly 0 and 1, as float32 rounds them, are no infinities."""
    assert np.isfinite(log_odds(np.array([0, 1], np.float32))).all()
    assert found([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]) == [(1.75, 3.75)]


def test_an_interval_knows_its_length() -> None:
    assert Interval(Fraction(1), Fraction(5, 2), 2, 4).length_s == Fraction(3, 2)
    assert presence(np.zeros(0, np.float32), [], Fraction(0), Fraction(1), SETTINGS) == ()
