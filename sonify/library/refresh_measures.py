"""Measures the samples of all sounds of a library: the slow part of a scan, which may be stopped at any moment."""

from __future__ import annotations

from sonify.library.catalog import CatalogFile
from sonify.progress import Progress


def measure_sounds(catalog: CatalogFile, progress: Progress) -> None:
    """Hashes and measures what has not been measured yet."""
