"""Fetching weights from a hub on this machine, and everything that can go wrong on the way."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hub_server import Hub, serving
from models_tiny import CONFIG, write_folder

from sonify.errors import ModelError
from sonify.models import registry
from sonify.models.hub import hub_cache
from sonify.models.pull import pull
from sonify.progress import Event
from sonify.settings import ModelSettings

REPO = "someone/tiny-clip"
NAME = f"hf-hub:{REPO}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = write_folder(tmp_path_factory.mktemp("tiny"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "sonify"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({REPO: dict(files)}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def weights_here() -> list[Path]:
    return [p for p in hub_cache().rglob("*") if p.is_file() and p.stat().st_size > 100_000]


def test_what_is_pulled_can_be_loaded_and_is_not_pulled_twice(hub: Hub, files: dict[str, bytes]) -> None:
    with pytest.raises(ModelError, match=f"sonify models pull {NAME}"):
        registry.load(ModelSettings(name=NAME, device="cpu"))
    assert not hub.requests
    events: list[Event] = []
    path = pull(NAME, progress=events.append)
    assert path.read_bytes() == files["open_clip_model.safetensors"]
    first = next(event for event in events if event.note)
    assert hub.address in first.note and "MB" in first.note and "licence" in first.note
    shown = [event for event in events if event.stage == "pull" and event.unit == "bytes" and event.total > 100_000]
    assert shown[-1].done == shown[-1].total == len(files["open_clip_model.safetensors"])
    assert [event.done for event in shown] == sorted(event.done for event in shown)
    model = registry.load(ModelSettings(name=NAME, device="cpu"))
    assert model.name == NAME and model.embed_phrases(["a dog"]).shape == (1, 32)
    asked = len(hub.requests)
    assert pull(NAME) == path
    assert len(hub.requests) == asked


def test_once_pulled_it_works_without_a_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    pull(NAME)
    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert registry.load(ModelSettings(name=NAME, device="cpu")).weights
    assert pull(NAME).is_file()


def no_network(*args: object, **kwargs: object) -> None:
    raise AssertionError("something opened a connection")


def test_loading_what_is_not_here_asks_no_network(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", no_network)
    for entry in registry.ENTRIES[1:]:
        assert not registry.is_present(entry)
        with pytest.raises(ModelError, match=f"sonify models pull {entry.name}"):
            registry.load(ModelSettings(name=entry.name, device="cpu"))
    assert not hub.requests


def test_a_broken_connection_is_taken_up_where_it_broke(hub: Hub, files: dict[str, bytes]) -> None:
    hub.cuts = 1
    assert pull(NAME).read_bytes() == files["open_clip_model.safetensors"]
    gets = [line for line in hub.requests if line.startswith("GET") and line.endswith(".safetensors")]
    assert len(gets) == 2


def test_ctrl_c_in_the_middle_leaves_nothing_behind(hub: Hub) -> None:
    def interrupt(event: Event) -> None:
        if event.unit == "bytes" and event.total > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(NAME, progress=interrupt)
    assert not weights_here() and not list(hub_cache().rglob("*.incomplete"))
    assert not registry.is_present(registry.find(NAME))
    assert pull(NAME).is_file()


def test_force_fetches_again(hub: Hub) -> None:
    path = pull(NAME)
    path.resolve().write_bytes(b"spoilt")
    assert pull(NAME).read_bytes() == b"spoilt"
    assert pull(NAME, force=True).stat().st_size > 100_000


def test_a_checksum_that_does_not_match_leaves_nothing_behind(hub: Hub) -> None:
    hub.spoil = True
    with pytest.raises(ModelError, match="damaged on the way"):
        pull(NAME)
    assert not weights_here()
    hub.spoil = False
    assert pull(NAME).is_file()


def test_a_size_that_does_not_match_leaves_nothing_behind(hub: Hub) -> None:
    hub.lies = 5
    with pytest.raises(ModelError, match="incomplete"):
        pull(NAME)
    assert not weights_here()


def test_weights_that_are_none_leave_nothing_behind(hub: Hub) -> None:
    hub.files[REPO]["open_clip_model.safetensors"] = b"\x00" * 200_000
    with pytest.raises(ModelError, match="damaged"):
        pull(NAME)
    assert not weights_here()


def test_a_pickle_is_taken_when_there_is_nothing_better(hub: Hub, tmp_path: Path) -> None:
    import torch
    from models_tiny import state

    torch.save(state(), tmp_path / "w.bin")
    del hub.files[REPO]["open_clip_model.safetensors"]
    hub.files[REPO]["open_clip_pytorch_model.bin"] = (tmp_path / "w.bin").read_bytes()
    assert pull(NAME).name == "open_clip_pytorch_model.bin"
    assert registry.load(ModelSettings(name=NAME, device="cpu")).weights


@pytest.mark.parametrize("missing", ["open_clip_model.safetensors", "open_clip_config.json"])
def test_a_repository_without_a_model_is_refused(hub: Hub, missing: str) -> None:
    del hub.files[REPO][missing]
    with pytest.raises(ModelError, match=r"has no (weights|open_clip_config)"):
        pull(NAME)
    assert not weights_here()


def test_a_model_that_sonify_can_not_run_is_refused_before_its_weights_come(hub: Hub) -> None:
    model = {**CONFIG["model_cfg"], "text_cfg": {"hf_model_name": "roberta-base"}}
    hub.files[REPO]["open_clip_config.json"] = json.dumps({"model_cfg": model}).encode()
    with pytest.raises(ModelError, match="transformers"):
        pull(NAME)
    assert not weights_here()


def test_an_unknown_repository_is_refused(hub: Hub) -> None:
    with pytest.raises(ModelError, match="there is no someone/else"):
        pull("hf-hub:someone/else")


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_hub_in_trouble_is_reported_with_its_answer(hub: Hub, status: int) -> None:
    hub.status = status
    with pytest.raises(ModelError, match=f"{status}|can't"):
        pull(NAME)
    assert len(hub.requests) < 10


def test_no_hub_is_reported_at_once_with_what_to_do(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(ModelError, match=r"can't reach .* copy the weights here"):
            pull("ViT-B-32:datacomp_xl_s13b_b90k")
        with pytest.raises(ModelError, match=r"can't reach .* model\.clap=/path"):
            pull("clap")


def test_offline_is_obeyed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        pull(NAME)
    assert not hub.requests


def test_too_little_room_is_noticed_before_the_download(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(ModelError, match="free"):
        pull(NAME)
    assert not any(line.startswith("GET") for line in hub.requests)


def test_a_cache_that_can_not_be_written_is_reported(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="HF_HOME"):
        pull(NAME)


def test_a_builtin_name_with_its_tag_is_pulled_from_its_repository(
    hub: Hub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = registry.find("RN50:openai")
    hub.files[entry.repo] = {"open_clip_model.safetensors": files["open_clip_model.safetensors"]}
    assert pull("RN50:openai").is_file() and registry.is_present(entry)
    with pytest.raises(ModelError, match="don't fit RN50"):
        registry.load(ModelSettings(name="RN50:openai", device="cpu"))


def test_auto_takes_the_recommended_model_once_it_is_here(hub: Hub, files: dict[str, bytes]) -> None:
    entry = registry.recommended()
    if registry.mini_is_present():
        assert registry.resolve("auto").name == registry.MINI
    hub.files[entry.repo] = {"open_clip_model.safetensors": files["open_clip_model.safetensors"]}
    pull("auto")
    blueprint = registry.resolve("auto")
    assert blueprint.name == entry.name and blueprint.architecture == "ViT-B-32"


def test_names_that_are_no_repositories_go_nowhere(hub: Hub) -> None:
    for name in ("hf-hub:../../etc/passwd", "hf-hub:a", "hf-hub:a/b/c", "hf-hub:", "hf-hub:a/..", "hf-hub:a--b/c"):
        with pytest.raises(ModelError, match="not a repository"):
            pull(name)
    assert not hub.requests
