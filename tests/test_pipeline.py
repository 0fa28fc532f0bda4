"""The whole way, with a model that sees colours: quick, and its right answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from colours import ColourModel, decoded, film, library

import sonify
from sonify.cues import Cue, CueSheet, SoundRef
from sonify.errors import CueSheetError, LibraryError, RenderError, VideoError
from sonify.models.calibration import NULL_PHRASES
from sonify.pipeline import SoundFinder
from sonify.settings import Settings


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    return library(tmp_path / "sfx")


def labels(sheet: CueSheet) -> list[tuple[str, float, float]]:
    return [(cue.label, round(cue.start_s, 1), round(cue.end_s, 1)) for cue in sheet.cues]


@pytest.mark.usefixtures("colours")
def test_what_is_seen_is_heard_when_it_is_seen(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red", "gray", "blue")
    result = sonify.score(video, library=sounds, settings=Settings.load(values={"mix.original": "mute"}))
    assert labels(result.sheet) == [("red thing", 0.0, 2.0), ("blue thing", 4.0, 6.0)]
    assert result.video == tmp_path / "a.scored.mp4" and result.cues == tmp_path / "a.cues.json"
    assert CueSheet.load(result.cues) == result.sheet
    sound = decoded(result.video)
    loud = [float(np.abs(sound[int(t * 48_000) : int((t + 1) * 48_000)]).mean()) for t in (0.5, 2.5, 4.5)]
    assert min(loud[0], loud[2]) > 50 * loud[1]


@pytest.mark.usefixtures("colours")
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red", "green")
    texts = {sonify.suggest(video, library=sounds).to_json(folder=tmp_path) for _ in range(3)}
    assert len(texts) == 1
    assert str(tmp_path) not in texts.pop()


@pytest.mark.usefixtures("colours")
def test_an_edited_sheet_is_rendered_as_it_says(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray")
    sheet = sonify.suggest(video, library=sounds)
    assert sheet.cues == ()
    ref = SoundRef("sfx", "red.wav")
    cue = Cue("mine", "effect", "anything", ref, 1.0, 1.5, pan_curve=((1.0, -1.0),))
    edited = replace(sheet, cues=(cue,), settings={"mix.original": "mute"})
    edited.save(tmp_path / "mine.json")
    out = sonify.render(tmp_path / "mine.json", tmp_path / "out.mp4")
    sound = decoded(out)
    assert np.abs(sound[: int(0.9 * 48_000)]).max() < 1e-3
    left, right = np.abs(sound[int(1.1 * 48_000) : int(1.4 * 48_000)]).mean(axis=0)
    assert left > 20 * right


@pytest.mark.usefixtures("colours")
def test_a_sound_that_is_gone_is_named_or_left_out(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray")
    gone, there = (
        Cue(name, "effect", name, SoundRef("sfx", f"{name}.wav"), start_s, start_s + 0.5)
        for name, start_s in (("gone", 0.2), ("red", 1.0))
    )
    sheet = replace(sonify.suggest(video, library=sounds), cues=(gone, there), settings={"mix.original": "mute"})
    with pytest.raises(RenderError, match=r"gone\.wav"):
        sonify.render(sheet, tmp_path / "out.mp4")
    notes: list[str] = []
    settings = Settings.load(values={"mix.missing": "skip", "mix.original": "mute"})
    out = sonify.render(
        sheet, tmp_path / "out.mp4", settings=settings, progress=lambda event: notes.append(event.note)
    )
    assert any("gone.wav" in text and "left out" in text for text in notes)
    sound = decoded(out)
    assert np.abs(sound[: int(0.9 * 48_000)]).max() < 1e-3
    assert np.abs(sound[int(1.1 * 48_000) : int(1.4 * 48_000)]).max() > 0.01


@pytest.mark.usefixtures("colours")
def test_stems_come_with_the_film(tmp_path: Path, sounds: Path) -> None:
    scored = sonify.score(film(tmp_path / "a.mp4", "red"), library=sounds, stems=tmp_path / "parts")
    assert scored.sheet.cues
    names = sorted(path.name for path in (tmp_path / "parts").iterdir())
    assert "a.scored.effects.wav" in names
    assert "a.scored.original.wav" in names


@pytest.mark.usefixtures("colours")
def test_progress_reaches_its_end(tmp_path: Path, sounds: Path) -> None:
    events: list[sonify.Event] = []
    sonify.score(film(tmp_path / "a.mp4", "red"), library=sounds, progress=events.append)
    for stage in ("read", "mix", "write"):
        last = [e for e in events if e.stage == stage and not e.note][-1]
        assert last.done == pytest.approx(last.total, abs=0.1), stage


@pytest.mark.usefixtures("colours")
def test_nothing_is_replaced_and_nothing_left_over(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red")
    sonify.score(video, library=sounds)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RenderError, match="exists"):
        sonify.score(video, library=sounds)
    with pytest.raises(RenderError, match="the video itself"):
        sonify.score(video, video, library=sounds, force=True)
    with pytest.raises(RenderError, match="no folder"):
        sonify.score(video, tmp_path / "none" / "out.mp4", library=sounds)
    with pytest.raises(RenderError, match="is a folder"):
        sonify.score(video, sounds, library=sounds)
    sonify.score(video, library=sounds, force=True)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("colours")
def test_a_sheet_from_a_library_that_was_not_given_is_refused(tmp_path: Path, sounds: Path) -> None:
    sheet = sonify.suggest(film(tmp_path / "a.mp4", "red"), library=sounds)
    (tmp_path / "other").mkdir()
    with pytest.raises(CueSheetError, match="not among the libraries"):
        sonify.render(sheet, tmp_path / "out.mp4", library=tmp_path / "other")
    assert sonify.render(sheet, tmp_path / "out.mp4", library=sounds).exists()


@pytest.mark.usefixtures("colours")
def test_a_link_does_not_lead_out_of_the_library(tmp_path: Path, sounds: Path) -> None:
    sheet = sonify.suggest(film(tmp_path / "a.mp4", "red"), library=sounds)
    (tmp_path / "secret.wav").write_bytes((sounds / "red.wav").read_bytes())
    (sounds / "link.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(CueSheetError, match="leads out"):
        SoundFinder(sheet)(SoundRef("sfx", "link.wav"))
    with pytest.raises(RenderError, match="not in"):
        SoundFinder(sheet)(SoundRef("sfx", "gone.wav"))


@pytest.mark.usefixtures("colours")
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red")
    (tmp_path / "text.mp4").write_text("not a film")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "nothing").mkdir()
    cases = [
        (VideoError, tmp_path / "text.mp4", sounds),
        (VideoError, tmp_path / "empty.mp4", sounds),
        (VideoError, tmp_path / "missing.mp4", sounds),
        (VideoError, sounds, sounds),
        (LibraryError, video, tmp_path / "nothing"),
        (LibraryError, video, tmp_path / "missing"),
    ]
    for kind, path, folder in cases:
        with pytest.raises(kind) as caught:
            sonify.suggest(path, library=folder)
        assert "\n" not in str(caught.value)
        assert (path if kind is VideoError else folder).name in str(caught.value)


@pytest.mark.usefixtures("colours")
def test_an_unreadable_sound_is_named_and_the_rest_used(tmp_path: Path, sounds: Path) -> None:
    (sounds / "broken.wav").write_bytes(b"RIFF\x00\x00")
    notes: list[str] = []
    video = film(tmp_path / "a.mp4", "red")
    sheet = sonify.suggest(video, library=sounds, progress=lambda e: notes.append(e.note))
    assert labels(sheet) == [("red thing", 0.0, 2.0)]
    assert any("broken.wav" in text for text in notes)


@pytest.mark.usefixtures("colours")
def test_settings_of_the_sheet_hold_when_it_is_rendered(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray")
    settings = Settings.load(values={"mix.original": "mute"})
    result = sonify.score(video, library=sounds, settings=settings)
    assert result.sheet.settings == {"mix.original": "mute"}
    assert np.abs(decoded(result.video)).max() < 1e-3


def test_the_null_phrases_are_words() -> None:
    assert len(set(NULL_PHRASES)) == len(NULL_PHRASES) > 3
