"""`python -m sound_library.synthesis --out DIR [--only NAME ...]`: make the sounds and their tables again."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from .catalogue import REGISTERED, SOUNDS
from .master import AUTHOR, LICENCE, write
from .registry import Sound

LABEL_COLUMNS = ("file", "label", "kind", "phrases", "licence", "author", "description")


def write_tables(folder: Path, sounds: list[Sound]) -> None:
    """`labels.csv` (the sidecar that sonify reads) and `expected.csv` (what a listener should hear)."""
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(LABEL_COLUMNS)
        for s in sounds:
            table.writerow((s.file, s.label, s.kind, ";".join(s.phrases), LICENCE, AUTHOR, s.description))
    with (folder / "expected.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow(("file", "classes"))
        for s in sounds:
            table.writerow((s.file, ";".join(s.heard_as)))


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0, or 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m sound_library.synthesis", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that gets effects/, ambience/ and the tables")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="sounds to make, by file name without its ending")
    parser.add_argument("--tables", action="store_true", help="write labels.csv and expected.csv only")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.only or ()) - set(REGISTERED))
    if unknown:
        parser.error(
            f"no sound is called {', '.join(unknown)}; the names are those in labels.csv and synthesis/drafts.py"
        )
    ordered = sorted(SOUNDS.values(), key=lambda s: s.file)
    wanted = [REGISTERED[n] for n in options.only] if options.only else ordered
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.tables:
        for s in wanted:
            sys.stderr.write(f"{write(s, options.out)}\n")
    if options.only is None:
        write_tables(options.out, ordered)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
