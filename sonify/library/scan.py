"""Looks through folders of sounds and says what is in them.

catalog = scan(["~/sfx", "sound_library"])
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sonify import resources
from sonify.cues import SoundRef
from sonify.errors import LibraryError
from sonify.library.header import Header, read_header
from sonify.library.metadata import MAX_PHRASES, Describer, Meaning
from sonify.library.sounds import Catalog, Label, Library, Sound
from sonify.library.walk import find, shown
from sonify.progress import Event, Progress, silent

STARTER = "starter"
STAGE = "scan"
_FORMATS = "WAV, AIFF, FLAC, Ogg, Opus or MP3"


def scan(folders: Sequence[Path | str] = (), *, progress: Progress = silent) -> Catalog:
    """All usable sounds of `folders`, or of the starter library when there are none.

    "starter" stands for the starter library. The others are named after their folder, with a number where two are
    named alike. Only headers are read. A file that can't be used is named in `problems`, and the rest is used.
    Raises LibraryError for a folder that is missing, unreadable or without a usable sound.
    """
    libraries = _libraries(folders or (STARTER,))
    sounds: list[Sound] = []
    problems: list[str] = []
    taken: set[Path] = set()
    for library in libraries:
        found, wrong = _scan_one(library, progress)
        problems += wrong
        # A folder inside another one is not heard twice.
        sounds += [sound for sound in found if sound.file not in taken]
        taken.update(sound.file for sound in found)
    return Catalog(tuple(libraries), tuple(sounds), _labels(sounds), tuple(problems))


def _libraries(folders: Sequence[Path | str]) -> list[Library]:
    starter = resources.starter_library().resolve()
    used = {STARTER}
    found: dict[Path, Library] = {}
    for given in folders:
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


def _scan_one(library: Library, progress: Progress) -> tuple[list[Sound], list[str]]:
    try:
        found = find(library.folder)
    except OSError as error:
        hint = "reinstall sonify" if library.starter else "allow reading it, or name another folder"
        raise LibraryError(f"can't read the library {shown(library.folder)} ({error.strerror})", hint=hint) from None
    problems = list(found.problems)
    paths = []
    for path in found.paths:
        reason = _unnameable(library, path)
        if reason:
            problems.append(f"{shown(library.folder / path)}: {reason}")
        else:
            paths.append(path)
    describer = Describer(library.folder, paths)
    sounds = []
    for path, header in zip(paths, _headers(library.folder, paths, progress), strict=True):
        if isinstance(header, str):
            problems.append(f"{shown(library.folder / path)}: {header}")
        else:
            sounds.append(_sound(library, path, header, describer.describe(path)))
    problems += describer.problems
    if not sounds:
        raise _nothing(library, problems)
    return sounds, problems


def _headers(folder: Path, paths: list[str], progress: Progress) -> Iterator[Header | str]:
    progress(Event(STAGE, 0, len(paths), "sounds"))
    step = max(1, len(paths) // 100)
    pool = ThreadPoolExecutor(min(16, (os.cpu_count() or 1) * 2))
    try:
        for done, header in enumerate(pool.map(read_header, [folder / path for path in paths]), 1):
            yield header
            if done % step == 0 or done == len(paths):
                progress(Event(STAGE, done, len(paths), "sounds"))
    finally:
        # Ctrl-C must not wait for the files that have not been looked at.
        pool.shutdown(cancel_futures=True)


def _unnameable(library: Library, path: str) -> str:
    """Why a cue sheet could not name this path, "" when it can."""
    try:
        path.encode("utf-8")
        SoundRef(library.name, path)
    except UnicodeEncodeError:
        return "its name is not UTF-8 text, rename it"
    except ValueError:
        return "its name looks like a path out of the library, rename it"
    return ""


def _nothing(library: Library, problems: list[str]) -> LibraryError:
    if library.starter:
        return LibraryError(f"the starter library {shown(library.folder)} holds no sounds", hint="reinstall sonify")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        return LibraryError(
            f"the library {shown(library.folder)} has no sound that can be used ({'; '.join(problems[:3])}{more})",
            hint=f"add sounds as {_FORMATS}",
        )
    return LibraryError(f"the library {shown(library.folder)} is empty", hint=f"add sounds as {_FORMATS}")


def _sound(library: Library, path: str, header: Header, meaning: Meaning) -> Sound:
    return Sound(
        library=library.name,
        path=path,
        file=library.folder / path,
        label=meaning.label,
        kind=meaning.kind,
        phrases=meaning.phrases,
        licence=meaning.licence,
        author=meaning.author,
        duration_s=header.duration_s,
        sample_rate_hz=header.sample_rate_hz,
        channels=header.channels,
    )


def _labels(sounds: list[Sound]) -> tuple[Label, ...]:
    """One label for all sounds of that text; its kind is that of most of them, on a tie of the first."""
    grouped: dict[str, list[Sound]] = {}
    for sound in sounds:
        grouped.setdefault(sound.label, []).append(sound)
    labels = []
    for text, group in sorted(grouped.items()):
        kind = Counter(sound.kind for sound in group).most_common(1)[0][0]
        phrases = tuple(dict.fromkeys(phrase for sound in group for phrase in sound.phrases))[:MAX_PHRASES]
        labels.append(Label(text, kind, phrases, tuple(replace(sound, kind=kind) for sound in group)))
    return tuple(labels)
