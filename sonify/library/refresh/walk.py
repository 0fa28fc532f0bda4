"""Finds the sound files of a folder: sorted, each once, never outside the folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUFFIXES = frozenset({".wav", ".wave", ".bwf", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3"})
MAX_DEPTH = 64
_LATEST_NS = 2**63 - 1
# Name, size in bytes and time of change in nanoseconds.
Seen = tuple[str, int, int]


@dataclass
class Listing:
    """What lies in one folder: its path inside the root with '/', "" for the root itself.

    beside: files that say something of the sounds. problems: what could not be looked at, with the reason.
    unreadable: the folder itself could not be listed, so nothing is known of what lies in it.
    """

    inside: str
    sounds: list[Seen] = field(default_factory=list)
    beside: list[Seen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unreadable: bool = False


def walk(root: Path, beside: Callable[[str], bool] = lambda name: False) -> Iterator[Listing]:
    """The folders of `root`, itself first and each before those in it, in one order on every machine.

    The files of a folder come as they lie on the disk.
    beside: whether a file of that name is listed besides the sounds.
    Hidden files and folders, macOS leftovers (`._x.wav`, `__MACOSX`) and links to a file that is listed anyway
    are passed over; links that leave the folder are problems. Only one folder is held in memory at a time.
    Raises OSError when `root` itself can't be read.
    """
    root = root.resolve()
    os.scandir(root).close()
    # Of two links to one hidden file the first counts.
    targets: set[int] = set()
    folders = [("", 0)]
    while folders:
        inside, depth = folders.pop()
        listing = Listing(inside)
        below = _list(root, listing, beside, targets)
        if depth < MAX_DEPTH:
            folders += [(path, depth + 1) for path in sorted(below, reverse=True)]
        else:
            listing.problems += [f"{shown(root / path)}: too deep, not searched" for path in below]
        yield listing


def visible(path: str) -> bool:
    """Whether the walk of a root finds what lies at `path` inside it."""
    parts = path.split("/")
    return not any(_passed_over(part) for part in parts) and len(parts) <= MAX_DEPTH + 1


def changed_ns(about: os.stat_result) -> int:
    """When a file was changed, as far as 64 bits go (the year 2262); disks can say more than that."""
    return min(about.st_mtime_ns, _LATEST_NS)


def shown(path: Path | str) -> str:
    """A path as one printable line: line ends, control characters and bytes that are no text are escaped."""
    return "".join(c if c.isprintable() else _escaped(c) for c in str(path))


def _escaped(character: str) -> str:
    # Python keeps a byte that is no text as half of a character.
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return ascii(character)[1:-1]


def _list(root: Path, listing: Listing, beside: Callable[[str], bool], targets: set[int]) -> list[str]:
    """Fills in the listing; returns the folders in it."""
    inside = listing.inside
    before = f"{inside}/" if inside else ""
    below: list[str] = []
    links: list[str] = []
    sounds = listing.sounds
    try:
        # Text and no Path, and no calls below: this is done for every file at every use of a library.
        with os.scandir(f"{root}/{inside}" if inside else root) as entries:
            listed = list(entries)
    except FileNotFoundError:
        return below  # it was removed since its parent was listed
    except OSError as error:
        listing.problems.append(f"{shown(root / inside)}: can't be read ({error.strerror})")
        listing.unreadable = True
        return below
    for entry in listed:
        name = entry.name
        if name[0] == "." or name == "__MACOSX":
            continue
        try:
            if entry.is_symlink():
                links.append(name)
            elif entry.is_dir(follow_symlinks=False):
                below.append(before + name)
            elif (sound := name[name.rfind(".") :].lower() in SUFFIXES) or beside(name):
                about = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(about.st_mode):
                    found = (name, about.st_size, min(about.st_mtime_ns, _LATEST_NS))
                    (sounds if sound else listing.beside).append(found)
                elif sound:
                    # A pipe or a device would be waited for.
                    listing.problems.append(f"{shown(root / before / name)}: not a plain file")
        except FileNotFoundError:
            continue
        except OSError as error:
            listing.problems.append(f"{shown(root / before / name)}: {error.strerror}")
    for name in sorted(links):
        seen, problem = _follow(root, before + name, targets)
        if problem:
            listing.problems.append(problem)
        elif seen:
            listing.sounds.append(seen)
    return below


def _follow(root: Path, path: str, targets: set[int]) -> tuple[Seen | None, str]:
    """What a link leads to when that is a file inside `root`, and what is wrong with it otherwise."""
    link = root / path
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(root):
        # A link to a folder may hide sounds that a person misses: it is named like a sound.
        named = _sounds(link.name) or target.is_dir()
        return None, f"{shown(link)}: a link that leaves the library, not followed" if named else ""
    if not _sounds(link.name):
        return None, ""
    try:
        about = target.stat()
    except OSError:
        return None, f"{shown(link)}: a link to nothing"
    if not stat.S_ISREG(about.st_mode):
        return None, f"{shown(link)}: a link to nothing"
    key = hash((about.st_dev, about.st_ino) if about.st_ino else str(target))
    listed = _sounds(target.name) and visible(target.relative_to(root).as_posix())
    if listed or key in targets:
        return None, ""
    targets.add(key)
    return (link.name, about.st_size, changed_ns(about)), ""


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _sounds(name: str) -> bool:
    return name[name.rfind(".") :].lower() in SUFFIXES
