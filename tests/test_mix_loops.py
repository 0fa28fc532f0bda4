"""Loops: where a sound joins best, and that nobody hears it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonify.mix import loop_points
from sonify.mix.beat import period
from sonify.mix.loop_points import Loop, found, given
from sonify.mix.loops import LoopStream
from sonify.mix.sources import RATE_HZ, SoundFile, inspect

Array = NDArray[np.float32]
CROSSFADE_S = 0.1


def noise(seconds: float, level: float = 0.1, seed: int = 0, rate: int = RATE_HZ) -> Array:
    return np.random.default_rng(seed).normal(0, level, round(seconds * rate)).astype(np.float32)


def tones(seconds: float, *hz: float, rate: int = RATE_HZ) -> Array:
    time_s = np.arange(round(seconds * rate)) / rate
    return np.asarray(sum(0.2 * np.sin(2 * np.pi * f * time_s + f) for f in hz), np.float32)


def ring(seconds: float, seed: int = 0) -> Array:
    """Low-passed noise that goes round: its end fits its beginning."""
    spectrum = np.fft.rfft(noise(seconds, 1.0, seed))
    hz = np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ)
    wave = np.fft.irfft(spectrum / (1 + (hz / 500) ** 2))
    return np.asarray(0.3 * wave / np.abs(wave).max(), np.float32)


def faded(wave: Array, seconds: float) -> Array:
    count = round(seconds * RATE_HZ)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    return np.concatenate([wave[:count] * ramp, wave[count:-count], wave[-count:] * ramp[::-1]])


def clicks(seconds: float, every_s: float, bed: float = 0.001) -> Array:
    wave = noise(seconds, bed)
    burst = np.exp(-np.arange(2000) / 300) * np.sin(np.arange(2000) / 4)
    for at_s in np.arange(0.05, seconds - 0.06, every_s):
        at = round(at_s * RATE_HZ)
        wave[at : at + 2000] += burst[: len(wave) - at].astype(np.float32)
    return wave


def sound(path: Path, wave: Array, rate: int = RATE_HZ) -> SoundFile:
    soundfile.write(path, wave, rate, subtype="FLOAT")
    return inspect(path)


def heard(one: SoundFile, seconds: float, *, offset_s: float = 0.0, crossfade_s: float = CROSSFADE_S) -> Array:
    count = round(seconds * RATE_HZ)
    return LoopStream(one, offset_s, crossfade_s, count).read(count)


def levels_db(wave: Array, seconds: float = 0.05) -> NDArray[np.float64]:
    size = round(seconds * RATE_HZ)
    count = len(wave) // size
    power = np.square(wave[: count * size].astype(np.float64)).reshape(count, -1).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


@pytest.mark.parametrize("name", ["ring", "whole periods", "noise"])
def test_a_loop_that_joins_is_left_alone(tmp_path: Path, name: str) -> None:
    wave = {"ring": ring(2.0), "whole periods": tones(1.0, 100, 333), "noise": noise(2.0)}[name]
    one = sound(tmp_path / "a.wav", wave)
    assert found(one, 4800) == Loop(0, len(wave), 0)
    assert period(wave.astype(float), RATE_HZ) is None
    assert np.array_equal(heard(one, 5.0)[:, 0], np.tile(wave, 6)[: 5 * RATE_HZ])


MATERIAL = {
    "a tone": tones(2.003, 440),
    "a low tone": tones(2.0037, 55),
    "a chord": tones(3.0017, 220, 277.2, 329.6, 1318.5),
    "a bed cut out of a longer one": ring(7.0, 3)[: 3 * RATE_HZ + 77],
    "a bed with fades": faded(ring(4.0, 4), 0.5),
    "a tone with fades": faded(tones(3.0017, 440), 0.4),
    "clicks": clicks(4.23, 0.5),
    "a bark": np.concatenate([noise(0.3) * np.linspace(1, 0, 14400, dtype=np.float32), noise(0.9, 1e-5)]),
    "a crescendo": ring(3.0, 5) * np.linspace(0.2, 1, 3 * RATE_HZ, dtype=np.float32),
}


@pytest.mark.parametrize("name", MATERIAL)
@pytest.mark.parametrize("crossfade_s", [0.1, 1.0])
def test_no_step_at_a_join_is_larger_than_those_of_the_material(
    tmp_path: Path, name: str, crossfade_s: float
) -> None:
    wave = MATERIAL[name]
    out = heard(sound(tmp_path / "a.wav", wave), 3.2 * len(wave) / RATE_HZ, crossfade_s=crossfade_s)[:, 0]
    # A bend is a step of the slope: both must be what the material does itself.
    for order in (1, 2):
        own = np.abs(np.diff(wave, order)).max()
        assert np.abs(np.diff(out, order)).max() <= own * 1.02


@pytest.mark.parametrize("name", ["a bed cut out of a longer one", "a bed with fades", "a tone", "a tone with fades"])
@pytest.mark.parametrize("crossfade_s", [0.1, 1.0])
def test_the_level_holds_through_joins(tmp_path: Path, name: str, crossfade_s: float) -> None:
    wave = MATERIAL[name]
    out = heard(sound(tmp_path / "a.wav", wave), 4 * len(wave) / RATE_HZ, offset_s=0.6, crossfade_s=crossfade_s)
    middle = levels_db(wave[len(wave) // 3 : -len(wave) // 3], 0.1)
    levels = levels_db(out[:, 0], 0.1)
    assert levels.min() >= middle.min() - 1.5
    assert levels.max() <= middle.max() + 1.5


def test_a_tone_stays_in_phase(tmp_path: Path) -> None:
    out = heard(sound(tmp_path / "a.wav", tones(2.0037, 441.3)), 10.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    hz = np.fft.rfftfreq(len(out), 1 / RATE_HZ)
    around = np.abs(hz - 441.3) < 3
    assert 20 * np.log10(spectrum[~around].max() / spectrum[around].max()) < -40


def test_a_beat_goes_on(tmp_path: Path) -> None:
    # 4.23 s of a click each half second: repeated as it is, it would limp every 4.23 s.
    out = heard(sound(tmp_path / "a.wav", clicks(4.23, 0.5)), 20.0)[:, 0]
    level = levels_db(out, 0.001)
    hits = np.flatnonzero((level[1:] > -20) & (level[:-1] <= -30)) / 1000
    gaps = np.diff(hits[np.insert(np.diff(hits) > 0.1, 0, True)])
    assert len(gaps) >= 35
    assert np.abs(gaps - 0.5).max() <= 0.005


def test_a_pause_belongs_to_a_cry_and_padding_not_to_a_bed(tmp_path: Path) -> None:
    bark = np.concatenate([MATERIAL["a bark"], np.zeros(RATE_HZ // 2, np.float32)])
    assert found(sound(tmp_path / "bark.wav", bark), 4800) == Loop(0, len(bark), 0)
    bed = np.concatenate([np.zeros(12_000, np.float32), ring(3.0), np.zeros(30_000, np.float32)])
    loop = found(sound(tmp_path / "bed.wav", bed), 4800)
    assert loop.start - loop.overlap >= 12_000
    assert loop.end <= 12_000 + 3 * RATE_HZ
    out = heard(inspect(tmp_path / "bed.wav"), 12.0, offset_s=0.5)
    assert levels_db(out[:, 0])[5:].min() > -40


def test_an_attack_comes_back_whole(tmp_path: Path) -> None:
    wave = MATERIAL["a bark"]
    out = heard(sound(tmp_path / "a.wav", wave), 3.0)[:, 0]
    assert np.array_equal(out[len(wave) : len(wave) + 9600], wave[:9600])


def test_an_attack_that_is_cut_into_does_not_click_when_it_comes_back(tmp_path: Path) -> None:
    wave = tones(1.0, 80) * np.linspace(1, 0, RATE_HZ, dtype=np.float32) ** 4
    assert abs(wave[0]) > 4 * np.abs(np.diff(wave)).max()
    out = heard(sound(tmp_path / "a.wav", wave), 5.0)[:, 0]
    assert np.abs(np.diff(out)).max() <= 1.5 * np.abs(np.diff(wave)).max()


def test_the_loop_that_a_cue_asks_for_is_as_long_as_it_says(tmp_path: Path) -> None:
    wave = noise(3.0)
    one = sound(tmp_path / "a.wav", wave)
    assert given(one, (1.0, 2.5), 4800) == Loop(48_000, 120_000, 4800)
    assert given(one, (0.0, 2.5), 4800) == Loop(4800, 124_800, 4800)
    assert given(one, (0.0, 3.0), 4800) == Loop(0, 144_000, 0)
    assert given(one, (0.0, 99.0), 4800) == Loop(0, 144_000, 0)
    assert given(one, (2.9999, 99.0), 4800) is None
    assert given(one, (50.0, 99.0), 4800) is None
    stream = LoopStream(one, 0.0, 0.1, 10 * RATE_HZ, loop_s=(1.0, 2.5))
    out = stream.read(10 * RATE_HZ)[:, 0]
    assert np.array_equal(out[: 120_000 - 4800], wave[: 120_000 - 4800])
    for again in (1, 2, 3):
        at = 48_000 + again * 72_000
        assert np.array_equal(out[at : at + 60_000], wave[48_000:108_000])


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("speed", [1.0, 1.03, 0.5])
def test_rates_and_speeds(tmp_path: Path, rate: int, speed: float) -> None:
    one = sound(tmp_path / "a.wav", tones(1.5007, 500, rate=rate), rate)
    count = 6 * RATE_HZ
    out = LoopStream(one, 0.1, CROSSFADE_S, count, speed=speed).read(count)[:, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(count)))
    assert np.argmax(spectrum) / 6 == pytest.approx(500 * speed, abs=0.4)
    # Where it begins, in the middle of the wave, the resampler rings.
    assert np.abs(np.diff(out[480:])).max() <= 0.2 * 2 * np.pi * 500 * speed / RATE_HZ * 1.02
    assert levels_db(out).min() > levels_db(out).max() - 0.5


@pytest.mark.parametrize("steps", [(1, 60_000, 3, 229_996), (290_000,), (48_000,) * 6 + (2000,)])
def test_the_size_of_the_reads_does_not_matter(tmp_path: Path, steps: tuple[int, ...]) -> None:
    wave = np.stack([noise(1.3, seed=1, rate=44100), tones(1.3, 300, rate=44100)], axis=1)
    one = sound(tmp_path / "a.wav", wave, 44100)
    once = LoopStream(one, 0.2, CROSSFADE_S, 290_000, speed=1.01).read(290_000)
    loop = LoopStream(one, 0.2, CROSSFADE_S, 290_000, speed=1.01)
    assert np.array_equal(np.concatenate([loop.read(n) for n in steps]), once)


def test_the_search_gives_the_same_again_and_sees_that_a_file_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    first = found(sound(path, MATERIAL["a chord"]), 4800)
    loop_points.found.cache_clear()
    assert found(inspect(path), 4800) == first
    other = np.concatenate([np.zeros(9600, np.float32), MATERIAL["a chord"]])[: len(MATERIAL["a chord"])]
    soundfile.write(path, other, RATE_HZ, subtype="FLOAT")
    os.utime(path, ns=(1, 1))
    assert found(inspect(path), 4800) != first


def test_a_sound_that_is_over_sooner_since_it_is_faster_does_not_begin_again(tmp_path: Path) -> None:
    one = sound(tmp_path / "a.wav", noise(2.0))
    assert LoopStream(one, 0.0, CROSSFADE_S, 2 * RATE_HZ, speed=1.03).loop is None
    assert LoopStream(one, 0.0, CROSSFADE_S, 2 * RATE_HZ, speed=2.0).loop is not None
    assert LoopStream(one, 0.0, CROSSFADE_S, 3 * RATE_HZ, speed=1.03).loop is not None


def test_a_start_behind_the_loop_s_end_is_heard(tmp_path: Path) -> None:
    wave = MATERIAL["a bed with fades"]
    one = sound(tmp_path / "a.wav", wave)
    offset_s = len(wave) / RATE_HZ - 0.05
    out = heard(one, 6.0, offset_s=offset_s)[:, 0]
    assert np.array_equal(out[:1200], wave[-2400:-1200])
    assert np.abs(np.diff(out)).max() <= np.abs(np.diff(wave)).max() * 1.02


def odd_sounds() -> dict[str, tuple[Array, int]]:
    broken = noise(1.0)
    broken[100:200] = np.nan
    broken[300] = np.inf
    clipped = np.clip(tones(1.0, 440) * 50, -1, 1)
    return {
        "1 sample": (np.full(1, 0.5, np.float32), RATE_HZ),
        "silence": (np.zeros(RATE_HZ, np.float32), RATE_HZ),
        "dc": (np.full(RATE_HZ, 0.5, np.float32), RATE_HZ),
        "nan": (broken, RATE_HZ),
        "clipped": (clipped, RATE_HZ),
        "8 channels": (noise(8.0).reshape(-1, 8), RATE_HZ),
        "8 kHz": (noise(1.0, rate=8000), 8000),
        "4 ms at 1 kHz": (noise(0.3, rate=1000), 1000),
        "a tenth": (noise(0.1), RATE_HZ),
        "a quarter": (noise(0.25), RATE_HZ),
    }


@pytest.mark.parametrize("name", odd_sounds())
def test_odd_sounds_are_looped_or_not_and_never_break(tmp_path: Path, name: str) -> None:
    wave, rate = odd_sounds()[name]
    one = sound(tmp_path / "a.wav", wave, rate)
    for offset_s in (0.0, 0.07, 5.0):
        out = heard(one, 4.0, offset_s=offset_s, crossfade_s=1.0)
        assert out.shape == (4 * RATE_HZ, min(one.channels, 2))
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= max(1.0, 1.5 * float(np.nanmax(np.abs(wave[np.isfinite(wave)]))))


def test_three_hours_are_not_read_to_find_a_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rate, seconds = 8000, 3 * 3600
    path = tmp_path / "long.wav"
    soundfile.write(path, noise(1.0, rate=rate), rate, subtype="PCM_U8")
    header = bytearray(path.read_bytes()[:44])
    header[4:8] = (36 + rate * seconds).to_bytes(4, "little")
    header[40:44] = (rate * seconds).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + rate * seconds)  # a hole: nothing is really written
    read = 0

    class Counting(soundfile.SoundFile):  # type: ignore[misc]
        def read(self, *args: object, **kwargs: object) -> Array:
            nonlocal read
            samples: Array = super().read(*args, **kwargs)
            read += len(samples)
            return samples

    monkeypatch.setattr(soundfile, "SoundFile", Counting)
    one = inspect(path)
    assert one.duration_s == seconds
    stream = LoopStream(one, 0.0, 1.0, (seconds + 60) * RATE_HZ)
    assert stream.loop is not None
    assert stream.read(RATE_HZ).shape == (RATE_HZ, 1)
    stream.close()
    late = LoopStream(one, seconds - 2.0, 1.0, 30 * RATE_HZ)
    assert late.read(5 * RATE_HZ).shape == (5 * RATE_HZ, 1)
    late.close()
    assert read < 120 * rate
