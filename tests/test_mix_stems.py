"""Stems: aligned to the picture, and in sum the mix before it is mastered."""

from __future__ import annotations

import errno
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from mix_films import CLICK, RATE_HZ, films, render, with_audio
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import RenderError
from sonify.mix import bwf, streams
from sonify.mix.bwf import BwfWriter
from sonify.mix.mixer import Mix
from sonify.mix.render import render_sheet
from sonify.mix.stems import start_sample
from sonify.settings import MixSettings


@pytest.fixture(scope="module")
def folder() -> Path:
    return films()


def noise(seconds: float, level: float) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(0, level, (round(seconds * RATE_HZ), 2))


def cue(name: str, kind: str, label: str, start_s: float, end_s: float, **more: float) -> Cue:
    sound = SoundRef("l", "click.wav" if kind == "effect" else "bed.wav")
    return Cue(name, kind, label, sound, start_s, end_s, **more)  # type: ignore[arg-type]


CUES = (
    cue("a", "effect", "dog barking", 0.5, 0.9),
    cue("b", "effect", "door/knock: loud", 0.7, 1.2),
    cue("c", "effect", "dog barking", 1.4, 1.8),
    cue("d", "ambience", "rain", 0.0, 2.0),
)


def sheet(*cues: Cue) -> CueSheet:
    return CueSheet(
        VideoRef("a", 2.0, "25", 96, 64, ""), ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, 2.0),), cues
    )


def stems_of(film: Path, tmp_path: Path, *cues: Cue, force: bool = False, **settings: object) -> dict[str, Path]:
    soundfile.write(tmp_path / "bed.wav", noise(1, 0.1), RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "click.wav", CLICK, RATE_HZ, subtype="FLOAT")
    render_sheet(
        sheet(*cues),
        film,
        tmp_path / "out.mp4",
        sounds=lambda ref: tmp_path / ref.path,
        settings=MixSettings(**settings),  # type: ignore[arg-type]
        stems=tmp_path / "stems",
        force=force,
    )
    return {path.name.removeprefix("out.").removesuffix(".wav"): path for path in (tmp_path / "stems").iterdir()}


@pytest.mark.parametrize("level_db", [-18.0, 24.0])
def test_the_sum_of_the_stems_is_the_mix(folder: Path, tmp_path: Path, level_db: float) -> None:
    film = with_audio(folder, tmp_path / "film.mp4", "anoisesrc=a=0.3:seed=3:r=48000")
    cues = [Cue(**{**vars(c), "gain_db": level_db}) for c in CUES]
    found = stems_of(film, tmp_path, *cues)
    assert set(found) == {
        "original", "effects", "ambience", "effects.dog-barking", "effects.door-knock-loud", "ambience.rain",
    }  # fmt: skip
    samples = {name: soundfile.read(path, always_2d=True)[0] for name, path in found.items()}
    info = soundfile.info(str(found["effects"]))
    assert (info.samplerate, info.subtype, info.frames) == (48_000, "PCM_24", 2 * RATE_HZ)
    mix = Mix(sheet(*cues), streams.inspect(film), lambda ref: tmp_path / ref.path, MixSettings())
    whole = np.concatenate(list(mix.samples()))
    total = samples["original"] + samples["effects"] + samples["ambience"]
    # Where a stem would clip, all are lower alike, to just under full scale.
    highest = max(float(np.abs(part).max()) for part in samples.values())
    factor = float((whole * total).sum() / (total * total).sum())
    assert factor == pytest.approx(1, abs=1e-6) if level_db < 0 else factor > 1.05
    assert highest <= 1
    assert np.abs(whole / factor - total).max() < 10 ** (-90 / 20)
    bus = samples["effects.dog-barking"] + samples["effects.door-knock-loud"]
    assert np.abs(bus - samples["effects"]).max() < 10 ** (-90 / 20)


def test_each_label_sounds_in_its_own_stem(folder: Path, tmp_path: Path) -> None:
    found = stems_of(folder / "film.mp4", tmp_path, *CUES)
    assert "original" not in found
    dog = np.abs(soundfile.read(found["effects.dog-barking"])[0]).max(axis=1)
    assert np.flatnonzero(dog > 0.01)[0] == pytest.approx(0.5 * RATE_HZ, abs=20)
    assert dog[: round(0.49 * RATE_HZ)].max() == 0
    assert not dog[round(0.95 * RATE_HZ) : round(1.35 * RATE_HZ)].any()


def test_the_same_sheet_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    first = {name: path.read_bytes() for name, path in stems_of(folder / "film.mp4", tmp_path, *CUES).items()}
    again = stems_of(folder / "film.mp4", tmp_path, *CUES, force=True)
    assert {name: path.read_bytes() for name, path in again.items()} == first


def test_stems_that_exist_are_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "stems").mkdir()
    (tmp_path / "stems" / "out.effects.wav").write_bytes(b"mine")
    with pytest.raises(RenderError, match=r"out\.effects\.wav exists"):
        stems_of(folder / "film.mp4", tmp_path, *CUES)
    assert [p.name for p in (tmp_path / "stems").iterdir()] == ["out.effects.wav"]
    assert not (tmp_path / "out.mp4").exists()


def test_the_file_says_where_it_belongs(tmp_path: Path) -> None:
    with BwfWriter(tmp_path / "a.wav", 2, description="film effects", time_reference=172_800_000) as writer:
        writer.write(noise(0.1, 0.1))
    raw = (tmp_path / "a.wav").read_bytes()
    assert struct.unpack_from("<I", raw, 4)[0] == len(raw) - 8
    at = raw.index(b"bext") + 8
    assert raw[at : at + 256].rstrip(b"\0") == b"film effects"
    assert struct.unpack_from("<Q", raw, at + 338)[0] == 172_800_000


def test_over_4_gib_it_is_an_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bwf, "_LARGEST_RIFF", 10_000)
    samples = noise(0.2, 0.1)
    with BwfWriter(tmp_path / "a.wav", 2) as writer:
        writer.write(samples)
    raw = (tmp_path / "a.wav").read_bytes()
    assert raw[:4] == b"RF64"
    assert raw[12:16] == b"ds64"
    assert struct.unpack_from("<QQQ", raw, 20) == (len(raw) - 8, len(samples) * 6, len(samples))


@pytest.mark.parametrize(
    ("timecode", "rate", "seconds"),
    [
        ("", "25", Fraction(0)),
        ("01:00:00:00", "25", Fraction(3600)),
        ("01:00:00:12", "24", Fraction(3600) + Fraction(1, 2)),
        ("01:00:00:00", "30000/1001", Fraction(3600 * 1001, 1000)),
        # An hour of drop-frame time code is 107,892 frames.
        ("01:00:00;00", "30000/1001", Fraction(107_892 * 1001, 30_000)),
        ("nonsense", "25", Fraction(0)),
    ],
)
def test_a_time_code_is_a_time_of_day(timecode: str, rate: str, seconds: Fraction) -> None:
    assert start_sample(timecode, Fraction(rate)) == round(seconds * RATE_HZ)


def test_a_film_with_a_time_code_gives_it_to_its_stems(folder: Path, tmp_path: Path) -> None:
    from mix_films import ffmpeg

    film = tmp_path / "film.mov"
    ffmpeg("-i", folder / "film.mp4", "-c", "copy", "-timecode", "10:00:00:00", film)
    assert streams.inspect(film).timecode == "10:00:00:00"
    found = stems_of(film, tmp_path, *CUES)
    raw = found["effects"].read_bytes()
    assert struct.unpack_from("<Q", raw, raw.index(b"bext") + 8 + 338)[0] == 36_000 * RATE_HZ


def test_without_stems_nothing_is_written_beside(folder: Path, tmp_path: Path) -> None:
    render(folder / "film.mp4", tmp_path / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("step", ["write", "close"])
def test_a_disk_that_is_full_while_stems_are_written_leaves_none_of_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    calls, real = 0, getattr(BwfWriter, step)

    def full(self: BwfWriter, *args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, *args)

    monkeypatch.setattr(BwfWriter, step, full)
    with pytest.raises(RenderError, match=r"can't write .*out\.mp4: No space left on device: make room"):
        stems_of(folder / "film.mp4", tmp_path, *CUES)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bed.wav", "click.wav"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_why_it_failed_is_not_hidden_by_what_can_t_be_written_any_more() -> None:
    with pytest.raises(ZeroDivisionError), BwfWriter(Path("/dev/full"), 2) as writer:
        writer.write(np.zeros((100, 2)))
        raise ZeroDivisionError
