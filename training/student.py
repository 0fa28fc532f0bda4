"""The image tower in training: its anchors, the heads that are thrown away, and where it begins.

Anchors are where pictures of a concept shall lie. From nothing they are learned with the tower. A started tower is
trained towards the words of a model that is there already, which then serve it as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonify.models.background import NEAREST, usual_phrases
from sonify.models.calibration import NULL_PHRASES
from training.loaded import Loaded
from training.phrases import plain, read_words
from training.start import start_weights
from training.targets import REGRESSED

TOWER, STARTED_TOWER = "regnety_002", "efficientnet_lite0"
"""From nothing, and from ImageNet weights or a model of this training (training/start.py)."""
EMBED_DIM = 256
FIRST_JUDGE = (24.0, -3.0)
"""Scale and bias of the judge where it begins: about what calibration finds for sonify-mini."""


@dataclass(frozen=True)
class Anchors:
    """Unit vectors [.., D] of words: concepts, ImageNet's 1,000 labels, phrases for nothing, and usual ones."""

    concepts: np.ndarray
    imagenet: np.ndarray
    null: np.ndarray
    usual: np.ndarray


def anchors_of(words: Loaded, classes: list[str], imagenet: list[str]) -> Anchors:
    """Where a model's words put everything. A concept lies half at its name and half at all its phrases."""
    known = read_words()

    both = words.labels([[name] for name in classes]) + words.labels([[n, *known.get(n, ())] for n in classes])
    return Anchors(
        both / np.linalg.norm(both, axis=1, keepdims=True),
        words.labels([[plain(synonym) for synonym in label.split(",")] for label in imagenet]),
        words.phrases(list(NULL_PHRASES)),
        words.phrases(list(usual_phrases())),
    )


class Student(nn.Module):
    """The image tower, the anchors it is pulled to, and heads that are thrown away after training."""

    def __init__(self, classes: int, tower: str = TOWER, bias: bool = False, anchors: Anchors | None = None) -> None:
        """anchors: they stay as they are, and there is a judge (`judged`); None: learned ones, and no judge."""
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
        self.judging = anchors is not None
        if anchors is None:
            return
        self.judge_log_scale = nn.Parameter(torch.tensor(math.log(FIRST_JUDGE[0])))
        self.judge_bias = nn.Parameter(torch.tensor(FIRST_JUDGE[1]))
        self.register_buffer("null", torch.from_numpy(anchors.null), persistent=False)
        self.register_buffer("usual", torch.from_numpy(anchors.usual), persistent=False)
        for part, words in ((self.anchors, anchors.concepts), (self.imagenet, anchors.imagenet)):
            part.data.copy_(torch.from_numpy(words))
            part.requires_grad_(False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits over concepts and over ImageNet, the guessed teacher direction, the judge's logits, as float32."""
        pooled = self.visual.trunk(pictures)
        embedding = F.normalize(self.visual.head(pooled).float(), dim=-1)
        cosines = embedding @ F.normalize(self.anchors, dim=-1).T
        concepts = self.log_scale.exp().clamp(max=60) * cosines
        imagenet = self.imagenet_log_scale.exp().clamp(max=60) * embedding @ F.normalize(self.imagenet, dim=-1).T
        judged = self.judged(embedding, cosines) if self.judging else concepts[:, :0]
        return concepts, imagenet + self.imagenet_bias, self.direction(pooled).float(), judged

    def judged(self, embedding: Tensor, cosines: Tensor) -> Tensor:
        """Log-odds [B, C] that each concept is there by itself, just as sonify will judge: how far it rises over what
        pictures usually show (sonify/models/background.py)."""
        usual = (embedding @ self.usual.T).topk(NEAREST, -1).values.mean(-1)
        over = torch.maximum((embedding @ self.null.T).amax(-1), usual)
        return self.judge_log_scale.exp() * (cosines - over[:, None]) + self.judge_bias


def new_student(classes: int, start: Path | None, anchors: Anchors | None) -> Student:
    """Untrained; or begun from a file of ImageNet weights or from the image tower of a model's folder."""
    tower = STARTED_TOWER if start else TOWER
    student = Student(classes, tower, bias=start is not None, anchors=anchors)
    if start and start.is_dir():
        student.visual.load_state_dict(image_tower_of(start))
    elif start:
        student.visual.trunk.load_state_dict(start_weights(start, student.visual.trunk))
        nn.init.zeros_(student.visual.head.proj.bias)
    return student


def image_tower_of(folder: Path) -> dict[str, Tensor]:
    """The image tower's tensors in an exported folder, as float32."""
    from safetensors.torch import load_file

    stored = load_file(folder / "open_clip_model.safetensors")
    visual = {k.removeprefix("visual."): v for k, v in stored.items() if k.startswith("visual.")}
    return {k: v.float() if v.is_floating_point() else v for k, v in visual.items()}


def blended(new: dict[str, Tensor], old: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights between those before (share 0) and those after training (1); what `old` doesn't have stays the new.

    The mean of the weights before and after recognises more than either: what was learned, without what was
    forgotten (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    found = dict(new)
    for name, value in old.items():
        if name in new and value.is_floating_point():
            found[name] = torch.lerp(value.float(), new[name].float(), share)
    return found
