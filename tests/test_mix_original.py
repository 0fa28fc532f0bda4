"""The video's own audio: in step, at its level, ducked, folded down."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from mix_films import BEEP, LENGTH_S, RATE_HZ, ffmpeg, films, heard_at, packets, render, sheet, sound_of, with_audio
from numpy.typing import NDArray


@pytest.fixture(scope="module")
def folder() -> Path:
    return films()


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


def test_the_original_is_kept_lowered_or_left_out(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300:r=48000")
    levels = {}
    for original in ("keep", "duck", "mute"):
        out = tmp_path / f"{original}.mp4"
        render(film, out, sheet((1.0,)), original=original, effect_below_lu=60, profile="film")
        samples, _, _ = sound_of(out)
        levels[original] = (level(samples, 0.2, 0.8), level(samples, 1.1, 1.4))
    own = level(sound_of(film)[0], 0.2, 0.8)
    assert levels["keep"] == pytest.approx((own, own), abs=0.2)
    assert levels["duck"] == pytest.approx((own, own - 9), abs=0.3)
    assert max(levels["mute"]) < own - 25


def test_mono_keeps_its_level(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300:r=22050", "-ac", "1")
    render(film, tmp_path / "out.mp4", sheet(()), profile="film")
    before, after = sound_of(film)[0], sound_of(tmp_path / "out.mp4")[0]
    assert len(after) == 2
    assert 10 * np.log10((after**2).mean() / (before**2).mean()) == pytest.approx(0, abs=0.2)


def test_five_point_one_is_folded_down_where_that_is_wanted(folder: Path, tmp_path: Path) -> None:
    # A tone in the centre alone: it must be heard on both sides of the new stereo track.
    film = with_audio(folder, tmp_path / "a.mkv", "sine=300:r=48000,pan=5.1|FC=c0", "-ac", "6")
    with av.open(str(film)) as container:
        assert container.streams.audio[0].channels == 6
    render(film, tmp_path / "out.mkv", surround="stereo")
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


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm", ".ts"])
def test_five_point_one_stays_five_point_one(folder: Path, tmp_path: Path, suffix: str) -> None:
    # A tone in each channel, another in each, so that none can change places with another.
    tones = "|".join(f"0.05*sin(2*PI*{hz}*t)" for hz in (300, 400, 500, 60, 700, 800))
    film = tmp_path / f"a{'.webm' if suffix == '.webm' else '.mkv'}"
    picture = ["-c:v", "libvpx"] if suffix == ".webm" else ["-c:v", "copy"]
    sound = ["-f", "lavfi", "-t", LENGTH_S, "-i", f"aevalsrc={tones}:c=5.1:s=48000"]
    ffmpeg("-i", folder / "film.mp4", *sound, *picture, "-b:a", "448k", film)
    out = tmp_path / f"out{suffix}"
    render(film, out, sheet((1.0,)))
    samples, rate, _ = sound_of(out)
    assert len(samples) == 6
    middle = samples[:, round(0.2 * rate) : round(0.8 * rate)]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.shape[1]), axis=1))
    assert np.fft.rfftfreq(middle.shape[1], 1 / rate)[spectrum.argmax(axis=1)] == pytest.approx(
        [300, 400, 500, 60, 700, 800], abs=3
    )
    # The cue sounds in front, on the left and the right, and nowhere else.
    click = [level(channel[None], 0.98, 1.06) - level(channel[None], 0.5, 0.8) for channel in samples]
    assert min(click[:2]) > 2
    assert max(click[2:]) < 0.5


def test_a_container_that_can_t_carry_surround_says_so(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mkv", "sine=300:r=48000,pan=5.1|FC=c0", "-ac", "6")
    notes = render(film, tmp_path / "out.flv")
    assert any("can't carry 5.1 sound" in text for text in notes)
    assert len(sound_of(tmp_path / "out.flv")[0]) == 2


def test_between_the_cues_the_original_is_heard(folder: Path, tmp_path: Path) -> None:
    film = with_audio(folder, tmp_path / "a.mp4", "sine=300:r=48000")
    render(film, tmp_path / "out.mp4", sheet((1.0,)), original="replace", effect_below_lu=60)
    samples, _, _ = sound_of(tmp_path / "out.mp4")
    assert level(samples, 1.1, 1.4) < level(samples, 0.2, 0.8) - 40


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_all_the_original_tracks_may_follow_the_new_one(folder: Path, tmp_path: Path, suffix: str) -> None:
    film = tmp_path / "two.mkv"
    tracks = ["-f", "lavfi", "-i", "sine=300:r=48000:d=2", "-f", "lavfi", "-i", "sine=900:r=48000:d=2"]
    ffmpeg(
        *tracks,
        "-i",
        folder / "film.mp4",
        "-map",
        "2:v",
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        film,
    )
    out = tmp_path / f"out{suffix}"
    render(film, out, keep_tracks=True)
    with av.open(str(out)) as after:
        assert len(after.streams.audio) == 3
        if suffix != ".ts":  # which has no such flag
            assert [bool(s.disposition & Disposition.default) for s in after.streams.audio] == [True, False, False]
    for index in (0, 1):
        old, new = packets(film, "audio", index), packets(out, "audio", index + 1)
        assert len(new) == len(old)
        if suffix != ".ts":  # there each packet gets a header
            assert [p[3] for p in new] == [p[3] for p in old]
