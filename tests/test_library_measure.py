"""Where a sound begins, how loud it is, when its events are, whether it loops; and files that lie."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample

from sonify.library import measure as module
from sonify.library.measure import lead_silence_s, measure
from sonify.library.measures.onsets import Onsets
from sonify.library.records import Measures

RATE_HZ = 48_000


def sound(path: Path, silence_s: float, *, noise: float = 0.0, attack_s: float = 0.0, rate_hz: int = RATE_HZ) -> Path:
    random = np.random.default_rng(3)
    total = round((silence_s + 1.0) * rate_hz)
    samples = random.normal(0, noise, total) if noise else np.zeros(total)
    start = round(silence_s * rate_hz)
    time_s = np.arange(total - start) / rate_hz
    burst = 0.5 * np.sin(2 * np.pi * 440 * time_s + 0.5) * np.exp(-4 * time_s)
    samples[start:] += burst * np.minimum(1, time_s / attack_s) if attack_s else burst
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return path


@pytest.mark.parametrize("silence_s", [0.05, 0.1234, 0.8, 3.0, 8.5])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_silence_before_an_attack(tmp_path: Path, silence_s: float, rate_hz: int) -> None:
    measured = lead_silence_s(sound(tmp_path / "a.wav", silence_s, rate_hz=rate_hz))
    assert silence_s - 0.030 <= measured <= silence_s - 0.005


def test_noise_of_the_recorder_is_silence(tmp_path: Path) -> None:
    measured = lead_silence_s(sound(tmp_path / "a.wav", 1.0, noise=0.0005))
    assert 0.95 <= measured <= 0.995


def test_a_slow_attack_is_kept(tmp_path: Path) -> None:
    assert lead_silence_s(sound(tmp_path / "a.wav", 1.0, attack_s=0.3)) <= 1.0


def test_stereo_in_opposite_phase_is_heard(tmp_path: Path) -> None:
    left, _ = soundfile.read(sound(tmp_path / "a.wav", 0.5))
    soundfile.write(tmp_path / "b.wav", np.stack([left, -left], 1), RATE_HZ)
    assert lead_silence_s(tmp_path / "b.wav") == pytest.approx(lead_silence_s(tmp_path / "a.wav"), abs=0.003)


def test_nothing_to_measure(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE_HZ), RATE_HZ)
    soundfile.write(tmp_path / "nan.wav", np.full(RATE_HZ, np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "short.wav", np.full(3, 0.5), RATE_HZ)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE_HZ)
    soundfile.write(tmp_path / "at once.wav", np.full(RATE_HZ, 0.5), RATE_HZ)
    (tmp_path / "text.wav").write_text("no sound")
    for name in ("silent", "nan", "short", "none", "at once", "text", "missing"):
        assert lead_silence_s(tmp_path / f"{name}.wav") == 0.0, name


def test_real_sounds_begin_within_themselves(shared: Path) -> None:
    """The first take of each label: what is cut is quieter by far than what is kept."""
    folder = shared / "media" / "sounds" / "esc50"
    for file in sorted(next(iter(sorted(place.glob("*.ogg")))) for place in sorted(folder.iterdir()))[::5]:
        lead_s = lead_silence_s(file)
        samples, rate_hz = soundfile.read(file)
        cut = samples[: round(lead_s * rate_hz)]
        assert 0 <= lead_s < len(samples) / rate_hz
        if len(cut):
            assert np.sqrt(np.mean(cut**2)) < 0.02 * np.abs(samples).max(), file


def measured(path: Path) -> Measures:
    found = measure(path)
    assert isinstance(found, Measures), found
    return found


def written(path: Path, samples: NDArray[np.float64], rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("rate_hz", "channels", "length_s"),
    [(48_000, 2, 12.3), (44_100, 1, 7.0), (8_000, 1, 3.03), (48_000, 5, 4.0), (192_000, 2, 2.0), (22_050, 2, 0.45)],
)
def test_loudness_is_that_of_pyloudnorm(tmp_path: Path, rate_hz: int, channels: int, length_s: float) -> None:
    dice = np.random.default_rng(4)
    samples = dice.normal(0, 0.1, (round(length_s * rate_hz), channels))
    # Half of it so much softer that the gate leaves it out.
    samples[: len(samples) // 2] *= 0.05
    path = written(tmp_path / "a.wav", samples, rate_hz)
    meter = pyloudnorm.Meter(rate_hz, filter_class="DeMan")
    found = measured(path)
    assert found.loudness_lufs == pytest.approx(meter.integrated_loudness(soundfile.read(path)[0]), abs=0.05)
    if length_s > 6.5:
        loud = soundfile.read(path)[0][-3 * rate_hz :]
        assert found.loudest_3s_lufs == pytest.approx(meter.integrated_loudness(loud), abs=0.1)


def test_six_channels_leave_the_low_one_out(tmp_path: Path) -> None:
    samples = np.zeros((RATE_HZ, 6))
    samples[:, 3] = np.random.default_rng(1).normal(0, 0.2, RATE_HZ)
    assert measured(written(tmp_path / "low.wav", samples)).loudness_lufs is None
    samples[:, 4] = samples[:, 3]
    one = measured(written(tmp_path / "mono.wav", samples[:, 4])).loudness_lufs
    assert measured(written(tmp_path / "rear.wav", samples)).loudness_lufs == pytest.approx(one + 1.492, abs=0.01)


def test_a_short_sound_is_as_loud_as_when_it_is_repeated(tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ // 10) / RATE_HZ)
    short = measured(written(tmp_path / "a.wav", tone))
    long = measured(written(tmp_path / "b.wav", np.tile(tone, 40)))
    assert short.loudness_lufs == pytest.approx(long.loudness_lufs, abs=0.2)
    assert short.loudest_3s_lufs == pytest.approx(long.loudest_3s_lufs, abs=0.2)


@pytest.mark.parametrize("rate_hz", [8_000, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_true_peak_between_the_samples(tmp_path: Path, rate_hz: int) -> None:
    """A quarter of the rate at 45 degrees: the samples stay 3 dB under the wave."""
    wave = 0.5 * np.sin(np.pi / 2 * np.arange(rate_hz) + np.pi / 4) * np.hanning(rate_hz) ** 0.1
    found = measured(written(tmp_path / "a.wav", wave, rate_hz)).true_peak_dbtp
    if rate_hz < 176_400:
        assert found == pytest.approx(-6.02, abs=0.2)
    else:
        assert found == pytest.approx(-9.03, abs=0.01)


def test_true_peak_of_what_music_has(tmp_path: Path) -> None:
    dice = np.random.default_rng(5)
    low = np.fft.rfft(dice.normal(0, 1, RATE_HZ * 3))
    low[len(low) * 18 // 24 :] = 0
    wave = np.fft.irfft(low) * 0.1
    whole = 20 * np.log10(np.abs(resample(wave, 8 * len(wave))).max())
    found = measured(written(tmp_path / "a.wav", np.stack([0.1 * wave, wave], 1))).true_peak_dbtp
    assert found == pytest.approx(whole, abs=0.25)


def test_clipped_samples_are_counted(tmp_path: Path) -> None:
    samples = np.zeros((1000, 2))
    samples[10:12] = 1.0  # two are no run
    samples[100:110, 0] = 1.0
    samples[300:305, 1] = -1.0
    assert measured(written(tmp_path / "a.wav", samples)).clipped_share == pytest.approx(15 / 2000)
    wave = np.clip(2 * np.sin(np.linspace(0, 300, 48_000)), -1, 1)
    for name, subtype in (("8.wav", "PCM_U8"), ("16.wav", "PCM_16"), ("24.flac", "PCM_24")):
        soundfile.write(tmp_path / name, wave, RATE_HZ, subtype=subtype)
        assert measured(tmp_path / name).clipped_share == pytest.approx(2 / 3, abs=0.02), name
    soundfile.write(tmp_path / "clean.wav", 0.9 * wave, RATE_HZ)
    assert measured(tmp_path / "clean.wav").clipped_share == 0


def test_runs_across_blocks_and_nothing_else_depends_on_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = np.random.default_rng(2)
    samples = np.clip(dice.normal(0, 0.3, (60_001, 2)) * np.exp(-np.arange(60_001) % 20_000 / 3000)[:, None], -1, 1)
    samples[4_990:5_010] = 1.0
    path = written(tmp_path / "a.wav", samples)
    whole = measured(path)
    monkeypatch.setattr(module, "BLOCK_SAMPLES", 10_000)
    parts = measured(path)
    assert parts.onsets_s == whole.onsets_s
    assert parts.clipped_share == pytest.approx(whole.clipped_share, abs=3 / samples.size)
    for name in ("loudness_lufs", "loudest_3s_lufs", "true_peak_dbtp", "lead_silence_s", "tail_silence_s", "dc"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), abs=0.002), name
    assert parts.loopability == pytest.approx(whole.loopability, abs=0.001)


def test_the_same_file_measures_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.random.default_rng(1).normal(0, 0.1, (RATE_HZ, 2)))
    assert measure(path) == measure(path)


def test_silence_at_the_end(tmp_path: Path) -> None:
    samples = np.zeros(4 * RATE_HZ)
    samples[RATE_HZ : 2 * RATE_HZ] = 0.3 * np.sin(np.arange(RATE_HZ) * 0.05)
    found = measured(written(tmp_path / "a.wav", samples))
    assert found.lead_silence_s == pytest.approx(1.0, abs=0.03)
    assert found.tail_silence_s == pytest.approx(2.0, abs=0.03)
    assert found.lead_silence_s == lead_silence_s(tmp_path / "a.wav")


def hits(rate_hz: int, kind: str, times: list[float], noise: float) -> NDArray[np.float64]:
    dice = np.random.default_rng(1)
    samples = dice.normal(0, noise, 4 * rate_hz)
    for start_s in times:
        at = round(start_s * rate_hz)
        time_s = np.arange(len(samples) - at) / rate_hz
        if kind == "click":
            samples[at:] += 0.3 * np.exp(-time_s / 0.02) * dice.normal(0, 1, len(time_s))
        elif kind == "tone":
            samples[at:] += 0.4 * np.exp(-time_s / 0.15) * np.sin(2 * np.pi * 440 * time_s)
        elif kind == "thud":
            samples[at:] += 0.5 * np.exp(-time_s / 0.1) * np.sin(2 * np.pi * 60 * time_s)
        else:
            bark = 0.3 * np.sin(2 * np.pi * 500 * time_s) + 0.1 * dice.normal(0, 1, len(time_s))
            samples[at:] += np.minimum(1, time_s / 0.01) * np.exp(-time_s / 0.08) * (time_s < 0.4) * bark
    return samples


@pytest.mark.parametrize(
    ("rate_hz", "kind"),
    [(rate_hz, kind) for rate_hz in (8_000, 44_100, 48_000) for kind in ("click", "tone", "thud", "bark")]
    + [(96_000, "bark"), (384_000, "bark")],
)
def test_onsets_of_made_hits(rate_hz: int, kind: str) -> None:
    """All of them, none else, within 10 ms."""
    times = [0.0, 0.31, 0.73, 1.4, 1.72, 2.5, 3.377]
    onsets = Onsets(rate_hz)
    for block in np.array_split(hits(rate_hz, kind, times, 0.001).astype(np.float32), 3):
        onsets.feed(block)
    assert list(onsets.result()) == pytest.approx(times, abs=0.010)


@pytest.mark.parametrize("channels", [2, 8])
def test_onsets_in_opposite_channels(tmp_path: Path, channels: int) -> None:
    one = hits(RATE_HZ, "click", [0.5, 1.5], 0.0)
    samples = np.stack([one, -one] * (channels // 2), 1)
    assert measured(written(tmp_path / "a.wav", samples)).onsets_s == pytest.approx((0.5, 1.5), abs=0.010)


def test_a_steady_sound_has_one_onset_at_most() -> None:
    dice = np.random.default_rng(6)
    time_s = np.arange(10 * RATE_HZ) / RATE_HZ
    for name, wave in {
        "noise": dice.normal(0, 0.1, len(time_s)),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time_s),
        "sweep": 0.3 * np.sin(2 * np.pi * 50 * time_s * (1 + time_s)),
        "swell": dice.normal(0, 0.1, len(time_s)) * time_s / 10,
    }.items():
        onsets = Onsets(RATE_HZ)
        onsets.feed(wave.astype(np.float32))
        assert len(onsets.result()) <= 1, name


def test_loopability(tmp_path: Path) -> None:
    dice = np.random.default_rng(8)
    time_s = np.arange(6 * RATE_HZ) / RATE_HZ
    noise = dice.normal(0, 0.1, len(time_s))
    found = {
        name: measured(written(tmp_path / "a.wav", wave)).loopability
        for name, wave in {
            "steady": noise,
            "hum": 0.3 * np.sin(2 * np.pi * 100 * time_s),
            "hit": noise * np.exp(-3 * time_s),
            "hit in silence": noise * np.exp(-3 * np.abs(time_s - 2)) * (time_s > 2),
            "fading": noise * (1 - time_s / 6.5),
            "other end": np.where(time_s < 3, noise, 0.14 * np.sin(2 * np.pi * 100 * time_s)),
            "silence": 0 * noise,
        }.items()
    }
    assert min(found["steady"], found["hum"]) > 0.8
    assert max(found["hit"], found["hit in silence"], found["other end"], found["silence"]) < 0.1
    assert found["fading"] < 0.4


def test_what_is_not_a_number_and_what_is_absurd(tmp_path: Path) -> None:
    samples = np.full((RATE_HZ, 2), 0.1)
    samples[100, 1], samples[200, 0], samples[300, 0] = np.nan, np.inf, -np.inf
    found = measured(written(tmp_path / "nan.wav", samples))
    assert found.not_finite
    assert found.dc == pytest.approx(0.1, abs=1e-4)
    samples = np.random.default_rng(1).normal(0, 0.1, RATE_HZ)
    samples[500] = 1e30
    found = measured(written(tmp_path / "huge.wav", samples))
    assert not found.not_finite
    assert found.true_peak_dbtp == pytest.approx(40.0, abs=3.0)
    nothing = measured(written(tmp_path / "all nan.wav", np.full(RATE_HZ, np.nan)))
    assert (nothing.loudness_lufs, nothing.true_peak_dbtp, nothing.onsets_s) == (None, None, ())


def test_odd_shapes(tmp_path: Path) -> None:
    dice = np.random.default_rng(1)
    for rate_hz, shape in ((1_000, (500, 1)), (8_000, (1, 1)), (384_000, (20_000, 32)), (11_025, (7, 2))):
        found = measured(written(tmp_path / "a.wav", dice.normal(0, 0.1, shape), rate_hz))
        assert all(np.isfinite(value) for value in (found.dc, found.loopability, found.lead_silence_s))
    silent = measured(written(tmp_path / "silent.wav", np.zeros((RATE_HZ, 2))))
    assert silent == Measures(None, None, None, 0.0, 0.0, (), 0.0, 0.0, 0.0, False)


def test_files_that_are_no_sounds_say_why(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "folder.wav").mkdir()
    whole = written(tmp_path / "a.wav", np.zeros(RATE_HZ)).read_bytes()
    (tmp_path / "header.wav").write_bytes(whole[:60])
    for name in ("empty", "text", "folder", "missing", "header"):
        reason = measure(tmp_path / f"{name}.wav")
        assert isinstance(reason, str) and 5 < len(reason) < 200 and "\n" not in reason, name


def test_a_file_that_claims_four_gigabytes_is_measured_as_it_is(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, RATE_HZ)
    soundfile.write(tmp_path / "a.wav", samples, RATE_HZ)
    honest = measured(tmp_path / "a.wav")
    raw = bytearray((tmp_path / "a.wav").read_bytes())
    at = raw.index(b"data")
    raw[4:8] = raw[at + 4 : at + 8] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "a.wav").write_bytes(raw)
    assert measured(tmp_path / "a.wav") == honest


def test_a_damaged_file_is_measured_as_far_as_it_goes_or_says_why(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 3 * RATE_HZ)
    dice = np.random.default_rng(9)
    for name, form, subtype in (("a.flac", "FLAC", "PCM_16"), ("a.ogg", "OGG", "VORBIS"), ("a.mp3", "MP3", None)):
        soundfile.write(tmp_path / name, samples, RATE_HZ, format=form, subtype=subtype)
        raw = bytearray((tmp_path / name).read_bytes())
        for broken in range(6):
            damaged = raw[: dice.integers(len(raw))] if broken % 2 else bytearray(raw)
            for at in dice.integers(len(damaged), size=20):
                damaged[at] = dice.integers(256)
            (tmp_path / name).write_bytes(damaged)
            assert isinstance(measure(tmp_path / name), Measures | str)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(100, 156, 8_000 * 60, dtype=np.uint8).tobytes()
    used = []
    for minutes in (3, 14):
        path = tmp_path / f"{minutes}.wav"
        head = struct.pack("<HHIIHH", 1, 1, 8_000, 8_000, 1, 8)
        with path.open("wb") as file:
            size = minutes * len(noise)
            file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt \x10\0\0\0" + head)
            file.write(b"data" + struct.pack("<I", size))
            for _ in range(minutes):
                file.write(noise)
        tracemalloc.start()
        measured(path)
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Onsets are sought in the first 10 minutes; the rest adds 4 bytes for every 10 ms.
    assert used[1] < 2.6 * used[0] < 2.6 * 64 * 2**20
