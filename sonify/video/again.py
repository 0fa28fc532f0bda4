"""Runs in the decoder's process: PyAV, seeking to each stretch, with times from the time stamps alone."""

from __future__ import annotations

import faulthandler
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sonify.video.windows import Pace, Window, stretches
from sonify.video.wire import ALIVE, BROKEN, END, HEADER, send

# Where a file's key frames are not known: so far is quicker decoded than sought.
_NEAR_S = Fraction(5)
# How much earlier is sought when a stretch's first frame was missed, before it is read from the start.
_EARLIER_S = (Fraction(0), Fraction(1), Fraction(5), Fraction(20))
# Containers round times to 1 ms or better.
_ROUNDING_S = Fraction(101, 100_000)
_SAYS_S = 0.5


class _NoTimesError(Exception):
    """A frame without a time stamp."""


def again(
    output: BinaryIO,
    name: str,
    *,
    stream: int,
    width: int,
    height: int,
    windows: list[list[Any]],
    steady: list[int] | None,
    stall_s: float,
) -> None:
    """Writes the frames that the windows want: [start, end, rate] each, the times as pairs."""
    import av

    av.logging.set_level(None)
    wanted = [Window(Fraction(*start), Fraction(*end), rate) for start, end, rate in windows]
    picture = _Picture(output, name, stream, Fraction(*steady) if steady else None, stall_s)
    pace = Pace(wanted)
    shape = (height, width)
    reformatter = av.video.reformatter.VideoReformatter()
    try:
        for start_s, end_s in stretches(wanted):
            for time_s, frame in picture.between(start_s, end_s):
                if pace.wants(time_s):
                    pixels = _pixels(reformatter, frame, shape)
                    faulthandler.cancel_dump_traceback_later()
                    send(output, HEADER.pack(time_s.numerator, time_s.denominator, 0))
                    send(output, pixels.tobytes())
    except (av.FFmpegError, _NoTimesError, OSError, ValueError):
        send(output, HEADER.pack(*BROKEN))
        return
    send(output, HEADER.pack(*END))


class _Picture:
    """A video's frames by their times, counted from its first frame."""

    def __init__(
        self, output: BinaryIO, name: str, stream: int, steady_rate: Fraction | None, stall_s: float
    ) -> None:
        self._output, self._name, self._number, self._stall_s = output, name, stream, stall_s
        self._rate = steady_rate
        self._said = time.monotonic()
        self._frames = self._from_start()
        self._held = next(self._frames, None)
        self._zero = 0 if self._held is None else self._stamp(self._held)
        entries = self._stream.index_entries
        self._keys = sorted(entry.timestamp for entry in entries if entry.is_keyframe)

    def between(self, start_s: Fraction, end_s: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """The frames that begin from start_s up to, not including, end_s."""
        self._go(start_s)
        while self._held is not None:
            time_s = self._time(self._held)
            if time_s >= end_s:
                return
            frame, self._held = self._held, next(self._frames, None)
            if time_s >= start_s:
                yield time_s, frame

    def _go(self, start_s: Fraction) -> None:
        """Moves to a frame that is no later than start_s, or the first that there is."""
        here = None if self._held is None else self._time(self._held)
        if here is not None and here <= start_s and not self._worth(here, start_s):
            return
        for earlier_s in _EARLIER_S:
            aim_s = start_s - earlier_s
            if aim_s > 0 and self._seek(aim_s) and self._time(self._held) <= start_s:
                return
        self._container.close()
        self._frames = self._from_start()
        self._held = next(self._frames, None)

    def _worth(self, here: Fraction, there: Fraction) -> bool:
        """Whether a key frame lies on the way, to which one could seek."""
        if not self._keys:
            return there - here > _NEAR_S
        base = self._stream.time_base
        return bisect_right(self._keys, self._zero + here / base) != bisect_right(
            self._keys, self._zero + there / base
        )

    def _seek(self, time_s: Fraction) -> bool:
        """Whether there is a whole picture after a jump to time_s or the key frame before it."""
        import av

        try:
            stamp = self._zero + int(time_s / self._stream.time_base)
            self._container.seek(stamp, stream=self._stream, backward=True)
        except (av.FFmpegError, OSError):
            return False
        self._frames = self._decoded()
        # A decoder that begins between key frames shows pictures with holes.
        self._held = next(self._frames, None)
        return self._held is not None and bool(self._held.key_frame) and not self._held.is_corrupt

    def _from_start(self) -> Iterator[Any]:
        import av

        options = {"protocol_whitelist": "file"}
        self._container = av.open("file:" + self._name, options=options, metadata_errors="ignore")
        stream: Any = self._container.streams[self._number]
        self._stream = stream
        self._stream.thread_type = "AUTO"
        return self._decoded()

    def _decoded(self) -> Iterator[Any]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            faulthandler.dump_traceback_later(self._stall_s, exit=True)
            try:
                packet = next(packets, None)
                frames = [] if packet is None else packet.decode()
            except av.error.InvalidDataError:
                continue  # one damaged packet is no reason to stop, as in a player
            faulthandler.cancel_dump_traceback_later()
            self._say()
            yield from frames
            if packet is None:
                return

    def _say(self) -> None:
        """Lets the reader know now and then that this is work and not a hang."""
        if time.monotonic() - self._said > _SAYS_S:
            send(self._output, HEADER.pack(*ALIVE))
            self._said = time.monotonic()

    def _stamp(self, frame: Any) -> int:
        if frame.pts is None:
            raise _NoTimesError
        return int(frame.pts)

    def _time(self, frame: Any) -> Fraction:
        time_s: Fraction = (self._stamp(frame) - self._zero) * self._stream.time_base
        if self._rate:
            exact = round(time_s * self._rate) / self._rate
            if abs(exact - time_s) <= _ROUNDING_S:
                return exact
        return time_s


def _pixels(reformatter: Any, frame: Any, shape: Sequence[int]) -> NDArray[np.uint8]:
    """Upright RGB [H, W, 3] of the given height and width."""
    turns = round(frame.rotation / 90) % 4 if abs(frame.rotation) <= 360 else 0
    height, width = (shape[1], shape[0]) if turns % 2 else (shape[0], shape[1])
    small = reformatter.reformat(frame, width=width, height=height, format="rgb24", interpolation="BILINEAR")
    return np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))
