"""Long sounds begin at their best part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonify.library.records import SoundKind
from sonify.library.sounds import Sound
from sonify.matching.best_part import LONG_S, SEARCHED_S, Starts

Array = NDArray[np.float32]
RATE_HZ = 16_000


def noise(seconds: float, level: float, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE_HZ)).astype(np.float32)


def rumble(seconds: float, level: float) -> Array:
    wave = np.cumsum(noise(seconds, 1.0, 7))
    wave -= np.convolve(wave, np.ones(400) / 400, "same")
    return np.asarray(level * wave / np.abs(wave).max(), np.float32)


def sound(path: Path, samples: Array, kind: SoundKind = "ambience", *, lead_s: float = 0.0) -> Sound:
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return Sound(
        "l", path.name, path, "a", kind, (), "", "", len(samples) / RATE_HZ, RATE_HZ, 1, lead_silence_s=lead_s
    )


def starts() -> Starts:
    return Starts(lambda one: one.lead_silence_s or 0.0)


def test_a_bed_begins_where_it_is_itself(tmp_path: Path) -> None:
    # 4 s in which somebody touches the microphone, 20 s of the place, 6 s of nearly nothing.
    bed = sound(tmp_path / "a.wav", np.concatenate([rumble(4, 0.9), noise(20, 0.05), noise(6, 0.0005)]))
    start_s = starts()(bed, 10.0)
    assert 3.9 <= start_s <= 14.1


def test_an_effect_begins_with_its_loudest_stretch(tmp_path: Path) -> None:
    steps = [noise(3, level, seed) for seed, level in enumerate((0.02, 0.03, 0.02, 0.1, 0.1, 0.02, 0.03))]
    effect = sound(tmp_path / "a.wav", np.concatenate(steps), "effect")
    assert 8.4 <= starts()(effect, 5.0) <= 10.6


def test_the_next_cue_of_a_sound_begins_elsewhere(tmp_path: Path) -> None:
    bed = sound(tmp_path / "a.wav", noise(60, 0.1))
    given = starts()
    found = [given(bed, 5.0) for _ in range(4)]
    assert len(set(found)) == 4
    assert min(abs(a - b) for n, a in enumerate(found) for b in found[:n]) >= 1.5
    again = starts()
    assert [again(bed, 5.0) for _ in range(4)] == found


def test_what_is_short_or_needed_whole_begins_after_its_silence(tmp_path: Path) -> None:
    given = starts()
    assert given(sound(tmp_path / "a.wav", noise(LONG_S - 0.1, 0.1), lead_s=0.2), 1.0) == 0.2
    assert given(sound(tmp_path / "b.wav", noise(30, 0.1), lead_s=0.3), 29.0) == 0.3
    assert given(sound(tmp_path / "c.wav", noise(30, 0.1), lead_s=0.3), 300.0) == 0.3


@pytest.mark.parametrize("content", [b"", b"no sound", None])
def test_what_can_t_be_read_begins_after_its_silence(tmp_path: Path, content: bytes | None) -> None:
    bed = sound(tmp_path / "a.wav", noise(30, 0.1), lead_s=0.1)
    if content is None:
        bed.file.unlink()
    else:
        bed.file.write_bytes(content)
    assert starts()(bed, 5.0) == 0.1


def test_silence_offset_and_no_numbers_do_no_harm(tmp_path: Path) -> None:
    given = starts()
    assert 0 <= given(sound(tmp_path / "a.wav", np.zeros(30 * RATE_HZ, np.float32)), 5.0) <= 25
    assert 0 <= given(sound(tmp_path / "b.wav", np.full(30 * RATE_HZ, 0.5, np.float32)), 5.0) <= 25
    broken = noise(30, 0.1)
    broken[::7] = np.nan
    soundfile.write(tmp_path / "c.wav", broken, RATE_HZ, subtype="FLOAT")
    one = Sound("l", "c.wav", tmp_path / "c.wav", "a", "effect", (), "", "", 30.0, RATE_HZ, 1)
    assert 0 <= given(one, 5.0) <= 25


def test_of_a_very_long_sound_only_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 200.0
    bed = sound(tmp_path / "a.wav", noise(seconds, 0.1))
    read = 0

    class Counting(soundfile.SoundFile):  # type: ignore[misc]
        def read(self, *args: object, **kwargs: object) -> Array:
            nonlocal read
            samples: Array = super().read(*args, **kwargs)
            read += len(samples)
            return samples

    monkeypatch.setattr(soundfile, "SoundFile", Counting)
    assert 0 < starts()(bed, 5.0) <= SEARCHED_S
    assert read <= SEARCHED_S * RATE_HZ
