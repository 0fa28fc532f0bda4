"""docs/cli.md says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

from sonify.batch.report import BatchFile, BatchReport
from sonify.cli.common import SHORT
from sonify.cli.program import VERBS, build
from sonify.cli.reference import refreshed
from sonify.settings import option


def test_the_help_in_the_docs_is_the_programs(root: Path) -> None:
    text = (root / "docs" / "cli.md").read_text("utf-8")
    assert refreshed(text) == text, "run: make docs"
    shown = set(re.findall(r"<!-- help: ([\w ]+) -->", text))
    assert {name for name in shown if " " not in name} == {"sonify", *VERBS}
    within = {f"library {name}" for name in build()[1]["library"]._actions[-1].choices or ()}
    assert {name for name in shown if name.startswith("library ")} == within


def test_the_report_in_the_docs_is_a_report(root: Path) -> None:
    import json

    text = (root / "docs" / "cli.md").read_text("utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])
    files = tuple(BatchFile(**file) for file in shown["files"])
    report = BatchReport(Path(shown["folder"]), Path(shown["out"]), files)
    assert report.document() == shown


def test_short_options_are_settings(root: Path) -> None:
    text = (root / "docs" / "cli.md").read_text("utf-8")
    for name, setting in SHORT.items():
        assert option(setting)
        assert f"`--{name.replace('_', '-')}` is `{setting}`" in re.sub(r"\s+", " ", text)
