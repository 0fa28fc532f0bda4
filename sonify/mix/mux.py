"""The result: the video's own packets, untouched, with the mix as the first audio track. One ffmpeg writes it."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from sonify.errors import RenderError
from sonify.mix import ffmpeg, streams
from sonify.mix.memory import give_back
from sonify.mix.original import LAYOUTS
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.streams import Film, Stream
from sonify.progress import Progress, note

STAGE = "mix"
_TEXT = {"subrip", "ass", "ssa", "mov_text", "webvtt", "text"}
_OWN_TAGS = ("com.apple.", "com.android.capture.")
"""What cameras write beside the usual tags (place, lens, slow motion); the muxer drops it unless told not to."""
_MOST_TESTED = 32
_STEADY = {"aac": ("-aac_pns", "0", "-aac_is", "0")}
"""Without noise and sides that are made up anew each time: with them, peaks came elsewhere at every try."""
_EDITABLE = ("mp4", "mov", "3gp")
"""Formats with edit lists."""
_LEAST_HIDDEN_S = Fraction(1, 10)
_MPEG_KBPS = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)


@dataclass(frozen=True)
class Container:
    """A file format: ffmpeg's name for it, the audio encoder that goes with it, what text subtitles become.

    hidden: samples of silence that the encoder puts first and the format can't tell players to skip.
    most_channels: the widest sound that the encoder can make. chapters: whether ffmpeg writes them.
    """

    format: str
    encoder: str
    text: str = ""
    most_kbps: int = 512
    hidden: int = 0
    most_channels: int = 8
    chapters: bool = False

    def kbps(self, wanted: int, channels: int = 2) -> int:
        """The bit rate nearest to `wanted`, which is for stereo, that the encoder can do."""
        wanted = wanted * max(channels, 2) // 2
        if self.encoder in ("mp2", "libmp3lame"):
            return min((rate for rate in _MPEG_KBPS if rate <= self.most_kbps), key=lambda rate: abs(rate - wanted))
        return min(wanted, self.most_kbps * max(channels, 2) // 2)


_MP4 = Container("mp4", "aac", "mov_text", chapters=True)
_TS = Container("mpegts", "aac")
_OGG = Container("ogg", "libvorbis", most_kbps=480)
_MPEG = Container("vob", "mp2", most_kbps=384, most_channels=2)
_ASF = Container("asf", "wmav2", most_kbps=320, most_channels=2, chapters=True)

CONTAINERS = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": Container("mov", "aac", "mov_text", chapters=True),
    ".mkv": Container("matroska", "aac", "srt", chapters=True),
    ".webm": Container("webm", "libopus", "webvtt", 510, chapters=True),
    # hidden: LAME's 576 samples and the decoder's 529
    ".avi": Container("avi", "libmp3lame", most_kbps=320, hidden=1105, most_channels=2),
    ".flv": Container("flv", "aac", most_channels=2),
    ".ts": _TS,
    ".mts": _TS,
    ".m2ts": _TS,
    ".mpg": _MPEG,
    ".mpeg": _MPEG,
    ".vob": _MPEG,
    ".ogv": _OGG,
    ".ogg": _OGG,
    ".wmv": _ASF,
    ".asf": _ASF,
    ".3gp": Container("3gp", "aac", "mov_text", most_channels=2),
    ".mxf": Container("mxf", "pcm_s16le"),
}


@dataclass(frozen=True)
class Kept:
    """A stream that goes into the result, and how: "copy", or the codec that a text subtitle becomes."""

    stream: Stream
    how: str = "copy"


@dataclass(frozen=True)
class Timing:
    """What to put right in damaged time stamps.

    earlier_s: how much the film is moved towards 0. longest_s: the longest that a subtitle may stand.
    """

    earlier_s: Fraction = Fraction(0)
    longest_s: Fraction | None = None


def container_of(out: Path) -> Container:
    """What a name's suffix asks for. Raises RenderError for one that we don't know."""
    known = CONTAINERS.get(out.suffix.lower())
    if known is None:
        raise RenderError(
            f"can't write {out.name}: {out.suffix or 'a name without a suffix'} is no video file that we know",
            hint=f"use one of {' '.join(CONTAINERS)}",
        )
    return known


def choose(film: Film, out: Path, beside: Path, kbps: int, progress: Progress, *, tracks: bool = False) -> list[Kept]:
    """The streams of `film` that the container of `out` can carry; says which it can't.

    tracks: whether its own audio is among them. Asks ffmpeg itself, by writing a moment of them to `beside`.
    """
    if film.hidden_s >= _LEAST_HIDDEN_S and container_of(out).format not in _EDITABLE:
        note(
            progress,
            STAGE,
            f"{out.suffix} can't hide the {float(film.hidden_s):.1f} s before the start of {film.path.name}, "
            "which its edit list leaves out: they are shown",
        )
    if film.chapters and not container_of(out).chapters:
        note(progress, STAGE, f"{out.suffix} can't carry the chapters of {film.path.name}; left out")
    must = [Kept(stream) for stream in film.of("video")]
    left = ("video",) if tracks else ("video", "audio")
    optional = [s for s in film.streams if s.kind not in left and not s.remade]
    kept = [Kept(stream) for stream in optional]
    lost: list[Stream] = []
    if optional and not _carries(film, out, beside, [*must, *kept], kbps):
        kept = []
        for stream in optional[:_MOST_TESTED]:
            text = container_of(out).text if stream.codec in _TEXT else ""
            for how in filter(None, ("copy", text)):
                if _carries(film, out, beside, [*must, *kept, Kept(stream, how)], kbps):
                    kept.append(Kept(stream, how))
                    break
        lost = [stream for stream in optional if stream not in [k.stream for k in kept]]
    if lost:
        names = ", ".join(f"{s.kind} ({s.codec})" if s.codec else s.kind for s in lost)
        note(progress, STAGE, f"{out.suffix} can't carry these streams of {film.path.name}: {names}; left out")
    return [*must, *kept]


def write(
    film: Film,
    out: Path,
    beside: Path,
    kept: list[Kept],
    blocks: Iterable[Samples],
    kbps: int,
    *,
    timing: Timing,
    channels: int = 2,
) -> None:
    """Writes the streams of `kept` and the mix to `beside`. Raises RenderError with ffmpeg's reason.

    blocks: float32 [N, C] at 48 kHz, from the file's earliest time stamp on.
    """
    hidden = container_of(out).hidden
    blocks = _without(hidden, blocks)
    with tempfile.TemporaryFile("a+b") as log:
        process = ffmpeg.start(
            _command(film, out, beside, kept, kbps, timing, channels=channels),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
        try:
            assert process.stdin is not None
            whole = True
            try:
                for block in blocks:
                    process.stdin.write(block.astype("<f4", copy=False).tobytes())
                process.stdin.close()
                give_back()  # ffmpeg is at its largest now, when it writes the index of the whole
            except (BrokenPipeError, ConnectionError):
                whole = False
            status = process.wait()
        finally:
            ffmpeg.stop(process)
        if status or not whole:
            raise _failure(film, out, ffmpeg.last_error(log), status)
    try:
        streams.inspect(beside)
    except RenderError:
        raise RenderError(f"{film.path} holds no picture that can be copied", hint="mend or replace it") from None


def _without(count: int, blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The blocks less their first `count` samples, whose place the encoder takes up."""
    for block in blocks:
        dropped = min(count, len(block))
        count -= dropped
        yield block[dropped:]


def _carries(film: Film, out: Path, beside: Path, kept: list[Kept], kbps: int) -> bool:
    command = _command(film, out, beside, kept, kbps, Timing(), rehearsal=True)
    with tempfile.TemporaryFile("a+b") as log:
        process = ffmpeg.start(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        try:
            process.communicate(bytes(RATE_HZ // 10 * 8))
        finally:
            ffmpeg.stop(process)
    return process.returncode == 0 and _holds(beside, kept)


def _holds(beside: Path, kept: list[Kept]) -> bool:
    """Whether the streams are there as what they were: some muxers drop them in silence, or make them data."""
    try:
        found = Counter(s.kind for s in streams.inspect(beside).streams if not s.remade)
    except RenderError:
        # Half a second may be too little to be a film; then what the muxer said must do.
        return True
    wanted = Counter(k.stream.kind for k in kept if k.stream.kind != "video")
    return all(found[kind] >= count for kind, count in wanted.items())


def _command(
    film: Film,
    out: Path,
    beside: Path,
    kept: list[Kept],
    kbps: int,
    timing: Timing,
    *,
    channels: int = 2,
    rehearsal: bool = False,
) -> list[str]:
    container = container_of(out)
    videos = [k for k in kept if k.stream.kind == "video"]
    others = [k for k in kept if k.stream.kind != "video"]
    # A rehearsal takes half a second of the file; it is only to see whether the streams fit.
    command = [*ffmpeg.SAFE, "-format_whitelist", ffmpeg.FORMATS, *(["-t", "0.5"] if rehearsal else [])]
    command += ["-fflags", "+genpts", "-itsoffset", f"{-float(timing.earlier_s):.6f}"]
    command += ["-i", ffmpeg.file_url(film.path)]
    command += [*ffmpeg.SAFE, "-itsoffset", f"{container.hidden / RATE_HZ:.6f}"]
    command += ["-f", "f32le", "-ar", str(RATE_HZ), "-ch_layout", LAYOUTS[channels], "-i", "pipe:0"]
    for k in videos:
        command += ["-map", f"0:{k.stream.index}"]
    command += ["-map", "1:0"]
    for k in others:
        command += ["-map", f"0:{k.stream.index}"]
    # Packets before the first key frame, or before the start of an edit list, are part of the film too.
    command += ["-map_metadata", "0", "-map_chapters", "0", "-c", "copy", "-copyinkf", "-copypriorss", "1"]
    for number, k in enumerate(k for k in others if k.stream.kind == "subtitle"):
        command += [f"-c:s:{number}", k.how]
        if timing.longest_s is not None and k.how == "copy":
            longest = int(timing.longest_s / k.stream.time_base)
            command += [f"-bsf:s:{number}", f"setts=duration=min(DURATION\\,{longest})"]
    command += ["-c:a:0", container.encoder, *_STEADY.get(container.encoder, ()), "-disposition:a:0", "default"]
    if not container.encoder.startswith("pcm"):
        command += ["-b:a:0", f"{container.kbps(kbps, channels)}k"]
    for number, _ in enumerate((k for k in others if k.stream.kind == "audio"), 1):
        command += [f"-disposition:a:{number}", "0"]
    if film.audio is not None and film.audio.language:
        command += ["-metadata:s:a:0", f"language={film.audio.language}"]
    command += _format_options(container, film, videos)
    # Nothing random or dated by the encoder goes into the file, so that the same mix is the same file.
    command += ["-fflags", "+bitexact", "-flags:a:0", "+bitexact", "-max_muxing_queue_size", "4096"]
    return [*command, "-y", "-f", container.format, ffmpeg.file_url(beside)]


def _format_options(container: Container, film: Film, videos: list[Kept]) -> list[str]:
    if container.format in ("mpegts", "vob"):
        return ["-muxdelay", "0", "-muxpreload", "0"]
    if container.format == "avi":
        # AVI has no time stamps, only a count of frames: a shift would put an empty frame into the film.
        return ["-avoid_negative_ts", "disabled"]
    if container.format not in _EDITABLE:
        return []
    options = ["-movflags", "+faststart"]
    if any(tag.startswith(_OWN_TAGS) for tag in film.tags):
        options = ["-movflags", "+faststart+use_metadata_tags"]
        # Written as tags, the brands of the old file would stand beside those of the new one.
        for brand in ("major_brand", "minor_version", "compatible_brands"):
            options += ["-metadata", f"{brand}="]
    bases = {k.stream.time_base for k in videos if not k.stream.cover}
    if len(bases) == 1 and (base := bases.pop()).numerator == 1 and base.denominator >= 10:
        options += ["-video_track_timescale", str(base.denominator)]
    return options


def _failure(film: Film, out: Path, reason: str, status: int) -> RenderError:
    unfit = ("not currently supported in container", "are supported for", "incorrect codec parameters", "Unsupported")
    if any(sign in reason for sign in unfit) and out.suffix.lower() != ".mkv":
        codecs = ", ".join(dict.fromkeys(s.codec for s in film.of("video")))
        return RenderError(
            f"{out.suffix} files can't carry the {codecs} picture of {film.path.name}",
            hint=f"write {out.with_suffix('.mkv').name} instead",
        )
    if reason.startswith("no space"):
        return RenderError(f"can't write {out}: {reason}", hint="make room or choose another folder")
    ended = f"ffmpeg ended with {status}" if status else "ffmpeg ended early"
    return RenderError(f"can't write {out}: {reason or ended}", hint="try another container, such as .mkv")
