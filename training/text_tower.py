"""Stage 2: the text tower learns to hit the anchors of stage 1 from many phrasings. Minutes on one core."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.phrases import Book
from training.said import MEANING, Extra, Sampler, loss_of, unlike
from training.student import EMBED_DIM, TOWER

CONTEXT = 32


def config(tower: str = TOWER) -> dict[str, Any]:
    """open_clip's model_cfg; tower: timm's name of the image trunk."""
    return {
        "embed_dim": EMBED_DIM,
        "vision_cfg": {"timm_model_name": tower, "timm_model_pretrained": False, "timm_pool": "avg",
                       "timm_proj": "linear", "timm_proj_bias": True, "image_size": 128},
        "text_cfg": {"context_length": CONTEXT, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 4},
    }  # fmt: skip


def anchor_table(image_state: dict[str, Tensor]) -> np.ndarray:
    """Unit anchors float32 [A, D]: concepts, the teacher's labels, and last the place of what can't be seen.

    That place is the direction in which the anchors, and so the pictures, differ least: the cosine of a word for a
    sound without a source on screen ("white noise") is then near 0 with every picture.
    """
    concepts = F.normalize(image_state["anchors"].float(), dim=-1)
    names = F.normalize(image_state["imagenet"].float(), dim=-1)
    both = torch.cat([concepts, names])
    unseen = torch.linalg.eigh(both.T @ both).eigenvectors[:, :1].T
    unseen = unseen * -torch.sign((concepts @ unseen.T).mean())
    return np.asarray(torch.cat([concepts, names, unseen]).cpu().numpy())


@dataclass(frozen=True)
class TextSettings:
    steps: int = 2000
    batch: int = 192
    peak_rate: float = 2e-3
    seed: int = 0
    threads: int = 1


def new_model(tower: str = TOWER) -> nn.Module:
    """An untrained CLIP of `config`."""
    from open_clip.model import CLIP

    model = CLIP(**config(tower))
    # Words that training never meets stay near zero and say nothing, instead of noise.
    nn.init.normal_(model.token_embedding.weight, std=0.01)
    return model


def encode(model: Any, tokens: Tensor) -> Tensor:
    """Unit text vectors [B, D]; as CLIP.encode_text."""
    return project(model, states(model, tokens))


def project(model: Any, states: Tensor) -> Tensor:
    """Unit text vectors [B, D] of the tower's last states [B, W]."""
    return F.normalize((states @ model.text_projection).float(), dim=-1)


def states(model: Any, tokens: Tensor, parts: int = 4) -> Tensor:
    """The tower's last states [B, W], before its projection; short phrases together and only as long as they are."""
    order = tokens.argmax(-1).argsort()
    found = torch.cat([_states(model, tokens[rows]) for rows in order.chunk(parts)])
    return found[order.argsort()]


def _states(model: Any, tokens: Tensor) -> Tensor:
    length = int(tokens.argmax(-1).max()) + 1
    tokens = tokens[:, :length]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    found: Tensor = x[torch.arange(len(x)), tokens.argmax(-1)]
    return found


def earlier_words(model_folder: Path, tower: str) -> nn.Module:
    """A model with the text tower of an exported one, for an image tower that was trained towards its anchors."""
    from safetensors.torch import load_file

    model = new_model(tower)
    stored = load_file(model_folder / "open_clip_model.safetensors")
    words = {k: v for k, v in stored.items() if not k.startswith("visual.")}
    missing = [k for k in model.load_state_dict(words, strict=False).missing_keys if not k.startswith("visual.")]
    if missing:
        raise ValueError(f"{model_folder} lacks {', '.join(missing)}: it is no model of this training")
    return model.eval()


def names_by_clip(names_folder: Path, book: Book, targets: np.ndarray) -> Extra:
    """Names known to CLIP but not to us, placed by a ridge regression from CLIP's vectors onto our targets.

    names_folder: `lvis_names.txt` (name, synonyms) and `lvis_v1_clip_a+cname.npy` [1203, 512] beside it.
    """
    vectors = np.load(names_folder / "lvis_v1_clip_a+cname.npy").astype(np.float32)
    if vectors.shape[0] == 512:
        vectors = vectors.T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lines = (names_folder / "lvis_names.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line]
    names = [r[0].split("_(")[0].replace("_", " ").lower() for r in rows]
    index = {p: i for i, p in enumerate(book.phrases)}
    known = [(n, index[name]) for n, name in enumerate(names) if name in index]
    mean = vectors.mean(0)
    source = vectors[[n for n, _ in known]] - mean
    wanted = targets[[i for _, i in known]]
    centre = wanted.mean(0)
    weights = np.linalg.solve(source.T @ source + 1.0 * np.eye(source.shape[1]), source.T @ (wanted - centre))
    other = [n for n, name in enumerate(names) if name not in index]
    placed = (vectors[other] - mean) @ weights + centre
    placed /= np.linalg.norm(placed, axis=1, keepdims=True)
    return Extra(tuple(names[n] for n in other), placed.astype(np.float32), 0.125)


def train_text_tower(
    sampler: Sampler, settings: TextSettings, log: Path | None = None, begun: nn.Module | None = None
) -> nn.Module:
    """A model whose text tower is trained on what `sampler` draws; begun: one to go on from."""
    import open_clip

    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = open_clip.SimpleTokenizer(context_length=CONTEXT)
    model: Any = (begun or new_model()).to(device).train()
    learned = [p for n, p in model.named_parameters() if not n.startswith("visual") and p.requires_grad]
    table = sampler.table.to(device)
    # What the sentence encoder makes of a phrase says more of it than where it lies among the anchors. The head that
    # learns it is thrown away.
    meaning = nn.Linear(model.text_projection.shape[0], MEANING).to(device)
    learned += list(meaning.parameters())
    optimiser = torch.optim.AdamW(learned, lr=settings.peak_rate, weight_decay=0.1, betas=(0.9, 0.98), fused=True)
    for step in range(settings.steps):
        rate = settings.peak_rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps))
        for group in optimiser.param_groups:
            group["lr"] = rate
        said, aim, meant = sampler.draw(settings.batch)
        # On a CPU bf16 makes this small network's backward pass slower, not faster.
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            last = states(model, tokenizer(said).to(device))
            found, guess = project(model, last), meaning(last).float()
        by_place, by_rank = loss_of(found, aim.to(device), table)
        by_meaning = unlike(guess, meant.to(device))
        optimiser.zero_grad(set_to_none=True)
        (4 * by_place + 0.5 * by_rank + by_meaning).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        if log and (step % 50 == 0 or step == settings.steps - 1):
            with log.open("a", encoding="utf-8") as f:
                row = {"step": step, "place": by_place.item(), "rank": by_rank.item(), "meaning": by_meaning.item()}
                f.write(json.dumps(row) + "\n")
    trained: nn.Module = model.cpu().eval()
    return trained
