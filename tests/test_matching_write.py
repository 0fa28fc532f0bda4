"""From parts to cues: hits on their events, the rest for as long as the emitter is there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonify.cues import Evidence
from sonify.library.sounds import Catalog, Label, Library, Sound
from sonify.matching.choose import by_fit
from sonify.matching.parts import Event, Part
from sonify.matching.presence import Interval
from sonify.matching.write import OVER_CUT_S, Writer
from sonify.settings import Settings

RATE_HZ = 48_000


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """One sound: a hit at 0.5 s that rings for three seconds."""
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    ring = np.exp(-np.maximum(time_s - 0.5, 0)) * np.sin(2 * np.pi * 900 * time_s) * (time_s >= 0.5)
    file = tmp_path / "hit.wav"
    soundfile.write(file, 0.5 * ring, RATE_HZ)
    sound = Sound("lib", "hit.wav", file, "axe hit", "effect", ("axe",), "CC0-1.0", "", 4.0, RATE_HZ, 1)
    library = Library("lib", tmp_path)
    return Catalog((library,), (sound,), (Label("axe hit", "effect", ("axe",), (sound,)),))


def part(*times_s: float, end_s: float = 4.0) -> Part:
    interval = Interval(Fraction(1), Fraction(end_s), 0, 0)
    events = tuple(Event(Fraction(time_s), 1.0 if k == 0 else 0.1) for k, time_s in enumerate(times_s))
    evidence = Evidence(2.0, 0.9, timing="event" if events else "interval")
    curve = ((1.0, -1.0), (3.0, 1.0))
    return Part(0, interval, evidence, 0.0, 0.9, (), (), pan_curve=curve, events=events)


def writer(catalog: Catalog, *cuts: float) -> Writer:
    return Writer(
        catalog,
        Settings(),
        order=by_fit,
        lead_silence_s=lambda sound: 0.5,
        seed="film",
        cuts=[Fraction(cut) for cut in cuts],
        until_s=Fraction(8),
    )


def test_the_attack_lies_on_the_event_and_the_weaker_is_softer(catalog: Catalog) -> None:
    cues = writer(catalog).cues(part(1.5, 2.5))
    for cue, event_s in zip(cues, (1.5, 2.5), strict=True):
        # From the start of the cue to its attack is as long in the film as in the file.
        assert cue.start_s + (0.5 - cue.source_offset_s) == pytest.approx(event_s, abs=0.004)
        assert cue.evidence and (cue.evidence.timing, cue.evidence.time_s) == ("event", event_s)
    assert cues[1].gain_db < cues[0].gain_db - 6


def test_a_hit_is_heard_where_its_emitter_is_at_that_moment(catalog: Catalog) -> None:
    cues = writer(catalog).cues(part(1.5, 2.5))
    assert [cue.pan_curve[0][1] for cue in cues] == [-0.5, 0.5]
    assert all(len(cue.pan_curve) == 1 for cue in cues)


def test_a_hit_rings_on_but_not_far_into_another_scene(catalog: Catalog) -> None:
    assert writer(catalog).cues(part(3.0))[0].end_s == pytest.approx(6.5, abs=0.01)
    (cue,) = writer(catalog, 4.0).cues(part(3.0))
    assert cue.end_s == 4.0 + OVER_CUT_S
    assert 0 < cue.fade_out_s < OVER_CUT_S
    # The emitter goes on over an earlier cut, and so does its sound.
    assert writer(catalog, 3.5).cues(part(3.0))[0].end_s == pytest.approx(6.5, abs=0.01)


def test_without_an_event_the_interval_is_filled_and_it_is_said(catalog: Catalog) -> None:
    (cue,) = writer(catalog).cues(part())
    assert (cue.start_s, cue.end_s, cue.source_offset_s) == (1.0, 4.0, 0.5)
    assert cue.evidence and cue.evidence.timing == "interval"
    assert cue.pan_curve == ((1.0, -1.0), (3.0, 1.0))
