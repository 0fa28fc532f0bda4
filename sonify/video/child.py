"""What runs in the decoder's process; `sonify.video.process` starts it.

It writes one line of JSON on standard output; `decode` (see sonify.video.decode) writes the frames after it, and
`again` (sonify.video.again) writes frames alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from statistics import median_low
from typing import Any, BinaryIO

from sonify.video.wire import pair, say


def main() -> None:
    """Entry: argv is [verb, options as JSON, file name]."""
    # Libraries may print: their stdout becomes stderr, ours a descriptor that they don't know.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    verb, options, name = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    try:
        _work(verb)(output, name, **options)
    except BrokenPipeError:
        pass
    # Not sys.exit: decoders have been seen to hang while they clean up.
    os._exit(0)


def _work(verb: str) -> Callable[..., None]:
    if verb == "decode":
        from sonify.video.decode import decode  # numpy and decord take half a second, and the others need neither

        return decode
    if verb == "again":
        from sonify.video.again import again

        return again
    verbs: dict[str, Callable[..., None]] = {"probe": probe, "scan": scan}
    return verbs[verb]


def probe(output: BinaryIO, name: str, *, scan_s: float) -> None:
    """Writes what the file's header and its first frame say."""
    import av

    av.logging.set_level(None)
    try:
        container = av.open("file:" + name, options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        say(output, error=_reason(error))
        return
    stream = _picture(container)
    if stream is None:
        say(output, error="no picture" if container.streams else "not a video")
        return
    if "enc_key_id" in stream.metadata or stream.codec_context.codec_tag in ("encv", "drmi"):
        say(output, error="encrypted")
        return
    frame, encrypted = _first_frame(container, stream)
    if encrypted:
        say(output, error="encrypted")
        return
    if frame is None:
        say(output, error="no frame", codec=stream.codec_context.name)
        return
    duration = 0 if not stream.duration else stream.duration * stream.time_base
    if duration <= 0 and container.duration:
        duration = Fraction(container.duration, 1_000_000)
    gaps = False
    if not 0 < duration < 48 * 3600:
        duration, gaps = _scan(name, stream.index, scan_s)
    say(
        output,
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        aspect=pair(stream.sample_aspect_ratio or Fraction(1)),
        rates=[pair(rate) for rate in _rates(stream)],
        time_base=pair(stream.time_base),
        duration=pair(duration),
        gaps=gaps,
        decord=_decord_is_right(container, stream),
        stream=stream.index,
        audio=len(container.streams.audio) > 0,
    )


def scan(output: BinaryIO, name: str, *, stream: int, scan_s: float) -> None:
    """Writes the duration from the packets' time stamps, and whether those have absurd gaps."""
    duration, gaps = _scan(name, stream, scan_s)
    say(output, duration=pair(duration), gaps=gaps)


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
        stamps.sort()
        steps = [after - before for before, after in pairwise(stamps)]
        if max(steps) * stream.time_base > 3600 or not any(steps):
            rates = _rates(stream)
            return len(stamps) / rates[0] if rates else Fraction(0), True
        # Some give no duration for the last packet: then the usual one.
        last = last or median_low(steps)
        return Fraction((stamps[-1] - stamps[0] + last) * stream.time_base), False


def _reason(error: Exception) -> str:
    import av

    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, av.DecoderNotFoundError):
        return "no decoder"
    return "not a video"
