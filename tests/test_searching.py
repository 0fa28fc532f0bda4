"""Searching as a program and as a person do it: models and libraries joined."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from colours import LooksFromAfar
from PIL import Image

from sonify.cli.program import run
from sonify.errors import LibraryError, ModelError, SettingsError, VideoError
from sonify.library.catalog.file import CatalogFile, Filter
from sonify.models.calibration import OPENAI_CLIP, Calibration
from sonify.models.clap.ear import Ear
from sonify.models.interface import Array, Box, Embeddings
from sonify.models.picture import read_picture
from sonify.progress import Event
from sonify.searching import Searcher, SearchHit, search
from sonify.settings import Settings

RATE_HZ = 48_000
NAMES = {
    "dogs/dog_barking_1.wav": 400,
    "dogs/dog_barking_2.wav": 420,
    "dogs/wolf_howl.wav": 300,
    "doors/door_slam.wav": 100,
    "doors/door_slam_heavy.wav": 105,
    "glass_breaking.wav": 4000,
    "ui/whoosh.wav": 1000,
}


class Letters(LooksFromAfar):
    """An image-text model that knows words by their letters, and the colours red (dogs) and blue (doors)."""

    name, weights, image_size_px, precision = "letters", "0123456789abcdef", 32, "fp32"
    calibration: Calibration = OPENAI_CLIP

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        self.asked += phrases
        out = np.full((len(phrases), 26), 1e-3, np.float32)
        for row, phrase in zip(out, phrases, strict=True):
            for letter in phrase.lower():
                if letter.isascii() and letter.isalpha():
                    row[ord(letter) - 97] += 1
        return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True), np.float32)

    def embed_frames(self, pixels: np.ndarray) -> Embeddings:
        word = "dog" if pixels[..., 0].mean() > pixels[..., 2].mean() else "door"
        seen = self.embed_phrases([f"a {word}", "sky"])
        self.asked.clear()
        return Embeddings(np.repeat(seen[None], len(pixels), 0), (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)))


class Pitch:
    """An audio-text model that hears how many zero crossings there are."""

    name, weights, sample_rate_hz, dimensions = "pitch", "fedcba9876543210", RATE_HZ, 8

    def __init__(self) -> None:
        self.heard = 0

    def embed_audio(self, sounds: Sequence[Array]) -> Array:
        self.heard += len(sounds)
        rates = [np.count_nonzero(np.diff(np.signbit(s))) / len(s) * RATE_HZ / 2 for s in sounds]
        octaves = np.log2(np.maximum(rates, 1))[:, None] - np.arange(5, 13)
        out = np.exp(-(octaves**2))
        return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True), np.float32)

    def embed_text(self, texts: Sequence[str]) -> Array:
        raise NotImplementedError


def tone(file: Path, hz: float, seconds: float = 0.5) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hz * times), RATE_HZ)
    return file


@pytest.fixture
def sfx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "140")
    for name, hz in NAMES.items():
        tone(tmp_path / "sfx" / name, hz)
    return tmp_path / "sfx"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Letters:
    letters = Letters()
    monkeypatch.setattr("sonify.models.registry.load", lambda *_, **__: letters)
    return letters


@pytest.fixture
def clap(monkeypatch: pytest.MonkeyPatch) -> Pitch:
    pitch = Pitch()
    monkeypatch.setattr("sonify.models.clap.load_clap", lambda *_, **__: pitch)
    return pitch


@pytest.fixture
def no_clap(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object, **__: object) -> None:
        raise ModelError("clap is not installed", hint="pip install 'sonify[clap]'")

    monkeypatch.setattr("sonify.models.clap.load_clap", load)


def paths(hits: Sequence[SearchHit]) -> list[str]:
    return [hit.record.path for hit in hits]


def test_a_library_that_was_never_scanned_is_scanned(sfx: Path, model: Letters) -> None:
    stages: list[str] = []
    hits = search("dog barking", library=sfx, progress=lambda event: stages.append(event.stage))
    assert "scan" in stages and "words" in stages
    assert paths(hits)[:2] == ["dogs/dog_barking_1.wav", "dogs/dog_barking_2.wav"]
    assert set(paths(hits)) == set(NAMES)
    stages.clear()
    assert search("dog barking", library=sfx, progress=lambda event: stages.append(event.stage)) == hits
    assert not stages, "the second time there is nothing left to do"


def test_a_new_label_costs_one_text(sfx: Path, model: Letters) -> None:
    search("dog", library=sfx)
    tone(sfx / "church_bell.wav", 700)
    shutil.rmtree(sfx / "ui")
    model.asked.clear()
    from sonify.library.scan import scan

    scan([sfx])
    hits = search("bell", library=sfx)
    assert sorted(model.asked) == ["bell", "church bell"]
    assert paths(hits)[0] == "church_bell.wav"


def test_many_searches_with_one_searcher(sfx: Path, model: Letters) -> None:
    with Searcher(sfx) as searcher:
        first = searcher.search("dog")
        model.asked.clear()
        assert searcher.search("dog") == first
        assert model.asked == ["dog"]
        tone(sfx / "gong.wav", 90)
        from sonify.library.scan import scan

        scan([sfx])
        assert paths(searcher.search("gong"))[0] == "gong.wav"


def test_meaning_finds_what_words_do_not(sfx: Path, model: Letters) -> None:
    hits = search("god", library=sfx, limit=1)  # the same letters
    assert search("god", library=sfx, words_only=True) == []
    assert hits[0].why[0].startswith("meaning #1 (")


def test_a_file_that_has_gone_is_not_found(sfx: Path, model: Letters) -> None:
    before = paths(search("door slam", library=sfx))
    assert before[0] == "doors/door_slam.wav"
    (sfx / before[0]).unlink()
    (sfx / "doors/door_slam_heavy.wav").rename(sfx / "doors/door_slam_moved.wav")
    after = paths(search("door slam", library=sfx))
    assert before[0] not in after and after[0] == "doors/door_slam_moved.wav"


def test_several_libraries_are_one(sfx: Path, model: Letters, tmp_path: Path) -> None:
    tone(tmp_path / "other" / "dog barking.wav", 410)
    tone(tmp_path / "other" / "dog.wav", 500)
    hits = search("dog barking", library=[sfx, tmp_path / "other"], limit=3)
    assert {(hit.library, hit.record.path) for hit in hits} == {
        ("other", "dog barking.wav"),
        ("sfx", "dogs/dog_barking_1.wav"),
        ("sfx", "dogs/dog_barking_2.wav"),
    }
    assert search("dog barking", library=[tmp_path / "other"], limit=3)[0].library == "other"


@pytest.mark.parametrize("inner_first", [True, False])
def test_a_library_within_a_library_is_not_found_twice(sfx: Path, model: Letters, inner_first: bool) -> None:
    folders = [sfx / "dogs", sfx] if inner_first else [sfx, sfx / "dogs"]
    hits = search("dog", library=folders)
    assert len(hits) == len(NAMES)
    assert sorted(Path(path).name for path in paths(hits)) == sorted(Path(name).name for name in NAMES)
    assert len(search("dog", library=folders, limit=2)) == 2


def test_filters(sfx: Path, model: Letters) -> None:
    tone(sfx / "long dog.wav", 400, seconds=3)
    assert paths(search("door", library=sfx, filter=Filter(min_s=2))) == ["long dog.wav"]
    assert search("dog", library=sfx, filter=Filter(licences=("cc0",))) == []
    policy = Settings.load(values={"library.licences": "cc0"})
    assert search("dog", library=sfx, settings=policy) == []
    with pytest.raises(SettingsError, match="licence"):
        search("dog", library=sfx, filter=Filter(licences=("ccc",)))


@pytest.mark.parametrize(("colour", "label"), [("red", "dog barking"), ("blue", "door")])
def test_by_picture(sfx: Path, model: Letters, tmp_path: Path, colour: str, label: str) -> None:
    Image.new("RGB", (90, 50), colour).save(tmp_path / "frame.png")
    hits = search(image=tmp_path / "frame.png", library=sfx)
    assert label in hits[0].record.labels[0].text
    assert hits[0].why[0].startswith("picture #1 (")
    assert "ui/whoosh.wav" not in paths(hits), "nobody sees a whoosh"
    both = search("whoosh", image=str(tmp_path / "frame.png"), library=sfx, limit=2)
    assert "ui/whoosh.wav" in paths(both)


def test_by_sound(sfx: Path, model: Letters, clap: Pitch, tmp_path: Path) -> None:
    events: list[Event] = []
    hits = search(like=tone(tmp_path / "mine.wav", 101), library=sfx, limit=2, progress=events.append)
    assert paths(hits) == ["doors/door_slam.wav", "doors/door_slam_heavy.wav"]
    assert hits[0].why == ("sound #1 (1.00)",)
    assert clap.heard == len(NAMES) + 1
    listened = [event for event in events if event.stage == "listen" and not event.note]
    assert (listened[0].done, listened[-1].done) == (0, len(NAMES))
    clap.heard = 0
    inside = search(like="door_slam.wav", library=sfx, limit=1)
    assert paths(inside) == ["doors/door_slam_heavy.wav"], "not the sound itself"
    assert clap.heard == 0, "it has been heard"
    with Searcher(sfx) as searcher:
        again = searcher.search(like="door_slam.wav", limit=1)
        assert again == inside == searcher.search(like="door_slam.wav", limit=1)
    (sfx / "glass_breaking.wav").rename(sfx / "smash.wav")
    tone(sfx / "gong.wav", 4000)
    from sonify.library.scan import scan

    scan([sfx])
    assert paths(search(like=tone(tmp_path / "high.wav", 4100), library=sfx, limit=2)) == ["gong.wav", "smash.wav"]
    assert clap.heard <= 3, "only what is new, not what was moved"


def test_by_sound_a_file_elsewhere_is_not_taken_for_one_of_the_library(
    sfx: Path, model: Letters, clap: Pitch, tmp_path: Path
) -> None:
    hits = search(like=tone(tmp_path / "elsewhere" / "door_slam.wav", 4000), library=sfx, limit=1)
    assert paths(hits) == ["glass_breaking.wav"]
    hits = search(like=sfx / "doors" / "door_slam.wav", library=sfx, limit=1)
    assert paths(hits) == ["doors/door_slam_heavy.wav"]


def test_by_sound_what_cannot_be_heard_is_told(
    sfx: Path, model: Letters, clap: Pitch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    search("dog", library=sfx)
    (sfx / "glass_breaking.wav").write_bytes((sfx / "glass_breaking.wav").read_bytes()[:20])
    notes: list[str] = []
    hits = search(like=tone(tmp_path / "a.wav", 400), library=sfx, progress=lambda event: notes.append(event.note))
    assert "glass_breaking.wav" not in paths(hits) and len(hits) == len(NAMES) - 1
    assert [text for text in notes if text] == ["1 sound could not be heard: `sonify library check` says why"]
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(LibraryError, match=r"text\.wav"):
        search(like=tmp_path / "text.wav", library=sfx)


def test_by_sound_without_clap(sfx: Path, model: Letters, no_clap: None, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pip install"):
        search(like=tone(tmp_path / "mine.wav", 103), library=sfx)
    notes: list[str] = []
    hits = search(
        like="dogs/dog_barking_1.wav", library=sfx, limit=2, progress=lambda event: notes.append(event.note)
    )
    assert paths(hits)[0] == "dogs/dog_barking_2.wav" and "dogs/dog_barking_1.wav" not in paths(hits)
    assert hits[0].why[0].startswith("label #1")
    assert any("by ear" in text and "'dog barking'" in text for text in notes)
    with pytest.raises(LibraryError, match="nothing.wav"):
        search(like="nothing.wav", library=sfx)


@pytest.mark.parametrize("query", ["", "  ", "?!", "***"])
def test_nothing_to_search_for(sfx: Path, query: str) -> None:
    with pytest.raises(LibraryError, match=r"nothing to search|no word"):
        search(query, library=sfx)


def test_libraries_that_are_not_there_or_hold_nothing(
    tmp_path: Path, sfx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonify.models.registry.load", None)  # that is known before any model is loaded
    with pytest.raises(LibraryError, match="no library"):
        search("dog", library=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LibraryError, match=r"no sound|is empty"):
        search("dog", library=tmp_path / "empty")


def test_a_cache_that_cannot_be_written(sfx: Path, model: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    (sfx.parent / "file").write_text("not a folder")
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(sfx.parent / "file"))
    assert paths(search("dog barking", library=sfx, limit=1)) == ["dogs/dog_barking_1.wav"]


def test_words_alone_load_no_model(sfx: Path) -> None:
    code = (
        "import sys; from sonify.searching import search;"
        f"print(len(search('dog', library={str(sfx)!r}, words_only=True)), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "False"]


# Pictures


def test_pictures_of_all_kinds(tmp_path: Path) -> None:
    half = np.zeros((40, 60, 3), np.uint8)
    half[:, :30, 0] = 250
    picture = Image.fromarray(half)
    for suffix in ("png", "jpg", "webp", "bmp", "gif", "tif"):
        picture.save(tmp_path / f"a.{suffix}")
        pixels = read_picture(tmp_path / f"a.{suffix}")
        assert pixels.shape == (1, 40, 60, 3) and pixels.dtype == np.uint8
        assert pixels[0, 20, 10, 0] > 240 and pixels[0, 20, 50].max() < 10
    for mode in ("P", "L", "1", "LA", "RGBA"):
        picture.convert(mode).save(tmp_path / "mode.png")
        assert read_picture(tmp_path / "mode.png").shape == (1, 40, 60, 3)
    Image.fromarray(np.full((9, 9), 32768, np.uint16)).save(tmp_path / "deep.png")
    assert abs(int(read_picture(tmp_path / "deep.png").mean()) - 127) <= 1
    Image.new("RGBA", (9, 9), (0, 255, 0, 0)).save(tmp_path / "clear.png")
    assert not read_picture(tmp_path / "clear.png").any()
    turned = Image.Exif()
    turned[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=turned)
    assert read_picture(tmp_path / "turned.jpg").shape == (1, 60, 40, 3)
    Image.new("RGB", (4000, 3000)).save(tmp_path / "large.jpg")
    assert read_picture(tmp_path / "large.jpg").shape == (1, 1152, 1536, 3)


def test_what_is_no_picture_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 90, 3), np.uint8)).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for name, content in (("cut.png", whole[:300]), ("text.png", b"hello"), ("empty.png", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=name):
            read_picture(tmp_path / name)
    for name in ("nothing.png", "."):
        with pytest.raises(VideoError):
            read_picture(tmp_path / name)
    monkeypatch.setattr("sonify.models.picture.MAX_PIXELS", 8000)
    with pytest.raises(VideoError, match="90 x 90"):
        read_picture(tmp_path / "a.png")
    monkeypatch.setattr("sonify.models.picture.MAX_BYTES", 8000)
    with pytest.raises(VideoError, match="MiB"):
        read_picture(tmp_path / "a.png")


# The verb


def test_the_verb(sfx: Path, model: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "search", "dog", "barking", "--library", str(sfx), "--limit", "2", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["length", "licence", "label", "why", "sound"]
    assert lines[1].endswith("dogs/dog_barking_1.wav") and "words #1" in lines[1] and "dog barking" in lines[1]
    assert lines[-1] == "2 sounds" and len(lines) == 5


def test_the_verb_as_json(sfx: Path, model: Letters, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "search", '"dog" barking', "--library", str(sfx), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["query"] == '"dog" barking'
    first = document["sounds"][0]
    assert first["path"] == "dogs/dog_barking_1.wav" and first["label"] == "dog barking" and first["why"]
    assert first["duration_s"] == 0.5 and first["library"] == "sfx"


def test_the_verb_finds_nothing(sfx: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["library", "search", "zither", "--library", str(sfx), "--words-only"]
    assert run(words) == 0
    assert capsys.readouterr().out.strip() == "no sound is like that"
    assert run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sounds"] == []


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "nothing to search for"),
        (["  "], 2, "nothing to search for"),
        (["dog", "--limit", "0"], 2, "--limit 0"),
        (["dog", "--kind", "efect"], 2, "did you mean effect"),
        (["dog", "--licence", "cc00"], 2, "cc0"),
        (["dog", "--min-s", "nan"], 2, "--min-s"),
        (["?!"], 1, "no word"),
        (["--image", "nothing.png"], 1, "no picture nothing.png"),
        (["--like", "nothing.wav"], 1, "nothing.wav"),
    ],
)
def test_the_verb_says_what_is_wrong(
    sfx: Path, model: Letters, words: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["library", "search", *words, "--library", str(sfx)]) == code
    said = capsys.readouterr()
    assert message in said.err and said.out == ""


def test_the_ear_and_the_library_share_what_was_heard(sfx: Path, model: Letters, clap: Pitch) -> None:
    Ear(clap).hear([sfx / name for name in NAMES])
    clap.heard = 0
    search(like="door_slam.wav", library=sfx)
    assert clap.heard == 0


def test_a_damaged_table_is_made_again(sfx: Path, model: Letters) -> None:
    want = search("dog", library=sfx)
    with CatalogFile.open(sfx) as catalog:
        (rows,) = (catalog.path.parent / "vectors").glob("labels-*.rows")
    rows.write_bytes(b"\x7f" * (rows.stat().st_size - 50))
    assert search("dog", library=sfx) == want
    model.asked.clear()
    assert search("dog", library=sfx) == want
    assert model.asked == ["dog"]
