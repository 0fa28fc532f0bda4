"""Everything that sonify raises on purpose.

    SonifyError
    ├── SettingsError    an option or a value that we don't know
    ├── VideoError       a video that is missing, broken or without a picture
    ├── LibraryError     a sound library that is missing, empty or unreadable
    ├── ModelError       a model that is unknown, absent or damaged
    ├── CueSheetError    a cue sheet that doesn't say what it must
    ├── RenderError      a mix or an output file that can't be made
    └── ExportError      a format that can't carry what was asked

Each message says what happened, with which value, and what to do next, on one line.
"""

from __future__ import annotations


class SonifyError(Exception):
    """What went wrong, in one line for a person; `hint` says what to do next."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        self.what = what
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.what}: {self.hint}" if self.hint else self.what
        return " ".join(text.split())


class SettingsError(SonifyError):
    """An unknown option, or a value outside its range; the command line exits with 2."""


class VideoError(SonifyError):
    """A video that can't be opened, read or understood."""


class LibraryError(SonifyError):
    """A sound library, or a sound in it, that can't be used."""


class ModelError(SonifyError):
    """A model that is unknown, not on this machine, or whose weights are damaged."""


class CueSheetError(SonifyError):
    """A cue sheet that is not valid; `problems` holds each place in it with what is wrong there."""

    def __init__(self, what: str, *, hint: str = "", problems: tuple[str, ...] = ()) -> None:
        self.problems = problems
        super().__init__(what, hint=hint)


class RenderError(SonifyError):
    """A mix or a file that can't be made."""


class ExportError(SonifyError):
    """A format that can't carry what was asked of it."""
