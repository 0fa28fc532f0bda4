"""Where things go on the overview: pure arithmetic on a cue sheet, no drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sonify.cues import Cue, CueSheet, Curve

MAX_ROWS = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the strip of frames: from where to where, and which moment it shows (all in seconds)."""

    start_s: float
    end_s: float
    shows_s: float


def cells(sheet: CueSheet, wanted: int) -> tuple[Cell, ...]:
    """About `wanted` cells over the whole video; none lies across a boundary while scenes are wide enough."""
    whole = sheet.video.duration_s
    usual = whole / max(wanted, 1)
    spans = [(scene.start_s, min(scene.end_s, whole)) for scene in sheet.scenes]
    spans = [span for span in spans if span[1] > span[0]]
    if not spans or min(end - start for start, end in spans) < usual / 12:
        spans = [(0.0, whole)]
    out = []
    for start, end in spans:
        count = max(1, round((end - start) / usual))
        step = (end - start) / count
        out += [Cell(start + i * step, start + (i + 1) * step, start + (i + 0.5) * step) for i in range(count)]
    return tuple(out)


def rows(cues: Sequence[Cue], gap_s: float) -> tuple[tuple[Cue, ...], ...]:
    """Cues packed into as few rows as they need, each into the first where it touches no other."""
    packed: list[list[Cue]] = []
    for cue in sorted(cues, key=lambda cue: (cue.start_s, -cue.end_s, cue.id)):
        for row in packed:
            if row[-1].end_s + gap_s <= cue.start_s:
                row.append(cue)
                break
        else:
            packed.append([cue])
    return tuple(tuple(row) for row in packed)


def tick_step_s(duration_s: float, most: int) -> float:
    """The distance between marks on the ruler: 1, 2, 5 ... seconds, so that there are at most so many."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800):
        if duration_s / step <= most:
            return step
    return 3600.0 * math.ceil(duration_s / 3600 / most)


def clock(time_s: float, step_s: float) -> str:
    """A mark on the ruler: 0:05, 12:30, 1:02:03, or 0:00.5 where marks are closer than a second."""
    tenths = f".{round(time_s * 10) % 10}" if step_s < 1 else ""
    seconds = int(time_s + 1e-6)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{seconds % 60:02d}{tenths}"


def value_at(curve: Curve, time_s: float) -> float:
    """A curve's value: straight lines between its points, held beyond its ends, 0 when it is empty."""
    if not curve:
        return 0.0
    if time_s <= curve[0][0]:
        return curve[0][1]
    for (t0, v0), (t1, v1) in pairwise(curve):
        if time_s < t1:
            return v0 + (v1 - v0) * (time_s - t0) / (t1 - t0)
    return curve[-1][1]
