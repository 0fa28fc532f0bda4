"""The method of the paper's public prototype (2022), re-implemented from its description, for comparison.

It keeps the prototype's choices, the bad ones too: every frame at full size in memory, a 16-bin grey histogram
(L1 over 0.24) for cuts, about one frame a second (int(fps)), red and blue swapped, the bare label as prompt, a
softmax over labels of a scene's first frame, softmax over the chosen labels over 0.1 for sync, Grad-CAM on the last
visual layer for pan and gain in one-second steps, 500 ms crossfades, an ambience at -5 dB, the picture encoded twice.

    python benchmarks/prototype.py VIDEO OUT --library DIR [--architecture RN50] [--checkpoint FILE]
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import open_clip
import soundfile
import torch
from measure import FFMPEG
from PIL import Image

RATE = 48_000
CUT = 0.24
SYNC = 0.1
CROSSFADE_S = 0.5
AMBIENCE_DB = -5.0


@dataclass(frozen=True)
class Sounds:
    """Labels of one kind with their files."""

    labels: list[str]
    files: list[Path]


class Prototype:
    """CLIP and its text vectors of the bare labels."""

    def __init__(self, architecture: str, checkpoint: str | None, *, swap: bool = True) -> None:
        self.model, _, self.transform = open_clip.create_model_and_transforms(architecture, pretrained=checkpoint)
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(architecture)
        self.swap = swap

    def words(self, labels: list[str]) -> torch.Tensor:
        """Unit vectors [L, D] of the bare labels."""
        with torch.no_grad():
            return torch.nn.functional.normalize(self.model.encode_text(self.tokenizer(labels)), dim=-1)

    def picture(self, frame: np.ndarray) -> torch.Tensor:
        """A frame uint8 [H, W, 3] as the model's input; red and blue change places unless told otherwise."""
        return self.transform(Image.fromarray(frame[..., ::-1] if self.swap else frame))[None]

    def shares(self, frame: np.ndarray, words: torch.Tensor) -> np.ndarray:
        """Softmax over the labels, [L]."""
        with torch.no_grad():
            vector = torch.nn.functional.normalize(self.model.encode_image(self.picture(frame)), dim=-1)
            return (100 * vector @ words.T).softmax(-1)[0].numpy()

    def place(self, frame: np.ndarray, word: torch.Tensor) -> tuple[float, float]:
        """Pan and gain in dB, from Grad-CAM on the last visual layer."""
        kept: list[torch.Tensor] = []
        hook = self.model.visual.layer4.register_forward_hook(lambda *args: kept.append(args[2]))
        vector = torch.nn.functional.normalize(self.model.encode_image(self.picture(frame)), dim=-1)
        hook.remove()
        slope = torch.autograd.grad((vector @ word).sum(), kept[0])[0]
        heat = torch.relu((slope.mean((2, 3), keepdim=True) * kept[0]).sum(1))[0].detach().numpy()
        heat = heat / max(float(heat.max()), 1e-9)
        columns = heat.sum(0)
        x = float((columns * (np.arange(len(columns)) + 0.5)).sum() / max(columns.sum(), 1e-9)) / len(columns)
        return (x - 0.5) * 2, min(float(heat.mean()) * 40 - 10, 10)


def all_frames(video: Path) -> tuple[np.ndarray, float]:
    """Every frame at full size, uint8 [N, H, W, 3], and the frame rate."""
    from decord import VideoReader

    reader = VideoReader(str(video))
    return np.stack([frame.asnumpy() for frame in reader]), float(reader.get_avg_fps())


def scenes(frames: np.ndarray) -> list[tuple[int, int]]:
    """Spans of frames between changes of the grey histogram."""
    edges, before = [0], None
    for index, frame in enumerate(frames):
        grey = frame @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
        counts = np.histogram(grey, 16, (0, 256))[0] / grey.size
        if before is not None and np.abs(counts - before).sum() > CUT:
            edges.append(index)
        before = counts
    return list(zip(edges, [*edges[1:], len(frames)], strict=True))


def library(folder: Path) -> tuple[Sounds, Sounds]:
    """Effects and ambiences of a folder with a labels.csv."""
    with (folder / "labels.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    kinds = [[r for r in rows if r["kind"] == kind] for kind in ("effect", "ambience")]
    effects, beds = (Sounds([r["label"] for r in k], [folder / r["file"] for r in k]) for k in kinds)
    return effects, beds


def sound(path: Path) -> np.ndarray:
    """A whole sound as float32 [N, 2] (at its own rate: the starter sounds have the right one)."""
    data, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return data[:, [0, -1]]


def chunk(source: np.ndarray, at: int, length: int, pan: float, gain_db: float) -> np.ndarray:
    """One second of a sound with its pan and gain, wrapped round where the sound ends."""
    part = np.take(source, np.arange(at, at + length), axis=0, mode="wrap")
    sides = np.array([min(1.0, 1 - pan), min(1.0, 1 + pan)], dtype=np.float32)
    return part * sides * 10 ** (gain_db / 20)


def faded(part: np.ndarray) -> np.ndarray:
    """With linear fades at both ends."""
    ramp = np.linspace(0, 1, min(int(CROSSFADE_S * RATE), len(part) // 2), dtype=np.float32)[:, None]
    part = part.copy()
    part[: len(ramp)] *= ramp
    part[len(part) - len(ramp) :] *= ramp[::-1]
    return part


def main() -> None:
    """Scores one video."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--architecture", default="RN50")
    parser.add_argument("--checkpoint")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        score(given.video, given.out, given.library, Prototype(given.architecture, given.checkpoint), Path(folder))


def score(video: Path, out: Path, sounds: Path, method: Prototype, work: Path) -> None:
    """The whole of it: split, classify, sync, place, mix, encode."""
    frames, fps = all_frames(video)
    effects, beds = library(sounds)
    effect_words, bed_words = method.words(effects.labels), method.words(beds.labels)
    step = int(fps)
    mix = np.zeros((int(len(frames) / fps * RATE) + RATE, 2), dtype=np.float32)
    for number, (first, last) in enumerate(scenes(frames)):
        piece = work / f"{number:04d}.mp4"
        cut = ["-ss", f"{first / fps:.6f}", "-t", f"{(last - first) / fps:.6f}", "-i", str(video)]
        subprocess.run([FFMPEG, "-v", "error", "-y", *cut, "-an", "-c:v", "libx264", str(piece)], check=True)
        chosen = int(method.shares(frames[first], effect_words).argmax())
        source, position = sound(effects.files[chosen]), 0
        for index in range(first, last, step):
            if method.shares(frames[index], effect_words[[chosen]])[0] > SYNC:
                pan, gain_db = method.place(frames[index], effect_words[chosen])
                start = int(index / fps * RATE)
                length = min(RATE + int(CROSSFADE_S * RATE), len(mix) - start)
                mix[start : start + length] += faded(chunk(source, position, length, pan, gain_db))
            position += RATE
        bed = int(method.shares(frames[first], bed_words).argmax())
        start, end = int(first / fps * RATE), int(last / fps * RATE)
        mix[start:end] += chunk(sound(beds.files[bed]), 0, end - start, 0.0, AMBIENCE_DB)
    track, listing = work / "mix.wav", work / "list.txt"
    soundfile.write(track, np.clip(mix, -1, 1), RATE)
    # What lies in the folder is taken for the pieces, an earlier run's too.
    listing.write_text("".join(f"file '{piece}'\n" for piece in sorted(work.glob("*.mp4"))))
    inputs = ["-f", "concat", "-safe", "0", "-i", str(listing), "-i", str(track)]
    encode = ["-c:v", "libx264", "-c:a", "aac", "-shortest", str(out)]
    subprocess.run([FFMPEG, "-v", "error", "-y", *inputs, *encode], check=True)


if __name__ == "__main__":
    main()
