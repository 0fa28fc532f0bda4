"""The files: the picture's packets untouched, everything else carried along, sound in step, nothing left behind."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import RenderError, SonifyError
from sonify.mix import ffmpeg as sonify_ffmpeg
from sonify.mix.render import render_sheet
from sonify.progress import Event
from sonify.settings import MixSettings

RATE_HZ = 48_000
LENGTH_S = 2.0
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=96x64:r=25:d={LENGTH_S}")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "20")
BEEP = "aevalsrc='if(between(t,{at},{at}+0.01),0.5*sin(2*PI*3000*t),0)':s=44100:d={length}"


def ffmpeg(*arguments: object) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """click.wav, a burst of 3 kHz, and film.mp4, two seconds without audio."""
    av.logging.set_level(av.logging.PANIC)
    place = tmp_path_factory.mktemp("films")
    soundfile.write(place / "click.wav", CLICK, RATE_HZ, subtype="FLOAT")
    ffmpeg(*PICTURE, *X264, "-metadata", "title=A film", "-metadata", "creation_time=2020-02-02T02:02:02Z",
           place / "film.mp4")  # fmt: skip
    return place


def _click() -> NDArray[np.float32]:
    time = np.arange(480) / RATE_HZ
    burst = np.sin(2 * np.pi * 3000 * time) * np.exp(-400 * time)
    return np.concatenate([burst, np.zeros(RATE_HZ)]).astype(np.float32)


CLICK = _click()


def sheet(at_s: Sequence[float] = (1.0,), length_s: float = LENGTH_S) -> CueSheet:
    return CueSheet(
        video=VideoRef("film", length_s, "25", 96, 64, ""),
        model=ModelRef("none", ""),
        libraries=(LibraryRef("l"),),
        scenes=(Scene(0, length_s),),
        cues=tuple(
            Cue(f"c{at}", "effect", "click", SoundRef("l", "click.wav"), start_s=at, end_s=min(at + 0.5, length_s))
            for at in at_s
        ),
    )


def render(video: Path, out: Path, document: CueSheet | None = None, **settings: Any) -> list[str]:
    """Renders and returns the notes."""
    notes: list[str] = []

    def progress(event: Event) -> None:
        notes.extend([event.note] if event.note else [])

    render_sheet(
        document or sheet(),
        video,
        out,
        sounds=lambda ref: Path(os.environ["CLICKS"]) / ref.path,
        settings=MixSettings(**settings),
        progress=progress,
    )
    return notes


@pytest.fixture(autouse=True)
def _clicks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKS", str(folder))


def packets(path: Path, kind: str = "video", which: int = 0) -> list[tuple[Fraction, Fraction | None, bool, str]]:
    """Of each packet: when it is shown, counted from the first one shown; its length, key flag and hash."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][which]
        found = [p for p in container.demux(stream) if p.size]
        base = stream.time_base
        zero = min(p.pts for p in found)
        return [
            ((p.pts - zero) * base, p.duration * base if p.duration else None, p.is_keyframe,
             hashlib.sha256(bytes(p)).hexdigest())
            for p in found
        ]  # fmt: skip


def sound_of(path: Path) -> tuple[NDArray[np.float64], int, float]:
    """The first audio track [C, N], its rate, and its start in seconds after the first frame."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        shown = [
            p.pts * p.time_base for p in container.demux(video) if p.size and p.pts is not None and not p.is_discard
        ]
    parts, start = [], None
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            start = frame.time if start is None else start
            part = frame.to_ndarray()
            if not frame.format.is_planar:
                part = part.reshape(-1, frame.layout.nb_channels).T
            parts.append(part.astype(np.float64) / (32768 if frame.format.name.startswith("s16") else 1))
    assert start is not None
    return np.concatenate(parts, axis=1), rate, start - float(min(shown))


def heard_at(path: Path) -> float:
    """When the click is heard, in seconds after the first frame."""
    samples, rate, start_s = sound_of(path)
    assert rate == RATE_HZ
    likeness = np.correlate(samples[0], CLICK[:480].astype(np.float64), "valid")
    return start_s + int(np.argmax(np.abs(likeness))) / rate


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".sonify"))


VIDEO_OF = {
    ".mp4": X264,
    ".m4v": X264,
    ".mov": X264,
    ".mkv": X264,
    ".webm": ("-c:v", "libvpx", "-b:v", "200k", "-deadline", "realtime"),
    ".avi": ("-c:v", "mpeg4", "-q:v", "5", "-bf", "2"),
    ".ts": X264,
    ".mpg": ("-c:v", "mpeg2video", "-q:v", "5"),
    ".ogv": ("-c:v", "libtheora", "-q:v", "5"),
    ".flv": X264,
    ".wmv": ("-c:v", "wmv2", "-q:v", "5"),
}
CODEC_OF = {".webm": "opus", ".avi": "mp3", ".mpg": "mp2", ".ogv": "vorbis", ".wmv": "wmav2"}


@pytest.mark.parametrize("suffix", list(VIDEO_OF))
def test_every_container_keeps_its_picture_and_has_the_sound_in_step(tmp_path: Path, suffix: str) -> None:
    film, out = tmp_path / f"a film{suffix}", tmp_path / f"out{suffix}"
    ffmpeg(*PICTURE, *VIDEO_OF[suffix], film)
    assert render(film, out) == []
    before, after = packets(film), packets(out)
    assert [p[3] for p in after] == [p[3] for p in before]
    if suffix not in (".mpg",):  # MPEG programme streams have time stamps on some packets only.
        assert [float(p[0]) for p in after] == pytest.approx([float(p[0]) for p in before], abs=0.0011)
    with av.open(str(out)) as container:
        audio = container.streams.audio
        assert [(a.codec_context.codec.canonical_name, a.rate, a.channels) for a in audio] == [
            (CODEC_OF.get(suffix, "aac"), RATE_HZ, 2)
        ]
    assert heard_at(out) == pytest.approx(1.0, abs=0.0015)
    samples, rate, start_s = sound_of(out)
    assert start_s + samples.shape[1] / rate == pytest.approx(LENGTH_S, abs=0.04)


def test_the_length_is_the_video_s_within_a_frame(folder: Path, tmp_path: Path) -> None:
    render(folder / "film.mp4", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.duration == pytest.approx(LENGTH_S * 1e6, abs=0.04e6)
        assert container.streams.audio[0].disposition.name == "default"


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001"])
def test_odd_frame_rates_keep_their_time_base(tmp_path: Path, rate: str) -> None:
    film, out = tmp_path / "a.mp4", tmp_path / "out.mp4"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=96x64:r={rate}:d=2", *X264, film)
    render(film, out)
    assert packets(out) == packets(film)
    with av.open(str(film)) as a, av.open(str(out)) as b:
        assert b.streams.video[0].time_base == a.streams.video[0].time_base


def test_variable_frame_rate_rotation_and_pixel_shape_stay(tmp_path: Path) -> None:
    plain, film, out = tmp_path / "plain.mp4", tmp_path / "a.mp4", tmp_path / "out.mp4"
    uneven = "setpts='(N+floor(N/3)*2)/25/TB',setsar=4/3"
    ffmpeg(*PICTURE, "-vf", uneven, "-fps_mode", "passthrough", *X264, plain)
    ffmpeg("-display_rotation", "90", "-i", plain, "-c", "copy", film)
    render(film, out, sheet(length_s=3.3))
    assert packets(out) == packets(film)
    assert len({p[1] for p in packets(out)}) > 1
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert stream.sample_aspect_ratio == Fraction(4, 3)
        assert next(container.decode(stream)).rotation == 90


SUBTITLES = "1\n00:00:00,200 --> 00:00:01,000\nA door opens.\n\n2\n00:00:01,200 --> 00:00:01,900\nRain.\n"
CHAPTERS = (
    ";FFMETADATA1\ntitle=The film\nartist=Somebody\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
    "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Two\n"
)


def rich(folder: Path, path: Path) -> Path:
    """A film with two audio tracks, subtitles, chapters and metadata, and in Matroska an attached file."""
    (path.parent / "s.srt").write_text(SUBTITLES)
    (path.parent / "m.txt").write_text(CHAPTERS)
    (path.parent / "font.ttf").write_bytes(bytes(range(256)) * 8)
    attach = ["-attach", path.parent / "font.ttf", "-metadata:s:t", "mimetype=font/ttf"]
    ffmpeg(
        *("-i", folder / "film.mp4", "-f", "lavfi", "-t", 2, "-i", "sine=440", "-i", path.parent / "s.srt"),
        *("-i", path.parent / "m.txt", "-map", "0:v", "-map", "1:a", "-map", "1:a", "-map", "2:s"),
        *("-map_metadata", 3, "-map_chapters", 3, "-c:v", "copy", "-c:a", "aac"),
        *("-c:s", "mov_text" if path.suffix == ".mp4" else "srt", "-metadata:s:a:0", "language=fra"),
        *("-metadata:s:s:0", "language=deu", *(attach if path.suffix == ".mkv" else []), path),
    )
    return path


def contents(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        return {
            # MP4 keeps the titles of its chapters in a data stream.
            "kinds": [s.type for s in container.streams if s.name != "bin_data"],
            "languages": [s.metadata.get("language") for s in container.streams],
            "title": container.metadata.get("title"),
            "artist": container.metadata.get("artist") or container.metadata.get("ARTIST"),
            "chapters": [(c["metadata"]["title"], float(c["start"] * c["time_base"])) for c in container.chapters()],
        }


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_subtitles_chapters_metadata_and_attachments_go_along(folder: Path, tmp_path: Path, suffix: str) -> None:
    film, out = rich(folder, tmp_path / f"a{suffix}"), tmp_path / f"out{suffix}"
    assert render(film, out) == []
    before, after = contents(film), contents(out)
    assert before["kinds"].count("audio") == 2
    rest = [kind for kind in before["kinds"] if kind not in ("video", "audio")]
    assert after["kinds"] == ["video", "audio", *rest]
    assert "subtitle" in rest
    assert ("attachment" in rest) == (suffix == ".mkv")
    assert after["languages"][1] == "fra"
    assert after["languages"][2] == "deu"
    for name in ("title", "artist", "chapters"):
        assert after[name] == before[name]
    assert [p[3] for p in packets(out, "subtitle")] == [p[3] for p in packets(film, "subtitle")]
    assert packets(out) == packets(film)


def test_text_subtitles_change_their_form_with_the_container(folder: Path, tmp_path: Path) -> None:
    film, out = rich(folder, tmp_path / "a.mkv"), tmp_path / "out.mp4"
    notes = render(film, out)
    assert len(notes) == 1
    assert "attachment" in notes[0]
    assert "a.mkv" in notes[0]
    assert contents(out)["kinds"] == ["video", "audio", "subtitle"]
    with av.open(str(out)) as container:
        assert container.streams.subtitles[0].codec_context.codec.canonical_name == "mov_text"


def test_creation_time_and_title_stay(folder: Path, tmp_path: Path) -> None:
    render(folder / "film.mp4", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["creation_time"].startswith("2020-02-02T02:02:02")
        assert container.metadata["title"] == "A film"


def test_a_camera_s_own_tags_stay(folder: Path, tmp_path: Path) -> None:
    film, out = tmp_path / "a.mov", tmp_path / "out.mov"
    place = {"com.apple.quicktime.location.ISO6709": "+51.5-000.1/", "com.apple.quicktime.model": "A camera"}
    tags = [part for name, value in place.items() for part in ("-metadata", f"{name}={value}")]
    ffmpeg("-i", folder / "film.mp4", "-c", "copy", "-movflags", "use_metadata_tags", *tags, film)
    render(film, out)
    with av.open(str(out)) as container:
        assert {name: container.metadata.get(name) for name in place} == place
        assert container.metadata["major_brand"].strip() == "qt"


def test_a_picture_that_begins_absurdly_late_is_moved_to_the_start(folder: Path, tmp_path: Path) -> None:
    film, out = tmp_path / "a.mkv", tmp_path / "out.mkv"
    ffmpeg("-itsoffset", 4000, "-i", folder / "film.mp4", "-f", "lavfi", "-t", 2, "-i", "sine=300", "-map", "0:v",
           "-map", "1:a", "-c:v", "copy", "-c:a", "flac", film)  # fmt: skip
    render(film, out)
    assert [p[3] for p in packets(out)] == [p[3] for p in packets(film)]
    assert heard_at(out) == pytest.approx(1.0, abs=0.0015)
    with av.open(str(out)) as container:
        assert container.duration == pytest.approx(LENGTH_S * 1e6, abs=0.1e6)


def test_a_subtitle_that_stands_for_weeks_does_not_make_the_film_so_long(folder: Path, tmp_path: Path) -> None:
    plain, film, out = tmp_path / "plain.mkv", tmp_path / "a.mkv", tmp_path / "out.mkv"
    rich(folder, plain)
    ffmpeg("-i", plain, "-map", "0", "-c", "copy", "-bsf:s", "setts=duration=4294967295", film)
    render(film, out)
    with av.open(str(film)) as a, av.open(str(out)) as b:
        assert a.duration > 1e12
        assert b.duration == pytest.approx(LENGTH_S * 1e6, abs=2.1e6)
    assert [p[3] for p in packets(out, "subtitle")] == [p[3] for p in packets(film, "subtitle")]


def test_the_same_sheet_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    for suffix in (".mp4", ".mkv"):
        one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
        render(folder / "film.mp4", one)
        render(folder / "film.mp4", two)
        assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(("audio_late", "video_late"), [(0.7, 0.0), (0.0, 0.5), (0.0, 0.0)])
def test_the_original_stays_in_step(
    folder: Path, tmp_path: Path, suffix: str, audio_late: float, video_late: float
) -> None:
    film, out = tmp_path / f"a{suffix}", tmp_path / f"out{suffix}"
    beep = BEEP.format(at=1.0 + video_late - audio_late, length=2.2)
    ffmpeg(
        *("-itsoffset", video_late, "-i", folder / "film.mp4", "-itsoffset", audio_late, "-f", "lavfi", "-i", beep),
        *("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", film),
    )
    render(film, out, sheet(()))
    assert heard_at(out) == pytest.approx(1.0, abs=0.0015)
    assert [p[0] for p in packets(out)] == pytest.approx([p[0] for p in packets(film)], abs=0.0011)


def level(samples: NDArray[np.float64], start_s: float, end_s: float) -> float:
    part = samples[:, round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    return float(10 * np.log10((part**2).mean() + 1e-20))


def with_audio(folder: Path, path: Path, source: str, *options: object) -> Path:
    ffmpeg("-i", folder / "film.mp4", "-f", "lavfi", "-t", LENGTH_S, "-i", source, "-map", "0:v", "-map", "1:a",
           "-c:v", "copy", "-c:a", "aac", *options, path)  # fmt: skip
    return path


def test_the_original_is_kept_lowered_or_left_out(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300:r=48000")
    levels = {}
    for original in ("keep", "duck", "mute"):
        out = tmp_path / f"{original}.mp4"
        render(film, out, sheet((1.0,)), original=original, effect_lufs=-60)
        samples, _, _ = sound_of(out)
        levels[original] = (level(samples, 0.2, 0.8), level(samples, 1.1, 1.4))
    own = level(sound_of(film)[0], 0.2, 0.8)
    assert levels["keep"] == pytest.approx((own, own), abs=0.2)
    assert levels["duck"] == pytest.approx((own, own - 9), abs=0.3)
    assert max(levels["mute"]) < own - 25


def test_mono_keeps_its_level(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300:r=22050", "-ac", "1")
    render(film, tmp_path / "out.mp4", sheet(()))
    before, after = sound_of(film)[0], sound_of(tmp_path / "out.mp4")[0]
    assert len(after) == 2
    assert 10 * np.log10((after**2).mean() / (before**2).mean()) == pytest.approx(0, abs=0.2)


def test_five_point_one_is_folded_down_and_not_left_in(folder: Path, tmp_path: Path) -> None:
    # A tone in the centre alone: it must be heard on both sides of the new stereo track.
    film = with_audio(folder, tmp_path / "a.mkv", "sine=300:r=48000,pan=5.1|FC=c0", "-ac", "6")
    with av.open(str(film)) as container:
        assert container.streams.audio[0].channels == 6
    render(film, tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [s.channels for s in container.streams.audio] == [2]
    samples, _, _ = sound_of(tmp_path / "out.mkv")
    loud = level(sound_of(film)[0][2:3], 0.2, 0.8)
    assert level(samples[:1], 0.2, 0.8) == pytest.approx(loud - 3, abs=0.5)
    assert level(samples[1:], 0.2, 0.8) == pytest.approx(loud - 3, abs=0.5)
    assert heard_at(tmp_path / "out.mkv") == pytest.approx(1.0, abs=0.0015)


def test_a_film_with_neither_audio_nor_cues_gets_a_silent_track(folder: Path, tmp_path: Path) -> None:
    notes = render(folder / "film.mp4", tmp_path / "out.mp4", sheet(()))
    assert ["silent track" in note for note in notes] == [True]
    samples, _, _ = sound_of(tmp_path / "out.mp4")
    assert samples.shape[0] == 2
    assert not samples.any()


def test_audio_shorter_or_longer_than_the_picture(folder: Path, tmp_path: Path) -> None:
    for seconds in (0.5, 6):
        film = tmp_path / f"{seconds}.mp4"
        ffmpeg("-i", folder / "film.mp4", "-f", "lavfi", "-t", seconds, "-i", "sine=300:r=48000", "-map", "0:v",
               "-map", "1:a", "-c:v", "copy", "-c:a", "aac", film)  # fmt: skip
        render(film, tmp_path / f"out{seconds}.mp4")
        samples, _, _ = sound_of(tmp_path / f"out{seconds}.mp4")
        assert samples.shape[1] / RATE_HZ == pytest.approx(LENGTH_S, abs=0.04)
        assert packets(tmp_path / f"out{seconds}.mp4") == packets(film)


def test_audio_that_can_t_be_decoded_is_left_out_with_a_note(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mkv", "sine=300:r=48000", "-c:a", "flac")
    raw = film.read_bytes()
    with av.open(str(film)) as container:
        for packet in container.demux(audio=0):
            if packet.size:
                raw = raw.replace(bytes(packet), bytes(packet.size))
    film.write_bytes(raw)
    notes = render(film, tmp_path / "out.mkv")
    assert ["can't be decoded and is left out" in note for note in notes] == [True]
    assert heard_at(tmp_path / "out.mkv") == pytest.approx(1.0, abs=0.0015)


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
            settings=MixSettings(),
            progress=interrupt,
        )
    assert children.all_over()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
def test_an_ffmpeg_that_is_killed_is_an_error(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300")
    children = Children(monkeypatch)

    def kill(event: Event) -> None:
        children.started[0].send_signal(signal.SIGKILL)

    with pytest.raises(RenderError, match=r"can't write .*out\.mp4: ffmpeg ended"):
        render_sheet(
            sheet(length_s=60),
            film,
            tmp_path / "out.mp4",
            sounds=lambda ref: folder / ref.path,
            settings=MixSettings(),
            progress=kill,
        )
    assert children.all_over()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_an_error_in_the_mix_ends_ffmpeg_and_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = Children(monkeypatch)
    sound, out = tmp_path / "click.wav", tmp_path / "out.mp4"
    soundfile.write(sound, CLICK, RATE_HZ)

    def vanish(event: Event) -> None:
        # A sound's header is read at the start, its samples when its cue begins.
        sound.write_bytes(b"gone")

    with pytest.raises(SonifyError, match=r"click\.wav"):
        render_sheet(
            sheet((30.0,), 60.0),
            folder / "film.mp4",
            out,
            sounds=lambda ref: sound,
            settings=MixSettings(),
            progress=vanish,
        )
    assert children.all_over()
    assert [p.name for p in tmp_path.iterdir()] == ["click.wav"]


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_the_time_code_stays(folder: Path, tmp_path: Path, suffix: str) -> None:
    film, out = tmp_path / f"a{suffix}", tmp_path / f"out{suffix}"
    ffmpeg("-i", folder / "film.mp4", "-c", "copy", "-timecode", "01:02:03:04", film)
    assert render(film, out) == []
    with av.open(str(film)) as a, av.open(str(out)) as b:
        for container in (a, b):
            assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"
            assert [s.type for s in container.streams].count("data") == 1


def test_progress_reaches_the_end(folder: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    render_sheet(
        sheet(),
        folder / "film.mp4",
        tmp_path / "out.mp4",
        sounds=lambda ref: folder / ref.path,
        settings=MixSettings(),
        progress=events.append,
    )
    assert events[-1] == Event("mix", LENGTH_S, LENGTH_S, "s")


def clips(shared: Path) -> Iterator[Path]:
    for path in sorted((shared / "media" / "clips").iterdir()):
        if path.suffix != ".csv":
            yield path


@pytest.mark.slow
def test_real_clips_keep_every_packet(shared: Path, tmp_path: Path) -> None:
    changed = []
    for film in clips(shared):
        out = tmp_path / film.name
        shown = packets(film)
        length_s = float(max(p[0] for p in shown)) + 0.04
        render(film, out, sheet((min(0.5, length_s / 3),), length_s))
        hashes = [p[3] for p in shown]
        after = [p[3] for p in packets(out)]
        # Of a clip that an edit list cuts, what comes before the last key frame before the cut isn't needed.
        if after != hashes[len(hashes) - len(after) :] or len(after) < len(hashes) * 0.4:
            changed.append(film.name)
        out.unlink()
    assert changed == []
