"""The sample film: its timeline, and the encoding. Drawn by code only, silent, the same on every run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.demo.drawing import HEIGHT_PX, WIDTH_PX, Light, develop
from sonify.demo.scenes import airliner, campfire, fireworks, highway, sea, storm
from sonify.errors import RenderError
from sonify.files import replacing
from sonify.progress import Event, Progress, silent

Picture = NDArray[np.uint8]
"""[H, W, 3] uint8 RGB."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A scene in the film: what draws it, how long it lasts, and how long it takes to dissolve in (0: a cut)."""

    draw: Callable[[float], Light]
    length_s: Fraction
    dissolve_s: Fraction = Fraction(0)


SHOTS = (
    Shot(sea.draw, Fraction(7, 2)),
    Shot(airliner.draw, Fraction(7, 2), dissolve_s=Fraction(3, 4)),
    Shot(highway.draw, Fraction(3)),
    Shot(campfire.draw, Fraction(3)),
    Shot(fireworks.draw, Fraction(9, 2)),
    Shot(storm.draw, Fraction(13, 4), dissolve_s=Fraction(3, 4)),
)


def starts_s() -> tuple[Fraction, ...]:
    """When each shot begins, in seconds; one that dissolves in begins before the last has ended."""
    at, out = Fraction(0), []
    for shot in SHOTS:
        at -= shot.dissolve_s
        out.append(at)
        at += shot.length_s
    return tuple(out)


def duration_s() -> Fraction:
    """Length of the film in seconds."""
    return starts_s()[-1] + SHOTS[-1].length_s


def draw(scene: int, t: float) -> Picture:
    """One scene by itself, `t` seconds from its start: [H, W, 3] uint8 RGB. Pure: the same answer every time."""
    return develop(SHOTS[scene].draw(t), t)


def frame(time_s: Fraction) -> Picture:
    """The film's picture at a time: one scene, or two where one dissolves into the next."""
    starts = starts_s()
    scene = max(i for i, start in enumerate(starts) if start <= time_s)
    into = time_s - starts[scene]
    picture = draw(scene, float(into))
    share = into / SHOTS[scene].dissolve_s if SHOTS[scene].dissolve_s else Fraction(1)
    if share >= 1:
        return picture
    before = draw(scene - 1, float(time_s - starts[scene - 1]))
    blend = before + (picture.astype(np.float32) - before) * np.float32(share)
    return np.asarray(blend + 0.5, np.uint8)


def _frames(fps: Fraction, progress: Progress) -> Iterator[Picture]:
    """Every picture in order, drawn a few ahead on all cores (numpy lets go of the interpreter while it works)."""
    total = int(duration_s() * fps)
    workers = min(os.cpu_count() or 1, 8)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Picture]] = deque()
        asked = 0
        try:
            for done in range(total):
                while asked < total and len(waiting) < 2 * workers:
                    waiting.append(pool.submit(frame, asked / fps))
                    asked += 1
                yield waiting.popleft().result()
                progress(Event("draw", done + 1, total, "frames"))
        finally:
            for future in waiting:
                future.cancel()


def _encoder(out: Path, width: int, height: int, fps: Fraction) -> list[str]:
    import imageio_ffmpeg

    rate = f"{fps.numerator}/{fps.denominator}"
    scale = f"scale={width}:{height}:flags=lanczos:out_color_matrix=bt709:out_range=tv"
    return [
        imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{WIDTH_PX}x{HEIGHT_PX}", "-framerate", rate,
        "-i", "pipe:0", "-an", "-vf", f"{scale},format=yuv420p",
        "-c:v", "libx264", "-preset", "medium", "-crf", "19",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        "-map_metadata", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4",
        f"file:{out.absolute()}",
    ]  # fmt: skip


def make_film(
    out: Path,
    *,
    width: int = 640,
    height: int = 360,
    fps: Fraction = Fraction(24),
    progress: Progress = silent,
) -> None:
    """Draws the sample film and writes it to `out`: H.264 (yuv420p) in MP4, without sound.

    It is drawn at 640 x 360 and scaled to width x height (even numbers). Nothing is left at `out` when it fails.
    Raises RenderError when the size or rate makes no sense, or when the file can't be written.
    """
    if min(width, height) < 2 or width % 2 or height % 2:
        raise RenderError(f"a film can't be {width}x{height}", hint="choose even numbers for width and height")
    if not 1 <= fps <= 240:
        raise RenderError(f"a film can't have {fps} frames per second", hint="choose 1 to 240")
    try:
        with replacing(out) as beside:
            _encode(_encoder(beside, width, height, fps), _frames(fps, progress))
    except OSError as error:
        raise RenderError(f"can't write {out}: {error.strerror or error}", hint="choose another place") from None


def _encode(command: list[str], pictures: Iterator[Picture]) -> None:
    with tempfile.TemporaryFile() as said:
        encoder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert encoder.stdin is not None
        try:
            for picture in pictures:
                encoder.stdin.write(picture.data)
            encoder.stdin.close()
            code = encoder.wait()
        except BrokenPipeError:
            code = encoder.wait()
        finally:
            # Ctrl-C, or a drawing that failed: leave no encoder behind, waiting for more.
            if encoder.poll() is None:
                encoder.kill()
                encoder.wait()
            if not encoder.stdin.closed:
                try:
                    encoder.stdin.close()
                except BrokenPipeError:
                    pass
        if code:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise RenderError(
                f"ffmpeg could not encode the film ({lines[-1]})",
                hint="make room on the disk, or choose another folder",
            )
