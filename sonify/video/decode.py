"""Runs in the decoder's process: decord, read forward only, with exact times."""

from __future__ import annotations

import faulthandler
import sys
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Any, BinaryIO

import numpy as np

from sonify.video.wire import BROKEN, END, HEADER, pair, say, send

# float32 has 24 bits: 65 536 s is exact to 4 ms, which no longer says which frame is meant.
_LONGEST_S = 65_536.0


def decode(
    output: BinaryIO,
    name: str,
    *,
    width: int,
    height: int,
    rate: list[int],
    every: int,
    rates: list[list[int]],
    time_base: list[int],
    stall_s: float,
    open_s: float,
) -> None:
    """Writes the frames on screen at the multiples of 1/rate; each `every`-th is a sample."""
    # A watchdog in C, which works even while a decoder holds Python's lock: no orphan hangs on for ever.
    faulthandler.dump_traceback_later(open_s, exit=True)
    # decord2 loads every CUDA library that it finds, 600 MB of them, though we decode on the processor.
    sys.modules.setdefault("nvidia", None)  # type: ignore[arg-type]
    import decord

    try:
        reader = decord.VideoReader(name, ctx=decord.cpu(0), width=width, height=height, num_threads=0)
        spans = reader.get_frame_timestamp(np.arange(len(reader))).astype(np.float64)
    except (decord.DECORDError, RuntimeError, AssertionError, IndexError) as error:
        say(output, error="open", detail=type(error).__name__)
        return
    timeline = _timeline(spans, [Fraction(*r) for r in rates], Fraction(*time_base))
    if timeline is None:
        say(output, error="times")
        return
    times, end, steady = timeline
    say(output, end=pair(end), steady=pair(steady) if steady else None)
    keys = reader.get_key_indices()
    position = 0
    for index, sample in _wanted(times, end, Fraction(*rate), every):
        faulthandler.dump_traceback_later(stall_s, exit=True)
        try:
            _forward(reader, keys, position, index)
            pixels = reader.next().asnumpy()
        except (decord.DECORDError, RuntimeError, StopIteration):
            send(output, HEADER.pack(*BROKEN))
            return
        position = index + 1
        # From here it may wait for a reader who is busy; that is no stall.
        faulthandler.cancel_dump_traceback_later()
        # decord2 3.4 takes the padding of some narrow rows (96 px) for a fourth channel.
        if pixels.shape != (height, width, 3):
            send(output, HEADER.pack(*BROKEN))
            return
        time_s = times[index]
        send(output, HEADER.pack(time_s.numerator, time_s.denominator, int(sample)))
        send(output, pixels.tobytes())
    send(output, HEADER.pack(*END))


def _forward(reader: Any, keys: list[int], position: int, index: int) -> None:
    """Moves from frame `position` to `index` by decoding all between them.

    decord skips over a key frame by seeking, which loses its place where a file's key frame flags are wrong
    (measured: VVC, and H.264 with false flags). So the frame before each key frame is read, not skipped.
    """
    for key in keys[bisect_right(keys, position) : bisect_right(keys, index)]:
        if key - 1 > position:
            reader.skip_frames(key - 1 - position)
        reader.next()
        position = key
    if index > position:
        reader.skip_frames(index - position)


def _wanted(times: list[Fraction], end: Fraction, rate: Fraction, every: int) -> Iterator[tuple[int, bool]]:
    """(index, is it a sample) of the frames on screen at 0, 1/rate, 2/rate ...; each frame once."""
    starts = np.array([float(t) for t in times])
    count = max(1, ceil(end * rate))
    # A microsecond more, so that rounding to float never picks the frame before.
    grid = np.arange(count) * float(1 / rate) + 1e-6
    indices = np.maximum(np.searchsorted(starts, grid, side="right") - 1, 0)
    samples = set(indices[::every].tolist())
    for index in np.unique(indices).tolist():
        yield index, index in samples


def _timeline(
    spans: np.ndarray[Any, np.dtype[np.float64]], rates: list[Fraction], time_base: Fraction
) -> tuple[list[Fraction], Fraction, Fraction | None] | None:
    """Exact times of the frames and of the end, from decord's float32 seconds, and the rate where it is steady.

    None when the times are absurd.

    A steady frame rate is recognised and gives exact multiples of the frame's duration; otherwise a time is
    the nearest tick of the stream's clock.
    """
    starts = spans[:, 0]
    if not np.isfinite(spans).all() or np.abs(spans).max() > _LONGEST_S or (np.diff(starts) < 0).any():
        return None
    if starts[0] < -0.001:  # hidden frames, which decord would number and not deliver
        return None
    zero = starts - starts[0]
    # Containers round to 1 ms or better, and float32 by its 24 bits.
    tolerance = 0.00101 + 2 * float(np.spacing(np.float32(np.abs(spans).max())))
    for rate in rates:
        if np.abs(zero - np.arange(len(zero)) * float(1 / rate)).max() <= tolerance:
            return [Fraction(k) / rate for k in range(len(zero))], len(zero) / rate, rate
    if len(zero) > 1 and np.diff(starts).max() > 3600:
        return None
    ticks = np.rint(zero / float(time_base)).astype(np.int64)
    last = float(spans[-1, 1] - starts[0])
    if last <= zero[-1]:
        last = float(zero[-1]) + (float(np.median(np.diff(zero))) if len(zero) > 1 else float(time_base))
    return [int(tick) * time_base for tick in ticks], max(round(last / float(time_base)), 1) * time_base, None
