"""Rows of the catalogue as records, and filters as SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Any, cast

from sonify.library.records import LabelSource, Measures, SoundKind, SoundLabel, SoundRecord, Tags
from sonify.library.rights.policy import Policy, parse

_MEASURES = (
    "loudness_lufs, loudest_3s_lufs, true_peak_dbtp, lead_silence_s, tail_silence_s, onsets_s, loopability, "
    "clipped_share, dc, not_finite"
)
# From each licence to the next one: as many steps in the index as there are licences.
_LICENCES = """
    WITH RECURSIVE there (licence) AS (
        SELECT min(licence) FROM sound WHERE problem = ''
        UNION ALL
        SELECT (SELECT min(licence) FROM sound WHERE problem = '' AND licence > there.licence)
        FROM there WHERE licence IS NOT NULL)
    SELECT licence FROM there WHERE licence IS NOT NULL LIMIT ?
"""
_MOST_LICENCES = 200
MEASURE_COLUMNS = tuple(_MEASURES.split(", "))
RECORD_SQL = (
    "SELECT s.path, s.size_bytes, s.mtime_ns, coalesce(s.content_hash, ''), s.duration_s, s.sample_rate_hz, "
    "s.channels, s.labels, coalesce(p.text, ''), s.kind, s.category, s.licence, s.author, s.source_url, "
    "s.description, s.title, s.tags, s.problem, coalesce(c.measured, 0), coalesce(c.problem, ''), "
    + ", ".join(f"c.{name}" for name in MEASURE_COLUMNS)
    + " FROM sound s LEFT JOIN phrases p ON p.id = s.phrases_id LEFT JOIN content c ON c.hash = s.content_hash"
)


@dataclass(frozen=True)
class Filter:
    """Which sounds: of these kinds, under these licences, so long, with so many channels.

    licences: the terms of a policy, such as ("cc0", "cc-by"); see policy.parse. Empty and None let all through.
    """

    kinds: tuple[SoundKind, ...] = ()
    licences: tuple[str, ...] = ()
    min_s: float | None = None
    max_s: float | None = None
    channels: int | None = None


def record(row: tuple[Any, ...]) -> SoundRecord:
    """The record of a row of RECORD_SQL."""
    (path, size, mtime, digest, duration, rate, channels, labels, phrases, kind, category, licence, author, url) = (
        row[:14]
    )
    description, title, tags, problem, measured, content_problem = row[14:20]
    return SoundRecord(
        path=path,
        size_bytes=size,
        mtime_ns=mtime,
        content_hash=digest,
        duration_s=duration,
        sample_rate_hz=rate,
        channels=channels,
        labels=tuple(SoundLabel(text, cast(LabelSource, source), sure) for text, source, sure in json.loads(labels)),
        phrases=phrase_list(phrases),
        kind=kind,
        category=category,
        licence=licence,
        author=author,
        source_url=url,
        description=description,
        title=title,
        tags=tags_of(tags),
        measures=_measures(row[20:]) if measured and not content_problem else None,
        problem=problem,
    )


def phrase_list(text: str) -> tuple[str, ...]:
    """Phrases as they stand in the table, one a line."""
    return tuple(text.split("\n")) if text else ()


def tags_text(tags: Tags) -> str:
    """Tags as they stand in the table, "" when they say nothing."""
    return json.dumps(astuple(tags), ensure_ascii=False) if any(astuple(tags)) else ""


def tags_of(text: str) -> Tags:
    """What tags_text made."""
    return Tags(*json.loads(text)) if text else Tags()


def measure_values(measures: Measures) -> tuple[Any, ...]:
    """The values of MEASURE_COLUMNS."""
    values = {name: getattr(measures, name) for name in MEASURE_COLUMNS}
    values["onsets_s"] = json.dumps(measures.onsets_s[:1000])
    values["not_finite"] = int(measures.not_finite)
    return tuple(values.values())


def _measures(values: tuple[Any, ...]) -> Measures:
    named = dict(zip(MEASURE_COLUMNS, values, strict=True))
    named["onsets_s"] = tuple(json.loads(named["onsets_s"]))
    named["not_finite"] = bool(named["not_finite"])
    return Measures(**named)


def where(filter: Filter, database: sqlite3.Connection) -> tuple[str, list[Any]]:
    """` AND ...` for the usable sounds that `filter` lets through, and its parameters. The sounds are `s`.

    Raises SettingsError for a licence that isn't known.
    """
    sql, values = " AND s.problem = ''", list[Any]()
    if filter.kinds:
        sql += f" AND s.kind IN {_marks(filter.kinds)}"
        values += filter.kinds
    if filter.licences:
        more, given = _licensed(",".join(filter.licences), database)
        sql += more
        values += given
    for name, operator, value in (
        ("duration_s", ">=", filter.min_s),
        ("duration_s", "<=", filter.max_s),
        ("channels", "=", filter.channels),
    ):
        if value is not None:
            sql += f" AND s.{name} {operator} ?"
            values.append(value)
    return sql, values


def _licensed(terms: str, database: sqlite3.Connection) -> tuple[str, list[Any]]:
    """As `where`, for a policy. Few licences are judged before, many as they are met: that costs a call a sound."""
    _policy(terms)
    there = [row[0] for row in database.execute(_LICENCES, (_MOST_LICENCES + 1,))]
    if len(there) > _MOST_LICENCES:
        database.create_function("sonify_allows", 2, _allows, deterministic=True)
        return " AND sonify_allows(?, s.licence)", [terms]
    # Nothing equals None. An empty list would have the planner forget what its index is for.
    allowed = [licence for licence in there if _allows(terms, licence)] or [None]
    # The sign keeps the planner from walking through all sounds of a licence.
    return f" AND +s.licence IN {_marks(allowed)}", allowed


@lru_cache(maxsize=64)
def _policy(terms: str) -> Policy:
    return parse(terms)


@lru_cache(maxsize=4096)
def _allows(terms: str, licence: str) -> bool:
    return _policy(terms).allows(licence)


def _marks(values: Iterable[object]) -> str:
    return f"({', '.join('?' for _ in values)})"
