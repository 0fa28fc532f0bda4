"""Measures sounds in a process of its own: `python -m sonify.library.measures.child`.

Reads paths from standard input, one JSON string a line, and answers each with one line: an object with the fields of
Measures, or a string that says why the sound can't be used. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    """Answers until the input ends."""
    from sonify.library.measure import measure

    # What a decoder writes to standard output must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        found = measure(Path(os.fsdecode(json.loads(line).encode("utf-8", "surrogateescape"))))
        answers.write(json.dumps(found if isinstance(found, str) else asdict(found)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
