"""The defects of the paper's public prototype, each with the test that shows that ours has not got it."""

from __future__ import annotations

import hashlib
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from colours import FFMPEG, ColourModel, decoded, film, library

import sonify
from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.mix.heard import must_measure
from sonify.settings import VideoSettings
from sonify.video.reader import open_video

DEFECTS = {
    "1. red and blue swapped before CLIP": "test_pipeline.py::test_what_is_seen_is_heard_when_it_is_seen",
    "2. only a scene's first frame decides": "test_matching.py::test_every_frame_of_a_scene_counts",
    "3a. one chosen label is always there": "test_matching.py::test_one_label_alone_is_not_always_right",
    "3b. emitters compete": "test_matching.py::test_emitters_coexist_each_on_its_own_score",
    "4. intervals rendered once per interval": "test_matching.py::test_several_intervals_are_several_cues_once_each",
    "5. the source position jumps": "test_peers.py::test_the_source_runs_on_without_a_jump",
    "6. time drifts at 29.97": "test_peers.py::test_times_do_not_drift",
    "7. a short sound crashes, nothing loops": "test_peers.py::test_a_sound_shorter_than_its_fades_is_looped",
    "8. an absent object gets a full map": "test_matching.py::test_pan_follows_the_side_that_shows_it",
    "9. one-second steps": "test_peers.py::test_gain_moves_without_steps",
    "10. no peak control": "test_peers.py::test_a_loud_mix_does_not_clip",
    "11a. the original is thrown away": "test_peers.py::test_the_original_is_kept",
    "11b. the bed restarts at each cut": "test_matching.py::test_a_bed_runs_on_over_a_cut",
    "12. the video is encoded again": "test_peers.py::test_the_picture_is_copied",
    "13. stale files get merged": "test_peers.py::test_nothing_of_an_earlier_run_is_used",
    "14. all frames in memory": "test_peers.py::test_frames_are_let_go",
    "15. never 'no sound here'": "test_matching.py::test_nothing_is_an_answer",
}


# tests/test_prototype.py shows for each of them that the prototype's method has it, by the same check or its like.


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_defect_has_its_test(root: Path, defect: str) -> None:
    file, _, name = DEFECTS[defect].partition("::")
    assert re.search(rf"^def {name}\(", (root / "tests" / file).read_text("utf-8"), re.MULTILINE)


def sheet(
    video: Path, sounds: Path, *cues: Cue, duration_s: float = 4.0, original: str = "mute", profile: str = "web"
) -> CueSheet:
    return CueSheet(
        VideoRef(str(video), duration_s, "24/1", 160, 90, ""),
        ModelRef("none", ""),
        (LibraryRef("sfx", str(sounds)),),
        (Scene(0, duration_s),),
        cues,
        {"mix.original": original, "mix.profile": profile},
    )


def cue(name: str, start_s: float, end_s: float, **more: object) -> Cue:
    return Cue(f"{name}-{start_s}", "effect", name, SoundRef("sfx", name), start_s, end_s, **more)  # type: ignore[arg-type]


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    folder = library(tmp_path / "sfx")
    t = np.arange(48_000 * 10) / 48_000
    soundfile.write(folder / "sweep.wav", 0.2 * np.sin(2 * np.pi * (200 * t + 40 * t**2)), 48_000)
    soundfile.write(folder / "tone.wav", 0.2 * np.sin(2 * np.pi * 441 * t), 48_000)
    # Shorter than its fades, and long enough to be repeated: what is under a tenth of a second is played once.
    soundfile.write(folder / "short.wav", 0.5 * np.hanning(9600) * np.sin(2 * np.pi * 441 * t[:9600]), 48_000)
    return folder


def loudness(samples: np.ndarray, at_s: float, length_s: float = 0.1) -> float:
    return float(np.sqrt(np.mean(samples[round(at_s * 48_000) : round((at_s + length_s) * 48_000)] ** 2)))


def pitch_hz(samples: np.ndarray, at_s: float) -> float:
    part = samples[round(at_s * 48_000) : round(at_s * 48_000) + 9_600, 0] * np.hanning(9_600)
    return float(np.abs(np.fft.rfft(part)).argmax() * 5)


def check_the_sweep_goes_on(samples: np.ndarray, start_s: float = 0.5) -> None:
    for at_s in np.arange(start_s + 0.1, 3.6, 0.2):
        assert pitch_hz(samples, at_s) == pytest.approx(200 + 80 * (at_s + 0.1 - start_s), abs=12)


def test_the_source_runs_on_without_a_jump(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray", "gray")
    out = sonify.render(sheet(video, sounds, cue("sweep.wav", 0.5, 3.9)), tmp_path / "o.mp4")
    check_the_sweep_goes_on(decoded(out))


def test_times_do_not_drift(tmp_path: Path) -> None:
    video = tmp_path / "long.mp4"
    picture = "color=gray:size=64x48:rate=30000/1001:duration=120"
    subprocess.run([FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture, "-g", "300", str(video)], check=True)
    with open_video(video, VideoSettings(), short_side_px=32) as reader:
        times = [time for chunk in reader for time in chunk.frames.times_s]
    frame = Fraction(1001, 30000)
    assert len(times) == 241
    # Each is the frame on screen at that half second, to the last.
    assert all(0 <= Fraction(number, 2) - time < frame and time % frame == 0 for number, time in enumerate(times))


def check_it_is_heard_all_along(samples: np.ndarray) -> None:
    assert min(loudness(samples, t) for t in np.arange(1, 3, 0.25)) > 1e-3


def test_a_sound_shorter_than_its_fades_is_looped(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray", "gray")
    long = cue("short.wav", 0.0, 4.0, fade_in_s=0.5, fade_out_s=0.5)
    check_it_is_heard_all_along(decoded(sonify.render(sheet(video, sounds, long), tmp_path / "o.mp4")))


def check_levels_move_without_steps(samples: np.ndarray) -> None:
    levels = 20 * np.log10([loudness(samples, t) + 1e-9 for t in np.arange(0.2, 3.7, 0.1)])
    assert np.abs(np.diff(levels)).max() < 1.2


def test_gain_moves_without_steps(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray", "gray")
    moving = cue("tone.wav", 0.0, 4.0, gain_curve=((0.0, -24.0), (4.0, 0.0)), pan_curve=((0.0, -1.0), (4.0, 1.0)))
    check_levels_move_without_steps(decoded(sonify.render(sheet(video, sounds, moving), tmp_path / "o.mp4")))


def test_a_loud_mix_does_not_clip(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray", "gray")
    cues = [cue(f"{name}.wav", 0.0, 4.0, gain_db=24.0) for name in ("red", "green", "blue", "tone")]
    out = sonify.render(sheet(video, sounds, *cues), tmp_path / "o.mp4")
    # As decoded from the finished file, by a meter that is not ours.
    heard = must_measure(out)
    assert heard.peak_dbtp <= -1.0
    assert heard.loudness_lufs == pytest.approx(-14, abs=0.5)
    assert loudness(decoded(out), 2.0) > 0.1


def check_the_hum_is_there(samples: np.ndarray) -> None:
    # The film's hum is a sine of amplitude 1/8.
    assert loudness(samples, 3.0) == pytest.approx(0.125 / np.sqrt(2), rel=0.05)
    assert pitch_hz(samples, 3.0) == pytest.approx(220, abs=5)


def test_the_original_is_kept(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "gray", "gray")
    kept = sheet(video, sounds, cue("red.wav", 1.0, 2.0), original="keep", profile="film")
    out = sonify.render(kept, tmp_path / "o.mp4")
    check_the_hum_is_there(decoded(out))


def packets(path: Path) -> str:
    command = [FFMPEG, "-v", "error", "-i", str(path), "-map", "0:v", "-c", "copy", "-f", "framehash", "-"]
    return hashlib.sha256(subprocess.run(command, capture_output=True, check=True).stdout).hexdigest()


def test_the_picture_is_copied(tmp_path: Path, sounds: Path) -> None:
    video = film(tmp_path / "a.mp4", "red", "gray")
    assert packets(sonify.render(sheet(video, sounds, cue("red.wav", 0, 1)), tmp_path / "o.mp4")) == packets(video)


def test_nothing_of_an_earlier_run_is_used(tmp_path: Path, sounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())
    video = film(tmp_path / "a.mp4", "red")
    assert [c.label for c in sonify.score(video, library=sounds).sheet.cues] == ["red thing"]
    film(video, "blue")
    again = sonify.score(video, library=sounds, force=True)
    assert [c.label for c in again.sheet.cues] == ["blue thing"]
    assert CueSheet.load(again.cues) == again.sheet


def test_frames_are_let_go(tmp_path: Path) -> None:
    video = film(tmp_path / "a.mp4", *["red"] * 6, seconds=5)
    with open_video(video, VideoSettings(), short_side_px=32) as reader:
        chunks = [(len(chunk.frames), len(chunk.grey)) for chunk in reader]
    assert len(chunks) >= 4
    assert max(frames for frames, _ in chunks) <= 16
    assert max(grey for _, grey in chunks) <= 96
