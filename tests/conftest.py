"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the checkout."""
    return ROOT


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of their own for the tests, unless whoever runs them names one: nobody's catalogues are touched."""
    with pytest.MonkeyPatch.context() as patch:
        if not os.environ.get("SONIFY_CACHE_DIR"):
            patch.setenv("SONIFY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real media and judges, which lie beside the checkout and are not part of it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        message = "real media are not here (no folder `shared` beside the checkout)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
