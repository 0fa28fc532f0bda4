"""The training logs and the confusions as pictures.

python -m training.curves docs/sonify-mini-curves.png LOG.jsonl [LOG.jsonl ...] [--report report.json CONFUSIONS.png]
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Any


def read_log(log: Path) -> list[dict[str, Any]]:
    """The rows of an image.jsonl, one an epoch."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def draw_curves(logs: Path | list[Path], out: Path) -> None:
    """Losses of the last log over its minutes, and held-out accuracy of all logs over theirs, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    runs = [read_log(log) for log in ([logs] if isinstance(logs, Path) else logs)]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), dpi=100)
    rows = runs[-1]
    for part in ("concept", "probe", "imagenet"):
        left.plot([r["minutes"] for r in rows], [r[part] for r in rows], label=part)
    left.set(xlabel="minutes", ylabel="training loss")
    left.legend(frameon=False)
    for number, run in enumerate(runs):
        tested = [r for r in run if "top1" in r]
        shade = 1.0 if number == len(runs) - 1 else 0.4
        for part, colour in (("top1", "C0"), ("top5", "C1")):
            name = f"{part[:3]} {part[3]}, {run[-1]['minutes']:.0f} minutes"
            values = [100 * r[part] for r in tested]
            right.plot([r["minutes"] for r in tested], values, color=colour, alpha=shade, marker=".", label=name)
    for before, after in pairwise(rows):
        if before["side_px"] != after["side_px"]:
            for axes in (left, right):
                axes.axvline(after["minutes"], color="0.8", zorder=0)
    right.set(xlabel="minutes (grey line: larger pictures)", ylabel="held-out photographs, % (at 128 px)")
    right.legend(frameon=False, fontsize="small")
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)


def draw_confusions(report: dict[str, Any], out: Path, most: int = 25) -> None:
    """The concepts that are mistaken most often, as a bar chart of pairs (PNG)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    pairs = report["photos"]["confusions"][:most]
    tested = {c["concept"]: c["test"] for c in report["photos"]["per_concept"]}
    figure, axes = plt.subplots(figsize=(7, 0.24 * len(pairs) + 0.8), dpi=100)
    shares = [100 * count / tested[truth] for truth, _, count in pairs]
    axes.barh([f"{truth} → {taken}" for truth, taken, _ in pairs], shares, color="C0")
    axes.invert_yaxis()
    axes.set(xlabel="of the held-out photographs of the first, % taken for the second")
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)


def main() -> None:
    """Draw both."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("--report", type=Path, nargs=2, metavar=("REPORT", "PNG"))
    args = parser.parse_args()
    draw_curves(args.logs, args.out)
    if args.report:
        draw_confusions(json.loads(args.report[0].read_text(encoding="utf-8")), args.report[1])


if __name__ == "__main__":
    main()
