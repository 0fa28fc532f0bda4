"""Whatever goes wrong: one clear line, nothing left behind, no process left running."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import soundfile
from mix_films import (
    CLICK,
    LENGTH_S,
    PICTURE,
    RATE_HZ,
    VIDEO_OF,
    ffmpeg,
    films,
    leftovers,
    packets,
    render,
    sheet,
    with_audio,
)

from sonify.errors import RenderError, SonifyError
from sonify.mix import ffmpeg as sonify_ffmpeg
from sonify.mix.render import render_sheet
from sonify.mix.spool import Spool
from sonify.progress import Event
from sonify.settings import MixSettings


@pytest.fixture(scope="module")
def folder() -> Path:
    return films()


@pytest.mark.parametrize(
    "name", ["-dash.mp4", "a 'b' \"c\".mp4", "100%d.mp4", "ligne\nneuve.mp4", "日本 ü.mp4", "a:b.mp4"]
)
def test_names_are_only_names(folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes((folder / "film.mp4").read_bytes())
    out = Path(f"out {name}")
    render(Path(name), out)
    assert packets(tmp_path / out) == packets(folder / "film.mp4")
    assert leftovers(tmp_path) == []


def test_a_picture_that_the_container_can_t_carry(tmp_path: Path) -> None:
    film, out = tmp_path / "a.webm", tmp_path / "out.mp4"
    ffmpeg(*PICTURE, *VIDEO_OF[".webm"], film)
    with pytest.raises(RenderError, match=r"\.mp4 files can't carry the vp8 picture of a\.webm: write out\.mkv"):
        render(film, out)
    assert not out.exists()
    assert leftovers(tmp_path) == []
    render(film, out.with_suffix(".mkv"))
    assert packets(out.with_suffix(".mkv")) == packets(film)


def refused(video: Path, out: Path, words: str) -> None:
    before = out.read_bytes() if out.is_file() else None
    with pytest.raises(RenderError, match=words) as caught:
        render(video, out)
    assert "\n" not in str(caught.value)
    assert (out.read_bytes() if out.is_file() else None) == before
    if out.parent.is_dir():
        assert leftovers(out.parent) == []


def test_what_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes((folder / "film.mp4").read_bytes())
    taken = tmp_path / "taken.mp4"
    taken.write_bytes(b"mine")
    link = tmp_path / "link.mp4"
    link.symlink_to(film)
    refused(film, taken, "taken.mp4 exists: pass --force")
    refused(film, film, "is the video itself")
    refused(film, link, "is the video itself")
    refused(film, tmp_path, "is a folder")
    refused(film, tmp_path / "none" / "out.mp4", "can't write to the folder .*none")
    refused(film, tmp_path / "out.txt", r"\.txt is no video file")
    refused(film, tmp_path / "out", "a name without a suffix")
    refused(tmp_path / "gone.mp4", tmp_path / "out.mp4", "there is no video .*gone.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to the superuser")
def test_a_read_only_folder(folder: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        refused(folder / "film.mp4", tmp_path / "out.mp4", "can't write to the folder")
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "content"),
    [("text.mp4", b"not a film" * 100), ("empty.mp4", b""), ("list.mp4", b"ffconcat version 1.0\nfile film.mp4\n")],
)
def test_what_is_no_video(folder: Path, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes((folder / "film.mp4").read_bytes())
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, tmp_path / "out.mp4", f"can't read .*{name}")


def test_a_sound_file_is_no_video(folder: Path, tmp_path: Path) -> None:
    refused(folder / "click.wav", tmp_path / "out.mp4", "can't read|no picture")
    ffmpeg("-f", "lavfi", "-t", 1, "-i", "sine", "-c:a", "aac", tmp_path / "audio.mp4")
    refused(tmp_path / "audio.mp4", tmp_path / "out.mp4", "has no picture")


def test_a_sheet_of_another_length_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="lasts 100000 s, but it lasts 2 s"):
        render(folder / "film.mp4", tmp_path / "out.mp4", sheet(length_s=100_000))


def long_film(folder: Path, path: Path) -> Path:
    """A minute: far more sound than a pipe holds."""
    ffmpeg("-stream_loop", 30, "-i", folder / "film.mp4", "-c", "copy", path)
    return path


@pytest.mark.skipif(os.name == "nt", reason="limits of file size are of Unix")
def test_a_full_disk_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    import resource

    film = long_film(folder, tmp_path / "a.mp4")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        refused_with = pytest.raises(RenderError, match=r"can't write .*out\.mp4")
        with refused_with:
            render(film, tmp_path / "out.mp4", sheet(length_s=60))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_what_is_left_to_write_when_the_disk_is_full_goes_with_the_rest(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 2)
    spool._file.close()
    spool._file = open("/dev/full", "r+b")  # noqa: SIM115 - closed by it
    with pytest.raises(ZeroDivisionError), spool:
        spool._file.write(b"a little, which waits")
        raise ZeroDivisionError


class Children:
    """The ffmpeg processes that were started, to see that none is left."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[subprocess.Popen[bytes]] = []
        real = sonify_ffmpeg.start

        def start(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
            self.started.append(real(*args, **kwargs))
            return self.started[-1]

        monkeypatch.setattr(sonify_ffmpeg, "start", start)

    def all_over(self) -> bool:
        return bool(self.started) and all(child.returncode is not None for child in self.started)


@pytest.mark.parametrize("after", [0, 1, 10])
def test_ctrl_c_leaves_nothing(folder: Path, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300")
    children = Children(monkeypatch)
    seen = 0

    def interrupt(event: Event) -> None:
        nonlocal seen
        if seen == after:
            raise KeyboardInterrupt
        seen += 1

    with pytest.raises(KeyboardInterrupt):
        render_sheet(
            sheet(length_s=60),
            film,
            tmp_path / "out.mp4",
            sounds=lambda ref: folder / ref.path,
            settings=MixSettings(profile="film"),
            progress=interrupt,
        )
    assert children.all_over()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("mix", r"ffmpeg was ended while it read the audio of .*a\.mp4"),
        ("write", r"can't write .*out\.mp4: ffmpeg ended"),
    ],
)
def test_an_ffmpeg_that_is_killed_is_an_error(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, message: str
) -> None:
    film, hum = tmp_path / "a.mp4", ["-f", "lavfi", "-i", "sine=300:d=60"]
    ffmpeg("-stream_loop", 30, "-i", folder / "film.mp4", *hum, "-c:v", "copy", film)
    children = Children(monkeypatch)

    def kill(event: Event) -> None:
        if event.stage == stage:
            for child in children.started:
                child.send_signal(signal.SIGKILL)

    with pytest.raises(RenderError, match=message):
        render_sheet(
            sheet(length_s=60),
            film,
            tmp_path / "out.mp4",
            sounds=lambda ref: folder / ref.path,
            settings=MixSettings(profile="film"),
            progress=kill,
        )
    assert children.all_over()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_an_error_in_the_mix_ends_ffmpeg_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300")
    children = Children(monkeypatch)
    sound, out = tmp_path / "click.wav", tmp_path / "out.mp4"
    soundfile.write(sound, CLICK, RATE_HZ)

    def vanish(event: Event) -> None:
        # A sound's header is read at the start, its samples when its cue begins.
        sound.write_bytes(b"gone")

    with pytest.raises(SonifyError, match=r"click\.wav"):
        render_sheet(
            sheet((30.0,), 60.0),
            film,
            out,
            sounds=lambda ref: sound,
            settings=MixSettings(profile="film"),
            progress=vanish,
        )
    assert children.all_over()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "click.wav"]


def test_progress_reaches_the_end(folder: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    render_sheet(
        sheet(),
        folder / "film.mp4",
        tmp_path / "out.mp4",
        sounds=lambda ref: folder / ref.path,
        settings=MixSettings(profile="film"),
        progress=events.append,
    )
    assert events[-1] == Event("write", LENGTH_S, LENGTH_S, "s")
    assert Event("mix", LENGTH_S, LENGTH_S, "s") in events
