"""The public names, and the documents that speak of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sonify
from sonify.settings import default_yaml, options


def test_public_names_are_few_sorted_and_there() -> None:
    assert len(sonify.__all__) < 15
    assert sonify.__all__ == sorted(sonify.__all__)
    assert dir(sonify) == sonify.__all__
    for name in sonify.__all__:
        value = getattr(sonify, name)
        assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="scoer"):
        _ = sonify.scoer


def test_the_docs_list_exactly_the_public_names(root: Path) -> None:
    text = (root / "docs" / "python.md").read_text("utf-8")
    assert re.findall(r"^## `sonify\.(\w+)", text, re.MULTILINE) == [n for n in sonify.__all__ if n != "__version__"]


def test_default_yaml_is_what_the_settings_say(root: Path) -> None:
    assert (root / "configs" / "default.yaml").read_text("utf-8") == default_yaml()


def test_every_setting_is_in_the_docs(root: Path) -> None:
    text = (root / "docs" / "settings.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", text, re.MULTILINE))
    assert rows == {o.name: str(o.default) for o in options()}


def test_every_field_of_the_cue_sheet_is_in_the_docs(root: Path) -> None:
    from dataclasses import fields

    from sonify.cues import Alternative, Cue, CueSheet, Evidence, LibraryRef, ModelRef, Scene, SoundRef, VideoRef

    text = (root / "docs" / "cue-sheet.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    for kind in (Alternative, Cue, CueSheet, Evidence, LibraryRef, ModelRef, Scene, SoundRef, VideoRef):
        assert {f.name for f in fields(kind)} <= named, kind.__name__


def test_links_in_the_documents_lead_somewhere(root: Path) -> None:
    for document in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        for link in re.findall(r"\]\(([^)#]+)", document.read_text("utf-8")):
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name}: {link}"
