"""Which files of a folder are videos to score."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from sonify.batch.report import FILE_NAME, is_report
from sonify.errors import VideoError

# What cameras, phones, browsers and editors write, and what ffmpeg's muxers can hold a stereo track in.
_SUFFIXES = ".3g2 .3gp .asf .avi .f4v .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv"
SUFFIXES = frozenset(_SUFFIXES.split())
RUBBISH = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information"})


def find_videos(folder: Path, out: Path) -> list[PurePath]:
    """Videos below `folder`, relative to it, sorted.

    Left out: hidden files, what sonify made (`out`, other folders with a batch report, NAME.scored.mp4 beside
    its cue sheet). Links are followed, each folder is entered once. Raises VideoError when there is none.
    """
    if not folder.is_dir():
        what = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
        raise VideoError(what, hint="batch takes a folder; `sonify score` takes one video")
    try:
        with os.scandir(folder):
            pass
    except OSError as error:
        raise VideoError(f"can't read {folder}: {error.strerror}", hint="check its permissions") from None
    found = sorted(path.relative_to(folder) for path in _walk(folder, _identity(out)))
    if not found:
        raise VideoError(f"there is no video in {folder}", hint=f"known suffixes: {_SUFFIXES}")
    return list(found)


def _walk(folder: Path, out: tuple[int, int] | None) -> Iterator[Path]:
    entered = {_identity(folder), out}
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        folders[:] = [name for name in sorted(folders) if _enters(here / name, entered)]
        names = frozenset(files)
        for name in files:
            path = here / name
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and not _ours(path, names):
                yield path


def _enters(folder: Path, entered: set[tuple[int, int] | None]) -> bool:
    identity = _identity(folder)
    if folder.name.startswith(".") or folder.name in RUBBISH or identity in entered:
        return False
    entered.add(identity)
    return not is_report(folder / FILE_NAME)


def _ours(path: Path, names: frozenset[str]) -> bool:
    """Whether `sonify score` made it: holiday.scored.mp4 beside holiday.cues.json."""
    return path.stem.endswith(".scored") and f"{path.stem.removesuffix('.scored')}.cues.json" in names


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
