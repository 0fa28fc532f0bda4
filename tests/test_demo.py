"""The sample film shows what it should, when it should, and comes out the same each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from demo_truth import CROSSING, CUTS_S, DISSOLVES_S, DURATION_S, TRUTH
from numpy.typing import NDArray

from sonify.demo import film
from sonify.demo.drawing import ASPECT, axes, capsule, crop, develop, noise, polygon, ramp, sample, splat
from sonify.errors import RenderError
from sonify.settings import SceneSettings
from sonify.video.frames import Frames
from sonify.video.reader import small_grey
from sonify.video.scenes import SceneFinder

FRAME_S = Fraction(1, 24)


def _grey(time_s: Fraction) -> NDArray[np.float32]:
    return film.frame(time_s).mean(axis=2, dtype=np.float32)


def test_the_timeline_is_the_one_we_know() -> None:
    assert film.duration_s() == DURATION_S
    spans = [(start, start + shot.length_s) for start, shot in zip(film.starts_s(), film.SHOTS, strict=True)]
    assert spans == [(scene.start_s, scene.end_s) for scene in TRUTH]


def test_drawing_is_pure() -> None:
    for scene in range(len(TRUTH)):
        first = film.draw(scene, 1.1)
        film.draw(scene, 0.3)
        assert first.dtype == np.uint8
        assert first.shape == (360, 640, 3)
        assert np.array_equal(first, film.draw(scene, 1.1))


@pytest.mark.parametrize("cut_s", CUTS_S)
def test_a_cut_changes_the_picture_at_once(cut_s: Fraction) -> None:
    before, last, first, after = (_grey(cut_s + n * FRAME_S) for n in (-2, -1, 0, 1))
    across = np.abs(first - last).mean()
    assert across > 20
    assert across > 4 * max(np.abs(last - before).mean(), np.abs(after - first).mean())


@pytest.mark.parametrize(("start_s", "end_s"), DISSOLVES_S)
def test_a_dissolve_goes_over_slowly(start_s: Fraction, end_s: Fraction) -> None:
    old, middle, new = (_grey(time_s) for time_s in (start_s, (start_s + end_s) / 2, end_s))
    whole = np.abs(new - old).mean()
    assert whole > 20
    assert np.abs(middle - (old + new) / 2).mean() < 0.35 * whole
    assert np.abs(_grey(start_s + FRAME_S) - old).mean() < 0.3 * whole


EVENTS = [event for scene in TRUTH for event in scene.events_s]


@pytest.mark.parametrize("event_s", EVENTS)
def test_an_event_lights_up_the_picture(event_s: float) -> None:
    at = Fraction(round(event_s * 24), 24)
    before, after = (float(_grey(at + n * FRAME_S).mean()) for n in (-1, 1))
    calm = abs(float(_grey(at - 3 * FRAME_S).mean()) - before)
    assert after - before > max(4.0, 4 * calm)


def test_the_aeroplane_crosses_from_left_to_right() -> None:
    scene = TRUTH[CROSSING]
    places = []
    for part in (0.3, 0.45, 0.6, 0.75):
        time_s = scene.start_s + Fraction(round(part * 24 * 3), 24) + Fraction(1, 4)
        moved = np.abs(_grey(time_s + 2 * FRAME_S) - _grey(time_s)) > 25
        places.append(float(np.average(axes()[0][moved]) / ASPECT))
    assert places == sorted(places)
    assert places[0] < 0.4
    assert places[-1] > 0.65


def test_every_scene_moves() -> None:
    for scene in range(len(TRUTH)):
        first, second = film.draw(scene, 1.5).astype(np.float32), film.draw(scene, 1.8).astype(np.float32)
        assert np.abs(first - second).mean() > 1.5


@pytest.fixture(scope="module")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the shots, with a cut at 3.5 s, four frames a second."""
    out = tmp_path_factory.mktemp("demo") / "film.mp4"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "SHOTS", (film.SHOTS[0], film.SHOTS[2]))
        film.make_film(out, width=320, height=180, fps=Fraction(4))
    return out


def test_the_file_is_what_players_want(small_film: Path) -> None:
    with av.open(str(small_film)) as file:
        assert [stream.type for stream in file.streams] == ["video"]
        video = file.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height, video.average_rate) == (320, 180, 4)
        assert video.duration is not None
        assert video.time_base is not None
        assert video.duration * video.time_base == Fraction(13, 2)
        pictures = [picture.to_ndarray(format="rgb24") for picture in file.decode(video)]
    assert len(pictures) == 26
    for place, scene, t in ((13, 0, 3.25), (14, 2, 0.0)):
        drawn = film.draw(scene, t).reshape(180, 2, 320, 2, 3).mean(axis=(1, 3))
        assert np.abs(pictures[place] - drawn).mean() < 4


def test_two_renders_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "SHOTS", (film.Shot(film.SHOTS[2].draw, Fraction(1, 4)),))
    for name in ("one.mp4", "two.mp4"):
        film.make_film(tmp_path / name)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@pytest.mark.parametrize("change", [{"width": 641}, {"height": 0}, {"fps": Fraction(0)}, {"fps": Fraction(1000)}])
def test_sizes_that_make_no_sense_are_refused(tmp_path: Path, change: dict[str, int]) -> None:
    with pytest.raises(RenderError, match=r"a film can't (be|have)"):
        film.make_film(tmp_path / "film.mp4", **change)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    out = tmp_path / "none" / "film.mp4"
    with pytest.raises(RenderError, match="film.mp4"):
        film.make_film(out)


def _stops(after: int) -> Callable[[float], NDArray[np.float32]]:
    def draw(t: float) -> NDArray[np.float32]:
        if t * 24 > after:
            raise KeyboardInterrupt
        return film.SHOTS[2].draw(t)

    return draw


def test_a_film_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "SHOTS", (film.Shot(_stops(3), Fraction(1)), film.SHOTS[1], film.SHOTS[2]))
    with pytest.raises(KeyboardInterrupt):
        film.make_film(tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = film._encoder

    def broken(*arguments: object) -> list[str]:
        command = usual(*arguments)  # type: ignore[arg-type]
        command[command.index("libx264")] = "no_such_encoder"
        return command

    monkeypatch.setattr(film, "_encoder", broken)
    with pytest.raises(RenderError, match="Encoder not found"):
        film.make_film(tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


def test_making_a_film_needs_no_torch() -> None:
    code = "import sys, sonify.demo.film, sonify.demo.picture; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_noise_is_even_and_tiles() -> None:
    tile = noise(3, 64)
    assert abs(float(tile.mean())) < 1e-5
    assert float(tile.std()) == pytest.approx(1, abs=1e-4)
    u = np.linspace(0, 1, 9, dtype=np.float32)
    assert np.allclose(sample(tile, u, u), sample(tile, u + 1, u - 2), atol=1e-3)
    assert np.allclose(sample(tile, np.arange(64) / 64, np.zeros(64)), tile[0], atol=1e-5)


def test_shapes_know_inside_from_outside() -> None:
    x, y = np.meshgrid(np.float32([0.5, 2.0]), np.float32([0.5]))
    square = polygon(x, y, [(0, 0), (1, 0), (1, 1), (0, 1)])
    assert square[0] == pytest.approx([-0.5, 1.0])
    assert capsule(x, y, (0.5, 0.0), (0.5, 1.0), 0.1)[0] == pytest.approx([-0.1, 1.4])
    assert crop(-2, 0, -1, 1) is None


def test_light_is_kept_and_shown() -> None:
    spot = splat([0.5, 9.0], [0.5, 9.0], np.array([[1, 2, 3], [5, 5, 5]], np.float32))
    assert spot.sum(axis=(0, 1)) == pytest.approx([1, 2, 3], rel=1e-5)
    stops = ((0.0, (0.0, 0.0, 0.0)), (1.0, (1.0, 0.5, 0.0)))
    assert ramp(np.float32([[-1, 0.5, 2]]), stops)[0] == pytest.approx(
        np.array([[0, 0, 0], [0.5, 0.25, 0], [1, 0.5, 0]]), abs=1e-3
    )
    dark, bright = (develop(np.full((360, 640, 3), level, np.float32), 0) for level in (0.0, 9.0))
    assert dark.mean() < 5
    assert bright.mean() > 240


@pytest.mark.slow
def test_bursts_and_lightning_are_no_cuts() -> None:
    finder = SceneFinder(SceneSettings())
    times_s = tuple(Fraction(n, 12) for n in range(int(DURATION_S * 12)))
    for time_s in times_s:
        finder.add(Frames(small_grey(film.frame(time_s)[::2, ::2])[None], (time_s,)))
    edges = [float(span.start_s) for span in finder.finish(DURATION_S)][1:]
    wanted = [*map(float, CUTS_S), *(float(start + end) / 2 for start, end in DISSOLVES_S)]
    assert edges == pytest.approx(sorted(wanted), abs=0.3)
