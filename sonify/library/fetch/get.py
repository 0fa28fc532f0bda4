"""Fetches a free library: what it takes is said first (`plan`), then it is done (`get`).

what = plan("esc50", Path("~/libraries"))
fetched = get(what)
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sonify.errors import LibraryError
from sonify.library.fetch import bbc, freesound, sheet
from sonify.library.fetch.download import download
from sonify.library.fetch.network import Network, NoAccessError, NotThereError
from sonify.library.fetch.single import Chosen, Single
from sonify.library.fetch.state import HIDDEN, State, alone
from sonify.library.fetch.table import TABLE, Archive, FetchList, Part, find
from sonify.library.fetch.unpack import unpack
from sonify.library.fetch.zips import DamagedError
from sonify.library.metadata.header import read_header
from sonify.library.scan import scan
from sonify.progress import Event, Progress, note, silent

STAGE = "get"
BIG_BYTES = 50_000_000
NETWORK = Network()
_SOURCE = "source"
_SPARE = 1.02
_FIRST_FAILURES = 5
_LATER = "try again later, or look at the page of the list"


@dataclass(frozen=True)
class Plan:
    """What fetching a library takes, before anything is fetched.

    name: as it was asked for. folder: where it goes. download_bytes: what is still to come, about when not `exact`.
    room_bytes: the most that will be taken of the disk at once. big: a person should agree first, to the size or
    to the terms. here: all of it is here already.
    """

    name: str
    title: str
    entry: FetchList
    folder: Path
    archives: tuple[Archive, ...]
    singles: tuple[Single, ...]
    download_bytes: int
    room_bytes: int
    free_bytes: int
    exact: bool
    here: bool

    @property
    def big(self) -> bool:
        """Whether a person should agree first."""
        return not self.here and (self.download_bytes > BIG_BYTES or bool(self.entry.terms))

    @property
    def licence(self) -> str:
        """In words for a person."""
        own = "each sound has its own, see labels.csv"
        if not self.entry.licence:
            return own
        return f"{self.entry.licence}; {own}" if self.entry.mixed else self.entry.licence


@dataclass(frozen=True)
class Fetched:
    """A library that is here: its folder, how many sounds and labels it has, and what went wrong on the way."""

    folder: Path
    sounds: int
    labels: int
    problems: tuple[str, ...]


def default_place() -> Path:
    """The folder that libraries go to when none is named: in the user's own data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("sonify", appauthor=False)) / "libraries"


def is_here(entry: FetchList) -> bool:
    """Whether all of a library lies where libraries go when no place is named."""
    folder = default_place() / entry.name
    state = State(folder)
    return bool(entry.archives) and all(state.has(_step(archive)) for archive in entry.archives)


def plan(
    name: str,
    to: Path | None = None,
    *,
    only: str = "",
    limit: int = 0,
    index: Path | None = None,
    force: bool = False,
    network: Network = NETWORK,
    table: Path = TABLE,
) -> Plan:
    """Looks up what fetching the library `name` into `to`/NAME takes. Freesound and the BBC are asked what they have.

    only, limit, index: which sounds of a library that is fetched sound by sound. force: as if nothing were here.
    Raises SettingsError for an unknown name; LibraryError for a folder that is in the way, and for what the network
    does not give.
    """
    entry, number = find(name, table)
    folder = (to or default_place()).expanduser().absolute() / (f"{entry.name}-{number}" if number else entry.name)
    _check_folder(folder, force=force)
    state = State(folder)
    chosen = _choose(entry, number, only, limit, index, network)
    singles = tuple(s for s in chosen.singles if force or not (folder / s.row.file).exists())
    archives = tuple(a for a in entry.archives if force or not state.has(_step(a)))
    download_bytes = sum(_missing(part, state.hidden) for archive in archives for part in archive.parts)
    return Plan(
        name=name,
        title=chosen.title,
        entry=entry,
        folder=folder,
        archives=archives,
        singles=chosen.singles,
        download_bytes=download_bytes + sum(single.expected_bytes for single in singles),
        room_bytes=_room(archives, state.hidden) + sum(single.expected_bytes for single in singles),
        free_bytes=_free_bytes(folder),
        exact=not singles,
        here=not archives and not singles and (folder / sheet.NAME).exists(),
    )


def get(plan: Plan, *, force: bool = False, network: Network = NETWORK, progress: Progress = silent) -> Fetched:
    """Downloads, unpacks, writes labels.csv and scans. Broken off at any moment, the next call goes on from there.

    force: what is here is fetched again, and labels.csv is written anew; else a person's changes in it stay.
    Raises LibraryError: no room, no network, a file that is not what it should be, a disk that is full.
    """
    problems: list[str] = []
    if not plan.here:
        _check_room(plan)
        try:
            with alone(plan.folder):
                state = State(plan.folder)
                if force:
                    state.clear()
                done_bytes = 0
                for archive in plan.archives:
                    if state.has(_step(archive)):  # by another call, since this one was planned
                        continue
                    done_bytes += _fetch_archive(archive, plan, state, done_bytes, network, progress, force=force)
                problems += _fetch_singles(plan, state, network, progress, force=force)
                sheet.write(plan.folder, _rows(plan, state), keep=not force)
        except OSError as error:
            raise LibraryError(
                f"can't write {error.filename or plan.folder}: {error.strerror or error}",
                hint="make room or choose another place with --to",
            ) from None
    else:
        note(progress, STAGE, f"{plan.name} is here already: {plan.folder}")
    catalog = scan([plan.folder], progress=progress)
    return Fetched(plan.folder, len(catalog.sounds), len(catalog.labels), (*problems, *catalog.problems))


def _choose(entry: FetchList, number: int, only: str, limit: int, index: Path | None, network: Network) -> Chosen:
    if entry.single == "freesound":
        return freesound.choose(entry.address, number, limit, network)
    if entry.single == "bbc":
        return bbc.choose(entry.address, entry.files, entry.licence, only, limit, index, network)
    return Chosen(entry.title, ())


def _fetch_archive(
    archive: Archive, plan: Plan, state: State, before: int, network: Network, progress: Progress, *, force: bool
) -> int:
    """Downloads and unpacks one archive, then removes its parts. Returns how many bytes came."""
    paths = [_place(part, state.hidden) for part in archive.parts]
    came = 0
    for part, path in zip(archive.parts, paths, strict=True):
        missing = _missing(part, state.hidden)
        had = part.remote.size_bytes - missing
        told = download(part.remote, path, network, _bar(progress, "download", before + came - had, plan))
        came += missing
        if told:
            note(progress, STAGE, told)

    def place(name: str) -> Path:
        return state.hidden / _SOURCE if name == _SOURCE else plan.folder / name

    def seen(done: int) -> None:
        progress(Event(f"unpack {archive.name}", done / 1e6, max(archive.unpacked_bytes, done) / 1e6, "MB"))

    try:
        unpack(archive, paths, place, seen, afresh=force)
    except DamagedError:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    state.add(_step(archive))
    for path in paths:
        path.unlink(missing_ok=True)
    return came


def _fetch_singles(plan: Plan, state: State, network: Network, progress: Progress, *, force: bool) -> list[str]:
    """Fetches what is missing, one after the other. Returns which are not there any more."""
    problems: list[str] = []
    got = 0
    for done, single in enumerate(plan.singles):
        progress(Event("download", done, len(plan.singles), "sounds"))
        target = plan.folder / single.row.file
        if target.exists() and not force:
            got += 1
            continue
        try:
            _fetch_single(single, target, state, network, lambda here: progress(Event("sound", here / 1e6, 0, "MB")))
            got += 1
        except (NotThereError, NoAccessError, DamagedError) as error:
            problems.append(str(error))
            if not got and len(problems) == min(_FIRST_FAILURES, len(plan.singles)):
                what = f"no sound could be fetched, tried {len(problems)} ({error.what})"
                raise LibraryError(what, hint=_LATER) from None
    if plan.singles:
        progress(Event("download", len(plan.singles), len(plan.singles), "sounds"))
    return problems


def _fetch_single(single: Single, target: Path, state: State, network: Network, seen: Callable[[int], None]) -> None:
    """Fetches one sound. It is looked at before it is taken, since servers give pages where files are gone."""
    coming = state.hidden / target.name
    coming.unlink(missing_ok=True)
    download(single.remote, coming, network, seen)
    header = read_header(coming)
    if isinstance(header, str):
        coming.unlink(missing_ok=True)
        raise DamagedError(f"{single.remote.url} is no sound ({header})", hint="it isn't used")
    target.parent.mkdir(parents=True, exist_ok=True)
    coming.replace(target)


def _rows(plan: Plan, state: State) -> Iterator[sheet.Row]:
    """The lines of labels.csv for the sounds that are here."""
    rows = (
        sheet.rows_of(plan.entry.labels, plan.folder, state.hidden / _SOURCE)
        if plan.entry.labels
        else (single.row for single in plan.singles)
    )
    return (row for row in rows if (plan.folder / row.file).exists())


def _bar(progress: Progress, stage: str, before: int, plan: Plan) -> Callable[[int], None]:
    return lambda here: progress(Event(stage, (before + here) / 1e6, plan.download_bytes / 1e6, "MB"))


def _place(part: Part, hidden: Path) -> Path:
    """Where a part lies until it is unpacked; another one of the same name never stands in for it."""
    return hidden / f"{hashlib.sha256(part.remote.url.encode()).hexdigest()[:8]}-{part.name}"


def _missing(part: Part, hidden: Path) -> int:
    """How much of a part is still to come."""
    path = _place(part, hidden)
    if path.exists():
        return 0
    with suppress(OSError):
        return max(0, part.remote.size_bytes - path.with_name(path.name + ".part").stat().st_size)
    return part.remote.size_bytes


def _room(archives: tuple[Archive, ...], hidden: Path) -> int:
    """The most that is taken at once: an archive is removed as soon as it is unpacked."""
    kept, most = 0, 0
    for archive in archives:
        came = sum(_missing(part, hidden) for part in archive.parts)
        most = max(most, kept + came + archive.unpacked_bytes)
        kept += archive.unpacked_bytes - (archive.download_bytes - came)
    return most


def _step(archive: Archive) -> str:
    return f"{archive.name} {archive.parts[-1].remote.url}"


def _free_bytes(folder: Path) -> int:
    """Of the disk that `folder` lies on, or will."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return 0


def _check_room(plan: Plan) -> None:
    free = _free_bytes(plan.folder)
    if free < plan.room_bytes * _SPARE:
        raise LibraryError(
            f"{plan.name} takes up to {plan.room_bytes / 1e6:,.0f} MB, {plan.folder} has {free / 1e6:,.0f} MB free",
            hint="make room, or choose another place with --to",
        )


def _check_folder(folder: Path, *, force: bool) -> None:
    """Raises LibraryError when something else stands where the library should go."""
    try:
        if not folder.exists() or (folder / HIDDEN).is_dir():
            return
        empty = folder.is_dir() and next(folder.iterdir(), None) is None
    except OSError as error:
        raise LibraryError(f"can't read {folder}: {error.strerror}", hint="choose another place with --to") from None
    if not empty and not (force and folder.is_dir()):
        raise LibraryError(
            f"{folder} exists, and was not fetched by sonify",
            hint="choose another place with --to, or pass --force to fetch into it",
        )
