"""What of a sound file CLAP hears, and that nothing is heard twice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from sonify.errors import LibraryError
from sonify.models.clap.ear import SENTENCE, Ear, read_sound
from sonify.models.clap.windows import MAX_WINDOWS, WINDOW
from sonify.progress import Event

RATE = 48_000


class Counting:
    """An AudioTextModel that hears the level and the length of a sound, and counts what it is given."""

    name, weights, sample_rate_hz, dimensions = "counting", "0" * 16, RATE, 3

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.read: list[str] = []

    def embed_audio(self, sounds: Sequence[Any]) -> Any:
        self.heard += [len(sound) for sound in sounds]
        return np.array([_unit(1, float(np.abs(s).mean()), len(s) / RATE) for s in sounds], np.float32).reshape(-1, 3)

    def embed_text(self, texts: Sequence[str]) -> Any:
        self.read += texts
        return np.array([_unit(len(text), 1, 0) for text in texts], np.float32).reshape(-1, 3)


def _unit(*numbers: float) -> Any:
    return np.array(numbers) / np.linalg.norm(numbers)


def write(path: Path, samples: Any, rate: int = RATE, **options: Any) -> Path:
    soundfile.write(str(path), samples, rate, **options)
    return path


def ramp(seconds: float, rate: int) -> Any:
    """Rises from 0 to .9, so that the level tells the place."""
    return np.linspace(0, 0.9, round(seconds * rate), dtype=np.float32)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (22_050, 2), (44_100, 6), (48_000, 32), (384_000, 1)])
def test_any_rate_and_number_of_channels_becomes_mono_at_48_khz(tmp_path: Path, rate: int, channels: int) -> None:
    samples = np.tile(ramp(0.5, rate)[:, None], (1, channels))
    samples[:, 0] *= -1 if channels > 1 else 1
    heard = read_sound(write(tmp_path / "a.wav", samples, rate, subtype="FLOAT"), RATE)
    assert heard.dtype == np.float32 and heard.ndim == 1 and abs(len(heard) - RATE / 2) <= 1
    share = 1 if channels == 1 else (channels - 2) / channels  # the first channel cancels another
    assert heard[RATE // 4] == pytest.approx(0.45 * share, abs=0.01)


def test_a_long_file_is_heard_in_six_stretches_from_end_to_end(tmp_path: Path) -> None:
    seconds, rate = 300, 8_000
    heard = read_sound(write(tmp_path / "long.wav", ramp(seconds, rate), rate, subtype="FLOAT"), RATE)
    assert len(heard) == MAX_WINDOWS * WINDOW
    middles = heard.reshape(MAX_WINDOWS, WINDOW)[:, WINDOW // 2]
    expected = [0.9 * (5 + n * (seconds - 10) / 5) / seconds for n in range(6)]
    assert middles == pytest.approx(expected, abs=0.002)


def test_of_a_very_long_file_only_the_stretches_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rate, hours = 1_000, 12
    file = write(tmp_path / "night.wav", np.zeros(hours * 3600 * rate, np.int16), rate)
    count = 0
    original = soundfile.SoundFile.read

    def read(self: Any, frames: int = -1, **options: Any) -> Any:
        nonlocal count
        count += frames
        return original(self, frames, **options)

    monkeypatch.setattr(soundfile.SoundFile, "read", read)
    assert len(read_sound(file, RATE)) == MAX_WINDOWS * WINDOW
    assert count == 60 * rate


def test_a_minute_is_heard_whole(tmp_path: Path) -> None:
    assert len(read_sound(write(tmp_path / "a.flac", ramp(59.5, RATE)), RATE)) == round(59.5 * RATE)


def test_samples_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    samples = ramp(0.1, RATE)
    samples[10:20], samples[20:30] = np.nan, np.inf
    heard = read_sound(write(tmp_path / "a.wav", samples, subtype="FLOAT"), RATE)
    assert np.isfinite(heard).all() and not heard[10:30].any()


def test_a_header_that_promises_more_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", ramp(2, RATE))
    file.write_bytes(file.read_bytes()[: 44 + RATE])  # half a second of 16 bits
    assert 0 < len(read_sound(file, RATE)) <= RATE


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 100, None])
def test_what_is_no_sound_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.wav"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LibraryError, match=r"broken\.wav"):
        read_sound(file, RATE)


def test_a_sound_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"empty\.wav is empty"):
        read_sound(write(tmp_path / "empty.wav", np.zeros(0, np.float32)), RATE)


def test_nothing_is_heard_twice(tmp_path: Path) -> None:
    model, seen = Counting(), list[Event]()
    files = [write(tmp_path / f"{n}.wav", ramp(0.1 * (n + 1), RATE)) for n in range(20)]
    ear = Ear(model, folder=tmp_path / "kept", progress=seen.append)
    first, problems = ear.hear(files)
    assert not problems and len(model.heard) == 20 and (seen[-1].done, seen[-1].total) == (20, 20)
    again, _ = Ear(model, folder=tmp_path / "kept").hear(list(reversed(files)))
    assert len(model.heard) == 20 and np.array_equal(again, first[::-1])
    write(files[3], ramp(3, RATE))
    os.utime(files[4], ns=(1, 1))
    changed, _ = Ear(model, folder=tmp_path / "kept").hear(files)
    assert len(model.heard) == 22 and not np.array_equal(changed[3], first[3])
    assert np.array_equal(np.delete(changed, 3, axis=0), np.delete(first, 3, axis=0))


def test_another_model_hears_for_itself(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", ramp(0.1, RATE))
    one, other = Counting(), Counting()
    other.weights = "1" * 16
    for model in (one, other, one):
        Ear(model, folder=tmp_path / "kept").hear([file])
    assert len(one.heard) == len(other.heard) == 1


def test_a_file_that_cant_be_heard_is_named_and_the_rest_is_heard(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "a.wav", ramp(0.1, RATE)),
        tmp_path / "gone.wav",
        write(tmp_path / "b.wav", ramp(1, RATE)),
    ]
    vectors, problems = Ear(Counting(), folder=tmp_path / "kept").hear(files)
    assert list(problems) == [1] and "gone.wav" in problems[1]
    assert not vectors[1].any() and vectors[[0, 2]].any(axis=1).all()


def test_texts_are_read_once_in_a_sentence(tmp_path: Path) -> None:
    model = Counting()
    first = Ear(model, folder=tmp_path / "kept").read(["rain", "dog barking"])
    again = Ear(model, folder=tmp_path / "kept").read(["dog barking", "rain", "rain"])
    assert model.read == [SENTENCE.format("rain"), SENTENCE.format("dog barking")]
    assert np.array_equal(again, first[[1, 0, 0]])
    assert Ear(model, folder=tmp_path / "kept").read([]).shape == (0, 3)
    assert Ear(model, folder=tmp_path / "kept").hear([])[0].shape == (0, 3)
