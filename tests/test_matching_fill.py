"""`matching.fill: silent`: nothing is added where the original can be heard."""

from __future__ import annotations

from sonify.cues import Cue, Evidence, OriginalSpan, SoundRef
from sonify.matching.fill import filled
from sonify.settings import Settings

SILENT = Settings.load(values={"matching.fill": "silent"})
ORIGINAL = (
    OriginalSpan(0, 4, "silence"),
    OriginalSpan(4, 6, "speech"),
    OriginalSpan(6, 9, "silence"),
    OriginalSpan(9, 10, "sound"),
)


def cue(start_s: float, end_s: float, kind: str = "effect", **more: object) -> Cue:
    sound = SoundRef("lib", "a.wav")
    return Cue("old", kind, "dog", sound, start_s, end_s, fade_in_s=0.1, fade_out_s=0.1, **more)  # type: ignore[arg-type]


def spans(*cues: Cue) -> list[tuple[float, float]]:
    return [(c.start_s, c.end_s) for c in filled(cues, ORIGINAL, SILENT)]


def test_all_is_the_default_and_changes_nothing() -> None:
    assert filled([cue(0, 10)], ORIGINAL, Settings()) == [cue(0, 10)]


def test_without_an_original_all_is_silent() -> None:
    assert filled([cue(0, 10)], (), SILENT) == [cue(0, 10)]


def test_cues_are_cut_where_the_original_is_heard() -> None:
    assert spans(cue(0, 10)) == [(0, 4), (6, 9)]
    assert spans(cue(1, 2), cue(4.5, 5.5), cue(5, 7), cue(8, 20)) == [(1, 2), (6, 7), (8, 9), (10, 20)]


def test_a_cut_end_fades_and_a_whole_one_keeps_its_own() -> None:
    first, second = filled([cue(0, 10, "ambience")], ORIGINAL, SILENT)
    fade_s = SILENT.mix.ambience_fade_s
    assert (first.fade_in_s, first.fade_out_s) == (0.1, fade_s)
    assert (second.fade_in_s, second.fade_out_s) == (fade_s, fade_s)
    assert [c.id for c in (first, second)] == ["cue-001", "cue-002"]


def test_slivers_are_dropped_but_a_short_cue_in_silence_is_not() -> None:
    assert spans(cue(3.9, 5)) == []
    assert spans(cue(3.0, 3.1)) == [(3.0, 3.1)]


def test_an_event_that_loses_its_beginning_is_dropped() -> None:
    hit = Evidence(5.0, 0.9, timing="event")
    assert spans(cue(5, 7, evidence=hit)) == []
    assert spans(cue(3, 7, evidence=hit)) == [(3, 4)]


def test_locked_cues_stay() -> None:
    assert spans(cue(3, 7, locked=True)) == [(3, 7)]
