"""Folded batch norms: the same vectors, and only where their order is known."""

import copy

import pytest


def _tower(name: str):  # type: ignore[no-untyped-def]
    import torch
    from open_clip.timm_model import TimmModel

    torch.manual_seed(0)
    tower = TimmModel(name, 8, image_size=64, pool="avg", proj="linear").eval()
    for norm in tower.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_var.uniform_(0.2, 2)
            norm.running_mean.normal_(0, 0.3)
            norm.weight.data.uniform_(0.5, 1.5)
            norm.bias.data.normal_(0, 0.3)
    return tower


@pytest.mark.parametrize(("name", "norms_left"), [("efficientnet_lite0", 0), ("resnet10t", 14)])
def test_the_vectors_stay_the_same(name: str, norms_left: int) -> None:
    import torch

    from sonify.models.fuse import fuse_norms

    tower = _tower(name)
    fused = copy.deepcopy(tower)
    fuse_norms(fused)
    assert sum(isinstance(part, torch.nn.BatchNorm2d) for part in fused.modules()) == norms_left
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        wanted, found = tower(pictures), fused(pictures)
    assert torch.allclose(found, wanted, atol=1e-4 * float(wanted.abs().max()))
