"""One look at a clip for all baselines: its frames are read once, forward, and let go.

The prototype of the paper held every frame at full size in memory. What it does with them needs only a histogram of
each, and vectors of some; so those are made while reading, from frames of SIDE_PX. Its decisions are the same but for
the histograms, which here are of smaller frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import VideoError
from sonify.matching.scores import Array
from sonify.models.interface import Box, ImageTextModel
from sonify.progress import Progress, silent
from sonify.settings import Settings, VideoSettings
from sonify.video.probe import examine
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder, SceneSpan

SIDE_PX = 224
CUT = 0.24
"""L1 distance of two frames' 16-bin grey histograms (shares) from which the prototype sees a cut."""

_SLOWEST_HZ, _FASTEST_HZ = 0.1, 60.0
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Second:
    """A frame at which the prototype looks: its number, and unit vectors [D] of its middle square.

    swapped: with red and blue exchanged, as the prototype does it.
    """

    frame: int
    plain: Array
    swapped: Array


@dataclass(frozen=True)
class Glance:
    """What the baselines know of a clip.

    rate_hz: frames a second, the video's up to 60. duration_s: of the video. histogram_scenes: (first, last + 1)
    frame of each of the prototype's scenes, with the frames looked at in it: one in every int(rate_hz). scenes: where
    ours end. times_s, views, middles: the frames at the sample rate, their vectors float32 [N, V, D] by the model's
    own views and [N, D] of their middle square; boxes: what the views show. pictures: (time_s, uint8 [H, W, 3]) of
    the times asked for.
    """

    rate_hz: float
    duration_s: float
    histogram_scenes: tuple[tuple[int, int, tuple[Second, ...]], ...]
    scenes: tuple[SceneSpan, ...]
    times_s: tuple[float, ...]
    views: Array
    middles: Array
    boxes: tuple[Box, ...]
    pictures: tuple[tuple[float, Pixels], ...] = ()


def glance(
    path: Path,
    model: ImageTextModel,
    settings: Settings,
    *,
    rate_hz: float = 0.0,
    pictures_s: Sequence[float] = (),
    progress: Progress = silent,
) -> Glance:
    """Looks at a clip. Raises VideoError.

    rate_hz: of the video, where it is known. pictures_s: times, in order, at which a picture is kept as it is.
    """

    def side() -> int:
        return max(SIDE_PX, model.image_size_px)

    if not rate_hz:
        rate_hz = float(examine(path, timeout_s=settings.video.stall_timeout_s).info.frame_rate)
    rate_hz = min(_FASTEST_HZ, max(rate_hz, _SLOWEST_HZ))
    native = VideoSettings(
        sample_rate_hz=rate_hz,
        grey_rate_hz=rate_hz,
        stall_timeout_s=settings.video.stall_timeout_s,
    )
    eye = Eye(model, settings, rate_hz, pictures_s)
    with open_video(path, native, short_side_px=side, progress=progress) as reader:
        for chunk in reader:
            eye.see(chunk.frames.pixels, chunk.frames.times_s, chunk.grey.pixels)
        duration_s = reader.info.duration_s
    return eye.finish(duration_s)


class Eye:
    """Takes frames in order; keeps vectors. `glance` feeds it from a video."""

    def __init__(
        self, model: ImageTextModel, settings: Settings, rate_hz: float, pictures_s: Sequence[float]
    ) -> None:
        self.wanted_s = list(pictures_s)
        self.pictures: list[tuple[float, Pixels]] = []
        self.model, self.rate_hz = model, rate_hz
        self.step = max(1, int(rate_hz))
        self.own_step_s = 1 / Fraction(str(settings.video.sample_rate_hz))
        self.grey_step_s = 1 / Fraction(str(settings.video.grey_rate_hz))
        self.finder = SceneFinder(settings.scenes)
        self.frame = 0
        self.starts = [0]
        self.counts: NDArray[np.float64] | None = None
        self.next_own_s, self.next_grey_s = Fraction(0), Fraction(0)
        self.seconds: list[list[Second]] = [[]]
        self.times_s: list[float] = []
        self.views: list[Array] = []
        self.middles: list[Array] = []
        self.boxes: tuple[Box, ...] = ()

    def see(self, pixels: Pixels, times_s: tuple[Fraction, ...], grey: Pixels) -> None:
        """Frames [N, H, W, 3], their times, and the same small and grey [N, h, w]."""
        from sonify.video.frames import Frames

        looked: list[tuple[int, int, Pixels]] = []  # frame, scene, picture
        own: list[int] = []
        greys: list[int] = []
        for index, time_s in enumerate(times_s):
            counts = histogram(pixels[index])
            if self.counts is not None and np.abs(counts - self.counts).sum() > CUT:
                self.starts.append(self.frame)
                self.seconds.append([])
            self.counts = counts
            if (self.frame - self.starts[-1]) % self.step == 0:
                looked.append((self.frame, len(self.starts) - 1, middle(pixels[index])))
            if time_s >= self.next_own_s:
                own.append(index)
                self.next_own_s = (time_s // self.own_step_s + 1) * self.own_step_s
            while self.wanted_s and time_s >= self.wanted_s[0]:
                self.pictures.append((float(time_s), pixels[index].copy()))
                self.wanted_s.pop(0)
            if time_s >= self.next_grey_s and index < len(grey):
                greys.append(index)
                self.next_grey_s = (time_s // self.grey_step_s + 1) * self.grey_step_s
            self.frame += 1
        if greys:
            self.finder.add(Frames(grey[greys], tuple(times_s[i] for i in greys)))
        if looked:
            self._look(looked)
        if own:
            seen = self.model.embed_frames(pixels[own])
            self.views.append(seen.vectors)
            self.boxes = seen.boxes
            self.middles.append(self.model.embed_frames(np.stack([middle(pixels[i]) for i in own])).vectors[:, 0])
            self.times_s += [float(times_s[i]) for i in own]

    def _look(self, looked: list[tuple[int, int, Pixels]]) -> None:
        pictures = np.stack([picture for _, _, picture in looked])
        plain = self.model.embed_frames(pictures).vectors[:, 0]
        swapped = self.model.embed_frames(np.ascontiguousarray(pictures[..., ::-1])).vectors[:, 0]
        for (frame, scene, _), one, other in zip(looked, plain, swapped, strict=True):
            self.seconds[scene].append(Second(frame, one, other))

    def finish(self, duration_s: Fraction) -> Glance:
        """All of it, when the last frame has been seen."""
        if not self.times_s:
            raise VideoError("the video has no picture that can be read", hint="does it play elsewhere?")
        ends = [*self.starts[1:], self.frame]
        return Glance(
            self.rate_hz,
            float(duration_s),
            tuple((a, b, tuple(s)) for a, b, s in zip(self.starts, ends, self.seconds, strict=True)),
            self.finder.finish(duration_s),
            tuple(self.times_s),
            np.concatenate(self.views),
            np.concatenate(self.middles),
            self.boxes,
            tuple(self.pictures),
        )


def histogram(pixels: Pixels) -> NDArray[np.float64]:
    """Shares of 16 grey values, of RGB uint8 [H, W, 3]; grey by BT.601, as OpenCV and Pillow make it."""
    grey = (pixels.astype(np.uint32) @ np.array([299, 587, 114], dtype=np.uint32)) // 1000
    return np.asarray(np.bincount((grey >> 4).ravel(), minlength=16) / grey.size)


def middle(pixels: Pixels) -> Pixels:
    """The square in the middle, [S, S, 3]: what CLIP's own transform keeps of a frame."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]
