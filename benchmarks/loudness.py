"""Whether finished files meet their loudness profile, as ffmpeg's ebur128 hears them: many varied films.

    python benchmarks/loudness.py --sounds sound_library [--films ../shared/media/clips] [--count 50]

Each film gets a random cue sheet (seeded): 1 to 12 sounds of the library, at -12 to 12 dB, over its own audio or
without it, in one of six containers, to one of four profiles. Real films go into what can carry them, test pictures
into the others. Prints a line for each, then how many met it: within 0.5 LU, and not over the true peak.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import SonifyError
from sonify.mix.heard import must_measure
from sonify.mix.mastering import TOLERANCE_LU
from sonify.mix.profiles import PROFILES
from sonify.mix.render import render_sheet
from sonify.settings import MixSettings
from sonify.video.probe import probe

ORIGINALS = ("keep", "duck", "mute", "replace")
SUFFIXES = (".mp4", ".webm", ".mkv", ".avi", ".mov", ".ts")
MEASURED = tuple(name for name, profile in PROFILES.items() if profile.loudness_lufs is not None)
CODECS = {".webm": ("libvpx", "-deadline", "realtime"), ".avi": ("mpeg4",)}
LONGEST_S = 12.0


def plain_film(path: Path, rng: np.random.Generator) -> Path:
    """A test picture of 4 to 12 s with a hum, or without any audio."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25"]
    if rng.random() < 0.5:
        command += ["-f", "lavfi", "-i", f"sine=220:r=48000,volume={rng.uniform(-30, 0):.1f}dB"]
    command += ["-c:v", *CODECS.get(path.suffix, ("libx264", "-preset", "ultrafast"))]
    subprocess.run([*command, "-t", f"{rng.uniform(4, LONGEST_S):.2f}", "-g", "25", str(path)], check=True)
    return path


def sheet_for(film: Path, sounds: list[Path], root: Path, rng: np.random.Generator) -> CueSheet:
    """Random sounds at random times."""
    info = probe(film)
    length_s = min(float(info.duration_s), 600.0)
    cues = []
    for number in range(int(rng.integers(1, 13))):
        start_s = round(float(rng.uniform(0, length_s * 0.9)), 3)
        end_s = round(min(length_s, start_s + float(rng.uniform(0.2, 6))), 3)
        sound = SoundRef("l", sounds[rng.integers(0, len(sounds))].relative_to(root).as_posix())
        kind = "ambience" if rng.random() < 0.3 else "effect"
        pan, gain_db = round(float(rng.uniform(-1, 1)), 2), round(float(rng.uniform(-12, 12)), 1)
        cues.append(
            Cue(f"c{number}", kind, "x", sound, start_s, end_s, gain_db=gain_db, pan_curve=((0.0, pan),),
                fade_out_s=0.05)  # type: ignore[arg-type]
        )  # fmt: skip
    video = VideoRef(str(film), float(info.duration_s), str(info.frame_rate), info.width_px, info.height_px, "")
    return CueSheet(video, ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, float(info.duration_s)),), tuple(cues))


def main() -> None:
    """Makes and measures the films."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, default=Path("sound_library"))
    parser.add_argument("--films", type=Path, help="a folder of videos; the others are made here")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    sounds = sorted(p for p in args.sounds.rglob("*") if p.suffix in (".flac", ".ogg", ".wav"))
    real = sorted(p for p in args.films.iterdir() if p.suffix in (".mp4", ".mkv")) if args.films else []
    met_loudness = met_peak = short = done = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(args.count):
            suffix = SUFFIXES[number % len(SUFFIXES)]
            profile = MEASURED[number // 2 % len(MEASURED)]
            made = not real or suffix in CODECS
            film = plain_film(folder / f"{number}{suffix}", rng) if made else real[number // 2 % len(real)]
            out, notes = folder / f"{number}.out{suffix}", []
            settings = MixSettings(profile=profile, original=ORIGINALS[number % 4])  # type: ignore[arg-type]
            try:
                render_sheet(
                    sheet_for(film, sounds, args.sounds, rng), film, out, sounds=lambda ref: args.sounds / ref.path,
                    settings=settings, progress=lambda event, notes=notes: notes.append(event.note),
                )  # fmt: skip
            except SonifyError as error:
                print(f"{film.name[:30]:30} {error}")
                failed += 1
                continue
            heard, wanted = must_measure(out), PROFILES[profile]
            done += 1
            crushed = any("crushed" in text for text in notes)
            assert wanted.loudness_lufs is not None
            near = abs(heard.loudness_lufs - wanted.loudness_lufs) <= TOLERANCE_LU
            short += crushed
            met_loudness += near
            met_peak += heard.peak_dbtp <= wanted.peak_dbtp
            measured = f"{heard.loudness_lufs:6.1f} LUFS {heard.peak_dbtp:5.1f} dBTP"
            said = f"{'' if near else '  off'}{'  said' if crushed else ''}"
            over = "" if heard.peak_dbtp <= wanted.peak_dbtp else "  over"
            print(f"{film.name[:30]:30} {suffix:5} {profile:8} {measured}{said}{over}", flush=True)
            out.unlink()
    print(f"{met_loudness} of {done} within 0.5 LU ({short} said that they stay under)")
    print(f"{met_peak} of {done} not over the peak; {failed} refused")


if __name__ == "__main__":
    main()
