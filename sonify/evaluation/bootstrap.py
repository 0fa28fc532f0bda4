"""How far a number could have been otherwise: 95 % intervals by drawing clips again (percentile bootstrap, Efron).

Whole clips are drawn, since what one clip holds belongs together. Differences between methods are paired: both are
measured on the same draw. The draws are seeded: the same results are the same table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sonify.evaluation.metrics import Judged

DRAWS = 2000
SEED = 20240

How = Literal["mean", "median", "median_abs", "ratio", "f1"]


@dataclass(frozen=True)
class Measure:
    """A column of the table.

    how: mean or median over the values of[0]; the median of their sizes; a ratio of sums of[0] / of[1]; or F1:
    2 of[0] / (of[1] + of[2]). percent, unit: how it is shown. better: whether more is better.
    """

    key: str
    title: str
    of: tuple[str, ...]
    how: How = "mean"
    percent: bool = False
    unit: str = ""
    better: Literal["more", "less", "zero"] = "more"


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, over so many clips. value is None where no clip says anything on it."""

    value: float | None
    low: float | None = None
    high: float | None = None
    clips: int = 0


def estimate(measure: Measure, judged: Sequence[Judged]) -> Estimate:
    """The measure over all clips that have it."""
    usable = [j for j in judged if measure.of[0] in j.values]
    value = _value(measure, usable)
    if value is None:
        return Estimate(None, clips=len(usable))
    drawn = _draws(measure, usable, _picks(len(usable)))
    return Estimate(value, *_middle(drawn), clips=len(usable))


def difference(measure: Measure, ours: Sequence[Judged], theirs: Sequence[Judged]) -> Estimate:
    """Ours minus theirs, over the clips that both have it for; the same draws for both."""
    both = [
        (a, b) for a, b in zip(ours, theirs, strict=True) if measure.of[0] in a.values and measure.of[0] in b.values
    ]
    one, other = [a for a, _ in both], [b for _, b in both]
    first, second = _value(measure, one), _value(measure, other)
    if first is None or second is None:
        return Estimate(None, clips=len(both))
    picks = _picks(len(both))
    drawn = _draws(measure, one, picks) - _draws(measure, other, picks)
    return Estimate(first - second, *_middle(drawn), clips=len(both))


def _picks(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(0, max(1, count), (DRAWS, count))


def _middle(drawn: NDArray[np.float64]) -> tuple[float | None, float | None]:
    sound = drawn[np.isfinite(drawn)]
    if not len(sound):
        return None, None
    low, high = np.percentile(sound, (2.5, 97.5))
    return float(low), float(high)


def _value(measure: Measure, judged: Sequence[Judged]) -> float | None:
    if not judged:
        return None
    value = float(_draws(measure, judged, np.arange(len(judged))[None])[0])
    return value if np.isfinite(value) else None


def _draws(measure: Measure, judged: Sequence[Judged], picks: NDArray[np.int64]) -> NDArray[np.float64]:
    """The measure on each draw [B, N] of clips; not a number where the draw says nothing on it."""

    def sums(name: str) -> NDArray[np.float64]:
        each = np.array([sum(j.values.get(name, ())) for j in judged], dtype=np.float64)
        return np.asarray(each[picks].sum(axis=1))

    with np.errstate(invalid="ignore", divide="ignore"):
        if measure.how == "ratio":
            return np.asarray(sums(measure.of[0]) / sums(measure.of[1]))
        if measure.how == "f1":
            return np.asarray(2 * sums(measure.of[0]) / (sums(measure.of[1]) + sums(measure.of[2])))
        if measure.how == "mean":
            counts = np.array([len(j.values.get(measure.of[0], ())) for j in judged])
            return np.asarray(sums(measure.of[0]) / counts[picks].sum(axis=1))
    values = [np.asarray(j.values.get(measure.of[0], ()), dtype=np.float64) for j in judged]
    if measure.how == "median_abs":
        values = [np.abs(v) for v in values]
    drawn = (np.concatenate([values[n] for n in pick]) for pick in picks)
    return np.array([np.median(d) if len(d) else np.nan for d in drawn])


MEASURES = (
    Measure("top1", "top 1", ("top1",), percent=True),
    Measure("top5", "top 5", ("top5",), percent=True),
    Measure("median_rank", "median rank", ("rank",), "median", better="less"),
    Measure("false_sound", "false sounds", ("false_sound",), percent=True, better="less"),
    Measure("wrong_effects", "wrong effects", ("wrong_effects",), better="less"),
    Measure("iou", "mean IoU", ("iou",)),
    Measure("iou_found", "IoU if found", ("iou_found",)),
    Measure("edge_error", "edge error", ("edge_error_s",), "median", unit="s", better="less"),
    Measure("found", "found", ("found",), percent=True),
    Measure("both_found", "both found", ("both_found",), percent=True),
    Measure("pan_error", "pan error", ("pan_error",), better="less"),
    *(
        measure
        for ms in (50, 100, 300)
        for measure in (
            Measure(f"hit_precision_{ms}", f"precision ±{ms} ms", (f"hits_right_{ms}", "hits_placed"), "ratio", True),
            Measure(f"hit_recall_{ms}", f"recall ±{ms} ms", (f"hits_right_{ms}", "hits_true"), "ratio", True),
            Measure(f"hit_f1_{ms}", f"F1 ±{ms} ms", (f"hits_right_{ms}", "hits_placed", "hits_true"), "f1"),
        )
    ),
    Measure("hit_error", "hit error", ("hit_error_s",), "median", unit="s", better="zero"),
    Measure("hit_error_abs", "|hit error|", ("hit_error_s",), "median_abs", unit="s", better="less"),
)
"""Every number of the tables, in order. docs/eval.md says what each means."""
