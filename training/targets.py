"""What the student is to learn from the teacher: feature directions, concept and ImageNet probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.teacher import FEATURES, POOLED_TENSOR

REGRESSED = 256
"""Principal components of the teacher's feature that the student regresses."""


@dataclass(frozen=True)
class Targets:
    """Maps from the teacher's standardised feature z [B, 1280], all as float32 tensors.

    mean, std: [1280] of the feature before standardising. basis: [1280, 256] principal directions.
    probe_w, probe_b: linear probe on the concepts. imagenet_w, imagenet_b: the teacher's own classifier,
    on the raw feature.
    """

    scale: float
    mean: Tensor
    std: Tensor
    basis: Tensor
    probe_w: Tensor
    probe_b: Tensor
    imagenet_w: Tensor
    imagenet_b: Tensor

    def __call__(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8 [B, 1280] to unit directions [B, 256], concept and ImageNet log-probabilities."""
        raw = features.float() * self.scale
        z = (raw - self.mean) / self.std
        direction = F.normalize(z @ self.basis, dim=-1)
        concepts = F.log_softmax((z @ self.probe_w + self.probe_b).float(), -1)
        return direction, concepts, F.log_softmax(raw @ self.imagenet_w + self.imagenet_b, -1)


def teacher_classifier(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The teacher's own last layer without its background class: weights [1280, 1000], bias [1000]."""
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(str(path))
    weights = bias = None
    for tensor in net.get_tensor_details():
        shape = list(tensor["shape"])
        if shape == [1001, 1, 1, FEATURES]:
            scale, zero = tensor["quantization"]
            weights = (net.get_tensor(tensor["index"]).reshape(1001, FEATURES).astype(np.float32) - zero) * scale
        elif shape == [1001] and tensor["dtype"] is np.int32:
            bias = net.get_tensor(tensor["index"]).astype(np.float32) * tensor["quantization"][0]
    if weights is None or bias is None:
        raise ValueError(f"{path}: no 1001-way classifier after tensor {POOLED_TENSOR}")
    return weights[1:].T.copy(), bias[1:].copy()


def fit_targets(
    features: np.ndarray, labels: np.ndarray, classes: int, teacher: Path, scale: float, seed: int
) -> Targets:
    """Standardise, find principal directions and fit the probe; features uint8 [N, 1280] of training pictures."""
    generator = torch.Generator().manual_seed(seed)
    raw = torch.from_numpy(features).float() * scale
    mean, std = raw.mean(0), raw.std(0) + 0.05
    z = (raw - mean) / std
    _, vectors = torch.linalg.eigh(z.T @ z / len(z))
    basis = vectors.flip(1)[:, :REGRESSED].contiguous()
    wanted = torch.from_numpy(labels)
    weight = torch.zeros(FEATURES, classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    # Few epochs and decay: a probe that has memorised the labels would hand on no shades between concepts.
    epochs, batch = 4, 256
    total = epochs * (len(z) // batch)
    optimiser = torch.optim.AdamW([weight, bias], lr=1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total)
    for _ in range(epochs):
        order = torch.randperm(len(z), generator=generator)
        for start in range(0, len(z) - batch + 1, batch):
            rows = order[start : start + batch]
            loss = F.cross_entropy(z[rows] @ weight + bias, wanted[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    imagenet_w, imagenet_b = teacher_classifier(teacher)
    return Targets(
        scale, mean, std, basis, weight.detach(), bias.detach(),
        torch.from_numpy(imagenet_w), torch.from_numpy(imagenet_b),
    )  # fmt: skip
