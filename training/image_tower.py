"""Stage 1: the image tower, against free anchors of the concepts and against the teacher.

One worker per CPU core (gradients averaged with gloo) or one on a GPU; resumable after every epoch.
"""

from __future__ import annotations

import csv
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from training import augment
from training.concepts import all_concepts
from training.data import Photos, load_photos
from training.lessons import alike, losses
from training.loaded import load
from training.start import hold
from training.student import STARTED_TOWER, TOWER, Anchors, Student, anchors_of, new_student
from training.targets import Targets, fit_targets
from training.teacher import draw_boxes, load_views

UNTAUGHT = (0.15, 1.0)
"""Share of a picture's area in a crop that the teacher has not seen."""
TEACHER_LABELS = "imagenet_labels.txt"
"""Beside the teacher: the names of its classes."""
FROZEN_STAGES = 2
"""Of a started tower. They work on the largest pictures and would cost most."""


@dataclass(frozen=True)
class ImageSettings:
    """minutes: if above 0, the schedule runs over that much time instead of over `epochs`.

    start: file of ImageNet weights (training/start.py), or the folder of a model to go on from. words: with it, the
    folder of a model towards whose words the tower is trained; they serve it afterwards as they are. shares: in the
    loss, of the concepts' names, the teacher's probe, its ImageNet probabilities, its directions, and the judge.
    untaught: share of the photographs in crops that the teacher has not seen.
    """

    photos: Path
    cache: Path
    teacher: Path
    out: Path
    epochs: int = 40
    minutes: float = 0.0
    workers: int = 2
    batch: int = 64
    peak_rate: float = 2e-3
    decay: float = 0.05
    ema: float = 0.999
    sides_px: tuple[tuple[float, int], ...] = ((0.0, 64), (0.4, 80), (0.75, 96))
    seed: int = 0
    compile: bool = False
    start: Path | None = None
    words: Path | None = None
    trunk_share: float = 0.2
    warm_steps: int = 400
    shares: tuple[float, float, float, float, float] = (0.5, 1.0, 0.5, 3.0, 0.0)
    untaught: float = 0.0

    @property
    def tower(self) -> str:
        """timm's name of the trunk."""
        return STARTED_TOWER if self.start else TOWER


STARTED: dict[str, Any] = {
    "ema": 0.998, "warm_steps": 150, "shares": (1.0, 0.7, 0.3, 0.7, 0.4),
    "sides_px": ((0.0, 96), (0.5, 112), (0.9, 128)),
}  # fmt: skip
"""What differs for a started tower: it needs few passes, and the teacher's features less."""
GOING_ON: dict[str, Any] = {**STARTED, "peak_rate": 1e-3, "trunk_share": 0.3, "warm_steps": 300, "untaught": 0.5}
"""And for one that is a model of this training already."""


@dataclass(frozen=True)
class Pool:
    """Everything a worker draws batches from: the photographs' training rows, then the drawn pictures."""

    photos: Photos
    rows: np.ndarray
    labels: np.ndarray
    drawn: np.ndarray
    drawn_labels: np.ndarray
    boxes: np.ndarray
    features: np.ndarray

    def draw(
        self, count: int, drawn_share: float, weights: np.ndarray, rng: np.random.Generator, untaught: float = 0.0
    ) -> tuple[Tensor, ...]:
        """Pictures uint8 [B, 3, H, W], boxes [B, 4], labels [B], teacher features [B, 1280], taught [B] bool.

        untaught: share of the photographs in crops of their own, which the teacher has not seen.
        """
        n_drawn = int(rng.binomial(count, drawn_share)) if len(self.drawn) else 0
        picks = rng.choice(len(self.rows), count - n_drawn, p=weights)
        rows = self.rows[picks]
        view = rng.integers(0, len(self.boxes), len(rows))
        seen = rng.random(len(rows)) >= untaught
        own = draw_boxes(len(rows), UNTAUGHT, rng)
        pixels, boxes = [self.photos.pixels[rows]], [np.where(seen[:, None], self.boxes[view, rows], own)]
        labels, features = [self.labels[rows]], [self.features[view, rows]]
        if n_drawn:
            chosen = rng.integers(0, len(self.drawn), n_drawn)
            pixels.append(self.drawn[chosen])
            labels.append(self.drawn_labels[chosen])
            side = rng.uniform(0.6, 1.0, (n_drawn, 1))
            corner = rng.uniform(0, 1, (n_drawn, 2)) * (1 - side)
            boxes.append(np.concatenate([corner, corner + side], 1).astype(np.float32))
            features.append(np.zeros((n_drawn, self.features.shape[-1]), np.uint8))
        taught = np.concatenate([seen, np.zeros(n_drawn, bool)])
        stacked = torch.from_numpy(np.concatenate(pixels)).permute(0, 3, 1, 2)
        return (
            stacked, torch.from_numpy(np.concatenate(boxes)), torch.from_numpy(np.concatenate(labels)),
            torch.from_numpy(np.concatenate(features)), torch.from_numpy(taught),
        )  # fmt: skip


def load_pool(settings: ImageSettings) -> tuple[Pool, list[str]]:
    """The training pictures as they are on disk now (views and drawn pictures may have grown), and the classes."""
    photos = load_photos(settings.photos, settings.cache)
    classes = all_concepts(photos.concept_names())
    index = {c: i for i, c in enumerate(classes)}
    views = load_views(settings.cache / "views")
    labels = np.array([index[c] for c in photos.concepts])
    drawn_file = settings.cache / "drawn.npz"
    drawn, drawn_labels = np.zeros((0, 112, 112, 3), np.uint8), np.zeros(0, np.int64)
    if drawn_file.exists():
        with np.load(drawn_file) as stored:
            drawn = stored["pixels"]
            drawn_labels = np.array([index[c] for c in stored["concepts"]])
    pool = Pool(photos, photos.rows("train"), labels, drawn, drawn_labels, views.boxes, views.features)
    return pool, classes


@torch.no_grad()
def accuracy(student: Student, photos: Photos, labels: np.ndarray, side_px: int = 128) -> tuple[float, float]:
    """Top-1 and top-5 share on the test split, among the photographed concepts' anchors."""
    student.eval()
    device = student.anchors.device
    rows = photos.rows("test")
    known = len(set(photos.concepts))
    hits1 = hits5 = 0
    for start in range(0, len(rows), 128):
        part = rows[start : start + 128]
        x = torch.from_numpy(photos.pixels[part]).to(device).permute(0, 3, 1, 2).float() / 255
        x = F.interpolate(x, size=(side_px, side_px), mode="bicubic", antialias=True).clamp(0, 1)
        x = augment.normalise(x).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            top = student(x)[0][:, :known].topk(5, -1).indices.cpu()
        right = top == torch.from_numpy(labels[part])[:, None]
        hits1 += int(right[:, 0].sum())
        hits5 += int(right.any(1).sum())
    return hits1 / len(rows), hits5 / len(rows)


def _rate(progress: float, settings: ImageSettings, step: int) -> float:
    warm = min(1.0, (step + 1) / settings.warm_steps)
    return settings.peak_rate * warm * (0.5 + 0.5 * math.cos(math.pi * min(progress, 1.0)) * 0.999)


def _worker(rank: int, settings: ImageSettings) -> None:
    cuda = torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    world = 1 if cuda else settings.workers
    if not cuda:
        torch.set_num_threads(1)
    if world > 1:
        meeting = f"file://{(settings.out / 'meeting').resolve()}"
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=world)
    torch.manual_seed(settings.seed)
    pool, classes = load_pool(settings)
    targets = _targets(settings, pool, rank, world)
    targets = Targets(**{k: v.to(device) if isinstance(v, Tensor) else v for k, v in vars(targets).items()})
    anchors = _anchors(settings, classes, rank, world)
    student = new_student(len(classes), settings.start, anchors).to(device).to(memory_format=torch.channels_last)
    average = Student(len(classes), settings.tower, settings.start is not None, anchors).to(device).eval()
    near = alike(student.anchors.detach()) if anchors else None
    average.load_state_dict(student.state_dict())
    average.to(memory_format=torch.channels_last)
    if settings.start:
        hold(student.visual.trunk, FROZEN_STAGES)
    optimiser = torch.optim.AdamW(_groups(student, settings), lr=settings.peak_rate, fused=True)
    epoch, step, spent = 0, 0, 0.0
    checkpoint = settings.out / "image.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        student.load_state_dict(state["student"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        epoch, step, spent = state["epoch"], state["step"], state["spent_s"]
    torch.manual_seed(settings.seed * 1000 + epoch * 10 + rank)
    if settings.compile:
        student.visual.trunk.compile(dynamic=False)
    model: nn.Module = nn.parallel.DistributedDataParallel(student) if world > 1 else student
    counts = np.bincount(pool.labels[pool.rows], minlength=len(classes))
    weights = 1 / np.sqrt(counts[pool.labels[pool.rows]])
    weights /= weights.sum()
    steps = len(pool.rows) // (settings.batch * world)
    progress = spent / 60 / settings.minutes if settings.minutes else epoch / settings.epochs
    while progress < 1.0:
        pool, _ = load_pool(settings)
        rng = np.random.default_rng([settings.seed, epoch, rank])
        drawn_share = 0.07 if len(pool.drawn) else 0.0
        student.train()
        began = time.monotonic()
        sums = torch.zeros(5)
        # Small pictures first: three times the steps for the time. Crops show things larger than the whole
        # pictures of use do, so 80 px fits 128 px (Touvron et al. 2019, "Fixing the train-test resolution").
        side = [px for since, px in settings.sides_px if progress >= since][-1]
        done = 0
        for _ in range(steps):
            clock = torch.tensor([spent + time.monotonic() - began])
            if world > 1 and settings.minutes:
                dist.broadcast(clock, 0)
            total = settings.epochs * steps
            progress = float(clock) / 60 / settings.minutes if settings.minutes else step / total
            for group in optimiser.param_groups:
                group["lr"] = _rate(progress, settings, step) * group["share"]
            drawn = pool.draw(settings.batch, drawn_share, weights, rng, settings.untaught)
            batch = tuple(t.to(device) for t in drawn)
            loss, parts = losses(
                model,
                targets,
                batch,
                side,
                len(classes),
                0.3 * (1 - progress),
                settings.shares,
                bf16=True,
                near=near,
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(student.parameters(), 2.0)
            optimiser.step()
            step += 1
            done += 1
            keep = min(settings.ema, (1 + step) / (10 + step))
            with torch.no_grad():
                for mine, new in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
                    if mine.is_floating_point():
                        mine.lerp_(new, 1 - keep)
                    else:
                        mine.copy_(new)
            sums += parts.cpu()
            if progress >= 1.0:
                break
        epoch += 1
        if settings.minutes == 0:
            progress = epoch / settings.epochs
        spent += time.monotonic() - began
        if rank == 0:
            means = (sums / done).tolist()
            row = {"epoch": epoch, "step": step, "minutes": round(spent / 60, 2), "side_px": side,
                   "rate": optimiser.param_groups[-1]["lr"], "concept": means[0], "probe": means[1],
                   "imagenet": means[2], "direction": means[3], "judge": means[4],
                   "views": len(pool.boxes)}  # fmt: skip
            if epoch % (2 if settings.start else 5) == 0 or progress >= 1.0:
                row["top1"], row["top5"] = accuracy(average, pool.photos, pool.labels)
            with (settings.out / "image.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
            state = {"student": student.state_dict(), "average": average.state_dict(), "classes": classes,
                     "optimiser": optimiser.state_dict(), "epoch": epoch, "step": step, "spent_s": spent}  # fmt: skip
            part = checkpoint.with_suffix(".part")
            torch.save(state, part)
            part.rename(checkpoint)
    if world > 1:
        dist.destroy_process_group()


def _groups(student: Student, settings: ImageSettings) -> list[dict[str, object]]:
    """What the optimiser is to know of the parameters: a started trunk learns more slowly, vectors do not decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, part in student.named_parameters():
        if part.requires_grad:
            slow = settings.start is not None and name.startswith("visual.trunk.")
            groups.setdefault((slow, part.ndim > 1), []).append(part)
    return [
        {"params": parts, "weight_decay": settings.decay if decays else 0.0,
         "share": settings.trunk_share if slow else 1.0}
        for (slow, decays), parts in sorted(groups.items(), key=lambda group: group[0], reverse=True)
    ]  # fmt: skip


def _anchors(settings: ImageSettings, classes: list[str], rank: int, world: int) -> Anchors | None:
    """The words that a started tower is trained towards, worked out once per run and kept beside the checkpoint."""
    if settings.words is None:
        return None
    path = settings.out / "anchors.npz"
    if rank == 0 and not path.exists():
        lines = (settings.teacher.parent / TEACHER_LABELS).read_text(encoding="utf-8").splitlines()
        # The first label is the teacher's background class.
        made = anchors_of(load(settings.words), classes, [line.strip() for line in lines[1:]])
        part = path.with_suffix(".part.npz")
        np.savez(part, **vars(made))
        part.rename(path)
    if world > 1:
        dist.barrier()
    with np.load(path) as stored:
        return Anchors(**{name: stored[name] for name in stored.files})


def _targets(settings: ImageSettings, pool: Pool, rank: int, world: int) -> Targets:
    """Fitted once per run by the first worker and kept beside the checkpoint."""
    path = settings.out / "targets.pt"
    if rank == 0 and not path.exists():
        with np.load(settings.cache / "views" / "view-00.npz") as view:
            scale = float(view["scale"])
        first = pool.features[: min(2, len(pool.features)), pool.rows]
        known = len(set(pool.photos.concepts))
        labels = np.concatenate([pool.labels[pool.rows]] * len(first))
        fitted = fit_targets(np.concatenate(list(first)), labels, known, settings.teacher, scale, settings.seed)
        torch.save(vars(fitted), path)
    if world > 1:
        dist.barrier()
    return Targets(**torch.load(path, weights_only=True))


def train_image_tower(settings: ImageSettings) -> Path:
    """Train (or go on training) and return the checkpoint's path."""
    settings.out.mkdir(parents=True, exist_ok=True)
    (settings.out / "meeting").unlink(missing_ok=True)
    with (settings.out / "image-settings.csv").open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows((k, str(v)) for k, v in asdict(settings).items())
    if torch.cuda.is_available() or settings.workers == 1:
        _worker(0, settings)
    else:
        # A thread pool across busy cores waits at every barrier; one single-threaded worker per core does not.
        os.environ["OMP_NUM_THREADS"] = "1"
        torch.multiprocessing.spawn(_worker, args=(settings,), nprocs=settings.workers)
    return settings.out / "image.pt"
