"""The sounds of several catalogues as one sequence, and their labels; nothing is read before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from sonify.library.catalog.file import CatalogFile, entry
from sonify.library.catalog.rows import Filter, phrase_list, where
from sonify.library.records import SoundKind
from sonify.library.sounds import Label, Library, Sound

# Only these two can be heard because something is seen.
MATCHED: tuple[SoundKind, ...] = ("effect", "ambience")
_SOUND_SQL = (
    "SELECT s.path, coalesce(l.text, ''), s.kind, coalesce(p.text, ''), s.licence, s.author, s.duration_s,"
    " s.sample_rate_hz, s.channels, s.title, s.source_url, c.lead_silence_s"
    " FROM sound s LEFT JOIN label l ON l.id = s.label_id LEFT JOIN phrases p ON p.id = s.phrases_id"
    " LEFT JOIN content c ON c.hash = s.content_hash AND c.measured"
)
_PAGE = 1000


@dataclass(frozen=True)
class Source:
    """One library's catalogue, seen through a policy.

    licences: the terms of the policy, () for any. heard: folders inside the library, as `a/b/`, whose sounds count
    to a library before it; "" for all of it.
    """

    library: Library
    file: CatalogFile
    licences: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()

    def rows(self, sql: str, condition: str, values: Sequence[Any], kinds: tuple[SoundKind, ...] = ()) -> list[Any]:
        """The rows of `sql` over the usable sounds `s` that are let through; condition: what follows them."""
        more, given = where(Filter(kinds=kinds, licences=self.licences), self.file.database)
        for folder in self.heard:
            more += " AND NOT (s.path >= ? AND s.path < ?)"
            given += [folder, after(folder)]
        return self.file.rows(f"{sql} WHERE 1{more}{condition}", (*given, *values))

    def sound(self, row: tuple[Any, ...], kind: SoundKind | None) -> Sound:
        """The sound of a row of _SOUND_SQL, under the kind of its label where there is one."""
        path, label, own_kind, phrases, licence, author, duration_s, rate, channels, title, url, lead_s = row
        return Sound(
            library=self.library.name,
            path=path,
            file=self.library.folder / path,
            label=label,
            kind=kind or own_kind,
            phrases=phrase_list(phrases),
            licence=licence,
            author=author,
            duration_s=duration_s,
            sample_rate_hz=rate,
            channels=channels,
            title=title,
            source_url=url,
            lead_silence_s=lead_s,
        )


def after(folder: str) -> str:
    """What sorts behind every path that begins with `folder`, which is "" or ends in '/'."""
    return f"{folder[:-1]}0" if folder else "\U0010ffff"


class FoundSounds(Sequence[Sound]):
    """The sounds of some libraries, or of one label in them: in the order of the libraries, then of their paths."""

    __slots__ = ("_count", "_kind", "_label", "_sources")

    def __init__(
        self, sources: tuple[Source, ...], count: int, label: str | None = None, kind: SoundKind | None = None
    ) -> None:
        self._sources, self._count, self._label, self._kind = sources, count, label, kind

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Sound]:
        for source in self._sources:
            last = ""
            while rows := self._rows(source, f" AND s.path > ? ORDER BY s.path LIMIT {_PAGE}", (last,)):
                yield from (source.sound(row, self._kind) for row in rows)
                last = rows[-1][0]

    @overload
    def __getitem__(self, index: int) -> Sound: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sound]: ...
    def __getitem__(self, index: int | slice) -> Sound | Sequence[Sound]:
        # Whoever reaches into the middle wants many: one pass is what it costs.
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._label, self._count))

    def __repr__(self) -> str:
        return f"FoundSounds({self._label or 'all'}, {self._count})"

    def around(self, length_s: float, limit: int) -> list[Sound]:
        """The sounds nearest in length to `length_s`, in order: at most `limit` not shorter, and as many shorter."""
        found: list[Sound] = []
        for source in self._sources:
            longer = self._rows(
                source, " AND s.duration_s >= ? ORDER BY s.duration_s, s.path LIMIT ?", (length_s, limit)
            )
            shorter = self._rows(
                source, " AND s.duration_s < ? ORDER BY s.duration_s DESC, s.path LIMIT ?", (length_s, limit)
            )
            found += [
                source.sound(row, self._kind) for row in sorted((*longer, *shorter), key=lambda row: str(row[0]))
            ]
        return found

    def _rows(self, source: Source, condition: str, values: Sequence[Any]) -> list[Any]:
        if self._label is None:
            return source.rows(_SOUND_SQL, condition, values)
        of_label = " AND s.label_id = (SELECT id FROM label WHERE text = ?)"
        kinds = MATCHED if self._kind in MATCHED else ()
        return source.rows(_SOUND_SQL, of_label + condition, (self._label, *values), kinds)


def around(sounds: Sequence[Sound], length_s: float, limit: int) -> Sequence[Sound]:
    """Those of `sounds` that are nearest in length, in their order: see FoundSounds.around. A few may be all."""
    return sounds.around(length_s, limit) if isinstance(sounds, FoundSounds) else sounds


def labels_of(sources: tuple[Source, ...]) -> tuple[tuple[Label, ...], int]:
    """The labels of all sources, sorted by text, and the number of all sounds; what bears one text is one label.

    Of sounds that share it, effects and ambiences alone are matched; where there are none, it has no phrases.
    """
    groups: dict[str, list[tuple[SoundKind, str, int]]] = {}
    for source in sources:
        sql = "SELECT s.label_id, s.kind, s.phrases_id, count(*) FROM sound s"
        counted = source.rows(sql, " AND s.label_id IS NOT NULL GROUP BY 1, 2, 3", ())
        texts = dict(source.file.rows("SELECT id, text FROM label"))
        phrases = dict(source.file.rows("SELECT id, text FROM phrases"))
        for label_id, kind, phrases_id, number in counted:
            groups.setdefault(texts[label_id], []).append((kind, phrases.get(phrases_id, ""), number))
    total = sum(number for group in groups.values() for _, _, number in group)
    return tuple(_label(sources, text, group) for text, group in sorted(groups.items())), total


def _label(sources: tuple[Source, ...], text: str, group: list[tuple[SoundKind, str, int]]) -> Label:
    matched = [one for one in group if one[0] in MATCHED]
    found = entry(text, matched or group)
    return Label(
        text, found.kind, found.phrases if matched else (), FoundSounds(sources, found.count, text, found.kind)
    )
