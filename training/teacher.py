"""The teacher's view of every training crop: MobileNetV2's pooled features, stored once per crop.

The student later sees the same crops, so that teacher and student always look at the same picture
(Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from training.data import Photos

FEATURES = 1280
"""Width of MobileNetV2's pooled feature."""
POOLED_TENSOR = 169
"""Index of the pooled feature among the TFLite file's tensors (design notes; checked by its shape on load)."""
INPUT_PX = 224
WIDE, CLOSE = (0.25, 1.0), (0.15, 0.5)
"""Share of the picture's area in a crop; every fourth view looks closely, so that small emitters are learnt too."""


@dataclass(frozen=True)
class Views:
    """Crops and what the teacher saw in them; row i of every view belongs to picture i.

    boxes: float32 [K, N, 4], left, top, right, bottom as fractions of the picture.
    features: uint8 [K, N, 1280], the teacher's quantised pooled features.
    """

    boxes: np.ndarray
    features: np.ndarray


def draw_boxes(count: int, scale: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Random crop boxes float32 [count, 4]: area uniform in `scale`, aspect log-uniform in 3/4..4/3."""
    area = rng.uniform(*scale, count)
    aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3), count))
    width = np.minimum(np.sqrt(area * aspect), 1.0)
    height = np.minimum(np.sqrt(area / aspect), 1.0)
    left = rng.uniform(0, 1, count) * (1 - width)
    top = rng.uniform(0, 1, count) * (1 - height)
    return np.stack([left, top, left + width, top + height], 1).astype(np.float32)


def _with_output(model: bytes, tensor: int) -> bytes:
    """The same TFLite file with `tensor` as its only output.

    Asking for inner tensors by `experimental_preserve_all_tensors` turns the fast kernels off; naming the
    tensor as the output keeps them. Walks the FlatBuffer: Model.subgraphs[0].outputs[0] (fields 2 and 2 of
    the TFLite schema v3).
    """
    data = bytearray(model)

    def field(table: int, index: int) -> int:
        vtable = table - struct.unpack_from("<i", data, table)[0]
        where = table + struct.unpack_from("<H", data, vtable + 4 + 2 * index)[0]
        return int(where + struct.unpack_from("<I", data, where)[0])

    root = struct.unpack_from("<I", data, 0)[0]
    graphs = field(root, 2)
    graph = graphs + 4 + struct.unpack_from("<I", data, graphs + 4)[0]
    outputs = field(graph, 2)
    if struct.unpack_from("<I", data, outputs)[0] != 1:
        raise ValueError("the teacher's TFLite file should have exactly one output")
    struct.pack_into("<i", data, outputs + 4, tensor)
    return bytes(data)


class Teacher:
    """MobileNetV2 in TFLite: uint8 pictures in, uint8 pooled features out."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._net = Interpreter(model_content=_with_output(path.read_bytes(), POOLED_TENSOR), num_threads=threads)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        output = self._net.get_output_details()[0]
        if int(np.prod(output["shape"])) != FEATURES:
            raise ValueError(f"{path}: tensor {POOLED_TENSOR} is {output['shape']}, not the pooled feature")
        self._output = output["index"]
        self.scale, self.zero = output["quantization"]

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Pooled feature uint8 [1280] of a picture uint8 [224, 224, 3]."""
        self._net.set_tensor(self._input, picture[None])
        self._net.invoke()
        return self._net.get_tensor(self._output).reshape(-1)


def crop_for_teacher(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The box (fractions) of a picture uint8 [H, W, 3], as uint8 [224, 224, 3]."""
    height, width = picture.shape[:2]
    where = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    resized = Image.fromarray(picture).resize((INPUT_PX, INPUT_PX), Image.Resampling.BILINEAR, box=where)
    return np.asarray(resized)


def make_view(photos: Photos, teacher: Path, out: Path, view: int, seed: int, threads: int = 2) -> None:
    """Write view number `view` (file view-KK.npz) unless it is there; view 0 is the whole picture."""
    path = out / f"view-{view:02d}.npz"
    if path.exists():
        return
    rng = np.random.default_rng([seed, view])
    count = len(photos)
    boxes = draw_boxes(count, CLOSE if view % 4 == 3 else WIDE, rng)
    if view == 0:
        boxes[:] = (0, 0, 1, 1)
    net = Teacher(teacher, threads)
    features = np.stack([net(crop_for_teacher(photos.pixels[i], boxes[i])) for i in range(count)])
    part = path.with_suffix(".part.npz")
    np.savez(part, boxes=boxes, features=features, scale=net.scale, zero=net.zero)
    part.rename(path)


def load_views(folder: Path) -> Views:
    """All views written so far."""
    files = sorted(p for p in folder.glob("view-*.npz") if ".part" not in p.name)
    if not files:
        raise FileNotFoundError(f"no teacher views in {folder}: run `python -m training.run` from its start")
    loaded = [np.load(p) for p in files]
    return Views(np.stack([v["boxes"] for v in loaded]), np.stack([v["features"] for v in loaded]))
