"""A folder of videos: what is found, where it goes, what is left alone, and what the report says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, ClassVar

import pytest

from sonify import pipeline
from sonify.batch.find import find_videos
from sonify.batch.folder import batch, plan
from sonify.batch.report import BatchReport
from sonify.cli.program import run
from sonify.cues import CueSheet, LibraryRef, ModelRef, Scene, VideoRef
from sonify.errors import LibraryError, RenderError, VideoError
from sonify.library.rights.credits import Credit, written
from sonify.progress import Event
from sonify.settings import Settings
from sonify.video.probe import fingerprint


class Studio:
    """Stands where the pipeline's Session does: scores by copying, fails on videos that say so."""

    scored: ClassVar[list[str]] = []
    rendered: ClassVar[list[str]] = []
    loaded = 0
    trouble: Exception | None = None
    on_score: Callable[[Path], None] = staticmethod(lambda video: None)

    def __init__(self, *, library: Any, settings: Any, progress: Any) -> None:
        self.settings = settings or Settings()
        self.progress = progress

    @property
    def catalog(self) -> None:
        Studio.loaded += 1
        if Studio.trouble:
            raise Studio.trouble

    words = model = None

    def render(self, sheet: CueSheet, out: Path, *, credits: Path, force: bool) -> Path:
        Studio.rendered.append(out.name)
        out.write_text("rendered")
        return out

    def score(self, video: Path, out: Path, *, cues: Path, credits: Path, force: bool) -> pipeline.Scored:
        Studio.on_score(video)
        text = video.read_text()
        if text.startswith("broken"):
            raise VideoError(f"{video} is broken")
        if text.startswith("defect"):
            raise ZeroDivisionError("division by zero")
        self.progress(Event("read", note="read through ffmpeg"))
        Studio.scored.append(video.name)
        out.write_text("scored " + text)
        made = CueSheet(
            VideoRef(str(video.absolute()), 8.0, "24", 64, 36, fingerprint(video)),
            ModelRef("m", "0" * 16),
            (LibraryRef("starter"),),
            (Scene(0.0, 8.0),),
            (),
        )
        made.save(cues, force=force)
        if text.startswith("borrowed"):
            credits.write_text(written(video.name, [Credit("sfx", "a.wav", "A", "Jo", "", "CC-BY-4.0")]))
        return pipeline.Scored(out, cues, made)


@pytest.fixture(autouse=True)
def studio(monkeypatch: pytest.MonkeyPatch) -> type[Studio]:
    Studio.scored, Studio.rendered, Studio.loaded, Studio.trouble = [], [], 0, None
    Studio.on_score = staticmethod(lambda video: None)
    monkeypatch.setattr("sonify.batch.folder.Session", Studio)
    return Studio


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    for name in ("one.mp4", "a/b.mov", "a/B2.MKV", "a/notes.txt", ".hidden.mp4", ".git/x.mp4", "__MACOSX/y.mp4"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(videos: list[PurePath]) -> list[str]:
    return [video.as_posix() for video in videos]


def report_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "batch.json").read_text())


def states(report: BatchReport) -> dict[str, str]:
    return {file.video: file.state for file in report.files}


def test_videos_are_found_whatever_their_case(clips: Path, tmp_path: Path) -> None:
    assert names(find_videos(clips, tmp_path / "out")) == ["a/B2.MKV", "a/b.mov", "one.mp4"]


def test_what_sonify_made_is_not_found(clips: Path) -> None:
    batch(clips, clips / "scored")
    (clips / "two.scored.mp4").touch()
    (clips / "two.cues.json").touch()
    (clips / "real.scored.mp4").touch()
    expected = ["a/B2.MKV", "a/b.mov", "one.mp4", "real.scored.mp4"]
    assert names(find_videos(clips, clips / "scored")) == sorted(expected)
    assert names(find_videos(clips, clips / "elsewhere")) == sorted(expected)


def test_links_in_a_circle_end(clips: Path, tmp_path: Path) -> None:
    (clips / "a" / "loop").symlink_to(clips, target_is_directory=True)
    (clips / "dead").symlink_to(tmp_path / "nowhere")
    (clips / "also.mp4").symlink_to(clips / "one.mp4")
    assert names(find_videos(clips, tmp_path / "out")) == ["a/B2.MKV", "a/b.mov", "also.mp4", "one.mp4"]


def test_nothing_to_score_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="there is no folder"):
        batch(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "file.mp4").touch()
    with pytest.raises(VideoError, match=r"is a file.*sonify score"):
        batch(tmp_path / "file.mp4", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VideoError, match=r"no video in .*\.mp4"):
        batch(tmp_path / "empty", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_outputs_are_mirrored(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report = batch(clips, out)
    made = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert made == [
        "a/B2.MKV",
        "a/B2.cues.json",
        "a/b.cues.json",
        "a/b.mov",
        "batch.json",
        "one.cues.json",
        "one.mp4",
    ]
    assert set(states(report).values()) == {"scored"}
    document = report_of(out)
    assert document["format"] == "sonify.batch" and document["totals"]["scored"] == 3
    assert document["files"][1] == {
        "video": "a/b.mov",
        "scored": "a/b.mov",
        "cue_sheet": "a/b.cues.json",
        "state": "scored",
        "cues": 0,
        "credits": "",
        "reason": "",
    }
    assert Studio.loaded == 3, "asked before each video; the Session keeps it"


def test_two_videos_of_one_stem_have_two_sheets() -> None:
    files = plan([PurePath("a/x.mov"), PurePath("a/X.mp4"), PurePath("b/x.mp4")])
    assert [file.cue_sheet for file in files] == ["a/x.mov.cues.json", "a/X.mp4.cues.json", "b/x.cues.json"]


def test_a_bad_file_is_told_and_skipped(clips: Path, tmp_path: Path) -> None:
    (clips / "a" / "b.mov").write_text("broken")
    (clips / "one.mp4").write_text("defect")
    notes: list[str] = []
    report = batch(clips, tmp_path / "out", progress=lambda event: notes.append(event.note))
    assert states(report) == {"a/B2.MKV": "scored", "a/b.mov": "failed", "one.mp4": "failed"}
    assert report.files[1].reason.endswith("b.mov is broken")
    assert "unexpected ZeroDivisionError" in report.files[2].reason
    told = [note for note in notes if note]
    assert told[0] == "a/B2.MKV: read through ffmpeg"
    assert told[1].startswith("a/b.mov: failed: ")
    assert report_of(tmp_path / "out")["totals"]["failed"] == 2


def test_a_second_run_does_only_what_is_missing(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (clips / "one.mp4").write_text("broken")
    batch(clips, out)
    (clips / "one.mp4").write_text("mended")
    (out / "a" / "B2.MKV").unlink()
    Studio.scored.clear()
    report = batch(clips, out)
    assert states(report) == {"a/B2.MKV": "scored", "a/b.mov": "present", "one.mp4": "scored"}
    assert Studio.scored == ["one.mp4"]
    assert Studio.rendered == ["B2.MKV"], "its cue sheet was there and holds what a person changed"
    Studio.scored.clear()
    Studio.loaded = 0
    assert set(states(batch(clips, out)).values()) == {"present"}
    assert not Studio.scored and not Studio.loaded, "nothing to do: the model is not even loaded"
    assert set(states(batch(clips, out, force=True)).values()) == {"scored"}
    assert len(Studio.scored) == 3


def test_another_video_of_the_same_name_is_scored_anew(clips: Path, tmp_path: Path) -> None:
    batch(clips, tmp_path / "out")
    (clips / "one.mp4").write_text("another film")
    Studio.scored.clear()
    assert states(batch(clips, tmp_path / "out"))["one.mp4"] == "scored"
    assert Studio.scored == ["one.mp4"]


def test_an_interrupted_batch_leaves_a_right_report(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def interrupt(video: Path) -> None:
        if video.name == "b.mov":
            (out / "a" / "b.mov").write_text("scored, but without its sheet yet")
            raise KeyboardInterrupt

    Studio.on_score = staticmethod(interrupt)
    with pytest.raises(KeyboardInterrupt):
        batch(clips, out)
    assert [file["state"] for file in report_of(out)["files"]] == ["scored", "started", "pending"]
    Studio.on_score = staticmethod(lambda video: None)
    assert states(batch(clips, out)) == {"a/B2.MKV": "present", "a/b.mov": "scored", "one.mp4": "scored"}


def test_files_that_sonify_did_not_make_are_not_replaced(clips: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    (backup / "one.mp4").write_text("precious")
    (backup / "a").mkdir()
    (backup / "a" / "b.cues.json").write_text("{}")
    report = batch(clips, backup)
    assert states(report) == {"a/B2.MKV": "scored", "a/b.mov": "failed", "one.mp4": "failed"}
    assert "--force" in report.files[1].reason and "--force" in report.files[2].reason
    assert (backup / "one.mp4").read_text() == "precious"
    batch(clips, backup, force=True)
    assert (backup / "one.mp4").read_text() == "scored one.mp4"


def test_an_original_is_never_an_output(clips: Path) -> None:
    (clips / "clips").mkdir()
    (clips / "clips" / "one.mp4").write_text("inner")
    report = batch(clips, clips.parent, force=True)
    assert states(report)["clips/one.mp4"] == "failed"
    assert (clips / "one.mp4").read_text() == "one.mp4"
    with pytest.raises(RenderError, match="is the folder of the videos"):
        batch(clips, clips / "a" / "..")


def test_a_mistake_that_all_share_ends_the_batch(clips: Path, tmp_path: Path) -> None:
    Studio.trouble = LibraryError("there is no folder /sfx")
    with pytest.raises(LibraryError):
        batch(clips, tmp_path / "out")
    assert not (tmp_path / "out" / "batch.json").exists()


def test_a_place_that_cant_be_written_to(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RenderError, match="can't make the folder"):
        batch(clips, tmp_path / "file" / "out")


def test_a_report_that_is_damaged_is_made_again(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for text in ("{", "[]", '{"format": "sonify.batch", "files": 3}', '{"format": "sonify.batch", "files": [[]]}'):
        (out / "batch.json").write_text(text)
        batch(clips, out)
        assert report_of(out)["version"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "line\nfeed.mp4").write_text("x")
    (folder / os.fsdecode(b"\xff.mp4")).write_text("fine")
    assert run(["batch", str(folder), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "line\\nfeed.mp4" in said.out and "\\udcff.mp4" in said.out and "its name is no text" in said.out
    assert {file["video"] for file in report_of(tmp_path / "out")["files"]} == {"line\nfeed.mp4", "\udcff.mp4"}


def test_the_verb(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["batch", str(clips), "-o", str(tmp_path / "out"), "--quiet"]
    assert run(words) == 0
    said = capsys.readouterr()
    assert "3 videos: 3 scored, 0 there already, 0 failed" in said.out and "batch.json" in said.out
    (clips / "one.mp4").write_text("broken")
    assert run([*words, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["totals"] == {
        "pending": 0,
        "started": 0,
        "scored": 0,
        "present": 2,
        "failed": 1,
    }


def test_credits_lie_beside_each_video_that_needs_them(clips: Path, tmp_path: Path) -> None:
    (clips / "a" / "b.mov").write_text("borrowed")
    (clips / "a" / "b.mp4").write_text("borrowed too")
    out = tmp_path / "out"
    report = batch(clips, out)
    told = {file.video: file.credits for file in report.files if file.credits}
    assert told == {"a/b.mov": "a/b.mov.credits.txt", "a/b.mp4": "a/b.mp4.credits.txt"}
    assert "by Jo" in (out / "a" / "b.mov.credits.txt").read_text()
    again = batch(clips, out)
    assert {file.video: file.credits for file in again.files if file.credits} == told


def test_a_text_that_is_not_ours_is_kept(clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "one.credits.txt").write_text("thanks to my mother")
    states = {file.video: (file.state, file.reason) for file in batch(clips, out).files}
    assert states["one.mp4"][0] == "failed" and "one.credits.txt exists" in states["one.mp4"][1]
    assert (out / "one.credits.txt").read_text() == "thanks to my mother"
