"""The doctor says what is wrong, and what to do about it."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from sonify.cli import checks
from sonify.cli.checks import Finding
from sonify.cli.program import run
from sonify.errors import LibraryError
from sonify.settings import Settings


def findings(name: str, settings: Settings | None = None) -> list[Finding]:
    check = getattr(checks, name)
    return list(checks._guarded(check, settings or Settings()))


def test_ffmpeg_and_decoder_are_tried() -> None:
    (ffmpeg,) = findings("_ffmpeg")
    assert ffmpeg.state == "ok" and ffmpeg.found.startswith("ffmpeg version ")
    (decoder,) = findings("_decoder")
    assert decoder.state == "ok", decoder.found


def test_an_ffmpeg_that_does_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(checks, "_ffmpeg_program", lambda: str(program))
    assert [finding.state for finding in findings("_ffmpeg") + findings("_decoder")] == ["broken", "broken"]


def test_packages_absent_old_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"old": "1.9", "there": "2.0.1+cu130"}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(checks, "version", version)
    monkeypatch.setattr(
        checks,
        "requires",
        lambda name: ["old>=1.10", "there>=2", "gone>=3.1", 'nice>=1; extra == "clap"', "dev>=1; extra=='dev'"],
    )
    assert findings("_packages") == [
        Finding("old", "broken", "1.9, older than 1.10", "pip install --upgrade 'old>=1.10'"),
        Finding("there", "ok", "2.0.1+cu130"),
        Finding("gone", "broken", "not installed", "pip install 'gone>=3.1'"),
    ]
    assert findings("_extras") == [
        Finding("nice", "missing", "not installed", "only if you want it: pip install 'sonify[clap]'")
    ]


def test_decord_beside_decord2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "version", lambda name: "0.6.0")
    (found,) = findings("_decord_twice")
    assert found.state == "warning" and "pip uninstall decord decord2" in found.remedy


def test_a_device_that_is_not_there() -> None:
    (found, *_) = findings("_device", Settings.load(values={"model.device": "cuda:99"}))
    assert found.state == "broken" and "cuda:99" in found.found and "cpu" in found.remedy


def test_no_starter_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan() -> None:
        raise LibraryError("there is no folder x", hint="install sonify again")

    monkeypatch.setattr("sonify.library.scan.scan", scan)
    assert findings("_starter") == [Finding("starter", "broken", "there is no folder x", "install sonify again")]


def test_a_cache_that_cant_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "file" / "cache"))
    (found,) = findings("_cache")
    assert found.state == "warning" and "SONIFY_CACHE_DIR" in found.remedy
    monkeypatch.setenv("SONIFY_CACHE_DIR", str(tmp_path / "new"))
    assert findings("_cache") == [Finding("cache", "ok", str(tmp_path / "new"))]
    assert not (tmp_path / "new").exists(), "the doctor changes nothing"


def test_the_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = [Finding("a", "ok", "1"), Finding("b", "missing", "[x]", "pull it")]
    monkeypatch.setattr(checks, "examine", lambda settings: iter(found))
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "ready to score" in said and "[x]" in said and "pull it" in said
    found.append(Finding("c", "broken", "x"))
    assert run(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ready"] is False and document["findings"][1]["remedy"] == "pull it"


@pytest.mark.slow
def test_this_installation_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0, capsys.readouterr().out
