"""Options: one place, one meaning, a helpful word when a name or value is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonify.errors import SettingsError
from sonify.settings import Settings, options


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("matching:\n  threshold: 0.3\n  top: 7\nmix.fade_s: 0.5\n")
    settings = Settings.load([file], ["matching.threshold=0.4"], {"mix.original": "mute"}, base={"matching.top": 9})
    assert settings.differences() == {
        "matching.threshold": 0.4,
        "matching.top": 7,
        "mix.original": "mute",
        "mix.fade_s": 0.5,
    }
    assert Settings.load(base=settings.differences()) == settings


def test_default_yaml_changes_nothing(root: Path) -> None:
    assert Settings.load([root / "configs" / "default.yaml"]) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("matching.treshold=0.3", "did you mean matching.threshold"),
        ("treshold=0.3", "no setting 'treshold'"),
        ("threshold=0.3", "did you mean matching.threshold"),
        ("matching.threshold=2", "less than or equal to 1"),
        ("matching.threshold=.nan", "finite"),
        ("mix.original=loud", "'keep', 'duck', 'mute' or 'replace'"),
        ("matching.top=many", "whole number"),
        ("matching.threshold", "has no '='"),
        ("matching.threshold=[", "not a value"),
    ],
)
def test_a_wrong_setting_says_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match="(?i)" + said.replace("[", r"\[")):
        Settings.load(sets=[text])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: b: c", "not YAML"),
        (b"\xff\xfe", "not YAML"),
        (b"- 1", "holds no settings"),
        (b"!!python/object/apply:os.system ['false']", "not YAML"),
        (b"mixing:\n  fade_s: 1", "no setting 'mixing'"),
        (b"mix:\n  fades: 1", "did you mean mix.fade_s"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        Settings.load([file])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="none.yaml"):
        Settings.load([tmp_path / "none.yaml"])


def test_every_option_says_what_it_is() -> None:
    for option in options():
        assert option.help and option.kind, option.name
        assert option.describe().startswith(option.name)
