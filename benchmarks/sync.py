"""Whether the sound keeps to the picture for an hour: when clicks are heard, against when they should be.

    python benchmarks/sync.py [--seconds 3600] [--only NAME]

Tiny films are made, each with something that puts sound and picture apart in careless hands: odd frame rates,
picture or sound that begins late, edit lists, sound longer or shorter than the picture, frames of varying length.
Their own sound clicks (low) at times that are known, and is kept; the cue sheet has clicks (high) at others. After
rendering, each click is looked for in the decoded sound, by its time stamps, counted from the first frame: its own
where they were in the film, the others where the sheet says. Prints the errors in ms (limit 10).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import av.logging
import numpy as np
import soundfile
from measure import FFMPEG

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.mix.render import render_sheet
from sonify.settings import MixSettings
from sonify.video.probe import probe

RATE_HZ = 48_000
LIMIT_MS = 10
AROUND_S = 0.25
OWN_HZ, CUE_HZ = 1000.0, 5000.0
CLICK_S = 0.01


@dataclass(frozen=True)
class Case:
    """A film: its frame rate, container, how it is put together, and where its first frame lies in its own sound."""

    name: str
    rate: str
    suffix: str
    options: tuple[str, ...] = ()
    picture_late_s: float = 0.0
    sound_late_s: float = 0.0
    sound_longer_s: float = 0.0
    cut_s: float = 0.0
    filters: str = "null"


CASES = (
    Case("23.976 fps, MP4", "24000/1001", ".mp4"),
    Case("29.97 fps, MKV", "30000/1001", ".mkv"),
    Case("29.97 fps, MOV, cut by an edit list", "30000/1001", ".mov", cut_s=0.7),
    Case("23.976 fps, MP4, picture 1.2 s late", "24000/1001", ".mp4", picture_late_s=1.2),
    Case("25 fps, MP4, sound 1.5 s late", "25", ".mp4", sound_late_s=1.5),
    Case("29.97 fps, MPEG-TS, sound 0.5 s late", "30000/1001", ".ts", sound_late_s=0.5),
    Case("25 fps, MKV, sound 5 s longer", "25", ".mkv", sound_longer_s=5),
    Case("25 fps, MP4, sound 60 s shorter", "25", ".mp4", sound_longer_s=-60),
    Case("varying frames, MP4", "30", ".mp4", filters="select='not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,31)\\,5))'"),
    Case("varying frames, MKV", "30", ".mkv", filters="select='not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,31)\\,5))'"),
    Case("23.976 fps, AVI", "24000/1001", ".avi", ("-c:v", "mpeg4", "-c:a", "pcm_s16le")),
)


def click(hertz: float) -> np.ndarray:
    """A burst [N] that begins at once."""
    time_s = np.arange(round(CLICK_S * RATE_HZ)) / RATE_HZ
    return 0.5 * np.sin(2 * np.pi * hertz * time_s) * np.exp(-200 * time_s)


def times_s(seconds: float, offset_s: float) -> list[float]:
    """Near the beginning, in the middle, near the end."""
    return [round(at + offset_s, 3) for at in (3.0, seconds / 2, seconds - 70, seconds - 5)]


def make(case: Case, folder: Path, seconds: float) -> Path:
    """The film, with clicks in its own sound."""
    wave = np.zeros(round((seconds + 10) * RATE_HZ), np.float32)
    for at_s in times_s(seconds, 0.0):
        first = round((at_s + case.cut_s) * RATE_HZ)
        wave[first : first + len(click(OWN_HZ))] = click(OWN_HZ)
    soundfile.write(folder / "own.wav", wave, RATE_HZ, subtype="PCM_16")
    made, out = folder / f"whole{case.suffix}", folder / f"film{case.suffix}"
    picture = f"color=s=32x32:c=gray:r={case.rate}:d={seconds + case.cut_s}"
    # Both are set late by their time stamps; clicks of a late sound are late with it.
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-itsoffset", str(case.picture_late_s)]
    command += ["-f", "lavfi", "-i", picture, "-itsoffset", str(case.sound_late_s)]
    command += ["-t", str(seconds + case.sound_longer_s + case.cut_s - case.sound_late_s)]
    command += ["-i", str(folder / "own.wav"), "-vf", case.filters, "-fps_mode", "passthrough"]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "48", "-c:a", "aac", "-b:a", "64k", *case.options]
    subprocess.run([*command, str(made)], check=True)
    if not case.cut_s:
        return made
    cut = [FFMPEG, "-nostdin", "-v", "error", "-y", "-ss", str(case.cut_s), "-i", str(made), "-c", "copy", str(out)]
    subprocess.run(cut, check=True)
    return out


def score(film: Path, out: Path, folder: Path, seconds: float) -> None:
    """Renders it with clicks between its own."""
    soundfile.write(folder / "click.wav", np.pad(click(CUE_HZ), (0, RATE_HZ)), RATE_HZ, subtype="FLOAT")
    info = probe(film)
    length_s = float(info.duration_s)
    cues = tuple(
        Cue(f"c{number}", "effect", "click", SoundRef("l", "click.wav"), at_s, at_s + 0.5)
        for number, at_s in enumerate(times_s(seconds, 1.0))
    )
    video = VideoRef(str(film), length_s, str(info.frame_rate), info.width_px, info.height_px, "")
    sheet = CueSheet(video, ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, length_s),), cues)
    settings = MixSettings(profile="film", original="keep")
    render_sheet(sheet, film, out, sounds=lambda ref: folder / ref.path, settings=settings)


def heard_s(path: Path, wanted_s: Sequence[float], hertz: float) -> list[float]:
    """When the click nearest to each time is heard, in seconds after the first frame; nan where none is."""
    wave = click(hertz)
    found = []
    first_s, _ = picture_s(path)
    gathered: dict[float, list[tuple[float, np.ndarray]]] = {at_s: [] for at_s in wanted_s}
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            start_s = float(frame.pts * frame.time_base) - first_s
            for at_s, parts in gathered.items():
                if at_s - AROUND_S <= start_s <= at_s + AROUND_S:
                    samples = frame.to_ndarray()
                    samples = (
                        samples[0]
                        if frame.format.is_planar
                        else samples.reshape(-1, len(frame.layout.channels))[:, 0]
                    )
                    parts.append((start_s, samples.astype(np.float64)))
    for parts in gathered.values():
        if not parts:
            found.append(float("nan"))
            continue
        samples = np.concatenate([part for _, part in parts])
        likeness = np.abs(np.correlate(samples, wave, "valid"))
        place = int(likeness.argmax())
        clear = likeness[place] > 4 * np.sqrt(np.square(likeness).mean()) > 0
        # Counted from the packet in which it lies: a gap in the time stamps must not hide.
        for start_s, part in parts:  # noqa: B007 - the last one that was reached is used
            if place < len(part):
                break
            place -= len(part)
        found.append(start_s + place / RATE_HZ if clear else float("nan"))
    return found


def picture_s(path: Path) -> tuple[float, float]:
    """Time stamps of the first and the last frame shown."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        shown = [
            p.pts * p.time_base for p in container.demux(stream) if p.size and p.pts is not None and not p.is_discard
        ]
    return float(min(shown)), float(max(shown))


def measure(case: Case, seconds: float) -> float:
    """Makes, renders and measures one case; the farthest error in ms."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, out = make(case, folder, seconds), folder / f"out{case.suffix}"
        score(film, out, folder, seconds)
        own = [t + case.sound_late_s - case.picture_late_s for t in times_s(seconds, 0.0)]
        end_s = seconds + min(case.sound_longer_s, 0) - case.sound_late_s
        own = [t for t in own if t < end_s - 1 + case.sound_late_s]
        # What the film says counts, not what it was meant to say: a late picture begins on a whole frame.
        own = heard_s(film, own, OWN_HZ)
        cues = times_s(seconds, 1.0)
        before = [picture_s(path) for path in (film, out)]
        shift = abs((before[1][1] - before[1][0]) - (before[0][1] - before[0][0])) * 1000
        errors = [
            1000 * (found - wanted)
            for wanted_s, hertz in ((own, OWN_HZ), (cues, CUE_HZ))
            for found, wanted in zip(heard_s(out, wanted_s, hertz), wanted_s, strict=True)
        ]
    worst = max([*map(abs, errors), shift]) if not np.isnan(errors).any() else float("inf")
    kept, laid = errors[: len(own)], errors[len(own) :]
    print(
        f"{case.name:40} its own clicks {', '.join(f'{e:+.1f}' for e in kept)}; cues "
        f"{', '.join(f'{e:+.1f}' for e in laid)}; picture {shift:.1f} ms{'' if worst <= LIMIT_MS else '  WRONG'}",
        flush=True,
    )
    return worst


def main() -> int:
    """Measures all cases; 1 when one is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--only", default="", help="cases with these words in their name")
    args = parser.parse_args()
    av.logging.set_level(av.logging.PANIC)
    found = [measure(case, args.seconds) for case in CASES if args.only in case.name]
    print(
        f"{sum(error <= LIMIT_MS for error in found)} of {len(found)} within {LIMIT_MS} ms, "
        f"the farthest {max(found):.1f} ms"
    )
    return int(any(error > LIMIT_MS for error in found))


if __name__ == "__main__":
    sys.exit(main())
