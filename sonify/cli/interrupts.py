"""Ctrl-C and SIGTERM: one clean way out, however deep in somebody else's code they arrive."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType

# A second Ctrl-C within this time is the same impatience: it must not cut the tidying short.
GRACE_S = 3.0


class Interrupts:
    """Turns signals into KeyboardInterrupt and remembers them.

    A KeyboardInterrupt is sometimes swallowed (in a destructor, in somebody's bare `except`);
    `check`, called with every progress event, then raises it again.
    """

    def __init__(self) -> None:
        self.number = 0
        self._at_s = 0.0

    def watch(self) -> None:
        """Starts to listen. A signal that our parent had switched off (nohup) stays off."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._take)
        sys.unraisablehook = self._unraisable

    def ignore(self) -> None:
        """All is done: nothing may disturb the interpreter while it goes down."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)

    def check(self) -> None:
        """Raises KeyboardInterrupt if a signal has come."""
        if self.number:
            raise KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """What shells expect of a process that a signal ended: 130 for Ctrl-C."""
        return 128 + (self.number or signal.SIGINT)

    @staticmethod
    def _unraisable(lost: sys.UnraisableHookArgs) -> None:
        # Raised in a destructor or a callback, where nobody can catch it: `check` will raise it again.
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(lost)

    def _take(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self.number and now_s - self._at_s < GRACE_S:
            return
        self.number, self._at_s = number, now_s
        raise KeyboardInterrupt
