"""Sounds in: any rate, any number of channels, damaged ones; looped without a seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonify.cues import Cue, SoundRef
from sonify.errors import LibraryError
from sonify.mix.joins import crossfade
from sonify.mix.levels import MOST_LIFT_DB, Nominal, measure
from sonify.mix.loops import LoopStream
from sonify.mix.sources import RATE_HZ, SoundStream, fold, inspect

Array = NDArray[np.float32]
NOMINAL = Nominal(-20, -30)


def tone(hz: float, seconds: float, rate: int = RATE_HZ, level: float = 0.5) -> Array:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write(path: Path, samples: Array, rate: int = RATE_HZ, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def whole(path: Path, *, step: int = 7001) -> Array:
    stream, parts = SoundStream(inspect(path)), []
    while len(part := stream.read(step)):
        parts.append(part)
    return np.concatenate(parts)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_every_rate_becomes_48_khz_with_its_pitch_and_level(tmp_path: Path, rate: int) -> None:
    heard = whole(write(tmp_path / "a.wav", tone(1000, 1, rate), rate))
    assert heard.shape == (RATE_HZ, 1)
    inner = heard[4800:-4800, 0]
    assert np.abs(inner - tone(1000, 1)[4800:-4800]).max() < 1e-3


def test_resampling_leaves_no_images_as_the_nearest_sample_would(tmp_path: Path) -> None:
    heard = whole(write(tmp_path / "a.wav", tone(3000, 1, 8000), 8000))[2400:-2400, 0]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    hz = np.fft.rfftfreq(len(heard), 1 / RATE_HZ)
    images = spectrum[hz > 4200].max() / spectrum.max()
    assert 20 * np.log10(images) < -90


def test_the_samples_do_not_depend_on_how_many_are_asked_for(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (3 * 44100, 2)).astype(np.float32)
    path = write(tmp_path / "a.wav", noise, 44100)
    assert np.array_equal(whole(path, step=997), whole(path, step=100_000))


@pytest.mark.parametrize(("suffix", "subtype"), [(".wav", "PCM_16"), (".flac", "PCM_16"), (".ogg", "VORBIS")])
def test_a_start_inside_the_file_is_exact(tmp_path: Path, suffix: str, subtype: str) -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, (2 * RATE_HZ, 2)).astype(np.float32)
    path = write(tmp_path / f"a{suffix}", noise, RATE_HZ, subtype)
    late = SoundStream(inspect(path), 31234).read(5000)
    assert np.array_equal(late, whole(path)[31234:36234])


def test_more_channels_are_folded_down_and_none_is_lost(tmp_path: Path) -> None:
    for channels in (3, 4, 5, 6, 7, 8):
        for channel in range(channels):
            samples = np.zeros((100, channels), np.float32)
            samples[:, channel] = 0.5
            heard = fold(samples)
            assert heard.shape == (100, 2)
            low_frequencies = channels in (6, 8) and channel == 3
            assert bool(heard.any()) is not low_frequencies
    centre = np.zeros((10, 6), np.float32)
    centre[:, 2] = 1
    assert np.array_equal(fold(centre)[:, 0], fold(centre)[:, 1])
    assert whole(write(tmp_path / "a.wav", np.full((500, 8), 0.1, np.float32))).shape == (500, 2)


def test_what_is_no_number_becomes_silence_and_is_counted(tmp_path: Path) -> None:
    samples = tone(500, 0.1)
    samples[10], samples[20], samples[30] = np.nan, np.inf, -np.inf
    stream = SoundStream(inspect(write(tmp_path / "a.wav", samples)))
    heard = stream.read(5000)[:, 0]
    assert np.isfinite(heard).all()
    assert not heard[[10, 20, 30]].any()
    assert stream.damaged == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [("text.wav", b"this is no sound at all" * 9), ("empty.flac", b""), ("cut.ogg", b"OggS" + bytes(40))],
)
def test_an_unreadable_sound_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LibraryError, match=name):
        inspect(tmp_path / name)


def test_a_sound_without_samples_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"none\.wav is empty"):
        inspect(write(tmp_path / "none.wav", np.zeros(0, np.float32)))


def test_a_sound_cut_short_after_its_header_was_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(500, 2), subtype="PCM_16")
    sound = inspect(path)
    path.write_bytes(b"")
    with pytest.raises(LibraryError, match=r"a\.flac"):
        SoundStream(sound).read(10)


def test_a_loop_goes_on_without_a_step(tmp_path: Path) -> None:
    # 1.003 s of 440 Hz ends elsewhere in the wave than it begins, so a plain repetition jumps.
    material = tone(440, 1.003)
    loop = LoopStream(inspect(write(tmp_path / "a.wav", material)), 0.0, 0.1, 160_000)
    heard = np.concatenate([loop.read(n)[:, 0] for n in (10_000, 1, 99_999, 50_000)])
    own = np.abs(np.diff(material)).max()
    jump = abs(material[0] - material[-1])
    assert jump > 3 * own
    assert np.abs(np.diff(heard)).max() <= own * 1.01


def test_a_loop_keeps_its_level_at_the_join(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 2 * RATE_HZ).astype(np.float32)
    loop = LoopStream(inspect(write(tmp_path / "a.wav", noise)), 0.0, 0.5, 10 * RATE_HZ)
    heard = loop.read(10 * RATE_HZ)[:, 0].astype(np.float64)
    levels = 10 * np.log10((heard.reshape(-1, RATE_HZ // 20) ** 2).mean(axis=1) / 0.01)
    assert np.abs(levels).max() < 1.0


def test_a_crossfade_of_the_same_is_the_same() -> None:
    material = tone(440, 0.1)[:, None]
    assert np.allclose(crossfade(material, material), material, atol=1e-7)


def test_a_loop_starts_at_its_offset_and_then_comes_round_whole(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, RATE_HZ, dtype=np.float32)
    sound = inspect(write(tmp_path / "a.wav", ramp))
    heard = LoopStream(sound, 0.75, 0.1, RATE_HZ, loop_s=(0, 1)).read(RATE_HZ)[:, 0]
    assert np.array_equal(heard[:12_000], ramp[36_000:])
    assert np.array_equal(heard[12_000:], ramp[:36_000])
    past_the_end = LoopStream(sound, 2.75, 0.1, RATE_HZ, loop_s=(0, 1)).read(RATE_HZ)[:, 0]
    assert np.array_equal(past_the_end, heard)


@pytest.mark.parametrize("count", [1, 2, 7, 480, 4799, 4800, 4801, 9600])
@pytest.mark.parametrize("offset_s", [0.0, 0.09])
def test_a_sound_shorter_than_its_crossfade_works(tmp_path: Path, count: int, offset_s: float) -> None:
    sound = inspect(write(tmp_path / "a.wav", np.full(count, 0.25, np.float32)))
    heard = LoopStream(sound, offset_s, 1.0, RATE_HZ).read(RATE_HZ)[:, 0]
    assert len(heard) == RATE_HZ
    sounding = np.count_nonzero(heard)
    # Under a tenth of a second it is played once, and never becomes a tone.
    assert sounding == (RATE_HZ if count >= 4800 else count - round(offset_s * RATE_HZ) % count)


@pytest.mark.parametrize("missing", [-4000, 0, 1, 2000])
def test_a_sound_as_long_as_its_cue_is_played_once_to_its_end(tmp_path: Path, missing: int) -> None:
    ramp = np.linspace(0, 1, RATE_HZ, dtype=np.float32)
    wanted = RATE_HZ + missing
    heard = LoopStream(inspect(write(tmp_path / "a.wav", ramp)), 0.0, 0.1, wanted).read(wanted)[:, 0]
    assert np.array_equal(heard[:RATE_HZ], ramp[:wanted])
    assert not heard[RATE_HZ:].any()


def test_the_size_of_the_reads_does_not_change_a_loop(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).normal(0, 0.1, (30_011, 2)).astype(np.float32)
    sound = inspect(write(tmp_path / "a.wav", noise, 44100))
    once = LoopStream(sound, 0.2, 0.1, 200_000).read(200_000)
    loop = LoopStream(sound, 0.2, 0.1, 200_000)
    assert np.array_equal(np.concatenate([loop.read(n) for n in (1, 60_000, 3, 139_996)]), once)


def cue(**values: object) -> Cue:
    given = {"start_s": 0.0, "end_s": 1.0} | values
    return Cue("c", "effect", "a tone", SoundRef("library", "a.wav"), **given)  # type: ignore[arg-type]


def test_a_sound_is_brought_to_its_nominal_loudness(tmp_path: Path) -> None:
    # A sine of 997 Hz at full scale in one channel is -3.01 LUFS (ITU-R BS.1770-4).
    sound = inspect(write(tmp_path / "a.wav", tone(997, 2, level=0.1)))
    assert measure(cue(), sound, NOMINAL).gain_db == pytest.approx(-20 + 23.01, abs=0.1)


def test_only_the_part_that_is_used_is_measured(tmp_path: Path) -> None:
    loud_then_soft = np.concatenate([tone(997, 1, level=0.5), tone(997, 1, level=0.05)])
    sound = inspect(write(tmp_path / "a.wav", loud_then_soft))
    loud, soft = (measure(cue(source_offset_s=at, end_s=0.9), sound, NOMINAL).gain_db for at in (0.0, 1.05))
    assert soft - loud == pytest.approx(20, abs=0.2)


def test_faint_noise_is_not_lifted_without_end(tmp_path: Path) -> None:
    sound = inspect(write(tmp_path / "a.wav", tone(997, 1, level=1e-3)))
    assert measure(cue(), sound, NOMINAL).gain_db == MOST_LIFT_DB


@pytest.mark.parametrize("count", [1, 100, 10_000, 19_199])
def test_short_and_silent_sounds_can_be_measured(tmp_path: Path, count: int) -> None:
    short = inspect(write(tmp_path / "a.wav", tone(997, 1)[1 : count + 1]))
    assert np.isfinite(measure(cue(), short, NOMINAL).gain_db)
    level = measure(cue(), inspect(write(tmp_path / "b.wav", np.zeros(count, np.float32))), NOMINAL)
    assert (level.silent, level.gain_db) == (True, 0.0)


def test_an_offset_from_zero_is_found_and_not_counted_as_loudness(tmp_path: Path) -> None:
    plain = measure(cue(), inspect(write(tmp_path / "a.wav", tone(997, 1, level=0.1))), NOMINAL)
    moved = measure(cue(), inspect(write(tmp_path / "b.wav", tone(997, 1, level=0.1) + 0.4)), NOMINAL)
    assert moved.dc[0] == pytest.approx(0.4, abs=1e-3)
    assert plain.dc == (0.0,)
    assert moved.gain_db == pytest.approx(plain.gain_db, abs=0.1)
