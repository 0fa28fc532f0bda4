"""What the decoder's process and the reader say to each other.

One line of JSON, but from `again`; then, from `decode` and `again`, the frames. Each frame is a header of three
little-endian int64 (numerator and denominator of its time in seconds, 1 when it is a sample) and its pixels; END is
the end, BROKEN an end before the end, ALIVE nothing but a sign of life.
"""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from typing import BinaryIO

HEADER = struct.Struct("<qqq")
END = (0, 0, 0)
BROKEN = (1, 0, 0)
ALIVE = (2, 0, 0)


def pair(value: Fraction | int) -> list[int]:
    """An exact number as JSON has it: numerator and denominator."""
    exact = Fraction(value)
    return [exact.numerator, exact.denominator]


def say(output: BinaryIO, **message: object) -> None:
    """Writes a message as one line of JSON."""
    send(output, json.dumps(message).encode() + b"\n")


def send(output: BinaryIO, data: bytes) -> None:
    """Writes all of `data`, however little the pipe takes at a time."""
    view = memoryview(data)
    while view:
        view = view[output.write(view) :]
