"""A few processes that measure sounds: a file that crashes or stops a decoder costs that process and nothing else."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from sonify.library.records import Measures

# Measured: a minute of sound takes well under a second. A disk may be slow, a machine busy.
PATIENCE_S = 120.0
PATIENCE_PER_S = 0.5
CRASHED = "not a sound that can be read (it crashes the decoder)"
STOPPED = "not a sound that can be read (the decoder never ends)"


_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); import sonify.library.measures.child as child; "
_BOOT += "child.main()"


class MeasurePool:
    """Processes, each started when it is first needed. `measure` may be called from many threads."""

    def __init__(self, number: int) -> None:
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        self._all: set[_Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        for _ in range(number):
            self._idle.put(None)

    def __enter__(self) -> MeasurePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def measure(self, file: Path, duration_s: float) -> Measures | str:
        """What measure.measure says of the file, or why it can't be used."""
        child = self._idle.get()
        if self._closed:
            return CRASHED  # nobody waits for it any more
        child = child or self._start()
        answer = child.ask(file, PATIENCE_S + PATIENCE_PER_S * duration_s)
        if answer is None:
            self._remove(child)
            self._idle.put(None)
            return STOPPED if child.stopped else CRASHED
        self._idle.put(child)
        if isinstance(answer, str):
            return answer
        return Measures(**{**answer, "onsets_s": tuple(answer["onsets_s"])})

    def close(self) -> None:
        """Ends all processes, whatever they are doing."""
        with self._lock:
            self._closed = True
            children = list(self._all)
        for child in children:
            self._remove(child)

    def _start(self) -> _Child:
        child = _Child()
        with self._lock:
            self._all.add(child)
            closed = self._closed
        if closed:
            child.end()
        return child

    def _remove(self, child: _Child) -> None:
        child.end()
        with self._lock:
            self._all.discard(child)


class _Child:
    def __init__(self) -> None:
        self.stopped = False
        self._process = subprocess.Popen(
            # The child looks for modules where this program does; -P keeps a stray numpy.py out.
            [sys.executable, "-P", "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # One thread each: there are as many of them as cores.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            # Ctrl-C reaches this program alone, which then ends its children.
            start_new_session=True,
        )

    def ask(self, file: Path, patience_s: float) -> dict[str, Any] | str | None:
        """The answer for one file, None when the process died or had to be ended."""
        watch = threading.Timer(patience_s, self._stop)
        watch.daemon = True
        watch.start()
        try:
            assert self._process.stdin and self._process.stdout
            name = os.fsencode(file).decode("utf-8", "surrogateescape")
            self._process.stdin.write(json.dumps(name).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
            answer: dict[str, Any] | str | None = json.loads(line) if line.endswith(b"\n") else None
            return answer
        except (OSError, ValueError):
            return None
        finally:
            watch.cancel()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    pass

    def _stop(self) -> None:
        self.stopped = True
        self._process.kill()
