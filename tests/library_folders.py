"""Folders of small sounds for the tests of the library."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8_000


def wav(seed: int = 0, seconds: float = 0.05, peak: float = 0.5) -> bytes:
    """The bytes of a short noise; each seed is another sound of the same length."""
    samples = np.random.default_rng(seed).uniform(-peak, peak, round(seconds * RATE_HZ))
    memory = io.BytesIO()
    soundfile.write(memory, samples.astype(np.float32), RATE_HZ, format="WAV", subtype="PCM_16")
    return memory.getvalue()


def fill(root: Path, *names: str, seed: int = 0) -> Path:
    """Writes a sound of its own under each name, and returns `root`."""
    for number, name in enumerate(names):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(wav(seed + number))
    return root
