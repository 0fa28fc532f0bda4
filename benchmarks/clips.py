"""How often is the right label among the first suggestions? `suggest` on real clips with known right answers.

    python benchmarks/clips.py MANIFEST.csv --library DIR [--library DIR ...] [--model NAME] [--set a.b=c]

The manifest has the columns `file` (beside it) and `accept` (a regular expression of right labels). Counted are the
clips for which some label of the libraries is right. A clip's labels are ranked by their best score in any scene.
Clips without a right answer are listed too: there, the fewer cues the better.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from pathlib import Path

from sonify.cues import CueSheet
from sonify.errors import SonifyError
from sonify.pipeline import Session
from sonify.settings import Settings


def ranked(sheet: CueSheet) -> list[str]:
    """All suggested labels of a sheet, by their best score in any scene."""
    best: dict[str, float] = {}
    for scene in sheet.scenes:
        for suggestion in scene.suggestions:
            best[suggestion.label] = max(best.get(suggestion.label, 0), suggestion.score)
    return sorted(best, key=lambda label: -best[label])


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("--model", default="auto")
    parser.add_argument("--set", action="append", default=[], dest="sets")
    given = parser.parse_args()
    settings = Settings.load(sets=given.sets, values={"model.name": given.model})
    session = Session(library=given.library or None, settings=settings)
    labels = [label.text for label in session.catalog.labels]
    with given.manifest.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    covered = first = five = 0
    for row in rows:
        try:
            sheet = session.suggest(given.manifest.parent / row["file"])
        except SonifyError as error:
            print(f"  error  {row['file']}: {error}")
            continue
        right = re.compile(row["accept"], re.IGNORECASE) if row["accept"] else None
        heard = ", ".join(sorted({cue.label for cue in sheet.cues})) or "nothing"
        order = ranked(sheet)
        mark = "      "
        if right and any(right.search(label) for label in labels):
            covered += 1
            place = next((n for n, label in enumerate(order, 1) if right.search(label)), 99)
            first += place == 1
            five += place <= 5
            mark = "top 1 " if place == 1 else "top 5 " if place <= 5 else "miss  "
        print(f"  {mark} {row['file']}: {row['shows'][:50]} | {', '.join(order[:5])} | heard: {heard}", flush=True)
    if not covered:
        print("no clip has a right label in these libraries", file=sys.stderr)
        return 1
    print(f"model {session.model.name}, {len(labels)} labels, {covered} clips with a right label")
    print(f"top 1: {first} of {covered} = {first / covered:.1%}; top 5: {five} of {covered} = {five / covered:.1%}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
