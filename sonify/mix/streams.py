"""What a video file holds besides its picture: streams, and when they begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonify.errors import RenderError
from sonify.mix.ffmpeg import FORMATS

_TS_DISCONT = 0x0200
"""AVFMT_TS_DISCONT of libavformat."""

_REORDERED, _MOST_PACKETS = 20, 2000
"""No codec stores a frame more than 16 others before it is shown; before an edit list's start may be many more."""


@dataclass(frozen=True)
class Stream:
    """One stream: its index in the file, kind ("video", "audio", "subtitle", "data", "attachment") and codec.

    channels is of audio, else 0; language is empty where the file says none; start_s is its first time
    stamp, None where it has none. A cover is a still picture that goes with the file, not the film; a
    remade stream is one that muxers write by themselves: time code, titles of chapters.
    """

    index: int
    kind: str
    codec: str
    channels: int
    language: str
    time_base: Fraction
    start_s: Fraction | None
    cover: bool = False
    remade: bool = False


@dataclass(frozen=True)
class Film:
    """A video file as the muxer sees it.

    start_s: the file's earliest time stamp; picture_s: that of the first frame, time 0 of the cue sheet.
    length_s: what the header says, None where it says nothing. jumpy: a format of broadcasting, whose time
    stamps begin anywhere. tags: the names of its metadata. timecode: of its first frame, "" where it has none.
    hidden_s: how much picture comes before the first frame, of which an edit list says not to show it. chapters: how
    many there are.
    """

    path: Path
    streams: tuple[Stream, ...]
    start_s: Fraction
    picture_s: Fraction
    length_s: Fraction | None
    jumpy: bool
    tags: tuple[str, ...]
    timecode: str = ""
    hidden_s: Fraction = Fraction(0)
    chapters: int = 0

    def of(self, kind: str) -> tuple[Stream, ...]:
        """All streams of one kind."""
        return tuple(stream for stream in self.streams if stream.kind == kind)

    @property
    def audio(self) -> Stream | None:
        """The first audio stream."""
        return next(iter(self.of("audio")), None)

    def zero_s(self, used: Iterable[Stream]) -> Fraction:
        """The time stamp that becomes 0 when ffmpeg is given this file and takes the streams `used` of it.

        ffmpeg shifts a file by its earliest time stamp; in jumpy formats, by the earliest of what is used.
        """
        if self.jumpy:
            return min((s.start_s for s in used if s.start_s is not None), default=self.start_s)
        return self.start_s


def inspect(path: Path) -> Film:
    """Reads the headers. Raises RenderError when the file is missing, no video, or without a picture."""
    import av
    import av.logging

    av.logging.set_level(av.logging.PANIC)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        with av.open(f"file:{path.absolute()}", options=options) as container:
            chapters = len(container.chapters())
            streams = tuple(_stream(stream, chapters) for stream in container.streams)
            best = container.streams.best("video")
            if best is None:
                raise RenderError(f"{path} has no picture", hint="give a video")
            start_s = Fraction(container.start_time or 0, 1_000_000)
            picture_s, hidden_s = _first_shown_s(container, best, streams[best.index].start_s)
            length_s = Fraction(container.duration, 1_000_000) if container.duration else None
            jumpy = bool(container.format.flags & _TS_DISCONT)
            tags = tuple(container.metadata)
            told = (container.metadata, *(stream.metadata for stream in container.streams))
            timecode = next((tags["timecode"] for tags in told if tags.get("timecode")), "")
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no video that we know"
        raise RenderError(f"can't read {path}: {reason}", hint="check the file") from None
    picture_s = start_s if picture_s is None else picture_s
    return Film(path, streams, start_s, picture_s, length_s, jumpy, tags, timecode, hidden_s, chapters)


def _first_shown_s(container: Any, video: Any, stated_s: Fraction | None) -> tuple[Fraction | None, Fraction]:
    """The time stamp of the first frame that is shown, and how long before it hidden ones begin.

    It can be later than the stream's stated start, by the frames that AVI's decoder holds back, say. A
    stamp that is far from the stated one is damaged, and not believed.
    """
    shown: list[Fraction] = []
    hidden: list[Fraction] = []
    for found, packet in enumerate(container.demux(video)):
        if packet.size and packet.pts is not None:
            (hidden if packet.is_discard else shown).append(packet.pts * video.time_base)
        if len(shown) == _REORDERED or found == _MOST_PACKETS:
            break
    if not shown or (stated_s is not None and abs(min(shown) - stated_s) > 1):
        return stated_s, Fraction(0)
    first_s = Fraction(min(shown))
    return first_s, max(first_s - min(hidden, default=first_s), Fraction(0))


def _stream(stream: Any, chapters: int) -> Stream:
    from av.stream import Disposition

    context = stream.codec_context
    time_base = Fraction(stream.time_base or Fraction(1, 1000))
    titles = stream.type == "data" and stream.name == "bin_data" and 0 < chapters == stream.frames
    return Stream(
        index=stream.index,
        kind=stream.type,
        codec=context.codec.canonical_name if context is not None else stream.name or "",
        channels=context.channels if context is not None and stream.type == "audio" else 0,
        language=stream.metadata.get("language", ""),
        time_base=time_base,
        start_s=None if stream.start_time is None else stream.start_time * time_base,
        cover=bool(stream.disposition & Disposition.attached_pic),
        remade=titles or (stream.type == "data" and "timecode" in stream.metadata),
    )
