"""Curves from noisy measurements: no lag, no jumps, few key frames."""

from itertools import pairwise

import numpy as np
import pytest

from sonify.matching.curves import curve, slew_limited, smoothed, thinned

AT = np.arange(0, 8, 0.2)


def _smooth(values: np.ndarray, weights: np.ndarray | None = None, rest_weight: float = 0.0) -> np.ndarray:
    weights = np.ones_like(values) if weights is None else weights
    return smoothed(AT, values, weights, sigma_s=0.5, rest=0.0, rest_weight=rest_weight, outlier=0.3)


def test_a_steady_motion_stays_where_it_is_to_its_ends() -> None:
    line = -0.8 + 0.2 * AT
    assert _smooth(line) == pytest.approx(line, abs=0.01)  # a mean over neighbours misses by 0.08 at the ends


def test_noise_goes_and_nothing_lags() -> None:
    rng = np.random.default_rng(1)
    true = 0.7 * np.sin(AT)
    found = _smooth(true + rng.normal(0, 0.15, len(AT)))
    assert np.abs(found - true).mean() < 0.07
    lags = [np.corrcoef(found[5:-5], np.roll(true, shift)[5:-5])[0, 1] for shift in range(-4, 5)]
    assert int(np.argmax(lags)) == 4  # best with no shift at all


def test_outliers_and_unsure_frames_hardly_count() -> None:
    values, weights = np.full(len(AT), 0.5), np.ones(len(AT))
    values[10], values[20:24], weights[20:24] = -0.9, -0.9, 0.0
    assert _smooth(values, weights) == pytest.approx(np.full(len(AT), 0.5), abs=0.03)


def test_where_nothing_is_known_the_curve_rests() -> None:
    weights = np.where(AT < 2, 1.0, 0.0)
    found = _smooth(np.full(len(AT), 0.8), weights, rest_weight=0.15)
    assert found[:5] == pytest.approx(0.8, abs=0.07)
    assert np.all(found[AT > 4] == 0)
    assert np.all(_smooth(np.full(len(AT), 0.8), weights * 0, rest_weight=0.15) == 0)


def test_times_need_not_be_even() -> None:
    at = np.sort(np.random.default_rng(0).uniform(0, 8, 40))
    line = 0.1 * at
    found = smoothed(at, line, np.ones(40), sigma_s=0.5, rest=0.0, rest_weight=0.0, outlier=0.3)
    assert found == pytest.approx(line, abs=0.02)
    one = smoothed(at[:1], line[:1], np.ones(1), sigma_s=0.5, rest=0.0, rest_weight=0.0, outlier=0.3)
    assert one == pytest.approx(line[:1], abs=1e-6)


def test_slew_is_limited_on_both_sides_alike() -> None:
    step = np.where(AT < 4, -1.0, 1.0)
    found = slew_limited(AT, step, 1.0)
    assert np.abs(np.diff(found)).max() <= 0.2 + 1e-12
    assert found + found[::-1] == pytest.approx(np.zeros(len(AT)), abs=0.2)  # the ramp is centred on the step
    slow = 0.1 * AT
    assert slew_limited(AT, slow, 1.0) == pytest.approx(slow)


@pytest.mark.parametrize("seed", range(4))
def test_lines_between_key_frames_keep_to_the_tolerance(seed: int) -> None:
    values = np.cumsum(np.random.default_rng(seed).normal(0, 0.05, len(AT)))
    kept = list(thinned(AT, values, 0.1))
    assert kept[0] == 0 and kept[-1] == len(AT) - 1 and all(a < b for a, b in pairwise(kept))
    assert np.abs(np.interp(AT, AT[kept], values[kept]) - values).max() <= 0.1 + 1e-9


def test_key_frames_are_as_few_as_can_be() -> None:
    def best(values: np.ndarray, tolerance: float) -> int:
        """By trying every chain (dynamic programming over every pair, each checked in full)."""
        hops = [0] + [len(values)] * (len(values) - 1)
        for end in range(1, len(values)):
            for start in range(end):
                line = np.interp(AT[start : end + 1], AT[[start, end]], values[[start, end]])
                if np.abs(line - values[start : end + 1]).max() <= tolerance:
                    hops[end] = min(hops[end], hops[start] + 1)
        return hops[-1] + 1

    for seed in range(5):
        values = np.cumsum(np.random.default_rng(seed).normal(0, 0.05, len(AT)))
        assert len(thinned(AT, values, 0.08)) == best(values, 0.08)
    assert thinned(AT, 0.3 * AT, 0.01) == (0, len(AT) - 1)
    assert thinned(AT[:1], AT[:1], 0.1) == (0,) and thinned(AT[:2], AT[:2], 0.1) == (0, 1)


def test_a_curve_that_hardly_moves_is_one_key_frame() -> None:
    assert curve(AT, 0.4 + 0.01 * np.sin(AT), tolerance=0.03, digits=2) == ((0.0, 0.4),)
    assert curve(AT[:0], AT[:0], tolerance=0.03, digits=2) == ()
    moving = curve(AT, np.linspace(-0.5, 0.5, len(AT)), tolerance=0.03, digits=2)
    assert moving == ((0.0, -0.5), (7.8, 0.5))
