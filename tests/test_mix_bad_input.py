"""Sounds, cues and films that nobody would give on purpose: a sensible mix, or a clear error."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mix_films import films, leftovers, packets, render, sound_of, with_audio
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, Evidence, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import CueSheetError, LibraryError, RenderError
from sonify.mix.mixer import Mix
from sonify.mix.sources import RATE_HZ
from sonify.mix.streams import Film
from sonify.mix.timeline import attack
from sonify.progress import Event
from sonify.settings import MixSettings

Array = NDArray[np.float32]
FILM = Film(Path("none.mp4"), (), Fraction(0), Fraction(0), None, False, ())


def tone(hz: float, seconds: float, rate: int = RATE_HZ, level: float = 0.2) -> Array:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def cue(name: str = "a", start_s: float = 0.0, end_s: float = 2.0, sound: str = "a.wav", **values: object) -> Cue:
    return Cue(name, "effect", name, SoundRef("l", sound), start_s=start_s, end_s=end_s, **values)  # type: ignore[arg-type]


def sheet(*cues: Cue, duration_s: float = 2.0) -> CueSheet:
    return CueSheet(
        video=VideoRef("none.mp4", duration_s, "25", 16, 16, ""),
        model=ModelRef("none", ""),
        libraries=(LibraryRef("l"),),
        scenes=(Scene(0, duration_s),),
        cues=cues,
    )


def mixed(folder: Path, document: CueSheet, notes: list[str] | None = None, **settings: object) -> Array:
    def progress(event: Event) -> None:
        if event.note and notes is not None:
            notes.append(event.note)

    mix = Mix(document, FILM, lambda ref: folder / ref.path, MixSettings(**settings), progress=progress)  # type: ignore[arg-type]
    return np.concatenate(list(mix.samples())).astype(np.float32)


def loudness_db(samples: Array) -> float:
    return float(10 * np.log10(np.square(samples.astype(np.float64)).sum(axis=1).mean() + 1e-20))


def write(folder: Path, samples: Array, rate: int = RATE_HZ) -> Path:
    soundfile.write(folder / "a.wav", samples, rate, subtype="FLOAT")
    return folder


def test_one_sample_is_heard_once(tmp_path: Path) -> None:
    out = mixed(write(tmp_path, np.full(1, 0.5, np.float32)), sheet(cue(start_s=0.5)))
    assert np.flatnonzero(out.any(axis=1)).tolist() == [RATE_HZ // 2]


def test_numbers_that_are_none_are_silence_and_said(tmp_path: Path) -> None:
    wave = tone(440, 2.0)
    wave[1000:2000] = np.nan
    wave[5000] = np.inf
    notes: list[str] = []
    out = mixed(write(tmp_path, wave), sheet(cue()), notes)
    assert np.isfinite(out).all()
    assert out.any()
    assert notes == ["a.wav has 1001 samples that are no numbers"]


def test_an_offset_ends_with_its_sound(tmp_path: Path) -> None:
    write(tmp_path, tone(440, 1.0, level=0.05) + np.float32(0.6))
    out = mixed(tmp_path, sheet(cue(end_s=1.04)))
    assert np.abs(out[RATE_HZ + 10 :]).max() == 0


def test_an_offset_from_zero_is_taken_away_and_makes_no_step(tmp_path: Path) -> None:
    plain = mixed(write(tmp_path, tone(440, 1.0)), sheet(cue(start_s=0.5, end_s=1.5)))
    moved = mixed(write(tmp_path, tone(440, 1.0) + np.float32(0.6)), sheet(cue(start_s=0.5, end_s=1.5)))
    assert np.abs(moved - plain).max() < 1e-3
    assert abs(float(moved.mean())) < 1e-4


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_an_offset_does_not_click_where_its_sound_begins(tmp_path: Path, rate: int) -> None:
    wave = tone(440, 2.0, rate) * np.linspace(0, 1, 2 * rate, dtype=np.float32)
    plain = mixed(write(tmp_path, wave, rate), sheet(cue()))
    moved = mixed(write(tmp_path, wave - np.float32(0.7), rate), sheet(cue()))
    assert np.abs(moved - plain)[:4800].max() < 2e-3
    notes: list[str] = []
    nothing = mixed(write(tmp_path, np.full(2 * rate, -1, np.float32), rate), sheet(cue()), notes)
    assert np.abs(nothing).max() < 1e-4
    assert notes == ["a.wav is silent where cue a plays it"]


def test_a_clipped_sound_is_no_louder_than_others(tmp_path: Path) -> None:
    clean = mixed(write(tmp_path, tone(440, 2.0)), sheet(cue()))
    clipped = mixed(write(tmp_path, np.clip(tone(440, 2.0) * 100, -1, 1)), sheet(cue()))
    assert loudness_db(clipped) == pytest.approx(loudness_db(clean), abs=1.5)


def test_eight_channels_and_8_khz(tmp_path: Path) -> None:
    wave = np.repeat(tone(440, 2.0, 8000)[:, None], 8, axis=1)
    out = mixed(write(tmp_path, wave, 8000), sheet(cue()))
    assert out.shape == (2 * RATE_HZ, 2)
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.hanning(len(out))))
    assert np.argmax(spectrum) / 2 == pytest.approx(440, abs=0.5)
    assert 20 * np.log10(spectrum[2 * 4200 :].max() / spectrum.max()) < -90


def three_hours(path: Path) -> None:
    """8 bits at 8 kHz; but for its header the file is a hole on the disk."""
    rate, count = 8000, 3 * 3600 * 8000
    soundfile.write(path, np.zeros(1, np.float32), rate, subtype="PCM_U8")
    header = bytearray(path.read_bytes()[:44])
    header[4:8], header[40:44] = (36 + count).to_bytes(4, "little"), count.to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + count)


def test_of_three_hours_only_what_is_heard_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three_hours(tmp_path / "a.wav")
    read = 0

    class Counting(soundfile.SoundFile):  # type: ignore[misc]
        def read(self, *args: object, **kwargs: object) -> Array:
            nonlocal read
            samples: Array = super().read(*args, **kwargs)
            read += len(samples)
            return samples

    monkeypatch.setattr(soundfile, "SoundFile", Counting)
    starts = (0.0, 5000.0, 3 * 3600 - 0.5, 9e5)
    out = mixed(tmp_path, sheet(*(cue(str(at), source_offset_s=at) for at in starts)))
    assert out.shape == (2 * RATE_HZ, 2)
    # One that is repeated is measured as a whole, but no more than 120 s of it; twice, since it has an offset.
    assert read < 280 * 8000


@pytest.mark.parametrize("gain_db", [80, -97, 24.1])
def test_a_gain_out_of_range_is_refused_with_the_range(gain_db: float) -> None:
    document = json.loads(sheet(cue()).to_json())
    document["cues"][0]["gain_db"] = gain_db
    with pytest.raises(CueSheetError, match=rf"cues\[0\]\.gain_db: must lie in -96\.\.24 \(is {gain_db:g}\)"):
        CueSheet.from_json(json.dumps(document))
    document["cues"][0].update(gain_db=0, gain_curve=[[0, gain_db]])
    with pytest.raises(CueSheetError, match=rf"gain_curve: values must lie in -96\.\.24, not at {gain_db:g}"):
        CueSheet.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("pitch_cents", 1201, "must lie in -1200..1200"),
        ("distance", "moon", "'none', 'near', 'middle' or 'far'"),
        ("loop", [1.0, 1.05], "at least 0.1 s later"),
        ("loop", [-1.0, 1.0], "greater than or equal to 0"),
        ("loop", [1.0], "loop"),
    ],
)
def test_what_a_cue_can_t_ask_for(field: str, value: object, said: str) -> None:
    document = json.loads(sheet(cue()).to_json())
    document["cues"][0][field] = value
    with pytest.raises(CueSheetError) as caught:
        CueSheet.from_json(json.dumps(document))
    assert f"cues[0].{field}" in str(caught.value) or f"cues[0]: {field}" in str(caught.value)
    assert said in str(caught.value)


def test_what_a_cue_may_ask_for_is_written_only_where_it_does() -> None:
    plain = sheet(cue())
    assert not {"pitch_cents", "distance", "loop"} & set(json.loads(plain.to_json())["cues"][0])
    asked = sheet(cue(pitch_cents=-35.5, distance="far", loop=(0.5, 1.5)))
    assert json.loads(asked.to_json())["cues"][0]["loop"] == [0.5, 1.5]
    assert CueSheet.from_json(asked.to_json()) == asked


def test_a_cue_outside_the_film_is_refused_and_one_that_ends_outside_is_cut(tmp_path: Path) -> None:
    document = json.loads(sheet(cue()).to_json())
    document["cues"][0].update(start_s=2.5, end_s=3)
    with pytest.raises(CueSheetError, match=r"start_s: 2\.5 is not before the video's end \(2 s\)"):
        CueSheet.from_json(json.dumps(document))
    out = mixed(write(tmp_path, tone(440, 1.0)), sheet(cue(start_s=1.999, end_s=500, fade_out_s=300)))
    assert len(out) == 2 * RATE_HZ


def test_a_cue_that_overlaps_itself_is_heard_twice(tmp_path: Path) -> None:
    write(tmp_path, np.random.default_rng(0).normal(0, 0.1, 2 * RATE_HZ).astype(np.float32))
    once = mixed(tmp_path, sheet(cue("a")))
    twice = mixed(tmp_path, sheet(cue("a"), cue("b")))
    assert np.allclose(twice, 2 * once, atol=1e-6)


def test_ten_thousand_key_frames_make_no_zipper(tmp_path: Path) -> None:
    write(tmp_path, np.full(2 * RATE_HZ, 0.1, np.float32) + tone(60, 2.0, level=0.05))
    times = np.linspace(0, 2, 10_000)
    keys = tuple(zip(times.tolist(), (6 * np.sin(times * 300)).tolist(), strict=True))
    pans = tuple(zip(times.tolist(), np.sin(times * 200).tolist(), strict=True))
    out = mixed(tmp_path, sheet(cue(gain_curve=keys, pan_curve=pans)))[480:-480]
    # 300 rad/s of 6 dB and 200 rad/s of pan move the amplitude by 0.6 % of it from sample to sample.
    assert np.abs(np.diff(out, axis=0)).max() <= 0.012 * np.abs(out).max()
    jumps = tuple((time_s, 24.0 if n % 2 else -96.0) for n, time_s in enumerate(times.tolist()))
    assert np.isfinite(mixed(tmp_path, sheet(cue(gain_curve=jumps)))).all()


def test_a_fade_ends_at_the_attack_of_an_event_and_only_there(tmp_path: Path) -> None:
    wave = np.zeros(RATE_HZ, np.float32)
    wave[480:4800] = tone(1000, 0.09) * np.linspace(1, 0, 4320, dtype=np.float32)
    write(tmp_path, wave)
    assert attack(wave[:, None]) == 480
    plain = mixed(tmp_path, sheet(cue(end_s=0.9)))
    event = cue(end_s=0.9, fade_in_s=0.25, evidence=Evidence(0.0, 0.9, timing="event"))
    kept = mixed(tmp_path, sheet(event))
    assert np.array_equal(kept[480:], plain[480:])
    assert not kept[:480].any()
    lost = mixed(tmp_path, sheet(replace(event, evidence=Evidence(0.0, 0.9, timing="interval"))))
    assert np.abs(lost[480:960]).max() < 0.2 * np.abs(plain[480:960]).max()


@pytest.mark.parametrize("cents", [-1200.0, -51.0, 52.0, 1200.0])
def test_pitch_is_changed_and_the_level_is_not(tmp_path: Path, cents: float) -> None:
    write(tmp_path, tone(500, 1.3))
    out = mixed(tmp_path, sheet(cue(pitch_cents=cents)))
    plain = mixed(tmp_path, sheet(cue()))
    spectrum = np.abs(np.fft.rfft(out[:, 0] * np.hanning(len(out))))
    assert np.argmax(spectrum) / 2 == pytest.approx(500 * 2 ** (cents / 1200), abs=0.6)
    assert loudness_db(out) == pytest.approx(loudness_db(plain), abs=0.5)


def test_distance_is_the_setting_s_for_effects_and_the_cue_s_where_it_says_so(tmp_path: Path) -> None:
    write(tmp_path, np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32))
    plain = mixed(tmp_path, sheet(cue()))
    far = mixed(tmp_path, sheet(cue()), distance="far")
    assert not np.allclose(far, plain, atol=1e-3)
    assert np.array_equal(mixed(tmp_path, sheet(cue(distance="far"))), far)
    assert np.array_equal(mixed(tmp_path, sheet(cue(distance="none")), distance="far"), plain)
    bed = replace(cue(), kind="ambience")
    assert np.array_equal(mixed(tmp_path, sheet(bed), distance="far"), mixed(tmp_path, sheet(bed)))


def test_a_sound_that_vanished_is_named_with_its_cue(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"cue bark \(bark\) needs the sound gone\.wav"):
        mixed(tmp_path, sheet(cue("bark", sound="gone.wav")))
    (tmp_path / "a.wav").mkdir()
    with pytest.raises((LibraryError, RenderError), match=r"a\.wav"):
        mixed(tmp_path, sheet(cue()))


def test_a_film_whose_audio_is_silent_is_mixed_as_one_without(tmp_path: Path) -> None:
    folder = films()
    film = with_audio(folder, tmp_path / "silent.mp4", "anullsrc=r=44100:cl=mono")
    for name, source in (("with", film), ("without", folder / "film.mp4")):
        render(source, tmp_path / f"{name}.mkv")
        assert packets(tmp_path / f"{name}.mkv") == packets(folder / "film.mp4")
    levels = [np.abs(sound_of(tmp_path / f"{name}.mkv")[0]).max() for name in ("with", "without")]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(0, abs=0.5)
    assert leftovers(tmp_path) == []
