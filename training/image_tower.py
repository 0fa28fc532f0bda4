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
from training.start import hold, start_weights
from training.targets import REGRESSED, Targets, fit_targets
from training.teacher import load_views

TOWER, STARTED_TOWER = "regnety_002", "efficientnet_lite0"
"""From nothing, and from ImageNet weights (training/start.py)."""
EMBED_DIM = 256
FROZEN_STAGES = 2
"""Of a started tower. They work on the largest pictures and would cost most."""


@dataclass(frozen=True)
class ImageSettings:
    """minutes: if above 0, the schedule runs over that much time instead of over `epochs`.

    start: file of ImageNet weights (training/start.py). anchors: with it, refit.pt of an earlier run, towards whose
    anchors the tower is trained; they stay as they are, and so its words stay right. shares: in the loss, of the
    concepts' names, the teacher's probe, its ImageNet probabilities and its feature directions.
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
    anchors: Path | None = None
    trunk_share: float = 0.2
    warm_steps: int = 400
    shares: tuple[float, float, float, float] = (0.5, 1.0, 0.5, 3.0)

    @property
    def tower(self) -> str:
        """timm's name of the trunk."""
        return STARTED_TOWER if self.start else TOWER


STARTED: dict[str, Any] = {
    "ema": 0.998, "warm_steps": 150, "shares": (1.0, 1.0, 0.5, 1.0), "sides_px": ((0.0, 96), (0.8, 112)),
}  # fmt: skip
"""What differs for a started tower: it needs few passes, and the teacher's features less."""


class Student(nn.Module):
    """The image tower, the anchors it is pulled to, and heads that are thrown away after training."""

    def __init__(self, classes: int, tower: str = TOWER, bias: bool = False) -> None:
        super().__init__()
        from open_clip.timm_model import TimmModel

        self.visual = TimmModel(
            tower, EMBED_DIM, image_size=128, pool="avg", proj="linear", proj_bias=bias, drop_path=0.03
        )
        width = self.visual.trunk.num_features
        self.anchors = nn.Parameter(torch.randn(classes, EMBED_DIM) / math.sqrt(EMBED_DIM))
        self.imagenet = nn.Parameter(torch.randn(1000, EMBED_DIM) / math.sqrt(EMBED_DIM))
        self.imagenet_bias = nn.Parameter(torch.zeros(1000))
        self.log_scale = nn.Parameter(torch.tensor(math.log(16.0)))
        self.imagenet_log_scale = nn.Parameter(torch.tensor(math.log(16.0)))
        self.direction = nn.Linear(width, REGRESSED)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits over concepts and over ImageNet, and the guessed teacher direction, as float32."""
        pooled = self.visual.trunk(pictures)
        embedding = F.normalize(self.visual.head(pooled).float(), dim=-1)
        concepts = self.log_scale.exp().clamp(max=60) * embedding @ F.normalize(self.anchors, dim=-1).T
        imagenet = self.imagenet_log_scale.exp().clamp(max=60) * embedding @ F.normalize(self.imagenet, dim=-1).T
        return concepts, imagenet + self.imagenet_bias, self.direction(pooled).float()


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
        self, count: int, drawn_share: float, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[Tensor, ...]:
        """Pictures uint8 [B, 3, H, W], boxes [B, 4], labels [B], teacher features [B, 1280], taught [B] bool."""
        n_drawn = int(rng.binomial(count, drawn_share)) if len(self.drawn) else 0
        picks = rng.choice(len(self.rows), count - n_drawn, p=weights)
        rows = self.rows[picks]
        view = rng.integers(0, len(self.boxes), len(rows))
        pixels, boxes = [self.photos.pixels[rows]], [self.boxes[view, rows]]
        labels, features = [self.labels[rows]], [self.features[view, rows]]
        if n_drawn:
            chosen = rng.integers(0, len(self.drawn), n_drawn)
            pixels.append(self.drawn[chosen])
            labels.append(self.drawn_labels[chosen])
            side = rng.uniform(0.6, 1.0, (n_drawn, 1))
            corner = rng.uniform(0, 1, (n_drawn, 2)) * (1 - side)
            boxes.append(np.concatenate([corner, corner + side], 1).astype(np.float32))
            features.append(np.zeros((n_drawn, self.features.shape[-1]), np.uint8))
        taught = np.arange(count) < count - n_drawn
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


def losses(
    student: nn.Module,
    targets: Targets,
    batch: tuple[Tensor, ...],
    side_px: int,
    classes: int,
    mixed: float,
    shares: tuple[float, ...],
    bf16: bool,
) -> tuple[Tensor, Tensor]:
    """The loss of one batch, and its parts [4]: concept, probe, ImageNet, direction."""
    pictures, boxes, labels, features, taught = batch
    with torch.no_grad():
        x = augment.crop(pictures.float() / 255, boxes, side_px)
        x = augment.erase(augment.filmed(augment.photometric(x)), 0.2)
        x, partner, own = augment.mix(x, mixed)
        own = own[:, None]
        truth = F.one_hot(labels, classes).float()
        truth = (own * truth + (1 - own) * truth[partner]) * 0.9 + 0.1 / classes
        direction, concepts, imagenet = targets(features)
        direction = own * direction + (1 - own) * direction[partner]
        known = concepts.shape[1]
        concepts = own * concepts.exp() + (1 - own) * concepts.exp()[partner]
        imagenet = own * imagenet.exp() + (1 - own) * imagenet.exp()[partner]
        lesson = taught & taught[partner]
        weight = lesson.float() / lesson.float().sum().clamp(min=1)
    x = augment.normalise(x).contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
        guess, guess_imagenet, guess_direction = student(x)
    by_truth = -(truth * F.log_softmax(guess, -1)).sum(-1).mean()
    by_probe = -((concepts * F.log_softmax(guess[:, :known], -1)).sum(-1) * weight).sum()
    by_imagenet = -((imagenet * F.log_softmax(guess_imagenet, -1)).sum(-1) * weight).sum()
    by_direction = ((1 - F.cosine_similarity(guess_direction, direction)) * weight).sum()
    parts = torch.stack([by_truth, by_probe, by_imagenet, by_direction])
    return (parts * parts.new_tensor(shares)).sum(), parts.detach()


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
    student = new_student(settings, len(classes)).to(device).to(memory_format=torch.channels_last)
    average = Student(len(classes), settings.tower, bias=settings.start is not None).to(device).eval()
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
        sums = torch.zeros(4)
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
            batch = tuple(t.to(device) for t in pool.draw(settings.batch, drawn_share, weights, rng))
            loss, parts = losses(
                model, targets, batch, side, len(classes), 0.3 * (1 - progress), settings.shares, bf16=True
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
                   "imagenet": means[2], "direction": means[3], "views": len(pool.boxes)}  # fmt: skip
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


def new_student(settings: ImageSettings, classes: int) -> Student:
    """Untrained, or with the start's trunk and the anchors of the earlier run."""
    student = Student(classes, settings.tower, bias=settings.start is not None)
    if settings.start:
        student.visual.trunk.load_state_dict(start_weights(settings.start, student.visual.trunk))
        nn.init.zeros_(student.visual.head.proj.bias)
    if settings.start and settings.anchors:
        earlier = torch.load(settings.anchors, map_location="cpu", weights_only=True)["average"]
        for name in ("anchors", "imagenet", "imagenet_bias"):
            fixed = getattr(student, name)
            fixed.data.copy_(earlier[name])
            fixed.requires_grad_(False)
        for name in ("log_scale", "imagenet_log_scale"):
            getattr(student, name).data.copy_(earlier[name])
    return student


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
