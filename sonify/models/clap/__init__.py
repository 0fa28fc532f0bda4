"""CLAP: sounds and words as vectors of one space (Wu et al. 2023, arXiv:2211.06687).

An extra: nothing here is imported before it is asked for, and nothing is ever downloaded. `docs/clap.md` explains it.
"""

from __future__ import annotations

from sonify.models.clap.interface import AudioTextModel
from sonify.models.clap.load import load_clap

__all__ = ["AudioTextModel", "load_clap"]
