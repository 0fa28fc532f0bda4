"""How fast and how large the mix is, as ratios of one run.

    python benchmarks/mix.py                 # speed: 10 minutes with 100 cues, three ways
    python benchmarks/mix.py --memory        # peak memory, open files and children: 10 minutes against 2 hours

The sounds are made here, from noise; nothing is read but what is written into a temporary folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import soundfile

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef

RATE_HZ = 48_000
SOUNDS = 20


def make_sounds(folder: Path) -> None:
    """Twenty sounds of 3 to 8 s, stereo FLAC, half of them at 44.1 kHz."""
    rng = np.random.default_rng(0)
    for number in range(SOUNDS):
        rate = (RATE_HZ, 44_100)[number % 2]
        samples = rng.normal(0, 0.1, (round(rng.uniform(3, 8) * rate), 2))
        soundfile.write(folder / f"{number}.flac", samples, rate)


def make_sheet(seconds: float, cues: int) -> CueSheet:
    """A sheet with cues of 6 s spread evenly over the time."""
    starts = np.linspace(0, seconds - 6, cues)
    return CueSheet(
        video=VideoRef("none.mp4", seconds, "25", 64, 64, ""),
        model=ModelRef("none", ""),
        libraries=(LibraryRef("l"),),
        scenes=(Scene(0, seconds),),
        cues=tuple(
            Cue(
                f"c{n}",
                "effect",
                "noise",
                SoundRef("l", f"{n % SOUNDS}.flac"),
                start_s=round(float(start), 6),
                end_s=round(float(start) + 6, 6),
                fade_in_s=0.25,
                fade_out_s=0.25,
                gain_curve=((float(start), -3.0), (float(start) + 6, 3.0)),
                pan_curve=((float(start), -0.5), (float(start) + 6, 0.5)),
            )
            for n, start in enumerate(starts)
        ),
    )


def by_sonify(folder: Path, sheet: CueSheet) -> None:
    """Our mix, mastered to the default profile and written as WAV."""
    from fractions import Fraction

    from sonify.mix.mastering import Master
    from sonify.mix.mixer import Mix
    from sonify.mix.profiles import PROFILES
    from sonify.mix.spool import Spool
    from sonify.mix.streams import Film
    from sonify.settings import MixSettings

    film = Film(Path("none.mp4"), (), Fraction(0), Fraction(0), None, False, ())
    settings = MixSettings()
    mix = Mix(sheet, film, lambda ref: folder / ref.path, settings)
    with Spool(folder, 2) as spool, soundfile.SoundFile(folder / "sonify.wav", "w", RATE_HZ, 2, "FLOAT") as out:
        spool.fill(mix.samples())
        for block in Master(spool, PROFILES[settings.profile]).blocks():
            out.write(block)


def by_numpy(folder: Path, sheet: CueSheet) -> None:
    """The same sounds read, resampled, added up in one array and written: the least that can be done."""
    import soxr

    total = np.zeros((round(sheet.video.duration_s * RATE_HZ), 2), np.float32)
    for cue in sheet.cues:
        samples, rate = soundfile.read(folder / cue.sound.path, dtype="float32", always_2d=True)
        if rate != RATE_HZ:
            samples = soxr.resample(samples, rate, RATE_HZ, "VHQ")
        first, count = round(cue.start_s * RATE_HZ), round((cue.end_s - cue.start_s) * RATE_HZ)
        samples = np.resize(samples, (count, 2))
        total[first : first + count] += samples[: len(total) - first]
    soundfile.write(folder / "numpy.wav", total, RATE_HZ, "FLOAT")


def by_moviepy(folder: Path, sheet: CueSheet) -> None:
    """The same cues as AudioFileClips in one CompositeAudioClip, written by moviepy."""
    from moviepy import AudioFileClip, CompositeAudioClip

    clips = []
    for cue in sheet.cues:
        clip = AudioFileClip(str(folder / cue.sound.path))
        clips.append(clip.with_duration(min(6, clip.duration)).with_start(cue.start_s))
    CompositeAudioClip(clips).write_audiofile(
        str(folder / "moviepy.wav"), fps=RATE_HZ, codec="pcm_f32le", logger=None
    )
    for clip in clips:
        clip.close()


def seconds_of(work: Callable[[Path, CueSheet], None], folder: Path, sheet: CueSheet) -> float:
    """Processor time of one run, child processes included, so that other work on the machine doesn't count."""
    begin = sum(os.times()[:4])
    work(folder, sheet)
    return sum(os.times()[:4]) - begin


def speed(seconds: float, cues: int, *, moviepy: bool) -> None:
    """Prints the times and their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_sounds(folder)
        by_sonify(folder, make_sheet(10, 2))  # imports, out of the measure
        sheet = make_sheet(seconds, cues)
        numpy_s = min(seconds_of(by_numpy, folder, sheet) for _ in range(2))
        sonify_s = min(seconds_of(by_sonify, folder, sheet) for _ in range(2))
        print(f"{seconds:g} s of sound, {cues} cues")
        print(f"numpy sum and write   {numpy_s:7.2f} s")
        print(f"sonify                {sonify_s:7.2f} s   {sonify_s / numpy_s:.2f} x numpy (limit 4)")
        if moviepy:
            moviepy_s = seconds_of(by_moviepy, folder, sheet)
            print(f"moviepy AudioFileClips{moviepy_s:7.2f} s   {moviepy_s / sonify_s:.2f} x sonify (at least 3)")


def _watched(folder: str, seconds: float, cues: int, queue: multiprocessing.Queue[tuple[int, int, int]]) -> None:
    process, most_files, most_children, over = psutil.Process(), 0, 0, threading.Event()

    def watch() -> None:
        nonlocal most_files, most_children
        while not over.wait(0.1):
            most_files = max(most_files, process.num_fds())
            most_children = max(most_children, len(process.children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    by_sonify(Path(folder), make_sheet(seconds, cues))
    over.set()
    watcher.join()
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, most_files, most_children))


def memory() -> None:
    """Prints peak memory, open files and child processes of a short and a long sheet, each in its own process."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        make_sounds(Path(name))
        found = []
        for seconds, cues in ((given.seconds, given.cues), (12 * given.seconds, 12 * given.cues)):
            queue = context.Queue()
            child = context.Process(target=_watched, args=(name, seconds, cues, queue))
            child.start()
            found.append(queue.get())
            child.join()
            peak_kib, files, children = found[-1]
            print(f"{seconds:5} s, {cues:5} cues: {peak_kib / 1024:6.0f} MiB, {files} files, {children} children")
        print(f"memory {found[1][0] / found[0][0]:.2f} x (limit 1.2)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--cues", type=int, default=100)
    parser.add_argument("--no-moviepy", action="store_true", help="leave out moviepy's own way, which is slow")
    given = parser.parse_args()
    if given.memory:
        memory()
    else:
        speed(given.seconds, given.cues, moviepy=not given.no_moviepy)
