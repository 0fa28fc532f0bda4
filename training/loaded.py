"""The exported model as a user of open_clip loads it, and the little that measuring needs around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from sonify.models.fuse import fuse_norms
from sonify.models.text import TEMPLATES, sentences
from training.augment import normalise


@dataclass(frozen=True)
class Loaded:
    """model and tokenizer by open_clip's `local-dir:`; side_px of its input."""

    model: Any
    tokenizer: Any
    side_px: int

    @torch.no_grad()
    def pictures(self, pixels: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [N, D] of square pictures uint8 [N, H, W, 3]."""
        found = []
        for start in range(0, len(pixels), 64):
            x = torch.from_numpy(np.ascontiguousarray(pixels[start : start + 64])).permute(0, 3, 1, 2).float() / 255
            if x.shape[-1] != self.side_px:
                x = F.interpolate(x, (self.side_px, self.side_px), mode="bicubic", antialias=True).clamp(0, 1)
            x = normalise(x).contiguous(memory_format=torch.channels_last)
            found.append(F.normalize(self.model.encode_image(x).float(), dim=-1))
        return np.asarray(torch.cat(found).numpy())

    @torch.no_grad()
    def phrases(self, phrases: list[str]) -> np.ndarray:
        """Unit vectors float32 [P, D] of phrases as they stand."""
        found = []
        for start in range(0, len(phrases), 256):
            tokens = self.tokenizer(phrases[start : start + 256])
            found.append(F.normalize(self.model.encode_text(tokens).float(), dim=-1))
        return np.asarray(torch.cat(found).numpy())

    def labels(self, labels: list[list[str]]) -> np.ndarray:
        """Unit vectors [L, D] of labels: mean over phrases and over sonify's templates."""
        said = [[s for phrase in phrases for s in sentences(phrase, TEMPLATES)] for phrases in labels]
        place = {sentence: n for n, sentence in enumerate(dict.fromkeys(s for many in said for s in many))}
        vectors = self.phrases(list(place))
        means = np.stack([vectors[[place[sentence] for sentence in many]].mean(0) for many in said])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


def load(folder: Path) -> Loaded:
    """Raises what open_clip raises for a folder that is not its own."""
    import open_clip

    name = f"local-dir:{folder.resolve()}"
    model = open_clip.create_model(name).float().eval()
    fuse_norms(model.visual)  # as sonify does, so that speeds are those of use
    model.visual.to(memory_format=torch.channels_last)
    return Loaded(model, open_clip.get_tokenizer(name), model.visual.image_size[0])
