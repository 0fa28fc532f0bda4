"""Pan and gain of emitters over time, from maps that the test draws and from the built-in model."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sonify.cues import Evidence
from sonify.errors import ModelError
from sonify.matching import where as module
from sonify.matching.parts import Part
from sonify.matching.presence import Interval
from sonify.matching.saliency import regions
from sonify.matching.scores import Words
from sonify.matching.where import Where, size_gain_db
from sonify.models.calibration import Calibration
from sonify.settings import Settings

SOME = Calibration(scale=15.0, bias=-3.0)
ROWS, COLUMNS = 8, 14


def _map(pan: float, width: float = 0.2, height: float = 0.3, high: float = 0.5) -> np.ndarray:
    """One map in which an emitter of so large a share of the picture is at `pan`."""
    found = np.full((ROWS, COLUMNS), -0.3, np.float32)
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 - 1
    y = (np.arange(ROWS) + 0.5) / ROWS * 2 - 1
    found[(np.abs(y) < height)[:, None] & (np.abs(x - pan) < width)[None]] = high
    return found


def _part(start: int, end: int, label: int = 0, score: float = 0.9) -> Part:
    return Part(
        label, Interval(Fraction(start), Fraction(end), 0, 1), Evidence(start + 0.5, score), 0.2, score, (), ()
    )


class _Seeing:
    """A model whose maps are what the test says, by the number that a frame carries in its first pixel."""

    calibration = SOME
    name = "drawn"

    def __init__(self, maps: np.ndarray) -> None:
        self.maps, self.asked = maps, []

    def __call__(self, frames: np.ndarray, labels: np.ndarray) -> np.ndarray:
        self.asked.append((len(frames), len(labels)))
        return np.stack([np.stack([self.maps[f[0, 0, 0]]] * len(labels)) for f in frames])


def _result(
    monkeypatch: pytest.MonkeyPatch, maps: np.ndarray, parts: list[Part], cuts: tuple[Fraction, ...] = (), **mix: Any
) -> tuple[list[Part], _Seeing]:
    model = _Seeing(maps)
    monkeypatch.setattr(module, "maps_of", lambda *_: model)
    settings = Settings()
    settings = replace(settings, mix=replace(settings.mix, **mix))
    words = Words(np.eye(3, dtype=np.float32), np.zeros((1, 3), np.float32))
    looking = Where(parts, model, words, settings, cuts=cuts)  # type: ignore[arg-type]
    times = [Fraction(n, 5) for n in range(len(maps))]
    frames = np.zeros((len(maps), 2, 2, 3), np.uint8)
    frames[:, 0, 0, 0] = np.arange(len(maps))
    for start in range(0, len(maps), 7):
        looking.see(times[start : start + 7], frames[start : start + 7])
    return [looking.result(part) for part in parts], model


def test_a_region_is_where_the_map_is_high() -> None:
    maps = np.stack(
        [_map(9 / 14), _map(0.0, high=-0.3), np.random.default_rng(0).normal(-0.2, 0.01, (ROWS, COLUMNS))]
    )
    found = regions(maps.astype(np.float32), SOME)
    assert found.pans[0] == pytest.approx(9 / 14, abs=0.01)
    left, top, right, bottom = found.boxes[0]
    assert 0.7 < left < 0.8 and 0.85 < right <= 1.0 and 0.2 < top < 0.5 < bottom < 0.8
    assert found.confidence[0] > 0.9 > 0.5 > found.confidence[1:].max()
    assert found.pans[1] == 0 and found.boxes[1] == pytest.approx([0, 0, 1, 1])  # nothing stands out


def test_evidence_apart_from_the_best_place_is_of_something_else() -> None:
    two = np.maximum(_map(-0.7), _map(0.8, high=0.3))
    assert regions(two[None], SOME).pans[0] == pytest.approx(-0.7, abs=0.06)


def test_size_grows_with_the_emitter() -> None:
    maps = np.stack(
        [_map(0.0, width, width, high) for width, high in ((0.1, 0.2), (0.2, 0.3), (0.4, 0.3), (0.9, 0.3))]
    )
    assert np.all(np.diff(regions(maps, SOME).sizes) > 0)


def test_gain_rises_with_size_and_stays_in_its_range() -> None:
    levels = np.log(np.array([0.001, 0.3, 0.9, 1.0, 1.6, 10.0]))
    gains = size_gain_db(levels, 6.0)
    assert np.all(np.diff(gains) > 0) and np.all(np.abs(gains) <= 6)
    assert gains[3] == 0 and gains[4] == pytest.approx(4.5)
    assert np.all(size_gain_db(levels, 0.0) == 0)


def test_a_larger_one_is_louder_whole_films_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    gains = []
    for width in (0.15, 0.4, 0.8):
        (part,), _ = _result(monkeypatch, np.stack([_map(0.0, width, width)] * 10), [_part(0, 2)])
        gains.append(part.gain_curve[0][1] if part.gain_curve else 0.0)
    assert gains == sorted(gains) and len(set(gains)) == 3


def test_a_moving_emitter_gives_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    path = np.linspace(-0.7, 0.7, 31)
    (part,), _ = _result(monkeypatch, np.stack([_map(pan) for pan in path]), [_part(0, 6)])
    at, pans = np.array(part.pan_curve).T
    assert len(part.pan_curve) <= 5  # of 30 frames
    assert np.abs(np.interp(np.arange(30) / 5, at, pans) - path[:30]).mean() < 0.06
    assert part.pan == pytest.approx(0.0, abs=0.05)
    assert part.evidence.box is not None and part.evidence.box[2] < 0.5  # at 0.5 s it is on the left


def test_a_still_one_gives_one_key_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    (part,), _ = _result(monkeypatch, np.stack([_map(0.5)] * 20), [_part(0, 4)])
    assert len(part.pan_curve) == 1 and part.pan_curve[0][1] == pytest.approx(0.5, abs=0.06)


def test_an_absent_one_is_in_the_centre_at_its_usual_level(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(3).normal(-0.2, 0.1, (20, ROWS, COLUMNS)).astype(np.float32)
    for maps, asked in ((noise, _part(0, 4, score=0.02)), (noise - 0.3, _part(0, 4))):
        (part,), _ = _result(monkeypatch, maps, [asked])
        assert part.pan == 0 and part.pan_curve == ((0.0, 0.0),) and part.gain_curve == ()
        assert part.evidence == asked.evidence


def test_coming_nearer_is_louder(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.stack([_map(0.0, w, w) for w in np.linspace(0.1, 0.9, 21)])
    (part,), _ = _result(monkeypatch, maps, [_part(0, 4)])
    gains = [gain for _, gain in part.gain_curve]
    assert gains == sorted(gains) and gains[-1] - gains[0] > 4 and max(map(abs, gains)) <= 6
    (flat,), _ = _result(monkeypatch, maps, [_part(0, 4)], size_gain_db=0.0)
    assert flat.gain_curve == ()


def test_a_curve_jumps_at_a_cut_and_only_there(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.stack([_map(-0.6)] * 11 + [_map(0.6)] * 10)
    (cut,), _ = _result(monkeypatch, maps, [_part(0, 4)], cuts=(Fraction(21, 10),))
    times = [time for time, _ in cut.pan_curve]
    assert times == [0.0, 2.1, 2.1] and cut.pan_curve[1][1] < -0.5 and cut.pan_curve[2][1] > 0.5
    (glide,), _ = _result(monkeypatch, maps, [_part(0, 4)])
    steps = [abs(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(glide.pan_curve, glide.pan_curve[1:], strict=False)]
    assert max(steps) <= module.PAN_SLEW_PER_S + 0.1


def test_moments_that_say_nothing_are_where_the_emitter_is_on_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.stack([_map(0.0, high=-0.3)] * 8 + [_map(0.5)] * 13)
    (part,), _ = _result(monkeypatch, maps, [_part(0, 4)])
    assert all(pan == pytest.approx(0.5, abs=0.08) for _, pan in part.pan_curve)


def test_labels_are_looked_for_where_they_are_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [_part(0, 2), _part(1, 4, label=1), _part(1, 4, label=2)]
    found, model = _result(monkeypatch, np.stack([_map(0.4)] * 30), parts)
    assert {labels for _, labels in model.asked} == {1, 3, 2}
    assert sum(frames for frames, _ in model.asked) == 21  # up to 4 s, each frame once
    assert all(part.pan == pytest.approx(0.4, abs=0.06) for part in found)


def test_a_refined_interval_uses_only_what_lies_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.stack([_map(-0.6)] * 10 + [_map(0.6)] * 11)
    model = _Seeing(maps)
    monkeypatch.setattr(module, "maps_of", lambda *_: model)
    words = Words(np.eye(3, dtype=np.float32), np.zeros((1, 3), np.float32))
    looking = Where([_part(0, 4)], model, words, Settings())  # type: ignore[arg-type]
    frames = np.zeros((21, 2, 2, 3), np.uint8)
    frames[:, 0, 0, 0] = np.arange(21)
    looking.see([Fraction(n, 5) for n in range(21)], frames)
    later = looking.result(_part(2, 4))
    assert later.pan_curve[0][0] == 2.0 and later.pan == pytest.approx(0.6, abs=0.06)
    assert looking.result(_part(30, 31)) == _part(30, 31)  # never looked at


@pytest.fixture(scope="module")
def mini() -> Any:
    from sonify.models.registry import load
    from sonify.settings import ModelSettings

    return load(ModelSettings(name="sonify-mini", device="cpu"))


def test_a_model_without_places_leaves_parts_as_they_were() -> None:
    words = Words(np.eye(3, dtype=np.float32), np.zeros((1, 3), np.float32))
    looking = Where([_part(0, 4)], _Seeing(np.zeros((0, 8, 14))), words, Settings())  # type: ignore[arg-type]
    assert looking.windows() == ()
    looking.see([Fraction(0)], np.zeros((1, 8, 8, 3), np.uint8))
    assert looking.result(_part(0, 4)) == _part(0, 4)


def test_grad_cam_wants_a_resnet(mini: Any) -> None:
    settings = Settings.load(sets=["matching.evidence=gradcam"])
    words = Words(np.zeros((1, 256), np.float32), np.zeros((1, 256), np.float32))
    with pytest.raises(ModelError, match=r"sonify-mini.*evidence=dense"):
        Where([_part(0, 4)], mini, words, settings)


def test_the_built_in_model_follows_a_fire(mini: Any) -> None:
    from sonify.models.text import embed_labels, embed_null
    from training.draw import RECIPES

    fire = np.clip(RECIPES["campfire"][0](np.random.default_rng(3), np.full((112, 112, 3), 0.35, np.float32)), 0, 1)
    frames = np.full((16, 160, 400, 3), 90, np.uint8)
    lefts = np.linspace(10, 270, 16).round().astype(int)
    for frame, left in zip(frames, lefts, strict=True):
        frame[24:136, left : left + 112] = (fire * 255).astype(np.uint8)
    part = replace(_part(0, 3), evidence=Evidence(0.0, 0.9))
    looking = Where([part], mini, Words(embed_labels(mini, [["a campfire"]]), embed_null(mini)), Settings())
    assert [(w.start_s, w.end_s) for w in looking.windows()] == [(0, 3)]
    assert Where.short_side_px(mini) >= mini.image_size_px
    looking.see([Fraction(n, 5) for n in range(16)], frames)
    found = looking.result(part)
    at, pans = np.array(found.pan_curve).T
    true = (lefts[:15] + 56) / 200 - 1
    assert np.abs(np.interp(np.arange(15) / 5, at, pans) - true).mean() < 0.15
    assert found.evidence.box is not None and found.evidence.box[0] < 0.3


def test_what_was_found_is_believed_sooner_and_what_was_not_never() -> None:
    places = np.array([0.0, 0.05, 0.5, 0.99, 1.0])
    assert module.given(places, 0.01) == pytest.approx(places, abs=1e-6)
    assert module.given(places, 0.5)[1] == pytest.approx(0.5, abs=0.01)  # even odds instead of one in twenty
    assert module.given(places, 1.0) == pytest.approx(module.given(places, 0.5))
