"""What travels with the package (the starter sounds, the presets, the built-in model), and where the cache is.

In a checkout the sounds and presets lie at its top level, in a wheel under `sonify/_data`.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _data(name: str) -> Path:
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name


def starter_library() -> Path:
    """The folder of the starter sounds."""
    return _data("sound_library")


def configs() -> Path:
    """The folder of default.yaml and the presets."""
    return _data("configs")


def mini_model() -> Path:
    """The folder of sonify-mini."""
    return _PACKAGE / "models" / "mini"


def cache_folder() -> Path:
    """The folder of sonify's own cache: SONIFY_CACHE_DIR, else the user's cache folder. It may not exist yet."""
    named = os.environ.get("SONIFY_CACHE_DIR", "")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("sonify", appauthor=False))
