"""What comes out of a video: pictures with exact times."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class VideoInfo:
    """What a video says about itself.

    width_px and height_px are as a viewer sees it: turned by its rotation tag, with square pixels.
    duration_s is exact and counts from the first frame (0: not known before the video has been read);
    frame_rate is the average, in frames per second; stream is the picture's number among the file's streams.
    steady_rate: frames begin at exact multiples of 1/steady_rate. counted: its time stamps are no good, and the k-th
    frame is taken to begin at k/frame_rate. Both are found while the video is read, and are no part of what it is.
    """

    path: Path
    duration_s: Fraction
    frame_rate: Fraction
    width_px: int
    height_px: int
    has_audio: bool
    fingerprint: str
    stream: int = 0
    steady_rate: Fraction | None = field(default=None, compare=False)
    counted: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Frames:
    """Pictures of one size, in order.

    pixels: uint8 [N, H, W, 3] RGB, or uint8 [N, H, W] for grey ones.
    times_s: N exact times, in seconds from the first frame of the video.
    """

    pixels: NDArray[np.uint8]
    times_s: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim not in (3, 4):
            raise ValueError(f"pixels must be uint8 [N, H, W(, 3)], not {self.pixels.dtype} {self.pixels.shape}")
        if len(self.pixels) != len(self.times_s):
            raise ValueError(f"{len(self.pixels)} frames but {len(self.times_s)} times")

    def __len__(self) -> int:
        return len(self.times_s)

    def __repr__(self) -> str:
        return f"Frames({'x'.join(map(str, self.pixels.shape))})"


@dataclass(frozen=True)
class Chunk:
    """One stretch of a video: the frames for the model, and the small grey ones for scenes and motion."""

    frames: Frames
    grey: Frames
