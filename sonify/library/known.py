"""What the libraries of a cue sheet say of its sounds now, whatever the sheet says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from sonify.cues import SoundRef
from sonify.library.catalog import CatalogFile
from sonify.library.records import SoundRecord
from sonify.library.scan import refreshed
from sonify.library.sounds import Library
from sonify.progress import Progress, silent


class Known:
    """Answers with the record of a sound, None for one that its library doesn't hold.

    roots: the folder of each library, by its name in the sheet. A library is brought up to date when it is first
    asked, and closed with `close`. Raises LibraryError for a library or catalogue that can't be read.
    """

    def __init__(self, roots: Mapping[str, Path], *, progress: Progress = silent) -> None:
        self._roots = dict(roots)
        self._progress = progress
        self._open: dict[str, CatalogFile | None] = {}

    def __call__(self, sound: SoundRef) -> SoundRecord | None:
        """The record; it may be of a sound that can't be used."""
        if sound.library not in self._open:
            self._open[sound.library] = self._catalog(sound.library)
        catalog = self._open[sound.library]
        return catalog.sound(PurePosixPath(sound.path).as_posix()) if catalog else None

    def __enter__(self) -> Known:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes what is open; it opens again when it is asked again."""
        while self._open:
            _, catalog = self._open.popitem()
            if catalog is not None:
                catalog.close()

    def _catalog(self, name: str) -> CatalogFile | None:
        root = self._roots.get(name)
        if root is None or not root.is_dir():
            return None
        return refreshed(Library(name, root), progress=self._progress)
