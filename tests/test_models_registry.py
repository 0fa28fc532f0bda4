"""What names mean, and `sonify models`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from models_tiny import write_folder

from sonify import resources
from sonify.cli.program import run
from sonify.errors import ModelError
from sonify.models import cache, hub, registry
from sonify.progress import Event
from sonify.settings import ModelSettings


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sonify-mni", "did you mean sonify-mini"),
        ("RN51:openai", "RN50:openai"),
        ("ViT-B-32", "ViT-B-32:datacomp_xl_s13b_b90k"),
        ("ViT-B-32:datacomp", "ViT-B-32:datacomp_xl_s13b_b90k"),
        ("xyzzy-plugh-3000-qqq", "sonify models list"),
        ("", "no name"),
        ("/no/such/folder", "no folder"),
        ("no/such/file.safetensors", "no file"),
        ("ViT-B-32:/no/such/file.pt", "no file"),
        ("local-dir:/no/such/folder", "no folder"),
        ("roberta-ViT-B-32:laion2b_s12b_b32k", "transformers"),
        ("ViT-B-16-SigLIP:webli", "sonify models pull ViT-B-16-SigLIP:webli"),
        ("name\nwith: lines", "there is no model"),
        ("x" * 5000, "can't be a model"),
        ("~nobody-at-all-here/model.pt", "can't be a model"),
        ("null\0character/model.pt", "no file"),
    ],
)
def test_names_that_mean_nothing_are_refused_with_the_nearest(name: str, says: str) -> None:
    with pytest.raises(ModelError) as caught:
        registry.resolve(name)
    assert says in str(caught.value)


def test_an_unknown_architecture_for_a_file_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"")
    with pytest.raises(ModelError, match="did you mean ViT-B-32"):
        registry.resolve(f"ViT-B-33:{tmp_path / 'w.pt'}")


def test_a_checkpoint_without_architecture_is_refused_with_how_to_write_it(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"")
    with pytest.raises(ModelError, match="ViT-B-32:"):
        registry.resolve(str(tmp_path / "w.pt"))


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    for name in (str(tmp_path), f"local-dir:{tmp_path}"):
        with pytest.raises(ModelError, match="open_clip_config"):
            registry.resolve(name)


def test_every_entry_is_one_that_open_clip_knows() -> None:
    import open_clip

    for entry in registry.ENTRIES[1:]:
        details = open_clip.get_pretrained_cfg(entry.architecture, entry.pretrained)
        assert details["hf_hub"] == f"{entry.repo}/"
        assert entry.name == f"{entry.architecture}:{entry.pretrained}"
        assert registry.find(entry.name) is entry
        assert entry.licence and entry.size_bytes > 1e8
    assert [entry.pick for entry in registry.ENTRIES if entry.recommended] == ["base"]
    assert {"small", "base", "large", "comparison"} <= {entry.pick for entry in registry.ENTRIES}


def test_the_document_names_every_pick_with_its_licence(root: Path) -> None:
    text = (root / "docs" / "models.md").read_text("utf-8")
    for entry in registry.ENTRIES:
        size = f"{entry.size_bytes / 1e6:,.0f} MB"
        lines = [line for line in text.splitlines() if f"| `{entry.name}` | {size} |" in line]
        assert len(lines) == 1 and entry.licence.split(" (")[0] in lines[0]


def test_every_weight_of_open_clip_can_be_named() -> None:
    import open_clip

    for architecture, tag in open_clip.list_pretrained():
        words = open_clip.get_model_config(architecture)["text_cfg"]
        if words.get("hf_model_name"):
            with pytest.raises(ModelError, match="transformers"):
                registry.find(f"{architecture}:{tag}")
        else:
            assert registry.find(f"{architecture}:{tag}").repo.count("/") == 1


def test_the_registry_loads_neither_torch_nor_open_clip(root: Path) -> None:
    code = (
        "import sys, sonify.models.registry as r; [r.is_present(e) for e in r.ENTRIES]\n"
        "try: r.resolve('RN50:openai')\nexcept r.ModelError: pass\n"
        "print(sorted({'torch', 'open_clip', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_auto_without_the_recommended_model_says_so_once() -> None:
    if not registry.mini_is_present():
        pytest.skip("sonify-mini's weights are not in this checkout yet")
    events: list[Event] = []
    model = registry.load(ModelSettings(device="cpu"), progress=events.append)
    notes = [event.note for event in events if event.note]
    assert model.name == registry.MINI and len(notes) == 1
    assert f"sonify models pull {registry.recommended().name}" in notes[0]


def test_the_hash_of_weights_is_kept_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"one")
    first = cache.weights_hash(path)
    assert first == "7692c3ad3540bb80"  # sha256("one")
    with monkeypatch.context() as patched:
        patched.setattr(cache, "sha256", lambda path: pytest.fail("read again"))
        assert cache.weights_hash(path) == first
    path.write_bytes(b"two!")
    assert cache.weights_hash(path) != first
    for kept in (tmp_path / "cache" / "weights").iterdir():
        kept.write_text("nonsense\x00")
    path.write_bytes(b"one")
    assert cache.weights_hash(path) == first


def test_the_hash_needs_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w").write_bytes(b"one")
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "w"))
    assert cache.weights_hash(tmp_path / "w") == "7692c3ad3540bb80"
    with pytest.raises(ModelError, match="can't read"):
        cache.weights_hash(tmp_path / "absent")


def test_the_hub_s_cache_is_where_its_own_tools_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    for changes in (
        {},
        {"HF_HOME": str(tmp_path / "h")},
        {"HF_HUB_CACHE": str(tmp_path / "c")},
        {"XDG_CACHE_HOME": "/x"},
    ):
        for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in changes.items():
            monkeypatch.setenv(name, value)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], env=os.environ, capture_output=True, text=True, check=True
        )
        assert str(hub.hub_cache()) == done.stdout.strip()


def test_a_commit_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder = hub.hub_cache() / "models--a--b"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("../../../..")
    assert hub.cached("a/b", "open_clip_model.safetensors") is None


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_models_list_shows_the_picks(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "models", "list")
    assert code == 0
    for entry in registry.ENTRIES:
        assert entry.name in out
    code, out, _ = said(capsys, "models", "list", "--json")
    models = {model["name"]: model for model in json.loads(out)["models"]}
    assert code == 0 and not models["RN50:openai"]["present"]
    assert models["sonify-mini"]["present"] == registry.mini_is_present()


def test_models_info_tells_what_a_model_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = said(capsys, "models", "info", "RN50:openai")
    assert code == 0 and "sonify models pull RN50:openai" in out
    folder = write_folder(tmp_path / "m")
    code, out, _ = said(capsys, "models", "info", "--json", str(folder))
    facts = json.loads(out)
    assert code == 0 and facts["dimensions"] == 32 and facts["image_size_px"] == 64 and facts["present"]
    assert facts["weights"] == cache.sha256(folder / "open_clip_model.safetensors")[:16]
    code, _, err = said(capsys, "models", "info", "RN51:openai")
    assert code == 1 and "RN50:openai" in err


def test_models_pull_of_what_is_built_in_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    if not registry.mini_is_present():
        pytest.skip("sonify-mini's weights are not in this checkout yet")
    code, out, err = said(capsys, "models", "pull", "sonify-mini")
    assert code == 0 and str(resources.mini_model()) in out and "part of sonify" in err


def test_models_pull_offline_fails_with_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, _, err = said(capsys, "models", "pull", "RN50:openai")
    assert code == 1 and "HF_HUB_OFFLINE" in err and len(err.strip().splitlines()) == 1
