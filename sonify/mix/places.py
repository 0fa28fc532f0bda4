"""Where a result may be written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sonify.errors import RenderError


def check_writable(target: Path, video: Path, *, force: bool) -> None:
    """Raises RenderError early where `target` can't be written or must not be."""
    if target.absolute() == video.absolute() or (target.exists() and video.exists() and target.samefile(video)):
        raise RenderError(f"{target} is the video itself", hint="choose another name for the output")
    if target.is_dir():
        raise RenderError(f"{target} is a folder", hint="name a file in it")
    if target.exists() and not force:
        raise RenderError(f"{target} exists", hint="pass --force (force=True) to replace it")
    folder = target.absolute().parent
    if not folder.is_dir():
        raise RenderError(
            f"can't write to the folder {folder}: there is no folder of that name", hint="make it first"
        )
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise RenderError(f"can't write to the folder {folder}: {error.strerror}", hint="choose another") from None
