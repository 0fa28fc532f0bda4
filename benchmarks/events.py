"""When it hits: rendered events at known instants, and the hits of real clips, found in the pictures alone.

    python benchmarks/events.py [--films 12] [--each] [--seed 1] [--clips FOLDER]

The films are tests/rendered_events.py's: bounces, strokes, bursts and flashes at 24, 30 and 60 frames a second, of
several sizes and speeds, over blank, soft and fine grounds, by a still or a hand-held camera, alone or with something
that passes by. FOLDER holds the clips that tests/real_hits.csv names. Hits are matched one to one, nearest first.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from sonify.cues import Evidence
from sonify.matching.events import SHORT_SIDE_PX, Events
from sonify.matching.parts import Part
from sonify.matching.presence import Interval
from sonify.matching.second_look import second_look
from sonify.settings import VideoSettings
from sonify.video.probe import examine

TESTS = Path(__file__).resolve().parent.parent / "tests"
TOLERANCES_S = (0.05, 0.1, 0.3)
Pair = tuple[Sequence[float], Sequence[float]]
# What the clips would be labelled as.
REAL_LABELS = {
    "chopping": "chopping food",
    "hitting": "hitting with a stick",
    "gun": "gunshot",
    "FoleyCrafter__1": "gunshot",
    "FoleyCrafter__0": "hand drum",
    "im2wav": "hand drum",
    "02480": "drum kit",
    "02677": "dog barking",
    "02997": "fireworks",
    "GGSY1Qvo990": "weight drop",
}


def part(label: str, start_s: Fraction, end_s: Fraction) -> Part:
    """A part as matching makes it, of the only label there is."""
    return Part(0, Interval(start_s, end_s, 0, 0), Evidence(float(start_s), 0.9), 0.0, 0.9, (), ())


def matched(found: Sequence[float], true: Sequence[float], tolerance_s: float) -> list[float]:
    """Signed errors of the pairs, nearest first, each hit in one pair at most."""
    pairs = sorted((abs(a - b), i, j) for i, a in enumerate(found) for j, b in enumerate(true))
    taken_i: set[int] = set()
    taken_j: set[int] = set()
    errors = []
    for distance, i, j in pairs:
        if distance <= tolerance_s and i not in taken_i and j not in taken_j:
            taken_i.add(i)
            taken_j.add(j)
            errors.append(found[i] - true[j])
    return errors


def line(name: str, pairs: Sequence[Pair]) -> str:
    """One line of the table: F1 at each tolerance, precision and recall at the middle one, errors in ms."""
    found, true = sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs)
    cells = []
    for tolerance in TOLERANCES_S:
        hits = sum(len(matched(a, b, tolerance)) for a, b in pairs)
        cells.append(f"{2 * hits / max(found + true, 1):.3f}")
    errors = np.array([error for a, b in pairs for error in matched(a, b, TOLERANCES_S[1])]) * 1000
    hits = len(errors)
    signed = f"{np.median(errors):+.0f}" if hits else "-"
    sizes = f"{np.median(np.abs(errors)):.0f}" if hits else "-"
    precision, recall = hits / max(found, 1), hits / max(true, 1)
    return f"{name:<58} {true:>5} {' '.join(cells)}  {precision:.2f} {recall:.2f} {signed:>5} {sizes:>5}"


HEAD = f"{'':<58} {'hits':>5} {'50ms':>5} {'100ms':>5} {'300ms':>5}  prec. rec. ms +-  |ms|"


def rendered(seed: int, films: int, *, each: bool) -> None:
    """The table of rendered films."""
    sys.path.insert(0, str(TESTS))
    from rendered_events import LABELS, cases, render

    chosen = cases(seed)
    # Neighbours are alike: a few are taken from all over the list.
    chosen = [chosen[number * 37 % len(chosen)] for number in range(films)] if films else chosen
    groups: dict[str, list[Pair]] = defaultdict(list)
    frame_errors: list[float] = []
    frames = 0
    for case in chosen:
        film = render(case)
        whole = part(LABELS[case.kind], Fraction(0), film.times_s[-1])
        watcher = Events([whole], [LABELS[case.kind]])
        watcher.see(film.times_s, film.frames)
        found = [float(event.time_s) for event in watcher.result(whole).events]
        frames += len(film.times_s)
        pair = (found, film.events_s)
        frame_errors += [abs(error) * case.fps for error in matched(*pair, 0.1)]
        keys = ("all", case.kind, f"{case.fps} fps", f"{case.ground} ground", case.camera)
        for key in (*keys, f"size {case.size}", f"speed {case.speed}"):
            groups[key].append(pair)
        if each:
            print(line(case.name, [pair]), flush=True)
    print(HEAD)
    for key, pairs in groups.items():
        print(line(key, pairs))
    print(f"{len(chosen)} films, {frames} frames; median error {np.median(frame_errors):.2f} frames")


def real(clips: Path) -> None:
    """The table of real clips."""
    true: dict[str, list[float]] = defaultdict(list)
    with (TESTS / "real_hits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["visible"] == "yes":
                true[row["file"]].append(float(row["seen_s"] or row["onset_s"]))
    pairs = []
    print(HEAD)
    for name, events in true.items():
        found = seen(clips / name, label_of(name), until_s=span_of(name))
        pairs.append((found, events))
        print(line(name, [pairs[-1]]))
    print(line("all", pairs))


def span_of(name: str) -> float:
    """Up to where a clip's hits were checked; past it they come too thick for the eye."""
    return 3.9 if name.startswith("FoleyCrafter__0") else 1e6


def label_of(name: str) -> str:
    """What a clip would be labelled as."""
    return next(label for key, label in REAL_LABELS.items() if key in name)


def seen(file: Path, label: str, *, until_s: float = 1e6) -> list[float]:
    """The events that are seen in a file by the second look."""
    info = examine(file, timeout_s=20).info
    whole = part(label, Fraction(0), min(info.duration_s, Fraction(str(until_s))))
    watcher = Events([whole], [label])
    second_look(info, [watcher], short_side_px=SHORT_SIDE_PX, settings=VideoSettings())
    return [float(event.time_s) for event in watcher.result(whole).events]


def main(arguments: Iterable[str] | None = None) -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=0, help="so many of the films only")
    parser.add_argument("--each", action="store_true", help="a line for each film")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clips", type=Path, help="the folder of the real clips")
    parser.add_argument("--only-clips", action="store_true")
    given = parser.parse_args(list(arguments) if arguments is not None else None)
    if not given.only_clips:
        rendered(given.seed, given.films, each=given.each)
    if given.clips:
        real(given.clips)


if __name__ == "__main__":
    main()
