"""Stage 1b: statistics and the last layer fitted again on whole pictures at the size of use.

Stage 1 sees crops of 64-80 px; the product shows whole frames at 128 px. Fitting batch statistics and the classifier
again at that size is most of what fine-tuning there gives (Touvron et al. 2019, "Fixing the train-test resolution").
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training import augment
from training.image_tower import ImageSettings, Pool, load_pool
from training.student import Student
from training.targets import Targets

SIDE_PX = 128
STATISTICS_BATCHES = 24
SOFT = 6000
"""Training photographs that are also shown soft, as frames of compressed film are."""
SOFT_SIDE_PX = 48
EPOCHS = 25
CENTRING = 10.0
"""Weight of the squared length of the mean vector."""
BATCH = 512


def _ready(pixels: np.ndarray) -> Tensor:
    x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 255
    x = F.interpolate(x, (SIDE_PX, SIDE_PX), mode="bicubic", antialias=True).clamp(0, 1)
    return augment.normalise(x).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _statistics(student: Student, pool: Pool) -> None:
    """Batch statistics over whole training pictures, in place."""
    norms = [m for m in student.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # type: ignore[assignment]  # torch: None means a plain average
    # Only the norms learn; paths dropped at random in training would disturb them.
    student.eval()
    for norm in norms:
        norm.train()
    rng = np.random.default_rng(3)
    for _ in range(STATISTICS_BATCHES):
        rows = np.sort(rng.choice(pool.rows, 120, replace=False))
        extra = rng.choice(len(pool.drawn), 8, replace=False)
        with torch.autocast("cpu", torch.bfloat16):
            student.visual.trunk(_ready(np.concatenate([pool.photos.pixels[rows], pool.drawn[extra]])))
    student.eval()


@torch.no_grad()
def _pooled(state: dict[str, Tensor], classes: int, pixels: np.ndarray) -> np.ndarray:
    """Pooled features float32 [N, W] of pictures uint8 [N, H, W, 3], on one thread."""
    torch.set_num_threads(1)
    student = Student(classes).to(memory_format=torch.channels_last)
    student.load_state_dict(state)
    student.eval()
    found = []
    for start in range(0, len(pixels), 64):
        with torch.autocast("cpu", torch.bfloat16):
            found.append(student.visual.trunk(_ready(pixels[start : start + 64])).float())
    return np.asarray(torch.cat(found).numpy())


def _features(state: dict[str, Tensor], classes: int, pixels: np.ndarray, workers: int) -> Tensor:
    parts = np.array_split(pixels, workers)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_pooled, [state] * workers, [classes] * workers, parts))
    return torch.from_numpy(np.concatenate(found))


def refit(settings: ImageSettings) -> Path:
    """Write `refit.pt` (the same keys as image.pt's average, and the classes) beside `image.pt`."""
    stored = torch.load(settings.out / "image.pt", map_location="cpu", weights_only=True)
    classes = stored["classes"]
    pool, _ = load_pool(settings)
    targets = Targets(**torch.load(settings.out / "targets.pt", map_location="cpu", weights_only=True))
    student = Student(len(classes)).to(memory_format=torch.channels_last)
    student.load_state_dict(stored["average"])
    _statistics(student, pool)
    state = {k: v.contiguous() for k, v in student.state_dict().items()}
    soft = np.sort(np.random.default_rng(settings.seed).choice(len(pool.rows), SOFT, replace=len(pool.rows) < SOFT))
    softened = soften(pool.photos.pixels[pool.rows[soft]])
    pixels = np.concatenate([pool.photos.pixels[pool.rows], softened, pool.drawn])
    features = _features(state, len(classes), pixels, settings.workers)
    _last_layer(student, features, soft, pool, targets, len(classes), settings.seed)
    torch.save({"average": student.state_dict(), "classes": classes}, settings.out / "refit.pt")
    return settings.out / "refit.pt"


def soften(pixels: np.ndarray) -> np.ndarray:
    """The same pictures uint8 [N, H, W, 3] with the detail of SOFT_SIDE_PX."""
    found = np.empty_like(pixels)
    for start in range(0, len(pixels), 512):
        x = torch.from_numpy(np.ascontiguousarray(pixels[start : start + 512])).permute(0, 3, 1, 2).float()
        x = F.interpolate(x, (SOFT_SIDE_PX, SOFT_SIDE_PX), mode="area")
        x = F.interpolate(x, pixels.shape[1:3], mode="bicubic").clamp(0, 255)
        found[start : start + 512] = x.byte().permute(0, 2, 3, 1).numpy()
    return found


def _last_layer(
    student: Student, features: Tensor, soft: np.ndarray, pool: Pool, targets: Targets, classes: int, seed: int
) -> None:
    """Projection and anchors on fixed features [N, W]: training photographs, the soft ones, the drawn pictures.

    The projection gets a bias that centres the vectors: labels near the middle of all pictures would otherwise be
    offered for every frame (hubs; Radovanovic et al. 2010).
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    rows_of = np.concatenate([pool.rows, pool.rows[soft]])
    labels = torch.from_numpy(np.concatenate([pool.labels[rows_of], pool.drawn_labels]))
    taught = torch.arange(len(labels)) < len(rows_of)
    lessons = np.zeros((len(labels), pool.features.shape[-1]), np.uint8)
    lessons[: len(rows_of)] = pool.features[0, rows_of]  # view 0 is the whole picture
    old = student.visual.head.proj.weight.detach()
    projection = torch.nn.Linear(old.shape[1], old.shape[0])
    with torch.no_grad():
        projection.weight.copy_(old)
        projection.bias.copy_(-(old @ features.mean(0)))
        middle = F.normalize(features @ old.T, dim=-1).mean(0)
        for table in (student.anchors, student.imagenet):
            table.copy_(F.normalize(table, dim=-1) - middle)
    student.visual.head.proj = projection
    counts = torch.bincount(labels, minlength=classes).float()
    chance = counts[labels].pow(-0.5)
    learned = [*projection.parameters(), student.anchors, student.imagenet, student.imagenet_bias,
               student.log_scale, student.imagenet_log_scale]  # fmt: skip
    optimiser = torch.optim.AdamW(learned, lr=1.5e-3, weight_decay=0.02)
    total = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    for _ in range(total):
        rows = torch.multinomial(chance, BATCH, replacement=True, generator=generator)
        pooled = F.dropout(features[rows], 0.15)
        embedding = F.normalize(projection(pooled), dim=-1)
        guess = student.log_scale.exp().clamp(max=60) * embedding @ F.normalize(student.anchors, dim=-1).T
        names = student.imagenet_log_scale.exp().clamp(max=60) * embedding @ F.normalize(student.imagenet, dim=-1).T
        _, concepts, imagenet = targets(torch.from_numpy(lessons[rows.numpy()]))
        weight = taught[rows].float() / taught[rows].float().sum().clamp(min=1)
        by_probe = -(concepts.exp() * F.log_softmax(guess[:, : concepts.shape[1]], -1)).sum(-1)
        by_names = -(imagenet.exp() * F.log_softmax(names + student.imagenet_bias, -1)).sum(-1)
        loss = F.cross_entropy(guess, labels[rows], label_smoothing=0.1)
        loss = loss + (weight * (0.7 * by_probe + 0.5 * by_names)).sum()
        loss = loss + CENTRING * embedding.mean(0).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
