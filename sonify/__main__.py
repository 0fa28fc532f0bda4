"""`python -m sonify` is `sonify`."""

from __future__ import annotations

import sys

from sonify.cli import main

if __name__ == "__main__":
    sys.exit(main())
