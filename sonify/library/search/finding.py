"""Which sound a person means: by its file, its path inside a library, or its name alone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from sonify.errors import LibraryError
from sonify.library.catalog.file import CatalogFile, Filter
from sonify.library.catalog.place import place_of
from sonify.library.records import SoundRecord
from sonify.library.refresh.walk import shown

_MOST = 200


def library_around(file: str | Path) -> Path | None:
    """The scanned library that a file on disk lies in, the innermost one; None when it lies in none."""
    whole = Path(os.path.abspath(_expanded(file)))  # noqa: PTH100 - a link is named by where it lies
    if not whole.is_file():
        return None
    return next((folder for folder in whole.parents if place_of(folder.resolve()).is_file()), None)


def find_sound(catalogs: Sequence[CatalogFile], meant: str) -> tuple[CatalogFile, SoundRecord]:
    """The sound that `meant` names: a file on disk, a path inside a library, or a name with its suffix or without.

    Raises LibraryError when none of the libraries has it, or when several sounds are called so.
    """
    try:
        meant.encode()
    except UnicodeEncodeError:
        raise LibraryError(f"{shown(meant)} is no text (UTF-8), so no sound is called so", hint="rename it") from None
    for catalog in catalogs:
        for path in (_inside(catalog.root, meant), PurePosixPath(meant).as_posix()):
            record = catalog.sound(path) if path else None
            if record:
                return catalog, record
    named = [(catalog, record) for catalog in catalogs for record in _named(catalog, PurePosixPath(meant).name)]
    if len(named) == 1:
        return named[0]
    if named:
        some = ", ".join(shown(record.path) for _, record in named[:5])
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        raise LibraryError(f"{shown(meant)} may be any of {some}{more}", hint="write its path inside the library")
    if _expanded(meant).is_file():
        what = f"{shown(meant)} lies in none of these libraries, nor in another that was scanned"
        raise LibraryError(what, hint="run `sonify library scan` on its folder first")
    where = ", ".join(shown(catalog.root) for catalog in catalogs)
    near = [shown(path) for catalog in catalogs for path in _like(catalog, PurePosixPath(meant).stem, 3)][:3]
    hint = f"did you mean {', '.join(near)}?" if near else "name its library with --library, or its file on disk"
    raise LibraryError(f"there is no sound {shown(meant)} in {where}", hint=hint)


def _expanded(file: str | Path) -> Path:
    try:
        return Path(file).expanduser()
    except RuntimeError:  # no such user
        return Path(file)


def _inside(root: Path, meant: str) -> str:
    """The path inside `root` of a file on disk, "" when it lies elsewhere."""
    file = _expanded(meant)
    try:
        if not file.exists():
            return ""
        return (file.parent.resolve() / file.name).relative_to(root).as_posix()
    except (OSError, ValueError, RuntimeError):
        return ""


def _named(catalog: CatalogFile, name: str) -> list[SoundRecord]:
    """The sounds that are called `name`, whatever the case of its letters; where there is none, those not usable."""
    unusable = (row[0] for row in catalog.rows("SELECT path FROM sound WHERE problem <> '' ORDER BY path"))
    return _called(catalog, sorted(_like(catalog, name, _MOST)), name) or _called(catalog, unusable, name)


def _called(catalog: CatalogFile, paths: Iterable[str], name: str) -> list[SoundRecord]:
    stem, wanted = PurePosixPath(name).stem.casefold(), name.casefold()
    found = []
    for path in paths:
        own = PurePosixPath(path).name.casefold()
        if own == wanted or (PurePosixPath(own).stem == wanted and stem == wanted):
            record = catalog.sound(path)
            if record:
                found.append(record)
    return found


def _like(catalog: CatalogFile, name: str, limit: int) -> list[str]:
    """Paths that have all the words of `name` in them."""
    words = "".join(c if c.isalnum() else " " for c in name).split()
    query = " ".join(f'name : "{word}"' for word in words[:20])
    return [path for path, _ in catalog.match_words(query, Filter(), limit)] if query else []
