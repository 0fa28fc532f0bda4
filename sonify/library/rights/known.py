"""What the libraries of a cue sheet say of its sounds now, whatever the sheet says.

A sheet may come from anywhere and name any folder as a library: so no library is scanned for it, only the sounds that
it uses are looked at. By the rules of the scan they get the same licence, author, title and source.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath

from sonify.cues import SoundRef
from sonify.library.metadata.describe import Sidecars, describe
from sonify.library.metadata.header import Header, read_header
from sonify.library.metadata.tags import read_tags
from sonify.library.records import SoundRecord
from sonify.library.rights import licences

MAX_LICENCE_BYTES = 2**18


class Known:
    """Answers with the record of a sound, None for one that is not in its library.

    roots: the folder of each library, by its name in the sheet. Tables and licence texts are read once. What a scan
    alone finds (content hash, measures, a person's label) is not in the record.
    """

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self._roots = {name: root.resolve() for name, root in roots.items()}
        self._tables = {name: Sidecars(root) for name, root in self._roots.items()}
        self._licences: dict[Path, str] = {}
        self._records: dict[tuple[str, str], SoundRecord | None] = {}

    def __call__(self, sound: SoundRef) -> SoundRecord | None:
        """The record; `problem` says why the sound can't be used."""
        key = sound.library, PurePosixPath(sound.path).as_posix()
        if key not in self._records:
            self._records[key] = self._record(*key)
        return self._records[key]

    def _record(self, library: str, path: str) -> SoundRecord | None:
        root = self._roots.get(library)
        if root is None:
            return None
        file = root / path
        try:
            status = file.stat()
            if not (file.resolve().is_relative_to(root) and stat.S_ISREG(status.st_mode)):
                return None
        except (OSError, RuntimeError, ValueError):
            return None
        header = read_header(file)
        tags = read_tags(file)
        told = describe(path, tags, self._tables[library].told(path))
        known = Header(0.0, 0, 0) if isinstance(header, str) else header
        return SoundRecord(
            path=path,
            size_bytes=status.st_size,
            mtime_ns=status.st_mtime_ns,
            content_hash="",
            **{field.name: getattr(known, field.name) for field in fields(Header)},
            labels=told.labels,
            phrases=told.phrases,
            kind=told.kind,
            category=told.category,
            licence=told.licence or self._nearest(root, file.parent),
            author=told.author,
            source_url=told.source_url,
            description=told.description,
            title=told.title,
            tags=tags,
            measures=None,
            problem=header if isinstance(header, str) else "",
        )

    def _nearest(self, root: Path, folder: Path) -> str:
        """What the nearest licence text says, in the folder or above, up to the root; "" when none does."""
        if folder not in self._licences:
            above = self._nearest(root, folder.parent) if folder != root else ""
            self._licences[folder] = _own(folder) or above
        return self._licences[folder]


def _own(folder: Path) -> str:
    try:
        files = sorted(file for file in folder.iterdir() if licences.is_licence_file(file.name) and file.is_file())
    except OSError:
        return ""
    for file in files:
        try:
            with file.open("rb") as opened:
                found = licences.of_folder(opened.read(MAX_LICENCE_BYTES).decode("utf-8", "replace"))
        except OSError:
            continue
        if found:
            return found
    return ""
