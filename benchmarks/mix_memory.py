"""How large a render gets: peak memory, child processes and open files, of a short film and one twelve times as long.

    python benchmarks/mix_memory.py [--seconds 600] [--cues 125] [--times 12]

Films of a tiny picture with sound of their own are made, and sheets with so many cues of 6 s, as in mix.py. They
are rendered, mastering, encoding and measuring included, each in a process of its own. That process is watched with
all its children, every 0.2 s: memory is what each of them holds for itself and, once, what programs and libraries
they have in common, whoever else on the machine may use the same ones.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from measure import FFMPEG
from mix import make_sheet, make_sounds

MEMORY_LIMIT, MOST_CHILDREN, MOST_FILES = 1.2, 4, 64
EVERY_S = 0.2


@dataclass
class Peak:
    """The highest of what was seen."""

    memory_mib: float = 0.0
    children: int = 0
    files: int = 0
    wall_s: float = 0.0


def film(path: Path, seconds: float) -> Path:
    """A tiny picture and a hum."""
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=s=32x32:r=25", "-f", "lavfi"]
    command += ["-i", "sine=220:r=48000,volume=-20dB", "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*command, "-c:a", "aac", "-b:a", "64k", str(path)], check=True)
    return path


def render(folder: Path, seconds: float, cues: int) -> None:
    """What is watched."""
    from sonify.mix.render import render_sheet
    from sonify.settings import MixSettings

    video = folder / f"{seconds:g}.mp4"
    sheet = make_sheet(seconds, cues)
    sheet = replace(sheet, video=replace(sheet.video, path=str(video)))
    render_sheet(
        sheet, video, folder / f"{seconds:g}.out.mp4", sounds=lambda ref: folder / ref.path, settings=MixSettings()
    )


def watched(folder: Path, seconds: float, cues: int) -> Peak:
    """Renders in a process of its own and watches it."""
    film(folder / f"{seconds:g}.mp4", seconds)
    peak, begin = Peak(), time.perf_counter()
    command = [sys.executable, __file__, "--only", str(folder), "--seconds", str(seconds), "--cues", str(cues)]
    process = subprocess.Popen(command)
    root = psutil.Process(process.pid)
    while process.poll() is None:
        look(root, peak)
        time.sleep(EVERY_S)
    peak.wall_s = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"failed with {process.returncode}")
    print(
        f"{seconds:6g} s, {cues:5} cues: {peak.memory_mib:6.0f} MiB, {peak.children} children, "
        f"{peak.files} open files, {peak.wall_s:.0f} s",
        flush=True,
    )
    return peak


def look(root: psutil.Process, peak: Peak) -> None:
    """One look; what ends meanwhile is passed over."""
    try:
        children = root.children(recursive=True)
    except psutil.Error:
        return
    own = files = 0
    shared: dict[str, int] = {}
    for process in (root, *children):
        try:
            for part in process.memory_maps():
                own += part.private_clean + part.private_dirty + part.swap
                common = part.shared_clean + part.shared_dirty
                shared[part.path] = max(shared.get(part.path, 0), common)
            files += process.num_fds()
        except psutil.Error:
            continue
    peak.memory_mib = max(peak.memory_mib, (own + sum(shared.values())) / 2**20)
    peak.children, peak.files = max(peak.children, len(children)), max(peak.files, files)


def main() -> int:
    """Prints both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--cues", type=int, default=125)
    parser.add_argument("--times", type=int, default=12, help="how much longer the other is")
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        render(given.only, given.seconds, given.cues)
        return 0
    with tempfile.TemporaryDirectory() as name:
        make_sounds(Path(name))
        short, long = (watched(Path(name), n * given.seconds, n * given.cues) for n in (1, given.times))
    ratio = long.memory_mib / short.memory_mib
    print(
        f"memory {ratio:.2f} x (limit {MEMORY_LIMIT}); {max(short.children, long.children)} children "
        f"(limit {MOST_CHILDREN}), {max(short.files, long.files)} open files (limit {MOST_FILES})"
    )
    return int(
        ratio > MEMORY_LIMIT
        or max(short.children, long.children) > MOST_CHILDREN
        or max(short.files, long.files) > MOST_FILES
    )


if __name__ == "__main__":
    sys.exit(main())
