"""The timeline: every cue on its sample, the same samples every time, at a cost that doesn't grow."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moviepy.audio.AudioClip import CompositeAudioClip
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import LibraryError, RenderError
from sonify.matching.beds import crossfaded
from sonify.mix import timeline
from sonify.mix.limiter import Limiter
from sonify.mix.mixer import Mix
from sonify.mix.sources import RATE_HZ
from sonify.mix.streams import Film
from sonify.mix.timeline import sample_at
from sonify.progress import Event
from sonify.settings import MixSettings

Array = NDArray[np.float32]
FILM = Film(Path("none.mp4"), (), Fraction(0), Fraction(0), None, False, ())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """click.wav: one full sample, then silence; noise.wav: 1 s; stereo.flac: 44.1 kHz, 3 s."""
    rng = np.random.default_rng(0)
    click = np.zeros(RATE_HZ // 2, np.float32)
    click[0] = 1.0
    soundfile.write(tmp_path / "click.wav", click, RATE_HZ, subtype="FLOAT")
    soundfile.write(tmp_path / "noise.wav", rng.normal(0, 0.1, RATE_HZ).astype(np.float32), RATE_HZ)
    soundfile.write(tmp_path / "stereo.flac", rng.normal(0, 0.1, (3 * 44100, 2)).astype(np.float32), 44100)
    return tmp_path


def cue(name: str, start_s: float, end_s: float, sound: str = "click.wav", **values: object) -> Cue:
    kind = values.pop("kind", "effect")
    return Cue(name, kind, name, SoundRef("l", sound), start_s=start_s, end_s=end_s, **values)  # type: ignore[arg-type]


def sheet(duration_s: float, cues: Sequence[Cue]) -> CueSheet:
    return CueSheet(
        video=VideoRef("none.mp4", duration_s, "30000/1001", 16, 16, ""),
        model=ModelRef("none", ""),
        libraries=(LibraryRef("l"),),
        scenes=(Scene(0, duration_s),),
        cues=tuple(cues),
    )


def mixed(library: Path, document: CueSheet, *, block: int = timeline.BLOCK) -> Array:
    mix = Mix(document, FILM, lambda ref: library / ref.path, MixSettings())
    return np.concatenate(list(mix.samples(block=block))).astype(np.float32)


VARIED = [
    cue("a", 0.0, 2.9, "noise.wav", fade_in_s=0.2, fade_out_s=0.4, pan_curve=((0, -1), (3, 1))),
    cue("b", 0.3337, 7.0, "stereo.flac", kind="ambience", source_offset_s=1.1, gain_db=6),
    cue("c", 1.0, 5.0, "noise.wav", gain_curve=((1, -30), (2, 12), (2, -6), (5, 0)), pan_curve=((0, 0.5),)),
    cue("d", 4.2, 4.9),
    cue("e", 4.2, 9.0, "stereo.flac", gain_db=20),
]


@pytest.mark.parametrize("start_s", [0.0, 1 / 3, 1001 / 30000, 2.7182818, 599.987654])
def test_a_cue_begins_on_its_sample(library: Path, start_s: float) -> None:
    document = sheet(start_s + 1, [cue("click", start_s, start_s + 0.5)])
    mix = Mix(document, FILM, lambda ref: library / ref.path, MixSettings())
    found, first = [], 0
    for part in mix.samples():
        found += [first + int(at) for at in np.flatnonzero(np.abs(part[:, 0]) > 1e-6)]
        first += len(part)
    assert found == [round(Fraction(start_s) * RATE_HZ)]
    assert first == mix.total == sample_at(start_s + 1)


@pytest.mark.parametrize("block", [4801, 99_999, 10**6])
def test_the_size_of_the_blocks_does_not_change_the_mix(library: Path, block: int) -> None:
    document = sheet(8.0, VARIED)
    assert np.array_equal(mixed(library, document, block=block), mixed(library, document, block=30_000))


def test_the_same_sheet_gives_the_same_samples(library: Path) -> None:
    document = sheet(8.0, VARIED)
    assert np.array_equal(mixed(library, document), mixed(library, document))
    again = CueSheet.from_json(document.to_json())
    assert np.array_equal(mixed(library, again), mixed(library, document))


def test_cues_add_up_and_silence_is_silent(library: Path) -> None:
    one, other = cue("a", 1, 2, "noise.wav", gain_db=-20), cue("b", 1.5, 3, "stereo.flac", gain_db=-20)
    alone = mixed(library, sheet(5, [one])) + mixed(library, sheet(5, [other]))
    both = mixed(library, sheet(5, [one, other]))
    assert np.allclose(both, alone, atol=1e-6)
    assert not both[:RATE_HZ].any()
    assert not both[3 * RATE_HZ :].any()
    assert both[RATE_HZ : 3 * RATE_HZ].any(axis=1).mean() > 0.99


def test_a_loud_mix_is_limited_and_not_clipped(library: Path) -> None:
    loud = [cue(str(n), 0, 4, "noise.wav", gain_db=20, source_offset_s=n / 10) for n in range(6)]
    whole = mixed(library, sheet(4, loud))
    assert np.abs(whole).max() > 1.5  # nothing is flattened on the way
    out = np.concatenate(list(Limiter(-1.0).run([whole.astype(np.float64)])))
    ceiling = 10 ** (-1 / 20)
    assert np.abs(out).max() <= ceiling * (1 + 1e-6)
    # moviepy alone would have flattened everything over 0.99.
    assert (np.abs(out) > 0.999 * ceiling).mean() < 0.01


def test_a_cue_lies_where_its_pan_says(library: Path) -> None:
    document = sheet(2, [cue("a", 0, 2, "noise.wav", pan_curve=((0, -1), (2, 1)))])
    out = mixed(library, document).astype(np.float64)
    power = (out**2).reshape(20, -1, 2).mean(axis=1)
    share = power[:, 1] / power.sum(axis=1)
    assert share == pytest.approx(np.sin((np.arange(20) + 0.5) / 20 * np.pi / 2) ** 2, abs=0.03)


def test_gain_is_in_decibels_over_the_nominal_loudness(library: Path) -> None:
    def rms(gain_db: float, kind: str) -> float:
        out = mixed(library, sheet(1, [cue("a", 0, 1, "noise.wav", gain_db=gain_db, kind=kind)]))
        return float(10 * np.log10((out.astype(np.float64) ** 2).sum(axis=1).mean()))

    assert rms(-12, "effect") - rms(-6, "effect") == pytest.approx(-6, abs=0.01)
    assert rms(0, "effect") - rms(0, "ambience") == pytest.approx(10, abs=0.01)


def test_a_cut_in_the_middle_of_a_sound_does_not_click(library: Path, tmp_path: Path) -> None:
    wave = (0.5 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    soundfile.write(tmp_path / "wave.wav", wave, RATE_HZ, subtype="FLOAT")
    out = mixed(library, sheet(2, [cue("a", 0.5, 1.2525, "wave.wav", source_offset_s=0.0025)]))[:, 0]
    assert np.abs(np.diff(out)).max() < 0.15 * np.abs(out).max()


def test_an_attack_is_kept(library: Path) -> None:
    out = mixed(library, sheet(1, [cue("a", 0.25, 0.5)]))[:, 0]
    assert np.flatnonzero(out)[0] == RATE_HZ // 4


def test_a_cue_past_the_end_is_cut_there(library: Path) -> None:
    out = mixed(library, sheet(2, [cue("a", 1, 50, "noise.wav", fade_out_s=0.5)]))
    assert len(out) == 2 * RATE_HZ
    assert np.abs(out[-10:]).max() < 0.01 * np.abs(out).max()


def test_the_cost_of_a_block_does_not_grow_with_the_sheet(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    class Counting(CompositeAudioClip):  # type: ignore[misc]
        def __init__(self, clips: list[object]) -> None:
            counts.append(len(clips))
            super().__init__(clips)

    monkeypatch.setattr(timeline, "CompositeAudioClip", Counting)
    many = [cue(str(n), n * 0.5, n * 0.5 + 0.4) for n in range(60)]
    mixed(library, sheet(30, many), block=RATE_HZ)
    assert len(counts) == 30
    assert max(counts) <= 3


def test_files_are_open_only_while_their_cue_plays(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0

    class Watched(soundfile.SoundFile):  # type: ignore[misc]
        def __init__(self, *args: object, **kwargs: object) -> None:
            nonlocal now, most
            now, most = now + 1, max(most, now + 1)
            super().__init__(*args, **kwargs)

        def close(self) -> None:
            nonlocal now
            now -= not self.closed
            super().close()

    monkeypatch.setattr(soundfile, "SoundFile", Watched)
    many = [cue(str(n), n * 0.2, n * 0.2 + 3, ("noise.wav", "stereo.flac")[n % 2]) for n in range(80)]
    out = mixed(library, sheet(20, many))
    assert out.any()
    assert now == 0
    assert most <= 4


def test_memory_does_not_grow_with_the_sheet(library: Path) -> None:
    def peak(count: int) -> int:
        many = [cue(str(n), n * 0.5, n * 0.5 + 2, "stereo.flac") for n in range(count)]
        mix = Mix(sheet(count * 0.5, many), FILM, lambda ref: library / ref.path, MixSettings())
        tracemalloc.start()
        samples = sum(len(part) for part in mix.samples(block=RATE_HZ // 2))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert samples == count * RATE_HZ // 2
        return most

    peak(2)
    assert peak(30) < 1.2 * peak(10)


def test_a_missing_sound_names_its_cue(library: Path) -> None:
    with pytest.raises(RenderError, match=r"cue bark \(bark\) needs the sound gone\.wav of the library l"):
        mixed(library, sheet(2, [cue("bark", 0, 1, "gone.wav")]))


def test_an_unreadable_sound_names_its_cue(library: Path) -> None:
    (library / "bad.wav").write_bytes(b"nothing")
    with pytest.raises(LibraryError, match=r"cue bark .*bad\.wav"):
        mixed(library, sheet(2, [cue("bark", 0, 1, "bad.wav")]))


@pytest.mark.parametrize("samples", [1, 2, 100])
def test_tiny_sounds_and_tiny_cues(library: Path, samples: int) -> None:
    soundfile.write(library / "tiny.wav", np.full(samples, 0.5, np.float32), RATE_HZ, subtype="FLOAT")
    cues = [
        cue("a", 0, 1, "tiny.wav"),
        cue("b", 0.5, 0.500001, "noise.wav", fade_in_s=3, fade_out_s=3),
        cue("c", 0.999999, 1, "tiny.wav", source_offset_s=9),
    ]
    out = mixed(library, sheet(1, cues))
    assert np.isfinite(out).all()
    assert out.any()


def test_what_is_wrong_with_a_sound_is_said_once(library: Path) -> None:
    samples = np.full(RATE_HZ, 0.1, np.float32)
    samples[5] = np.nan
    soundfile.write(library / "nan.wav", samples, RATE_HZ, subtype="FLOAT")
    soundfile.write(library / "mute.wav", np.zeros(RATE_HZ, np.float32), RATE_HZ)
    cues = [cue("a", 0, 0.5, "nan.wav"), cue("b", 1, 1.5, "nan.wav"), cue("c", 1, 1.5, "mute.wav")]
    events: list[Event] = []
    mix = Mix(sheet(2, cues), FILM, lambda ref: library / ref.path, MixSettings(), progress=events.append)
    assert np.isfinite(np.concatenate(list(mix.samples()))).all()
    notes = [event.note for event in events if event.note]
    assert len(notes) == 2
    assert "nan.wav has 1 sample" in notes[0]
    assert "mute.wav is silent" in notes[1]


def test_progress_tells_how_far(library: Path) -> None:
    events: list[Event] = []
    mix = Mix(sheet(5, VARIED[:1]), FILM, lambda ref: library / ref.path, MixSettings(), progress=events.append)
    assert sum(len(part) for part in mix.samples()) == 5 * RATE_HZ
    assert [event.done for event in events] == [2, 4, 5]
    assert {(event.stage, event.total, event.unit) for event in events} == {("mix", 5, "s")}


def test_the_level_holds_where_two_beds_cross(library: Path) -> None:
    rng = np.random.default_rng(3)
    for name in ("one.wav", "other.wav"):
        soundfile.write(library / name, rng.normal(0, 0.1, 6 * RATE_HZ).astype(np.float32), RATE_HZ)
    fades = {"kind": "ambience", "fade_in_s": 0.75, "fade_out_s": 0.75}
    beds = [cue("a", 0, 4, "one.wav", **fades), cue("b", 4, 8, "other.wav", **fades)]

    def levels(cues: Sequence[Cue]) -> Array:
        out = mixed(library, sheet(8.0, cues))[2 * RATE_HZ : 6 * RATE_HZ]
        return np.asarray(10 * np.log10((out.astype(np.float64) ** 2).reshape(40, -1).mean(axis=1)), np.float32)

    plain, crossed = levels(beds), levels(crossfaded(beds, MixSettings()))
    assert crossed.max() - crossed.min() < 1
    assert plain.max() - plain.min() > 10


def test_a_lead_moves_everything(library: Path) -> None:
    document = sheet(2, [replace(VARIED[2], start_s=0.5, end_s=2)])
    plain = mixed(library, document)
    mix = Mix(document, FILM, lambda ref: library / ref.path, MixSettings(), lead_s=Fraction(1, 8))
    led = np.concatenate(list(mix.samples()))
    assert len(led) == len(plain) + 6000
    assert not led[:6000].any()
    assert np.allclose(led[6000:], plain, atol=1e-6)
