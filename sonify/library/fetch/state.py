"""What of a library has been fetched already: a hidden folder in it, so that a call broken off goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sonify.errors import LibraryError
from sonify.files import write_text

HIDDEN = ".sonify-get"
_FILE = "state.json"
_MAX_BYTES = 1 << 20


class State:
    """The steps that are done, kept in the library's folder. Steps are any words."""

    def __init__(self, folder: Path) -> None:
        self.hidden = folder / HIDDEN
        self._done: set[str] = set()
        with suppress(OSError, ValueError):
            file = self.hidden / _FILE
            found = json.loads(file.read_text("utf-8")) if file.stat().st_size <= _MAX_BYTES else {}
            if isinstance(found, dict) and isinstance(found.get("done"), list):
                self._done = {str(step) for step in found["done"]}

    def has(self, step: str) -> bool:
        """Whether it is done."""
        return step in self._done

    def add(self, step: str) -> None:
        """It is done; kept at once."""
        self._done.add(step)
        self._write()

    def clear(self) -> None:
        """Nothing is done."""
        self._done.clear()
        self._write()

    def _write(self) -> None:
        self.hidden.mkdir(parents=True, exist_ok=True)
        write_text(self.hidden / _FILE, json.dumps({"done": sorted(self._done)}, indent=1))


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Makes sure that no other process fetches into `folder`. Raises LibraryError when one does."""
    import filelock

    hidden = folder / HIDDEN
    try:
        hidden.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(hidden / "lock", timeout=0):
            yield
    except filelock.Timeout:
        raise LibraryError(
            f"another sonify is fetching into {folder}",
            hint="wait for it, or choose another place with --to",
        ) from None
