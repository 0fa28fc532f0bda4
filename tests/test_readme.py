"""The README's code does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def block(root: Path, language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)[number]


@pytest.fixture(scope="module")
def holiday(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copy(shared / "media" / "clips" / "SpecVQGAN__video_02677.mp4", folder / "holiday.mp4")
    (folder / "clips").mkdir()
    shutil.copy(folder / "holiday.mp4", folder / "clips" / "one.mp4")
    (folder / "sfx").mkdir()
    return folder


@pytest.mark.slow
def test_the_python_lines_run(root: Path, holiday: Path) -> None:
    code = block(root, "python").replace('["~/sfx", "starter"]', '["starter"]')
    done = subprocess.run([sys.executable, "-c", code], cwd=holiday, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (holiday / "holiday.scored.mp4").stat().st_size > 10_000


@pytest.mark.slow
def test_the_commands_run(root: Path, holiday: Path) -> None:
    for line in block(root, "sh", 2).splitlines():
        words = shlex.split(line, comments=True)
        if "pull" in words or "~/sfx" in words:
            continue
        if words[1] != "batch" and words[1] in {"score", "suggest", "render"}:
            words.append("--force")
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=holiday, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
