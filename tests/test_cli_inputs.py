"""Bad input through the whole program: one clear line that names the file, exit code 1, and nothing left behind.

The rooms are the real ones; only the model is put aside: it sees every label in every frame.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from colours import LooksFromAfar

from sonify.cli.program import run
from sonify.cues import CueSheet
from sonify.models.calibration import NULL_PHRASES, Calibration
from sonify.models.interface import Array, Box, Embeddings

SURE = Calibration(scale=20.0, bias=-8.0)


@dataclass(frozen=True)
class Enthusiast(LooksFromAfar):
    """Sees every label in every frame."""

    name: str = "enthusiast"
    weights: str = "0" * 16
    image_size_px: int = 32
    calibration: Calibration = SURE

    def embed_frames(self, pixels: np.ndarray) -> Embeddings:
        vectors = np.zeros((len(pixels), 1, 2), np.float32)
        vectors[..., 0] = 1
        return Embeddings(vectors, (Box(0, 0, 1, 1),))

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        rows = [(0.0, 1.0) if phrase in NULL_PHRASES else (1.0, 0.0) for phrase in phrases]
        return np.array(rows, np.float32).reshape(-1, 2)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **rest: Enthusiast())


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of picture and sound."""
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=96x54:rate=12:duration=2,format=yuv420p")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
    program = (imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error")
    subprocess.run([*program, *picture, *sound, str(file)], check=True)
    return file.read_bytes()


@pytest.fixture
def sfx(tmp_path: Path) -> Path:
    folder = tmp_path / "sfx"
    folder.mkdir()
    time_s = np.arange(24_000) / 48_000
    soundfile.write(folder / "dog_bark.wav", 0.3 * np.sin(2 * np.pi * 300 * time_s), 48_000)
    return folder


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(os.fsencode(path.name).decode("utf-8", "backslashreplace") for path in folder.iterdir())


def the_error(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if line.startswith("sonify: error: ")]
    assert len(lines) == 1 and said.err.splitlines()[-1] == lines[0], said.err
    assert "defect" not in lines[0] and "Traceback" not in said.err
    return lines[0]


def test_a_good_video_is_scored(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "holiday.mp4").write_bytes(clip)
    assert run(["score", "holiday.mp4", "--library", str(sfx)]) == 0
    assert listing(work) == ["holiday.cues.json", "holiday.mp4", "holiday.scored.mp4"]
    assert [cue.label for cue in CueSheet.load(work / "holiday.cues.json").cues] == ["dog bark"]
    assert "dog bark" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["score", "suggest"])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"Dear diary, today I saw a dog.\n" * 40, "text.mp4"),
        ("folder.mp4", None, "folder"),
        ("missing.mp4", ..., "missing.mp4"),
        ("zeros.mkv", bytes(100_000), "zeros.mkv"),
    ],
)
def test_what_is_no_video(
    verb: str,
    name: str,
    content: bytes | None,
    reason: str,
    work: Path,
    sfx: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is None:
        (work / name).mkdir()
    elif content is not ...:
        (work / name).write_bytes(content)
    before = listing(work)
    assert run([verb, name, "--library", str(sfx)]) == 1
    error = the_error(capsys)
    assert name in error and reason in error
    assert listing(work) == before


ODD_NAMES = [
    "-x.mp4",
    "--force.mp4",
    'it\'s "quoted".mp4',
    " two  spaces .mp4",
    "%d %03d.mp4",
    "line\nfeed.mp4",
    "tab\tand\x1b[31mred.mp4",
    "Ünï – 雨 🌧.mp4",
    "file:concat:x|y.mp4",
    "[bold]a[0:v];b,c=d\\e.mp4",
    "$(touch hacked)`touch hacked`.mp4",
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_odd_file_names(name: str, work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        (work / name).write_bytes(clip)
    except OSError:
        pytest.skip("this file system has no such names")
    assert run(["score", "--library", str(sfx), "--", name]) == 0, capsys.readouterr().err
    stem = name.removesuffix(".mp4")
    assert sorted(os.listdir(work)) == sorted([name, f"{stem}.scored.mp4", f"{stem}.cues.json"])
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    sheet = work / f"{stem}.cues.json"
    assert run(["render", "-o", "again.mp4", "--", sheet.name]) == 0, capsys.readouterr().err
    with av.open(str(work / "again.mp4")) as made:
        assert made.streams.audio


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"\xff\xfe.mp4")
    try:
        (work / name).write_bytes(clip)
    except OSError:
        pytest.skip("this file system has no such names")
    for verb in ("score", "suggest"):
        assert run([verb, name, "--library", str(sfx)]) == 1
        assert "\\udcff\\udcfe.mp4 is no text (UTF-8): rename it" in the_error(capsys)
    assert os.listdir(work) == [name]


def test_an_output_that_exists_is_kept(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    (work / "a.scored.mp4").write_bytes(b"precious")
    words = ["score", "a.mp4", "--library", str(sfx)]
    assert run(words) == 1
    error = the_error(capsys)
    assert "a.scored.mp4 exists" in error and "--force" in error
    assert listing(work) == ["a.mp4", "a.scored.mp4"]
    assert run([*words, "--force"]) == 0
    assert (work / "a.scored.mp4").read_bytes() != b"precious"


def test_the_video_is_never_its_own_output(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    (work / "link.mp4").symlink_to(work / "a.mp4")
    for out in ("a.mp4", "./a.mp4", "link.mp4"):
        assert run(["score", "a.mp4", "-o", out, "--force", "--library", str(sfx)]) == 1
        assert "is the video itself" in the_error(capsys)
    assert run(["suggest", "a.mp4", "-o", "a.mp4", "--force", "--library", str(sfx)]) == 1
    assert "a.mp4" in the_error(capsys)
    assert (work / "a.mp4").read_bytes() == clip


def test_outputs_that_cant_be(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "a.mp4").write_bytes(clip)
    (work / "file").touch()
    (work / "dir").mkdir()
    before = listing(work)
    wrong = {"nowhere/out.mp4": "nowhere", "file/out.mp4": "file", "dir": "dir", f"{'x' * 300}.mp4": "xxx"}
    for out, named in wrong.items():
        for verb in ("score", "suggest"):
            assert run([verb, "a.mp4", "-o", out, "--library", str(sfx)]) == 1, (verb, out)
            assert named in the_error(capsys)
            assert listing(work) == before


def test_a_container_that_nobody_knows(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    assert run(["score", "a.mp4", "-o", "out.nosuchformat", "--library", str(sfx)]) == 1
    assert "out.nosuchformat" in the_error(capsys)
    assert listing(work) == ["a.mp4"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "a.mp4").write_bytes(clip)
    work.chmod(0o555)
    try:
        assert run(["score", "a.mp4", "--library", str(sfx)]) == 1
        assert str(work) in the_error(capsys)
        assert listing(work) == ["a.mp4"]
    finally:
        work.chmod(0o755)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here that even root can't write to")
def test_a_folder_that_nobody_may_write_to(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    for verb in ("score", "suggest"):
        assert run([verb, "a.mp4", "-o", "/proc/out.mp4", "--library", str(sfx)]) == 1
        assert "/proc" in the_error(capsys)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX limits")
def test_a_full_disk(work: Path, clip: bytes, sfx: Path) -> None:
    """A limit on file size stands for the full disk: writes fail half-way."""
    (work / "a.mp4").write_bytes(clip)
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import sonify.pipeline
from sonify.cli.program import run
from test_cli_inputs import Enthusiast
sonify.pipeline.load = lambda *args, **rest: Enthusiast()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(run(["score", "a.mp4", "--library", {str(sfx)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.startswith("sonify: error: ")]
    assert len(lines) == 1 and "defect" not in lines[0], done.stderr
    assert "Traceback" not in done.stderr
    assert listing(work) == ["a.mp4"]


def test_libraries_that_cant_be(work: Path, clip: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "a.mp4").write_bytes(clip)
    (tmp_path / "empty").mkdir()
    for library in (tmp_path / "empty", tmp_path / "missing", work / "a.mp4"):
        assert run(["score", "a.mp4", "--library", str(library)]) == 1
        assert library.name in the_error(capsys)
        assert listing(work) == ["a.mp4"]


def test_unreadable_sounds_are_named_and_the_rest_used(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    (sfx / "broken.wav").write_bytes(b"RIFF")
    (sfx / "text.flac").write_text("no sound")
    assert run(["score", "a.mp4", "--library", str(sfx)]) == 0
    said = capsys.readouterr()
    assert "broken.wav" in said.err and "text.flac" in said.err
    assert "dog bark" in said.out


def test_a_sound_that_has_gone_since(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "a.mp4").write_bytes(clip)
    assert run(["suggest", "a.mp4", "--library", str(sfx)]) == 0
    capsys.readouterr()
    (sfx / "dog_bark.wav").unlink()
    assert run(["render", "a.cues.json", "-o", "out.mp4"]) == 1
    assert "dog_bark.wav" in the_error(capsys)
    assert listing(work) == ["a.cues.json", "a.mp4"]


def test_a_sheet_with_mistakes_names_each_place(
    work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "a.mp4").write_bytes(clip)
    assert run(["suggest", "a.mp4", "--library", str(sfx)]) == 0
    capsys.readouterr()
    document = json.loads((work / "a.cues.json").read_text("utf-8"))
    document["cues"][0]["gain_db"] = "loud"
    document["cues"][0]["start_s"] = -1
    (work / "a.cues.json").write_text(json.dumps(document), "utf-8")
    assert run(["render", "a.cues.json", "-o", "out.mp4"]) == 1
    error = the_error(capsys)
    assert "cues[0].gain_db" in error and "cues[0].start_s" in error


def test_a_folder_of_all_sorts(work: Path, clip: bytes, sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = work / "clips"
    (clips / "a").mkdir(parents=True)
    (clips / "good.mp4").write_bytes(clip)
    (clips / "a" / "-odd %d.MP4").write_bytes(clip + b"\0")
    (clips / "empty.mp4").touch()
    words = ["batch", "clips", "-o", "clips/scored", "--library", str(sfx), "--json"]
    assert run(words) == 1
    first = json.loads(capsys.readouterr().out)
    assert {file["video"]: file["state"] for file in first["files"]} == {
        "a/-odd %d.MP4": "scored",
        "empty.mp4": "failed",
        "good.mp4": "scored",
    }
    (clips / "empty.mp4").unlink()
    assert run(words) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["present"] == 2
