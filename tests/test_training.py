"""How the built-in model is made: the pieces, on pictures of a few pixels and seconds of training."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonify.models.calibration import NULL_PHRASES

MINI = Path(__file__).parent.parent / "sonify" / "models" / "mini"


def _folder(tmp_path: Path) -> Path:
    """A plain picture folder: twelve pictures of two concepts."""
    source = tmp_path / "pictures"
    source.mkdir()
    rng = np.random.default_rng(0)
    lines = ["file,concept"]
    for n in range(12):
        concept = ("dog", "sea")[n % 2]
        pixels = rng.integers(0, 255, (40, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(source / f"{n}.png")
        lines.append(f"{n}.png,{concept}")
    (source / "captions.csv").write_text("\n".join(lines) + "\n")
    return source


def test_a_plain_folder_is_read_once_and_split(tmp_path: Path) -> None:
    from training.data import SIDE_PX, load_photos

    source = _folder(tmp_path)
    photos = load_photos(source, tmp_path / "cache")
    assert photos.pixels.shape == (12, SIDE_PX, SIDE_PX, 3)
    assert photos.concept_names() == ["dog", "sea"]
    assert len(photos.rows("train")) + len(photos.rows("test")) == 12
    (source / "0.png").unlink()
    assert len(load_photos(source, tmp_path / "cache")) == 12  # from the cache


def test_a_folder_of_neither_kind_is_refused(tmp_path: Path) -> None:
    from training.data import load_photos

    with pytest.raises(FileNotFoundError, match="labels.csv"):
        load_photos(tmp_path, tmp_path / "cache")


def test_drawings_are_pictures_and_repeatable() -> None:
    from training.data import SIDE_PX
    from training.draw import RECIPES

    backdrop = np.random.default_rng(1).random((SIDE_PX, SIDE_PX, 3)).astype(np.float32)
    for concept, (recipe, _) in RECIPES.items():
        once = np.clip(recipe(np.random.default_rng(5), backdrop), 0, 1)
        again = np.clip(recipe(np.random.default_rng(5), backdrop), 0, 1)
        assert once.shape == (SIDE_PX, SIDE_PX, 3), concept
        assert np.isfinite(once).all() and (once == again).all(), concept
        other = np.clip(recipe(np.random.default_rng(6), backdrop), 0, 1)
        assert np.abs(once - other).mean() > 0.003, concept


def test_crops_stay_inside_the_picture() -> None:
    from training.teacher import draw_boxes

    boxes = draw_boxes(500, (0.25, 1.0), np.random.default_rng(0))
    assert (boxes >= 0).all() and (boxes <= 1 + 1e-6).all()
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert area.min() > 0.2 and area.max() <= 1


def test_augmentation_keeps_shapes_and_range_and_mixes_as_it_says() -> None:
    import torch

    from training import augment

    torch.manual_seed(0)
    pictures = torch.rand(8, 3, 40, 40)
    boxes = torch.tensor([[0.1, 0.1, 0.9, 0.8]]).repeat(8, 1)
    x = augment.erase(augment.photometric(augment.crop(pictures, boxes, 32)), 0.5)
    assert x.shape == (8, 3, 32, 32) and x.min() >= 0 and x.max() <= 1
    flat = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 32, 32)
    for _ in range(20):
        mixed, partner, own = augment.mix(flat, 1.0)
        expected = own * torch.arange(8.0) + (1 - own) * torch.arange(8.0)[partner]
        assert torch.allclose(mixed.mean((1, 2, 3)), expected, atol=1e-4)


def test_held_out_phrases_are_not_trained_on() -> None:
    from training.concepts import all_concepts
    from training.data import Photos
    from training.phrases import build_book, held_out, read_words

    concepts = [c for c in read_words() if c != "nothing"]
    photos = Photos(np.zeros((0, 1, 1, 3), np.uint8), tuple(concepts), tuple(concepts), ("train",) * len(concepts))
    classes = all_concepts(photos.concept_names())
    book = build_book(photos, classes, [f"label {n}" for n in range(1000)])
    outside = held_out()
    assert len(outside) >= 150
    assert {c for c, _ in outside} <= set(classes)
    assert not {p.lower() for _, p in outside} & set(book.phrases)
    anchors = np.eye(len(classes) + 1001, dtype=np.float32)
    targets = book.targets(anchors)
    assert np.allclose(np.linalg.norm(targets, axis=1), 1, atol=1e-5)
    nothing = classes.index("nothing")
    for phrase in NULL_PHRASES:
        row = int(targets[book.phrases.index(phrase)].argmax())
        assert row in (nothing, classes.index("person face")), phrase


def test_the_fit_finds_the_curve_it_was_given() -> None:
    from training.calibrate import logistic

    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 20000)
    y = (rng.random(20000) < 1 / (1 + np.exp(-(9 * x - 2)))).astype(float)
    scale, bias = logistic(x, y)
    assert scale == pytest.approx(9, abs=0.6)
    assert bias == pytest.approx(-2, abs=0.2)


def test_an_exported_model_gives_back_its_text_vectors(tmp_path: Path) -> None:
    import open_clip
    import torch

    from training.export import export
    from training.loaded import load
    from training.text_tower import encode, new_model

    torch.manual_seed(0)
    model = new_model().eval()
    state = {k: v for k, v in model.state_dict().items() if k.startswith("visual.")}
    folder = export(model, {**state, "log_scale": torch.tensor(2.7)}, tmp_path / "model")
    phrases = ["a dog barking", "waves on a beach"]
    with torch.no_grad():
        wanted = encode(model, open_clip.SimpleTokenizer(context_length=32)(phrases)).numpy()
    found = load(folder).phrases(phrases)
    assert (found * wanted).sum(1) == pytest.approx(1, abs=1e-3)
    assert (folder / "open_clip_model.safetensors").stat().st_size < 30_000_000


def test_the_built_in_model_knows_drawn_scenes_and_rejects_nothing() -> None:
    from training.data import SIDE_PX
    from training.draw import RECIPES, nothing
    from training.loaded import load

    model = load(MINI)
    known = json.loads((MINI / "calibration.json").read_text())
    backdrop = np.full((SIDE_PX, SIDE_PX, 3), 0.4, np.float32)

    def pictures(recipe: str, count: int = 24) -> np.ndarray:
        draw = nothing if recipe == "nothing" else RECIPES[recipe][0]
        # Seeds that training never used.
        made = [np.clip(draw(np.random.default_rng([77, n]), backdrop), 0, 1) for n in range(count)]
        return model.pictures((np.stack(made) * 255).astype(np.uint8))

    labels = ["fireworks", "a campfire", "lightning", "a dog", "a piano", "a train", "the sea", "a crowd"]
    words = model.labels([[label] for label in labels])
    for recipe, label in (("fireworks", "fireworks"), ("campfire", "a campfire"), ("lightning", "lightning")):
        best = (pictures(recipe) @ words.T).argmax(1)
        assert (best == labels.index(label)).mean() >= 0.7, recipe
    empty = pictures("nothing", 60)
    margin = (empty @ words.T).max(1) - (empty @ model.phrases(list(NULL_PHRASES)).T).max(1)
    assert (known["scale"] * margin + known["bias"] > 0).mean() < 0.2


def test_a_started_tower_computes_what_the_file_says(tmp_path: Path) -> None:
    import timm
    import torch

    from training.start import SOURCE_EPS, hold, start_weights

    torch.manual_seed(0)
    source = timm.create_model("tf_efficientnet_lite0", num_classes=1000).eval()
    for norm in source.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            assert norm.eps == SOURCE_EPS
            norm.running_var.uniform_(0.002, 0.5)  # small enough that the epsilon counts
            norm.running_mean.normal_(0, 0.1)
    stored = source.state_dict()
    last = ("classifier.weight", "classifier.bias")
    theirs = {f"_{name}": value for name, value in stored.items() if name not in last}
    theirs |= {"_fc.weight": stored[last[0]], "_fc.bias": stored[last[1]]}
    torch.save(theirs, tmp_path / "weights.pth")
    trunk = timm.create_model("efficientnet_lite0", num_classes=0)
    trunk.load_state_dict(start_weights(tmp_path / "weights.pth", trunk))
    trunk.eval()
    with torch.no_grad():
        flat = torch.full((1, 3, 64, 64), 0.3)
        # In the middle of an even picture the two ways of padding make no difference.
        wanted = source.blocks[0](source.bn1(source.conv_stem(flat)))[..., 8:24, 8:24]
        found = trunk.blocks[0](trunk.bn1(trunk.conv_stem(flat)))[..., 8:24, 8:24]
    assert torch.allclose(found, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))

    for norm in trunk.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_var.uniform_(0.5, 2)
    held = timm.create_model("efficientnet_lite0", num_classes=0)
    held.load_state_dict(trunk.state_dict())
    hold(held.train(), 2)
    # In double precision: in single, rounding moves a few values over a kink of ReLU6, and their gradients with them.
    trunk, held = trunk.double(), held.double()
    pictures = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    plain, folded = pictures.clone().requires_grad_(), pictures.clone().requires_grad_()
    sides = (trunk(plain), held(folded))
    assert torch.allclose(*sides, atol=1e-4 * float(sides[0].detach().abs().max()))
    for side in sides:
        side.square().sum().backward()
    assert torch.allclose(plain.grad, folded.grad, atol=1e-3 * float(plain.grad.abs().max()))
    learned = {name for name, part in held.named_parameters() if part.requires_grad}
    assert not any(name.startswith(("conv_stem", "bn1", "blocks.0", "blocks.1")) for name in learned)
    for name, part in held.named_parameters():
        if name in learned:
            same = dict(trunk.named_parameters())[name].grad
            assert torch.allclose(part.grad, same, atol=2e-3 * float(same.abs().max())), name


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import timm
    import torch

    from training.start import start_weights

    trunk = timm.create_model("efficientnet_lite0", num_classes=0)
    stored = trunk.state_dict()
    torch.save(stored | {"_more.weight": torch.zeros(1)}, tmp_path / "more.pth")
    with pytest.raises(ValueError, match="another network"):
        start_weights(tmp_path / "more.pth", trunk)
    torch.save(stored | {"conv_stem.weight": torch.zeros(32, 3, 5, 5)}, tmp_path / "stem.pth")
    with pytest.raises(ValueError, match="conv_stem"):
        start_weights(tmp_path / "stem.pth", trunk)


def test_film_leaves_a_picture_recognisable_and_its_borders_black() -> None:
    import torch

    from training import augment

    torch.manual_seed(0)
    ramp = torch.linspace(0.2, 0.8, 64).view(1, 1, 1, -1).expand(200, 3, 64, 64).clone()
    seen = augment.filmed(ramp)
    assert seen.shape == ramp.shape and seen.min() >= 0 and seen.max() <= 1
    changed = (seen - ramp).abs().amax((1, 2, 3)) > 1e-6
    assert 0.2 < changed.float().mean() < 0.7
    bars = (seen[:, :, 0, 32] == 0).all(1) | (seen[:, :, 32, 0] == 0).all(1)
    assert 0 < bars.float().mean() < 0.25
    assert (seen - ramp)[~bars, :, 20:44, 20:44].abs().mean() < 0.05


def test_words_of_an_earlier_run_stay_what_they_were() -> None:
    import torch

    from training.loaded import load
    from training.text_tower import CONTEXT, earlier_words, encode

    import open_clip  # isort: skip

    phrases = ["a dog barking", "waves on a beach"]
    model = earlier_words(MINI, "efficientnet_lite0")
    with torch.no_grad():
        found = encode(model, open_clip.SimpleTokenizer(context_length=CONTEXT)(phrases)).numpy()
    assert (found * load(MINI).phrases(phrases)).sum(1) == pytest.approx(1, abs=1e-3)


def test_a_start_without_the_words_of_an_earlier_run_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from training import run

    given = ["--photos", "p", "--judges", "j", "--out", str(tmp_path / "out"), "--start", "weights.pth"]
    monkeypatch.setattr("sys.argv", ["run", *given])
    with pytest.raises(SystemExit) as stopped:
        run.main()
    assert stopped.value.code == 2
    assert "--words" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_composed_pictures_are_small_before_something_else_and_keep_most_of_their_name() -> None:
    import torch

    from training import augment

    torch.manual_seed(0)
    flat = torch.arange(1.0, 201.0).view(200, 1, 1, 1).expand(200, 3, 48, 48) / 250
    seen, partner, own, beside, whole = augment.compose(flat, 0.5)
    assert 0.3 < whole.float().mean() < 0.7
    assert torch.equal(seen[whole], flat[whole])
    assert (own[whole] == 1).all() and (beside[whole] == 0).all()
    small = ~whole & (beside > 0)
    assert small.sum() > 20
    area = (seen - flat[partner]).abs().amax(1).gt(0.4 * (flat - flat[partner]).abs().amax(1)).float().mean((1, 2))
    told = small & (flat != flat[partner]).all(3).all(2).all(1)
    assert torch.allclose(1 - beside[told], area[told], atol=0.12)
    assert (own[small] > 1 - beside[small] - 1e-6).all()  # what is small is still what is to be found
    nothing_behind = ~whole & (beside == 0)
    assert nothing_behind.any() and (own[nothing_behind] == 1).all()


def test_the_judge_is_not_asked_what_nobody_knows() -> None:
    import torch

    from training.lessons import BESIDE, PRESENT_WEIGHT, alike, verdict

    anchors = torch.eye(4, 8)
    anchors[1] = torch.tensor([0.8, 0.6, 0, 0, 0, 0, 0, 0])  # much like the first
    near = alike(anchors)
    assert near[0, 1] and not near[0, 2]
    labels = torch.tensor([0, 2])
    shown = torch.tensor([[0.9, 0.1, 0.0], [0.0, 0.5, 0.5]])  # the fourth was drawn: the teacher doesn't know it
    partner = torch.tensor([1, 0])
    there, counts = verdict(labels, partner, torch.tensor([0.0, BESIDE]), shown, near)
    assert there.tolist() == [[1, 0, 0, 0], [1, 0, 1, 0]]  # the second has the first behind it
    assert counts.tolist() == [[PRESENT_WEIGHT, 0, 1, 1], [PRESENT_WEIGHT, 0, PRESENT_WEIGHT, 1]]
    there, counts = verdict(labels, partner, torch.tensor([0.0, BESIDE / 2]), shown, near)
    assert there.tolist()[1] == [0, 0, 1, 0]
    assert counts.tolist()[1] == [0, 0, PRESENT_WEIGHT, 1]  # a little of it is there: no mistake either way


def test_a_tower_goes_on_from_a_model_and_judges_as_sonify_does() -> None:
    import torch

    from sonify.models.background import background
    from training.loaded import load
    from training.student import anchors_of, new_student

    words = load(MINI)
    anchors = anchors_of(words, ["dog", "sea"], ["tench, Tinca tinca", "goldfish"] * 500)
    assert np.allclose(np.linalg.norm(anchors.concepts, axis=1), 1, atol=1e-5)
    student = new_student(2, MINI, anchors).eval()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (3, 128, 128, 3), dtype=np.uint8)
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        concepts, _, _, judged = student(x)
    seen = words.pictures(pixels)
    cosines = seen @ anchors.concepts.T
    assert np.allclose(concepts.numpy(), student.log_scale.exp().item() * cosines, atol=2e-2)
    over = background(seen, anchors.null, anchors.usual)
    scale, bias = student.judge_log_scale.exp().item(), student.judge_bias.item()
    assert np.allclose(judged.numpy(), scale * (cosines - over[:, None]) + bias, atol=2e-2)
    assert not student.anchors.requires_grad


def test_a_blend_lies_between_the_start_and_what_was_learned() -> None:
    import torch

    from training.student import blended

    old = {"weight": torch.zeros(3), "count": torch.tensor(4), "gone": torch.ones(1)}
    new = {"weight": torch.full((3,), 2.0), "count": torch.tensor(9), "scale": torch.tensor(5.0)}
    found = blended(new, old, 0.25)
    assert found["weight"].tolist() == [0.5] * 3
    assert int(found["count"]) == 9 and float(found["scale"]) == 5.0 and "gone" not in found


def test_mistakes_are_drawn_surest_first(tmp_path: Path) -> None:
    from training.failures import SMALL, draw_failures, mistakes
    from training.loaded import load

    found, count = mistakes(load(MINI), each=4)
    assert count == 8 * 4 * (1 + len(SMALL))  # seven drawn concepts, and nothing
    assert found and all(m.truth != m.taken for m in found)
    assert [m.lead for m in found] == sorted((m.lead for m in found), reverse=True)
    draw_failures(found, tmp_path / "failures.png")
    with Image.open(tmp_path / "failures.png") as picture:
        assert picture.format == "PNG" and picture.width > 400
