"""Memory that is free goes back to the system, so that what runs beside us can have it."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Returns what was let go of. The C library of Linux keeps it otherwise: the more, the longer the film was.

    Once something large has been freed (the index of a long film, say), it takes everything up to that size from its
    own store, and keeps the store. Elsewhere this does nothing.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    trim(0)
