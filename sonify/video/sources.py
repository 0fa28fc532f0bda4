"""The two that deliver frames: decord in a child process, and an ffmpeg pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sonify.settings import VideoSettings
from sonify.video.frames import VideoInfo
from sonify.video.probe import Probed
from sonify.video.process import ChildProcess, StalledError, child_command, safe_name
from sonify.video.wire import BROKEN, END, HEADER

Frame = tuple[Fraction, NDArray[np.uint8], bool]
HANGS = "hangs"
CRASHES = "crashes"
CANT_READ = "can't read this file"
BAD_TIMES = "finds no usable time stamps"
BREAKS_OFF = "breaks off"
WRONG = "is known to misplace such a file's frames"
# decord reads packets ahead of its decoder without limit: measured with decord2 3.4, up to the whole file is in
# memory. So it gets only files that may be; the ffmpeg pipe takes the same memory for any length.
DECORD_MAX_BYTES = 64 * 2**20
# Disks that deliver less than this many bytes a second are taken for hung decoders.
_SLOWEST_DISK = 20e6


@dataclass(frozen=True)
class Plan:
    """What is read: frames of width_px x height_px at multiples of step_s, each `every`-th a sample."""

    probed: Probed
    width_px: int
    height_px: int
    step_s: Fraction
    every: int
    stall_timeout_s: float


def plan(probed: Probed, settings: VideoSettings, short_side_px: int) -> Plan:
    """The size and the grid of times that the settings ask for."""
    width, height = fitted(probed.info, short_side_px)
    sample_rate = Fraction(str(settings.sample_rate_hz))
    every = max(1, floor(Fraction(str(settings.grey_rate_hz)) / sample_rate))
    return Plan(probed, width, height, 1 / (sample_rate * every), every, settings.stall_timeout_s)


def fitted(info: VideoInfo, short_side_px: int) -> tuple[int, int]:
    """Width and height of its frames when the short side is short_side_px."""
    scale = Fraction(short_side_px, min(info.width_px, info.height_px))
    # A 1 x 10000 picture must not become a huge one: the long side is at most 16 times the short one.
    longest = 16 * short_side_px
    width, height = (min(max(round(side * scale), 1), longest) for side in (info.width_px, info.height_px))
    return width, height


class Source(Protocol):
    """Frames in order. After the last one, `trouble` says what went wrong, in words, if anything did.

    end_s: where the picture ends; exact: to the tick, and not to a frame or a step. steady_rate: frames a second,
    where all begin at exact multiples.
    """

    trouble: str
    end_s: Fraction
    exact: bool
    steady_rate: Fraction | None

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None:
        """Ends the decoder."""
        ...


class Decord:
    """Frames from decord, with their own times."""

    def __init__(self, plan: Plan) -> None:
        self.trouble = ""
        self.end_s = Fraction(0)
        self.exact = False
        self.steady_rate: Fraction | None = None
        self._plan = plan
        path = plan.probed.info.path
        self._open_s = plan.stall_timeout_s + path.stat().st_size / _SLOWEST_DISK
        command = child_command(
            "decode",
            path,
            width=plan.width_px,
            height=plan.height_px,
            rate=[plan.step_s.denominator, plan.step_s.numerator],
            every=plan.every,
            rates=[[r.numerator, r.denominator] for r in plan.probed.rates],
            time_base=[plan.probed.time_base.numerator, plan.probed.time_base.denominator],
            stall_s=plan.stall_timeout_s + 5,
            open_s=self._open_s + 5,
        )
        self._child = ChildProcess(command, stall_timeout_s=self._open_s)

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from self._read()
        except StalledError:
            self.trouble = HANGS

    def close(self) -> None:
        """Ends the decoder."""
        self._child.close()

    def _read(self) -> Iterator[Frame]:
        line = self._child.read_line()
        opened: dict[str, Any] = json.loads(line) if line.endswith(b"}") else {"error": "crash"}
        if "error" in opened:
            self.trouble = {"times": BAD_TIMES, "crash": CRASHES}.get(opened["error"], CANT_READ)
            return
        self.end_s, self.exact = Fraction(*opened["end"]), opened["steady"] is not None
        self.steady_rate = Fraction(*opened["steady"]) if self.exact else None
        self._child.allow_silence(self._plan.stall_timeout_s)
        shape = (self._plan.height_px, self._plan.width_px, 3)
        size = shape[0] * shape[1] * 3
        while True:
            header = self._child.read(HEADER.size)
            fields = HEADER.unpack(header) if len(header) == HEADER.size else None
            if fields == END:
                return
            pixels = self._child.read(size) if fields and fields != BROKEN else b""
            if not fields or len(pixels) < size:
                self.trouble = BREAKS_OFF if fields == BROKEN else CRASHES
                return
            yield Fraction(fields[0], fields[1]), np.frombuffer(pixels, np.uint8).reshape(shape), bool(fields[2])


class Ffmpeg:
    """Frames from an ffmpeg pipe, at exact multiples of the step."""

    def __init__(self, plan: Plan) -> None:
        self.trouble = ""
        self.end_s = Fraction(0)
        self.exact = False
        self.steady_rate: Fraction | None = None
        self._plan = plan
        # More than the video has would be the same frame twice, which looks like a halt in every movement.
        sample_s = plan.step_s * plan.every
        self._every = max(1, min(plan.every, floor(sample_s * plan.probed.info.frame_rate)))
        self._step_s = sample_s / self._every
        self._child = ChildProcess(self._command(), stall_timeout_s=plan.stall_timeout_s)

    def _command(self) -> list[str]:
        import imageio_ffmpeg

        info, gaps = self._plan.probed.info, self._plan.probed.gaps
        rate = info.frame_rate
        start = f"setpts=N*{rate.denominator}/{rate.numerator}/TB" if gaps else "setpts=PTS-STARTPTS"
        grid = 1 / self._step_s
        filters = [
            start,
            # Rounding up shows at each multiple the last frame that began before it, as on a screen.
            f"fps=fps={grid.numerator}/{grid.denominator}:round=up",
            f"scale={self._plan.width_px}:{self._plan.height_px}:flags=bilinear",
            "format=rgb24",
        ]
        source = ["-protocol_whitelist", "file,pipe", "-i", "file:" + safe_name(info.path)]
        target = ["-map", f"0:{info.stream}", "-an", "-sn", "-dn", "-vf", ",".join(filters)]
        return [
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-nostdin", "-hide_banner", "-loglevel", "error"),
            *source,
            *target,
            *("-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"),
        ]

    def __iter__(self) -> Iterator[Frame]:
        shape = (self._plan.height_px, self._plan.width_px, 3)
        size = shape[0] * shape[1] * 3
        count = 0
        try:
            while len(pixels := self._child.read(size)) == size:
                frame = np.frombuffer(pixels, np.uint8).reshape(shape)
                yield count * self._step_s, frame, count % self._every == 0
                count += 1
        except StalledError:
            self.trouble = HANGS
        self.end_s = count * self._step_s

    def close(self) -> None:
        """Ends the decoder."""
        self._child.close()
