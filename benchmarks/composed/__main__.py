"""Writes the videos and their manifest."""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from benchmarks.composed.emitters import BACKGROUNDS, EMITTERS, FACES
from benchmarks.composed.films import Director, check, right_for
from benchmarks.composed.photos import HeldOut
from benchmarks.composed.pieces import HEIGHT_PX, RATE_HZ, WIDTH_PX, Emitter, Film

COLUMNS = (
    "file", "accept", "intervals", "onsets", "pan", "expect_none", "shows", "kind", "size", "cuts", "dissolves",
)  # fmt: skip
PAN_STEP_S = 0.2


def main() -> None:
    """Makes the set."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.composed", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder with labels.csv and the tars")
    parser.add_argument("--out", type=Path, required=True, help="an empty or new folder")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.out.exists() and any(given.out.iterdir()):
        sys.exit(f"{given.out} is not empty: give another folder")
    if problems := check():
        sys.exit("emitters that must not meet: " + "; ".join(problems))
    director = Director(HeldOut(given.photos, {*EMITTERS, *BACKGROUNDS, *FACES}), given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(given.count):
        film = director.film(number)
        name = f"{number:03d}-{film.kind}.mp4"
        write(film, given.out / name)
        rows += described(film, name)
        print(f"\r{number + 1} of {given.count}", end="", file=sys.stderr, flush=True)
    with (given.out / "manifest.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"\n{given.out / 'manifest.csv'}", file=sys.stderr)


def write(film: Film, path: Path) -> None:
    """The film as H.264; the same film is the same file on one machine."""
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH_PX}x{HEIGHT_PX}", "-r", str(RATE_HZ), "-i", "-"]
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p", "-threads", "1"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *source, *encode, "-bitexact", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(film.frames):
            process.stdin.write(film.frame(number).tobytes())
    if process.returncode:
        sys.exit(f"ffmpeg failed on {path}")


def described(film: Film, name: str) -> list[dict[str, str]]:
    """One row for each emitter that sounds, or one that says that nothing does."""
    shared = {
        "file": name,
        "kind": film.kind,
        "cuts": " ".join(_number(shot.start_s) for shot in film.shots[1:] if not shot.dissolve_s),
        "dissolves": " ".join(
            f"{_number(shot.start_s - shot.dissolve_s / 2)}-{_number(shot.start_s + shot.dissolve_s / 2)}"
            for shot in film.shots[1:]
            if shot.dissolve_s
        ),
    }
    sounding = [emitter for emitter in film.emitters() if right_for(emitter.concept)]
    if not sounding:
        faces = " ".join(emitter.concept for emitter in film.emitters())
        return [shared | {"expect_none": "1", "shows": faces or "nothing in particular"}]
    return [shared | _row(emitter) for emitter in sounding]


def _row(emitter: Emitter) -> dict[str, str]:
    times_s = [*np.arange(emitter.start_s, emitter.end_s, PAN_STEP_S), emitter.end_s]
    still = emitter.x[0] == emitter.x[1] and emitter.size[0] == emitter.size[1]
    shown = times_s[:1] if still else times_s
    return {
        "accept": right_for(emitter.concept),
        "intervals": f"{_number(emitter.start_s)}-{_number(emitter.end_s)}",
        "pan": " ".join(f"{_number(t)}:{_number(emitter.pan(t))}" for t in shown),
        "size": " ".join(f"{_number(t)}:{_number(emitter.width(t))}" for t in shown),
        "shows": emitter.concept,
    }


def _number(value: float) -> str:
    return f"{round(float(value), 4) + 0.0:g}"


if __name__ == "__main__":
    main()
