"""The measured part of the model card, as Markdown from a report of `training.evaluate --out`.

python -m training.tables report.json docs/model-card-sonify-mini.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def percent(share: float) -> str:
    """A share as percent with one decimal."""
    return f"{100 * share:.1f} %"


def mean_top1(concepts: list[dict[str, Any]]) -> str:
    """Share of right photographs over concepts."""
    total = sum(c["test"] for c in concepts)
    return percent(sum(c["top1"] * c["test"] for c in concepts) / max(1, total))


def tables(report: dict[str, Any]) -> str:
    """Markdown of the summary, the clips, confusions and every concept."""
    photos, said = report["photos"], report["paraphrases"]
    lines = ["| measured | top 1 | top 5 |", "|---|---|---|"]
    lines.append(
        f"| {photos['photos']} held-out photographs, {len(photos['per_concept'])} concepts, from their names | "
        f"{percent(photos['top1'])} | {percent(photos['top5'])} |"
    )
    lines.append(
        f"| of these, the {photos['check_photos']} that no number was fitted to | "
        f"{percent(photos['check_top1'])} | {percent(photos['check_top5'])} |"
    )
    lines.append(
        f"| photographs of the {said['phrases']} paraphrased concepts, by name | "
        f"{percent(said['name_top1'])} | {percent(said['name_top5'])} |"
    )
    lines.append(
        f"| the same by the held-out paraphrase | {percent(said['phrase_top1'])} | {percent(said['phrase_top5'])} |"
    )
    if "clips" in report:
        clips = report["clips"]
        lines.append(
            f"| {clips['clips']} real clips, {clips['labels']} labels | "
            f"{percent(clips['top1'])} | {percent(clips['top5'])} |"
        )
    if "threshold" in report:
        limit = report["threshold"]
        lines += [
            "",
            f"At probability 0.5 with libraries of 60 concepts: {percent(limit['nothing_any'])} of nothing-frames "
            f"and {percent(limit['photos_any'])} of photographs have some label, "
            f"{percent(limit['photos_own'])} their own.",
        ]
    if "speed" in report:
        fast = report["speed"]
        lines += [
            "",
            f"Speed at batch 16 in fp32: {fast['pictures_per_s']:.0f} pictures a second against "
            f"{fast['vit_b_32_per_s']:.1f} of ViT-B-32 in the same run: {fast['ratio']:.0f} times.",
        ]
    per = photos["per_concept"]
    few, many = ([c for c in per if low <= c["train"] < high] for low, high in ((0, 100), (200, 10**9)))
    lines += [
        "",
        "What more photographs are worth: concepts with under 100 of them in training have "
        f"{mean_top1(few)} top 1, those with 200 or more {mean_top1(many)}.",
    ]
    weak = photos["weak_concepts"]
    lines += ["", f"Concepts with 100 or more training photographs under 15 % top 1: {', '.join(weak) or 'none'}."]
    if "clips" in report:
        lines += ["", "| clip shows | rank of a right label | top 3 |", "|---|---|---|"]
        lines += [f"| {r['expected']} | {r['rank']} | {', '.join(r['top5'][:3])} |" for r in report["clips"]["table"]]
    lines += ["", "Most frequent confusions:", ""]
    lines += [f"- {a} taken for {b}: {n}" for a, b, n in photos["confusions"][:15]]
    lines += ["", "The surest mistakes (files of the held-out photographs):", ""]
    lines += [f"- `{file}`: {truth} taken for {taken}" for file, truth, taken, _ in photos["surest_mistakes"]]
    lines += ["", "| concept | training photographs | test | top 1 | top 5 |", "|---|---|---|---|---|"]
    lines += [
        f"| {c['concept']} | {c['train']} | {c['test']} | {100 * c['top1']:.0f} | {100 * c['top5']:.0f} |"
        for c in photos["per_concept"]
    ]
    return "\n".join(lines)


def main() -> None:
    """Replace the measured part of the card."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    card = Path(sys.argv[2])
    text = card.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    card.write_text(f"{before}{BEGIN}\n{tables(report)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
