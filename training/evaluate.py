"""Measure an exported model as a user would load it: photographs, paraphrases, nothing-frames, real clips, speed.

python -m training.evaluate --model sonify/models/mini --photos ../shared/photos --media ../shared/media
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from training import calibrate
from training.data import Photos, file_names, load_photos
from training.loaded import Loaded, load
from training.phrases import held_out

SHOWN = 20
"""Mistakes that are named."""
LONG = ("per_concept", "table", "surest_mistakes", "confusions")


def tops(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Top-1 and top-5 share of scores [N, C] against truth [N], and the best column [N]."""
    order = np.argsort(-scores, 1)[:, :5]
    right = order == truth[:, None]
    return float(right[:, 0].mean()), float(right.any(1).mean()), order[:, 0]


def on_photos(model: Loaded, photos: Photos, files: list[str] | None = None) -> dict[str, Any]:
    """Zero-shot on the held-out split, from the concepts' names alone; per concept; confusions.

    check_…: of the half that nothing was fitted to or chosen by. files: what each picture is called.
    """
    names = photos.concept_names()
    rows = photos.rows("test")
    truth = np.array([names.index(photos.concepts[i]) for i in rows])
    scores = model.pictures(photos.pixels[rows]) @ model.labels([[n] for n in names]).T
    top1, top5, best = tops(scores, truth)
    trained = Counter(photos.concepts[i] for i in photos.rows("train"))
    five = (np.argsort(-scores, 1)[:, :5] == truth[:, None]).any(1)
    per = [
        {"concept": n, "train": trained[n], "test": int((truth == k).sum()),
         "top1": float((best[truth == k] == k).mean()), "top5": float(five[truth == k].mean())}
        for k, n in enumerate(names)
    ]  # fmt: skip
    wrong = Counter((names[t], names[b]) for t, b in zip(truth, best, strict=True) if t != b)
    # How far the wrong concept is above the right one: the surest mistakes are the ones to look at.
    lead = scores.max(1) - scores[np.arange(len(rows)), truth]
    surest = np.argsort(-lead)[:SHOWN]
    check = np.isin(rows, photos.half("check"))
    return {
        "photos": len(rows), "top1": top1, "top5": top5,
        "check_photos": int(check.sum()), "check_top1": float((best == truth)[check].mean()),
        "check_top5": float(five[check].mean()),
        "surest_mistakes": [
            [files[rows[i]] if files else int(rows[i]), names[truth[i]], names[best[i]], float(lead[i])]
            for i in surest
        ],
        "weak_concepts": [p["concept"] for p in per if p["train"] >= 100 and p["top1"] < 0.15],
        "per_concept": per, "confusions": [[a, b, n] for (a, b), n in wrong.most_common(25)],
    }  # fmt: skip


def on_paraphrases(model: Loaded, photos: Photos) -> dict[str, Any]:
    """Photos of each held-out phrase's concept, ranked with the phrase in the place of its name."""
    names = photos.concept_names()
    vectors = model.labels([[n] for n in names])
    rows = photos.rows("test")
    truth = np.array([names.index(photos.concepts[i]) for i in rows])
    seen = model.pictures(photos.pixels[rows])
    said = [(names.index(c), p) for c, p in held_out() if c in names]
    results = []
    for concept, phrase in said:
        mine = seen[truth == concept]
        known = tops(mine @ vectors.T, np.full(len(mine), concept))
        swapped = vectors.copy()
        swapped[concept] = model.labels([[phrase]])[0]
        new = tops(mine @ swapped.T, np.full(len(mine), concept))
        results.append((known[0], known[1], new[0], new[1]))
    mean = np.mean(results, 0)
    lost = sorted(zip(said, results, strict=True), key=lambda r: r[1][3] - r[1][1])[:15]
    return {
        "phrases": len(said), "name_top1": mean[0], "name_top5": mean[1], "phrase_top1": mean[2],
        "phrase_top5": mean[3], "worst": [[p, r[1], r[3]] for (_, p), r in lost],
    }  # fmt: skip


def on_clips(folder: Path, media: Path, library: Path) -> dict[str, Any]:
    """Share of the clips with a right label (the manifest's `accept`) in the top 1 and 5, as `suggest` ranks them.

    The labels are those of the recordings in `media` and of the starter sounds in `library`.
    """
    from sonify.pipeline import Session
    from sonify.settings import Settings

    settings = Settings.load(values={"model.name": str(folder), "model.device": "cpu", "matching.top": 100})
    session = Session(library=[media / "sounds", library], settings=settings)
    labels = [label.text for label in session.catalog.labels]
    table = []
    with (media / "clips" / "manifest.csv").open(newline="", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["accept"]]
    for row in rows:
        accepted = re.compile(row["accept"], re.IGNORECASE)
        if not any(accepted.search(label) for label in labels):
            continue
        best: dict[str, float] = {}
        for scene in session.suggest(media / "clips" / row["file"]).scenes:
            for suggestion in scene.suggestions:
                best[suggestion.label] = max(best.get(suggestion.label, 0.0), suggestion.score)
        order = sorted(best, key=lambda label: -best[label])
        rank = next((n for n, label in enumerate(order, 1) if accepted.search(label)), len(labels))
        table.append({"file": row["file"], "expected": row["expected_sound"], "rank": rank, "top5": order[:5]})
    ranks = np.array([t["rank"] for t in table])
    return {"clips": len(table), "labels": len(labels), "top1": float((ranks == 1).mean()),
            "top5": float((ranks <= 5).mean()), "table": table}  # fmt: skip


def speed(tower: Any, side_px: int, batch: int = 16, seconds: float = 3.0) -> float:
    """Pictures a second through an image tower, on all threads, fp32."""
    import torch

    x = torch.randn(batch, 3, side_px, side_px).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        for _ in range(3):
            tower(x)
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            tower(x)
            done += batch
    return done / (time.perf_counter() - began)


def speeds(model: Loaded) -> dict[str, float]:
    """Pictures a second of ours and of ViT-B-32 (random weights), in turns on the same threads, and the ratio."""
    import open_clip

    large = open_clip.create_model("ViT-B-32", load_weights=False).visual.eval()
    ours = model.model.visual
    turns = [(speed(ours, model.side_px), speed(large, 224)) for _ in range(3)]
    mine, theirs = (float(np.median(side)) for side in zip(*turns, strict=True))
    return {"pictures_per_s": mine, "vit_b_32_per_s": theirs, "ratio": mine / theirs}


def main() -> None:
    """Print and optionally store all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("sonify/models/mini"))
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--media", type=Path)
    parser.add_argument("--library", type=Path, default=Path("sound_library"))
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    photos = load_photos(args.photos, args.cache)
    report = evaluate(args.model, photos, args.media, args.library, args.photos)
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def evaluate(
    folder: Path, photos: Photos, media: Path | None, library: Path, source: Path | None = None
) -> dict[str, Any]:
    """Everything measured, also printed in short; source: where the photographs are, so that they can be named."""
    model = load(folder)
    files = file_names(source) if source else None
    report: dict[str, Any] = {"photos": on_photos(model, photos, files), "paraphrases": on_paraphrases(model, photos)}
    calibration = folder / "calibration.json"
    if calibration.exists():
        known = json.loads(calibration.read_text(encoding="utf-8"))
        empty, some, own = calibrate.shares(calibrate.measure(model, photos, "check"), known["scale"], known["bias"])
        report["threshold"] = {"nothing_any": empty, "photos_any": some, "photos_own": own}
    if media:
        report["clips"] = on_clips(folder, media, library)
    report["speed"] = speeds(model)
    for part, values in report.items():
        print(part, json.dumps({k: v for k, v in values.items() if k not in LONG}))
    for row in report.get("clips", {}).get("table", []):
        print(f"{row['rank']:4d}  {row['expected'][:34]:34s}  {', '.join(row['top5'])}")
    return report


if __name__ == "__main__":
    main()
