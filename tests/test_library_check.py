"""What is wrong with sounds, and whether a sheet may use them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_library_credits import BARK, HORN, RAIN, WIND, record, sheet

from sonify.cues import SoundRef
from sonify.errors import LibraryError
from sonify.library.check import FAULTS, KINDS, Checker, Finding, check
from sonify.library.records import Measures, SoundLabel, SoundRecord
from sonify.library.rights import policy

GOOD = Measures(
    loudness_lufs=-20.0,
    loudest_3s_lufs=-18.0,
    true_peak_dbtp=-1.0,
    lead_silence_s=0.0,
    tail_silence_s=0.1,
    onsets_s=(0.0,),
    loopability=0.5,
    clipped_share=0.0,
    dc=0.0,
    not_finite=False,
)


def sound(path: str = "a.wav", measures: Measures | None = GOOD, **changes: object) -> SoundRecord:
    good = replace(record(path, "CC0-1.0", author="Jo"), measures=measures, duration_s=2.0)
    return replace(good, **changes)  # type: ignore[arg-type]


def kinds(*sounds: SoundRecord) -> list[str]:
    return [finding.kind for finding in check(sounds)]


def test_a_good_sound_has_nothing_wrong() -> None:
    assert kinds(sound()) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"true_peak_dbtp": None, "loudness_lufs": None}, "silent"),
        ({"true_peak_dbtp": -80.0}, "silent"),
        ({"lead_silence_s": 1.95, "tail_silence_s": 0.04}, "near-empty"),
        ({"lead_silence_s": 1.0, "tail_silence_s": 0.95}, "near-empty"),
        ({"clipped_share": 0.02}, "clipped"),
        ({"dc": -0.05}, "offset"),
        ({"not_finite": True}, "damaged"),
    ],
)
def test_samples(changes: dict[str, object], kind: str) -> None:
    assert kinds(sound(measures=replace(GOOD, **changes))) == [kind]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"problem": "an empty file"}, "unreadable"),
        ({"measures": None}, "not measured"),
        ({"labels": (SoundLabel("unnamed", "name", 0.0),)}, "unlabelled"),
        ({"labels": ()}, "unlabelled"),
        ({"licence": ""}, "licence missing"),
        ({"licence": "ask Jo"}, "licence unclear"),
        ({"licence": "CC-BY-4.0", "author": ""}, "credit missing"),
    ],
)
def test_what_is_known(changes: dict[str, object], kind: str) -> None:
    assert kinds(replace(sound(), **changes)) == [kind]  # type: ignore[arg-type]


def test_no_author_is_no_matter_where_no_credit_is_asked() -> None:
    assert kinds(sound(author="")) == []


def test_duplicates_name_the_first() -> None:
    twins = [sound(path, content_hash="ab" * 16) for path in ("a.wav", "b.wav", "c/a.wav")]
    found = list(check([*twins, sound("d.wav", content_hash="cd" * 16)]))
    assert found == [Finding("duplicate", path, "the same as a.wav") for path in ("b.wav", "c/a.wav")]


def test_unhashed_sounds_are_no_duplicates() -> None:
    assert kinds(sound("a.wav"), sound("b.wav")) == []


def test_a_contradicted_label_is_named() -> None:
    found = list(check([sound("a.wav"), sound("b.wav")], {"b.wav": "cat meowing"}))
    assert found == [Finding("mislabelled", "b.wav", "labelled 'a sound', sounds like 'cat meowing'")]


def test_every_kind_can_be_found_and_faults_are_kinds() -> None:
    assert set(FAULTS) < set(KINDS)
    checker = Checker()
    list(checker.look(sound()))
    assert checker.sounds == 1


NOW = {
    "dogs/bark.wav": record("dogs/bark.wav", "CC-BY-NC-4.0"),
    "rain.wav": record("rain.wav", "CC-BY-NC-SA-3.0"),
    "wind.ogg": record("wind.ogg", "CC0-1.0"),
    "horn.wav": record("horn.wav"),
}


def now(sound: SoundRef) -> SoundRecord | None:
    return NOW.get(sound.path)


def test_what_is_allowed_passes() -> None:
    policy.enforce(policy.parse("cc0"), sheet(WIND), now)
    policy.enforce(policy.parse("cc-by-nc,cc-by-nc-sa"), sheet(BARK, RAIN), now)
    policy.enforce(policy.parse(""), sheet(BARK, RAIN, WIND, HORN), now)


def test_a_forged_claim_is_refused_with_the_sounds_name() -> None:
    forged = replace(BARK, licence="CC0-1.0")
    with pytest.raises(LibraryError) as caught:
        policy.enforce(policy.parse("cc0,cc-by"), sheet(WIND, forged), now)
    assert "sfx: dogs/bark.wav is under CC-BY-NC-4.0 (the sheet says CC0-1.0)" in str(caught.value)
    assert "cc0,cc-by doesn't allow" in str(caught.value) and "wind.ogg" not in str(caught.value)


@pytest.mark.parametrize("used", [HORN, SoundRef("sfx", "gone.wav", "CC0-1.0")])
def test_a_sound_without_a_licence_is_refused(used: SoundRef) -> None:
    with pytest.raises(LibraryError, match="has no licence that we know"):
        policy.enforce(policy.parse("cc0"), sheet(used), now)


def test_many_refused_sounds_are_counted() -> None:
    used = [SoundRef("sfx", f"{number}.wav") for number in range(9)]
    with pytest.raises(LibraryError, match="and 6 more"):
        policy.enforce(policy.parse("cc0"), sheet(*used, *used), now)
