"""Folders of sounds made here: what is found, what is refused, and that two scans agree."""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonify.cli.library.scan import paced
from sonify.cli.program import run
from sonify.cues import SoundRef
from sonify.errors import LibraryError
from sonify.library.metadata.header import Header
from sonify.library.records import Measures
from sonify.library.scan import scan
from sonify.library.sounds import Catalog
from sonify.progress import Event
from sonify.resources import starter_library

RATE_HZ = 16_000
MEASURES = Measures(-20.0, -18.0, -3.0, 0.0, 0.0, (), 0.5, 0.0, 0.0, False)


def write(path: Path, seconds: float = 0.1, channels: int = 1, rate_hz: int = RATE_HZ, **options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (round(seconds * rate_hz), channels)
    samples = np.random.default_rng(7).uniform(-0.1, 0.1, shape).astype(np.float32)
    memory = io.BytesIO()
    soundfile.write(memory, samples, rate_hz, **({"format": "WAV"} | options))
    path.write_bytes(memory.getvalue())
    return path


def paths(catalog: Catalog) -> list[str]:
    return [sound.path for sound in catalog.sounds]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"format": "WAV", "subtype": "PCM_24"}),
        ("a.WAV", {"format": "WAV", "subtype": "FLOAT"}),
        ("a.wave", {"format": "WAVEX"}),
        ("a.bwf", {"format": "RF64"}),
        ("a.aif", {"format": "AIFF"}),
        ("a.AIFF", {"format": "AIFF"}),
        ("a.flac", {"format": "FLAC"}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {"format": "MP3"}),
    ],
)
def test_every_format_is_read(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    write(tmp_path / name, 0.5, channels=2, **options)
    (sound,) = scan([tmp_path]).sounds
    assert sound.path == name
    assert sound.file == tmp_path / name
    assert (sound.channels, sound.sample_rate_hz) == (2, RATE_HZ)
    assert sound.duration_s == pytest.approx(0.5, abs=0.1)


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "dog.wav")
    for name in ("._dog.wav", ".hidden.wav", "__MACOSX/dog.wav", ".git/dog.wav", "dog.txt", "dog.wav.bak", "wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"junk")
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert catalog.problems == ()


def _truncated(path: Path) -> None:
    whole = write(path).read_bytes()
    path.write_bytes(whole[:20])


def _says_4_gb(path: Path) -> None:
    """A header of 44 bytes that promises 4 GB, and nothing behind it."""
    write(path)
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 0xFFFFFFFE) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48000, 96000, 2, 16)
        + b"data" + struct.pack("<I", 0xFFFFFF00)
    )  # fmt: skip


def _long_flac(path: Path) -> None:
    """STREAMINFO that claims 2**36 - 1 frames."""
    write(path, format="FLAC")
    raw = bytearray(path.read_bytes())
    raw[21] |= 0x0F
    raw[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(raw)


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("this is not a sound"),
    "truncated": _truncated,
    "says 4 GB": _says_4_gb,
    "no samples": lambda path: soundfile.write(path, np.zeros(0), RATE_HZ, format="WAV"),
    "endless flac": _long_flac,
    "picture": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300)),
    "folder": lambda path: (path.mkdir(), write(path.parent / "door.wav")),
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN.keys())
def test_an_odd_file_is_named_and_the_rest_is_used(tmp_path: Path, make: object) -> None:
    write(tmp_path / "dog.wav")
    odd = tmp_path / "cat odd.wav"
    make(odd)  # type: ignore[operator]
    catalog = scan([tmp_path])
    assert "dog.wav" in paths(catalog)
    assert "cat odd.wav" not in paths(catalog)
    if not odd.is_dir():
        (problem,) = catalog.problems
        assert problem.startswith(f"{odd}: ")
        assert len(problem) > len(f"{odd}: ") + 5


def test_a_truncated_but_audible_file_has_the_length_it_has(tmp_path: Path) -> None:
    file = write(tmp_path / "dog.wav", 1.0)
    raw = file.read_bytes()
    file.write_bytes(raw[: len(raw) // 2])
    (sound,) = scan([tmp_path]).sounds
    assert sound.duration_s == pytest.approx(0.5, abs=0.01)


def test_unusual_but_sound_files_are_used(tmp_path: Path) -> None:
    write(tmp_path / "dog nan.wav")
    soundfile.write(tmp_path / "dog nan.wav", np.full(100, np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    write(tmp_path / "dog 32 channels.wav", channels=32)
    write(tmp_path / "dog 8k.wav", rate_hz=8_000)
    write(tmp_path / "dog 384k.wav", rate_hz=384_000)
    catalog = scan([tmp_path])
    assert len(catalog.sounds) == 4
    assert catalog.problems == ()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes on this system")
    write(tmp_path / "dog.wav")
    os.mkfifo(tmp_path / "cat.wav")
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert "not a plain file" in catalog.problems[0]


@pytest.mark.parametrize("name", ["dog\nbark.wav", "dog 'bark' \"loud\".wav", "-dog.wav", "%d dog.wav", "собака.wav"])
def test_odd_names_are_used_and_shown_on_one_line(tmp_path: Path, name: str) -> None:
    try:
        write(tmp_path / name)
        (tmp_path / f"broken {name}").write_text("no sound")
    except OSError:
        pytest.skip("the file system refuses such names")
    catalog = scan([tmp_path])
    (sound,) = catalog.sounds
    assert sound.path == name
    assert sound.label == sound.label.strip() and "\n" not in sound.label
    assert len(catalog.problems) == 1
    assert "\n" not in catalog.problems[0]


def test_a_name_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "dog.wav")
    try:
        shutil.copy(tmp_path / "dog.wav", os.fsencode(tmp_path) + b"/d\xf6g.wav")
    except OSError:
        pytest.skip("the file system refuses such names")
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert catalog.problems == (f"{tmp_path}/d\\xf6g.wav: its name is not UTF-8 text, rename it",)


def test_names_that_a_cue_sheet_would_refuse_are_problems(tmp_path: Path) -> None:
    write(tmp_path / "dog.wav")
    try:
        write(tmp_path / "a\\..\\b.wav")
        write(tmp_path / "c:x.wav")
    except OSError:
        pytest.skip("the file system refuses such names")
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert len(catalog.problems) == 2


def test_links(tmp_path: Path) -> None:
    library = tmp_path / "sfx"
    write(library / "real" / "dog.wav")
    write(library / ".annex" / "objects" / "0123.wav")
    outside = write(tmp_path / "elsewhere" / "cat.wav")
    try:
        (library / "loop").symlink_to(library)
    except OSError:
        pytest.skip("no links on this system")
    (library / "again.wav").symlink_to(library / "real" / "dog.wav")
    (library / "cow.wav").symlink_to(library / ".annex" / "objects" / "0123.wav")
    (library / "cat.wav").symlink_to(outside)
    (library / "more").symlink_to(outside.parent)
    (library / "gone.wav").symlink_to(library / "nowhere.wav")
    (library / "itself.wav").symlink_to(library / "itself.wav")
    catalog = scan([library])
    assert paths(catalog) == ["cow.wav", "real/dog.wav"]
    assert sum("leaves the library" in problem for problem in catalog.problems) == 2
    assert sum("link to nothing" in problem for problem in catalog.problems) == 2


def test_deep_and_unreadable_folders_are_problems(tmp_path: Path) -> None:
    write(tmp_path / "dog.wav")
    deep = tmp_path.joinpath(*["d"] * 70)
    write(deep / "cat.wav")
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert "too deep" in catalog.problems[0]


def test_an_unreadable_folder_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "dog.wav")
    closed = write(tmp_path / "closed" / "cat.wav").parent
    really = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert catalog.problems == (f"{closed}: can't be read (Permission denied)",)
    with pytest.raises(LibraryError, match="can't read the library .*Permission denied.*: allow reading it"):
        scan([closed])


def test_a_closed_library_is_an_error_whatever_is_asked_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a folder that can't be entered nobody can say whether a catalogue lies in it."""
    closed = write(tmp_path / "closed" / "cat.wav").parent
    for name in ("lstat", "stat"):
        really = getattr(os, name)

        def looked(path: Path, *, really: object = really, **more: object) -> object:
            if str(path).startswith(f"{closed}{os.sep}"):
                raise PermissionError(13, "Permission denied")
            return really(path, **more)  # type: ignore[operator]

        monkeypatch.setattr(os, name, looked)
    really_listed = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return really_listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(LibraryError, match="can't read the library .*Permission denied.*: allow reading it"):
        scan([closed])


def test_a_locked_file_is_used_as_soon_as_it_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder says of it only that the system failed; the permissions of a file are no part of its time."""
    write(tmp_path / "dog.wav")
    for name in ("cat.wav", "cow.mp3"):
        write(tmp_path / name, format=name[-3:].upper())
    locked = {tmp_path / "cat.wav", tmp_path / "cow.mp3"}
    decoder, really = soundfile.SoundFile, Path.open

    def decode(file: bytes, *rest: object, **more: object) -> object:
        if Path(os.fsdecode(file)) in locked:
            raise soundfile.LibsndfileError(2)
        return decoder(file, *rest, **more)

    def opened(file: Path, *rest: object, **more: object) -> object:
        if file in locked:
            raise PermissionError(13, "Permission denied")
        return really(file, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(soundfile, "SoundFile", decode)
    monkeypatch.setattr(Path, "open", opened)
    catalog = scan([tmp_path])
    assert paths(catalog) == ["dog.wav"]
    assert catalog.problems == tuple(f"{file}: can't be read (Permission denied)" for file in sorted(locked))
    locked.clear()
    assert paths(scan([tmp_path])) == ["cat.wav", "cow.mp3", "dog.wav"]


def test_what_is_no_mp3_is_said_without_the_decoder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It writes to standard error what it thinks of such files."""
    write(tmp_path / "dog.wav")
    write(tmp_path / "cow.mp3", format="WAV")
    (tmp_path / "page.mp3").write_text("<!DOCTYPE html>" * 400)
    catalog = scan([tmp_path])
    assert paths(catalog) == ["cow.mp3", "dog.wav"]
    assert catalog.problems == (
        f"{tmp_path}/page.mp3: not a sound that can be read (there is no MP3 in it)",
    )  # fmt: skip
    assert capfd.readouterr().err == ""


def test_missing_empty_or_useless_libraries_are_errors(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    useless = tmp_path / "useless"
    useless.mkdir()
    (useless / "dog.wav").write_text("no sound")
    file = write(tmp_path / "dog.wav")
    for folder, message in [
        (tmp_path / "nowhere", "there is no library"),
        (file, "not a folder"),
        (empty, "is empty"),
        (useless, "no sound that can be used .*dog.wav"),
        ("nul\0", "can't open"),
        ("line\nend", "there is no library line.nend"),
    ]:
        with pytest.raises(LibraryError, match=message) as caught:
            scan([folder])
        assert caught.value.hint
        assert "\n" not in str(caught.value)


def test_libraries_are_named_after_their_folders(tmp_path: Path) -> None:
    for place in ("a/sfx", "b/sfx", "c/starter"):
        write(tmp_path / place / "dog.wav")
    folders = [tmp_path / "a/sfx", tmp_path / "b/sfx", tmp_path / "c/starter", tmp_path / "a/../a/sfx"]
    catalog = scan(folders)
    assert [library.name for library in catalog.libraries] == ["sfx", "sfx-2", "starter-2"]
    assert not any(library.starter for library in catalog.libraries)
    (label,) = catalog.labels
    assert [sound.library for sound in label.sounds] == ["sfx", "sfx-2", "starter-2"]


def test_a_folder_inside_another_is_not_counted_twice(tmp_path: Path) -> None:
    write(tmp_path / "sfx" / "dogs" / "bark.wav")
    write(tmp_path / "sfx" / "cat.wav")
    catalog = scan([tmp_path / "sfx", tmp_path / "sfx" / "dogs"])
    assert paths(catalog) == ["cat.wav", "dogs/bark.wav"]


def test_one_label_for_all_sounds_of_that_name(tmp_path: Path) -> None:
    for name in ("a/dog_bark_01.wav", "a/Dog Bark 02.wav", "b/DogBark.wav", "b/ambience/dog bark.wav"):
        write(tmp_path / name)
    catalog = scan([tmp_path / "a", tmp_path / "b"])
    (label,) = catalog.labels
    assert label.text == "dog bark"
    assert label.kind == "effect"
    assert len(label.sounds) == 4
    assert "a dog" in label.phrases


def test_two_scans_agree_whatever_the_order_on_disk(tmp_path: Path) -> None:
    names = ["zebra.wav", "Ärger.wav", "b/dog 2.wav", "b/dog 10.wav", "a b.wav", "a/b.wav"]
    for name in names:
        write(tmp_path / "sfx" / name)
    first = scan([tmp_path / "sfx"])
    (tmp_path / "sfx").rename(tmp_path / "old")
    for name in reversed(names):
        write(tmp_path / "sfx" / name)
    second = scan([tmp_path / "sfx"])
    assert first == second
    assert paths(first) == sorted(names)


def test_every_sound_can_stand_in_a_cue_sheet(tmp_path: Path) -> None:
    write(tmp_path / "sfx" / "dog.wav")
    for sound in scan([tmp_path / "sfx"]).sounds:
        assert SoundRef(sound.library, sound.path, sound.licence).path == sound.path


def test_progress_ends_at_the_number_of_files(tmp_path: Path) -> None:
    for index in range(5):
        write(tmp_path / f"dog {index}.wav")
    events: list[Event] = []
    scan([tmp_path], progress=events.append)
    assert {event.stage for event in events} == {"scan"}
    assert (events[-1].done, events[-1].total) == (5, 5)
    assert [event.done for event in events] == sorted(event.done for event in events)


def test_an_interrupt_does_not_wait_for_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write(tmp_path / "first.wav", 0.01).read_bytes()
    for index in range(400):
        (tmp_path / f"dog {index}.wav").write_bytes(whole)
    looked_at: list[Path] = []

    def slowly(file: Path) -> Header:
        looked_at.append(file)
        time.sleep(0.01)
        return Header(1.0, RATE_HZ, 1)

    def interrupt(event: Event) -> None:
        if event.done >= 20:
            raise KeyboardInterrupt

    monkeypatch.setattr("sonify.library.refresh.index.read_header", slowly)
    with pytest.raises(KeyboardInterrupt):
        scan([tmp_path], progress=interrupt)
    assert len(looked_at) < 200


def test_thousands_of_files(tmp_path: Path) -> None:
    whole = write(tmp_path / "first.wav", 0.01).read_bytes()
    for index in range(3_000):
        folder = tmp_path / f"folder {index % 30}"
        folder.mkdir(exist_ok=True)
        (folder / f"dog_bark_{index:05d}.wav").write_bytes(whole)
    catalog = scan([tmp_path])
    assert len(catalog.sounds) == 3_001
    assert repr(catalog) == "Catalog(sounds=3001, labels=2, problems=0)"


def test_the_starter_library(tmp_path: Path) -> None:
    if not (starter_library() / "labels.csv").is_file():
        pytest.skip("the starter sounds are not made yet")
    catalog = scan()
    assert [(library.name, library.starter) for library in catalog.libraries] == [("starter", True)]
    assert catalog.problems == ()
    assert len(catalog.sounds) >= 40
    assert {sound.licence for sound in catalog.sounds} == {"CC0-1.0"}
    assert {label.kind for label in catalog.labels} == {"effect", "ambience"}
    assert all(label.phrases for label in catalog.labels)
    assert scan(["starter"]) == catalog == scan([starter_library()])
    write(tmp_path / "sfx" / "dog.wav")
    both = scan([tmp_path / "sfx", "starter"])
    assert [library.name for library in both.libraries] == ["sfx", "starter"]


def test_a_checkout_without_starter_sounds_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "sound_library"
    empty.mkdir()
    monkeypatch.setattr("sonify.resources.starter_library", lambda: empty)
    with pytest.raises(LibraryError, match=r"starter library .* holds no sounds: reinstall"):
        scan()
    empty.rmdir()
    with pytest.raises(LibraryError, match="reinstall"):
        scan()


def test_real_sounds(shared: Path) -> None:
    """172 files that people recorded, one of them Ogg with a picture inside, which can't be read."""
    catalog = scan([shared / "media" / "sounds"])
    assert len(catalog.sounds) == 171
    (problem,) = catalog.problems
    assert "jungle.ogg" in problem
    labels = {label.text: label for label in catalog.labels}
    assert len(labels) == 68
    for text, kind, phrase, count in [
        ("dog", "effect", "a dog", 3),
        ("helicopter", "effect", "a helicopter", 4),
        ("train", "effect", "a train", 4),
        ("church bells", "effect", "a church tower", 3),
        ("sea waves", "ambience", "waves on a beach", 3),
        ("rain", "ambience", "rain falling", 3),
        ("wind", "ambience", "trees in the wind", 4),
        ("summer night", "ambience", "a field at night", 1),
        ("city", "ambience", "a city street", 1),
        ("crackling fire", "effect", "a campfire", 3),
        ("keyboard typing", "effect", "a laptop", 3),
        ("camera", "effect", "a camera", 1),
    ]:
        label = labels[text]
        assert (label.kind, len(label.sounds)) == (kind, count), text
        assert phrase in label.phrases, text
    assert {text for text, label in labels.items() if not label.phrases} == {"white noise", "pink noise"}
    licences = {sound.licence for sound in catalog.sounds}
    assert {"CC0-1.0", "CC-BY-3.0", "CC-BY-NC-3.0", "LicenseRef-public-domain"} <= licences
    assert all(sound.author for sound in catalog.sounds if sound.path.startswith("esc50/"))


def test_scanning_a_folder_changes_nothing_in_it(tmp_path: Path) -> None:
    write(tmp_path / "dog.wav")
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    scan([tmp_path])
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_library_scan_says_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sonify.library.measures.pool.MeasurePool.measure", lambda pool, file, length_s: MEASURES)
    root = tmp_path / "sfx"
    for name in ("dog bark 1.wav", "dog bark 2.wav", "glass.wav"):
        write(root / name, 0.5)
    (root / "odd.wav").write_text("no sound")
    assert run(["library", "scan", str(root), "--quick"]) == 0
    out = capsys.readouterr().out
    assert f"{root}\n  3 sounds under 2 labels, 1.50 s, 48 KB" in out
    assert "4 new; 0 measured" in out
    assert f"1 could not be used:\n    {root / 'odd.wav'}: not a sound" in out
    (root / "glass.wav").rename(root / "bottle.wav")
    assert run(["library", "scan", "--library", str(root)]) == 0
    assert "1 new, 1 gone; 3 measured" in capsys.readouterr().out  # never hashed, so nothing to know it by
    (root / "bottle.wav").rename(root / "jar.wav")
    assert run(["library", "scan", str(root), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["libraries"]
    assert document["folder"] == str(root)
    assert (document["changes"]["moved"], document["changes"]["unchanged"]) == (1, 3)
    assert document["stats"]["kinds"] == {"effect": 3}
    assert len(document["problems"]) == 1


def test_library_scan_goes_on_after_a_folder_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "sfx" / "dog.wav")
    (tmp_path / "empty").mkdir()
    assert run(["library", "scan", str(tmp_path / "empty"), str(tmp_path / "sfx"), "--quick", "--portable"]) == 1
    told = capsys.readouterr()
    assert "1 sound under 1 label" in told.out
    assert "failed: the library" in told.err and "is empty" in told.err
    assert (tmp_path / "sfx" / ".sonify" / "catalog.sqlite").exists()
    assert run(["library", "scan", str(tmp_path / "nowhere")]) == 1


def test_the_rate_and_the_time_left_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 2.0, 100.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    events: list[Event] = []
    show = paced(events.append)
    for done in (1000, 1100, 1400, 1401):
        show(Event("scan", done, 200_000, "sounds"))
    assert [event.unit for event in events[:3]] == [
        "sounds", "sounds, 100/s, 33 min left", "sounds, 200/s, 17 min left",
    ]  # fmt: skip
    assert [event.done for event in events] == [1000, 1100, 1400, 1401]
