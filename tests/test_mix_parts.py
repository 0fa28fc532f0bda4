"""Pan, curves, fades, limiter, ducking: the arithmetic of the mix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonify.cues import Cue, SoundRef
from sonify.mix.dynamics import duck_curve, loudness_lufs
from sonify.mix.limiter import Limiter
from sonify.mix.sources import RATE_HZ
from sonify.mix.spatial import SHORTEST_RAMP_S, Fades, Line, Position, sides

Array = NDArray[np.float64]


@pytest.mark.parametrize("pan", [-1.0, -0.6, -0.1, 0.0, 0.3, 0.85, 1.0])
def test_pan_keeps_the_power_of_mono_and_stereo(pan: float) -> None:
    for channels in (1, 2):
        left, right = sides(pan, channels)
        assert left**2 + right**2 == pytest.approx(channels)


def test_pan_is_3_db_down_in_the_centre_and_silent_on_the_far_side() -> None:
    centre = np.array(sides(0.0, 1))
    assert 20 * np.log10(centre) == pytest.approx([-3.01, -3.01], abs=0.01)
    assert centre[0] == centre[1]
    assert sides(-1.0, 1) == pytest.approx((1, 0), abs=1e-12)
    assert sides(1.0, 1) == pytest.approx((0, 1), abs=1e-12)
    assert sides(0.0, 2) == pytest.approx((1, 1))


def test_a_mirrored_pan_is_mirrored() -> None:
    pan = np.linspace(-1, 1, 101)
    assert np.allclose(sides(pan, 1), sides(-pan, 1)[::-1], atol=1e-15)


def test_position_follows_both_curves_without_a_step() -> None:
    gain_db, pan = Line(((0.0, -20.0), (1.0, 6.0))), Line(((0.2, -1.0), (0.9, 1.0)))
    got = Position(gain_db, pan, 1, 0.5).at(0, RATE_HZ).astype(np.float64)
    factor = 0.5 * 10 ** (np.asarray(gain_db.at(0, RATE_HZ)) / 20)
    left, right = sides(pan.at(0, RATE_HZ), 1)
    assert np.abs(got - np.stack([left * factor, right * factor], axis=1)).max() < 1e-3
    assert np.abs(np.diff(got, axis=0)).max() < 1e-4
    assert Position(Line(((0.0, -6.0),)), Line(()), 2, 1.0).at(7, 100).shape == (1, 2)


@pytest.mark.parametrize("block", [1, 31, 32, 33, 1000])
def test_position_does_not_depend_on_the_blocks(block: int) -> None:
    place = Position(Line(((0.0, -20.0), (1.0, 6.0))), Line(((0.0, 1.0), (0.01, -1.0))), 2, 1.0)
    parts = [place.at(77 + first, min(block, 2000 - first)) for first in range(0, 2000, block)]
    assert np.array_equal(np.concatenate(parts), place.at(77, 2000))


def test_a_curve_is_a_straight_line_between_its_key_frames_and_held_beyond() -> None:
    line = Line(((1.0, -10.0), (2.0, 10.0)))
    got = line.at(0, 3 * RATE_HZ)
    assert isinstance(got, np.ndarray)
    expected = np.interp(np.arange(3 * RATE_HZ) / RATE_HZ, [1, 2], [-10, 10])
    assert np.allclose(got, expected, atol=1e-9)
    # No zipper: no two neighbouring samples further apart than the slope asks for.
    assert np.abs(np.diff(got)).max() <= 20 / RATE_HZ * 1.001
    assert Line(()).at(5, 10) == 0.0
    assert Line(((3.0, -6.0),)).at(5, 10) == -6.0


def test_a_jump_in_a_curve_becomes_a_short_ramp_centred_on_it() -> None:
    line = Line(((0.0, 0.0), (1.0, 0.0), (1.0, 12.0), (2.0, 12.0)))
    got = line.at(0, 2 * RATE_HZ)
    assert isinstance(got, np.ndarray)
    assert got[RATE_HZ] == pytest.approx(6, abs=0.1)
    half = round(SHORTEST_RAMP_S * RATE_HZ / 2)
    assert np.allclose(got[: RATE_HZ - half - 1], 0, atol=1e-9)
    assert np.allclose(got[RATE_HZ + half + 1 :], 12, atol=1e-9)
    assert np.abs(np.diff(got)).max() <= 12 / (SHORTEST_RAMP_S * RATE_HZ) * 1.01


def test_ten_thousand_key_frames_give_the_same_in_any_blocks() -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 4, 10_000))
    line = Line(tuple(zip(times.tolist(), rng.uniform(-1, 1, 10_000).tolist(), strict=True)), origin=77)
    once = line.at(0, 200_000)
    parts = [line.at(first, min(30_011, 200_000 - first)) for first in range(0, 200_000, 30_011)]
    assert np.array_equal(np.concatenate([np.asarray(part) for part in parts]), once)
    assert np.abs(once).max() <= 1 + 1e-9


def test_fades_that_cross_keep_the_power() -> None:
    out = Fades(1000, 0, 400).at(600, 400)
    into = Fades(1000, 400, 0).at(0, 400)
    assert np.allclose(np.asarray(out) ** 2 + np.asarray(into) ** 2, 1)


def test_fades_longer_than_the_cue_are_shortened() -> None:
    for length in (1, 2, 3, 100):
        factor = np.broadcast_to(Fades(length, 5000, 1000).at(0, length), length)
        assert factor.max() <= 1
        assert factor.min() >= 0
    assert Fades(100, 10, 10).at(10, 80) == 1.0


def limited(samples: Array, peak_db: float, block: int) -> Array:
    blocks = (samples[first : first + block] for first in range(0, len(samples), block))
    return np.concatenate(list(Limiter(peak_db).run(blocks))).astype(np.float64)


def burst(seconds: float = 2.0) -> Array:
    rng = np.random.default_rng(5)
    count = round(seconds * RATE_HZ)
    samples = rng.normal(0, 0.15, (count, 2))
    samples[20_000:22_000] *= 12
    samples[50_000] = (3.0, -9.0)
    samples[-1] = (5.0, 5.0)
    samples[0] = (-4.0, 0.0)
    return samples


@pytest.mark.parametrize("peak_db", [-1.0, 0.0, -12.0])
def test_no_sample_is_over_the_peak(peak_db: float) -> None:
    out = limited(burst(), peak_db, 9973)
    assert out.shape == burst().shape
    assert np.abs(out).max() <= 10 ** (peak_db / 20) * (1 + 1e-6)
    assert np.abs(out).max() > 10 ** (peak_db / 20) * 0.9


def test_the_wave_between_the_samples_stays_under_the_peak_too() -> None:
    # A quarter of the sample rate, sampled 45 degrees off its crests: the samples show 3 dB less than the wave.
    wave = np.sin(np.pi / 2 * np.arange(RATE_HZ) + np.pi / 4)
    out = limited(np.stack([wave, wave], axis=1), -1.0, 10_000)
    crest = np.abs(out[10_000:-10_000]).max() * np.sqrt(2)
    assert 20 * np.log10(crest) == pytest.approx(-1.0, abs=0.1)


def test_what_stays_under_the_peak_is_not_touched() -> None:
    soft = np.random.default_rng(6).uniform(-0.3, 0.3, (RATE_HZ, 2))
    assert np.array_equal(limited(soft, -1.0, 4801), soft.astype(np.float32).astype(np.float64))
    # ... and long after a peak, once the gain has come back, again.
    out = limited(burst(4.0), -1.0, 48_000)
    assert np.allclose(out[150_000:-2000], burst(4.0)[150_000:-2000], atol=1e-6)


@pytest.mark.parametrize("block", [1, 251, 5000, 96_000, 10**6])
def test_the_size_of_the_blocks_does_not_change_the_samples(block: int) -> None:
    samples = burst()[19_000:23_000] if block == 1 else burst()
    assert np.array_equal(limited(samples, -1.0, block), limited(samples, -1.0, 12_345))


def test_the_limiter_is_down_before_the_peak_and_soon_back_after_one() -> None:
    samples = np.full((RATE_HZ, 2), 0.1)
    samples[24_000] = 2.0
    gain = limited(samples, -6.0, 7000)[:, 0] / 0.1
    assert gain[24_000 - 300] == pytest.approx(1, abs=1e-6)
    assert gain[24_000 - 1] < 0.3
    assert np.abs(np.diff(np.delete(gain, 24_000))).max() < 0.02
    assert gain[24_000 + 480] < 0.3  # held for half a swing of a low note
    assert 0.7 < gain[24_000 + 4800] < 1
    assert gain[24_000 + 20_000 :] == pytest.approx(1, abs=1e-6)


def test_the_limiter_comes_back_later_where_peaks_follow_each_other() -> None:
    once, often = np.full((2, RATE_HZ, 2), 0.1)
    once[24_000] = often[12_000:24_001:1200] = 2.0
    after = [limited(samples, -6.0, 7000)[24_000 + 4800, 0] / 0.1 for samples in (once, often)]
    assert after[1] < 0.6 * after[0]
    assert limited(often, -6.0, 7000)[-500:] == pytest.approx(0.1, abs=1e-6)


def test_the_limiter_takes_nothing_and_very_little() -> None:
    assert list(Limiter(-1).run([])) == []
    for count in (1, 2, 100):
        assert limited(np.full((count, 2), 3.0), -1.0, 10).shape == (count, 2)


def cue(kind: str, start_s: float, end_s: float) -> Cue:
    sound = SoundRef("library", "a.wav")
    return Cue(f"{kind}{start_s}", kind, "a", sound, start_s=start_s, end_s=end_s)  # type: ignore[arg-type]


def test_the_original_is_lowered_under_effects_and_only_there() -> None:
    cues = [cue("ambience", 0, 30), cue("effect", 10, 12), cue("effect", 12.2, 14), cue("effect", 20, 21)]
    line = Line(duck_curve(cues, -9.0))
    at = {t: np.asarray(line.at(round(t * RATE_HZ), 1)).item() for t in (0, 9.9, 9.96, 10, 12.1, 14, 14.5, 20.5, 25)}
    assert at == pytest.approx(
        {0: 0, 9.9: 0, 9.96: -4.5, 10: -9, 12.1: -9, 14: -9, 14.5: 0, 20.5: -9, 25: 0}, abs=1e-6
    )
    assert duck_curve([cue("ambience", 0, 30)], -9.0) == ()


def test_loudness_of_the_standards_own_example() -> None:
    wave = np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)[:, None].astype(np.float32)
    assert loudness_lufs(wave) == pytest.approx(-3.01, abs=0.05)
    assert loudness_lufs(wave[:500]) == pytest.approx(-3.01, abs=1.0)
    assert loudness_lufs(np.zeros((0, 1), np.float32)) == float("-inf")
