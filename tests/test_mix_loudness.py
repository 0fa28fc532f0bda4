"""Finished files meet their profile, as ffmpeg's own meter hears them, whatever the encoder did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from mix_films import RATE_HZ, ffmpeg, films, render, sheet, sound_of
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.loudness import Meter
from sonify.mix.heard import Heard, measure, must_measure
from sonify.mix.mastering import Master
from sonify.mix.profiles import PROFILES, Profile
from sonify.mix.render import render_sheet
from sonify.mix.spool import Spool
from sonify.settings import MixSettings

LENGTH_S = 6.0


@pytest.fixture(scope="module")
def folder() -> Path:
    return films()


def noise(seconds: float, level: float, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0, level, (round(seconds * RATE_HZ), 2))


@pytest.mark.parametrize("block", [1, 4799, 30_011])
def test_the_meter_agrees_with_pyloudnorm(block: int) -> None:
    samples = noise(0.5 if block == 1 else 9, 0.1) * np.linspace(1, 0.01, 24_000 if block == 1 else 432_000)[:, None]
    meter = Meter(RATE_HZ, 2)
    for first in range(0, len(samples), block):
        meter.add(samples[first : first + block])
    known = pyloudnorm.Meter(RATE_HZ).integrated_loudness(samples)
    assert meter.integrated_lufs() == pytest.approx(known, abs=0.05)
    assert meter.loudest_lufs() >= meter.integrated_lufs() - 0.1


def test_silence_has_no_loudness() -> None:
    meter = Meter(RATE_HZ, 2)
    assert meter.integrated_lufs() == float("-inf")
    meter.add(np.zeros((RATE_HZ, 2)))
    assert meter.integrated_lufs() == meter.loudest_lufs() == float("-inf")


def test_surround_counts_as_the_standard_says() -> None:
    # 1.5 dB more from behind, nothing from the low-frequency channel (ITU-R BS.1770-4, table 3).
    mono, found = noise(3, 0.05)[:, 0], []
    for channel in (0, 3, 4):
        samples = np.zeros((len(mono), 6))
        samples[:, channel] = mono
        meter = Meter(RATE_HZ, 6)
        meter.add(samples)
        found.append(meter.integrated_lufs())
    assert found[1] == float("-inf")
    assert found[2] - found[0] == pytest.approx(10 * np.log10(1.41), abs=0.01)


def sheet_of(folder: Path, level: float, hits: int) -> CueSheet:
    """A bed of noise and some hits over it, at a level of the film's own."""
    soundfile.write(folder / "bed.wav", noise(2, 0.05, 1), RATE_HZ, subtype="FLOAT")
    hit = noise(0.3, 0.4, 2) * np.exp(-30 * np.arange(round(0.3 * RATE_HZ)) / RATE_HZ)[:, None]
    soundfile.write(folder / "hit.wav", hit, RATE_HZ, subtype="FLOAT")
    at = np.linspace(0.5, LENGTH_S - 1, hits) if hits else []
    cues = [Cue("bed", "ambience", "noise", SoundRef("l", "bed.wav"), 0.0, LENGTH_S, gain_db=level)]
    cues += [
        Cue(f"h{t:.3f}", "effect", "hit", SoundRef("l", "hit.wav"), round(float(t), 3), round(float(t) + 0.3, 3),
            gain_db=level) for t in at
    ]  # fmt: skip
    return CueSheet(
        VideoRef("a", LENGTH_S, "25", 96, 64, ""), ModelRef("none", ""), (LibraryRef("l"),),
        (Scene(0, LENGTH_S),), tuple(cues),
    )  # fmt: skip


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize(("suffix", "level", "hits"), [(".mp4", 12.0, 20), (".mkv", -20.0, 5), (".webm", 0.0, 10)])
def test_a_file_meets_its_profile(
    folder: Path, tmp_path: Path, profile: str, suffix: str, level: float, hits: int
) -> None:
    film = tmp_path / f"film{suffix}"
    codec = ["libvpx"] if suffix == ".webm" else ["copy"]
    ffmpeg("-stream_loop", 2, "-i", folder / "film.mp4", "-c:v", *codec, film)
    out = tmp_path / f"out{suffix}"
    notes: list[str] = []
    render_sheet(
        sheet_of(tmp_path, level, hits),
        film,
        out,
        sounds=lambda ref: tmp_path / ref.path,
        settings=MixSettings(profile=profile),  # type: ignore[arg-type]
        progress=lambda event: notes.append(event.note) if event.note else None,
    )
    found, wanted = must_measure(out), PROFILES[profile]
    assert found.peak_dbtp <= wanted.peak_dbtp
    assert notes == []
    if wanted.loudness_lufs is not None:
        assert found.loudness_lufs == pytest.approx(wanted.loudness_lufs, abs=0.5)


def test_effects_lie_under_the_original(folder: Path, tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE_HZ) / RATE_HZ)
    soundfile.write(tmp_path / "hit.wav", tone, RATE_HZ, subtype="FLOAT")
    film = tmp_path / "film.mp4"
    ffmpeg("-i", folder / "film.mp4", "-f", "lavfi", "-t", 1.0, "-i", "anoisesrc=a=0.1:seed=1:r=48000", "-ac", 2,
           "-c:v", "copy", film)  # fmt: skip
    cue = Cue("c", "effect", "hit", SoundRef("l", "hit.wav"), 1.2, 2.0)
    document = CueSheet(
        VideoRef("a", 2.0, "25", 96, 64, ""), ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, 2.0),), (cue,)
    )
    settings = MixSettings(profile="film", effect_below_lu=7.0)
    render_sheet(document, film, tmp_path / "o.mp4", sounds=lambda ref: tmp_path / ref.path, settings=settings)
    original = measure(film)
    assert original
    meter = Meter(RATE_HZ, 2)
    meter.add(sound_of(tmp_path / "o.mp4")[0].T[round(1.2 * RATE_HZ) :])
    assert meter.integrated_lufs() == pytest.approx(original.loudness_lufs - 7, abs=0.5)


def test_a_few_clicks_are_not_crushed_until_they_are_loud(folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "long.mp4"
    ffmpeg("-stream_loop", 30, "-i", folder / "film.mp4", "-c", "copy", film)
    notes = render(film, tmp_path / "out.mp4", sheet(length_s=60), profile="web")
    assert any("not -14" in text for text in notes)
    assert must_measure(tmp_path / "out.mp4").peak_dbtp <= -1


def test_what_the_encoder_does_is_corrected(tmp_path: Path) -> None:
    with Spool(tmp_path, 2) as spool:
        spool.fill([noise(3, 0.05) * np.where(np.arange(3 * RATE_HZ) % 4800 < 480, 4, 1)[:, None]])
        master = Master(spool, Profile(-14.0, -1.0))
        before = np.concatenate(list(master.blocks()))
        assert not master.correct(Heard(-14.1, -1.0))
        assert master.correct(Heard(-14.1, 0.3))
        after = np.concatenate(list(master.blocks()))
        assert 20 * np.log10(np.abs(before).max() / np.abs(after).max()) == pytest.approx(1.4, abs=0.1)
        assert len(after) == 3 * RATE_HZ


def test_limiting_has_an_end(tmp_path: Path) -> None:
    click = np.zeros((3 * RATE_HZ, 2))
    click[RATE_HZ, :] = 0.5
    with Spool(tmp_path, 2) as spool:
        spool.fill([click])
        master = Master(spool, Profile(-14.0, -1.0))
        out = np.concatenate(list(master.blocks()))
        assert master.falls_short
        assert np.abs(out).max() == pytest.approx(10 ** (-1 / 20), rel=0.02)
        assert master.loudness_lufs < -14 - 0.5
        assert list(tmp_path.iterdir()) == []


def test_a_silent_film_stays_silent(folder: Path, tmp_path: Path) -> None:
    empty = CueSheet(
        VideoRef("a", 2.0, "25", 96, 64, ""), ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, 2.0),), ()
    )
    render(folder / "film.mp4", tmp_path / "out.mp4", empty, profile="web")
    assert must_measure(tmp_path / "out.mp4").loudness_lufs == float("-inf")


def test_what_can_t_be_decoded_has_no_measure(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no film")
    assert measure(tmp_path / "no.mp4") is None
