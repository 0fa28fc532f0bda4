"""Evidence place by place: shapes, what each kind of tower gives, and that it points where the emitter is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models_tiny import CONFIG, write_folder

from sonify.errors import ModelError


def _model(tmp_path: Path, vision: dict[str, Any]) -> Any:
    from sonify.models.registry import load
    from sonify.settings import ModelSettings

    config = json.loads(json.dumps(CONFIG))
    config["model_cfg"]["vision_cfg"] = vision
    folder = write_folder(tmp_path / "model", config)
    return load(ModelSettings(name=str(folder), device="cpu"))


def _unit(rows: int, width: int) -> np.ndarray:
    found = np.random.default_rng(1).normal(size=(rows, width)).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize(
    ("vision", "grid"),
    [
        # (towers that see any size get the whole picture at twice their size; others tiles of their own grid)
        ({"timm_model_name": "resnet10t", "timm_model_pretrained": False, "timm_pool": "avg",
          "timm_proj": "linear", "image_size": 64}, (4, 8)),
        ({"image_size": 64, "layers": [1, 1, 1, 1], "width": 16}, (4, 8)),
        ({"image_size": 64, "layers": 2, "width": 64, "patch_size": 16}, (4, 8)),
        ({"timm_model_name": "test_vit", "timm_model_pretrained": False, "timm_pool": "",
          "timm_proj": "linear", "image_size": 160}, (10, 20)),
    ],
    ids=["timm-cnn", "resnet", "vit", "timm-vit"],
)  # fmt: skip
def test_every_kind_of_tower_gives_a_map_of_the_whole_picture(
    tmp_path: Path, vision: dict[str, Any], grid: tuple[int, int]
) -> None:
    from sonify.models.dense import label_maps

    model = _model(tmp_path, vision)
    frames = np.random.default_rng(0).integers(0, 255, (3, 60, 120, 3), dtype=np.uint8)
    labels, null = _unit(5, 32), _unit(2, 32)
    maps = label_maps(model, frames, labels, null).maps
    assert maps.shape == (3, 5, *grid) and maps.dtype == np.float32
    assert np.isfinite(maps).all() and np.abs(maps).max() <= 2
    one = label_maps(model, frames[1:2], labels[2:3], null).maps
    assert one[0, 0] == pytest.approx(maps[1, 2], abs=1e-4)  # each label and each frame by itself


def test_no_frames_give_no_maps_and_nonsense_is_refused(tmp_path: Path) -> None:
    from sonify.models.dense import label_maps

    model = _model(tmp_path, CONFIG["model_cfg"]["vision_cfg"])
    labels, null = _unit(2, 32), _unit(1, 32)
    assert len(label_maps(model, np.zeros((0, 8, 8, 3), np.uint8), labels, null).maps) == 0
    with pytest.raises(ModelError, match="float32"):
        label_maps(model, np.zeros((1, 8, 8, 3), np.float32), labels, null)  # type: ignore[arg-type]


def test_places_of_an_averaging_tower_average_to_its_vector(tmp_path: Path) -> None:
    """What makes the maps evidence: the vector of a picture is the mean of its places' (before their lengths go)."""
    import torch

    from sonify.models import dense

    model = _model(tmp_path, {"timm_model_name": "resnet10t", "timm_model_pretrained": False, "timm_pool": "avg",
                              "timm_proj": "linear", "image_size": 64})  # fmt: skip
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        places = dense._of_timm(model.module.visual, pictures)
        whole = model.module.encode_image(pictures)
    assert places.mean((1, 2)).numpy() == pytest.approx(whole.numpy(), abs=1e-4)


def test_the_built_in_model_points_at_a_fire() -> None:
    from sonify.matching.saliency import regions
    from sonify.models.dense import label_maps
    from sonify.models.registry import load
    from sonify.models.text import embed_labels, embed_null
    from sonify.settings import ModelSettings
    from training.draw import RECIPES

    model = load(ModelSettings(name="sonify-mini", device="cpu"))
    words, null = embed_labels(model, [["a campfire"]]), embed_null(model)
    for left, side in ((0, -1), (300, 1)):
        frame = np.full((140, 440, 3), 90, np.uint8)
        fire = np.clip(
            RECIPES["campfire"][0](np.random.default_rng(3), np.full((112, 112, 3), 0.35, np.float32)), 0, 1
        )
        frame[20:132, left + 10 : left + 122] = (fire * 255).astype(np.uint8)
        found = regions(label_maps(model, frame[None], words, null).maps[:, 0], model.calibration)
        assert found.pans[0] * side > 0.3


def test_grad_cam_maps_are_of_the_whole_picture_and_no_surer_than_the_model(tmp_path: Path) -> None:
    from sonify.models.gradcam import gradcam_maps, heat_maps, must_be_resnet

    model = _model(tmp_path, {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16})
    frames = np.random.default_rng(0).integers(0, 255, (2, 60, 120, 3), dtype=np.uint8)
    labels, null = _unit(5, 32), _unit(2, 32)
    maps = gradcam_maps(model, frames, labels, null).maps
    assert maps.shape == (2, 5, 2, 4) and maps.dtype == np.float32 and np.isfinite(maps).all()
    seen = model.embed_frames(frames).vectors
    assert np.all(maps <= (seen @ labels.T - (seen @ null.T).max(-1, keepdims=True)).max(1)[..., None, None] + 1e-5)
    assert gradcam_maps(model, frames[:0], labels, null).maps.shape[:2] == (0, 5)
    with pytest.raises(ModelError, match="dense"):
        must_be_resnet(_model(tmp_path / "vit", CONFIG["model_cfg"]["vision_cfg"]))
    import torch

    heat, _ = heat_maps(model.module.visual, torch.randn(2, 3, 64, 64), torch.from_numpy(labels))
    assert heat.shape == (2, 5, 2, 2) and heat.min() >= 0 and heat.max() == 1


def test_places_that_look_aside_are_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from sonify.models import aside, dense

    pictures = torch.arange(64.0).expand(1, 3, 64, 64)
    for off, (left, right) in ((-25, (0, 32)), (25, (32, 0)), (-40, (0, 64))):
        wide = aside.widened(pictures, off)
        assert wide.shape == (1, 3, 64 + left + right, 64 + left + right)
        assert torch.equal(wide[0, 0, left, left : left + 64], pictures[0, 0, 0])
        # A tower whose places tell where they look: the middle of each, moved by what they look aside.
        said = (torch.arange((64 + left + right) / 32) + 0.5) * 32 + off - left
        straight = aside.straightened(said.expand(1, 1, len(said), len(said)), off)
        assert straight[0, 0, 0].tolist() == pytest.approx([16, 48])
    assert torch.equal(aside.straightened(torch.ones(1, 1, 2, 2), 0), torch.ones(1, 1, 2, 2))
    model = _model(tmp_path, {"timm_model_name": "resnet10t", "timm_model_pretrained": False, "timm_pool": "avg",
                              "timm_proj": "linear", "image_size": 64})  # fmt: skip
    frames = np.random.default_rng(0).integers(0, 255, (1, 60, 120, 3), dtype=np.uint8)
    shapes = set()
    for off in (0, -25, 20):
        monkeypatch.setattr(dense, "aside_px", lambda *_, off=off: off)
        shapes.add(dense.label_maps(model, frames, _unit(2, 32), _unit(1, 32)).maps.shape)
    assert shapes == {(1, 2, 4, 8)}


def test_how_far_aside_a_tower_looks_is_measured() -> None:
    import torch

    from sonify.models.aside import aside_px

    for more in (-25, 0, 12):

        def places(pictures: torch.Tensor, more: int = more) -> torch.Tensor:
            """Means over squares of 32 px that are moved by `more`."""
            found = torch.nn.functional.avg_pool2d(torch.roll(pictures, (-more, -more), (2, 3)), 32)
            return torch.nn.functional.normalize(found.permute(0, 2, 3, 1), dim=-1)

        assert aside_px(torch.nn.Identity(), places, "cpu", torch.float32) == pytest.approx(more, abs=4)
