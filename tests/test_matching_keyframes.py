"""Curves of key frames: values between them, jumps, sums."""

from __future__ import annotations

import pytest

from sonify.matching.keyframes import added, value_at

JUMP = ((0.0, 0.0), (2.0, 2.0), (2.0, -6.0), (4.0, -6.0))


@pytest.mark.parametrize(
    ("time_s", "value"), [(-1.0, 0.0), (0.5, 0.5), (1.999, 1.999), (2.0, -6.0), (3.0, -6.0), (9.0, -6.0)]
)
def test_the_value_between_key_frames_and_beyond_them(time_s: float, value: float) -> None:
    assert value_at(JUMP, time_s) == pytest.approx(value)


def test_an_empty_curve_says_nothing() -> None:
    assert value_at((), 1.0) == 0.0
    assert value_at((), 1.0, 7.0) == 7.0
    assert added((), JUMP) == added(JUMP, ()) == JUMP


def test_a_sum_is_the_sum_everywhere_and_jumps_stay() -> None:
    other = ((1.0, 0.0), (3.0, -10.0))
    both = added(JUMP, other)
    for time_s in (-1.0, 0.3, 1.0, 1.7, 2.0, 2.5, 3.0, 3.5, 5.0):
        assert value_at(both, time_s) == pytest.approx(value_at(JUMP, time_s) + value_at(other, time_s))
    assert [value for time_s, value in both if time_s == 2.0] == [-3.0, -11.0]
