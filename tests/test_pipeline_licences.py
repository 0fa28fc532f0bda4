"""Licences from the library to the scored video: what may not be used isn't, and what asks for credit gets it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from colours import ColourModel, film, library

import sonify
from sonify.cues import CueSheet
from sonify.errors import LibraryError, RenderError, SettingsError
from sonify.pipeline import Session, credits_beside
from sonify.settings import Settings

TABLE = """file,label,kind,phrases,licence,author,title,source_url
red.wav,red thing,effect,red light,CC-BY-4.0,Jo,Red hum,https://example.org/red
green.wav,green thing,effect,green light,CC-BY-NC-3.0,Li,,
blue.wav,blue thing,effect,blue light,CC0-1.0,Ada,,
"""


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = library(tmp_path / "sfx")
    (folder / "labels.csv").write_text(TABLE)
    return folder


def policy(terms: str) -> Settings:
    return Settings.load(values={"library.licences": terms})


def test_credits_lie_beside_the_video_that_needs_them(tmp_path: Path, sounds: Path) -> None:
    notes: list[str] = []
    made = sonify.score(
        film(tmp_path / "a.mp4", "red", "blue", seconds=1.0), library=sounds, progress=lambda e: notes.append(e.note)
    )
    assert made.credits == tmp_path / "a.credits.txt" == credits_beside(made.video)
    assert made.credits.read_text("utf-8") == (
        "Sounds in a.mp4, cut, looped and mixed to its picture:\n\n"
        "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)\n"
        "- Red hum by Jo https://example.org/red\n\n"
        "CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/)\n"
        "- blue.wav by Ada\n"
    )
    assert any("a.credits.txt" in note for note in notes)
    red = made.sheet.cues[0].sound
    assert (red.title, red.author, red.source_url) == ("Red hum", "Jo", "https://example.org/red")


def test_no_credits_where_none_are_asked_for(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "blue", seconds=1.0)
    made = sonify.score(video, library=sounds)
    assert made.credits is None and not list(tmp_path.glob("*.txt"))
    credits_beside(made.video).write_text("Sounds in a.mp4, cut, looped and mixed to its picture:\n\nold\n")
    with pytest.raises(RenderError, match=r"a\.credits\.txt exists"):
        sonify.score(video, tmp_path / "a.scored.mkv", library=sounds, cues=tmp_path / "other.json")
    sonify.score(video, library=sounds, force=True)
    assert not credits_beside(made.video).exists(), "those of an earlier mix would be wrong now"
    credits_beside(made.video).write_text("thanks to my mother")
    sonify.score(video, library=sounds, force=True)
    assert credits_beside(made.video).read_text() == "thanks to my mother"


def test_a_policy_chooses_the_sounds(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red", "green", "blue", seconds=1.0)
    sheet = sonify.suggest(video, library=sounds, settings=policy("cc0,cc-by"))
    assert [cue.label for cue in sheet.cues] == ["red thing", "blue thing"]
    assert sheet.settings == {"library.licences": "cc0,cc-by"}
    offered = [a.label for scene in sheet.scenes for a in scene.suggestions]
    assert "green thing" not in offered
    with pytest.raises(LibraryError, match=r"under a licence that may be used \(mit\)|MIT"):
        sonify.suggest(video, library=sounds, settings=policy("mit"))
    with pytest.raises(SettingsError, match="did you mean cc-by"):
        sonify.suggest(video, library=sounds, settings=policy("ccby"))


def test_a_policy_is_enforced_again_when_a_sheet_is_rendered(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "green", seconds=1.0)
    sheet = sonify.suggest(video, library=sounds)
    assert sheet.cues[0].sound.licence == "CC-BY-NC-3.0"
    out = tmp_path / "out.mp4"
    with pytest.raises(LibraryError, match=r"sfx: green\.wav is under CC-BY-NC-3\.0"):
        sonify.render(sheet, out, settings=policy("cc0"))
    cue = sheet.cues[0]
    forged = replace(sheet, cues=(replace(cue, sound=replace(cue.sound, licence="CC0-1.0")),))
    for made in (replace(forged, settings={"library.licences": "cc0"}), forged):
        with pytest.raises(LibraryError, match=r"green\.wav is under CC-BY-NC-3\.0 \(the sheet says CC0-1\.0\)"):
            sonify.render(made, out, settings=None if made.settings else policy("cc0"))
    assert not out.exists() and not list(tmp_path.glob("*.txt"))


def test_the_sheets_policy_holds_unless_another_is_given(tmp_path: Path, sounds: Path) -> None:
    sheet = sonify.suggest(film(tmp_path / "a.mp4", "green", seconds=1.0), library=sounds)
    strict = replace(sheet, settings={"library": {"licences": "cc0"}})
    for settings in (None, Settings()):
        with pytest.raises(LibraryError, match="doesn't allow"):
            sonify.render(strict, tmp_path / "out.mp4", settings=settings)
    for number, terms in enumerate(("any", "cc-by-nc")):
        out = sonify.render(strict, tmp_path / f"{number}.mp4", settings=policy(terms))
        assert "- green.wav by Li" in credits_beside(out).read_text("utf-8")


def test_a_licence_that_was_changed_since_counts(tmp_path: Path, sounds: Path) -> None:
    session = Session(library=sounds, settings=policy("cc0"))
    sheet = session.suggest(film(tmp_path / "a.mp4", "blue", seconds=1.0))
    (sounds / "labels.csv").write_text(TABLE.replace("CC0-1.0", "all rights reserved"))
    with pytest.raises(LibraryError, match=r"blue\.wav is under LicenseRef-all-rights-reserved"):
        sonify.render(CueSheet.from_json(sheet.to_json()), tmp_path / "out.mp4")


def test_licence_files_of_a_folder_count(tmp_path: Path) -> None:
    folder = library(tmp_path / "sfx")
    (folder / "labels.csv").write_text("file,label,kind,phrases\nred.wav,red thing,effect,red light\n")
    video = film(tmp_path / "a.mp4", "red", seconds=1.0)
    with pytest.raises(LibraryError, match="no sound of"):
        sonify.suggest(video, library=folder, settings=policy("cc-by"))
    (folder / "LICENSE").write_text("All sounds here are licensed under CC BY 4.0.")
    made = sonify.score(video, library=folder, settings=policy("cc-by"))
    assert made.credits and "author not known: ask before you publish" in made.credits.read_text("utf-8")
