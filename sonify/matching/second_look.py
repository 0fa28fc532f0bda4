"""Looks again where the parts are: one reading of the stretches that anybody wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonify.progress import Progress, silent
from sonify.settings import VideoSettings
from sonify.video.frames import VideoInfo
from sonify.video.ranges import read_ranges
from sonify.video.windows import Pace, Window

__all__ = ["Watcher", "Window", "second_look"]


class Watcher(Protocol):
    """One who wants to look again."""

    def windows(self) -> Sequence[Window]:
        """Where and how closely; asked once."""
        ...

    def see(self, times_s: Sequence[Fraction], frames: NDArray[np.uint8]) -> None:
        """Frames uint8 [N, H, W, 3] RGB at times_s, N > 0: those of its own windows, in order.

        Called many times, with a few frames each. Other watchers see the same array: it is not to be written to.
        """
        ...


def second_look(
    info: VideoInfo,
    watchers: Sequence[Watcher],
    *,
    short_side_px: int,
    settings: VideoSettings,
    progress: Progress = silent,
) -> None:
    """Shows each watcher the frames of its windows. The video is decoded once, whoever watches.

    info: as the reader knows it after the first look. Nothing is read when nobody has a window.
    """
    wishes = [tuple(watcher.windows()) for watcher in watchers]
    paces = [Pace(wish) for wish in wishes]
    everything = [window for wish in wishes for window in wish]
    chunks = read_ranges(info, everything, short_side_px=short_side_px, settings=settings, progress=progress)
    for chunk in chunks:
        pixels = chunk.pixels
        for watcher, pace in zip(watchers, paces, strict=True):
            own = [index for index, time_s in enumerate(chunk.times_s) if pace.wants(time_s)]
            if own:
                frames = pixels if len(own) == len(pixels) else pixels[own]
                watcher.see(tuple(chunk.times_s[index] for index in own), frames)
