"""The stretches of a sound that CLAP hears: always the same ones, each of ten seconds.

CLAP learnt from ten-second stretches (480,000 samples at 48 kHz), taken at random from longer sounds. Random is no
good here, so the stretches are fixed: one for every ten seconds begun, evenly spaced from the sound's first sample to
its last, and never more than MAX_WINDOWS. Up to a minute, so, every sample is heard.
"""

from __future__ import annotations

import numpy as np

from sonify.models.clap.interface import Array

SAMPLE_RATE_HZ = 48_000
WINDOW = 480_000
"""Samples of one stretch: `clip_samples` in laion_clap's HTSAT-tiny.json."""
MAX_WINDOWS = 6


def starts(length: int, window: int = WINDOW) -> list[int]:
    """First samples of the windows over a sound of `length` samples (over 0), in order."""
    count = min(MAX_WINDOWS, -(-length // window))
    if count == 1:
        return [0]
    return [n * (length - window) // (count - 1) for n in range(count)]


def windows(samples: Array) -> Array:
    """The windows of a sound: float32 [T] -> [W, WINDOW], quantised to 16 bits as laion_clap does.

    A shorter sound is repeated as often as it fits and filled up with silence ("repeatpad", how CLAP was trained).
    """
    if len(samples) < WINDOW:
        whole = np.tile(samples, WINDOW // len(samples))
        samples = np.pad(whole, (0, WINDOW - len(whole)))
    found = np.stack([samples[start : start + WINDOW] for start in starts(len(samples))])
    return np.asarray((np.clip(found, -1, 1) * 32767.0).astype(np.int16) / np.float32(32767.0), dtype=np.float32)


def pooled(vectors: Array) -> Array:
    """One unit vector for the unit vectors of a sound's windows: their mean, float32 [W, D] -> [D]."""
    return unit(vectors.mean(axis=0))


def unit(vectors: Array) -> Array:
    """The vectors at length 1, along the last axis."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)
