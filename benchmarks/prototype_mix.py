"""How the paper's public prototype makes sound of its decisions, re-implemented from its description.

Everything that is wrong here is wrong there; tests/test_peers.py shows each defect by a check that fails on this and
holds for sonify. Where the description leaves something open, what was chosen is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
CHUNK_S, CROSSFADE_S = 1.0, 0.5
SIDE_PX = 224
Samples = NDArray[np.float32]


def pan_and_gain(heat: NDArray[np.float32]) -> tuple[float, float]:
    """Pan and gain in dB of a heat map [h, w] (Grad-CAM's), stretched to 0..1 as it is before it is drawn.

    The centre of mass and the area are those of the whole map, whatever stands out of it.
    """
    stretched = (heat - heat.min()) / max(float(heat.max() - heat.min()), 1e-9)
    columns = stretched.sum(axis=0)
    x_px = (
        float((columns * (np.arange(len(columns)) + 0.5)).sum() / max(columns.sum(), 1e-9)) * SIDE_PX / len(columns)
    )
    return (x_px / SIDE_PX - 0.5) * 2, min(float(stretched.mean()) * 40 - 10, 10.0)


def effect_track(
    sound: Samples,
    intervals: Sequence[tuple[int, int]],
    pans: Sequence[float],
    gains_db: Sequence[float],
    total_s: int,
) -> Samples:
    """The track of one effect, float32 [N, 2]: intervals in whole seconds; a pan and a gain for each second of it.

    For each interval the whole of it is rendered, with all intervals, and all of that is added up. A chunk is a
    second and half a second of crossfade; the source goes on from where the first chunk's crossfade ended (what
    "jumps after the first chunk" means exactly isn't said). Past the end of the source there is nothing. Raises
    ValueError for a sound shorter than the crossfade.
    """
    fade = int(CROSSFADE_S * RATE_HZ)
    if len(sound) < fade:
        raise ValueError("crossfade is longer than the sound")
    track = np.zeros((total_s * RATE_HZ + fade, 2), np.float32)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
    for _ in intervals:
        for start, end in intervals:
            for number, second in enumerate(range(start, end)):
                position = number * RATE_HZ + (fade if number else 0)
                part = sound[position : position + RATE_HZ + fade] * _sides(pans[second], gains_db[second])
                if len(part) < RATE_HZ + fade:
                    part = np.concatenate([part, np.zeros((RATE_HZ + fade - len(part), 2), np.float32)])
                if number:
                    part[:fade] *= ramp
                part[-fade:] *= ramp[::-1]
                track[second * RATE_HZ : second * RATE_HZ + len(part)] += part
    return track[: total_s * RATE_HZ]


def mixed(tracks: Sequence[Samples]) -> Samples:
    """All tracks added up, clipped where they don't fit. The video's own sound is none of them."""
    return np.clip(np.sum(tracks, axis=0), -1, 1).astype(np.float32)


def _sides(pan: float, gain_db: float) -> NDArray[np.float32]:
    left, right = min(1.0, 1 - pan), min(1.0, 1 + pan)
    return np.array([left, right], np.float32) * np.float32(10 ** (gain_db / 20))
