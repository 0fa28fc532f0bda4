"""What a batch teaches the image tower: names, the teacher, and to judge each concept by itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training import augment
from training.targets import Targets

COMPOSED_SHARE = 0.45
"""Of a batch: pictures of something small before something else, as most frames of film are."""
BESIDE = 0.4
"""From this share of the picture on, what lies behind counts as being there too."""
ALIKE = 0.45
"""Concepts whose anchors have this cosine or more are no mistakes for each other: a racing car is a car."""
DOUBT = 0.08
"""Nor is what the teacher gives that much to: photographs have one name each and show more than it."""
PRESENT_WEIGHT = 3.0
"""One concept of 250 is there: so much more does it count to miss it than to imagine another."""


def alike(anchors: Tensor) -> Tensor:
    """Which concepts [C, C] must not be held against each other, itself included."""
    unit = F.normalize(anchors, dim=-1)
    return unit @ unit.T >= ALIKE


def losses(
    student: nn.Module,
    targets: Targets,
    batch: tuple[Tensor, ...],
    side_px: int,
    classes: int,
    mixed: float,
    shares: tuple[float, ...],
    bf16: bool,
    near: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The loss of one batch, and its parts [5]: concept, probe, ImageNet, direction, judge.

    near: `alike` of the anchors; None where there is no judge, nor are pictures composed.
    """
    pictures, boxes, labels, features, taught = batch
    with torch.no_grad():
        x = augment.crop(pictures.float() / 255, boxes, side_px)
        beside = torch.zeros(len(x), device=x.device)
        if near is not None and float(torch.rand(())) >= mixed:
            x, partner, own, beside, whole = augment.compose(x, COMPOSED_SHARE)
            x = augment.erase(augment.filmed(augment.photometric(x)), 0.2)
        else:
            x = augment.erase(augment.filmed(augment.photometric(x)), 0.2)
            x, partner, own = augment.mix(x, mixed if near is None else 1.0)
            beside = 1 - own
            whole = torch.ones_like(own, dtype=torch.bool)
        own = own[:, None]
        truth = F.one_hot(labels, classes).float()
        truth = (own * truth + (1 - own) * truth[partner]) * 0.9 + 0.1 / classes
        direction, concepts, imagenet = targets(features)
        shown = concepts.exp()
        direction = own * direction + (1 - own) * direction[partner]
        known = concepts.shape[1]
        concepts = own * shown + (1 - own) * shown[partner]
        imagenet = own * imagenet.exp() + (1 - own) * imagenet.exp()[partner]
        lesson = taught & taught[partner] & whole
        weight = lesson.float() / lesson.float().sum().clamp(min=1)
    x = augment.normalise(x).contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
        guess, guess_imagenet, guess_direction, judged = student(x)
    by_truth = -(truth * F.log_softmax(guess, -1)).sum(-1).mean()
    by_probe = -((concepts * F.log_softmax(guess[:, :known], -1)).sum(-1) * weight).sum()
    by_imagenet = -((imagenet * F.log_softmax(guess_imagenet, -1)).sum(-1) * weight).sum()
    by_direction = ((1 - F.cosine_similarity(guess_direction, direction)) * weight).sum()
    by_judge = guess.new_zeros(())
    if near is not None:
        there, counts = verdict(labels, partner, beside, shown, near)
        by_judge = (F.binary_cross_entropy_with_logits(judged, there, reduction="none") * counts).sum(-1).mean()
    parts = torch.stack([by_truth, by_probe, by_imagenet, by_direction, by_judge])
    return (parts * parts.new_tensor(shares)).sum(), parts.detach()


def verdict(labels: Tensor, partner: Tensor, beside: Tensor, shown: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
    """What the judge should say of each concept, 0 or 1 [B, C], and how much that counts [B, C].

    beside: share of the picture [B] that is the partner's. shown: the teacher's probabilities [B, known].
    """
    classes = near.shape[1]
    own, other = F.one_hot(labels, classes).bool(), F.one_hot(labels[partner], classes).bool()
    seen = beside[:, None]
    there = own | (other & (seen >= BESIDE))
    doubt = torch.zeros_like(there)
    doubt[:, : shown.shape[1]] = (shown >= DOUBT) | ((shown[partner] >= DOUBT) & (seen > 0))
    doubt |= near[labels] | (near[labels[partner]] & (seen > 0))
    counts = torch.where(there, PRESENT_WEIGHT, 1.0) * (there | ~doubt)
    return there.float(), counts
