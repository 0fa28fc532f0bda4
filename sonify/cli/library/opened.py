"""The catalogues that a verb looks at, and the shapes in which their sounds are shown."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sonify.cli.common import Context
from sonify.cli.output import shown
from sonify.cli.tables import count

if TYPE_CHECKING:
    from sonify.library.catalog.file import CatalogFile
    from sonify.library.records import SoundRecord
    from sonify.library.sounds import Library
    from sonify.progress import Progress

Opened = list[tuple["Library", "CatalogFile"]]


@contextmanager
def opened(
    args: argparse.Namespace, context: Context, *, sound: str = "", measured: Progress | None = None
) -> Iterator[Opened]:
    """The libraries of --library, brought up to date, until the block ends.

    sound: a sound that is looked for; without --library a file on disk brings its own library. measured: all samples
    too. Raises LibraryError.
    """
    found = open_libraries(args, context, sound=sound, measured=measured)
    try:
        yield found
    finally:
        close(found)


def open_libraries(
    args: argparse.Namespace, context: Context, *, sound: str = "", measured: Progress | None = None
) -> Opened:
    """What `opened` yields; the caller closes it."""
    from sonify.library.scan import libraries_of, refreshed
    from sonify.library.search.finding import library_around

    folders = [*getattr(args, "folders", []), *args.library]
    around = library_around(sound) if sound and not folders else None
    found: Opened = []
    try:
        for library in libraries_of([around] if around else folders):
            found.append(
                (library, refreshed(library, measured=measured is not None, progress=measured or context.progress))
            )
    except BaseException:
        close(found)
        raise
    return found


def close(libraries: Opened) -> None:
    """Closes their catalogues."""
    for _, file in libraries:
        file.close()


def sound_document(library: Library, record: SoundRecord) -> dict[str, Any]:
    """Everything that is known of a sound, for --json."""
    from dataclasses import asdict

    whole = asdict(record)
    label = record.labels[0].text if record.labels else ""
    return {"library": library.name, "path": whole.pop("path"), "label": label} | whole


def library_document(library: Library, file: CatalogFile) -> dict[str, Any]:
    """Which library it is, and where its catalogue lies."""
    return {"name": library.name, "folder": str(library.folder), "catalogue": str(file.path)}


def length(duration_s: float) -> str:
    """0.25 s, 12.5 s, 3:25, 1:02:03."""
    if duration_s < 10:
        return f"{duration_s:.2f} s"
    if duration_s < 60:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def size(size_bytes: int) -> str:
    """31 bytes, 12 KB, 3.4 MB, 1.2 GB."""
    if size_bytes < 1000:
        return count(size_bytes, "byte")
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1e3:.0f} KB"


def fields(rows: list[tuple[str, str]]) -> str:
    """Lines of `name  value`, those without a value left out."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {shown(value)}" for name, value in rows if value)
