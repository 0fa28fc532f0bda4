"""Looks through folders of sounds and says what is in them.

catalog = scan(["~/sfx", "sound_library"])
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from sonify import resources
from sonify.errors import LibraryError
from sonify.library.catalog.file import CatalogFile, DamagedError
from sonify.library.refresh.index import refresh
from sonify.library.refresh.measures import measure_sounds
from sonify.library.refresh.walk import shown, visible
from sonify.library.sounds import Catalog, Library
from sonify.library.sounds_found import FoundSounds, Source, labels_of
from sonify.progress import Progress, note, silent

STARTER = "starter"
_FORMATS = "WAV, AIFF, FLAC, Ogg, Opus or MP3"


def scan(
    folders: Sequence[Path | str] = (),
    *,
    licences: Sequence[str] = (),
    measured: bool = False,
    portable: bool = False,
    progress: Progress = silent,
) -> Catalog:
    """All usable sounds of `folders`, or of the starter library when there are none.

    "starter" stands for the starter library. The others are named after their folder, with a number where two are
    named alike. What was found is kept in a catalogue, and only what has changed since is looked at again: headers
    and tags, and with `measured` all samples too. A file that can't be used is named in `problems`, and the rest is
    used. licences: the terms of a policy; sounds that it doesn't allow are left out. portable: keep new catalogues
    beside the sounds. Raises LibraryError for a folder that is missing, unreadable or without a usable sound.
    """
    sources: list[Source] = []
    problems: list[str] = []
    for library in libraries_of(folders):
        file = refreshed(library, measured=measured, portable=portable, progress=progress)
        found = file.problems()
        problems += found
        if not file.rows("SELECT 1 FROM sound WHERE problem = '' LIMIT 1"):
            file.close()
            raise _nothing(library, found)
        sources.append(Source(library, file, tuple(licences), _heard(library, sources)))
    allowed = tuple(sources)
    labels, count = labels_of(allowed)
    if licences and not count:
        names = ", ".join(shown(source.library.folder) for source in allowed)
        what = f"no sound of {names} is under a licence that may be used ({', '.join(licences)})"
        raise LibraryError(what, hint="allow more licences, or name another library")
    return Catalog(tuple(source.library for source in sources), FoundSounds(allowed, count), labels, tuple(problems))


def libraries_of(folders: Sequence[Path | str] = ()) -> list[Library]:
    """The libraries in these folders, the starter library where none is given, under the names of cue sheets.

    Raises LibraryError for a folder that is missing.
    """
    starter = resources.starter_library().resolve()
    used = {STARTER}
    found: dict[Path, Library] = {}
    for given in folders or (STARTER,):
        folder = starter if str(given) == STARTER else _folder(given)
        if folder in found:
            continue
        if folder == starter:
            found[folder] = Library(STARTER, folder, starter=True)
            continue
        base = shown(folder.name) or "library"
        name = next(n for n in chain([base], (f"{base}-{i}" for i in range(2, len(folders) + 3))) if n not in used)
        used.add(name)
        found[folder] = Library(name, folder)
    return list(found.values())


def refreshed(
    library: Library, *, measured: bool = False, portable: bool = False, progress: Progress = silent
) -> CatalogFile:
    """The library's catalogue, up to date; one that turns out to be damaged is made again. The caller closes it.

    Raises LibraryError when the folder or the catalogue can't be used.
    """
    try:
        return _refreshed(library, measured=measured, portable=portable, progress=progress)
    except DamagedError:
        return _refreshed(library, measured=measured, portable=portable, progress=progress)


def _refreshed(library: Library, *, measured: bool, portable: bool, progress: Progress) -> CatalogFile:
    file = CatalogFile.open(library.folder, portable=portable)
    try:
        if file.note:
            note(progress, "library", file.note)
        if measured:
            file.check()
        changes = refresh(file, progress)
        if not changes.total:
            raise _nothing(library, file.problems())
        if measured:
            measure_sounds(file, progress)
    except BaseException as error:
        file.close()
        if library.starter and isinstance(error, LibraryError) and error.hint.startswith("allow reading"):
            raise LibraryError(error.what, hint="reinstall sonify") from None
        raise
    return file


def _folder(given: Path | str) -> Path:
    try:
        folder = Path(given).expanduser().resolve()
        exists, is_folder = folder.exists(), folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise LibraryError(f"can't open the library {shown(given)} ({error})", hint="check the name") from None
    if not exists:
        raise LibraryError(f"there is no library {shown(given)}", hint="check the name of the folder")
    if not is_folder:
        raise LibraryError(f"the library {shown(given)} is not a folder", hint="name the folder of the sounds")
    return folder


def _heard(library: Library, before: list[Source]) -> tuple[str, ...]:
    """The folders inside a library that are libraries before it: a folder inside another one is not heard twice."""
    found = []
    for source in before:
        other = source.library.folder
        if library.folder.is_relative_to(other) and visible(library.folder.relative_to(other).as_posix()):
            return ("",)
        if other.is_relative_to(library.folder) and visible(inside := other.relative_to(library.folder).as_posix()):
            found.append(f"{inside}/")
    return tuple(found)


def _nothing(library: Library, problems: Sequence[str]) -> LibraryError:
    if library.starter:
        return LibraryError(f"the starter library {shown(library.folder)} holds no sounds", hint="reinstall sonify")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        return LibraryError(
            f"the library {shown(library.folder)} has no sound that can be used ({'; '.join(problems[:3])}{more})",
            hint=f"add sounds as {_FORMATS}",
        )
    return LibraryError(f"the library {shown(library.folder)} is empty", hint=f"add sounds as {_FORMATS}")
