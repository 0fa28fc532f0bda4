"""Events are met with hits out of sound files; rhythms; which labels are of single events."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonify.cues import Evidence
from sonify.library.sounds import Sound
from sonify.matching.hits import PRE_ROLL_S, QUIETEST_DB, Take, Takes, gain_db, place_hits, spacing_s
from sonify.matching.impulsive import Impulse, impulse
from sonify.matching.parts import Event, Part
from sonify.matching.presence import Interval
from sonify.matching.rhythm import own_rate_hz, rhythm

RATE_HZ = 16_000
STRIKE = Impulse("strike")


def hits_file(path: Path, at_s: Sequence[float], length_s: float, levels: Sequence[float] | None = None) -> Sound:
    """Clicks that ring for 50 ms, at known times."""
    wave = np.zeros(round(length_s * RATE_HZ), np.float32)
    ring = np.exp(-np.arange(800) / 150) * np.sin(np.arange(800) * 0.7)
    for time_s, level in zip(at_s, levels or [0.8] * len(at_s), strict=True):
        start = round(time_s * RATE_HZ)
        wave[start : start + 800] += (level * ring[: len(wave) - start]).astype(np.float32)
    soundfile.write(path, wave, RATE_HZ)
    return sound(path, length_s)


def sound(path: Path, length_s: float = 1.0) -> Sound:
    return Sound("mine", path.name, path, "hammer", "effect", ("a hammer",), "CC0-1.0", "", length_s, RATE_HZ, 1)


def part(times_s: Sequence[float], timing: str = "event", end_s: float = 10.0) -> Part:
    events = tuple(Event(Fraction(str(time_s)), 1.0) for time_s in times_s)
    evidence = Evidence(0.0, 0.9, timing=timing)  # type: ignore[arg-type]
    return Part(0, Interval(Fraction(0), Fraction(str(end_s)), 0, 20), evidence, 0.0, 0.9, (), (), events=events)


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("dog barking", "voice"),
        ("knocking on a door", "strike"),
        ("hammering", "strike"),
        ("footsteps on stairs", "step"),
        ("gunshot", "burst"),
        ("basketball bouncing", "strike"),
        ("clapping", "strike"),
        ("door slamming", "strike"),
        ("hand drum", "strike"),
        ("fireworks", "flash"),
        ("thunder", "flash"),
        ("glass breaking", "burst"),
        ("chopped wood", "strike"),
        ("bodyfall", "strike"),
        ("camera shutter", "flash"),
    ],
)
def test_labels_of_single_events(label: str, kind: str) -> None:
    found = impulse(label)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "label",
    [
        *("rain", "applause", "machine gun", "jackhammer", "car horn", "door creaking", "city traffic", "violin"),
        *("thunderstorm", "telephone ringing", "running water", "hammer drill", "a", "", "fan running"),
    ],
)
def test_labels_of_what_goes_on(label: str) -> None:
    assert impulse(label) is None


def test_light_is_faster_than_sound() -> None:
    thunder, firework, shot = impulse("thunder"), impulse("fireworks"), impulse("gunshot")
    assert thunder and firework and shot
    assert 1.0 <= thunder.delay_s[0] <= thunder.delay_s[1] <= 3.0
    assert 0 < firework.delay_s[0] < thunder.delay_s[0]
    assert shot.delay_s == (0.0, 0.0)


def test_every_starter_sound_of_an_impulsive_label_has_takes(root: Path) -> None:
    takes = Takes()
    with (root / "sound_library" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "effect" and impulse(row["label"])]
    assert len(rows) > 40
    for row in rows:
        kind = impulse(row["label"])
        assert kind
        found = takes(sound(root / "sound_library" / row["file"]), kind)
        assert found, row["file"]
        assert all(take.length_s > 0.05 for take in found), row["file"]
        if kind.kind in ("burst", "flash"):
            assert len(found) == 1, row["file"]


def test_takes_are_cut_between_hits(tmp_path: Path) -> None:
    takes = Takes()(hits_file(tmp_path / "a.wav", [0.2, 0.7, 1.5], 2.0), STRIKE)
    assert [take.onset_s for take in takes] == pytest.approx([0.2, 0.7, 1.5], abs=0.004)
    assert all(take.end_s < later.onset_s for take, later in pairwise(takes))
    assert takes[-1].end_s == pytest.approx(2.0)


def test_a_rebound_belongs_to_its_hit_and_a_faint_one_is_none(tmp_path: Path) -> None:
    takes = Takes()(hits_file(tmp_path / "a.wav", [0.2, 0.3, 0.9, 1.4], 2.0, [0.8, 0.3, 0.8, 0.05]), STRIKE)
    assert [take.onset_s for take in takes] == pytest.approx([0.2, 0.9], abs=0.004)


def test_the_attack_is_exactly_on_the_event(tmp_path: Path) -> None:
    sounds = [hits_file(tmp_path / f"{n}.wav", [0.1 * n + 0.1, 1.0], 2.0) for n in range(3)]
    hits = place_hits(part([0.0, 0.001, 1.25, 2.5, 3.1]), STRIKE, sounds, Takes(), seed="film")
    assert len(hits) == 5
    for hit in hits:
        lead_s = float(hit.event_s - hit.start_s)
        attacks = [take.onset_s for take in Takes()(hit.sound, STRIKE)]
        assert min(abs(hit.source_offset_s + lead_s - attack) for attack in attacks) < 1e-5
        assert 0 <= lead_s <= 0.010
        assert hit.fade_in_s <= lead_s
        assert hit.start_s >= 0
        assert hit.end_s > hit.event_s
        assert hit.timing == "event"
    assert float(hits[-1].event_s - hits[-1].start_s) == pytest.approx(PRE_ROLL_S)


@pytest.mark.parametrize("files", [1, 2, 3, 5])
def test_no_two_hits_in_a_row_are_the_same_take(tmp_path: Path, files: int) -> None:
    sounds = [hits_file(tmp_path / f"{n}.wav", [0.1, 0.6], 1.2) for n in range(files)]
    hits = place_hits(part([0.5 * n for n in range(60)], end_s=30), STRIKE, sounds, Takes(), seed="film")
    chosen = [(hit.sound.path, round(hit.source_offset_s, 3)) for hit in hits]
    assert len(chosen) == 60
    assert all(a != b for a, b in pairwise(chosen))
    if files > 1:
        assert all(a != c for a, c in zip(chosen, chosen[2:], strict=False))


def test_the_same_film_gets_the_same_takes_and_another_others(tmp_path: Path) -> None:
    sounds = [hits_file(tmp_path / f"{n}.wav", [0.1, 0.6], 1.2) for n in range(4)]
    whole = part([0.5 * n for n in range(20)])
    first = place_hits(whole, STRIKE, sounds, Takes(), seed="film")
    assert first == place_hits(whole, STRIKE, sounds, Takes(), seed="film")
    assert first != place_hits(whole, STRIKE, sounds, Takes(), seed="other")


def test_level_follows_the_size_of_the_motion() -> None:
    gains = [gain_db(strength) for strength in (0.0, 0.05, 0.2, 0.5, 1.0)]
    assert gains == sorted(gains)
    assert gains[-1] == 0
    assert min(gains) == QUIETEST_DB


def test_thunder_comes_after_lightning_at_one_distance(tmp_path: Path) -> None:
    kind = impulse("thunder")
    assert kind
    bang = hits_file(tmp_path / "a.wav", [0.1], 3.0)
    hits = place_hits(part([1, 3, 8]), kind, [bang], Takes(), seed="film", until_s=Fraction(10))
    delays = {hit.start_s + Fraction(str(PRE_ROLL_S)) - hit.event_s for hit in hits}
    assert len(delays) == 1
    assert 1 <= delays.pop() <= 3
    assert all(hit.end_s <= 10 for hit in hits)


def test_nothing_is_placed_after_the_end(tmp_path: Path) -> None:
    bang = hits_file(tmp_path / "a.wav", [0.1], 3.0)
    hits = place_hits(part([1, 3, 9]), STRIKE, [bang], Takes(), seed="film", until_s=Fraction(4))
    assert [hit.event_s for hit in hits] == [1, 3]
    assert hits[-1].end_s == 4


def test_files_that_hold_no_hit(tmp_path: Path) -> None:
    (tmp_path / "not.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), RATE_HZ)
    soundfile.write(tmp_path / "short.wav", np.full(1, 0.5), RATE_HZ)
    soundfile.write(tmp_path / "nan.wav", np.full(8000, np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    takes = Takes()
    for name in ("not.wav", "silent.wav", "nan.wav", "missing.wav"):
        assert takes(sound(tmp_path / name), STRIKE) == ()
    assert len(takes(sound(tmp_path / "short.wav"), STRIKE)) <= 1
    assert place_hits(part([1]), STRIKE, [sound(tmp_path / "not.wav")], takes, seed="") == ()
    good = hits_file(tmp_path / "good.wav", [0.1], 1.0)
    assert len(place_hits(part([1]), STRIKE, [sound(tmp_path / "not.wav"), good], takes, seed="")) == 1


def test_without_events_there_are_no_hits(tmp_path: Path) -> None:
    good = hits_file(tmp_path / "good.wav", [0.1], 1.0)
    assert place_hits(part([], "interval"), STRIKE, [good], Takes(), seed="") == ()
    assert spacing_s(part([])) == 1.0
    assert spacing_s(part([0, 0.5, 1.0, 3.0])) == 0.5


def steady(rate_hz: float, path: Path) -> Sound:
    times = np.arange(0.1, 5.9, 1 / rate_hz)
    return hits_file(path, times.tolist(), 6.0)


def test_a_rhythm_takes_the_sound_whose_rate_is_nearest(tmp_path: Path) -> None:
    sounds = [steady(rate, tmp_path / f"{rate}.wav") for rate in (1.5, 2.1, 4.0)]
    beats = part([0.25 + 0.5 * n for n in range(18)], "rhythm", end_s=9.5)
    (hit,) = place_hits(beats, STRIKE, sounds, Takes(), seed="")
    assert hit.sound.path == "2.1.wav"
    assert hit.whole
    assert hit.timing == "rhythm"
    assert hit.end_s == Fraction("9.5")
    assert hit.event_s == Fraction("0.25")


def test_a_rhythm_that_no_sound_has_is_made_of_hits(tmp_path: Path) -> None:
    beats = part([0.25 + 0.3 * n for n in range(18)], "rhythm", end_s=9.5)
    hits = place_hits(beats, STRIKE, [steady(1.5, tmp_path / "a.wav")], Takes(), seed="")
    assert len(hits) == 18
    assert {hit.timing for hit in hits} == {"rhythm"}
    assert not any(hit.whole for hit in hits)


@pytest.mark.parametrize("period_s", [0.14, 0.25, 0.5, 1.1])
def test_a_rhythm_is_found_with_its_beat(period_s: float) -> None:
    times = np.arange(0, 8, 1 / 30)
    distance = np.abs((times - 0.3 + period_s / 2) % period_s - period_s / 2)
    values = np.exp(-((distance / 0.03) ** 2)) + 0.1 * np.random.default_rng(1).random(len(times))
    found = rhythm(times.tolist(), values)
    assert found is not None
    assert found.period_s == pytest.approx(period_s, rel=0.04)
    beats = found.beats(0.0, 2.0)
    assert min(abs(beat - 0.3) for beat in beats) < 0.04
    assert all(b - a == pytest.approx(found.period_s) for a, b in pairwise(beats))


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_rhythm(seed: int) -> None:
    values = np.random.default_rng(seed).random(150)
    assert rhythm((np.arange(150) / 30).tolist(), values) is None


def test_nothing_has_no_rhythm() -> None:
    assert rhythm([], np.zeros(0)) is None
    assert rhythm(list(range(100)), np.zeros(100)) is None
    assert rhythm(list(range(100)), np.arange(100) % 2) is None
    assert own_rate_hz([0.0, 1.0]) is None
    assert own_rate_hz([0, 0.5, 1, 1.5, 2.02, 2.5]) == pytest.approx(2, rel=0.05)
    assert own_rate_hz([0, 0.1, 1, 1.1, 2.9, 3.0, 9.0]) is None


def test_takes_are_plain_values(tmp_path: Path) -> None:
    takes = Takes()
    one = takes(hits_file(tmp_path / "a.wav", [0.1], 1.0), STRIKE)
    assert one is takes(sound(tmp_path / "a.wav"), STRIKE)
    assert isinstance(one[0], Take)
    assert -20 < one[0].level_db < 0
