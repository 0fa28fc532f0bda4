"""Pan and gain of whole films, through `sonify suggest`, against what is known of composed ones.

    python -m benchmarks.composed --photos ../shared/photos --out FILMS --count 60 --seed 1
    python -m benchmarks.pan_films FILMS --library starter --library ../shared/media/sounds [--kind moving]

For each emitter of FILMS/manifest.csv whose label gets a cue while it is there: the mean absolute difference between
the cue's pan and the emitter's, where both are; and, where its size changes by half or more, if the gain follows.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Cue
from sonify.pipeline import Session
from sonify.settings import Settings

GROWN = 1.5
Floats = NDArray[np.float64]


def pairs(text: str) -> tuple[Floats, Floats]:
    """Times and values of "t:x t:x ..."."""
    found = np.array([[float(x) for x in pair.split(":")] for pair in text.split()]).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def at(curve: tuple[tuple[float, float], ...], times_s: Floats) -> Floats:
    """A curve of the cue sheet at some times."""
    return np.interp(times_s, *np.array(curve).T) if curve else np.zeros(len(times_s))


def measured(row: dict[str, str], cues: tuple[Cue, ...]) -> Iterator[dict[str, Any]]:
    """One record for each cue of the row's emitter."""
    times_s, pans = pairs(row["pan"])
    spans = [tuple(float(x) for x in span.split("-")) for span in row["intervals"].split()]
    for cue in cues:
        if cue.kind != "effect" or not re.search(row["accept"], cue.label, re.IGNORECASE):
            continue
        start_s, end_s = max(cue.start_s, spans[0][0]), min(cue.end_s, spans[-1][1])
        if end_s <= start_s:
            continue
        when = np.linspace(start_s, end_s, 20)
        true = np.interp(when, times_s, pans)
        record = {
            "film": row["file"],
            "kind": row["kind"],
            "label": cue.label,
            "pan_error": float(np.abs(at(cue.pan_curve, when) - true).mean()),
            "centred": float(np.abs(true).mean()),
            "key_frames": len(cue.pan_curve),
        }
        sizes = np.interp(when, *pairs(row["size"]))
        if max(sizes[0], sizes[-1]) >= GROWN * min(sizes[0], sizes[-1]):
            gains = at(cue.gain_curve, when)
            record["gain_follows"] = bool((gains[-1] - gains[0]) * (sizes[-1] - sizes[0]) > 0)
        yield record


def main() -> None:
    """Print a line a cue, then the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("films", type=Path)
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("--model", default="sonify-mini")
    parser.add_argument("--kind", action="append", help="only films of this kind: still, moving, growing ...")
    parser.add_argument("--count", type=int, default=10_000)
    args = parser.parse_args()
    session = Session(library=args.library or None, settings=Settings.load(values={"model.name": args.model}))
    with (args.films / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["pan"] and (not args.kind or row["kind"] in args.kind)]
    found: list[dict[str, Any]] = []
    heard: dict[str, tuple[Cue, ...]] = {}
    for row in rows[: args.count]:
        if row["file"] not in heard:
            heard[row["file"]] = session.suggest(args.films / row["file"]).cues
        new = list(measured(row, heard[row["file"]]))
        found += new
        print(json.dumps(new or {"film": row["file"], "shows": row["shows"], "cues": 0}), flush=True)
    still = ("still", "two", "cuts", "dissolve")
    for name, kinds in (("still", still), ("moving", ("moving",)), ("growing", ("growing",))):
        chosen = [one for one in found if one["kind"] in kinds]
        if chosen:
            grown = [one["gain_follows"] for one in chosen if "gain_follows" in one]
            print(
                f"{name}: {len(chosen)} cues, pan error {np.mean([one['pan_error'] for one in chosen]):.3f} "
                f"(always centred {np.mean([one['centred'] for one in chosen]):.3f}), "
                f"{np.mean([one['key_frames'] for one in chosen]):.1f} key frames"
                + (f", gain follows size in {np.mean(grown):.0%} of {len(grown)}" if grown else "")
            )


if __name__ == "__main__":
    main()
