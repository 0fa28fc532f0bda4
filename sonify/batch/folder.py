"""batch(): score() over a folder, one video after another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from sonify.batch.find import find_videos
from sonify.batch.report import FILE_NAME, BatchFile, BatchReport, begun
from sonify.cues import CueSheet
from sonify.errors import CueSheetError, RenderError, SonifyError, VideoError
from sonify.library.rights.credits import SUFFIX as CREDITS
from sonify.library.rights.credits import is_ours
from sonify.pipeline import Libraries, Session
from sonify.progress import Event, Progress, silent
from sonify.settings import Settings
from sonify.video.probe import fingerprint

__all__ = ["BatchFile", "BatchReport", "batch"]


def batch(
    folder: str | Path,
    out: str | Path,
    *,
    library: Libraries = None,
    settings: Settings | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> BatchReport:
    """Scores every video below `folder` into the same tree below `out`; the report says what became of each.

    A video that fails is reported and skipped. Unless `force`, one whose scored video and cue sheet are there
    and belong to it is left alone, and one that has only its cue sheet is rendered from that. `out`/batch.json
    is up to date after each video, also when cut short.
    Raises VideoError when there is nothing to score, RenderError when `out` can't be written, and what a
    Session raises when the model or the libraries can't be used.
    """
    folder, out = Path(folder), Path(out)
    videos = find_videos(folder, out)
    _make_folder(out, folder)
    unfinished = begun(out / FILE_NAME)
    report = BatchReport(folder, out, plan(videos))
    originals = frozenset(os.path.realpath(folder / video) for video in videos)
    teller = _Teller(progress)
    session = Session(library=library, settings=settings, progress=teller)
    for index, file in enumerate(report.files):
        progress(Event("batch", index, len(videos), "videos"))
        teller.video = file.video
        scored, cue_sheet = out / file.scored, out / file.cue_sheet
        credits = cue_sheet.with_name(f"{cue_sheet.name.removesuffix('.cues.json')}{CREDITS}")
        earlier = None if force else _earlier(folder / file.video, cue_sheet)
        if earlier is not None and scored.is_file():
            written = credits.relative_to(out).as_posix() if is_ours(credits) else ""
            report = report.marked(index, state="present", cues=len(earlier.cues), credits=written)
            continue
        _load(session, teller)
        report = report.marked(index, state="started")
        report.save()
        try:
            _check_name(file.video)
            _check_target(scored, cue_sheet, credits, originals, replace_it=force or file.video in unfinished)
            scored.parent.mkdir(parents=True, exist_ok=True)
            if earlier is not None:
                session.render(earlier, scored, credits=credits, force=True)
            else:
                made = session.score(folder / file.video, scored, cues=cue_sheet, credits=credits, force=True)
                earlier = made.sheet
            written = credits.relative_to(out).as_posix() if is_ours(credits) else ""
            report = report.marked(index, state="scored", cues=len(earlier.cues), credits=written)
        except Exception as error:  # noqa: BLE001 - one bad file must not end a night's work; it is in the report
            report = report.marked(index, state="failed", reason=_reason(error))
            progress(Event("batch", note=f"{file.video}: failed: {_reason(error)}"))
        report.save()
    progress(Event("batch", len(videos), len(videos), "videos"))
    report.save()
    return report


def plan(videos: Sequence[PurePath]) -> tuple[BatchFile, ...]:
    """Where each video's outputs go: a/b.mov becomes a/b.mov and a/b.cues.json.

    Where two videos would share a cue sheet (b.mov and b.mp4), theirs are b.mov.cues.json and b.mp4.cues.json.
    """
    # casefold: the output may lie on a disk that takes B and b for one name
    stems = Counter(str(video.with_suffix("")).casefold() for video in videos)
    files = []
    for video in videos:
        shared = stems[str(video.with_suffix("")).casefold()] > 1
        sheet = video.with_name(f"{video.name if shared else video.stem}.cues.json")
        files.append(BatchFile(video.as_posix(), video.as_posix(), sheet.as_posix()))
    return tuple(files)


class _Teller:
    """Passes progress on, with the video's name before each note."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.video = ""

    def __call__(self, event: Event) -> None:
        self.progress(replace(event, note=f"{self.video}: {event.note}") if event.note and self.video else event)


def _make_folder(out: Path, folder: Path) -> None:
    if out.exists() and out.is_dir() and out.samefile(folder):
        raise RenderError(f"{out} is the folder of the videos", hint="choose another, such as -o scored")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderError(f"can't make the folder {out}: {error.strerror}", hint="choose another place") from None


def _load(session: Session, teller: _Teller) -> None:
    """What all videos need: a mistake there ends the batch, before any video is blamed for it."""
    video, teller.video = teller.video, ""
    _ = session.catalog, session.words
    teller.video = video


def _earlier(video: Path, cue_sheet: Path) -> CueSheet | None:
    """The cue sheet that is there, made by an earlier run or by hand, if it belongs to this very video."""
    if not cue_sheet.is_file():
        return None
    try:
        sheet = CueSheet.load(cue_sheet)
        return sheet if sheet.video.fingerprint == fingerprint(video) else None
    except SonifyError:
        return None


def _check_name(video: str) -> None:
    try:
        video.encode("utf-8")
    except UnicodeEncodeError:
        raise VideoError("its name is no text (UTF-8), which a cue sheet can't hold", hint="rename it") from None


def _check_target(
    scored: Path, cue_sheet: Path, credits: Path, originals: frozenset[str], *, replace_it: bool
) -> None:
    """Only what sonify made may be replaced unasked: a scored video has its cue sheet beside it."""
    if os.path.realpath(scored) in originals:
        raise RenderError(f"{scored} is one of the videos to score", hint="choose another folder for the output")
    if replace_it:
        return
    if scored.exists() and not cue_sheet.exists():
        raise RenderError(f"{scored} exists and has no cue sheet", hint="pass --force to replace it")
    if credits.exists() and not is_ours(credits):
        raise RenderError(f"{credits} exists and is not sonify's", hint="pass --force to replace it")
    if cue_sheet.exists():
        try:
            CueSheet.load(cue_sheet)
        except CueSheetError as error:
            raise CueSheetError(f"{cue_sheet} exists: {error.what}", hint="mend it, or pass --force") from None


def _reason(error: Exception) -> str:
    if isinstance(error, SonifyError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"unexpected {type(error).__name__} ({error}); `sonify score --debug` on this file shows where"
