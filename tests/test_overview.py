"""The overview picture: where things go, and that they are there."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.demo import film, lanes, picture
from sonify.demo.picture import LEFT, RIGHT, draw_overview
from sonify.demo.reading import picture_at, read_sound
from sonify.errors import RenderError

WHOLE_S = 4.0


def _cue(name: str, kind: str, start_s: float, end_s: float, **more: object) -> Cue:
    return Cue(name, kind, "dog barking", SoundRef("starter", "dog.flac"), start_s, end_s, **more)  # type: ignore[arg-type]


def _sheet(*cues: Cue, scenes: tuple[tuple[float, float], ...] = ((0.0, 2.5), (2.5, 4.0))) -> CueSheet:
    return CueSheet(
        VideoRef("clip.mp4", WHOLE_S, "4", 320, 180, "none"),
        ModelRef("sonify-mini", "none"),
        (LibraryRef("starter"),),
        tuple(Scene(start, end) for start, end in scenes),
        cues,
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four silent seconds: a motorway, then a fire."""
    out = tmp_path_factory.mktemp("overview") / "clip.mp4"
    shots = (film.Shot(film.SHOTS[2].draw, Fraction(5, 2)), film.Shot(film.SHOTS[3].draw, Fraction(3, 2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "SHOTS", shots)
        film.make_film(out, width=320, height=180, fps=Fraction(4))
    return out


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of silence, then 1 kHz, on the left only."""
    out = tmp_path_factory.mktemp("overview") / "tone.wav"
    t = np.arange(int(WHOLE_S * 48_000)) / 48_000
    left = np.where(t >= 1, 0.5 * np.sin(2 * np.pi * 1000 * t), 0)
    soundfile.write(out, np.stack([left, np.zeros_like(left)], 1), 48_000, subtype="FLOAT")
    return out


def _pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def _x(time_s: float) -> int:
    return round(LEFT + time_s / WHOLE_S * (RIGHT - LEFT))


def _near(pixels: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return (np.abs(pixels.astype(int) - colour) <= 6).all(axis=-1)


def test_bars_lie_where_their_cues_are(clip: Path, tmp_path: Path) -> None:
    sheet = _sheet(_cue("a", "effect", 1.0, 2.0), _cue("b", "ambience", 0.0, 4.0))
    draw_overview(sheet, clip, tmp_path / "out.png")
    shown = _pixels(tmp_path / "out.png")
    assert shown.shape[1] == picture.WIDTH
    for colour, start_s, end_s in ((picture.EFFECTS[0], 1.0, 2.0), (picture.AMBIENCES[0], 0.0, 4.0)):
        columns = np.flatnonzero(_near(shown, colour).sum(axis=0) > 8)
        assert abs(int(columns[0]) - _x(start_s)) <= 2
        assert abs(int(columns[-1]) - _x(end_s)) <= 2


def test_the_strip_shows_the_video(clip: Path, tmp_path: Path) -> None:
    draw_overview(_sheet(), clip, tmp_path / "out.png")
    strip = _pixels(tmp_path / "out.png")[picture.MARGIN + 44 + 26 + 4 :][:96].astype(float)
    road, fire = strip[:, LEFT + 4 : _x(2.5) - 4], strip[:, _x(2.5) + 4 : RIGHT - 4]
    assert road.mean() > fire.mean() + 30
    assert fire[..., 0].mean() > 1.3 * fire[..., 2].mean()
    assert abs(road[..., 0].mean() - road[..., 2].mean()) < 30


def test_the_sound_is_drawn_when_it_is_heard(clip: Path, tone: Path, tmp_path: Path) -> None:
    draw_overview(_sheet(), clip, tmp_path / "quiet.png")
    draw_overview(_sheet(), clip, tmp_path / "heard.png", audio=tone)
    quiet, heard = _pixels(tmp_path / "quiet.png"), _pixels(tmp_path / "heard.png")
    assert len(heard) > len(quiet) + picture.SPECTRUM
    spectrum = heard[-(picture.SPECTRUM + picture.MARGIN) : -picture.MARGIN].astype(float).sum(axis=-1)
    row = int(spectrum[:, _x(3.0)].argmax())
    expected = (1 - np.log(1000 / picture.LOW_HZ) / np.log(picture.HIGH_HZ / picture.LOW_HZ)) * picture.SPECTRUM
    assert abs(row - expected) < 4
    assert spectrum[row, _x(0.8)] < 0.5 * spectrum[row, _x(1.2)]


def test_sound_is_read_in_columns(tone: Path, clip: Path) -> None:
    sound = read_sound(tone, WHOLE_S, 400, 32, 50, 18_000)
    assert sound is not None
    assert sound.peaks[:99].max() == 0
    assert sound.peaks[101:, 0] == pytest.approx(0.5, abs=0.01)
    assert sound.peaks[:, 1].max() == 0
    edges = np.geomspace(50, 18_000, 33)
    band = int(np.searchsorted(edges, 1000) - 1)
    assert (sound.power[150:390].argmax(axis=1) == band).all()
    assert read_sound(clip, WHOLE_S, 400, 32, 50, 18_000) is None


def test_a_video_shorter_than_its_sheet_leaves_the_rest_dark(clip: Path, tmp_path: Path) -> None:
    sheet = _sheet()
    sheet = replace(sheet, video=replace(sheet.video, duration_s=60.0), scenes=())
    draw_overview(sheet, clip, tmp_path / "out.png")
    strip = _pixels(tmp_path / "out.png")[picture.MARGIN + 44 + 26 + 4 :][:96]
    assert _near(strip[:, 900:1500], picture.TROUGH).all()
    assert picture_at(clip, 59.0, 32, 18) is None


@pytest.mark.parametrize("name", ["-i.mp4", 'a\'b "c" %d.mp4', "été\n日.mp4"])
def test_names_stay_names(clip: Path, tmp_path: Path, name: str) -> None:
    odd = tmp_path / name
    odd.write_bytes(clip.read_bytes())
    sheet = _sheet()
    draw_overview(replace(sheet, video=replace(sheet.video, path=str(odd))), odd, tmp_path / "out.png")
    assert picture_at(odd, 0.5, 32, 18) is not None


def test_what_can_not_be_drawn_is_said(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no sound to draw"):
        draw_overview(_sheet(), clip, tmp_path / "out.png", audio=clip)
    text = tmp_path / "text.wav"
    text.write_text("not a sound")
    with pytest.raises(RenderError, match="text.wav"):
        draw_overview(_sheet(), clip, tmp_path / "out.png", audio=text)
    with pytest.raises(RenderError, match="can't write"):
        draw_overview(_sheet(), clip, tmp_path / "none" / "out.png")
    assert not (tmp_path / "out.png").exists()


def test_the_same_sheet_gives_the_same_picture(clip: Path, tmp_path: Path) -> None:
    sheet = _sheet(_cue("a", "effect", 0.5, 3.0, pan_curve=((0.5, -1.0), (3.0, 1.0)), fade_in_s=0.3))
    for name in ("one.png", "two.png"):
        draw_overview(sheet, clip, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_cues_that_overlap_get_rows_of_their_own() -> None:
    a, b, c = _cue("a", "effect", 0, 2), _cue("b", "effect", 1, 3), _cue("c", "effect", 2.5, 4)
    assert lanes.rows([c, b, a], gap_s=0.1) == ((a, c), (b,))
    assert lanes.rows([], gap_s=0.1) == ()


def test_more_rows_than_fit_are_counted(clip: Path, tmp_path: Path) -> None:
    many = [_cue(str(n), "effect", 0, 4) for n in range(lanes.MAX_ROWS + 5)]
    draw_overview(_sheet(*many[: lanes.MAX_ROWS]), clip, tmp_path / "fits.png")
    draw_overview(_sheet(*many), clip, tmp_path / "more.png")
    fits, more = _pixels(tmp_path / "fits.png"), _pixels(tmp_path / "more.png")
    assert fits.shape == more.shape
    assert np.array_equal(fits[100:, LEFT:], more[100:, LEFT:])
    assert not np.array_equal(fits[100:, :LEFT], more[100:, :LEFT])


def test_cells_keep_to_their_scenes() -> None:
    cells = lanes.cells(_sheet(), wanted=4)
    assert [(cell.start_s, cell.end_s) for cell in cells] == [(0.0, 1.25), (1.25, 2.5), (2.5, 3.25), (3.25, 4.0)]
    assert all(cell.start_s < cell.shows_s < cell.end_s for cell in cells)
    crowded = _sheet(scenes=tuple((n / 50, (n + 1) / 50) for n in range(200)))
    assert len(lanes.cells(crowded, wanted=8)) == 8


@pytest.mark.parametrize(
    ("duration_s", "step_s", "last"), [(1.0, 0.1, "0:01.0"), (19.25, 1, "0:19"), (3600, 300, "1:00:00")]
)
def test_the_ruler_is_easy_to_read(duration_s: float, step_s: float, last: str) -> None:
    assert lanes.tick_step_s(duration_s, 24) == step_s
    assert lanes.clock(int(duration_s / step_s + 1e-6) * step_s, step_s) == last


def test_curves_are_straight_between_points_and_held_beyond() -> None:
    curve = ((1.0, -1.0), (3.0, 1.0))
    assert [lanes.value_at(curve, t) for t in (0, 1, 2, 2.5, 9)] == [-1, -1, 0, 0.5, 1]
    assert lanes.value_at((), 5) == 0
