"""A model that sees colours, films of plain colours, and sounds for them: quick, and the right answers are known."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

from sonify.models.calibration import Calibration
from sonify.models.interface import Array, Box, Details, Embeddings

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
CALIBRATION = Calibration(scale=20.0, bias=-8.0)
COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


class LooksFromAfar:
    """What models have in common that see whole frames only."""

    looks_closely = False

    def embed_parts(self, pixels: np.ndarray, parts: Sequence[Sequence[Box]]) -> Details:
        raise NotImplementedError


@dataclass(frozen=True)
class ColourModel(LooksFromAfar):
    """Sees the mean colour of a frame's left and right half."""

    name: str = "colours"
    weights: str = "0" * 16
    image_size_px: int = 32
    calibration: Calibration = CALIBRATION

    def embed_frames(self, pixels: np.ndarray) -> Embeddings:
        half = pixels.shape[2] // 2
        views = [pixels[:, :, :half], pixels[:, :, half:]]
        means = np.stack([v.mean(axis=(1, 2)) for v in views], axis=1).astype(np.float32) + 1
        vectors = means / np.linalg.norm(means, axis=-1, keepdims=True)
        return Embeddings(vectors, (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)))

    def embed_phrases(self, phrases: Sequence[str]) -> Array:
        rows = []
        for phrase in phrases:
            known = [rgb for name, rgb in COLOURS.items() if name in phrase]
            rows.append(known[0] if known else (1, 1, 1))
        found = np.array(rows, dtype=np.float32)
        return found / np.linalg.norm(found, axis=-1, keepdims=True)


@dataclass(frozen=True)
class CloseColourModel(ColourModel):
    """Sees the mean colour of parts of frames by themselves too."""

    looks_closely = True

    def embed_parts(self, pixels: np.ndarray, parts: Sequence[Sequence[Box]]) -> Details:
        height, width = pixels.shape[1:3]
        vectors = np.zeros((len(pixels), max(map(len, parts), default=0), 3), np.float32)
        for frame, boxes in enumerate(parts):
            for place, box in enumerate(boxes):
                rows = slice(round(box.top * height), round(box.bottom * height))
                columns = slice(round(box.left * width), round(box.right * width))
                mean = pixels[frame, rows, columns].mean(axis=(0, 1)) + 1
                vectors[frame, place] = mean / np.linalg.norm(mean)
        return Details(vectors, tuple(map(tuple, parts)))


def film(path: Path, *colours: str, seconds: float = 2.0) -> Path:
    """Plain colours, one after another, with a hum for sound."""
    parts = [f"color={c}:size=160x90:rate=24:duration={seconds}[v{i}]" for i, c in enumerate(colours)]
    joined = "".join(f"[v{i}]" for i in range(len(colours))) + f"concat=n={len(colours)}[v]"
    hum = f"sine=frequency=220:duration={seconds * len(colours)}[a]"
    graph = ";".join([*parts, joined, hum])
    command = [FFMPEG, "-nostdin", "-v", "error", "-y", "-filter_complex", graph]
    encode = ["-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([*command, *encode, str(path)], check=True)
    return path


def library(folder: Path) -> Path:
    """A library of three noises, one for each colour."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in COLOURS:
        soundfile.write(folder / f"{name}.wav", rng.normal(0, 0.1, 48_000 * 3).astype(np.float32), 48_000)
    rows = ["file,label,kind,phrases,licence", *(f"{n}.wav,{n} thing,effect,{n} light,CC0-1.0" for n in COLOURS)]
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder


def decoded(path: Path) -> np.ndarray:
    """The sound of a file, float32 [N, 2] at 48 kHz."""
    command = [FFMPEG, "-nostdin", "-v", "error", "-i", str(path)]
    out = subprocess.run([*command, "-f", "f32le", "-ac", "2", "-ar", "48000", "-"], capture_output=True, check=True)
    return np.frombuffer(out.stdout, dtype=np.float32).reshape(-1, 2)
