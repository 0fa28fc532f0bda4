"""What a video file holds besides its picture: streams, and when they begin."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonify.errors import RenderError
from sonify.mix.ffmpeg import FORMATS


@dataclass(frozen=True)
class Stream:
    """One stream: its index in the file, kind ("video", "audio", "subtitle", "data", "attachment") and codec.

    channels is of audio, else 0; language is empty where the file says none; a cover is a still picture
    that goes with the file, not the film.
    """

    index: int
    kind: str
    codec: str
    channels: int
    language: str
    time_base: Fraction
    cover: bool = False


@dataclass(frozen=True)
class Film:
    """A video file as the muxer sees it.

    lead_s: from the earliest time stamp of the file to that of the first frame. length_s: what the header
    says, None where it says nothing.
    """

    path: Path
    streams: tuple[Stream, ...]
    lead_s: Fraction
    length_s: Fraction | None
    tags: tuple[str, ...]

    def of(self, kind: str) -> tuple[Stream, ...]:
        """All streams of one kind."""
        return tuple(stream for stream in self.streams if stream.kind == kind)

    @property
    def audio(self) -> Stream | None:
        """The first audio stream."""
        return next(iter(self.of("audio")), None)


def inspect(path: Path) -> Film:
    """Reads the headers. Raises RenderError when the file is missing, no video, or without a picture."""
    import av
    import av.logging

    av.logging.set_level(av.logging.PANIC)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        with av.open(f"file:{path.absolute()}", options=options) as container:
            streams = tuple(_stream(stream) for stream in container.streams)
            best = container.streams.best("video")
            if best is None:
                raise RenderError(f"{path} has no picture", hint="give a video")
            # In microseconds, as ffmpeg has it, which shifts all streams by so much when it copies them.
            origin = Fraction(container.start_time or 0, 1_000_000)
            begin = (
                Fraction(best.start_time * best.time_base)
                if best.start_time is not None and best.time_base
                else origin
            )
            length = Fraction(container.duration, 1_000_000) if container.duration else None
            tags = tuple(container.metadata)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no video that we know"
        raise RenderError(f"can't read {path}: {reason}", hint="check the file") from None
    return Film(path, streams, max(begin - origin, Fraction(0)), length, tags)


def _stream(stream: Any) -> Stream:
    from av.stream import Disposition

    context = stream.codec_context
    channels = context.channels if context is not None and stream.type == "audio" else 0
    codec = stream.codec.canonical_name if context is not None and hasattr(stream, "codec") else ""
    return Stream(
        stream.index,
        stream.type,
        codec or (context.name if context is not None else ""),
        channels,
        stream.metadata.get("language", ""),
        Fraction(stream.time_base or Fraction(1, 1000)),
        bool(stream.disposition & Disposition.attached_pic),
    )
