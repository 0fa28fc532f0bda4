"""Where a part begins and ends: found on the frame by a second look, on films whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from colours import CloseColourModel, ColourModel
from media import make_video, plain
from numpy.typing import NDArray

from sonify.cues import Evidence
from sonify.matching.look import look
from sonify.matching.parts import Part
from sonify.matching.presence import Interval, presence
from sonify.matching.refine import Refine
from sonify.matching.scores import Scores, Sight, Words, score
from sonify.matching.second_look import Window, second_look
from sonify.models.calibration import Calibration
from sonify.models.interface import Box, Embeddings
from sonify.settings import Settings
from sonify.video.frames import VideoInfo
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder, SceneSpan

RATE = 25
GREY, RED, GREEN = (110, 110, 110), (220, 40, 40), (40, 220, 40)
MODEL = ColourModel()
CALIBRATION = Calibration(scale=20.0, bias=-2.0)
NAMES = ("red", "green")


@dataclass(frozen=True)
class Seen:
    info: VideoInfo
    sight: Sight
    words: Words

    def judge(self, seen: Embeddings, labels: Sequence[int]) -> Scores:
        words = Words(self.words.labels[list(labels)], self.words.null)
        return score(seen.vectors, seen.boxes, words, CALIBRATION, details=seen.details)


def seen(path: Path) -> Seen:
    with open_video(path, Settings().video, short_side_px=32) as reader:
        sight = look(reader, MODEL, SceneFinder(Settings().scenes))
        info = reader.info
    return Seen(info, sight, Words(MODEL.embed_phrases(NAMES), MODEL.embed_phrases(["grey"])))


def film(path: Path, *stretches: tuple[Sequence[int], float], rate: int = RATE) -> Path:
    pictures = [p for colour, seconds in stretches for p in plain(colour, round(seconds * rate), width=64, height=48)]
    return make_video(path, pictures, rate=str(rate))


def parts_of(film: Seen, spans: Sequence[SceneSpan], settings: Settings, label: int = 0) -> list[Part]:
    found = []
    for span in spans:
        frames = film.sight.between(span.start_s, span.end_s)
        column = film.judge(film.sight.embeddings[frames], (label,)).probabilities[:, 0]
        for interval in presence(column, film.sight.times_s[frames], span.start_s, span.end_s, settings.matching):
            found.append(part(interval, label))
    return found


def part(interval: Interval, label: int = 0) -> Part:
    return Part(label, interval, Evidence(float(interval.start_s), 0.9), 0.0, 0.9, (), ())


def refined(film: Seen, parts: Sequence[Part], spans: Sequence[SceneSpan], settings: Settings) -> list[Part]:
    refine = Refine(parts, spans, film.sight, MODEL, film.judge, settings)
    second_look(film.info, [refine], short_side_px=32, settings=settings.video)
    return [refine.result(p) for p in parts]


def whole(film: Seen) -> list[SceneSpan]:
    return [SceneSpan(Fraction(0), film.info.duration_s)]


@pytest.mark.parametrize("start_s", [1.0, 1.2, 1.36, 1.48])
def test_edges_are_found_to_within_a_twelfth_of_a_second(tmp_path: Path, start_s: float) -> None:
    end_s = start_s + 2.16
    film_ = seen(film(tmp_path / "a.mp4", (GREY, start_s), (RED, end_s - start_s), (GREY, 2)))
    spans = whole(film_)
    (coarse,) = parts_of(film_, spans, Settings())
    (fine,) = refined(film_, [coarse], spans, Settings())
    assert abs(float(fine.interval.start_s) - start_s) <= 1 / 12
    assert abs(float(fine.interval.end_s) - end_s) <= 1 / 12
    assert fine == Part(**{**vars(coarse), "interval": fine.interval})


def test_an_edge_never_leaves_its_scene(tmp_path: Path) -> None:
    """Red on both sides of the cut at 2 s, but only the part after it is asked about."""
    film_ = seen(film(tmp_path / "a.mp4", (RED, 2), (RED, 1.4), (GREY, 1.6)))
    spans = [SceneSpan(Fraction(0), Fraction(2)), SceneSpan(Fraction(2), film_.info.duration_s)]
    after = parts_of(film_, spans, Settings())[1]
    (fine,) = refined(film_, [after], spans, Settings())
    assert fine.interval.start_s == 2
    assert abs(float(fine.interval.end_s) - 3.4) <= 1 / 12


def test_what_begins_between_a_cut_and_the_first_frame_looked_at(tmp_path: Path) -> None:
    """The cut at 1.04 s, red from 1.28 s on, the next frame of the first look at 1.5 s."""
    film_ = seen(film(tmp_path / "a.mp4", (GREEN, 1.04), (GREY, 0.24), (RED, 2)))
    cut = Fraction(26, 25)
    spans = [SceneSpan(Fraction(0), cut), SceneSpan(cut, film_.info.duration_s)]
    (coarse,) = parts_of(film_, spans, Settings())
    assert coarse.interval.start_s == cut
    (fine,) = refined(film_, [coarse], spans, Settings())
    assert abs(float(fine.interval.start_s) - 1.28) <= 1 / 12
    assert fine.interval.end_s == film_.info.duration_s


def test_parts_joined_across_a_cut_have_no_edge_there(tmp_path: Path) -> None:
    film_ = seen(film(tmp_path / "a.mp4", (GREY, 0.6), (RED, 3), (GREY, 1)))
    spans = [SceneSpan(Fraction(0), Fraction(2)), SceneSpan(Fraction(2), film_.info.duration_s)]
    joined = part(Interval(Fraction(3, 4), Fraction(13, 4), 2, 6))
    refine = Refine([joined], spans, film_.sight, MODEL, film_.judge, Settings())
    assert len(refine.windows()) == 2
    second_look(film_.info, [refine], short_side_px=32, settings=Settings().video)
    fine = refine.result(joined)
    assert abs(float(fine.interval.start_s) - 0.6) <= 1 / 12
    assert abs(float(fine.interval.end_s) - 3.6) <= 1 / 12


def test_two_emitters_each_have_their_own_edges(tmp_path: Path) -> None:
    left, right = np.zeros((48, 32, 3), np.uint8), np.zeros((48, 32, 3), np.uint8)
    pictures = []
    for number in range(150):
        left[:], right[:] = (RED if 30 <= number < 110 else GREY), (GREEN if 58 <= number < 133 else GREY)
        pictures.append(np.concatenate([left, right], axis=1))
    film_ = seen(make_video(tmp_path / "a.mp4", pictures))
    spans = whole(film_)
    parts = [*parts_of(film_, spans, Settings(), 0), *parts_of(film_, spans, Settings(), 1)]
    edges = [
        float(e) for p in refined(film_, parts, spans, Settings()) for e in (p.interval.start_s, p.interval.end_s)
    ]
    assert edges == pytest.approx([1.2, 4.4, 2.32, 5.32], abs=1 / 12)


def test_it_can_be_left_out(tmp_path: Path) -> None:
    film_ = seen(film(tmp_path / "a.mp4", (GREY, 1.2), (RED, 2), (GREY, 1)))
    settings = Settings.load(values={"matching.refine_rate_hz": 0})
    parts = parts_of(film_, whole(film_), settings)
    refine = Refine(parts, whole(film_), film_.sight, MODEL, film_.judge, settings)
    assert refine.windows() == []
    assert refine.result(parts[0]) == parts[0]


def test_one_strange_frame_moves_no_edge(tmp_path: Path) -> None:
    """A frame of red, before red is there to stay."""
    film_ = seen(film(tmp_path / "a.mp4", (GREY, 1.4), (RED, 0.04), (GREY, 0.24), (RED, 2), (GREY, 1)))
    spans = whole(film_)
    (fine,) = refined(film_, parts_of(film_, spans, Settings()), spans, Settings())
    assert abs(float(fine.interval.start_s) - 1.68) <= 1 / 12


def test_watchers_see_their_own_windows_of_one_reading(tmp_path: Path) -> None:
    film_ = seen(film(tmp_path / "a.mp4", (GREY, 4)))

    class Watching:
        def __init__(self, *windows: Window) -> None:
            self.own, self.times_s = windows, list[Fraction]()

        def windows(self) -> Sequence[Window]:
            return self.own

        def see(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8]) -> None:
            assert len(times_s) == len(frames) > 0
            assert frames.shape[1:] == (32, 43, 3)
            self.times_s += times_s

    every = Watching(Window(Fraction(1), Fraction(2)), Window(Fraction(3, 2), Fraction(9, 4), 5))
    coarse = Watching(Window(Fraction(1, 2), Fraction(3), 5))
    second_look(film_.info, [every, coarse, Watching()], short_side_px=32, settings=Settings().video)
    assert every.times_s == [Fraction(k, RATE) for k in (*range(25, 50), 50, 55)]
    assert coarse.times_s == [Fraction(k, RATE) for k in (13, *range(15, 75, 5))]


class OnlyParts(CloseColourModel):
    """Sees parts of frames by themselves, and nothing else of them."""

    def embed_frames(self, pixels: np.ndarray) -> Embeddings:
        return super().embed_frames(np.full_like(pixels, GREY[0]))


def test_an_edge_is_judged_by_what_came_there_and_not_by_what_came_elsewhere(tmp_path: Path) -> None:
    """Red on the right from 1.2 s to 4 s. On the left, which is another part, it is red before that too."""
    pictures = []
    for k in range(150):
        halves = (RED if k < 40 or k >= 65 else GREY, RED if 30 <= k < 100 else GREY)
        pictures.append(np.concatenate([np.full((48, 32, 3), colour, np.uint8) for colour in halves], axis=1))
    path = make_video(tmp_path / "a.mp4", pictures)
    model = OnlyParts()
    left, right = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)
    with open_video(path, Settings().video, short_side_px=32) as reader:
        plain = look(reader, model, SceneFinder(Settings().scenes), newcomers=False)
        info = reader.info
    times = plain.times_s
    frames = np.stack([pictures[min(149, round(float(t) * RATE))] for t in times])
    boxes = [(right,) if t < 4 else (left,) for t in times]
    sight = Sight(replace(plain.embeddings, details=model.embed_parts(frames, boxes)), times)
    film_ = Seen(info, sight, Words(MODEL.embed_phrases(NAMES), MODEL.embed_phrases(["grey"])))
    first, second = (
        part(Interval(Fraction(a), Fraction(b), *inside))
        for a, b, inside in ((Fraction(5, 4), Fraction(15, 4), (3, 7)), (4, Fraction(11, 2), (8, 11)))
    )
    refine = Refine([first, second], whole(film_), sight, model, film_.judge, Settings())
    # All frames at once, as a reader gives those of windows that lie near each other.
    at = [k for k in range(150) if any(w.start_s <= Fraction(k, RATE) < w.end_s for w in refine.windows())]
    small = np.stack([pictures[k] for k in at])
    refine.see(tuple(Fraction(k, RATE) for k in at), small)
    assert abs(float(refine.result(first).interval.start_s) - 1.2) <= 1 / 12
