"""How far away a sound is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sonify.cues import Distance
from sonify.mix.distance import PRESETS, Distant
from sonify.mix.sources import RATE_HZ, Samples, SoundStream, inspect
from sonify.mix.spatial import sides

Array = NDArray[np.float32]
AWAY: tuple[Distance, ...] = ("near", "middle", "far")


class Given:
    """A stream of samples that are there already, and silence after them."""

    def __init__(self, samples: Array) -> None:
        self._samples, self.channels, self.closed = samples, samples.shape[1], False

    def read(self, count: int) -> Samples:
        part, self._samples = self._samples[:count], self._samples[count:]
        return np.concatenate([part, np.zeros((count - len(part), self.channels), np.float32)])

    def close(self) -> None:
        self.closed = True


def click(channels: int = 1, seconds: float = 3.0) -> Array:
    samples = np.zeros((round(seconds * RATE_HZ), channels), np.float32)
    samples[0] = 1
    return samples


def answer(distance: Distance, channels: int = 1) -> NDArray[np.float64]:
    return Distant(Given(click(channels)), distance).read(3 * RATE_HZ).astype(np.float64)


def db(power: float) -> float:
    return float(10 * np.log10(power))


@pytest.mark.parametrize("distance", AWAY)
def test_the_room_has_the_energy_delay_and_decay_of_its_preset(distance: Distance) -> None:
    preset, out = PRESETS[distance], answer(distance)[:, 0]
    delay = round(preset.delay_s * RATE_HZ)
    straight, room = np.square(out[: delay - 40]).sum(), np.square(out[delay:]).sum()
    # Air takes from the room's spectrum, which is low already, less than from what comes straight.
    assert db(room / straight) == pytest.approx(preset.room_db, abs=0.5 if preset.cut_off_hz is None else 8)
    tail = np.square(out[delay:])
    falls = np.cumsum(tail[::-1])[::-1]  # Schroeder's integral
    at = [int(np.argmax(falls < falls[0] * 10 ** (-d / 10))) for d in (5, 25)]
    assert 3 * (at[1] - at[0]) / RATE_HZ == pytest.approx(preset.decay_s, rel=0.15)


def test_what_is_further_away_is_duller_and_has_more_room() -> None:
    def above_4_khz(distance: Distance) -> float:
        spectrum = np.square(np.abs(np.fft.rfft(answer(distance)[:480, 0])))
        hz = np.fft.rfftfreq(480, 1 / RATE_HZ)
        return db(spectrum[hz > 4000].sum() / spectrum[hz < 1000].sum())

    assert above_4_khz("near") > above_4_khz("middle") + 1 > above_4_khz("far") + 4
    rooms = [PRESETS[distance].room_db for distance in AWAY]
    assert rooms == sorted(rooms)


def test_air_takes_3_db_where_the_preset_says() -> None:
    for distance in ("middle", "far"):
        preset = PRESETS[distance]  # type: ignore[index]
        out = answer(distance)[: round(preset.delay_s * RATE_HZ), 0]  # type: ignore[arg-type]
        at = np.exp(-2j * np.pi * preset.cut_off_hz * np.arange(len(out)) / RATE_HZ)
        level = abs(out @ at) / abs(out.sum())
        assert 20 * np.log10(level) == pytest.approx(-3, abs=0.3)


@pytest.mark.parametrize("pan", [-1.0, -0.4, 0.0, 1.0])
def test_a_mono_sound_is_panned_as_loud_as_without(pan: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (RATE_HZ, 1)).astype(np.float32)
    dry = noise * np.stack(sides(pan, 1))[None, :].astype(np.float32)
    wet = Distant(Given(noise), "near").read(RATE_HZ) * np.stack(sides(pan, 2))[None, :].astype(np.float32)
    assert db(np.square(wet).sum() / np.square(dry).sum()) == pytest.approx(0, abs=0.3)


def test_the_room_sounds_different_on_both_sides_and_goes_on_after_the_sound() -> None:
    out = answer("far")
    tail = out[round(PRESETS["far"].delay_s * RATE_HZ) :]
    assert abs(np.corrcoef(tail.T)[0, 1]) < 0.1
    assert np.square(out[RATE_HZ // 2 :]).sum() > 0
    assert np.abs(out[2 * RATE_HZ :]).max() < 1e-12


def test_what_stands_on_the_left_stays_there() -> None:
    left = click(2)
    left[:, 1] = 0
    out = Distant(Given(left), "middle").read(400)
    assert out[:, 0].any() and np.abs(out[:, 1]).max() < 1e-6


@pytest.mark.parametrize("steps", [(1, 99_999, 44_000), (48_000, 96_000), (7,) * 9 + (143_937,)])
def test_the_size_of_the_reads_does_not_matter(steps: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (3 * RATE_HZ, 2)).astype(np.float32)
    stream = Distant(Given(noise), "far")
    parts = np.concatenate([stream.read(n) for n in steps])
    assert np.array_equal(parts, Distant(Given(noise), "far").read(sum(steps)))


def test_a_stream_that_ends_rings_on_and_is_closed(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.ones(1, np.float32) * 0.5, RATE_HZ, subtype="FLOAT")
    given = SoundStream(inspect(tmp_path / "a.wav"))
    stream = Distant(given, "far")
    out = stream.read(RATE_HZ)
    assert len(out) == RATE_HZ and out[RATE_HZ // 4 :].any()
    one = Given(click())
    Distant(one, "near").close()
    assert one.closed
