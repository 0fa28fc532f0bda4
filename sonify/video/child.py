"""What runs in the decoder's process; `sonify.video.process` starts it.

It writes on standard output: one line of JSON, then, for `decode`, the frames. Each frame is a header of three
little-endian int64 (numerator and denominator of its time in seconds, 1 when it is a sample) and its pixels;
a header of zeros is the end, (1, 0, 0) an end before the end.
"""

from __future__ import annotations

import faulthandler
import json
import os
import struct
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil
from typing import Any, BinaryIO

import numpy as np

HEADER = struct.Struct("<qqq")
END = (0, 0, 0)
BROKEN = (1, 0, 0)
# float32 has 24 bits: 65 536 s is exact to 4 ms, which no longer says which frame is meant.
_LONGEST_S = 65_536.0


def main() -> None:
    """Entry: argv is [verb, options as JSON, file name]."""
    # Libraries may print: their stdout becomes stderr, ours a descriptor that they don't know.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    verb, options, name = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    work: dict[str, Callable[..., None]] = {"probe": probe, "scan": scan, "decode": decode}
    try:
        work[verb](output, name, **options)
    except BrokenPipeError:
        pass
    # Not sys.exit: decoders have been seen to hang while they clean up.
    os._exit(0)


def probe(output: BinaryIO, name: str, *, scan_s: float) -> None:
    """Writes what the file's header and its first frame say."""
    import av

    av.logging.set_level(None)
    try:
        container = av.open("file:" + name, options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        _say(output, error=_reason(error))
        return
    stream = _picture(container)
    if stream is None:
        _say(output, error="no picture" if container.streams else "not a video")
        return
    if "enc_key_id" in stream.metadata or stream.codec_context.codec_tag in ("encv", "drmi"):
        _say(output, error="encrypted")
        return
    frame, encrypted = _first_frame(container, stream)
    if encrypted:
        _say(output, error="encrypted")
        return
    if frame is None:
        _say(output, error="no frame", codec=stream.codec_context.name)
        return
    duration = 0 if not stream.duration else stream.duration * stream.time_base
    if duration <= 0 and container.duration:
        duration = Fraction(container.duration, 1_000_000)
    gaps = False
    if not 0 < duration < 48 * 3600:
        duration, gaps = _scan(name, stream.index, scan_s)
    _say(
        output,
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        aspect=_pair(stream.sample_aspect_ratio or Fraction(1)),
        rates=[_pair(rate) for rate in _rates(stream)],
        time_base=_pair(stream.time_base),
        duration=_pair(duration),
        gaps=gaps,
        decord=_decord_is_right(container, stream),
        stream=stream.index,
        audio=len(container.streams.audio) > 0,
    )


def scan(output: BinaryIO, name: str, *, stream: int, scan_s: float) -> None:
    """Writes the duration from the packets' time stamps, and whether those have absurd gaps."""
    duration, gaps = _scan(name, stream, scan_s)
    _say(output, duration=_pair(duration), gaps=gaps)


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
    import decord

    try:
        reader = decord.VideoReader(name, ctx=decord.cpu(0), width=width, height=height, num_threads=0)
        spans = reader.get_frame_timestamp(np.arange(len(reader))).astype(np.float64)
    except (decord.DECORDError, RuntimeError, AssertionError, IndexError) as error:
        _say(output, error="open", detail=type(error).__name__)
        return
    timeline = _timeline(spans, [Fraction(*r) for r in rates], Fraction(*time_base))
    if timeline is None:
        _say(output, error="times")
        return
    times, end, steady = timeline
    _say(output, end=_pair(end), steady=steady)
    keys = reader.get_key_indices()
    position = 0
    for index, sample in _wanted(times, end, Fraction(*rate), every):
        faulthandler.dump_traceback_later(stall_s, exit=True)
        try:
            _forward(reader, keys, position, index)
            pixels = reader.next().asnumpy()
        except (decord.DECORDError, RuntimeError, StopIteration):
            output.write(HEADER.pack(*BROKEN))
            return
        position = index + 1
        # From here it may wait for a reader who is busy; that is no stall.
        faulthandler.cancel_dump_traceback_later()
        # decord2 3.4 takes the padding of some narrow rows (96 px) for a fourth channel.
        if pixels.shape != (height, width, 3):
            output.write(HEADER.pack(*BROKEN))
            return
        time_s = times[index]
        _write(output, HEADER.pack(time_s.numerator, time_s.denominator, int(sample)))
        _write(output, pixels.tobytes())
    output.write(HEADER.pack(*END))


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
) -> tuple[list[Fraction], Fraction, bool] | None:
    """Exact times of the frames and of the end, from decord's float32 seconds, and whether the rate is steady.

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
            return [Fraction(k) / rate for k in range(len(zero))], len(zero) / rate, True
    if len(zero) > 1 and np.diff(starts).max() > 3600:
        return None
    ticks = np.rint(zero / float(time_base)).astype(np.int64)
    last = float(spans[-1, 1] - starts[0])
    if last <= zero[-1]:
        last = float(zero[-1]) + (float(np.median(np.diff(zero))) if len(zero) > 1 else float(time_base))
    return [int(tick) * time_base for tick in ticks], max(round(last / float(time_base)), 1) * time_base, False


def _picture(container: Any) -> Any:
    """The main picture, as FFmpeg and decord choose it; cover art is no picture."""
    best = container.streams.best("video")
    if best is not None and not best.disposition & best.disposition.__class__.attached_pic:
        return best
    others = [s for s in container.streams.video if not s.disposition & s.disposition.__class__.attached_pic]
    return others[0] if others else None


def _first_frame(container: Any, stream: Any) -> tuple[Any, bool]:
    """The first frame that can be decoded, or None; and whether it is encrypted."""
    import av

    for packet in container.demux(stream):
        # Some encrypted pictures do decode, to noise.
        if packet.has_sidedata("encryption_info"):
            return None, True
        try:
            for frame in packet.decode():
                return frame, False
        except av.FFmpegError:
            continue
    return None, False


def _decord_is_right(container: Any, stream: Any) -> bool:
    """Whether decord is known to number this file's frames as they are shown.

    Measured on numbered frames with decord2 3.4: in MPEG-TS it begins at the second key frame, and it counts
    frames that an edit list hides.
    """
    known = bool({"mov", "matroska", "avi", "flv"} & set(container.format.name.split(",")))
    return known and not any(entry.is_discard for entry in stream.index_entries)


def _rates(stream: Any) -> list[Fraction]:
    """Frame rates that the file claims, the average first. FFmpeg guesses 1000 where nothing is claimed."""
    guesses = [rate for rate in (stream.base_rate, stream.guessed_rate) if rate and rate <= 240]
    return [stream.average_rate, *guesses] if stream.average_rate else guesses


def _scan(name: str, index: int, scan_s: float) -> tuple[Fraction, bool]:
    """Duration from the packets' time stamps (0: they have none), and whether a gap of an hour is among them."""
    import av

    until = time.monotonic() + scan_s
    with av.open("file:" + name, options={"protocol_whitelist": "file"}, metadata_errors="ignore") as container:
        stream: Any = container.streams[index]
        stamps, last = [], 0
        try:
            for packet in container.demux(stream):
                if packet.pts is not None:
                    stamps.append(packet.pts)
                    last = packet.duration or 0
                if time.monotonic() > until:
                    break
        except av.FFmpegError:
            pass
        if len(stamps) < 2:
            return Fraction(0), False
        ordered = np.sort(np.array(stamps, dtype=np.int64))
        steps = np.diff(ordered)
        if steps.max() * float(stream.time_base) > 3600 or not steps.any():
            rates = _rates(stream)
            return len(stamps) / rates[0] if rates else Fraction(0), True
        # Some give no duration for the last packet: then the usual one.
        last = last or int(np.median(steps))
        return Fraction(int(ordered[-1] - ordered[0] + last) * stream.time_base), False


def _reason(error: Exception) -> str:
    import av

    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, av.DecoderNotFoundError):
        return "no decoder"
    return "not a video"


def _pair(value: Fraction | int) -> list[int]:
    exact = Fraction(value)
    return [exact.numerator, exact.denominator]


def _say(output: BinaryIO, **message: object) -> None:
    _write(output, json.dumps(message).encode() + b"\n")


def _write(output: BinaryIO, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[output.write(view) :]
