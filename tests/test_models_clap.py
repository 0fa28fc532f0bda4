"""What every CLAP must do, whatever package runs it, and what happens where one is missing or damaged.

The contract runs over each package that is installed: `pip install .[clap]` and `.[clap-transformers]`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import clap_tiny
import numpy as np
import pytest
from clap_tiny import RATE, tone
from hub_server import Hub, serving

from sonify.cli.program import run
from sonify.errors import ModelError, SonifyError
from sonify.models.clap import AudioTextModel, load, load_clap
from sonify.models.clap.model import ClapModel, Towers
from sonify.models.clap.weights import read_state
from sonify.models.clap.windows import MAX_WINDOWS, WINDOW, pooled, starts, windows
from sonify.models.describe import describe
from sonify.models.pull import pull
from sonify.models.registry import AUDIO_ENTRIES, ENTRIES, NotHereError, find, is_present, resolve
from sonify.settings import ModelSettings

NEEDS = {
    "laion-clap": "laion_clap",
    "transformers": "transformers",
    "transformers, real size": "transformers",
    "laion-clap, real size": "laion_clap",
}


def needs(module: str) -> None:
    """Skips without importing: the plain `import laion_clap` asks the hub, for minutes where there is no network."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@pytest.fixture(
    scope="module",
    params=[
        "laion-clap",
        "transformers",
        pytest.param("transformers, real size", marks=pytest.mark.slow),
        pytest.param("laion-clap, real size", marks=pytest.mark.slow),
    ],
)
def files(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """What model.clap names, and the length of the vectors."""
    needs(NEEDS[request.param])
    folder = tmp_path_factory.mktemp("clap")
    if request.param == "laion-clap":
        return clap_tiny.write_checkpoint(folder, clap_tiny.laion_state()), 512
    if request.param == "laion-clap, real size":
        return clap_tiny.write_checkpoint(folder, clap_tiny.laion_state(layers=12, vocabulary=50_265)), 512
    if request.param == "transformers":
        return clap_tiny.write_folder(folder), 24
    from transformers import ClapConfig

    return clap_tiny.write_folder(folder, ClapConfig()), 512


@pytest.fixture(scope="module")
def clap(files: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory) -> AudioTextModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SONIFY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return load_clap(ModelSettings(clap=str(files[0]), device="cpu"))


def long_sound() -> np.ndarray[Any, np.dtype[np.float32]]:
    """75 s whose parts differ."""
    return np.concatenate([tone(200 * (n + 1), 15, seed=n) for n in range(5)])


# The contract


def test_it_says_what_it_is(clap: AudioTextModel, files: tuple[Path, int]) -> None:
    assert clap.name == str(files[0])
    assert len(clap.weights) == 16 and int(clap.weights, 16) >= 0
    assert clap.sample_rate_hz == RATE and clap.dimensions == files[1]


def test_sounds_become_unit_vectors_that_depend_on_nothing_else(clap: AudioTextModel) -> None:
    sounds = [tone(440, 3), tone(2000, 0.05), tone(440, 10), tone(440, 15)]
    vectors = clap.embed_audio(sounds)
    assert vectors.shape == (4, clap.dimensions) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    again = np.concatenate([clap.embed_audio([sound]) for sound in reversed(sounds)])[::-1]
    assert np.array_equal(vectors, again)
    assert len(np.unique(vectors.round(5), axis=0)) == 4


def test_texts_become_unit_vectors_that_depend_on_nothing_else(clap: AudioTextModel) -> None:
    texts = ["dog barking", "rain on a roof", "a " * 400, ""]
    vectors = clap.embed_text(texts)
    assert vectors.shape == (4, clap.dimensions) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    again = np.concatenate([clap.embed_text([text]) for text in texts])
    assert np.allclose(vectors, again, atol=2e-6)
    assert len(np.unique(vectors.round(5), axis=0)) == 4


def test_nothing_gives_nothing(clap: AudioTextModel) -> None:
    assert clap.embed_audio([]).shape == clap.embed_text([]).shape == (0, clap.dimensions)


def test_a_long_sound_is_the_mean_of_its_windows(clap: AudioTextModel) -> None:
    sound = long_sound()
    parts = [sound[start : start + WINDOW] for start in starts(len(sound))]
    assert len(parts) == MAX_WINDOWS
    mean = clap.embed_audio(parts).mean(axis=0)
    assert np.allclose(clap.embed_audio([sound])[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_a_short_sound_is_repeated(clap: AudioTextModel) -> None:
    sound = tone(700, 4)
    twice = np.concatenate([sound, sound, np.zeros(2 * RATE, np.float32)])
    assert np.allclose(clap.embed_audio([sound]), clap.embed_audio([twice]), atol=1e-5)


def test_what_is_no_sound_is_refused(clap: AudioTextModel) -> None:
    for wrong in (np.zeros(0, np.float32), np.zeros((2, 5), np.float32), np.zeros(5), np.full(5, np.nan, np.float32)):
        with pytest.raises(ModelError):
            clap.embed_audio([wrong])
    with pytest.raises(ModelError, match="list of texts"):
        clap.embed_text("dog")


def test_the_network_is_never_touched(files: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(*address: Any, **_: Any) -> Any:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    model = load_clap(ModelSettings(clap=str(files[0]), device="cpu"))
    model.embed_text(["dog barking"])
    assert not asked


def test_damaged_weights_are_refused(files: tuple[Path, int], tmp_path: Path) -> None:
    source = files[0] if files[0].is_dir() else files[0].parent
    weights = "model.safetensors" if files[0].is_dir() else files[0].name
    for name in (p.name for p in source.iterdir() if p.name != weights):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    whole = (source / weights).read_bytes()
    named = str(tmp_path if files[0].is_dir() else tmp_path / weights)
    for damaged in (b"", b"not weights", whole[: len(whole) // 2]):
        (tmp_path / weights).write_bytes(damaged)
        with pytest.raises(ModelError):
            load_clap(ModelSettings(clap=named, device="cpu"))


# laion_clap and transformers


def test_both_packages_give_the_same_vectors_for_the_same_weights(tmp_path: Path) -> None:
    needs("laion_clap")
    from safetensors.torch import save_file
    from transformers import ClapConfig

    state = clap_tiny.laion_state()
    checkpoint = clap_tiny.write_checkpoint(tmp_path / "laion", state)
    text = {"vocab_size": 300, "num_hidden_layers": 1, "max_position_embeddings": 514, "layer_norm_eps": 1e-5}
    folder = clap_tiny.write_tokenizer(tmp_path / "transformers")
    ClapConfig(text_config=text).save_pretrained(str(folder))
    renamed = {key: value.contiguous() for key, value in clap_tiny.to_transformers(state).items()}
    save_file(renamed, str(folder / "model.safetensors"), metadata={"format": "pt"})
    one, other = (load_clap(ModelSettings(clap=str(path), device="cpu")) for path in (checkpoint, folder))
    sounds, texts = [tone(440, 3), tone(3000, 0.1), tone(700, 13)], ["dog barking", "church bells"]
    assert np.abs(one.embed_audio(sounds) - other.embed_audio(sounds)).max() < 1e-5
    assert np.abs(one.embed_text(texts) - other.embed_text(texts)).max() < 1e-5


ENTRANCE = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, transformers
from clap_tiny import tone

tokenizers = transformers.PreTrainedTokenizerBase
original = tokenizers.__dict__["from_pretrained"]
tokenizers.from_pretrained = classmethod(lambda kind, name, **options: None)  # these would be of the hub
size = transformers.RobertaConfig(
    vocab_size=300, num_hidden_layers=1, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
)
import laion_clap, clap_module.model
class Built:
    from_pretrained = staticmethod(lambda name: transformers.RobertaModel(size))
clap_module.model.RobertaModel = Built
clap = laion_clap.CLAP_Module(enable_fusion=False, device="cpu")
clap.load_ckpt(sys.argv[1], verbose=False)
tokenizers.from_pretrained = original
words = transformers.RobertaTokenizer.from_pretrained(sys.argv[2], local_files_only=True)
np.savez(
    sys.argv[3],
    sounds=clap.get_audio_embedding_from_data([tone(440, 3), tone(900, 10)]),
    texts=clap.get_text_embedding(
        ["dog barking", "church bells"],
        tokenizer=lambda x: words(x, padding="max_length", truncation=True, max_length=77, return_tensors="pt"),
    ),
)
"""


@pytest.mark.slow
def test_the_vectors_are_those_of_laion_claps_own_entrance(tmp_path: Path) -> None:
    """In a process of its own, since the entrance needs what it would fetch from the hub put in its place."""
    needs("laion_clap")
    checkpoint = clap_tiny.write_checkpoint(tmp_path, clap_tiny.laion_state())
    command = [sys.executable, "-c", ENTRANCE, str(checkpoint), str(tmp_path), str(tmp_path / "theirs.npz")]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, cwd=Path(__file__).parent, env=environment, capture_output=True, check=True, timeout=300)
    theirs = np.load(tmp_path / "theirs.npz")
    ours = load_clap(ModelSettings(clap=str(checkpoint), device="cpu"))
    assert np.abs(ours.embed_audio([tone(440, 3), tone(900, 10)]) - theirs["sounds"]).max() < 1e-5
    assert np.abs(ours.embed_text(["dog barking", "church bells"]) - theirs["texts"]).max() < 1e-5


def test_a_fused_model_is_refused(tmp_path: Path) -> None:
    needs("transformers")
    fused = clap_tiny.small_config(enable_fusion=True, fusion_type="aff_2d")
    fused.save_pretrained(str(tmp_path))
    clap_tiny.write_tokenizer(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="fused"):
        load_clap(ModelSettings(clap=str(tmp_path), device="cpu"))


def test_weights_that_lack_a_part_are_refused(tmp_path: Path) -> None:
    needs("transformers")
    from safetensors.torch import load_file, save_file

    folder = clap_tiny.write_folder(tmp_path)
    state = load_file(str(folder / "model.safetensors"))
    state.pop("audio_projection.linear1.weight")
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack audio_projection"):
        load_clap(ModelSettings(clap=str(folder), device="cpu"))


def test_a_damaged_tokenizer_is_refused(tmp_path: Path) -> None:
    needs("transformers")
    folder = clap_tiny.write_folder(tmp_path)
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        (folder / name).write_text("{not json", "utf-8")
    with pytest.raises(ModelError, match="tokenizer"):
        load_clap(ModelSettings(clap=str(folder), device="cpu"))


# Checkpoints, whatever is installed


def test_a_checkpoint_is_read_with_the_numbers_beside_it(tmp_path: Path) -> None:
    import torch

    weights = {
        "module.audio_branch.a": torch.ones(2),
        "module.text_branch.embeddings.position_ids": torch.arange(3),
        "module.logit_scale_a": torch.tensor(1.0),
    }
    torch.save({"state_dict": weights, "loss": np.float64(0.1), "step": np.int64(7)}, tmp_path / "a.pt")
    assert set(read_state(tmp_path / "a.pt")) == {"audio_branch.a", "logit_scale_a"}


class Runs:
    """A pickle that would run code."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("ran"),)


def test_a_checkpoint_never_runs_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {"audio_branch.a": torch.ones(1)}, "more": Runs()}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match="runs no code"):
        read_state(tmp_path / "a.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"visual.conv1.weight": 1}, "not a checkpoint of laion_clap"),
        ({"audio_branch.patch_embed.mel_conv2d.weight": 1}, "fused"),
        ({}, "not a checkpoint"),
    ],
)
def test_other_checkpoints_are_named(tmp_path: Path, state: dict[str, int], says: str) -> None:
    import torch

    torch.save({key: torch.ones(1) for key in state}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=says):
        read_state(tmp_path / "a.pt")


# Names


def pretend(monkeypatch: pytest.MonkeyPatch, *installed: str) -> None:
    monkeypatch.setattr(load, "_is_installed", lambda engine: engine in installed)


def put(repo: str, *names: str, hf: Path) -> None:
    folder = hf / "hub" / f"models--{repo.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text("abc")
    for name in names:
        (folder / "snapshots" / "abc").mkdir(parents=True, exist_ok=True)
        (folder / "snapshots" / "abc" / name).write_text("{}")


def test_without_a_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    for name, extra in (("auto", "clap-transformers"), ("clap", "clap-transformers"), ("clap-laion", "clap")):
        with pytest.raises(ModelError, match=rf"pip install 'sonify\[{extra}\]'"):
            load_clap(ModelSettings(clap=name))
        assert not load.is_ready(ModelSettings(clap=name))


def test_without_weights_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for installed, name in ((("transformers",), "clap"), (("laion-clap",), "clap-laion")):
        pretend(monkeypatch, *installed)
        for wanted in ("auto", name):
            with pytest.raises(NotHereError, match=f"sonify models pull {name}$"):
                load_clap(ModelSettings(clap=wanted))


def test_auto_takes_what_is_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put("lukewys/laion_clap", "630k-audioset-best.pt", hf=tmp_path / "hf")
    pretend(monkeypatch, "laion-clap", "transformers")
    with pytest.raises(ModelError, match="sonify models pull clap"):
        load.resolve("auto")
    with pytest.raises(ModelError, match="tokenizer of clap-laion"):
        load.resolve("clap-laion")
    put("FacebookAI/roberta-base", "tokenizer.json", hf=tmp_path / "hf")
    assert load.resolve("auto").engine == "laion-clap" and load.is_ready()
    put("laion/clap-htsat-unfused", "config.json", "tokenizer.json", "pytorch_model.bin", hf=tmp_path / "hf")
    plan = load.resolve("auto")
    assert plan.engine == "transformers" and plan.weights.name == "pytorch_model.bin"
    put("laion/clap-htsat-unfused", "model.safetensors", hf=tmp_path / "hf")
    assert load.resolve("auto").weights.name == "model.safetensors"
    assert load.resolve("hf-hub:laion/clap-htsat-unfused").weights.name == "model.safetensors"
    assert all(is_present(entry) for entry in AUDIO_ENTRIES)
    pretend(monkeypatch, "laion-clap")
    assert load.resolve("auto").name == "clap-laion"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("clpa", "did you mean clap"),
        ("no/such/file.pt", "no file"),
        ("hf-hub:../../etc", "not a repository"),
        ("", "empty"),
        ("x" * 5000, "can't be a CLAP"),
        ("xyzzy", "no CLAP"),
        ("a\0b.pt", "no file|can't be"),
    ],
)
def test_names_that_mean_nothing_are_refused(name: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        load.resolve(name)


def test_a_folder_without_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "transformers")
    with pytest.raises(ModelError, match="no folder of a CLAP"):
        load.resolve(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_text("")
    with pytest.raises(ModelError, match="put tokenizer.json"):
        load.resolve(str(tmp_path))


def test_one_that_hears_does_not_look() -> None:
    for entry in AUDIO_ENTRIES:
        assert find(entry.name) is entry and entry.licence and entry.name not in {e.name for e in ENTRIES}
        with pytest.raises(ModelError, match=r"model\.clap"):
            resolve(entry.name)


def test_asking_in_vain_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom sonify.models.clap import load_clap\nfrom sonify.errors import ModelError\n"
        "try: load_clap()\nexcept ModelError as error: print(error)\n"
        "print(sorted({'torch', 'transformers', 'laion_clap', 'huggingface_hub', 'open_clip'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    says, loaded = done.stdout.splitlines()
    assert loaded == "[]" and ("pip install" in says or "sonify models pull" in says)


def test_the_documents_name_both_extras(root: Path) -> None:
    text = (root / "docs" / "clap.md").read_text("utf-8")
    project = (root / "pyproject.toml").read_text("utf-8")
    for extra in load.EXTRAS.values():
        assert f"sonify[{extra}]" in text and f"\n{extra} = [" in project
    for entry in AUDIO_ENTRIES:
        assert f"`{entry.name}`" in text and entry.repo in text


# Fetching


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    import torch
    from safetensors.torch import save

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    torch.save({"state_dict": {"module.audio_branch.a": torch.ones(9)}, "loss": np.float64(1)}, tmp_path / "a.pt")
    held = {
        "laion/clap-htsat-unfused": {
            "config.json": b"{}",
            "tokenizer.json": b"{}",
            "model.safetensors": save({"a": torch.ones(9)}),
        },
        "lukewys/laion_clap": {"630k-audioset-best.pt": (tmp_path / "a.pt").read_bytes()},
        "FacebookAI/roberta-base": {"tokenizer.json": b"{}"},
    }
    with serving(held) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def test_what_is_pulled_is_found_and_not_pulled_twice(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "laion-clap", "transformers")
    for entry in AUDIO_ENTRIES:
        assert describe(entry.name)["get_it_with"] == f"sonify models pull {entry.name}" and not is_present(entry)
        path = pull(entry.name)
        plan = load.resolve(entry.name)
        assert plan.weights == path and plan.engine == entry.engine and (plan.words / "tokenizer.json").is_file()
        assert describe(entry.name)["file"] == str(path) and is_present(entry)
        asked = len(hub.requests)
        assert pull(entry.name) == path and len(hub.requests) == asked


def test_half_of_it_is_not_taken_for_the_whole(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "laion-clap", "transformers")
    del hub.files["laion/clap-htsat-unfused"]["tokenizer.json"]
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        pull("clap")
    with pytest.raises(NotHereError):
        load.resolve("clap")


def test_a_checkpoint_that_holds_code_is_removed(hub: Hub, tmp_path: Path) -> None:
    import torch

    torch.save({"state_dict": {"audio_branch.a": torch.ones(1)}, "more": Runs()}, tmp_path / "bad.pt")
    hub.files["lukewys/laion_clap"]["630k-audioset-best.pt"] = (tmp_path / "bad.pt").read_bytes()
    with pytest.raises(ModelError, match="runs no code"):
        pull("clap-laion")
    assert not is_present(find("clap-laion"))


def test_the_list_names_those_that_hear(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert {"clap", "clap-laion"} <= set(models) and not models["clap"]["present"]
    assert run(["models", "list"]) == 0
    assert "clap-laion" in capsys.readouterr().out


# Windows and checks, over towers that need no package


def fake(width: int = 3) -> ClapModel:
    def hear(given: Any) -> Any:
        return np.stack([given.mean(axis=1), np.abs(given).mean(axis=1), given.std(axis=1) + 1], axis=1)

    return ClapModel(
        Towers(hear, lambda texts: np.eye(width, dtype=np.float32)[[len(t) % width for t in texts]], width),
        name="fake",
        weights="0" * 16,
        engine="none",
    )


def test_windows_cover_a_sound_from_end_to_end() -> None:
    assert starts(1) == starts(WINDOW) == [0]
    for length in (WINDOW + 1, 2 * WINDOW, 2 * WINDOW + 1, 6 * WINDOW, 6 * WINDOW + 1, 4000 * WINDOW + 17):
        found = starts(length)
        assert found[0] == 0 and found[-1] == length - WINDOW and len(found) <= MAX_WINDOWS
        assert found == sorted(found)
        if length <= MAX_WINDOWS * WINDOW:
            assert all(later - earlier <= WINDOW for earlier, later in pairwise(found))


def test_windows_are_filled_up_as_clap_was_trained() -> None:
    sound = tone(300, 3)
    (window,) = windows(sound)
    assert len(window) == WINDOW and window.dtype == np.float32
    assert np.allclose(window[: len(sound)], sound, atol=1 / 32767) and not window[3 * len(sound) :].any()
    assert np.array_equal(window[: len(sound)], window[2 * len(sound) : 3 * len(sound)])
    assert np.abs(windows(np.full(10, 7.0, np.float32))).max() == 1


def test_pooled_is_the_direction_of_the_mean() -> None:
    assert np.allclose(pooled(np.eye(2, dtype=np.float32)), np.sqrt(0.5))
    assert not pooled(np.zeros((2, 2), np.float32)).any()


def test_towers_that_fail_or_give_no_numbers_are_named() -> None:
    def broken(given: Any) -> Any:
        raise RuntimeError("a size\nthat doesn't fit")

    towers = Towers(broken, lambda texts: np.full((len(texts), 3), np.nan), 3)
    model = ClapModel(towers, name="x", weights="", engine="")
    with pytest.raises(SonifyError, match="a size that doesn't fit"):
        model.embed_audio([tone(100, 0.1)])
    with pytest.raises(SonifyError, match="damaged"):
        model.embed_text(["dog"])
    assert fake().embed_audio([tone(100, 0.1)]).shape == (1, 3)


def test_the_packages_that_are_here_are_found() -> None:
    for engine, module in load._IMPORTED_AS.items():
        assert load._is_installed(engine) == (importlib.util.find_spec(module) is not None)
