"""Searching libraries: what a person asks becomes vectors, and the library ranks its sounds by them.

search("glass breaking, heavy")             words, and what labels mean
search(image="frame.png")                   labels whose emitters are in the picture
search("a big one", like="door slam.wav")   by ear, with CLAP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonify.errors import LibraryError, ModelError
from sonify.library.catalog.file import CatalogFile, DamagedError, Filter
from sonify.library.catalog.write import Writer
from sonify.library.records import SoundKind, SoundRecord
from sonify.library.refresh.hashing import content_hash
from sonify.library.refresh.walk import shown
from sonify.library.scan import libraries_of, refreshed
from sonify.library.search.answer import Labels, LabelVectors, Searched, SearchHit, SoundVectors, answer
from sonify.library.search.finding import find_sound
from sonify.library.search.lookups import contents, version
from sonify.library.search.query import query_words
from sonify.library.search.vectors import EMITTERS, LABELS, SOUNDS, fill, key_of_phrases, open_vectors
from sonify.library.sounds import Library
from sonify.progress import Event, Progress, note, silent
from sonify.settings import Settings
from sonify.vectortable import Array, VectorTable, key_of

if TYPE_CHECKING:
    from sonify.models.clap.ear import Ear
    from sonify.models.interface import ImageTextModel

__all__ = ["SearchHit", "Searcher", "search"]

MAX_QUERY = 1000
_SEEN_KINDS: tuple[SoundKind, ...] = ("effect", "ambience")
_Rows = tuple[VectorTable, NDArray[np.intp]]
_MANY = 200
_HEARD_AT_ONCE = 16


def search(
    query: str = "",
    *,
    like: str | Path | None = None,
    image: str | Path | None = None,
    library: Sequence[str | Path] | str | Path | None = None,
    filter: Filter = Filter(),  # noqa: B008 - frozen
    limit: int = 20,
    words_only: bool = False,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> list[SearchHit]:
    """The sounds that fit best, best first; none where nothing does.

    query: words, for names and descriptions and for what labels mean. like: a sound on disk or in a library, to find
    those that sound alike; that needs CLAP. image: a still, to find what could be heard in it. What is given is
    fused. library: a folder or several; the starter sounds where none is given; one that has never been scanned is
    scanned first. words_only: no model is loaded, and the query is looked for in names and descriptions alone.
    Raises LibraryError, ModelError, VideoError (for the picture) or SettingsError.
    """
    with Searcher(library, settings=settings, progress=progress) as searcher:
        return searcher.search(query, like=like, image=image, filter=filter, limit=limit, words_only=words_only)


@dataclass(frozen=True)
class _Alike:
    """What --like asks for: a vector, or a label in its place; and where in a library the sound itself lies."""

    vector: Array | None = None
    label: str = ""
    catalog: CatalogFile | None = None
    path: str = ""


@dataclass(frozen=True)
class _Open:
    library: Library
    catalog: CatalogFile
    labels: Labels


class Searcher:
    """Libraries and models, opened when first used and kept for many searches. A context manager."""

    def __init__(
        self,
        library: Sequence[str | Path] | str | Path | None = None,
        *,
        settings: Settings | None = None,
        progress: Progress = silent,
    ) -> None:
        """library, settings, progress: as in `search`. Raises LibraryError for a folder that is missing."""
        folders = () if library is None else [library] if isinstance(library, str | Path) else library
        self.settings = settings or Settings()
        self.progress = progress
        self._libraries = libraries_of(folders)
        self._opened: list[_Open] = []
        self._tables: dict[tuple[int, str], VectorTable] = {}
        self._heard: dict[int, tuple[int, int]] = {}
        self._rows: dict[tuple[int, str], tuple[tuple[str, ...], NDArray[np.intp]]] = {}

    def __enter__(self) -> Searcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the catalogues; a second time does nothing."""
        while self._opened:
            self._opened.pop().catalog.close()
        self._tables.clear()
        self._rows.clear()
        self._heard.clear()

    @cached_property
    def model(self) -> ImageTextModel:
        """The model that reads queries and looks at pictures."""
        from sonify.models.registry import load

        return load(self.settings.model, view=self.settings.video.view, progress=self.progress)

    @cached_property
    def ear(self) -> Ear:
        """CLAP. Raises ModelError when it is not on this machine."""
        from sonify.models.clap import load_clap
        from sonify.models.clap.ear import Ear

        return Ear(load_clap(self.settings.model, progress=self.progress))

    def search(
        self,
        query: str = "",
        *,
        like: str | Path | None = None,
        image: str | Path | None = None,
        filter: Filter = Filter(),  # noqa: B008 - frozen
        limit: int = 20,
        words_only: bool = False,
    ) -> list[SearchHit]:
        """See `search`."""
        query = " ".join(query.split())[:MAX_QUERY]
        if query and not query_words(query):
            raise LibraryError(f"there is no word in {shown(query)!r}", hint='write what is heard: "glass breaking"')
        if not query and like is None and image is None:
            raise LibraryError("nothing to search for", hint="give words, a sound or a picture")
        if not filter.licences and self.settings.library.licences:
            from sonify.library.rights.policy import parse

            filter = replace(filter, licences=parse(self.settings.library.licences).terms)
        _ = self.opened  # before any model is loaded: is there anything to search?
        picture = self._seen(image) if image is not None else None
        for last in (False, True):
            searched = self._asked(query if not words_only else "", like, picture)
            found: dict[Path, SearchHit] = {}
            for hit in answer(searched, query, filter, limit * self._overlap):
                found.setdefault(self._file(hit), hit)  # libraries within libraries both find a sound
            best = list(found.items())[:limit]
            gone = {hit.library for file, hit in best if not file.is_file()}
            if last or not gone:
                return [hit for file, hit in best if hit.library not in gone or file.is_file()]
            self._again(gone)
        raise AssertionError

    @property
    def _overlap(self) -> int:
        """In how many libraries one file may be."""
        folders = [library.folder for library in self._libraries]
        return max(sum(folder.is_relative_to(other) for other in folders) for folder in folders)

    def _file(self, hit: SearchHit) -> Path:
        return next(one.library.folder for one in self.opened if one.library.name == hit.library) / hit.record.path

    @property
    def opened(self) -> list[_Open]:
        """The libraries with their catalogues."""
        if not self._opened:
            try:
                for library in self._libraries:
                    catalog = self._catalog(library)
                    self._opened.append(_Open(library, catalog, Labels(catalog)))
            except BaseException:
                self.close()
                raise
        return self._opened

    def _catalog(self, library: Library) -> CatalogFile:
        """What the last scan found; a scan where there was none."""
        catalog = CatalogFile.open(library.folder)
        try:
            if catalog.note:
                note(self.progress, "library", catalog.note)
            if next(contents(catalog), None):
                return catalog
        except DamagedError:
            pass
        catalog.close()
        catalog = refreshed(library, progress=self.progress)
        if next(contents(catalog), None) is None:
            catalog.close()
            what = f"the library {shown(library.folder)} has no sound that can be used"
            raise LibraryError(what, hint="`sonify library scan` on it says why")
        return catalog

    def _again(self, names: set[str]) -> None:
        """Brings libraries up to date whose files have gone."""
        for one in self.opened:
            if one.library.name in names:
                refreshed(one.library, progress=self.progress).close()

    # What was asked, as rankings

    def _asked(self, meaning: str, like: str | Path | None, picture: Array | None) -> list[Searched]:
        """The libraries with all rankings that were asked for."""
        alike = self._alike(like) if like is not None else _Alike()
        meant = [(name, self.model.embed_phrases([text])) for name, text in self._texts(meaning, alike.label)]
        searched = []
        for number, one in enumerate(self.opened):
            by_label = [LabelVectors(name, *self._label_vectors(number), vector) for name, vector in meant]
            if picture is not None:
                by_label.append(LabelVectors("picture", *self._emitter_vectors(number), picture))
            by_sound = []
            if alike.vector is not None:
                by_sound.append(SoundVectors("sound", self._sound_vectors(number), alike.vector))
            without = frozenset({alike.path} if alike.catalog is one.catalog else ())
            searched.append(Searched(one.library.name, one.catalog, one.labels.texts, by_label, by_sound, without))
        return searched

    @staticmethod
    def _texts(meaning: str, label: str) -> list[tuple[str, str]]:
        return [(name, text) for name, text in (("meaning", meaning), ("label", label)) if text]

    def _alike(self, like: str | Path) -> _Alike:
        """What a sound is like: its vector or, without CLAP, the label that it has in a library."""
        found = self._in_library(like)
        try:
            ear = self.ear
        except ModelError as error:
            if found is None:
                raise
            catalog, record = found
            label = record.labels[0].text if record.labels else ""
            if not label:
                raise
            note(
                self.progress,
                "search",
                f"nothing is compared by ear ({error.what}): these are the sounds whose label is near {label!r}",
            )
            return _Alike(None, label, catalog, record.path)
        file = found[0].root / found[1].path if found else Path(like).expanduser()
        if not file.is_file():
            raise LibraryError(f"there is no sound {shown(like)}", hint="check the name")
        vectors, problems = ear.hear([file])
        if problems:
            raise LibraryError(problems[0])
        return _Alike(vectors[0], "", *((found[0], found[1].path) if found else (None, "")))

    def _in_library(self, like: str | Path) -> tuple[CatalogFile, SoundRecord] | None:
        """The sound of a library that is meant; None for a file that lies elsewhere, whatever it is called."""
        file = Path(like).expanduser()
        on_disk = file.is_file()
        try:
            found = find_sound([one.catalog for one in self.opened], str(like))
            return found if not on_disk or file.samefile(found[0].root / found[1].path) else None
        except LibraryError:
            if not on_disk:
                raise
        except OSError:  # what the library says of it has gone
            pass
        return None

    def _seen(self, image: str | Path) -> Array:
        """A picture's views as unit vectors [V, D]."""
        from sonify.models.picture import read_picture

        pixels = read_picture(Path(image).expanduser())
        vectors: Array = self.model.embed_frames(pixels).vectors[0]
        return vectors

    # The vectors of a library

    def _table(self, number: int, what: str, name: str, weights: str, scope: str) -> VectorTable:
        if (number, what) not in self._tables:
            catalog = self.opened[number].catalog
            self._tables[number, what] = open_vectors(catalog, what, name, weights, scope=scope)
        return self._tables[number, what]

    def _label_vectors(self, number: int) -> _Rows:
        """What labels say."""
        texts = self.opened[number].labels.texts
        table = self._table(number, LABELS, self.model.name, self.model.weights, self._precision)

        def make(numbers: Sequence[int]) -> Array:
            return self.model.embed_phrases([texts[n] for n in numbers])

        return self._filled(
            number, LABELS, lambda: fill(table, list(map(key_of, texts)), make, progress=self.progress)
        )

    def _emitter_vectors(self, number: int) -> _Rows:
        """What labels look like; -1 for those with nothing to see."""
        from sonify.models.text import TEMPLATES, embed_labels

        one = self.opened[number]
        scope = "\0".join((self._precision, *TEMPLATES))
        table = self._table(number, EMITTERS, self.model.name, self.model.weights, scope)

        def rows() -> NDArray[np.intp]:
            seen = {entry.text: entry.phrases for entry in one.catalog.labels(Filter(kinds=_SEEN_KINDS))}
            at = [n for n, text in enumerate(one.labels.texts) if seen.get(text)]
            phrases = [seen[one.labels.texts[n]] for n in at]
            found = np.full(len(one.labels.texts), -1, np.intp)
            found[at] = fill(
                table,
                [key_of_phrases(some) for some in phrases],
                lambda numbers: embed_labels(self.model, [phrases[n] for n in numbers]),
                progress=self.progress,
            )
            return found

        return self._filled(number, EMITTERS, rows)

    def _filled(self, number: int, what: str, rows: Callable[[], NDArray[np.intp]]) -> _Rows:
        """A table with the row of each label, which is looked up again only when the labels have changed."""
        texts = self.opened[number].labels.texts
        kept = self._rows.get((number, what))
        if kept is None or kept[0] is not texts:
            kept = self._rows[number, what] = (texts, rows())
        return self._tables[number, what], kept[1]

    @property
    def _precision(self) -> str:
        return str(getattr(self.model, "precision", ""))

    def _sound_vectors(self, number: int) -> VectorTable:
        """The vectors of all sounds of a library; those that CLAP has never heard are heard first."""
        catalog, clap = self.opened[number].catalog, self.ear.model
        table = self._table(number, SOUNDS, clap.name, clap.weights, str(getattr(clap, "engine", "")))
        if self._heard.get(number) == version(catalog):
            return table
        known = {bytes.fromhex(digest) for _, digest, _ in contents(catalog) if digest}
        keys = sorted(known)
        new = {key for key, row in zip(keys, table.find(keys), strict=True) if row < 0}
        todo = [one for one in contents(catalog) if not one[1] or bytes.fromhex(one[1]) in new]
        if len(todo) > _MANY:
            note(self.progress, "listen", f"{len(todo):,} sounds are heard for the first time; what is heard is kept")
        failed = 0
        for start in range(0, len(todo), _HEARD_AT_ONCE):
            self.progress(Event("listen", start, len(todo), "sounds"))
            failed += self._hear(catalog, table, todo[start : start + _HEARD_AT_ONCE])
        if todo:
            self.progress(Event("listen", len(todo), len(todo), "sounds"))
        if failed:
            sounds = "1 sound" if failed == 1 else f"{failed:,} sounds"
            note(self.progress, "listen", f"{sounds} could not be heard: `sonify library check` says why")
        self._heard[number] = version(catalog)
        return table

    def _hear(self, catalog: CatalogFile, table: VectorTable, sounds: Sequence[tuple[str, str, int]]) -> int:
        """Keeps the vectors of some sounds, by their contents; returns how many could not be heard."""
        vectors, problems = self.ear.hear([catalog.root / path for path, _, _ in sounds])
        heard: dict[bytes, int] = {}
        hashed: list[tuple[str, str, int]] = []
        for n, (path, digest, size_bytes) in enumerate(sounds):
            if n in problems:
                continue
            if not digest:
                try:
                    digest = content_hash(catalog.root / path)
                except OSError:
                    problems[n] = "it is gone"
                    continue
                hashed.append((path, digest, size_bytes))
            heard[bytes.fromhex(digest)] = n
        if hashed:
            with catalog.writing():
                for path, digest, size_bytes in hashed:
                    Writer(catalog).set_hash(path, digest, size_bytes)
        if heard:
            table.add(list(heard), vectors[list(heard.values())])
        return len(problems)
