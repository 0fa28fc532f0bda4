"""`sonify score` against the paper prototype's method: same video, same model (RN50, random weights), same run.

    python benchmarks/score.py [--seconds 20] [--rounds 3]

Prints, for each round and as medians, how many times faster and how much smaller in memory sonify is.
Target: at least 5 times faster, at most a tenth of the memory. Both read one frame a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measure import film, random_checkpoint, run

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parent / "sound_library"


def main() -> None:
    """Runs both, in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = film(folder / "film.mp4", seconds=given.seconds)
        weights = random_checkpoint("RN50", folder / "rn50.safetensors")
        ours = [sys.executable, "-m", "sonify", "score", str(video), "-o", str(folder / "ours.mp4"), "--force"]
        ours += ["--library", str(LIBRARY), "--model", f"RN50:{weights}", "--set", "video.sample_rate_hz=1"]
        theirs = [sys.executable, str(HERE / "prototype.py"), str(video), str(folder / "theirs.mp4")]
        theirs += ["--library", str(LIBRARY), "--checkpoint", str(weights)]
        faster, memory = [], []
        for number in range(given.rounds):
            a, b = run(theirs, log=folder / "a.log"), run(ours, log=folder / "b.log")
            faster.append(a.wall_s / b.wall_s)
            memory.append(b.peak_mib / a.peak_mib)
            print(
                f"round {number + 1}: prototype {a.wall_s:.1f} s, {a.peak_mib:.0f} MiB; "
                f"sonify {b.wall_s:.1f} s, {b.peak_mib:.0f} MiB",
                flush=True,
            )
        print(f"sonify is {statistics.median(faster):.1f} times as fast (target 5)")
        print(f"and takes {statistics.median(memory):.3f} of the memory (target 0.1)")


if __name__ == "__main__":
    main()
