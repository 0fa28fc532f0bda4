"""`sonify library`: list, info, stats, check, label and credits, as a person meets them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from test_library_credits import BARK, WIND, sheet

from sonify.cli.library.filters import KINDS, filter_of
from sonify.cli.library.opened import length, size
from sonify.cli.output import Output
from sonify.cli.program import run
from sonify.cues import LibraryRef, SoundRef
from sonify.library.rights.credits import Credit, written
from sonify.pipeline import Scored

RATE_HZ = 48_000
TONES = ["bell", "drum", "flute", "gong", "harp", "horn", "lute", "oboe", "pipe", "viol"]
TABLE = """file,label,kind,licence,author,title
dogs/rex.wav,dog barking,effect,CC-BY-4.0,Jo,Rex
door.wav,door slamming,effect,CC0-1.0,Ada,
beds/lake.wav,lakeside,ambience,CC-BY-NC-3.0,,
glass_break_01.wav,glass breaking,effect,,,
"""


def noise(file: Path, seconds: float, *, gain: float = 0.1, channels: int = 1, seed: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).normal(0, gain, (round(seconds * RATE_HZ), channels))
    soundfile.write(file, np.clip(samples, -0.99, 0.99), RATE_HZ)
    return file


@pytest.fixture
def sfx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "140")
    folder = tmp_path / "sfx"
    noise(folder / "dogs" / "rex.wav", 0.5)
    noise(folder / "door.wav", 1.25, seed=1)
    noise(folder / "beds" / "lake.wav", 3.0, channels=2, seed=2)
    noise(folder / "glass_break_01.wav", 0.4, seed=3)
    (folder / "labels.csv").write_text(TABLE)
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(["library", *words]) == code
    out, err = capsys.readouterr()
    if code == 2:
        assert out == ""
    return out if code == 0 else out + err


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert run(["library", *words, "--json", "--quiet"]) == code
    return json.loads(capsys.readouterr().out)


def test_list(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "list", "--library", str(sfx)) == (
        "length  kind      licence       label           sound\n"
        "3.00 s  ambience  CC-BY-NC-3.0  lakeside        beds/lake.wav\n"
        "0.50 s  effect    CC-BY-4.0     dog barking     dogs/rex.wav\n"
        "1.25 s  effect    CC0-1.0       door slamming   door.wav\n"
        "0.40 s  effect    -             glass breaking  glass_break_01.wav\n"
        "\n4 sounds\n"
    )


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["--kind", "ambience"], ["beds/lake.wav"]),
        (["--kind", "ambience", "--kind", "effect", "--channels", "2"], ["beds/lake.wav"]),
        (["--licence", "cc0,cc-by"], ["dogs/rex.wav", "door.wav"]),
        (["--license", "cc0"], ["door.wav"]),
        (["--licence", "any", "--limit", "1"], ["beds/lake.wav"]),
        (["--min-s", "1", "--max-s", "2"], ["door.wav"]),
        (["--label", "dog barking"], ["dogs/rex.wav"]),
        (["--kind", "music"], []),
    ],
)
def test_list_filters(sfx: Path, capsys: pytest.CaptureFixture[str], words: list[str], paths: list[str]) -> None:
    found = document(capsys, "list", "--library", str(sfx), *words)
    assert [sound["path"] for sound in found["sounds"]] == paths
    assert found["total"] >= len(paths)


def test_a_long_list_says_how_much_is_left(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(60):
        noise(sfx / "many" / f"drop {number:02d}.wav", 0.05, seed=number)
    assert said(capsys, "list", "--library", str(sfx)).endswith("\n40 of 64 sounds; --all lists them all\n")
    assert len(said(capsys, "list", "--library", str(sfx), "--all").splitlines()) == 64 + 3
    assert "there is no such sound" in said(capsys, "list", "--library", str(sfx), "--min-s", "99")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["list", "--kind", "efect"], "did you mean effect"),
        (["list", "--licence", "ccby"], "did you mean cc-by"),
        (["list", "--min-s=-1"], "not a length"),
        (["list", "--min-s", "nan"], "not a length"),
        (["list", "--min-s", "3", "--max-s", "1"], "nothing is longer"),
        (["list", "--channels", "0"], "number of channels"),
        (["list", "--limit", "0"], "lists nothing"),
        (["lst"], "did you mean list"),
        (["label", "door.wav"], "no label"),
        (["label", "door.wav", "x", "--remove"], "not both"),
        (["label", "door.wav", " "], "the label is empty"),
    ],
)
def test_wrong_words(sfx: Path, capsys: pytest.CaptureFixture[str], words: list[str], hint: str) -> None:
    library = ["--library", str(sfx)] if len(words) > 1 else []
    assert hint in said(capsys, *words, *library, code=2)


@pytest.mark.parametrize("meant", ["dogs/rex.wav", "rex.wav", "REX", "./dogs/rex.wav"])
def test_info(sfx: Path, capsys: pytest.CaptureFixture[str], meant: str) -> None:
    told = dict(line.split("  ", 1) for line in said(capsys, "info", meant, "--library", str(sfx)).splitlines())
    told = {name: value.strip() for name, value in told.items()}
    assert told["label"] == "dog barking (sidecar, 0.95)" and told["licence"] == "CC-BY-4.0"
    assert told["looked for"].startswith("a dog") and told["length"] == "0.50 s"
    assert "not measured yet" in told["loudness"]


def test_a_file_brings_its_library(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(sfx / "door.wav")
    assert "was scanned" in said(capsys, "info", file, code=1)
    said(capsys, "scan", str(sfx))
    found = document(capsys, "info", file)
    assert found["sound"]["path"] == "door.wav" and found["library"]["folder"] == str(sfx)
    assert found["sound"]["measures"]["true_peak_dbtp"] < 1


def test_a_sound_that_can_not_be_used(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sfx / "broken.wav").write_bytes(b"RIFF")
    library = ["--library", str(sfx)]
    assert "problem  not a sound that can be read" in said(capsys, "info", "broken.wav", *library)
    assert "broken.wav can't be used" in said(capsys, "label", "broken.wav", "dog", *library, code=1)
    assert "broken.wav" not in said(capsys, "list", *library)
    (sfx / "dogs" / "crackle.wav").write_bytes(b"")
    for meant in ("crackle", "Crackle.WAV", "dogs/crackle.wav"):
        assert "problem  an empty file" in said(capsys, "info", meant, *library)
    (sfx / "dogs" / "crackle.wav").unlink()
    assert "sounds       4, 1 that can't be used" in said(capsys, "stats", *library)


def test_a_name_that_may_be_several(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise(sfx / "old" / "rex.wav", 0.5, seed=9)
    assert "may be any of dogs/rex.wav, old/rex.wav" in said(capsys, "info", "rex", "--library", str(sfx), code=1)
    assert "did you mean glass_break_01.wav" in said(capsys, "info", "glass", "--library", str(sfx), code=1)
    assert "there is no sound cow" in said(capsys, "info", "cow", "--library", str(sfx), code=1)


@pytest.mark.parametrize(
    "meant", ["a\0b", "~nobody-of-that-name/x.wav", "\udcff.wav", "'\" OR *", "x" * 5000, ".", "/"]
)
def test_odd_names_are_not_found_and_no_more(sfx: Path, capsys: pytest.CaptureFixture[str], meant: str) -> None:
    for library in (["--library", str(sfx)], []):
        told = said(capsys, "info", meant, *library, code=1)
        assert told.startswith("sonify: error: ") and told.count("\n") == 1 and "unexpected" not in told


def test_stats(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "stats", "--library", str(sfx))["libraries"][0]
    assert (found["sounds"], found["labels"], found["measured"]) == (4, 4, 0)
    assert found["kinds"] == {"effect": 3, "ambience": 1}
    assert found["licences"] == {"": 1, "CC-BY-4.0": 1, "CC-BY-NC-3.0": 1, "CC0-1.0": 1}
    text = said(capsys, "stats", "--library", str(sfx))
    assert "kinds        effect 3, ambience 1" in text and "not known 1" in text


def test_a_persons_word_beats_everything(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = ["--library", str(sfx)]
    assert "wolf howling (person)" in said(capsys, "label", "rex", "wolf howling", *library)
    (sfx / "dogs" / "rex.wav").rename(sfx / "moved.wav")
    assert document(capsys, "info", "moved.wav", *library)["sound"]["label"] == "wolf howling"
    assert "by hand" in said(capsys, "stats", *library)
    for file in (sfx.parent / "cache").rglob("catalog.sqlite*"):
        file.unlink()
    assert document(capsys, "info", "moved.wav", *library)["sound"]["label"] == "wolf howling"
    said(capsys, "label", "moved.wav", "--remove", *library)
    assert document(capsys, "info", "moved.wav", *library)["sound"]["label"] != "wolf howling"


def test_check(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(10, 23):
        noise(sfx / f"glass_break_{number}.wav", 0.05, seed=number)
    good = said(capsys, "check", str(sfx))
    assert good.startswith(
        "17 sounds checked\n     14  licence missing\n      1  credit missing\n\nlicence missing\n"
    )
    assert "  glass_break_01.wav\n" in good and "  and 4 more; --all names them\n" in good
    assert "credit missing\n  beds/lake.wav  CC-BY-NC-3.0 asks for credit" in good
    assert good.endswith("\n\nwhether they sound like their labels was not heard: --listen does that, with CLAP\n")
    assert said(capsys, "check", str(sfx), "--all").count("  glass_break") == 14


def test_what_can_not_be_heard_fails_the_check(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sfx / "broken.wav").write_bytes(b"RIFF")
    noise(sfx / "silent.wav", 1.0, gain=0.0)
    noise(sfx / "copy.wav", 1.25, seed=1)
    found = document(capsys, "check", "--library", str(sfx), code=1)
    kinds = {(one["kind"], one["path"]) for one in found["findings"]}
    assert {("unreadable", "broken.wav"), ("silent", "silent.wav"), ("duplicate", "door.wav")} <= kinds
    assert found["counts"]["silent"] == 1 and found["counts"]["clipped"] == 0 and found["sounds"] == 7
    assert {one["library"] for one in found["findings"]} == {"sfx"}


class Listener:
    """Hears which of ten tones it is, and reads the tone's name: an AudioTextModel that is never wrong."""

    name, weights, engine, sample_rate_hz, dimensions = "listener", "0" * 16, "test", RATE_HZ, len(TONES)

    def embed_audio(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        heard = [np.argmax(np.abs(np.fft.rfft(sound))) * RATE_HZ / len(sound) for sound in sounds]
        apart = np.abs(np.subtract.outer(np.arange(len(TONES)), np.arange(len(TONES))))
        near = np.exp(-np.minimum(apart, len(TONES) - apart)).astype(np.float32)  # neighbours sound a little like it
        return (near / np.linalg.norm(near, axis=1, keepdims=True))[[round(float(hz) / 500) - 1 for hz in heard]]

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(len(TONES), dtype=np.float32)[
            [next(number for number, name in enumerate(TONES) if name in text) for text in texts]
        ]


def test_check_names_what_sounds_like_something_else(
    sfx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["file,label,phrases,licence,author"]
    for number in range(2 * len(TONES)):
        true = number // 2
        called = TONES[(true + 4) % len(TONES)] if number == 7 else TONES[true]
        times_s = np.arange(RATE_HZ // 10) / RATE_HZ
        (tmp_path / "tones").mkdir(exist_ok=True)
        level = 0.3 + number / 100
        soundfile.write(
            tmp_path / "tones" / f"{number}.wav", level * np.sin(2000 * np.pi * (true + 1) / 2 * times_s), RATE_HZ
        )
        rows.append(f"{number}.wav,{called},-,CC0-1.0,Jo")
    (tmp_path / "tones" / "labels.csv").write_text("\n".join(rows))
    monkeypatch.setattr("sonify.models.clap.load_clap", lambda *args, **more: Listener())
    found = document(capsys, "check", str(tmp_path / "tones"), "--listen")
    assert [(one["kind"], one["path"]) for one in found["findings"]] == [("mislabelled", "7.wav")]
    assert found["findings"][0]["detail"] == f"labelled {TONES[7]!r}, sounds like {TONES[3]!r}"


def test_credits(sfx: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = [SoundRef("sfx", "dogs/rex.wav", "CC0-1.0"), SoundRef("sfx", "gone.wav", "CC-BY-3.0", author="Li")]
    made = sheet(*used, WIND)
    made = type(made)(**{**vars(made), "libraries": (LibraryRef("starter"), LibraryRef("sfx", str(sfx)))})
    cues = str(made.save(tmp_path / "a.cues.json"))
    text = said(capsys, "credits", cues)
    assert text.startswith("Sounds in holiday.mp4") and "- Rex by Jo" in text and "- gone.wav by Li" in text
    assert said(capsys, "credits", cues, "-o", str(tmp_path / "c.txt")).endswith("c.txt\n")
    assert (tmp_path / "c.txt").read_text("utf-8") == text
    assert "c.txt exists" in said(capsys, "credits", cues, "-o", str(tmp_path / "c.txt"), code=1)
    found = document(capsys, "credits", cues)
    assert found["needed"] and [s["licence"] for s in found["sounds"]] == ["CC-BY-4.0", "CC-BY-3.0", "CC0-1.0"]
    assert "is not a cue sheet" in said(capsys, "credits", str(_json(tmp_path / "x.json")), code=1)


def _json(file: Path) -> Path:
    file.write_text("{}")
    return file


def test_score_and_render_say_where_the_credits_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sheet(BARK)
    monkeypatch.chdir(tmp_path)
    cues = made.save(tmp_path / "a.cues.json")
    out, credits = tmp_path / "a.scored.mp4", tmp_path / "a.credits.txt"
    monkeypatch.setattr("sonify.pipeline.score", lambda *args, **more: Scored(out, cues, made, credits))
    monkeypatch.setattr("sonify.pipeline.render", lambda *args, **more: out)
    assert run(["score", "a.mp4", "--licence", "cc-by"]) == 0
    assert f"credits    {credits}\n" in capsys.readouterr().out
    assert run(["render", str(cues), "-o", str(out), "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["credits"] is None
    credits.write_text(written("a.mp4", [Credit("sfx", "a.wav", "A", "Jo", "", "CC-BY-4.0")]))
    assert run(["render", str(cues), "-o", str(out), "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["credits"] == str(credits)


def test_the_starter_sounds_are_what_there_is(capsys: pytest.CaptureFixture[str], sfx: Path) -> None:
    found = document(capsys, "stats")["libraries"]
    assert [library["name"] for library in found] == ["starter"] and found[0]["sounds"] >= 110
    assert found[0]["unusable"] == 0 and set(found[0]["licences"]) == {"CC0-1.0"}


def test_streamed_json_is_the_same_as_whole(capsys: pytest.CaptureFixture[str]) -> None:
    items = [{"a": 1, "b": ["é\n"]}, {}, 3]
    for given in (items, []):
        Output().document({"x": {"y": 1}, "list": iter(given), "z": None})
        streamed = capsys.readouterr().out
        Output().document({"x": {"y": 1}, "list": given, "z": None})
        assert streamed == capsys.readouterr().out


@pytest.mark.parametrize(
    ("duration_s", "text"), [(0.25, "0.25 s"), (12.34, "12.3 s"), (205.2, "3:25"), (3723.0, "1:02:03")]
)
def test_lengths(duration_s: float, text: str) -> None:
    assert length(duration_s) == text


def test_sizes_and_kinds() -> None:
    assert [size(n) for n in (31, 12_345, 3_400_000, 1_200_000_000)] == ["31 bytes", "12 KB", "3.4 MB", "1.2 GB"]
    assert KINDS == ("effect", "ambience", "music", "speech") and filter_of
