"""Results on stdout: a table for a person or one JSON document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

# A pipe has no width; wide enough that nothing is cut, narrow enough to read in an editor.
PIPE_COLUMNS = 140


class OutputClosed(Exception):  # noqa: N818 - not an error: the reader has seen enough
    """Nothing more can be written to stdout; `reason` is empty where its reader has simply gone, as `head` does."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        super().__init__(reason)


def shown(text: object) -> str:
    """`text` on one line, with whatever a terminal would obey or hide written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


class Output:
    """Where results go. Raises OutputClosed when they can't be written."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream

    @property
    def stream(self) -> IO[str]:
        """The stream, looked up late, since tests replace sys.stdout."""
        return self._stream or sys.stdout

    def document(self, document: dict[str, Any]) -> None:
        """One JSON document. A value that is an iterator is a list that is written as it comes, never held whole."""
        if not any(isinstance(value, Iterator) for value in document.values()):
            self.write(f"{_json(document)}\n")
            return
        before = "{"
        for key, value in document.items():
            self.write(f"{before}\n  {_json(key)}: ")
            before = ","
            if isinstance(value, Iterator):
                self._list(value)
            else:
                self.write(_json(value).replace("\n", "\n  "))
        self.write("\n}\n")

    def _list(self, items: Iterator[Any]) -> None:
        before = "["
        for item in items:
            self.write(f"{before}\n    " + _json(item).replace("\n", "\n    "))
            before = ","
        self.write("[]" if before == "[" else "\n  ]")

    def parts(self, parts: Iterable[Any]) -> None:
        """Strings as they are, iterators of strings line by line, rich renderables drawn."""
        for part in parts:
            if isinstance(part, str):
                self.write(part + "\n")
            elif isinstance(part, Iterator):
                for line in part:
                    self.write(f"{line}\n")
            else:
                console = self.console()
                with console.capture() as captured:
                    console.print(part)
                self.write("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n")

    def console(self) -> Console:
        """A rich console over the stream: colours and width of the terminal, if it is one."""
        from rich.console import Console

        wide = None if self.stream.isatty() or "COLUMNS" in os.environ else PIPE_COLUMNS
        return Console(file=self.stream, width=wide, markup=False, highlight=False, emoji=False)

    def write(self, text: str) -> None:
        """Writes and flushes."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            raise OutputClosed from None
        except OSError as error:
            raise OutputClosed(error.strerror or str(error)) from None


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)
