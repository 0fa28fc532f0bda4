"""Stems: what was mixed, in parts, for whoever mixes on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from math import log10
from pathlib import Path
from types import TracebackType
from typing import Self

from sonify.errors import RenderError
from sonify.files import replacing
from sonify.mix.bwf import BwfWriter
from sonify.mix.mixer import Group, Mix, Part
from sonify.mix.sources import RATE_HZ

ORIGINAL = "original"
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")


class Stems:
    """A folder of Broadcast Wave files, all from the first frame of the picture on and equally long.

    One for each bus and for the original, which add up to the mix before mastering; one for each group of a bus.
    Where one would clip, all are `gain_db` lower alike. They appear when all are whole, with the film. Raises
    RenderError.
    """

    def __init__(self, folder: Path, name: str, mix: Mix, *, start: int = 0, force: bool = False) -> None:
        self.gain_db = min(0.0, -20 * log10(mix.peak)) if mix.peak > 0 else 0.0
        self._lead = mix.lead
        groups = [group for group in mix.groups if group is not None]
        wanted: dict[str | Group, int] = {group.bus: 2 for group in groups} | dict.fromkeys(groups, 2)
        if mix.has_original:
            wanted[ORIGINAL] = mix.channels
        lower = f" ({self.gain_db:.2f} dB)" if self.gain_db else ""
        self._writers: dict[str | Group, BwfWriter] = {}
        with ExitStack() as stack:
            try:
                stack.enter_context(_folder(folder))
                for (stem, channels), part in zip(wanted.items(), _names(wanted), strict=True):
                    file = folder / f"{name}.{part}.wav"
                    if file.exists() and not force:
                        raise RenderError(f"{file} exists", hint="pass --force (force=True) to replace it")
                    beside = stack.enter_context(replacing(file))
                    writer = BwfWriter(beside, channels, description=f"{name} {part}{lower}", time_reference=start)
                    self._writers[stem] = stack.enter_context(writer)
            except OSError as error:
                raise RenderError(f"can't write stems to {folder}: {error.strerror}", hint="choose another") from None
            self._stack = stack.pop_all()

    def write(self, part: Part) -> None:
        """The next samples of the mix."""
        skipped = max(0, min(self._lead - part.first, part.count))
        factor = 10 ** (self.gain_db / 20)
        for stem, samples in (*part.groups.items(), *part.buses().items(), (ORIGINAL, part.original)):
            if stem is not None and samples is not None:
                self._writers[stem].write(samples[skipped:] * factor)

    def finish(self) -> None:
        """Completes all of them, before any gets its name. Raises OSError when the disk is full."""
        for writer in self._writers.values():
            writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Makes a folder and those above it; where what follows fails, the ones it made go again."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for place in made:
            try:
                place.rmdir()
            except OSError:
                break  # somebody else's files are in it by now
        raise


def start_sample(timecode: str, frame_rate: Fraction) -> int:
    """The sample since midnight at which a film of that start time code begins; 0 where it has none.

    ';' before the frames is drop-frame: two frame numbers are left out each minute but the tenth (SMPTE 12M).
    """
    found = _TIMECODE.fullmatch(timecode.strip())
    if not found or frame_rate <= 0:
        return 0
    hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
    nominal = round(frame_rate)
    count = (hours * 3600 + minutes * 60 + seconds) * nominal + frames
    if found[4] in ";." and nominal % 30 == 0:
        passed = hours * 60 + minutes
        count -= 2 * (nominal // 30) * (passed - passed // 10)
    return round(Fraction(count) / frame_rate * RATE_HZ)


def _names(stems: Iterable[str | Group]) -> list[str]:
    """A file name for each, without what folders and shells stumble over, no two alike."""
    names: list[str] = []
    for stem in stems:
        words = re.sub(r"[^\w]+", "-", stem.label).strip("-")[:60] if isinstance(stem, Group) else ""
        base = f"{stem.bus}.{words or 'unnamed'}" if isinstance(stem, Group) else stem
        name, number = base, 2
        while name.casefold() in {known.casefold() for known in names}:
            name, number = f"{base}-{number}", number + 1
        names.append(name)
    return names
