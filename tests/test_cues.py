"""The cue sheet: pure data, JSON in and out, and what is said of a wrong one."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonify.cues import (
    Alternative,
    Cue,
    CueSheet,
    Evidence,
    LibraryRef,
    ModelRef,
    Scene,
    SoundRef,
    VideoRef,
)
from sonify.errors import CueSheetError

DOG = SoundRef("starter", "effects/dog.flac", "CC0-1.0")


def sheet(folder: Path = Path("/films")) -> CueSheet:
    return CueSheet(
        video=VideoRef(str(folder / "a.mp4"), 10.01, "30000/1001", 1920, 1080, "0123456789abcdef"),
        model=ModelRef("sonify-mini", "fedcba9876543210"),
        libraries=(LibraryRef("starter"), LibraryRef("sfx", str(folder / "sfx"))),
        scenes=(Scene(0.0, 4.004, (Alternative("dog barking", DOG, 0.75),)), Scene(4.004, 10.01)),
        cues=(
            Cue(
                "cue-001",
                "effect",
                "dog barking",
                DOG,
                1.0,
                3.5,
                gain_curve=((1.0, 0.0), (2.0, -6.0)),
                pan_curve=((1.0, -0.5),),
                score=0.75,
                evidence=Evidence(1.5, 0.9, (0.0, 0.0, 0.5, 1.0)),
            ),
        ),
        settings={"matching.threshold": 0.4},
    )


GOLDEN = """{
  "format": "sonify.cues",
  "version": 1,
  "video": {
    "path": "a.mp4",
    "duration_s": 10.01,
    "frame_rate": "30000/1001","""


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    before = sheet(tmp_path)
    file = before.save(tmp_path / "a.cues.json")
    assert file.read_text("utf-8").startswith(GOLDEN)
    assert CueSheet.load(file) == before
    assert sheet(tmp_path).to_json() == before.to_json()


def test_what_the_credits_need_is_kept_and_left_out_where_it_is_unknown(tmp_path: Path) -> None:
    before = sheet(tmp_path)
    assert "author" not in before.to_json()
    known = replace(DOG, title="Rex", author="Jo", source_url="https://example.org/1")
    named = replace(before, cues=(replace(before.cues[0], sound=known),))
    assert '"author": "Jo"' in named.to_json() and '"title": "Rex"' in named.to_json()
    assert CueSheet.from_json(named.to_json()) == named


def test_a_sheet_and_its_video_move_together(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    sheet(tmp_path / "one").save(tmp_path / "one" / "a.cues.json")
    (tmp_path / "one" / "a.cues.json").rename(tmp_path / "two" / "a.cues.json")
    assert CueSheet.load(tmp_path / "two" / "a.cues.json").video.path == str(tmp_path / "two" / "a.mp4")


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    file = tmp_path / "a.cues.json"
    file.write_text("mine")
    with pytest.raises(CueSheetError, match="--force"):
        sheet().save(file)
    assert file.read_text() == "mine"
    sheet().save(file, force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.cues.json"]


def test_a_sheet_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        sheet().cues = ()  # type: ignore[misc]
    assert replace(sheet(), cues=()).cues == ()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["cues"][0].update(start_s=-1), "cues[0].start_s"),
        (lambda d: d["cues"][0].update(end_s=0.5), "cues[0]: end_s must be after start_s"),
        (lambda d: d["cues"][0].update(gain_db=80), "cues[0].gain_db"),
        (lambda d: d["cues"][0].update(gain_db="loud"), "cues[0].gain_db"),
        (lambda d: d["cues"][0].update(lable="x"), "cues[0].lable: unknown field"),
        (lambda d: d["cues"][0].pop("sound"), "cues[0].sound"),
        (lambda d: d["cues"][0]["sound"].update(path="../../etc/passwd"), "cues[0].sound.path"),
        (lambda d: d["cues"][0]["sound"].update(path="/etc/passwd"), "cues[0].sound.path"),
        (lambda d: d["cues"][0]["sound"].update(path="C:\\sounds\\a.wav"), "cues[0].sound.path"),
        (lambda d: d["cues"][0]["sound"].update(library="nowhere"), "cues[0].sound.library: 'nowhere'"),
        (lambda d: d["cues"][0].update(pan_curve=[[1, 0], [0, 0]]), "pan_curve: times must not go back"),
        (lambda d: d["cues"][0].update(pan_curve=[[1, 2]]), "pan_curve: values"),
        (lambda d: d["cues"][0].update(gain_curve=[[0, 0]] * 10_001), "cues[0].gain_curve"),
        (lambda d: d["cues"][0].update(start_s=11, end_s=12), "cues[0].start_s: 11"),
        (lambda d: d["cues"].append(d["cues"][0]), "cues[1].id: 'cue-001' is used twice"),
        (lambda d: d["video"].update(frame_rate="fast"), "video.frame_rate"),
        (lambda d: d["scenes"][1].update(end_s=1), "scenes[1]"),
        (lambda d: d.pop("model"), "model"),
    ],
)
def test_each_problem_is_reported_with_its_place(change, place: str) -> None:
    document = json.loads(sheet().to_json())
    change(document)
    with pytest.raises(CueSheetError) as caught:
        CueSheet.from_json(json.dumps(document))
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_problems_are_reported_at_once() -> None:
    document = json.loads(sheet().to_json())
    document["cues"][0].update(start_s="soon", gain_db=99)
    document["scenes"][0]["end_s"] = None
    with pytest.raises(CueSheetError) as caught:
        CueSheet.from_json(json.dumps(document))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ('{\n  "format": "sonify.cues",\n  "version": 1,,\n}', "line 3"),
        ("[1, 2]", "not a cue sheet"),
        ('{"format": "other"}', "not a cue sheet"),
        ('{"format": "sonify.cues", "version": 2}', "version 2"),
        ("[" * 100_000, "not JSON"),
        ('{"format": "sonify.cues", "version": 1, "video": NaN}', "video"),
    ],
)
def test_what_is_not_a_sheet_is_refused(text: str, said: str) -> None:
    with pytest.raises(CueSheetError, match=said):
        CueSheet.from_json(text)


def test_files_that_are_no_sheets(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xff\xfe\x00")
    for name, said in (("missing.json", "can't read"), ("x.json", "not a text file"), (".", "can't read")):
        with pytest.raises(CueSheetError, match=said):
            CueSheet.load(tmp_path / name)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["video", "cues", "scenes", "libraries", "model", "settings", "id", "sound", "path"]),
                x,
            )
        ),
    )
)
def test_whatever_a_sheet_holds_only_our_errors_come_out(value: object) -> None:
    document = {"format": "sonify.cues", "version": 1}
    if isinstance(value, dict):
        document |= value
    with pytest.raises(CueSheetError):
        CueSheet.from_json(json.dumps(document | {"cues": value}))
