"""The command line by itself: words in, exit code, result and messages out. The work behind it is put aside."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sonify.cli import bars
from sonify.cli.arguments import plain_names
from sonify.cli.common import Parser, common_options
from sonify.cli.output import Output, OutputClosed, shown
from sonify.cli.program import VERBS, build, run
from sonify.cli.tables import clock, silent_scenes
from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import LibraryError, ModelError, SettingsError, VideoError
from sonify.progress import Event


def sheet(video: str = "/films/holiday.mp4") -> CueSheet:
    cue = Cue("c1", "effect", "dog barking", SoundRef("starter", "effects/dog.flac", "CC0-1.0"), 1.0, 2.5, score=0.83)
    return CueSheet(
        VideoRef(video, 8.0, "24", 640, 360, "f" * 16),
        ModelRef("sonify-mini", "0" * 16),
        (LibraryRef("starter"),),
        (Scene(0.0, 4.0), Scene(4.0, 8.0)),
        (cue, replace(cue, id="c2", kind="ambience", label="[red]park[/red]", start_s=0.0, end_s=4.0)),
    )


Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """pipeline.score, suggest and render, put aside: they note how they were called."""
    from sonify import pipeline

    seen: Calls = []

    def score(video: Path, out: str | None = None, **rest: Any) -> pipeline.Scored:
        seen.append(((video, out), rest))
        rest["progress"](Event("read", 1, 2, "s"))
        rest["progress"](Event("model", note="using the built-in model"))
        return pipeline.Scored(Path(out or "holiday.scored.mp4"), Path("holiday.cues.json"), sheet())

    def suggest(video: Path, **rest: Any) -> CueSheet:
        seen.append(((video,), rest))
        return sheet()

    def render(what: CueSheet, out: Path, **rest: Any) -> Path:
        seen.append(((what, out), rest))
        return out

    for name, fake in (("score", score), ("suggest", suggest), ("render", render)):
        monkeypatch.setattr(pipeline, name, fake)
    return seen


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    from sonify import pipeline

    def score(*args: Any, **rest: Any) -> None:
        raise error

    monkeypatch.setattr(pipeline, "score", score)


def test_score_passes_on_what_was_asked(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "score holiday.mp4 -o out.mp4 --cues c.json --library a --library b --top 3 --original duck --profile ebu "
        "--keep-tracks --stems parts --force"
    )
    assert run([*words.split(), "--device", "cpu", "--model", "sonify-mini", "--set", "mix.fade_s=1"]) == 0
    (video, out), rest = calls[0]
    assert (video, out, rest["cues"], rest["library"], rest["force"]) == (
        Path("holiday.mp4"),
        "out.mp4",
        "c.json",
        ["a", "b"],
        True,
    )
    assert rest["stems"] == "parts"
    assert rest["settings"].differences() == {
        "matching.top": 3,
        "mix.original": "duck",
        "mix.profile": "ebu",
        "mix.keep_tracks": True,
        "model.device": "cpu",
        "model.name": "sonify-mini",
        "mix.fade_s": 1.0,
    }
    said = capsys.readouterr()
    assert "dog barking" in said.out and "effects/dog.flac" in said.out and "0.83" in said.out
    assert "[red]park[/red]" in said.out
    assert "nothing" in said.out, "a scene in which nothing is heard says so"
    assert "out.mp4" in said.out and "holiday.cues.json" in said.out
    assert said.err == "sonify: using the built-in model\n"


def test_score_without_a_library_takes_the_default(calls: Calls) -> None:
    assert run(["score", "holiday.mp4"]) == 0
    assert calls[0][1]["library"] is None


def test_json_is_one_document(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "holiday.mp4", "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["scored"] == "holiday.scored.mp4"
    assert document["cues"][0]["label"] == "dog barking"
    assert document["scenes"] == [{"start_s": 0.0, "end_s": 4.0}, {"start_s": 4.0, "end_s": 8.0}]
    assert document["notes"] == ["using the built-in model"]
    assert said.err == "", "--quiet leaves only errors"


def test_suggest_writes_the_sheet_beside_the_video(
    calls: Calls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "holiday.mp4"
    assert run(["suggest", str(video), "--top", "2"]) == 0
    made = CueSheet.load(tmp_path / "holiday.cues.json")
    assert [cue.label for cue in made.cues] == ["dog barking", "[red]park[/red]"]
    assert run(["suggest", str(video)]) == 1
    assert len(calls) == 1, "an output that exists is found before the work is done"
    assert "holiday.cues.json exists" in capsys.readouterr().err
    assert run(["suggest", str(video), "--force"]) == 0


def test_render_puts_options_over_the_sheets_settings(calls: Calls, tmp_path: Path) -> None:
    file = tmp_path / "holiday.cues.json"
    replace(sheet(), settings={"mix.duck_db": -3.0, "mix.original": "duck"}).save(file)
    assert run(["render", str(file), "-o", "out.mp4", "--original", "mute"]) == 0
    assert calls[0][1]["settings"].differences() == {"mix.duck_db": -3.0, "mix.original": "mute"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "no verb"),
        (["scor"], 2, "there is no verb 'scor': did you mean score"),
        (["xyzzy"], 2, "there are batch, demo, doctor"),
        (["--force", "score"], 2, "options stand after the verb"),
        (["score"], 2, "VIDEO"),
        (["score", "a.mp4", "b.mp4"], 2, "one argument too many: 'b.mp4'"),
        (["score", "a.mp4", "--lbrary", "x"], 2, "unknown option --lbrary: did you mean --library"),
        (["score", "a.mp4", "--lib", "x"], 2, "unknown option --lib: did you mean --library"),
        (["score", "a.mp4", "-q"], 2, "did you mean --quiet"),
        (["score", "a.mp4", "--top", "many"], 2, "--top"),
        (["score", "a.mp4", "--set", "matching.treshold=1"], 2, "did you mean matching.threshold"),
        (["score", "a.mp4", "--set", "matching.threshold=7"], 2, "matching.threshold"),
        (["score", "a.mp4", "--set", "matching.threshold"], 2, "has no '='"),
        (["score", "a.mp4", "--original", "loud"], 2, "keep, duck, mute"),
        (["score", "a.mp4", "--config", "no-such.yaml"], 2, "no-such.yaml"),
        (["render", "no-such.cues.json", "-o", "x.mp4"], 1, "no-such.cues.json"),
        (["suggest", "a.mp4", "-o"], 2, "-o"),
        (["batch", "clips"], 2, "-o/--out"),
        (["models", "lst"], 2, "did you mean list"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], code: int, message: str, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == code
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert lines[-1].startswith("sonify: error: ") and message in lines[-1]
    assert len(lines) == 1 or words == [], "without a verb the help is shown too"
    assert said.out == "" and not calls


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (VideoError("a.mp4 is empty", hint="copy it again"), 1, "a.mp4 is empty: copy it again"),
        (LibraryError("no sounds in x"), 1, "no sounds in x"),
        (ModelError("there is no model 'ViT-Z'", hint="did you mean ViT-L-14?"), 1, "did you mean ViT-L-14?"),
        (SettingsError("there is no device 'cuda'", hint="use cpu"), 2, "there is no device 'cuda': use cpu"),
        (VideoError("a\nb\x1b[31m\u202e.mp4 is empty"), 1, "a\\nb\\x1b[31m\\u202e.mp4 is empty"),
        (PermissionError(13, "Permission denied", "/films/x"), 1, "/films/x: Permission denied"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (MemoryError(), 1, "out of memory"),
        (ZeroDivisionError("division by zero"), 1, "this is a defect of sonify; --debug shows the traceback"),
        (KeyError("x"), 1, "unexpected KeyError ('x')"),
    ],
)
def test_errors_are_one_line(
    error: Exception,
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(monkeypatch, error)
    assert run(["score", "a.mp4"]) == code
    said = capsys.readouterr()
    assert said.err.startswith("sonify: error: ") and message in said.err
    assert said.err.count("\n") == 1 and said.out == ""
    assert run(["score", "a.mp4", "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["exit_code"] == code
    assert document["error"]["kind"] == type(error).__name__


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, VideoError("a.mp4 is empty"))
    assert run(["score", "a.mp4", "--debug"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said and said.endswith("sonify: error: a.mp4 is empty\n")


def test_ctrl_c_is_130_and_silent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    assert run(["score", "a.mp4", "--json"]) == 130
    assert capsys.readouterr() == ("", "")


def test_debug_as_a_file_name_after_the_dashes_is_no_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, VideoError("no"))
    assert run(["score", "--", "--debug"]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["-x.mp4", "--top.mp4", "-o", "--json", "a b.mp4", "%d.mp4", "é\n'\".mp4"])
def test_odd_names_after_the_dashes(name: str, calls: Calls) -> None:
    assert run(["score", "--force", "--", name]) == 0
    assert calls[0][0][0] == Path(name)


def test_a_file_that_begins_with_a_dash_needs_no_dashes(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x.mp4").touch()
    Path("-okay.mp4").touch()
    assert run(["score", "-x.mp4", "-o", "-out.mp4"]) == 0
    assert calls[0][0] == (Path("-x.mp4"), "./-out.mp4")
    assert run(["score", "-okay.mp4", "--out=-out.mp4"]) == 0
    assert calls[1][0] == (Path("-okay.mp4"), "-out.mp4")


def test_a_missing_file_with_a_dash_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "a.mp4", "-z.mp4"]) == 2
    assert "a file of that name goes after --" in capsys.readouterr().err


def test_an_option_wins_over_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("--json").touch()
    parser = Parser(parents=[common_options()])
    assert plain_names(["--json", "--set", "-1", "-x"], parser) == ["--json", "--set", "./-1", "-x"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_the_common_options(verb: str) -> None:
    parser = build()[1][verb]
    names = {name for action in parser._actions for name in action.option_strings}
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    wanted = {"--config", "--set", "--device", "--json", "--force", "--quiet", "--debug"}
    if inner:
        for choice in inner[0].choices.values():
            assert wanted <= {name for action in choice._actions for name in action.option_strings}
    else:
        assert wanted <= names


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in VERBS), ["--version"]])
def test_help_goes_to_stdout(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    said = capsys.readouterr()
    assert "sonify" in said.out and said.err == ""


def test_shown_hides_nothing_and_obeys_nothing() -> None:
    assert shown("a\nb\t\x07\x1b]0;x\x9b\u2028\u202e\ud800é 雨") == (
        "a\\nb\\t\\x07\\x1b]0;x\\x9b\\u2028\\u202e\\ud800é 雨"
    )


def test_clock() -> None:
    assert [clock(t) for t in (0, 59.96, 62.5, 3602.5)] == ["0:00.0", "1:00.0", "1:02.5", "1:00:02.5"]


def test_a_bed_over_two_scenes_leaves_neither_silent() -> None:
    cue = sheet().cues[1]
    assert silent_scenes(replace(sheet(), cues=(replace(cue, start_s=3.0, end_s=5.0),))) == []
    assert silent_scenes(replace(sheet(), cues=())) == list(sheet().scenes)


def test_results_into_a_closed_pipe_are_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    with pytest.raises(OutputClosed):
        Output(stream).write("x" * 100_000)
    with contextlib.suppress(BrokenPipeError):
        stream.close()


class Terminal:
    """A stderr that is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_bars_and_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with bars.showing(quiet=False) as show:
        show(Event("read", 1, 4, "s"))
        show(Event("library", note="a\nb is [bold]unreadable[/bold]"))
        show(Event("mix"))
    assert "read" in terminal.text and "1/4 s" in terminal.text and "mix" in terminal.text
    assert "sonify: a\\nb is [bold]unreadable[/bold]" in terminal.text


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with bars.showing(quiet=True) as show:
        show(Event("read", 1, 4, "s"))
        show(Event("library", note="a"))
    assert terminal.text == ""


def test_a_swallowed_ctrl_c_counts_at_the_next_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sonify import pipeline
    from sonify.cli.interrupts import Interrupts

    interrupts = Interrupts()

    def score(*args: Any, progress: Callable[[Event], None], **rest: Any) -> None:
        try:
            interrupts._take(2, None)
        except KeyboardInterrupt:
            pass
        progress(Event("read"))
        pytest.fail("the run went on")

    monkeypatch.setattr(pipeline, "score", score)
    assert run(["score", "a.mp4"], interrupts) == 130


def test_a_second_ctrl_c_does_not_disturb_the_tidying() -> None:
    from sonify.cli.interrupts import Interrupts

    interrupts = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        interrupts._take(15, None)
    interrupts._take(2, None)
    assert interrupts.exit_code == 143


def test_results_go_to_stdout_when_only_stderr_is_a_terminal(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    assert run(["score", "holiday.mp4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scored"] == "holiday.scored.mp4"
    assert "holiday.scored.mp4" not in terminal.text
    assert "using the built-in model" in terminal.text


def test_demo_draws_scores_and_shows(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    drawn: list[Path] = []
    monkeypatch.setattr("sonify.demo.film.make_film", lambda out, *, progress: drawn.append(out))
    monkeypatch.setattr(
        "sonify.demo.picture.draw_overview", lambda sheet, video, out, *, audio: drawn.extend([video, out, audio])
    )
    assert run(["demo", "-o", "here/demo"]) == 0
    film, scored = Path("here/demo/film.mp4"), Path("holiday.scored.mp4")
    assert drawn == [film, film, Path("here/demo/overview.png"), scored]
    said = capsys.readouterr().out
    assert "here/demo/film.mp4" in said and "holiday.cues.json" in said and "overview.png" in said
    (tmp_path / "here" / "demo" / "film.cues.json").touch()
    assert run(["demo", "-o", "here/demo"]) == 1
    assert "film.cues.json exists" in capsys.readouterr().err
    assert len(drawn) == 4, "nothing was drawn in vain"
    assert run(["demo", "-o", "here/demo", "--force"]) == 0
    (tmp_path / "file").touch()
    assert run(["demo", "-o", "file/demo"]) == 1
    assert "can't make the folder file/demo" in capsys.readouterr().err
