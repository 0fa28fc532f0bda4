"""When it hits: motion, and events out of it, in films made by code and in real ones."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from media import make_video
from rendered_events import HEIGHT, LABELS, WIDTH, Case, Film, render

from sonify.cues import Evidence
from sonify.matching.events import LEAD_S, LONGEST_S, SHORT_SIDE_PX, Events
from sonify.matching.impacts import APART_S
from sonify.matching.motion import CHANGE, DOWN, LEFT, RIGHT, UP, displacement, greys, motion
from sonify.matching.parts import Part
from sonify.matching.presence import Interval
from sonify.matching.second_look import second_look
from sonify.settings import VideoSettings
from sonify.video.probe import examine

Box = tuple[float, float, float, float]


def part(end_s: Fraction | float, label: int = 0, start_s: float = 0.0, box: Box | None = None) -> Part:
    interval = Interval(Fraction(str(start_s)), Fraction(end_s), 0, 1)
    return Part(label, interval, Evidence(start_s, 0.9, box), 0.0, 0.9, (), ())


def seen(frames: np.ndarray, fps: Fraction | float, label: str, box: Box | None = None) -> Part:
    """The part over the whole of a film, with its events."""
    times = tuple(Fraction(number) / Fraction(fps) for number in range(len(frames)))
    whole = part(times[-1] + 1 / Fraction(fps), box=box)
    watcher = Events([whole], [label])
    # A few at a time, as the second look gives them.
    for start in range(0, len(frames), 7):
        watcher.see(times[start : start + 7], frames[start : start + 7])
    return watcher.result(whole)


def f1(found: Sequence[float], true: Sequence[float], tolerance_s: float) -> float:
    pairs = sorted((abs(a - b), i, j) for i, a in enumerate(found) for j, b in enumerate(true))
    one: set[int] = set()
    other: set[int] = set()
    for distance, i, j in pairs:
        if distance <= tolerance_s and i not in one and j not in other:
            one.add(i)
            other.add(j)
    return 2 * len(one) / max(1, len(found) + len(true))


def events_of(film: Film, case: Case) -> list[float]:
    found = seen(film.frames, case.fps, LABELS[case.kind])
    assert found.evidence.timing == ("event" if found.events else "interval")
    return [float(event.time_s) for event in found.events]


def speckled(seed: int = 1) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((HEIGHT, WIDTH)), 2)
    return np.asarray(128 + 30 * noise / noise.std(), np.float32)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (2, -1), (0, 12), (-20, 5), (3, 30)])
def test_displacement_near_and_far(x: int, y: int) -> None:
    ground, thing = speckled(), speckled(2)
    a, b = ground.copy(), ground.copy()
    a[40:60, 80:100] = thing[40:60, 80:100]
    b[40 + y : 60 + y, 80 + x : 100 + x] = thing[40:60, 80:100]
    across, down = displacement(a, b)
    assert np.median(across[45:55, 85:95]) == pytest.approx(x, abs=0.3)
    assert np.median(down[45:55, 85:95]) == pytest.approx(y, abs=0.3)
    assert abs(np.median(across[80:, :50])) < 0.1


def test_the_motion_of_the_camera_is_no_motion() -> None:
    ground = speckled()
    moved = np.roll(ground, (3, -2), axis=(0, 1))
    thing = ground.copy()
    thing[40:60, 80:100] = speckled(2)[40:60, 80:100]
    thing_moved = ground.copy()
    thing_moved[46:66, 80:100] = speckled(2)[40:60, 80:100]
    camera = motion(ground, moved).sum(axis=(0, 1))
    falls = motion(thing, thing_moved).sum(axis=(0, 1))
    assert camera[[LEFT, RIGHT, UP, DOWN]].sum() < 0.1 * falls[DOWN]
    assert falls[DOWN] > 2 * falls[[LEFT, RIGHT, UP]].max()
    assert falls[CHANGE] > 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (5, 7), (90, 3), (300, 40)])
def test_motion_in_pictures_of_any_size(shape: tuple[int, int]) -> None:
    frames = np.random.default_rng(1).integers(0, 255, (2, *shape, 3), dtype=np.uint8)
    a, b = greys(frames)
    found = motion(a, b)
    assert found.ndim == 3
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "case",
    [
        Case("bounce", 25, 0.08, 0.7, "soft", "still", 11, 3),
        Case("bounce", 50, 0.08, 1.0, "fine", "hand-held", 12, 2),
        Case("stroke", 30, 0.12, 1.0, "soft", "hand-held", 13, 3),
        Case("stroke", 24, 0.08, 0.7, "blank", "still", 14, 3),
        Case("burst", 25, 0.12, 1.0, "soft", "still", 15, 4),
        Case("flash", 25, 0.12, 1.0, "soft", "hand-held", 16, 3),
    ],
    ids=lambda case: case.name,
)
def test_events_are_found_to_the_frame(case: Case) -> None:
    film = render(case)
    found = events_of(film, case)
    assert f1(found, film.events_s, 0.05) >= 0.9, (found, film.events_s)
    errors = [min(abs(a - b) for b in film.events_s) for a in found]
    assert np.median(errors) <= 1 / case.fps


def test_harder_hits_are_stronger() -> None:
    case = Case("bounce", 25, 0.12, 0.7, "blank", "still", 11, 3.4)
    film = render(case)
    events = seen(film.frames, 25, "ball bouncing").events
    assert len(events) >= 3
    # It bounces lower each time.
    assert [event.strength for event in events[:3]] == sorted((e.strength for e in events[:3]), reverse=True)
    assert max(event.strength for event in events) == 1
    assert all(event.strength > 0 for event in events)


def still(count: int, value: int = 90) -> np.ndarray:
    return np.full((count, HEIGHT, WIDTH, 3), value, np.uint8)


def passing(count: int) -> np.ndarray:
    """A speckled square that goes by at a steady speed."""
    ground, thing = speckled(), speckled(2)
    frames = []
    for number in range(count):
        picture = ground.copy()
        left = 20 + number
        picture[40:60, left : left + 20] = thing[40:60, 20:40]
        frames.append(np.repeat(picture.clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2))
    return np.stack(frames)


def grain(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (90 + rng.normal(0, 4, (count, HEIGHT, WIDTH, 1))).clip(0, 255).astype(np.uint8).repeat(3, axis=3)


@pytest.mark.parametrize("label", ["hammering", "gunshot", "camera flash", "dog barking"])
@pytest.mark.parametrize("film", ["still", "black", "grain", "passing"])
def test_where_nothing_hits_the_interval_stays(film: str, label: str) -> None:
    frames = {"still": still(20), "black": still(20, 0), "grain": grain(20), "passing": passing(40)}[film]
    found = seen(frames, 25, label)
    assert found.events == ()
    assert found.evidence.timing == "interval"


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_film_of_a_few_frames(count: int) -> None:
    whole = part(1)
    watcher = Events([whole], ["hammering"])
    if count:
        watcher.see(tuple(Fraction(n, 25) for n in range(count)), grain(count))
    assert watcher.result(whole).evidence.timing == "interval"


def test_strobing_is_events_that_keep_their_distance() -> None:
    frames = still(60)
    frames[::2] = 255
    found = seen(frames, 30, "camera flash")
    times = [float(event.time_s) for event in found.events]
    assert all(later - earlier >= APART_S - 0.04 for earlier, later in pairwise(times))


@pytest.mark.parametrize("fps", [1, 5])
def test_slow_films_have_no_events(fps: int) -> None:
    found = seen(passing(30), fps, "hammering")
    assert found.evidence.timing == "interval"


def test_other_labels_are_let_through() -> None:
    rain = part(3, label=1)
    watcher = Events([rain], ["hammering", "rain"])
    assert watcher.windows() == []
    assert watcher.result(rain) is rain


def test_what_is_watched_and_how_closely() -> None:
    parts = [part(5, start_s=0.1), part(3, label=1), part(LONGEST_S * 2, start_s=8.0)]
    watcher = Events(parts, ["hammering", "rain"])
    (window,) = watcher.windows()
    assert window.start_s == 0
    assert window.end_s > 5
    assert watcher.result(parts[2]).evidence.timing == "interval"


def test_two_parts_have_each_their_own_events() -> None:
    case = Case("flash", 25, 0.12, 1.0, "soft", "still", 16, 4)
    film = render(case)
    first, second = part(2), part(Fraction(4), start_s=2.5)
    watcher = Events([second, first], ["camera flash"])
    watcher.see(film.times_s, film.frames)
    one, two = watcher.result(first), watcher.result(second)
    assert one.events and two.events
    assert all(event.time_s < 2 for event in one.events)
    assert all(event.time_s >= 2.5 - LEAD_S for event in two.events)


def test_parts_close_together_share_no_event() -> None:
    film = render(Case("flash", 25, 0.12, 1.0, "soft", "still", 16, 4))
    whole = part(4)
    watcher = Events([whole], ["camera flash"])
    watcher.see(film.times_s, film.frames)
    (at_s, *_) = (event.time_s for event in watcher.result(whole).events)
    first, second = part(at_s + Fraction("0.05")), part(Fraction(4), start_s=float(at_s) + 0.1)
    watcher = Events([first, second], ["camera flash"])
    watcher.see(film.times_s, film.frames)
    assert at_s in {event.time_s for event in watcher.result(first).events}
    assert at_s not in {event.time_s for event in watcher.result(second).events}


def test_a_cut_is_no_event() -> None:
    frames = np.concatenate([passing(20), 255 - passing(20)])
    times = tuple(Fraction(number, 25) for number in range(40))
    whole = part(Fraction(8, 5))
    for label in ("hammering", "gunshot", "camera flash"):
        watcher = Events([whole], [label], cuts=[times[20]])
        watcher.see(times, frames)
        assert watcher.result(whole).events == (), label


def test_a_blast_is_recognised_only_once_it_spreads() -> None:
    frames = still(60)
    for k in range(20, 30):
        frames[k] += np.uint8(150 - 12 * (k - 20))
    times = [Fraction(k, 25) for k in range(60)]
    late = part(Fraction(60, 25), start_s=1.2)  # the flash was at 0.8 s
    for cuts, found in (((Fraction(0),), [0.8]), ((Fraction(0), Fraction(1)), [])):
        watcher = Events([late], ["fireworks"], cuts=cuts)
        watcher.see(times, frames)
        assert [float(event.time_s) for event in watcher.result(late).events] == pytest.approx(found, abs=0.05)


def test_through_a_file(tmp_path: Path) -> None:
    case = Case("bounce", 25, 0.12, 0.7, "soft", "still", 11, 3)
    film = render(case)
    path = make_video(tmp_path / "film.mp4", film.frames, rate="25")
    info = examine(path, timeout_s=20).info
    whole = part(info.duration_s)
    watcher = Events([whole], ["ball bouncing"])
    second_look(info, [watcher], short_side_px=SHORT_SIDE_PX, settings=VideoSettings())
    found = [float(event.time_s) for event in watcher.result(whole).events]
    assert f1(found, film.events_s, 0.05) >= 0.85, (found, film.events_s)


def test_the_real_hits_are_written_down_well(root: Path) -> None:
    with (root / "tests" / "real_hits.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(row["visible"] == "yes" for row in rows) >= 80
    for row in rows:
        assert row["visible"] in ("yes", "no")
        # Light comes first, and not by much.
        assert not row["seen_s"] or -0.15 <= float(row["onset_s"]) - float(row["seen_s"]) <= 0.4
    for one, other in pairwise(rows):
        assert one["file"] != other["file"] or float(one["onset_s"]) < float(other["onset_s"])


@pytest.mark.slow
def test_hits_of_real_clips(root: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    from benchmarks.events import label_of, matched, seen, span_of

    true: dict[str, list[float]] = {}
    with (root / "tests" / "real_hits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["visible"] == "yes":
                true.setdefault(row["file"], []).append(float(row["seen_s"] or row["onset_s"]))
    hits = found = 0
    for name, events in true.items():
        times = seen(shared / "media" / "clips" / name, label_of(name), until_s=span_of(name))
        hits += len(matched(times, events, 0.1))
        found += len(times)
    assert 2 * hits / (found + sum(map(len, true.values()))) >= 0.6
