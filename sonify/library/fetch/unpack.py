"""Takes what is wanted out of an archive, and nothing else.

An archive is foreign: its names may lead anywhere, it may hold links, and unpack to more than any disk holds.
Members are kept only by the patterns of the table, under their own last name, in a folder that the table names.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from sonify.errors import LibraryError
from sonify.files import replacing
from sonify.library.fetch.table import Archive
from sonify.library.fetch.zips import DamagedError, JoinedZip
from sonify.library.refresh.walk import shown

_BLOCK = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_NAME_BYTES = 255
# Device names of Windows; a file of that name can't be made there.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{i}" for name in ("com", "lpt") for i in range(1, 10))}


def unpack(
    archive: Archive,
    parts: list[Path],
    folders: Callable[[str], Path],
    seen: Callable[[int], None],
    *,
    afresh: bool = False,
) -> int:
    """Writes the wanted members of `archive`, whose files are `parts`; returns how many there are.

    folders: the folder that a name in the table's `take` stands for. seen: is told how many bytes are written. A
    file that is there in full is not written again unless `afresh`, so this can be broken off and begun anew.
    Raises DamagedError for an archive that is damaged, unsafe (a name that leads out, a link, two members of one
    name, a password) or larger than the table allows; LibraryError when the disk is full.
    """
    with JoinedZip(parts, archive.limit_files) as joined, io.BufferedReader(joined, _BLOCK) as file:
        try:
            with zipfile.ZipFile(file) as opened:
                members = _wanted(opened, archive, folders)
                written = 0
                for info, target in members:
                    if afresh or not _is_there(target, info.file_size):
                        _write(opened, info, target)
                    written += info.file_size
                    seen(written)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
            raise DamagedError(f"{parts[-1].name} is damaged ({error})", hint="fetch it again") from None
        except UnicodeError:
            raise DamagedError(f"{parts[-1].name} holds names that are no text", hint="it isn't used") from None
        except OSError as error:
            raise LibraryError(
                f"can't unpack {parts[-1].name}: {error.strerror or error}", hint="make room, then run it again"
            ) from None
    return len(members)


def _wanted(
    opened: zipfile.ZipFile, archive: Archive, folders: Callable[[str], Path]
) -> list[tuple[zipfile.ZipInfo, Path]]:
    infos = opened.infolist()
    total = sum(info.file_size for info in infos)
    if total > archive.limit_bytes:
        raise DamagedError(
            f"{archive.name} unpacks to {total / 1e6:,.0f} MB, over {archive.limit_bytes / 1e6:,.0f} MB",
            hint="it isn't used: it is not what it should be",
        )
    found: list[tuple[zipfile.ZipInfo, Path]] = []
    taken: set[str] = set()
    for info in infos:
        name = _name(info)
        _check(archive, info, name)
        into = next((into for pattern, into in archive.take.items() if _matches(name, pattern)), None)
        if into is None or info.is_dir():
            continue
        last = PurePosixPath(name).name
        key = f"{into}/{last}".casefold()
        if key in taken:
            raise DamagedError(f"{archive.name} holds {shown(last)} twice", hint="it isn't used")
        taken.add(key)
        found.append((info, folders(into) / last))
    if not found:
        raise DamagedError(f"{archive.name} holds nothing of what it should", hint="look for a newer sonify")
    return found


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name; old programs wrote UTF-8 without saying so, which zipfile reads as code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _check(archive: Archive, info: zipfile.ZipInfo, name: str) -> None:
    """Raises DamagedError for a member that an honest archive doesn't hold, wanted or not."""
    raw = info.orig_filename
    pieces = name.removesuffix("/").split("/")
    mode = info.external_attr >> 16
    wrong = ""
    if name.startswith("/") or "\\" in raw or "\0" in raw or ".." in pieces or (name[1:2] == ":"):
        wrong = "leads out of the folder"
    elif any(not piece or len(piece.encode()) > _MAX_NAME_BYTES or not piece.isprintable() for piece in pieces):
        wrong = "is no name of a file"
    elif pieces[-1].split(".")[0].casefold() in _DEVICES or pieces[-1][-1:] in (" ", "."):
        wrong = "is no name of a file everywhere"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        wrong = "is a link or a device"
    elif info.flag_bits & 0x1:
        wrong = "is locked with a password"
    elif info.compress_type not in _METHODS:
        wrong = "is packed in a way that is not read"
    if wrong:
        raise DamagedError(f"{archive.name}: {shown(name)[:100]!r} {wrong}", hint="it isn't used")


def _matches(name: str, pattern: str) -> bool:
    """Like a shell: '*' stands for anything within one folder's name."""
    pieces, patterns = name.split("/"), pattern.split("/")
    return len(pieces) == len(patterns) and all(map(fnmatchcase, pieces, patterns))


def _is_there(target: Path, size_bytes: int) -> bool:
    try:
        here = target.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(here.st_mode) and here.st_size == size_bytes


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = info.file_size
    with opened.open(info) as source, replacing(target) as beside, beside.open("wb") as out:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise zipfile.BadZipFile(f"{shown(target.name)} is longer than said")
            out.write(block)
        if left:
            raise zipfile.BadZipFile(f"{shown(target.name)} is shorter than said")
