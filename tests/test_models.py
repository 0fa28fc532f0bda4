"""One contract for every image-text model, and how ClipModel refuses what it can't load."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from models_tiny import CONFIG, SIZE_PX, open_clip_says_nothing, state, write_folder

from sonify.errors import ModelError, SettingsError
from sonify.models import registry
from sonify.models.calibration import OPENAI_CLIP
from sonify.models.clip import ClipModel
from sonify.models.interface import Box, ImageTextModel
from sonify.settings import ModelSettings

KINDS = ("sonify-mini", "folder", "timm folder", "resnet folder", "safetensors", "pt", "wrapped pt")
TIMM = {
    "model_cfg": {
        "embed_dim": 24,
        "vision_cfg": {"timm_model_name": "resnet10t", "timm_pool": "avg", "timm_proj": "linear", "image_size": 64},
        "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        "custom_text": True,
    },
    "preprocess_cfg": {"interpolation": "bilinear", "resize_mode": "squash"},
}
RESNET = {
    "model_cfg": {
        "embed_dim": 40,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
        "quick_gelu": True,
    },
}


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("caches")
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(folder / "sonify"))
    monkeypatch.setenv("HF_HOME", str(folder / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What to call each kind of model; all but sonify-mini with random weights."""
    import torch
    from safetensors.torch import save_file

    folder = write_folder(tmp_path_factory.mktemp("tiny"))
    timm = write_folder(tmp_path_factory.mktemp("timm"), TIMM)
    resnet = write_folder(tmp_path_factory.mktemp("resnet"), RESNET)
    weights = state()
    (beside := tmp_path_factory.mktemp("checkpoints")).joinpath("open_clip_config.json").write_text(
        json.dumps(CONFIG)
    )
    save_file({k: v.contiguous() for k, v in weights.items()}, str(beside / "a.safetensors"))
    torch.save(weights, beside / "b.pt")
    torch.save({"state_dict": {f"module.{k}": v for k, v in weights.items()}, "epoch": 3}, beside / "c.pt")
    return {
        "sonify-mini": "sonify-mini",
        "folder": f"local-dir:{folder}",
        "timm folder": str(timm),
        "resnet folder": str(resnet),
        "safetensors": str(beside / "a.safetensors"),
        "pt": str(beside / "b.pt"),
        "wrapped pt": str(beside / "c.pt"),
    }


def load(name: str, view: str = "tiles", **options: object) -> ClipModel:
    return registry.load(ModelSettings(name=name, device="cpu", **options), view=view)


@pytest.fixture(scope="module")
def models(names: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, ClipModel]:
    os.environ["SONIFY_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    try:
        there = [kind for kind in KINDS if kind != "sonify-mini" or registry.mini_is_present()]
        return {kind: load(names[kind]) for kind in there}
    finally:
        del os.environ["SONIFY_CACHE_DIR"]


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, models: dict[str, ClipModel]) -> ClipModel:
    if request.param not in models:
        pytest.skip("sonify-mini's weights are not in this checkout yet")
    return models[request.param]


def pictures(count: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)
    return np.ascontiguousarray(
        coarse.repeat(-(-height // 6), axis=1).repeat(-(-width // 8), axis=2)[:, :height, :width]
    )


def test_it_is_an_image_text_model(model: ImageTextModel, names: dict[str, str]) -> None:
    assert model.name in names.values()
    assert len(model.weights) == 16 and int(model.weights, 16) >= 0
    assert model.image_size_px >= 32
    assert model.calibration.scale > 0


@pytest.mark.parametrize(
    ("height", "width", "views"), [(90, 160, 2), (100, 100, 1), (40, 160, 4), (160, 90, 2), (7, 11, 2), (5, 5, 1)]
)
def test_frames_become_unit_vectors_with_boxes_that_cover_the_picture(
    model: ImageTextModel, height: int, width: int, views: int
) -> None:
    found = model.embed_frames(pictures(3, height, width))
    assert found.vectors.shape[:2] == (3, views) and found.vectors.dtype == np.float32
    assert len(found.boxes) == views
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=-1), 1, atol=1e-5)
    assert min(b.left for b in found.boxes) == 0 and max(b.right for b in found.boxes) == 1
    assert min(b.top for b in found.boxes) == 0 and max(b.bottom for b in found.boxes) == 1


def test_no_frames_and_no_phrases_are_fine(model: ImageTextModel) -> None:
    found = model.embed_frames(np.zeros((0, 90, 160, 3), np.uint8))
    assert found.vectors.shape[:2] == (0, 2) and len(found.boxes) == 2
    assert model.embed_phrases([]).shape == (0, found.vectors.shape[2])


def test_phrases_become_unit_vectors_of_the_same_space(model: ImageTextModel) -> None:
    found = model.embed_phrases(["a dog", "waves on a beach", "a dog", "", "žluťoučký 犬", "word " * 200])
    assert found.shape == (6, model.embed_frames(pictures(1, 64, 64)).vectors.shape[2])
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)
    assert float(found[0] @ found[1]) < 0.9999


def test_a_frame_gets_the_same_vector_alone_and_among_others(model: ImageTextModel) -> None:
    frames = pictures(5, 90, 160)
    together = model.embed_frames(frames).vectors
    alone = np.concatenate([model.embed_frames(frames[n : n + 1]).vectors for n in range(5)])
    np.testing.assert_allclose(together, alone, atol=2e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-4


def test_parts_of_frames_are_seen_by_themselves(model: ImageTextModel) -> None:
    frames = pictures(3, 100, 100)
    frames.setflags(write=False)
    whole, corner, dot = Box(0, 0, 1, 1), Box(0.5, 0, 1, 0.5), Box(0.999, 0.2, 1.0, 0.2)
    found = model.embed_parts(frames, [(whole, corner), (), (dot,)])
    assert found.vectors.shape[:2] == (3, 2) and found.vectors.dtype == np.float32
    assert found.there.tolist() == [[True, True], [False, False], [True, False]]
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=-1), found.there, atol=1e-5)
    as_a_frame = np.ascontiguousarray(frames[:1, :50, 50:])
    np.testing.assert_allclose(found.vectors[0, 0], model.embed_frames(frames[:1]).vectors[0, 0], atol=2e-5)
    np.testing.assert_allclose(found.vectors[0, 1], model.embed_frames(as_a_frame).vectors[0, 0], atol=2e-5)
    alone = model.embed_parts(frames[2:], [(dot,)])
    np.testing.assert_allclose(found.vectors[2, 0], alone.vectors[0, 0], atol=2e-5)
    assert found[1:].parts == ((), (dot,))


def test_parts_of_no_frames_and_no_parts_are_fine(model: ImageTextModel) -> None:
    assert model.embed_parts(np.zeros((0, 9, 16, 3), np.uint8), []).vectors.shape[:2] == (0, 0)
    assert model.embed_parts(pictures(2, 9, 16), [(), ()]).vectors.shape[:2] == (2, 0)
    with pytest.raises(ModelError, match="parts of 1 frames, but 2"):
        model.embed_parts(pictures(2, 9, 16), [()])


def test_a_phrase_gets_the_same_vector_alone_and_beside_a_long_one(model: ImageTextModel) -> None:
    alone = model.embed_phrases(["a dog"])[0]
    beside = model.embed_phrases(["a dog", "a very long sentence about many dogs and cats on a beach in the rain"])[0]
    np.testing.assert_allclose(alone, beside, atol=2e-5)


def test_frames_may_be_read_only_or_slices(model: ImageTextModel) -> None:
    frames = pictures(4, 90, 160)
    frames.flags.writeable = False
    sliced = model.embed_frames(frames[::2, :, ::-1])
    copied = model.embed_frames(frames[::2, :, ::-1].copy())
    np.testing.assert_allclose(sliced.vectors, copied.vectors, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 90, 160), (1, 90, 160, 4), (1, 0, 160, 3)])
def test_what_are_no_frames_is_refused(model: ImageTextModel, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="N, H, W, 3"):
        model.embed_frames(np.zeros(shape, np.uint8))


def test_the_batch_size_changes_nothing_but_memory(names: dict[str, str]) -> None:
    frames = pictures(5, 90, 160)
    one, many = load(names["folder"], batch_size=1), load(names["folder"], batch_size=64)
    np.testing.assert_allclose(one.embed_frames(frames).vectors, many.embed_frames(frames).vectors, atol=2e-5)


def test_all_forms_of_the_same_weights_agree(models: dict[str, ClipModel]) -> None:
    frames = pictures(2, 64, 64)
    want = models["folder"].embed_frames(frames).vectors
    for kind in ("safetensors", "pt", "wrapped pt"):
        np.testing.assert_allclose(models[kind].embed_frames(frames).vectors, want, atol=1e-6)
    assert models["folder"].weights == models["safetensors"].weights != models["pt"].weights


def test_trimming_the_context_changes_no_vector(names: dict[str, str]) -> None:
    import open_clip
    import torch

    phrases = ["a dog", "waves on a beach with gulls above", "x"]
    with open_clip_says_nothing(), torch.inference_mode():
        plain = open_clip.create_model(names["folder"]).eval()
        want = plain.encode_text(open_clip.get_tokenizer(names["folder"])(phrases), normalize=True).numpy()
    model = load(names["folder"])
    np.testing.assert_allclose(model.embed_phrases(phrases), want, atol=1e-5)
    np.testing.assert_allclose(model.embed_phrases(phrases[:1]), want[:1], atol=1e-5)


def test_bf16_stays_close_to_fp32(names: dict[str, str]) -> None:
    frames = pictures(3, 64, 64)
    for kind in ("folder", "timm folder", "resnet folder"):
        full, half = load(names[kind]), load(names[kind], precision="bf16")
        cosines = (full.embed_frames(frames).vectors * half.embed_frames(frames).vectors).sum(-1)
        assert cosines.min() > 0.99
        assert (full.embed_phrases(["a dog"]) * half.embed_phrases(["a dog"])).sum() > 0.99


def test_calibration_comes_from_the_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "m")
    assert load(str(folder)).calibration == OPENAI_CLIP
    (folder / "calibration.json").write_text('{"scale": 12.5, "bias": -2, "fitted_on": "held-out photographs"}')
    assert load(str(folder)).calibration.scale == 12.5
    for text in ('{"scale": 0, "bias": 1}', '{"scale": NaN, "bias": 1}', '{"scale": 3}', "[]", "nonsense"):
        (folder / "calibration.json").write_text(text)
        with pytest.raises(ModelError, match=r"calibration\.json"):
            load(str(folder))


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("protocol", ["torch", "pickle"])
def test_a_checkpoint_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path, protocol: str) -> None:
    import torch

    path, trace = tmp_path / "evil.pt", tmp_path / "was-here"
    if protocol == "torch":
        torch.save({"state_dict": Malicious(trace)}, path)
    else:
        path.write_bytes(pickle.dumps(Malicious(trace)))
    with pytest.raises(ModelError, match="runs no code"):
        load(f"ViT-B-32:{path}")
    assert not trace.exists()


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    import torch

    folder = write_folder(tmp_path / "m")
    weights = folder / "open_clip_model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:4], b"", b"\xff" * 64, (1 << 62).to_bytes(8, "little")):
        weights.write_bytes(damaged)
        with pytest.raises(ModelError, match="damaged"):
            load(str(folder))
    weights.unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        load(str(folder))
    for content in ({}, [1, 2], {"state_dict": {}}, {"a": 1}):
        torch.save(content, folder / "w.pt")
        with pytest.raises(ModelError, match="holds no weights"):
            load(str(folder / "w.pt"))
    (folder / "w.pt").write_text("not a checkpoint")
    with pytest.raises(ModelError, match="damaged"):
        load(str(folder / "w.pt"))


def test_weights_of_nothing_are_noticed(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folder = write_folder(tmp_path / "m")
    broken = {key: torch.full_like(value, float("nan")) for key, value in state().items()}
    save_file(broken, str(folder / "open_clip_model.safetensors"))
    model = load(str(folder))
    with pytest.raises(ModelError, match="damaged"):
        model.embed_frames(pictures(1, 64, 64))
    with pytest.raises(ModelError, match="damaged"):
        model.embed_phrases(["a dog"])


def test_weights_of_another_architecture_are_refused(tmp_path: Path, names: dict[str, str]) -> None:
    other = write_folder(tmp_path / "m", TIMM)
    (other / "open_clip_config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(ModelError, match="don't fit"):
        load(str(other))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"vision_cfg": {"timm_model_name": "hf-hub:someone/something", "image_size": 64}}, "timm"),
        ({"vision_cfg": {"timm_model_name": "no_such_tower", "image_size": 64}}, "can't be built"),
        ({"text_cfg": {"hf_model_name": "roberta-base"}}, "transformers"),
        ({"text_cfg": {"hf_tokenizer_name": 3}}, "names the tokenizer"),
        ({"embed_dim": 10**12}, "absurd"),
        ({"embed_dim": "many"}, "no image-text model"),
        ({"vision_cfg": None}, "no image-text model"),
        ({"vision_cfg": {"image_size": 64, "layers": "x", "width": 64, "patch_size": 16}}, "can't be built"),
    ],
)
def test_configurations_that_are_strange_are_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    folder = write_folder(tmp_path / "m")
    config = {**CONFIG, "model_cfg": {**CONFIG["model_cfg"], **change}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=says):
        load(str(folder))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_cfg": 3}', "[" * 100_000, '{"model_cfg": {}}', "\xff"])
def test_files_that_are_no_configurations_are_refused(tmp_path: Path, text: str) -> None:
    folder = write_folder(tmp_path / "m")
    (folder / "open_clip_config.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match=r"open_clip_config\.json"):
        load(str(folder))


def test_a_device_that_is_not_there_is_refused(names: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="cpu"):
        registry.load(ModelSettings(name=names["folder"], device="cuda:99"))
    with pytest.raises(SettingsError, match="cpu"):
        registry.load(ModelSettings(name=names["folder"], device="toaster"))
    assert registry.settle_device("auto")


def test_the_centre_view_is_open_clips_own_transform(names: dict[str, str]) -> None:
    import open_clip
    import torch
    from PIL import Image

    for kind in ("folder", "timm folder"):
        name = names[kind] if names[kind].startswith("local-dir:") else f"local-dir:{names[kind]}"
        with open_clip_says_nothing():
            plain, _, transform = open_clip.create_model_and_transforms(name)
        model = load(names[kind], view="centre")
        for height, width in ((90, 160), (161, 90), (64, 64), (200, 201), (SIZE_PX, 70)):
            picture = pictures(1, height, width)
            with torch.inference_mode():
                ready = transform(Image.fromarray(picture[0]))[None]
                want = plain.eval().encode_image(ready, normalize=True).numpy()
            assert float((model.embed_frames(picture).vectors[0] @ want[0]).item()) > 0.9999


def test_weights_get_the_activation_and_preprocessing_that_they_were_trained_with(tmp_path: Path) -> None:
    from sonify.models.checkpoints import Blueprint
    from sonify.models.clip import _configuration

    def extras(architecture: str, tag: str) -> dict[str, object]:
        return _configuration(Blueprint("x", tmp_path / "w", architecture, tag))[2]

    assert extras("RN50", "openai")["force_quick_gelu"] is True
    assert "force_quick_gelu" not in extras("ViT-B-32", "datacomp_xl_s13b_b90k")
    assert "force_quick_gelu" not in extras("ViT-B-32", "")
    for tag in ("datacompdr", ""):  # with one's own weights: what all known weights agree on
        found = extras("MobileCLIP-S1", tag)["force_preprocess_cfg"]
        assert found == {"mean": (0, 0, 0), "std": (1, 1, 1), "interpolation": "bilinear", "resize_mode": "shortest"}


@pytest.mark.gpu
def test_on_a_gpu_half_precision_stays_close(names: dict[str, str]) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    frames = pictures(3, 90, 160)
    for kind in ("folder", "timm folder", "resnet folder"):
        plain = load(names[kind])
        for precision in ("auto", "fp16", "bf16", "fp32"):
            fast = registry.load(ModelSettings(name=names[kind], device="cuda", precision=precision))
            assert (plain.embed_frames(frames).vectors * fast.embed_frames(frames).vectors).sum(-1).min() > 0.99
            assert (plain.embed_phrases(["a dog"]) * fast.embed_phrases(["a dog"])).sum() > 0.99


@pytest.mark.parametrize("architecture", ["ViT-B-32", "sonify-mini"])
def test_real_photographs_get_open_clips_own_vectors(architecture: str, shared: Path) -> None:
    import open_clip
    import torch
    from PIL import Image

    from sonify import resources
    from sonify.models.clip import _recipe

    if architecture == "sonify-mini" and not registry.mini_is_present():
        pytest.skip("sonify-mini's weights are not in this checkout yet")
    with open_clip_says_nothing():
        torch.manual_seed(0)
        name = f"local-dir:{resources.mini_model()}" if architecture == "sonify-mini" else architecture
        plain, _, transform = open_clip.create_model_and_transforms(name)
        plain.eval()
    if architecture == "sonify-mini":
        model = load("sonify-mini", view="centre")
    else:
        options = {"name": name, "weights": "0" * 16, "dimensions": 512, "view": "centre"}
        model = ClipModel(plain, open_clip.get_tokenizer(name), _recipe(plain), **options)
    photographs = sorted((shared / "clip-vectors" / "unsplash").glob("*.jpg"))[::24]
    assert len(photographs) > 4
    pictures = [Image.open(path).convert("RGB") for path in photographs]
    with torch.inference_mode():
        want = plain.encode_image(torch.stack([transform(p) for p in pictures]), normalize=True).numpy()
    found = np.stack([model.embed_frames(np.asarray(p)[None]).vectors[0, 0] for p in pictures])
    assert (found * want).sum(-1).min() >= 0.995
