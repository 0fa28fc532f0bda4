"""Reads a video once, from its start to its end, in small frames.

decord does it in a process of its own. What decord can't read is read through an ffmpeg pipe instead, from
where decord gave up; so are big files, since decord's memory grows with the file. Both give the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import VideoError
from sonify.progress import Event, Progress, note, silent
from sonify.settings import VideoSettings
from sonify.video import sources
from sonify.video.frames import Chunk, Frames, VideoInfo
from sonify.video.probe import Probed, examine, refused, scan
from sonify.video.truncated import cut_short

GREY_SIDE_PX = 64
# At 2 frames a second and two views of each, a batch of 32 for the model.
CHUNK_S = 8
_WARY = Fraction(48 * 3600)


@contextmanager
def open_video(
    path: Path, settings: VideoSettings, *, short_side_px: int | Callable[[], int], progress: Progress = silent
) -> Iterator[VideoReader]:
    """Opens a video for reading; the decoder ends with the `with` block.

    short_side_px may be a function: it is asked when the file has proved to be a video.

    Raises VideoError, here when the file is no video, while reading when no frame of it can be decoded.
    """
    probed = examine(path, timeout_s=settings.stall_timeout_s)
    side_px = short_side_px() if callable(short_side_px) else short_side_px
    reader = VideoReader(probed, settings, short_side_px=side_px, progress=progress)
    try:
        yield reader
    finally:
        reader.close()


class VideoReader:
    """Iterates, once, over the Chunks of a video, about 8 s each.

    Frames are those on screen at 0, 1/rate, 2/rate ... and carry their own times (exact multiples where the
    ffmpeg pipe reads). Colour frames: sample_rate_hz a second, the short side short_side_px, upright, square
    pixels, full width. Grey frames: the largest multiple of sample_rate_hz up to grey_rate_hz (at least
    sample_rate_hz), the long side 64 px or less.
    """

    def __init__(self, probed: Probed, settings: VideoSettings, *, short_side_px: int, progress: Progress) -> None:
        self._probed = probed
        self._settings = settings
        self._progress = progress
        self._plan = sources.plan(probed, settings, short_side_px)
        self._info = probed.info
        self._source: sources.Source | None = None
        self._started = False

    @property
    def info(self) -> VideoInfo:
        """The video; its duration_s is final when the iteration has ended."""
        return self._info

    def close(self) -> None:
        """Ends the decoder."""
        if self._source is not None:
            self._source.close()

    def __iter__(self) -> Iterator[Chunk]:
        if self._started:
            raise RuntimeError("a video is read once; open it again to read it again")
        self._started = True
        return self._chunks()

    def _chunks(self) -> Iterator[Chunk]:
        colour: list[tuple[Fraction, NDArray[np.uint8]]] = []
        grey: list[tuple[Fraction, NDArray[np.uint8]]] = []
        limit = Fraction(CHUNK_S)
        for time_s, pixels, sample in self._frames():
            if time_s >= limit:
                yield self._chunk(colour, grey)
                colour, grey = [], []
                limit = (floor(time_s / CHUNK_S) + 1) * Fraction(CHUNK_S)
                self._progress(Event("read", float(time_s), float(self._info.duration_s), "s"))
            if sample:
                colour.append((time_s, pixels))
            grey.append((time_s, small_grey(pixels)))
        yield self._chunk(colour, grey)
        total = float(self._info.duration_s)
        self._progress(Event("read", total, total, "s"))

    def _chunk(
        self, colour: list[tuple[Fraction, NDArray[np.uint8]]], grey: list[tuple[Fraction, NDArray[np.uint8]]]
    ) -> Chunk:
        empty = np.zeros((0, self._plan.height_px, self._plan.width_px, 3), np.uint8)
        frames = np.stack([pixels for _, pixels in colour]) if colour else empty
        return Chunk(
            Frames(frames, tuple(time_s for time_s, _ in colour)),
            Frames(np.stack([pixels for _, pixels in grey]), tuple(time_s for time_s, _ in grey)),
        )

    def _frames(self) -> Iterator[sources.Frame]:
        """From decord, and from ffmpeg where decord gives up; sets the final duration."""
        trusted = self._probed.decord and not cut_short(self._info.path)
        last, trouble = Fraction(-1), "" if trusted else sources.WRONG
        if trusted and self._info.path.stat().st_size <= sources.DECORD_MAX_BYTES:
            self._source = sources.Decord(self._plan)
            for frame in self._source:
                last = frame[0]
                yield frame
            self._source.close()
            trouble = self._source.trouble
        if trouble:
            after = f" after {float(last):.1f} s" if last >= 0 else ""
            note(self._progress, "read", f"decord {trouble}{after}; reading with ffmpeg instead")
        if trouble or self._source is None:
            if not self._info.duration_s or trouble == sources.BAD_TIMES:
                self._probed = scan(self._probed, timeout_s=self._settings.stall_timeout_s)
                self._info = self._probed.info
            self._source = sources.Ffmpeg(replace(self._plan, probed=self._probed))
            for frame in self._source:
                if frame[0] > last:
                    last = frame[0]
                    yield frame
            self._source.close()
            if last < 0:
                if self._source.trouble == sources.HANGS:
                    raise VideoError(f"{self._info.path} makes the decoders hang", hint="convert it first")
                raise refused(self._info.path, "no frame")
        self._settle(self._source, last)

    def _settle(self, source: sources.Source, last: Fraction) -> None:
        """The final duration: what was decoded, or the header's where that agrees and is more exact."""
        counted = self._probed.gaps and isinstance(source, sources.Ffmpeg)
        self._info = replace(self._info, steady_rate=source.steady_rate, counted=counted)
        said, end = self._info.duration_s, max(source.end_s, last + self._plan.step_s / 1000)
        frame = 1 / self._info.frame_rate
        slack = frame if isinstance(source, sources.Decord) else 2 * self._plan.step_s + frame
        if not source.exact and said > last and abs(said - end) <= slack:
            return
        if said > end + 1:
            note(
                self._progress,
                "read",
                f"the picture ends at {float(end):.1f} s, though the file claims {float(said):.1f} s",
            )
        self._info = replace(self._info, duration_s=end)


def small_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (BT.601 weights) of RGB uint8 [H, W, 3], averaged over areas to 64 px or less on the long side."""
    height, width = pixels.shape[:2]
    cell = max(1, ceil(max(height, width) / GREY_SIDE_PX))
    rows, columns = np.arange(0, height, cell), np.arange(0, width, cell)
    sums = np.add.reduceat(pixels, rows, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, columns, axis=1)
    areas = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    luma: NDArray[np.float64] = sums @ np.array([0.299, 0.587, 0.114]) / areas
    return np.rint(luma).astype(np.uint8)
