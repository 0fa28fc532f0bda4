"""Finds the sound files of a folder: sorted, each once, never outside the folder."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePath

SUFFIXES = frozenset({".wav", ".wave", ".bwf", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"})
MAX_DEPTH = 64


@dataclass(frozen=True)
class Found:
    """What lies in a folder: paths inside it with '/', and what could not be looked at, with the reason."""

    paths: tuple[str, ...]
    problems: tuple[str, ...]


def find(folder: Path) -> Found:
    """The sound files under `folder`, sorted by name alike on every machine.

    Hidden files and folders, macOS leftovers (`._x.wav`, `__MACOSX`) and links to a file that is listed anyway
    are passed over; links that leave the folder are problems. Raises OSError when `folder` itself can't be read.
    """
    root = folder.resolve()
    os.scandir(root).close()
    plain: list[str] = []
    links: list[str] = []
    problems: list[str] = []
    folders = [("", 0)]
    while folders:
        inside, depth = folders.pop()
        try:
            with os.scandir(root / inside) as entries:
                listed = list(entries)
        except OSError as error:
            problems.append(f"{shown(root / inside)}: can't be read ({error.strerror})")
            continue
        for entry in listed:
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            path = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    folders.append((path, depth + 1))
                else:
                    problems.append(f"{shown(root / path)}: too deep, not searched")
            elif _sounds(entry.name):
                plain.append(path)
    return _sorted(root, plain, links, problems)


def shown(path: Path | str) -> str:
    """A path as one printable line: line ends, control characters and bytes that are no text are escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))


def _sorted(root: Path, plain: list[str], links: list[str], problems: list[str]) -> Found:
    paths: list[str] = []
    for path in plain:
        try:
            regular = stat.S_ISREG(os.lstat(root / path).st_mode)
        except OSError as error:
            problems.append(f"{shown(root / path)}: {error.strerror}")
            continue
        # A pipe or a device would be waited for.
        if regular:
            paths.append(path)
        else:
            problems.append(f"{shown(root / path)}: not a plain file")
    listed = {str(root / path) for path in paths}
    for path in sorted(links, key=_order):
        target, problem = _follow(root, path)
        if problem:
            problems.append(problem)
        elif target and target not in listed:
            listed.add(target)
            paths.append(path)
    return Found(tuple(sorted(paths, key=_order)), tuple(sorted(problems)))


def _follow(root: Path, path: str) -> tuple[str, str]:
    """Where a link leads when that is a file inside `root`, and what is wrong with it otherwise."""
    link = root / path
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(root):
        # A link to a folder may hide sounds that a person misses: it is named like a sound.
        named = _sounds(link.name) or target.is_dir()
        return "", f"{shown(link)}: a link that leaves the library, not followed" if named else ""
    if not _sounds(link.name):
        return "", ""
    if not target.is_file():
        return "", f"{shown(link)}: a link to nothing"
    return str(target), ""


def _sounds(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES


def _order(path: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", path), path
