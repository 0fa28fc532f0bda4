"""What is right: a CSV that says for each clip which labels are, when and where; docs/eval.md has its columns."""

from __future__ import annotations

import csv
import difflib
import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonify.errors import SonifyError

MAX_BYTES = 16 * 2**20
MAX_PATTERN = 1000
PATTERN_TIMEOUT_S = 0.5
"""For one pattern over all labels; ordinary ones take microseconds for each."""

KNOWN = ("file", "accept", "intervals", "onsets", "pan", "expect_none", "shows", "expected_sound")
"""Columns with a meaning. Others are passed over, unless they look like one of these."""

_TRUE, _FALSE = {"1", "yes", "true", "x"}, {"", "0", "no", "false"}
Curve = tuple[tuple[float, float], ...]


class ManifestError(SonifyError):
    """A manifest that can't be used: each message names the row and the column."""


@dataclass(frozen=True)
class Expected:
    """One emitter of a clip.

    accept: the regular expression of right labels. intervals: [(start_s, end_s)] in which it is there; onsets: the
    instants in s at which it hits something; pan: ((time_s, -1..1), ...), straight between. Each is () where the
    manifest doesn't say. shows: words for a person.
    """

    accept: str
    intervals: tuple[tuple[float, float], ...] = ()
    onsets: tuple[float, ...] = ()
    pan: Curve = ()
    shows: str = ""


@dataclass(frozen=True)
class Clip:
    """A video and what should be heard in it. file: as the manifest writes it; path: where it lies.

    expect_none: nothing should be heard. Neither emitters nor that: nobody decided, and it isn't counted.
    """

    file: str
    path: Path
    expected: tuple[Expected, ...] = ()
    expect_none: bool = False
    shows: str = ""


def read_manifest(path: Path) -> tuple[Clip, ...]:
    """The clips in the order of the manifest; rows for the same file are the emitters of one clip.

    Names of files start at the manifest's folder. Raises ManifestError for a file that is missing or no such CSV, a
    column that is missing or misspelt, a value that can't be read, and for videos that aren't there.
    """
    rows = _rows(path)
    clips: dict[str, Clip] = {}
    for number, row in rows:
        clip = _clip(path, number, row)
        if clip.file in clips:
            clip = _together(path, number, clips[clip.file], clip)
        clips[clip.file] = clip
    if not clips:
        raise ManifestError(f"{path} has no rows", hint="write one for each clip; docs/eval.md shows how")
    missing = [clip.file for clip in clips.values() if not clip.path.is_file()]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        one = len(missing) == 1
        raise ManifestError(
            f"{path.name} names {'a video that is' if one else f'{len(missing)} videos that are'} not there: "
            + ", ".join(repr(file) for file in missing[:5])
            + more,
            hint=f"names start at {path.parent}; correct {'it' if one else 'them'}, or take the rows out",
        )
    return tuple(clips.values())


def matching(pattern: str, labels: Sequence[str]) -> frozenset[int]:
    """The numbers of the labels in which the regular expression is found, whatever the case.

    Raises ManifestError where it takes too long: patterns such as (a+)+b never end.
    """
    compiled = _compiled(pattern)
    end_s = time.monotonic() + PATTERN_TIMEOUT_S
    found = set()
    for number, label in enumerate(labels):
        try:
            if compiled.search(label, timeout=max(1e-3, end_s - time.monotonic())):
                found.add(number)
        except TimeoutError:
            raise ManifestError(
                f"the pattern {pattern[:60]!r} takes too long on {label[:40]!r}",
                hint="write it without a repetition within a repetition",
            ) from None
    return frozenset(found)


def _compiled(pattern: str) -> Any:
    import regex  # type: ignore[import-untyped]  # unlike re it can be told when to give up

    return regex.compile(pattern, regex.IGNORECASE)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(f"{path} is over {MAX_BYTES // 2**20} MiB", hint="is it a manifest?")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise ManifestError(f"can't read {path}: {error.strerror}", hint="check the name") from None
    except UnicodeDecodeError:
        raise ManifestError(f"{path} is not UTF-8", hint="save it as CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        _check_columns(path, columns)
        reader.fieldnames = columns
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ManifestError(f"{path}, near line {reader.line_num}: {error}", hint="is it a CSV?") from None
    for number, row in rows:
        if None in row or None in row.values():
            raise ManifestError(
                f"{path}, line {number}: {'more' if None in row else 'fewer'} cells than columns",
                hint="put cells with commas in quotes",
            )
    return rows


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    for name in columns:
        near = difflib.get_close_matches(name.lower(), KNOWN, n=1, cutoff=0.8)
        if name not in KNOWN and near:
            raise ManifestError(f"{path} has a column {name!r}", hint=f"did you mean {near[0]}?")
        if name in KNOWN and columns.count(name) > 1:
            raise ManifestError(f"{path} has two columns {name!r}", hint="leave one")
    for needed in ("file",):
        if needed not in columns:
            raise ManifestError(
                f"{path} has no column {needed!r}", hint=f"its columns are {', '.join(columns)[:200]}"
            )
    if not {"accept", "expect_none"} & set(columns):
        raise ManifestError(
            f"{path} says nothing of what is right", hint="add a column accept, expect_none or both (docs/eval.md)"
        )


def _clip(path: Path, number: int, row: dict[str, str]) -> Clip:
    cell = {name: (row.get(name) or "").strip() for name in KNOWN}

    def wrong(column: str, why: str) -> ManifestError:
        shown = cell[column] if len(cell[column]) <= 60 else f"{cell[column][:57]}..."
        return ManifestError(f"{path}, line {number}, {column} {shown!r}: {why}", hint="docs/eval.md shows the form")

    if not cell["file"] or "\0" in cell["file"]:
        raise wrong("file", "no name of a video")
    if cell["expect_none"].lower() not in _TRUE | _FALSE:
        raise wrong("expect_none", "must be 1, 0 or empty")
    nothing = cell["expect_none"].lower() in _TRUE
    shows = cell["shows"] or cell["expected_sound"]
    clip = Clip(cell["file"], path.parent / cell["file"], (), nothing, shows)
    said = [column for column in ("accept", "intervals", "onsets", "pan") if cell[column]]
    if nothing and said:
        raise wrong(said[0], "nothing is expected here, says expect_none")
    if not cell["accept"]:
        if said:
            raise wrong(said[0], "there is no accept beside it: which labels are right?")
        return clip
    try:
        emitter = Expected(_pattern(cell["accept"]), shows=shows, **{c: _READ[c](cell[c]) for c in _READ if cell[c]})
    except _BadValueError as bad:
        raise wrong(bad.column, bad.why) from None
    return Clip(clip.file, clip.path, (emitter,), False, shows)


def _together(path: Path, number: int, first: Clip, more: Clip) -> Clip:
    if not first.expected or not more.expected:
        raise ManifestError(
            f"{path}, line {number}: {more.file!r} is there twice, once without emitters",
            hint="give each emitter of a clip a row with accept, or the clip one row",
        )
    shows = first.shows if more.shows in first.shows else f"{first.shows}; {more.shows}"
    return Clip(first.file, first.path, first.expected + more.expected, False, shows)


class _BadValueError(Exception):
    def __init__(self, column: str, why: str) -> None:
        self.column, self.why = column, why
        super().__init__(why)


def _pattern(text: str) -> str:
    import regex

    if len(text) > MAX_PATTERN:
        raise _BadValueError("accept", f"over {MAX_PATTERN} characters")
    try:
        _compiled(text)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise _BadValueError("accept", f"no regular expression ({error})") from None
    return text


def _numbers(column: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _BadValueError(column, f"{text[:20]!r} is no number") from None
    if not least <= value <= most:
        raise _BadValueError(column, f"{text[:20]} is not in {least:g}..{most:g}")
    return value


def _intervals(text: str) -> tuple[tuple[float, float], ...]:
    found = []
    for part in text.replace(";", " ").split():
        start, dash, end = part.partition("-")
        if not dash:
            raise _BadValueError("intervals", f"{part[:20]!r} has no dash: write 1.5-4")
        pair = _numbers("intervals", start, 0, 1e6), _numbers("intervals", end, 0, 1e6)
        if pair[1] <= pair[0]:
            raise _BadValueError("intervals", f"{part[:20]} ends before it begins")
        found.append(pair)
    return tuple(sorted(found))


def _onsets(text: str) -> tuple[float, ...]:
    return tuple(sorted(_numbers("onsets", part, 0, 1e6) for part in text.replace(";", " ").split()))


def _curve(text: str) -> Curve:
    points = []
    for part in text.replace(";", " ").split():
        at, colon, value = part.partition(":")
        if not colon:
            raise _BadValueError("pan", f"{part[:20]!r} has no colon: write 1.5:-0.3")
        points.append((_numbers("pan", at, 0, 1e6), _numbers("pan", value, -1, 1)))
    if points != sorted(points, key=lambda point: point[0]):
        raise _BadValueError("pan", "times go back")
    return tuple(points)


_READ: dict[str, Any] = {"intervals": _intervals, "onsets": _onsets, "pan": _curve}


def covered(intervals: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The intervals in order, those that touch or overlap joined."""
    done: list[tuple[float, float]] = []
    for start_s, end_s in sorted(intervals):
        if done and start_s <= done[-1][1] + 1e-9:
            done[-1] = (done[-1][0], max(done[-1][1], end_s))
        else:
            done.append((start_s, end_s))
    return tuple(done)
