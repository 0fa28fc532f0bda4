"""Small films made by code for the tests of the mix, and what can be asked of a finished one."""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging
import imageio_ffmpeg
import numpy as np
import soundfile
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.mix.render import render_sheet
from sonify.progress import Event
from sonify.settings import MixSettings

RATE_HZ = 48_000
LENGTH_S = 2.0
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=96x64:r=25:d={LENGTH_S}")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "20")
BEEP = "aevalsrc='if(between(t,{at},{at}+0.01),0.5*sin(2*PI*3000*t),0)':s=44100:d={length}"


def ffmpeg(*arguments: object) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


@functools.cache
def films() -> Path:
    """A folder with click.wav, a burst of 3 kHz, and film.mp4, two seconds without audio."""
    av.logging.set_level(av.logging.PANIC)
    place = Path(tempfile.mkdtemp(prefix="films-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    soundfile.write(place / "click.wav", CLICK, RATE_HZ, subtype="FLOAT")
    ffmpeg(*PICTURE, *X264, "-metadata", "title=A film", "-metadata", "creation_time=2020-02-02T02:02:02Z",
           place / "film.mp4")  # fmt: skip
    return place


def _click() -> NDArray[np.float32]:
    time = np.arange(480) / RATE_HZ
    burst = np.sin(2 * np.pi * 3000 * time) * np.exp(-400 * time)
    return np.concatenate([burst, np.zeros(RATE_HZ)]).astype(np.float32)


CLICK = _click()


def sheet(at_s: Sequence[float] = (1.0,), length_s: float = LENGTH_S) -> CueSheet:
    return CueSheet(
        video=VideoRef("film", length_s, "25", 96, 64, ""),
        model=ModelRef("none", ""),
        libraries=(LibraryRef("l"),),
        scenes=(Scene(0, length_s),),
        cues=tuple(
            Cue(f"c{at}", "effect", "click", SoundRef("l", "click.wav"), start_s=at, end_s=min(at + 0.5, length_s))
            for at in at_s
        ),
    )


def render(video: Path, out: Path, document: CueSheet | None = None, **settings: Any) -> list[str]:
    """Renders and returns the notes."""
    notes: list[str] = []

    def progress(event: Event) -> None:
        notes.extend([event.note] if event.note else [])

    render_sheet(
        document or sheet(),
        video,
        out,
        sounds=lambda ref: films() / ref.path,
        settings=MixSettings(**({"profile": "film"} | settings)),
        progress=progress,
    )
    return notes


def packets(path: Path, kind: str = "video", which: int = 0) -> list[tuple[Fraction, Fraction | None, bool, str]]:
    """Of each packet: when it is shown, counted from the first one shown; its length, key flag and hash."""
    with av.open(str(path)) as container:
        stream = [s for s in container.streams if s.type == kind][which]
        found = [p for p in container.demux(stream) if p.size]
        base = stream.time_base
        zero = min(p.pts for p in found)
        return [
            ((p.pts - zero) * base, p.duration * base if p.duration else None, p.is_keyframe,
             hashlib.sha256(bytes(p)).hexdigest())
            for p in found
        ]  # fmt: skip


def sound_of(path: Path) -> tuple[NDArray[np.float64], int, float]:
    """The first audio track [C, N], its rate, and its start in seconds after the first frame."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        shown = [
            p.pts * p.time_base for p in container.demux(video) if p.size and p.pts is not None and not p.is_discard
        ]
    parts, start = [], None
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        for frame in container.decode(audio=0):
            start = frame.time if start is None else start
            part = frame.to_ndarray()
            if not frame.format.is_planar:
                part = part.reshape(-1, frame.layout.nb_channels).T
            parts.append(part.astype(np.float64) / (32768 if frame.format.name.startswith("s16") else 1))
    assert start is not None
    return np.concatenate(parts, axis=1), rate, start - float(min(shown))


def heard_at(path: Path) -> float:
    """When the click is heard, in seconds after the first frame."""
    samples, rate, start_s = sound_of(path)
    assert rate == RATE_HZ
    likeness = np.correlate(samples[0], CLICK[:480].astype(np.float64), "valid")
    return start_s + int(np.argmax(np.abs(likeness))) / rate


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".sonify"))


def with_audio(folder: Path, path: Path, source: str, *options: object) -> Path:
    ffmpeg("-i", folder / "film.mp4", "-f", "lavfi", "-t", LENGTH_S, "-i", source, "-map", "0:v", "-map", "1:a",
           "-c:v", "copy", "-c:a", "aac", *options, path)  # fmt: skip
    return path


VIDEO_OF = {
    ".mp4": X264,
    ".m4v": X264,
    ".mov": X264,
    ".mkv": X264,
    ".webm": ("-c:v", "libvpx", "-b:v", "200k", "-deadline", "realtime"),
    ".avi": ("-c:v", "mpeg4", "-q:v", "5", "-bf", "2"),
    ".ts": X264,
    ".mpg": ("-c:v", "mpeg2video", "-q:v", "5"),
    ".ogv": ("-c:v", "libtheora", "-q:v", "5"),
    ".flv": X264,
    ".wmv": ("-c:v", "wmv2", "-q:v", "5"),
}
