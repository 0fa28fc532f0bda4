"""The files: the picture's packets untouched, everything else carried along, the sound in step."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from mix_films import (
    LENGTH_S,
    PICTURE,
    RATE_HZ,
    VIDEO_OF,
    X264,
    ffmpeg,
    films,
    heard_at,
    packets,
    render,
    sheet,
    sound_of,
)


@pytest.fixture(scope="module")
def folder() -> Path:
    return films()


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


@pytest.mark.parametrize("suffix", list(VIDEO_OF))
def test_what_a_container_can_t_carry_is_said(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "s.srt").write_text(SUBTITLES)
    (tmp_path / "m.txt").write_text(CHAPTERS)
    film, out = tmp_path / "a.mkv", tmp_path / f"out{suffix}"
    ffmpeg(*PICTURE, "-i", tmp_path / "s.srt", "-i", tmp_path / "m.txt", "-map", "0:v", "-map", "1:s",
           "-map_metadata", 2, "-map_chapters", 2, *VIDEO_OF[suffix], "-c:s", "srt", "-attach", tmp_path / "s.srt",
           "-metadata:s:t", "mimetype=text/plain", film)  # fmt: skip
    notes, after = render(film, out), contents(out)
    for kind in ("subtitle", "attachment"):
        assert (kind in after["kinds"]) != any(kind in note for note in notes), kind
    assert (len(after["chapters"]) == 2) != any("chapters" in note for note in notes)


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


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_the_time_code_stays(folder: Path, tmp_path: Path, suffix: str) -> None:
    film, out = tmp_path / f"a{suffix}", tmp_path / f"out{suffix}"
    ffmpeg("-i", folder / "film.mp4", "-c", "copy", "-timecode", "01:02:03:04", film)
    assert render(film, out) == []
    with av.open(str(film)) as a, av.open(str(out)) as b:
        for container in (a, b):
            assert container.streams.video[0].metadata["timecode"] == "01:02:03:04"
            assert [s.type for s in container.streams].count("data") == 1


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
