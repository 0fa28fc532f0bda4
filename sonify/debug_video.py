"""What sonify sees, as a video: maps, boxes, labels, pan and gain of a cue sheet's effects over the picture.

    sonify suggest holiday.mp4 --debug-video holiday.debug.mp4

It reads the video once more, ten pictures a second, and asks for the maps of the labels that sound at that time, as
the second look does (sonify.matching.where). The curves are those of the cue sheet. There is no sound in it.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sonify.cues import Cue, CueSheet, Curve
from sonify.errors import RenderError
from sonify.files import replacing
from sonify.matching.saliency import Regions, regions
from sonify.matching.where import SURE, Maps, given, maps_of
from sonify.mix import ffmpeg
from sonify.mix.places import check_writable
from sonify.pipeline import Session
from sonify.progress import Event
from sonify.video.reader import open_video

if TYPE_CHECKING:
    from PIL import ImageDraw

RATE_HZ = 10
SHORT_SIDE_PX = 360
MOST_ROWS = 4
"""Effects shown at once; more would hide the picture."""
_ROW_PX, _TEXT_PX, _METER_PX = 26, 12, 120
_MAP_OPACITY = 0.55
_RANGE_DB = 12.0
_BACK, _LINE, _TEXT = (18, 18, 22), (90, 90, 98), (235, 235, 235)
COLOURS = ((255, 120, 40), (60, 170, 255), (120, 220, 90), (230, 90, 200))
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Seen:
    """One effect at one time: its row's colour, its map [h, w], and its region; None where no model looked."""

    cue: Cue
    colour: tuple[int, int, int]
    map: NDArray[np.float32] | None = None
    region: Regions | None = None


def draw(session: Session, sheet: CueSheet, out: str | Path, *, force: bool = False) -> Path:
    """Writes the debug video of a sheet that `session` made to `out`, an MP4; returns `out`.

    Raises RenderError where it can't be written, VideoError where the video can't be read.
    """
    out = Path(out)
    check(out, Path(sheet.video.path), force=force)
    try:
        with replacing(out) as beside:
            _write(_drawn(session, sheet), beside, out)
    except OSError as error:
        raise RenderError(f"can't write {out}: {error.strerror}", hint="check the free space") from None
    return out


def check(out: Path, video: Path, *, force: bool) -> None:
    """Raises RenderError early where the debug video can't be written or must not be."""
    if out.suffix.lower() != ".mp4":
        raise RenderError(f"can't write {out.name}: a debug video is an MP4", hint="give it a name with .mp4")
    check_writable(out, video, force=force)


def _drawn(session: Session, sheet: CueSheet) -> Iterator[Picture]:
    """The pictures, all of one size."""
    settings = session.settings
    maps = maps_of(session.model, session.words.null, settings)
    vectors = {label.text: session.words.labels[index] for index, label in enumerate(session.catalog.labels)}
    effects = [cue for cue in sheet.cues if cue.kind == "effect"]
    beds = [cue for cue in sheet.cues if cue.kind == "ambience"]
    rows = min(MOST_ROWS, max((len(_at(effects, cue.start_s)) for cue in effects), default=0))
    colours = {label: COLOURS[n % len(COLOURS)] for n, label in enumerate(dict.fromkeys(c.label for c in effects))}
    pace = replace(settings.video, sample_rate_hz=float(RATE_HZ), grey_rate_hz=float(RATE_HZ))
    total_s = sheet.video.duration_s
    with open_video(Path(sheet.video.path), pace, short_side_px=SHORT_SIDE_PX, progress=session.progress) as reader:
        last, due = None, 0
        for chunk in reader:
            for time_s, pixels in zip(chunk.frames.times_s, chunk.frames.pixels, strict=True):
                # Where frames are further apart than the pace, the last one stands.
                while last is not None and due < float(time_s) * RATE_HZ - 0.5:
                    yield last
                    due += 1
                there = _at(effects, float(time_s))[:MOST_ROWS]
                seen = _look(pixels, there, colours, vectors, maps, session)
                last = _page(pixels, seen, rows, _at(beds, float(time_s)), float(time_s))
                yield last
                due += 1
            if last is not None:
                session.progress(Event("draw", due / RATE_HZ, total_s, "s"))


def _at(cues: Sequence[Cue], time_s: float) -> list[Cue]:
    return [cue for cue in cues if cue.start_s <= time_s < cue.end_s]


def _look(
    pixels: Picture,
    cues: Sequence[Cue],
    colours: dict[str, tuple[int, int, int]],
    vectors: dict[str, NDArray[np.float32]],
    maps: Maps | None,
    session: Session,
) -> list[Seen]:
    known = [cue for cue in cues if cue.label in vectors]
    if maps is None or not known:
        return [Seen(cue, colours[cue.label]) for cue in cues]
    found = maps(pixels[None], np.stack([vectors[cue.label] for cue in known]))
    seen = []
    for index, cue in enumerate(known):
        region = regions(found[:, index], session.model.calibration)
        region = replace(region, confidence=given(region.confidence, cue.score))
        seen.append(Seen(cue, colours[cue.label], found[0, index], region))
    return seen


def _page(pixels: Picture, seen: Sequence[Seen], rows: int, beds: Sequence[Cue], time_s: float) -> Picture:
    """One picture: the frame with its maps and boxes, and below it a row for each effect and one for the beds."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = pixels.shape[:2]
    shown = pixels.astype(np.float32)
    for one in seen:
        shown = _tinted(shown, one)
    below = (rows + 1) * _ROW_PX
    page = Image.new("RGB", (width + width % 2, height + below + (height + below) % 2), _BACK)
    page.paste(Image.fromarray(shown.round().astype(np.uint8)), (0, 0))
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_TEXT_PX)
    for one in seen:
        _box(pen, font, one, width, height)
    for number, one in enumerate(seen):
        _row(pen, font, one, width, height + number * _ROW_PX, time_s)
    named = _plain(", ".join(bed.label for bed in beds)) or "none"
    pen.text((6, height + rows * _ROW_PX + 4), f"{time_s:7.2f} s   bed: {named}", fill=_TEXT, font=font)
    return np.asarray(page, np.uint8)


def _tinted(shown: NDArray[np.float32], one: Seen) -> NDArray[np.float32]:
    """The frame with one map over it: the stronger the evidence, the more of its colour."""
    if one.map is None or one.region is None:
        return shown
    from PIL import Image

    middle, best = float(np.median(one.map)), float(one.map.max())
    share = np.clip((one.map - middle) / max(best - middle, 1e-6), 0.0, 1.0) * float(one.region.confidence[0])
    size = (shown.shape[1], shown.shape[0])
    large = Image.fromarray(share.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    opacity = _MAP_OPACITY * np.clip(np.asarray(large, np.float32), 0.0, 1.0)[..., None]
    return np.asarray(shown + opacity * (np.array(one.colour, np.float32) - shown))


def _box(pen: ImageDraw.ImageDraw, font: Any, one: Seen, width: int, height: int) -> None:
    if one.region is None or one.region.confidence[0] < SURE:
        return
    left, top, right, bottom = one.region.boxes[0] * (width, height, width, height)
    pen.rectangle((left, top, right - 1, bottom - 1), outline=one.colour, width=2)
    text = f"{_plain(one.cue.label)} {one.region.confidence[0]:.2f}"
    place = (left + 4, top + 3)
    pen.rectangle(pen.textbbox(place, text, font=font), fill=_BACK)
    pen.text(place, text, fill=one.colour, font=font)


def _row(pen: ImageDraw.ImageDraw, font: Any, one: Seen, width: int, top: int, time_s: float) -> None:
    """Label, pan and gain of one effect. The pan's marker stands under where it is heard in the picture."""
    pan, gain_db = value_at(one.cue.pan_curve, time_s), one.cue.gain_db + value_at(one.cue.gain_curve, time_s)
    middle = top + _ROW_PX - 4
    pen.line((0, middle, width, middle), fill=_LINE)
    pen.line((width / 2, middle - 3, width / 2, middle + 3), fill=_LINE)
    x = (pan + 1) / 2 * (width - 1)
    pen.ellipse((x - 4, middle - 4, x + 4, middle + 4), fill=one.colour)
    text = f"{_plain(one.cue.label)}   pan {pan:+.2f}   gain {gain_db:+.1f} dB"
    if one.region is not None:
        text += (
            f"   sees {one.region.pans[0]:+.2f} sure {one.region.confidence[0]:.2f} size {one.region.sizes[0]:.2f}"
        )
    pen.text((6, top), text, fill=one.colour, font=font)
    centre = width - 8 - _METER_PX / 2
    share = max(-1.0, min(1.0, gain_db / _RANGE_DB)) * _METER_PX / 2
    pen.rectangle((min(centre, centre + share), top + 3, max(centre, centre + share), top + 9), fill=one.colour)
    pen.line((centre, top + 1, centre, top + 11), fill=_TEXT)


def value_at(curve: Curve, time_s: float) -> float:
    """A curve of the cue sheet at one time."""
    if not curve:
        return 0.0
    times, values = zip(*curve, strict=True)
    return float(np.interp(time_s, times, values))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:60]


def _write(pictures: Iterator[Picture], beside: Path, out: Path) -> None:
    """Encodes the pictures as H.264. Raises RenderError with ffmpeg's own reason."""
    first = next(pictures)
    height, width = first.shape[:2]
    arguments = [
        "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(RATE_HZ), "-i", "pipe:0",
        "-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p",
        "-movflags", "+faststart", "-threads", "2", "-f", "mp4", ffmpeg.file_url(beside),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as log:
        process = ffmpeg.start(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        assert process.stdin is not None
        try:
            process.stdin.write(first.tobytes())
            for picture in pictures:
                process.stdin.write(picture.tobytes())
            process.stdin.close()
            failed = process.wait() != 0
        except (BrokenPipeError, ConnectionResetError):
            failed = True
        finally:
            ffmpeg.stop(process)
        if failed:
            raise RenderError(f"can't write {out} ({ffmpeg.last_error(log)})", hint="check the free space")
