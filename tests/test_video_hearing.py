"""What the video already sounds like, and how sounds make way for speech."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from sonify.cues import Cue, OriginalSpan, SoundRef
from sonify.matching.ducking import ducked
from sonify.settings import MixSettings
from sonify.video.hearing import RATE_HZ, STEP, listen, spans
from sonify.video.probe import probe

STEP_S = STEP / RATE_HZ


def film(path: Path, audio: str, *options: str) -> Path:
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "color=gray:s=64x48:r=25:d=4",
    ]
    command += ["-f", "lavfi", "-i", audio] if audio else []
    subprocess.run([*command, *options, "-t", "4", str(path)], check=True, timeout=60)
    return path


def heard(path: Path) -> tuple[OriginalSpan, ...]:
    return listen(probe(path), stall_timeout_s=20)


def test_a_film_without_audio_has_nothing_to_say(tmp_path: Path) -> None:
    assert heard(film(tmp_path / "a.mp4", "")) == ()


def test_silence_and_sound_are_told_apart(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "aevalsrc='if(between(t,1,3),0.2*sin(2*PI*440*t),0)':s=44100:d=4")
    found = heard(path)
    assert [span.sounds for span in found] == ["silence", "sound", "silence"]
    assert [span.end_s for span in found] == pytest.approx([1, 3, 4], abs=2 * STEP_S)
    assert found[0].start_s == 0


def test_audio_that_begins_late_is_placed_late(tmp_path: Path) -> None:
    early = film(tmp_path / "a.mp4", "sine=440:d=2")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", early, "-itsoffset", "1.5", "-i", early]
    late = tmp_path / "b.mkv"
    subprocess.run(
        [*map(str, command), "-map", "0:v", "-map", "1:a", "-c", "copy", str(late)], check=True, timeout=60
    )
    found = heard(late)
    assert [span.sounds for span in found][:2] == ["silence", "sound"]
    assert found[0].end_s == pytest.approx(1.5, abs=3 * STEP_S)


def test_speech_is_found_in_real_clips_and_not_in_hits(shared: Path) -> None:
    clips = shared / "media" / "clips"
    shares = {}
    for name in ("vta-ldm__-26aVYRtEAc_000030.mp4", "CondFoleyGen__hitting_metal.mp4", "Diff-Foley__car.mp4"):
        found = heard(clips / name)
        assert found[0].start_s == 0
        assert all(a.end_s == b.start_s for a, b in pairwise(found))
        spoken = sum(span.end_s - span.start_s for span in found if span.sounds == "speech")
        shares[name] = spoken / found[-1].end_s
    talk, metal, car = shares.values()
    assert talk > 0.5
    assert metal == car == 0


def test_short_pauses_are_bridged_and_single_steps_left_out() -> None:
    speech = np.zeros(200)
    speech[10:40] = 0.9
    speech[44:80] = 0.9  # after a pause of 128 ms
    speech[120:124] = 0.9  # 128 ms: a click, not a word
    found = spans(speech, np.full(200, 0.1), Fraction(200 * STEP, RATE_HZ))
    assert [(span.sounds, span.start_s, span.end_s) for span in found] == [
        ("sound", 0.0, 10 * STEP_S),
        ("speech", 10 * STEP_S, 80 * STEP_S),
        ("sound", 80 * STEP_S, 200 * STEP_S),
    ]


def test_audio_that_ends_early_is_followed_by_silence() -> None:
    found = spans(np.zeros(50), np.full(50, 0.1), Fraction(10))
    assert [(span.sounds, span.end_s) for span in found] == [("sound", 50 * STEP_S), ("silence", 10.0)]


def cue(kind: str, start_s: float, end_s: float, **more: object) -> Cue:
    return Cue("c", kind, "x", SoundRef("l", "a.wav"), start_s, end_s, **more)  # type: ignore[arg-type]


TALK = (OriginalSpan(0, 2, "sound"), OriginalSpan(2, 3, "speech"), OriginalSpan(3, 3.2, "sound"),
        OriginalSpan(3.2, 4, "speech"), OriginalSpan(4, 9, "silence"))  # fmt: skip


def test_sounds_go_down_before_the_first_word_and_up_after_the_last() -> None:
    effect, bed, before, after = ducked(
        [cue("effect", 1, 6), cue("ambience", 0, 9), cue("effect", 0, 1.9), cue("effect", 4.5, 6)],
        TALK,
        MixSettings(),
    )
    # The pause of 0.2 s is too short to come up in.
    assert effect.gain_curve == ((1.92, 0.0), (2.0, -6.0), (4.0, -6.0), (4.4, 0.0))
    assert [value for _, value in bed.gain_curve] == [0.0, -10.0, -10.0, 0.0]
    assert before.gain_curve == after.gain_curve == ()


def test_ducking_is_added_to_a_curve_that_is_there() -> None:
    moving = cue("effect", 1, 6, gain_curve=((1.0, -3.0), (3.0, -3.0), (3.0, 2.0)))
    (found,) = ducked([moving], TALK, MixSettings())
    assert found.gain_curve == (
        (1.0, -3.0), (1.92, -3.0), (2.0, -9.0), (3.0, -9.0), (3.0, -4.0), (4.0, -4.0), (4.4, 2.0)
    )  # fmt: skip


def test_a_locked_cue_stays_and_a_muted_original_needs_no_room() -> None:
    mine = cue("effect", 1, 6, gain_curve=((1.0, -3.0),), locked=True)
    assert ducked([mine], TALK, MixSettings()) == [mine]
    plain = cue("effect", 1, 6)
    assert ducked([plain], TALK, MixSettings(original="mute")) == [plain]
    assert ducked([plain], TALK, MixSettings(speech_effect_db=0.0)) == [plain]
