"""A decoder in a process of its own: what hangs or crashes there stays there."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_log = logging.getLogger("sonify.video")
_TICK_S = 0.1


class StalledError(Exception):
    """The process gave no byte for too long and was killed."""


class ChildProcess:
    """A process whose standard output is read with a limit on its silence.

    The limit counts only while `read` waits, so a slow reader never kills a healthy decoder.
    The process ends with the `with` block, whatever it is doing; when this whole program is killed
    it ends at its next write, because nobody reads the pipe any more.
    """

    def __init__(self, command: Sequence[str], *, stall_timeout_s: float) -> None:
        self._stall_timeout_s = stall_timeout_s
        # What a decoder writes on stderr is C++ places and FFmpeg chatter: only for whoever debugs.
        stderr = None if _log.isEnabledFor(logging.DEBUG) else subprocess.DEVNULL
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,
            # Ctrl-C reaches this program alone, which then ends the child: no race between the two.
            start_new_session=True,
        )
        self._silence_s = 0.0
        self._waiting = False
        self._stalled = False
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._watch_silence, name="sonify-decoder-watch", daemon=True)
        self._watch.start()

    def __enter__(self) -> ChildProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def allow_silence(self, timeout_s: float) -> None:
        """Changes the limit from now on."""
        self._stall_timeout_s = timeout_s

    def read(self, size: int) -> bytearray:
        """The next `size` bytes; fewer only at the end. Raises StalledError."""
        data = bytearray(size)
        view, got = memoryview(data), 0
        assert self._process.stdout is not None
        self._silence_s, self._waiting = 0.0, True
        try:
            while got < size:
                count = self._process.stdout.readinto(view[got:])  # type: ignore[attr-defined]
                if not count:
                    break
                got += count
                self._silence_s = 0.0
        finally:
            self._waiting = False
        view.release()
        if self._stalled:
            raise StalledError
        del data[got:]
        return data

    def read_line(self, *, limit: int = 65536) -> bytes:
        """Bytes up to a line feed, without it; what there is at the end. Raises StalledError."""
        line = bytearray()
        while len(line) < limit:
            byte = self.read(1)
            if not byte or byte == b"\n":
                break
            line += byte
        return bytes(line)

    def close(self) -> int:
        """Ends it; returns its exit status, negative for a signal. A second call changes nothing."""
        if not self._ended.is_set():
            self._ended.set()
            self._watch.join()
            if self._process.poll() is None:
                self._process.kill()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process.wait()
        return self._process.returncode

    def exit_status(self, timeout_s: float = 5.0) -> int:
        """Its exit status, once its output has ended."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            pass
        return self.close()

    def _watch_silence(self) -> None:
        # Ticks are counted, not the clock: after a suspended laptop wakes, only one tick has passed.
        while not self._ended.wait(_TICK_S):
            if not self._waiting:
                continue
            self._silence_s += _TICK_S
            if self._silence_s > self._stall_timeout_s:
                self._stalled = True
                self._process.kill()
                return


_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from sonify.video.child import main; main()"


def child_command(verb: str, path: Path, **options: object) -> list[str]:
    """The command that runs `sonify.video.child`.

    The child looks for modules where this program does, in every kind of installation, and `-P` keeps a
    stray numpy.py in the current folder out.
    """
    if not sys.executable:
        raise RuntimeError("this program has no Python executable to start the video decoder with")
    return [
        sys.executable,
        "-P",
        "-c",
        _BOOT,
        json.dumps(sys.path),
        verb,
        json.dumps(options),
        safe_name(path),
    ]


def safe_name(path: Path) -> str:
    """The absolute file name, which starts with a separator or a drive and so is never an option."""
    return str(path.absolute())
