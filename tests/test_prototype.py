"""The paper prototype's method, as we re-implemented it, has each of its defects.

tests/test_peers.py names for each the test that holds for sonify. Here the same check, or its like on the same
pictures and sounds, fails on the prototype's method: so the checks can fail, and the baseline is what it says.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from colours import CALIBRATION, FFMPEG, ColourModel, library
from test_peers import (
    DEFECTS,
    check_it_is_heard_all_along,
    check_levels_move_without_steps,
    check_the_hum_is_there,
    check_the_sweep_goes_on,
    decoded,
    loudness,
    packets,
)

from benchmarks.prototype_mix import RATE_HZ, effect_track, mixed, pan_and_gain
from sonify.evaluation.baselines.glance import Eye, Glance
from sonify.evaluation.baselines.prototype import Method, Prototype
from sonify.evaluation.baselines.words import LOGIT_SCALE, Known
from sonify.evaluation.manifest import Clip
from sonify.evaluation.outcome import Outcome
from sonify.matching.saliency import regions
from sonify.matching.scores import Words
from sonify.settings import Settings

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 220, 30), (30, 30, 220), (96, 96, 96)
LABELS = ("blue thing", "green thing", "red thing")


def seen(*spans: tuple[tuple[int, int, int], float], rate: Fraction = Fraction(24)) -> Glance:
    """A film of plain colours, each for some seconds, of one brightness: no cut for a histogram."""
    eye = Eye(ColourModel(), Settings(), float(rate), ())
    grey = np.full((1, 9, 16), 96, np.uint8)
    number = 0
    for colour, length_s in spans:
        # To one brightness, so that the prototype sees one scene, as a camera that pans would give it.
        luma = np.dot(colour, (0.299, 0.587, 0.114))
        pixels = np.full((1, 9, 16, 3), np.array(colour) * 60 / luma, np.float64).clip(0, 255).astype(np.uint8)
        for _ in range(round(length_s * rate)):
            eye.see(pixels, (number / rate,), grey)
            number += 1
    return eye.finish(number / rate)


def asked(glance: Glance, **defects: bool) -> Outcome:
    model = ColourModel()
    bare, null = model.embed_phrases(LABELS), model.embed_phrases(["nothing"])
    words = Known(LABELS, ("effect",) * 3, bare, Words(bare, null), CALIBRATION, LOGIT_SCALE)
    return Prototype(words, Method(**defects)).outcome(Clip("a.mp4", Path("a.mp4")), glance)


def stereo(mono: np.ndarray) -> np.ndarray:
    return np.repeat(mono.astype(np.float32)[:, None], 2, axis=1)


def tone(length_s: float = 10.0) -> np.ndarray:
    return stereo(0.2 * np.sin(2 * np.pi * 441 * np.arange(int(RATE_HZ * length_s)) / RATE_HZ))


def check_red_is_heard(outcome: Outcome) -> None:
    assert [h.label for h in outcome.heard] == ["red thing"]


def colours_change_places() -> None:
    check_red_is_heard(asked(seen((RED, 4))))


def the_first_frame_decides() -> None:
    check_red_is_heard(asked(seen((BLUE, 1), (RED, 7)), swapped=False))


def a_chosen_label_is_always_there() -> None:
    (heard,) = asked(seen((RED, 4), (GREY, 4)), swapped=False).heard
    assert heard.end_s <= 4.5


def emitters_compete() -> None:
    """Red and blue at once: each alone is there, whatever else is."""
    assert {h.label for h in asked(seen(((160, 10, 160), 4)), swapped=False).heard} == {"red thing", "blue thing"}


def intervals_are_rendered_once_each() -> None:
    one, two = (effect_track(tone(), spans, [0.0] * 4, [0.0] * 4, 4) for spans in ([(0, 2)], [(0, 2), (2, 4)]))
    assert loudness(two, 1.0) == pytest.approx(loudness(one, 1.0), rel=0.01)


def the_source_jumps() -> None:
    t = np.arange(RATE_HZ * 10) / RATE_HZ
    sweep = stereo(0.2 * np.sin(2 * np.pi * (200 * t + 40 * t**2)))
    check_the_sweep_goes_on(effect_track(sweep, [(0, 4)], [0.0] * 4, [0.0] * 4, 4), start_s=0.0)


def time_drifts() -> None:
    """At 29.97 frames a second, red from 60 s on."""
    rate = Fraction(30000, 1001)
    outcome = asked(seen((BLUE, 60), (RED, 10), rate=rate), swapped=False, first_frame=False, chosen_only=False)
    # Blue wins the scene; it is over at 60 s.
    assert outcome.heard[0].label == "blue thing"
    assert outcome.heard[0].end_s == pytest.approx(60, abs=1.0)


def a_short_sound_crashes() -> None:
    click = stereo(np.hanning(480))
    try:
        samples = effect_track(click, [(0, 4)], [0.0] * 4, [0.0] * 4, 4)
    except ValueError as error:
        raise AssertionError(str(error)) from error
    check_it_is_heard_all_along(samples)


def nothing_loops() -> None:
    check_it_is_heard_all_along(effect_track(tone(0.6), [(0, 4)], [0.0] * 4, [0.0] * 4, 4))


def spot(x: float) -> np.ndarray:
    """Evidence over a picture: a spot at pan x on a floor that is not quite nothing, as maps are."""
    across = (np.arange(28) + 0.5) / 28 * 2 - 1
    floor = 0.25 + 0.02 * np.random.default_rng(0).standard_normal((16, 28))
    return (floor + np.exp(-(((across - x) / 0.12) ** 2))[None]).astype(np.float32)


def check_pan_is_where_it_is(pan: float) -> None:
    assert pan == pytest.approx(0.85, abs=0.12)


def pan_is_pulled_to_the_middle() -> None:
    check_pan_is_where_it_is(pan_and_gain(spot(0.85))[0])


def an_absent_object_is_loud() -> None:
    """A map without anything in it, against one with the emitter: what is not there must not be as loud."""
    noise = np.random.default_rng(1).random((16, 28)).astype(np.float32)
    assert pan_and_gain(noise)[1] < pan_and_gain(spot(0.85))[1]


def gain_moves_in_steps() -> None:
    steps = [-24.0, -16.0, -8.0, 0.0]
    check_levels_move_without_steps(effect_track(tone(), [(0, 4)], [-1.0, -0.3, 0.3, 1.0], steps, 4))


def nothing_holds_the_peaks() -> None:
    loud = effect_track(tone(), [(0, 4)], [0.0] * 4, [10.0] * 4, 4)
    assert np.abs(mixed([loud, loud])).max() <= 10 ** (-1 / 20)


def nothing_is_no_answer() -> None:
    assert asked(seen((GREY, 4)), swapped=False).heard == ()


def beds_start_again() -> None:
    """A cut within one place: one bed, once."""
    eye = Eye(ColourModel(), Settings(), 24.0, ())
    for number in range(96):
        # Half dark from the middle on: the histogram jumps, the place is the same.
        pixels = np.full((1, 9, 16, 3), 90, np.uint8)
        pixels[:, :, : 8 if number >= 48 else 0] = 20
        eye.see(pixels, (Fraction(number, 24),), pixels[..., 0])
    model = ColourModel()
    bare = model.embed_phrases(LABELS)
    null = model.embed_phrases(["nothing"])
    words = Known(LABELS, ("ambience",) * 3, bare, Words(bare, null), CALIBRATION, LOGIT_SCALE)
    outcome = Prototype(words).outcome(Clip("a.mp4", Path("a.mp4")), eye.finish(Fraction(4)))
    assert len(outcome.heard) == 1


SHOWN: dict[str, tuple[Callable[[], None], ...]] = {
    "1. red and blue swapped before CLIP": (colours_change_places,),
    "2. only a scene's first frame decides": (the_first_frame_decides,),
    "3a. one chosen label is always there": (a_chosen_label_is_always_there,),
    "3b. emitters compete": (emitters_compete,),
    "4. intervals rendered once per interval": (intervals_are_rendered_once_each,),
    "5. the source position jumps": (the_source_jumps,),
    "6. time drifts at 29.97": (time_drifts,),
    "7. a short sound crashes, nothing loops": (a_short_sound_crashes, nothing_loops),
    "8. an absent object gets a full map": (pan_is_pulled_to_the_middle, an_absent_object_is_loud),
    "9. one-second steps": (gain_moves_in_steps,),
    "10. no peak control": (nothing_holds_the_peaks,),
    "11b. the bed restarts at each cut": (beds_start_again,),
    "15. never 'no sound here'": (nothing_is_no_answer,),
}
WITH_FILES = {
    "11a. the original is thrown away",
    "12. the video is encoded again",
    "13. stale files get merged",
    "14. all frames in memory",
}


def test_each_defect_is_here() -> None:
    assert set(SHOWN) | WITH_FILES == set(DEFECTS)


@pytest.mark.parametrize(("defect", "check"), [(d, check) for d, checks in SHOWN.items() for check in checks])
def test_the_prototype_has_it(defect: str, check: Callable[[], None]) -> None:
    with pytest.raises(AssertionError):
        check()


def test_without_the_defect_the_check_holds() -> None:
    """What fails above fails for the defect, and not for the film: with it mended the same checks hold."""
    check_red_is_heard(asked(seen((RED, 4)), swapped=False))
    check_red_is_heard(asked(seen((BLUE, 1), (RED, 7)), swapped=False, first_frame=False))
    (heard,) = asked(seen((RED, 4), (GREY, 4)), swapped=False, first_frame=False, chosen_only=False).heard
    assert heard.end_s <= 8
    rate = Fraction(30000, 1001)
    mended = {"swapped": False, "first_frame": False, "chosen_only": False, "whole_seconds": False}
    assert asked(seen((BLUE, 60), (RED, 10), rate=rate), **mended).heard[0].end_s == pytest.approx(60, abs=1.0)
    assert asked(seen((GREY, 4)), swapped=False, always=False).heard == ()
    check_pan_is_where_it_is(float(regions(spot(0.85)[None] - 0.5, CALIBRATION).pans[0]))


class ColourMethod:
    """What benchmarks.prototype asks of a model, by colours."""

    def words(self, labels: list[str]) -> np.ndarray:
        return ColourModel().embed_phrases(labels)

    def shares(self, frame: np.ndarray, words: np.ndarray) -> np.ndarray:
        mean = frame.mean(axis=(0, 1))
        powers = np.exp(10 * words @ (mean / np.linalg.norm(mean)))
        return np.asarray(powers / powers.sum())

    def place(self, frame: np.ndarray, word: np.ndarray) -> tuple[float, float]:
        return 0.0, 0.0


def test_the_prototype_has_those_of_its_files(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    from benchmarks import prototype

    sounds = library(tmp_path / "sfx")
    with (sounds / "labels.csv").open("a") as handle:
        handle.write("\nred.wav,room,ambience,a room,CC0-1.0\n")
    work = tmp_path / "work"
    work.mkdir()
    video, out = tmp_path / "a.mp4", tmp_path / "out.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24:duration=4"]
    hum = ["-f", "lavfi", "-i", "sine=frequency=220:duration=4"]
    subprocess.run([FFMPEG, "-v", "error", *picture, *hum, "-pix_fmt", "yuv420p", str(video)], check=True)
    (work / "0009.mp4").write_bytes(video.read_bytes())  # of an earlier run
    prototype.score(video, out, sounds, ColourMethod(), work)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):  # 11a
        check_the_hum_is_there(decoded(out))
    assert packets(out) != packets(video)  # 12
    original, _ = prototype.all_frames(video)
    assert original.shape == (96, 90, 160, 3)  # 14: every frame, at full size, at once
    assert len((work / "list.txt").read_text().splitlines()) == 2  # 13


def test_the_page_on_evaluation_names_them(root: Path) -> None:
    text = (root / "docs" / "eval.md").read_text("utf-8")
    for holds in DEFECTS.values():
        assert f"`{holds.partition('::')[2]}`" in text
    for checks in SHOWN.values():
        for check in checks:
            assert f"`{check.__name__}`" in text
