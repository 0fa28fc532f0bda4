"""Beds that cross, and hits that differ: what is written into the cue sheet for the ear."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sonify.cues import Cue, Evidence, SoundRef
from sonify.matching.beds import crossfaded
from sonify.matching.variation import APART, varied
from sonify.settings import MatchingSettings, MixSettings

MIX = MixSettings(ambience_fade_s=0.8)


def bed(name: str, start_s: float, end_s: float, sound: str = "a.wav", **values: object) -> Cue:
    values = {"fade_in_s": 0.8, "fade_out_s": 0.8, **values}
    return Cue(name, "ambience", sound, SoundRef("l", sound), start_s, end_s, **values)  # type: ignore[arg-type]


def hits(count: int, **values: object) -> list[Cue]:
    return [
        Cue(str(n), "effect", "knock", SoundRef("l", f"{n % 2}.wav"), n, n + 0.4, **values)  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_different_beds_overlap_by_their_fades_around_the_change() -> None:
    first, second = crossfaded([bed("1", 0, 5), bed("2", 5, 9, "b.wav")], MIX)
    assert (first.end_s, second.start_s) == pytest.approx((5.4, 4.6))
    assert first.fade_out_s == second.fade_in_s == pytest.approx(0.8)
    assert (first.start_s, first.fade_in_s, second.end_s, second.fade_out_s) == (0, 0.8, 9, 0.8)


def test_the_same_recording_goes_on() -> None:
    (one,) = crossfaded([bed("1", 0, 5, score=0.5), bed("2", 5, 9, score=0.7, fade_out_s=0.3)], MIX)
    assert (one.id, one.start_s, one.end_s, one.score, one.fade_out_s) == ("1", 0, 9, 0.7, 0.3)
    assert one.gain_curve == ()


def test_the_same_recording_at_another_level_goes_on_with_a_ramp() -> None:
    (one,) = crossfaded([bed("1", 0, 5, gain_db=-2), bed("2", 5, 9, gain_db=-8, gain_curve=((5, 0), (8, 3)))], MIX)
    assert one.gain_db == -2
    times, values = zip(*one.gain_curve, strict=True)
    assert times == pytest.approx((4.6, 5.4, 8))
    assert values == pytest.approx((0, -6 + 3 * 0.4 / 3, -3))


def test_what_is_apart_locked_or_an_effect_stays() -> None:
    apart = [bed("1", 0, 5), bed("2", 5.5, 9, "b.wav")]
    assert crossfaded(apart, MIX) == apart
    locked = [bed("1", 0, 5, locked=True), bed("2", 5, 9, "b.wav")]
    assert crossfaded(locked, MIX) == locked
    assert crossfaded(hits(3), MIX) == hits(3)
    assert crossfaded([], MIX) == []


def test_fades_of_short_beds_fit() -> None:
    names = "abcdefgh"
    chain = [bed(name, n * 0.3, (n + 1) * 0.3, f"{name}.wav") for n, name in enumerate(names)]
    crossed = crossfaded(chain, MIX)
    for before, after in pairwise(crossed):
        assert before.fade_out_s == pytest.approx(before.end_s - after.start_s, abs=2e-6)
        assert before.fade_out_s == after.fade_in_s
    for cue in crossed[1:-1]:
        assert cue.fade_in_s + cue.fade_out_s <= cue.end_s - cue.start_s + 2e-6


def test_hits_differ_in_pitch_and_level_within_their_range() -> None:
    settings = MatchingSettings(vary_pitch_percent=3, vary_level_db=1.5)
    cues = varied(hits(200), "fingerprint", settings)
    ratios = [2 ** (cue.pitch_cents / 1200) for cue in cues]
    assert 0.97 - 1e-4 <= min(ratios) < 0.975
    assert 1.025 < max(ratios) <= 1.03 + 1e-4
    assert -1.5 <= min(c.gain_db for c in cues) < -1.2
    for one, other in pairwise(cues):
        assert abs(one.gain_db - other.gain_db) >= 2 * 1.5 * APART - 0.02
        assert abs(one.pitch_cents - other.pitch_cents) > 30
    assert [(c.start_s, c.sound) for c in cues] == [(c.start_s, c.sound) for c in hits(200)]
    # As much of the file as before is heard, or a little less.
    assert max((c.end_s - c.start_s) * c.speed for c in cues) <= 0.4 + 1e-5
    assert max(c.end_s - c.start_s for c in cues) <= 0.4 + 1e-9


def test_the_same_video_gives_the_same_variation_and_another_gives_another() -> None:
    settings = MatchingSettings()
    assert varied(hits(9), "one", settings) == varied(hits(9), "one", settings)
    assert varied(hits(9), "one", settings) != varied(hits(9), "other", settings)
    # Known numbers: what another machine makes of it must be the same.
    assert [cue.pitch_cents for cue in varied(hits(3), "one", settings)] == KNOWN_CENTS


KNOWN_CENTS = [-34.0, 35.1, -24.6]


def test_what_is_not_varied() -> None:
    settings = MatchingSettings()
    assert varied(hits(1), "x", settings) == hits(1)
    assert varied(hits(3, locked=True), "x", settings) == hits(3, locked=True)
    engine = hits(3, fade_in_s=0.25)
    assert varied(engine, "x", settings) == engine
    beat = hits(3, fade_in_s=0.01, evidence=Evidence(0.0, 0.9, timing="rhythm"))
    assert {cue.pitch_cents for cue in varied(beat, "x", settings)} == {0.0}
    assert len({cue.gain_db for cue in varied(beat, "x", settings)}) == 3
    beds = [bed("1", 0, 5), bed("2", 6, 9)]
    assert varied(beds, "x", settings) == beds
    tuned = varied(hits(3, pitch_cents=200.0), "x", settings)
    assert {cue.pitch_cents for cue in tuned} == {200.0}
    none = MatchingSettings(vary_pitch_percent=0, vary_level_db=0)
    assert varied(hits(5), "x", none) == hits(5)
    loud = [replace(cue, gain_db=24.0) for cue in hits(9)]
    assert max(cue.gain_db for cue in varied(loud, "x", settings)) <= 24
