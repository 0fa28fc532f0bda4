"""Progress on stderr: a live bar with stages on a terminal, otherwise only the notes, as plain lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from sonify.cli.output import shown
from sonify.progress import Event, Progress, silent


@contextmanager
def showing(*, quiet: bool) -> Iterator[Progress]:
    """The callback that shows progress on stderr until the block ends."""
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _live() as show:
            yield show
    else:
        yield _plain(sys.stderr)


def _plain(stream: IO[str]) -> Progress:
    def show(event: Event) -> None:
        if event.note:
            stream.write(f"sonify: {shown(event.note)}\n")
            stream.flush()

    return show


@contextmanager
def _live() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    bars = Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[far]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # or results, meant for a pipe, would end up on the terminal
    )
    tasks: dict[str, TaskID] = {}

    def show(event: Event) -> None:
        if event.note:
            bars.console.print(Text(f"sonify: {shown(event.note)}"), soft_wrap=True)
            return
        if event.stage not in tasks:
            tasks[event.stage] = bars.add_task(shown(event.stage), total=None, far="")
        task = tasks[event.stage]
        if event.done < bars.tasks[task].completed:  # the next video of a batch
            bars.reset(task)
        far = f"{event.done:.0f}/{event.total:.0f} {event.unit}" if event.total > 0 else ""
        bars.update(task, completed=event.done, total=event.total if event.total > 0 else None, far=far.rstrip())

    with bars:
        yield show
