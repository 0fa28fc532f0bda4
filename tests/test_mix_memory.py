"""Memory that is free goes back: a long film must not keep more of it than a short one."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from mix_films import films, render

from sonify.mix.memory import give_back

MIB = 2**20
WITH_GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not WITH_GLIBC, reason="of the C library of Linux")
def test_what_is_free_goes_back_to_the_system() -> None:
    process = psutil.Process()
    parts = [bytes(100_000) for _ in range(600)]  # each too small to be given back by itself
    pins = parts[::50]
    del parts
    kept = process.memory_info().rss
    give_back()
    assert process.memory_info().rss < kept - 30 * MIB
    assert len(pins) == 12


def test_where_that_is_not_known_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    give_back()


def test_every_ffmpeg_gives_back_what_it_lets_go_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = films() / "film.mp4"
    given: list[dict[str, str]] = []
    real = subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        given.append(kwargs["env"])
        return real(*args, **kwargs)

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setenv("LANG", "C")
    render(film, tmp_path / "out.mp4")
    assert given
    assert all("MALLOC_TRIM_THRESHOLD_" in env and env["LANG"] == "C" for env in given)
