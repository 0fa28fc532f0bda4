"""What became of each video of a batch, and the file that says so."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from sonify.errors import RenderError
from sonify.files import write_text

FORMAT = "sonify.batch"
VERSION = 1
FILE_NAME = "batch.json"
MAX_BYTES = 64 * 2**20

State = Literal["pending", "started", "scored", "present", "failed"]
"""pending: not yet looked at; started: in work, or cut short there; present: an earlier run had made it."""


@dataclass(frozen=True)
class BatchFile:
    """One video. `video` is relative to the input folder, `scored` and `cue_sheet` to the output folder.

    cues: how many there are, None where there is no sheet. credits: the text that must go with the scored video,
    relative to the output folder, "" when its sounds ask for none. reason: why it failed.
    """

    video: str
    scored: str
    cue_sheet: str
    state: State = "pending"
    cues: int | None = None
    credits: str = ""
    reason: str = ""


@dataclass(frozen=True)
class BatchReport:
    """All videos of a batch, in order."""

    folder: Path
    out: Path
    files: tuple[BatchFile, ...]

    @property
    def file(self) -> Path:
        """Where the report is kept."""
        return self.out / FILE_NAME

    def count(self, state: State) -> int:
        """How many files are in that state."""
        return sum(file.state == state for file in self.files)

    def marked(self, index: int, **changes: Any) -> BatchReport:
        """The report with `changes` to one file."""
        files = list(self.files)
        files[index] = replace(files[index], **changes)
        return replace(self, files=tuple(files))

    def document(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "folder": str(self.folder.absolute()),
            "out": str(self.out.absolute()),
            "totals": {state: self.count(state) for state in get_args(State)},
            "files": [asdict(file) for file in self.files],
        }

    def save(self) -> None:
        """Writes batch.json, whole or not at all. Raises RenderError."""
        try:
            # ASCII, since a file name may hold bytes that are no text.
            write_text(self.file, json.dumps(self.document(), indent=2) + "\n")
        except OSError as error:
            hint = "check the place and its free space"
            raise RenderError(f"can't write {self.file}: {error.strerror}", hint=hint) from None


def is_report(file: Path) -> bool:
    """Whether `file` is the report of a batch."""
    return _document(file) is not None


def begun(file: Path) -> frozenset[str]:
    """The videos that an earlier run, reported in `file`, had begun and not ended."""
    document = _document(file) or {}
    files = document.get("files")
    entries = [entry for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []
    return frozenset(str(entry.get("video")) for entry in entries if entry.get("state") == "started")


def _document(file: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if file.stat().st_size <= MAX_BYTES:
            document = json.loads(file.read_text("utf-8"))
            if isinstance(document, dict) and document.get("format") == FORMAT:
                return document
    return None
