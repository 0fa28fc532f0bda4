"""The numbers of an evaluation as tables: for the terminal, for JSON, for a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sonify.evaluation.bootstrap import MEASURES, Estimate, Measure, difference, estimate
from sonify.evaluation.ours import NAME
from sonify.evaluation.run import ClipResult, Evaluation

AGAINST = "prototype"

GROUPS = (
    ("which sound", ("top1", "top5", "median_rank", "wrong_effects", "false_sound")),
    ("when", ("iou", "iou_found", "edge_error", "found", "both_found", "pan_error")),
    ("exactly when", ("hit_f1_50", "hit_f1_100", "hit_f1_300", "hit_error", "hit_error_abs")),
)
"""The tables that a person sees; the rest is in the JSON document."""


@dataclass(frozen=True)
class Table:
    """rows: a method's name and a cell for each measure; the last row may be a difference."""

    title: str
    measures: tuple[Measure, ...]
    rows: tuple[tuple[str, tuple[Estimate, ...]], ...]


def tables(evaluation: Evaluation) -> list[Table]:
    """Those tables and columns for which the manifest has something to say."""
    known = {measure.key: measure for measure in MEASURES}
    found = []
    for title, keys in GROUPS:
        measures = [known[key] for key in keys]
        cells = {name: [estimate(m, evaluation.judged(name)) for m in measures] for name in evaluation.methods}
        used = [n for n in range(len(measures)) if any(row[n].value is not None for row in cells.values())]
        if not used:
            continue
        rows = [(name, tuple(cells[name][n] for n in used)) for name in evaluation.methods]
        if AGAINST in evaluation.methods:
            apart = [difference(measures[n], evaluation.judged(NAME), evaluation.judged(AGAINST)) for n in used]
            rows.append((f"{NAME} against {AGAINST}", tuple(apart)))
        found.append(Table(title, tuple(measures[n] for n in used), tuple(rows)))
    return found


def cell(measure: Measure, found: Estimate, *, signed: bool = False) -> str:
    """62 % (45..78), or a dash where there is nothing to say. One clip has none: its draws are all the same."""
    if found.value is None:
        return "-"
    scale, digits, unit = 1.0, 2, ""
    if measure.percent:
        scale, digits, unit = 100.0, 0, " %"
    elif measure.unit == "s":
        digits, unit = 3, " s"
    elif measure.key == "median_rank":
        digits = 1
    text = f"{scale * found.value:{'+' if signed else ''}.{digits}f}{unit}"
    if found.low is None or found.high is None or found.clips < 2:
        return text
    return f"{text} ({scale * found.low:.{digits}f}..{scale * found.high:.{digits}f})"


def counts(evaluation: Evaluation) -> dict[str, int]:
    """How many clips there are of which sort."""
    clips = evaluation.clips
    with_truth = [clip for clip in clips if clip.truth.clip.expected]
    return {
        "clips": len(clips),
        "with_a_right_label": sum(bool(clip.truth.known) for clip in with_truth),
        "sound_not_in_the_libraries": sum(not clip.truth.known for clip in with_truth),
        "nothing_expected": sum(clip.truth.clip.expect_none for clip in clips),
        "undecided": sum(not clip.truth.clip.expected and not clip.truth.clip.expect_none for clip in clips),
        "failed": len(failed(clips)),
    }


def failed(clips: Sequence[ClipResult]) -> list[tuple[str, str]]:
    """The clips that the pipeline couldn't do, and why."""
    return [(c.truth.clip.file, c.outcomes[NAME].error) for c in clips if c.outcomes[NAME].error]


def said(evaluation: Evaluation) -> str:
    """One sentence on what was measured."""
    n = counts(evaluation)
    parts = [
        f"{n['clips']} clip{'' if n['clips'] == 1 else 's'}",
        f"{n['with_a_right_label']} with a right label among {evaluation.labels}",
    ]
    for key, words in (
        ("sound_not_in_the_libraries", "whose sound the libraries lack"),
        ("nothing_expected", "where nothing should sound"),
        ("undecided", "undecided"),
        ("failed", "failed"),
    ):
        if n[key]:
            parts.append(f"{n[key]} {words}")
    return ", ".join(parts) + f"; seen by {evaluation.model}"


def document(evaluation: Evaluation) -> dict[str, Any]:
    """Everything, for programs."""
    numbers: dict[str, Any] = {}
    for measure in MEASURES:
        row = {name: _plain(estimate(measure, evaluation.judged(name))) for name in evaluation.methods}
        row = {name: found for name, found in row.items() if found}
        if row:
            numbers[measure.key] = row
    against = {}
    if AGAINST in evaluation.methods:
        for measure in MEASURES:
            found = _plain(difference(measure, evaluation.judged(NAME), evaluation.judged(AGAINST)))
            if found:
                against[measure.key] = found
    return {
        "model": evaluation.model,
        "weights": evaluation.weights,
        "labels": evaluation.labels,
        "settings": dict(evaluation.settings),
        "counts": counts(evaluation),
        "methods": [name.strip() for name in evaluation.methods],
        "measures": {key: {name.strip(): cell for name, cell in row.items()} for key, row in numbers.items()},
        f"against_{AGAINST}": against,
        "clips": [_clip(clip) for clip in evaluation.clips],
    }


def _plain(found: Estimate) -> dict[str, Any]:
    if found.value is None:
        return {}
    rounded = {k: None if v is None else round(v, 6) for k, v in (("value", found.value), ("low", found.low))}
    return rounded | {"high": None if found.high is None else round(found.high, 6), "clips": found.clips}


def _clip(clip: ClipResult) -> dict[str, Any]:
    return {
        "file": clip.truth.clip.file,
        "accept": [emitter.accept for emitter in clip.truth.clip.expected],
        "right": [sorted(right) for right in clip.truth.right],
        "expect_none": clip.truth.clip.expect_none,
        "methods": {
            name.strip(): {
                "ranked": [{"label": label, "score": round(score, 4)} for label, score in outcome.ranked[:5]],
                "heard": [
                    {
                        "label": h.label,
                        "kind": h.kind,
                        "start_s": round(h.start_s, 6),
                        "end_s": round(h.end_s, 6),
                        "hits": len(h.hits),
                    }
                    for h in outcome.heard
                ],
                **({"error": outcome.error} if outcome.error else {}),
                "values": {key: [round(v, 6) for v in many] for key, many in clip.judged[name].values.items()},
            }
            for name, outcome in clip.outcomes.items()
        },
    }
