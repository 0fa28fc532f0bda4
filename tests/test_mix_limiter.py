"""The search for the gain foretells what the limiter does; an encoder gets room where it needs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mix_films import RATE_HZ, ffmpeg, films, render
from numpy.typing import NDArray

from sonify.loudness import Meter
from sonify.mix.heard import Heard, excess_db
from sonify.mix.limiter import PART, Limiter
from sonify.mix.mastering import Master
from sonify.mix.outline import DIVISIONS
from sonify.mix.profiles import Profile
from sonify.mix.spool import Spool

Array = NDArray[np.float64]


def bursts(count: int, seconds: float = 3.0) -> Array:
    """A faint bed with hits of noise that die away."""
    rng = np.random.default_rng(3)
    samples = rng.normal(0, 0.01, (round(seconds * RATE_HZ), 2))
    hit = rng.normal(0, 0.4, (9600, 2)) * np.exp(-30 * np.arange(9600) / RATE_HZ)[:, None]
    for first in np.linspace(0.2, seconds - 0.3, count) * RATE_HZ:
        samples[int(first) : int(first) + 9600] += hit
    return samples


def limited(samples: Array, peak_db: float, block: int = 10_000, lower_db: Array | None = None) -> Array:
    lower = None if lower_db is None else lower_db.astype(np.float32)
    blocks = (samples[first : first + block] for first in range(0, len(samples), block))
    return np.concatenate(list(Limiter(peak_db, lower_db=lower).run(blocks))).astype(np.float64)


@pytest.mark.parametrize("gain_db", [-6.0, 3.0, 12.0])
@pytest.mark.parametrize("hits", [4, 15])
def test_the_outline_foretells_the_limiter(tmp_path: Path, hits: int, gain_db: float) -> None:
    samples = bursts(hits)
    with Spool(tmp_path, 2) as spool:
        spool.fill([samples[:50_001], samples[50_001:]])
        told = spool.loudness_lufs + spool.outline.change_lu(gain_db, -1.0)
        meter = Meter(RATE_HZ, 2)
        meter.add(limited(samples * 10 ** (gain_db / 20), -1.0))
        assert told == pytest.approx(meter.integrated_lufs(), abs=0.5)
        assert len(spool.outline.peaks) == len(spool.outline.powers) == 3 * 10 * DIVISIONS
        assert spool.outline.peaks.max() == pytest.approx(np.abs(samples).max())
        if gain_db < 0:
            assert told == pytest.approx(spool.loudness_lufs + gain_db, abs=0.05)


def test_the_meter_s_parts_add_up() -> None:
    samples, powers = bursts(5), []
    for divisions in (1, 20):
        meter = Meter(RATE_HZ, 2, divisions=divisions)
        parts = meter.add(samples)
        assert len(parts) == 30 * divisions
        powers.append(parts.reshape(-1, divisions).mean(axis=1))
        assert meter.powers == pytest.approx(powers[-1], rel=1e-12)
    assert powers[0] == pytest.approx(powers[1], rel=1e-9)


@pytest.mark.parametrize("block", [251, 48_000])
def test_the_ceiling_is_lower_where_that_is_wanted(block: int) -> None:
    wave = np.repeat(np.sin(2 * np.pi * 997 * np.arange(2 * RATE_HZ) / RATE_HZ)[:, None], 2, axis=1)
    lower_db = np.zeros(2 * RATE_HZ // PART)
    lower_db[100:110] = 4.0  # 0.5 to 0.55 s
    out = limited(wave, -1.0, block, lower_db)
    there = slice(100 * PART, 110 * PART)
    assert 20 * np.log10(np.abs(out[there]).max()) == pytest.approx(-5.0, abs=0.1)
    assert np.array_equal(out, limited(wave, -1.0, 96_000, lower_db))
    elsewhere = limited(wave, -1.0)
    assert np.array_equal(out[: 98 * PART], elsewhere[: 98 * PART])
    assert out[-RATE_HZ // 2 :] == pytest.approx(elsewhere[-RATE_HZ // 2 :], abs=1e-6)


def test_where_a_wave_is_over_the_peak_is_found() -> None:
    # A quarter of the sample rate, 45 degrees off its crests: only between the samples it reaches full scale.
    wave = 0.5 * np.sin(np.pi / 2 * np.arange(RATE_HZ) + np.pi / 4)
    wave[10 * PART : 20 * PART] *= 2
    found = Limiter(-1.0).excess_db(
        [np.stack([wave, np.zeros(RATE_HZ)], axis=1)[n : n + 7001] for n in range(0, RATE_HZ, 7001)]
    )
    assert len(found) >= RATE_HZ // PART
    assert found[11:19] == pytest.approx(np.full(8, 1.0), abs=0.1)
    assert not found[:9].any()
    assert not found[21:].any()


def test_room_for_the_encoder_is_made_where_it_needs_it(tmp_path: Path) -> None:
    with Spool(tmp_path, 2) as spool:
        spool.fill([bursts(9)])
        master = Master(spool, Profile(-14.0, -1.0))
        before = np.concatenate(list(master.blocks()))
        excess = np.zeros(3 * RATE_HZ // PART, np.float32)
        excess[291:296] = 2.0  # the hit at 1.45 s
        assert master.correct(Heard(-14.0, 1.0), excess)
        after = np.concatenate(list(master.blocks()))
        peaks = [np.abs(made).reshape(-1, 9600, 2).max(axis=(1, 2)) for made in (before, after)]
        changed = 20 * np.log10(peaks[1] / peaks[0])
        assert changed[7] < -1.5  # from 1.4 s on
        assert np.delete(changed, [6, 7, 8]).min() > -0.3
        assert not master.falls_short


def test_what_an_encoder_did_is_heard_in_the_file(tmp_path: Path) -> None:
    film = films() / "film.mp4"
    tone = r"0.1+0.85*between(t\,1\,1.1)*sin(2000*t)"
    ffmpeg("-i", film, "-f", "lavfi", "-t", 2, "-i", f"aevalsrc={tone}|{tone}:s=48000", "-c:v", "copy",
           "-c:a", "pcm_f32le", tmp_path / "loud.mov")  # fmt: skip
    found = excess_db(tmp_path / "loud.mov", 2, -6.0)
    assert found[201:219].max() == pytest.approx(20 * np.log10(0.95) + 6, abs=0.2)
    assert not found[:198].any()
    assert not found[222:].any()


def test_what_an_edit_list_hides_and_another_container_shows_is_said(tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    ffmpeg("-ss", 0.5, "-i", films() / "film.mp4", "-c", "copy", cut)
    assert any("can't hide the 0.5 s" in note for note in render(cut, tmp_path / "a.mkv"))
    assert not any("can't hide" in note for note in render(cut, tmp_path / "a.mov"))
