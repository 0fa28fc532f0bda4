"""Reads stretches of a video again, on the clock of the first reading.

PyAV does it in a process of its own: it seeks to the key frame before each stretch, and takes times from the time
stamps, never by counting. Where that fails the video is read forward through an ffmpeg pipe, as far as is needed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sonify.progress import Event, Progress, note, silent
from sonify.settings import VideoSettings
from sonify.video import sources
from sonify.video.frames import Frames, VideoInfo
from sonify.video.probe import Probed
from sonify.video.process import ChildProcess, StalledError, child_command
from sonify.video.windows import Pace, Window, stretches
from sonify.video.wire import ALIVE, BROKEN, END, HEADER, pair

STAGE = "look closer"
CHUNK_BYTES = 8 * 2**20
LONGEST_CHUNK = 32
# A command line holds about 128 KiB.
_WINDOWS_A_CHILD = 500
_Frame = tuple[Fraction, NDArray[np.uint8]]


def read_ranges(
    info: VideoInfo,
    windows: Sequence[Window],
    *,
    short_side_px: int,
    settings: VideoSettings,
    progress: Progress = silent,
) -> Iterator[Frames]:
    """The frames that any of the windows wants, in order, a few at a time.

    info: as the reader knows it when it has read the video, so that times are the same as then. A frame lies in a
    window when it begins there. uint8 [N, H, W, 3] RGB, upright, square pixels, full width, the short side
    short_side_px; N is at most 32, and fewer when they are large. No frame stands for a stretch that can't be read;
    a note says so.
    """
    parts = stretches(windows)
    if not parts:
        return
    total_s = float(sum((end_s - start_s for start_s, end_s in parts), Fraction(0)))
    width, height = sources.fitted(info, short_side_px)
    limit = max(1, min(LONGEST_CHUNK, CHUNK_BYTES // (3 * width * height)))
    times: list[Fraction] = []
    pictures: list[NDArray[np.uint8]] = []
    for time_s, pixels in _Reading(info, windows, width, height, settings, progress).frames():
        times.append(time_s)
        pictures.append(pixels)
        if len(times) == limit:
            yield Frames(np.stack(pictures), tuple(times))
            progress(Event(STAGE, _done_s(parts, time_s), total_s, "s"))
            times, pictures = [], []
    if times:
        yield Frames(np.stack(pictures), tuple(times))
    progress(Event(STAGE, total_s, total_s, "s"))


class _Reading:
    """One run over the windows: by PyAV, and by ffmpeg from where that gives up."""

    def __init__(
        self,
        info: VideoInfo,
        windows: Sequence[Window],
        width: int,
        height: int,
        settings: VideoSettings,
        progress: Progress,
    ) -> None:
        self._info, self._width, self._height = info, width, height
        self._windows = sorted((w for w in windows if w.end_s > w.start_s), key=lambda w: (w.start_s, w.end_s))
        self._stall_s, self._progress = settings.stall_timeout_s, progress
        self._last = Fraction(-1)

    def frames(self) -> Iterator[_Frame]:
        """All of them in order."""
        trouble = "finds no usable time stamps" if self._info.counted else ""
        start = 0
        while not trouble and start < len(self._windows):
            end = self._cut(start)
            try:
                trouble = yield from self._sought(self._windows[start:end])
            except StalledError:
                trouble = sources.HANGS
            start = end
        if trouble:
            if not self._info.counted:
                note(self._progress, STAGE, f"the second look {trouble}; reading with ffmpeg instead")
            yield from self._forward()

    def _cut(self, start: int) -> int:
        """Where the windows of one child end: never between two that overlap, if that can be."""
        end = min(start + _WINDOWS_A_CHILD, len(self._windows))
        reach = max(w.end_s for w in self._windows[start:end])
        while end < len(self._windows) and self._windows[end].start_s < reach and end - start < 2 * _WINDOWS_A_CHILD:
            reach = max(reach, self._windows[end].end_s)
            end += 1
        return end

    def _sought(self, windows: Sequence[Window]) -> Generator[_Frame, None, str]:
        """Frames from a child; returns what went wrong."""
        command = child_command(
            "again",
            self._info.path,
            stream=self._info.stream,
            width=self._width,
            height=self._height,
            windows=[[pair(w.start_s), pair(w.end_s), w.rate_hz] for w in windows],
            steady=pair(self._info.steady_rate) if self._info.steady_rate else None,
            stall_s=self._stall_s + 5,
        )
        shape = (self._height, self._width, 3)
        size = shape[0] * shape[1] * 3
        seen = self._last
        with ChildProcess(command, stall_timeout_s=self._stall_s) as child:
            while True:
                header = child.read(HEADER.size)
                fields = HEADER.unpack(header) if len(header) == HEADER.size else BROKEN
                if fields == ALIVE:
                    continue
                if fields == END:
                    nothing = seen == self._last and self._expects(windows)
                    return "finds nothing" if nothing else ""
                pixels = b"" if fields == BROKEN else child.read(size)
                if len(pixels) < size:
                    return sources.BREAKS_OFF
                time_s = Fraction(fields[0], fields[1])
                if time_s > self._last:
                    self._last = time_s
                    yield time_s, np.frombuffer(pixels, np.uint8).reshape(shape)

    def _expects(self, windows: Sequence[Window]) -> bool:
        """Whether windows must hold frames: a slide show may have none for seconds, but not for so long."""
        inside = (min(end_s, self._info.duration_s) - start_s for start_s, end_s in stretches(windows))
        return max(inside) > 5 + 2 / self._info.frame_rate

    def _forward(self) -> Iterator[_Frame]:
        """Frames at multiples of the finest step, up to the last window's end."""
        frame_rate = self._info.frame_rate
        rates = [frame_rate if w.rate_hz is None else Fraction(str(w.rate_hz)) for w in self._windows]
        step_s = 1 / min(max(rates), max(frame_rate, Fraction(1)))
        probed = Probed(self._info, (frame_rate,), step_s, gaps=self._info.counted, decord=False)
        plan = sources.Plan(probed, self._width, self._height, step_s, 1, self._stall_s)
        pace, end_s = Pace(self._windows), max(w.end_s for w in self._windows)
        source = sources.Ffmpeg(plan)
        try:
            for time_s, pixels, _ in source:
                if time_s >= end_s:
                    break
                if pace.wants(time_s) and time_s > self._last:
                    self._last = time_s
                    yield time_s, pixels
        finally:
            source.close()
        if source.trouble:
            said = f"the second look ends at {float(max(self._last, Fraction(0))):.1f} s, where the decoders hang"
            note(self._progress, STAGE, said)


def _done_s(parts: Sequence[tuple[Fraction, Fraction]], time_s: Fraction) -> float:
    return float(sum((max(min(end_s, time_s) - start_s, Fraction(0)) for start_s, end_s in parts), Fraction(0)))
