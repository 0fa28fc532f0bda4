"""`sonify library get`: what it says, asks and prints."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fetch_server import Files, digest, serving, table_of, wav, zipped

from sonify.cli.program import run
from sonify.library.fetch import get as module
from sonify.library.fetch import table as table_module


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    body = zipped({"S/audio/dog_bark_01.wav": wav(), "S/meta/esc50.csv": b"filename,category\n", "S/LICENSE": b"-"})
    with serving({"/s.zip": body}) as served:
        part = {"url": f"{served.address}/s.zip", "name": "s.zip", "size_bytes": len(body), "checksum": digest(body)}
        take = {"S/audio/*.wav": "audio", "S/meta/*.csv": "source", "S/LICENSE": ""}
        archive = {"name": "S", "parts": [part], "take": take, "limit_bytes": 10**6, "limit_files": 9}
        about = {"title": "Some sounds", "about": "a", "page": "https://example.org/", "licence": "CC0-1.0"}
        path = table_of(
            tmp_path / "lists.json",
            small={**about, "labels": "esc50", "archives": [archive]},
            asked={**about, "labels": "esc50", "archives": [archive], "terms": "be kind"},
        )
        monkeypatch.setattr(module, "NETWORK", served.network)
        defaults = dict(module.plan.__kwdefaults__ or {}) | {"network": served.network, "table": path}
        monkeypatch.setattr(module.plan, "__kwdefaults__", defaults)
        defaults = dict(module.get.__kwdefaults__ or {}) | {"network": served.network}
        monkeypatch.setattr(module.get, "__kwdefaults__", defaults)
        yield served


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "get"]) == 0
    shown = capsys.readouterr().out
    for entry in table_module.lists():
        assert entry.name in shown
    assert "645.8 MB" in shown and "24.7 GB" in shown and "CC-BY-NC-3.0" in shown
    assert run(["library", "get", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in document["libraries"]] == [entry.name for entry in table_module.lists()]


def test_what_is_here_is_said_in_the_list(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "default_place", lambda: tmp_path / "data")
    path = tmp_path / "lists.json"
    monkeypatch.setattr(table_module.lists, "__defaults__", (path,))
    for here in (False, True):
        assert run(["library", "get", "--json"]) == 0
        assert [row["here"] for row in json.loads(capsys.readouterr().out)["libraries"]] == [here, False]
        assert run(["library", "get", "small"]) == 0
        assert str(tmp_path / "data" / "small") in capsys.readouterr().out


def test_a_small_one_is_fetched_at_once(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["library", "get", "small", "--to", str(tmp_path / "to")]) == 0
    shown = capsys.readouterr()
    assert "1 sound of 1 label in" in shown.out and f"--library {tmp_path / 'to' / 'small'}" in shown.out
    assert "licence: CC0-1.0 (https://example.org/)" in shown.err and "B free" in shown.err
    assert run(["library", "get", "small", "--to", str(tmp_path / "to"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["here"] and document["fetched"] and document["sounds"] == 1
    assert len(files.requests) == 1


def test_nobody_to_ask(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["library", "get", "asked", "--to", str(tmp_path / "to")]
    assert run(words) == 2
    shown = capsys.readouterr()
    assert "pass --yes" in shown.err and "be kind" in shown.err and shown.out == ""
    assert files.requests == [] and not (tmp_path / "to").exists()
    assert run([*words, "--yes"]) == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_a_person_is_asked(
    files: Files,
    tmp_path: Path,
    answer: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", said)
    assert run(["library", "get", "asked", "--to", str(tmp_path / "to")]) == code
    assert "type y and Enter" in said.getvalue()
    shown = capsys.readouterr().out
    assert ("nothing was fetched" in shown) == bool(code)
    assert len(files.requests) == (0 if code else 1)
    if code:  # nobody is asked a question that isn't shown
        assert run(["library", "get", "asked", "--to", str(tmp_path / "to"), "--quiet"]) == 2


def test_failures_are_one_line(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.statuses["/s.zip"] = [404]
    assert run(["library", "get", "small", "--to", str(tmp_path / "to"), "--quiet"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["library", "get", "smal", "--json"]) == 2
    assert "did you mean small" in json.loads(capsys.readouterr().out)["error"]["message"]
    assert run(["library", "get", "small", "--limit", "-3"]) == 2
    (tmp_path / "file").write_text("")
    assert run(["library", "get", "small", "--to", str(tmp_path / "file")]) == 1
    assert "Traceback" not in capsys.readouterr().err
