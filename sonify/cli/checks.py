"""What `sonify doctor` looks at: each check is a function that answers with what it found."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from sonify._version import __version__
from sonify.errors import SonifyError
from sonify.settings import Settings

# Long enough for a cold disk, short enough that a decoder that hangs is a finding.
PATIENCE_S = 60.0
PICTURE = "testsrc2=size=160x90:rate=24:duration=1,format=yuv420p"

State = Literal["ok", "warning", "missing", "broken"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. Only "broken" keeps sonify from scoring a video."""

    what: str
    state: State
    found: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in order. Nothing is downloaded and nothing is changed."""
    for check in (
        _python,
        _packages,
        _extras,
        _decord_twice,
        _ffmpeg,
        _decoder,
        _device,
        _weights,
        _model,
        _starter,
        _cache,
    ):
        yield from _guarded(check, settings)


def _guarded(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    name = check.__name__.strip("_")
    try:
        yield from check(settings)
    except SonifyError as error:
        yield Finding(name, "broken", error.what, error.hint)
    except Exception as error:  # noqa: BLE001 - what is broken here can raise anything, and that is the finding
        yield Finding(name, "broken", f"{type(error).__name__}: {error}", "install sonify again")


def _python(settings: Settings) -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield Finding("sonify", "ok", __version__)


def _packages(settings: Settings) -> Iterator[Finding]:
    declared = _requirements()
    if not declared:
        yield Finding("packages", "warning", "sonify runs without being installed", "pip install -e . in its folder")
    for name, least, extra in declared:
        if not extra:
            yield _package(name, least, "broken", f"pip install '{name}>={least}'")


def _extras(settings: Settings) -> Iterator[Finding]:
    for name, least, extra in _requirements():
        if extra and extra != "dev":
            yield _package(name, least, "missing", f"only if you want it: pip install 'sonify[{extra}]'")


def _package(name: str, least: str, absent: State, remedy: str) -> Finding:
    try:
        there = version(name)
    except PackageNotFoundError:
        return Finding(name, absent, "not installed", remedy)
    if _numbers(there) < _numbers(least):
        return Finding(name, "broken", f"{there}, older than {least}", f"pip install --upgrade '{name}>={least}'")
    return Finding(name, "ok", there)


def _requirements() -> list[tuple[str, str, str]]:
    """(name, least version, extra or "") of each package that sonify declares."""
    try:
        declared = requires("sonify") or []
    except PackageNotFoundError:
        return []
    parsed = []
    for text in declared:
        match = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*(?:>=\s*([\d.]+))?", text)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", text)
        if match:
            parsed.append((match[1], match[2] or "0", extra[1] if extra else ""))
    return parsed


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0])[:3])


def _decord_twice(settings: Settings) -> Iterator[Finding]:
    try:
        old = version("decord")
    except PackageNotFoundError:
        return
    remedy = "pip uninstall decord decord2, then pip install decord2"
    yield Finding("decord", "warning", f"{old} is installed beside decord2, over the same files", remedy)


def _ffmpeg(settings: Settings) -> Iterator[Finding]:
    program = _ffmpeg_program()
    answer = subprocess.run(
        [program, "-nostdin", "-version"], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    yield Finding("ffmpeg", "ok", f"{' '.join(answer.stdout.split()[:3])} at {program}")


def _decoder(settings: Settings) -> Iterator[Finding]:
    from sonify.video.reader import open_video

    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sonify-doctor-") as folder:
        film = Path(folder) / "test.mp4"
        subprocess.run(
            [_ffmpeg_program(), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", PICTURE, f"file:{film}"],
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        )
        with open_video(film, settings.video, short_side_px=64, progress=lambda e: notes.append(e.note)) as reader:
            frames = sum(len(chunk.frames) for chunk in reader)
    said = [note for note in notes if note]
    if said:
        yield Finding("decoder", "warning", f"a test video was read, but: {said[0]}", "pip install --upgrade decord2")
    elif frames:
        yield Finding("decoder", "ok", f"decord reads a test video ({frames} frames looked at)")
    else:
        yield Finding("decoder", "broken", "no frame came out of a test video", "pip install --upgrade decord2")


def _ffmpeg_program() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _device(settings: Settings) -> Iterator[Finding]:
    import torch

    from sonify.models.registry import settle_device

    device = settle_device(settings.model.device)
    if device.startswith("cuda"):
        yield Finding("device", "ok", f"{device}, {torch.cuda.get_device_name(device)}")
    else:
        yield Finding("device", "ok", f"{device}, {torch.get_num_threads()} threads")
    try:
        import open_clip  # noqa: F401 - loads torchvision, whose build must fit torch's
    except (ImportError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "torch and torchvision don't fit: pip install --upgrade --force-reinstall torch torchvision"
        yield Finding("open_clip", "broken", f"it doesn't load: {reason}", remedy)


def _weights(settings: Settings) -> Iterator[Finding]:
    from sonify.models.registry import ENTRIES, MINI, is_present

    for entry in ENTRIES:
        if is_present(entry):
            yield Finding("weights", "ok", entry.name)
        elif entry.name == MINI:
            yield Finding("weights", "broken", f"{MINI} is not in this installation", "install sonify again")
        elif entry.recommended:
            remedy = f"much better than {MINI} ({entry.size_bytes / 1e6:.0f} MB): sonify models pull {entry.name}"
            yield Finding("weights", "missing", entry.name, remedy)


def _model(settings: Settings) -> Iterator[Finding]:
    from sonify.models.registry import resolve

    yield Finding("model", "ok", f"{settings.model.name} is {resolve(settings.model.name).name} here")


def _starter(settings: Settings) -> Iterator[Finding]:
    from sonify.library.scan import scan

    catalog = scan()
    found = f"{len(catalog.sounds)} starter sounds, {len(catalog.labels)} labels"
    if catalog.problems:
        yield Finding("sounds", "warning", f"{found}; {catalog.problems[0]}", "install sonify again")
    else:
        yield Finding("sounds", "ok", found)


def _cache(settings: Settings) -> Iterator[Finding]:
    from sonify.models.cache import cache_folder

    folder = cache_folder()
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if place.is_dir() and os.access(place, os.W_OK):
        yield Finding("cache", "ok", str(folder))
    else:
        remedy = "set SONIFY_CACHE_DIR to a folder that you may write to"
        yield Finding("cache", "warning", f"{folder} can't be written to, so phrases are embedded anew", remedy)
