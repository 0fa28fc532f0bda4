"""Runs commands and tells what they cost: wall time, and the peak memory of each with all its children."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import psutil

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@dataclass(frozen=True)
class Cost:
    """wall_s: seconds; peak_mib: proportional memory (PSS) of the process and its children, at its highest."""

    wall_s: float
    peak_mib: float


def run(command: list[str], *, log: Path | None = None) -> Cost:
    """Runs a command to its end; raises SystemExit with its output when it fails."""
    with (log or Path("/dev/null")).open("wb") as sink:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        watched = psutil.Process(process.pid)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _memory(watched))
            time.sleep(0.05)
        wall_s = time.perf_counter() - start
    if process.returncode:
        print(log.read_text(errors="replace")[-3000:] if log else command, file=sys.stderr)
        raise SystemExit(f"failed with {process.returncode}: {' '.join(command)}")
    return Cost(wall_s, peak / 2**20)


def _memory(process: psutil.Process) -> int:
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            info = member.memory_full_info()
            total += getattr(info, "pss", 0) or info.rss
        except psutil.Error:
            continue
    return total


def film(out: Path, *, seconds: int, size: str = "1920x1080", rate: int = 30) -> Path:
    """Makes a video that is worth decoding: moving noise over a test picture, H.264, silent."""
    picture = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    command += ["-vf", "noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "veryfast", "-crf", "24"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(out)], check=True)
    return out


def random_checkpoint(architecture: str, out: Path) -> Path:
    """A checkpoint of a real architecture with random weights: it costs what the trained one costs."""
    if not out.exists():
        import open_clip
        import torch
        from safetensors.torch import save_file

        torch.manual_seed(0)
        model = open_clip.create_model(architecture, pretrained=None)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, out)
    return out
