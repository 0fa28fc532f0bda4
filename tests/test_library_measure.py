"""Where a sound begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sonify.library.measure import lead_silence_s

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
