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
from training.data import Photos, load_photos
from training.loaded import Loaded, load
from training.phrases import held_out


def tops(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Top-1 and top-5 share of scores [N, C] against truth [N], and the best column [N]."""
    order = np.argsort(-scores, 1)[:, :5]
    right = order == truth[:, None]
    return float(right[:, 0].mean()), float(right.any(1).mean()), order[:, 0]


def on_photos(model: Loaded, photos: Photos) -> dict[str, Any]:
    """Zero-shot on the held-out split, from the concepts' names alone; per concept; confusions."""
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
    return {
        "photos": len(rows), "top1": top1, "top5": top5,
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


def clip_labels(media: Path, library: Path) -> dict[str, list[str]]:
    """Labels of the recordings in `media/sounds` and of the starter library, with their visual phrases."""
    found: dict[str, list[str]] = {}
    with (media / "sounds" / "manifest.csv").open(newline="", encoding="utf-8") as f:
        for row in csv.DictReader(f):
            found.setdefault(row["label"], [row["label"]])
    table = library / "labels.csv"
    if table.exists():
        with table.open(newline="", encoding="utf-8") as f:
            for row in csv.DictReader(f):
                found[row["label"]] = [p.strip() for p in row["phrases"].split(";") if p.strip()] or [row["label"]]
    return found


def frames(path: Path, rate_hz: float = 1.0) -> np.ndarray:
    """Frames uint8 [N, V, 128, 128, 3], one a second: squares along the longer side."""
    import decord
    import torch
    import torch.nn.functional as F

    first = decord.VideoReader(str(path))
    height, width = first[0].shape[:2]
    scale = 128 / min(height, width)
    size = {"width": max(128, round(width * scale)), "height": max(128, round(height * scale))}
    reader = decord.VideoReader(str(path), **size)
    step = max(1, round(reader.get_avg_fps() / rate_hz))
    pixels = reader.get_batch(list(range(0, len(reader), step))).asnumpy()
    longer = max(pixels.shape[1:3])
    offsets = sorted({0, (longer - 128) // 2, longer - 128})
    wide = pixels.shape[2] >= pixels.shape[1]
    views = [pixels[:, :128, o : o + 128] if wide else pixels[:, o : o + 128, :128] for o in offsets]
    whole = F.interpolate(torch.from_numpy(pixels).permute(0, 3, 1, 2).float(), (128, 128), mode="area")
    views.append(whole.permute(0, 2, 3, 1).byte().numpy())
    return np.stack(views, 1)


def on_clips(model: Loaded, media: Path, library: Path) -> dict[str, Any]:
    """Share of the clips with a right label (the manifest's `accept`) in the top 1 and top 5; mean of all views."""
    labels = clip_labels(media, library)
    names = list(labels)
    words = model.labels(list(labels.values()))
    table = []
    with (media / "clips" / "manifest.csv").open(newline="", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if r["accept"]]
    for row in rows:
        right = [bool(re.search(row["accept"], n, re.IGNORECASE)) for n in names]
        if not any(right):
            continue
        shots = frames(media / "clips" / row["file"])
        seen = model.pictures(shots.reshape(-1, *shots.shape[2:])).reshape(*shots.shape[:2], -1)
        order = np.argsort(-(seen @ words.T).mean((0, 1)))
        hit = [right[i] for i in order]
        table.append({"file": row["file"], "expected": row["expected_sound"], "rank": hit.index(True) + 1,
                      "top5": [names[i] for i in order[:5]]})  # fmt: skip
    ranks = np.array([t["rank"] for t in table])
    return {"clips": len(table), "labels": len(names), "top1": float((ranks == 1).mean()),
            "top5": float((ranks <= 5).mean()), "table": table}  # fmt: skip


def speed(model: Loaded, batch: int = 16, seconds: float = 3.0) -> float:
    """Pictures a second through the image tower, on all threads, fp32."""
    import torch

    x = torch.randn(batch, 3, model.side_px, model.side_px).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        for _ in range(3):
            model.model.encode_image(x)
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            model.model.encode_image(x)
            done += batch
    return done / (time.perf_counter() - began)


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
    report = evaluate(args.model, load_photos(args.photos, args.cache), args.media, args.library)
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def evaluate(folder: Path, photos: Photos, media: Path | None, library: Path) -> dict[str, Any]:
    """Everything measured, also printed in short."""
    model = load(folder)
    report: dict[str, Any] = {"photos": on_photos(model, photos), "paraphrases": on_paraphrases(model, photos)}
    calibration = folder / "calibration.json"
    if calibration.exists():
        known = json.loads(calibration.read_text(encoding="utf-8"))
        empty, some, own = calibrate.shares(calibrate.measure(model, photos), known["scale"], known["bias"])
        report["threshold"] = {"nothing_any": empty, "photos_any": some, "photos_own": own}
    if media:
        report["clips"] = on_clips(model, media, library)
    report["pictures_per_s"] = speed(model)
    for part, values in report.items():
        print(part, json.dumps({k: v for k, v in values.items() if k not in ("per_concept", "table")})
              if isinstance(values, dict) else round(values, 1))  # fmt: skip
    for row in report.get("clips", {}).get("table", []):
        print(f"{row['rank']:4d}  {row['expected'][:34]:34s}  {', '.join(row['top5'])}")
    return report


if __name__ == "__main__":
    main()
