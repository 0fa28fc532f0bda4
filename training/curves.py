"""The training log as a picture."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path


def draw_curves(log: Path, out: Path) -> None:
    """Losses and held-out accuracy over epochs, from image.jsonl, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), dpi=100)
    for part in ("concept", "probe", "imagenet"):
        left.plot([r["epoch"] for r in rows], [r[part] for r in rows], label=part)
    left.set(xlabel="epoch", ylabel="training loss")
    left.legend(frameon=False)
    tested = [r for r in rows if "top1" in r]
    right.plot([r["epoch"] for r in tested], [100 * r["top1"] for r in tested], label="top 1")
    right.plot([r["epoch"] for r in tested], [100 * r["top5"] for r in tested], label="top 5")
    for before, after in pairwise(rows):
        if before["side_px"] != after["side_px"]:
            for axes in (left, right):
                axes.axvline(after["epoch"], color="0.8", zorder=0)
    right.set(xlabel="epoch (grey line: larger pictures)", ylabel="held-out photographs, % (at 128 px)")
    right.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(out)
    plt.close(figure)
