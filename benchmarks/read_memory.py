"""Peak memory of reading a 60-minute 1080p video, against a 1-minute one of the same picture.

    python benchmarks/read_memory.py [--minutes 60] [--rate 10]

Both the reader and its decoder's process count. Target: within 10 %.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import FFMPEG, run

TARGET = 1.1


def main() -> None:
    """Makes both videos, reads each in a program of its own, prints the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument(
        "--rate", type=int, default=10, help="frames a second; few, so that an hour is read in minutes"
    )
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        _read(given.read)
        return
    with tempfile.TemporaryDirectory() as name:
        short, long = Path(name, "short.mp4"), Path(name, "long.mp4")
        picture = f"testsrc2=size=1920x1080:rate={given.rate}:duration=60"
        _ffmpeg("-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", short)
        _ffmpeg("-stream_loop", given.minutes - 1, "-i", short, "-c", "copy", long)
        peaks = {}
        for video in (short, long):
            cost = run([sys.executable, str(Path(__file__).resolve()), "--read", str(video)])
            peaks[video] = cost.peak_mib
            print(f"{video.stem}: {cost.peak_mib:.0f} MiB at the highest, {cost.wall_s:.0f} s", flush=True)
    print(f"memory for {given.minutes} min / for 1 min: {peaks[long] / peaks[short]:.3f} (target {TARGET})")


def _read(video: Path) -> None:
    from sonify.settings import SceneSettings, VideoSettings
    from sonify.video.reader import open_video
    from sonify.video.scenes import SceneFinder

    with open_video(video, VideoSettings(), short_side_px=224) as reader:
        scenes = SceneFinder(SceneSettings())
        for chunk in reader:
            scenes.add(chunk.grey)
        print(len(scenes.finish(reader.info.duration_s)), "scenes in", float(reader.info.duration_s), "s")


def _ffmpeg(*arguments: object) -> None:
    subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
