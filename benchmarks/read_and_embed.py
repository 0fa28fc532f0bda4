"""Reading and embedding a 1080p video, against the larger of its two unavoidable parts.

    python benchmarks/read_and_embed.py [VIDEO] [--model NAME] [--view auto] [--seconds 60] [--rounds 3]

The parts: ffmpeg decoding the video to nothing with the same threads, and the model's forward pass alone on as
many frames in as many views. Target: at most 1.4 times the larger. Loading the model is in neither. All run in turn,
in one run, so a busy machine slows them alike. Without --model: sonify-mini where it is, else ViT-B-32 with random
weights.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import FFMPEG, film, random_checkpoint

from sonify.matching.look import look
from sonify.models.registry import load, mini_is_present
from sonify.settings import ModelSettings, SceneSettings, VideoSettings
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder

TARGET = 1.4


def main() -> None:
    """Measures, prints each round and the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--view", default="auto", help="as the setting video.view: close with sonify-mini")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = given.video or film(folder / "film.mp4", seconds=given.seconds)
        wanted = given.model or ("sonify-mini" if mini_is_present() else "")
        if not wanted:
            wanted = f"ViT-B-32:{random_checkpoint('ViT-B-32', folder / 'random.safetensors')}"
        model = load(ModelSettings(name=wanted, device=given.device), view=given.view)
        print(f"{video.name}, {model}", flush=True)
        pictures = _read(video, model, embed=False)
        model.embed_frames(pictures[:2])
        rounds = []
        for number in range(given.rounds):
            decode = _cost(lambda: _decode(video))
            forward = _cost(lambda: model.embed_frames(pictures))
            reading = _cost(lambda: _read(video, model, embed=False))
            both = _cost(lambda: _read(video, model, embed=True))
            rounds.append((reading / decode, both / np.maximum(decode, forward)))
            parts = {"ffmpeg to nothing": decode, f"forward of {len(pictures)} frames": forward}
            parts |= {"reading": reading, "reading and embedding": both}
            shown = "; ".join(f"{name} {wall:.1f} s ({cpu:.1f} s)" for name, (wall, cpu) in parts.items())
            print(f"round {number + 1}, wall (processor): {shown}", flush=True)
        for name, values in zip(
            ("reading / ffmpeg to nothing", "reading and embedding / larger part"),
            zip(*rounds, strict=True),
            strict=True,
        ):
            wall, cpu = np.median(values, axis=0)
            print(f"{name}: {wall:.2f} in wall time, {cpu:.2f} in processor time (target {TARGET})")


def _decode(video: Path) -> None:
    command = [FFMPEG, "-nostdin", "-v", "error", "-i", str(video), "-map", "0:v:0", "-f", "null", "-"]
    subprocess.run(command, check=True)


def _read(video: Path, model: Any, *, embed: bool) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """One pass as `sonify suggest` makes it: frames, scenes, and vectors when asked for; returns the frames."""
    settings, pictures = VideoSettings(), []
    with open_video(video, settings, short_side_px=model.image_size_px) as reader:
        scenes = SceneFinder(SceneSettings())
        if embed:
            look(reader, model, scenes)
        else:
            for chunk in reader:
                scenes.add(chunk.grey)
                pictures.append(chunk.frames.pixels)
        scenes.finish(reader.info.duration_s)
    return np.concatenate(pictures) if pictures else np.zeros((0, 1, 1, 3), np.uint8)


def _cost(work: Callable[[], object]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """[wall time, processor time], both in seconds, children included."""
    before = _clocks()
    work()
    return _clocks() - before


def _clocks() -> np.ndarray[Any, np.dtype[np.float64]]:
    spent = os.times()
    return np.array([time.perf_counter(), spent.user + spent.system + spent.children_user + spent.children_system])


if __name__ == "__main__":
    main()
