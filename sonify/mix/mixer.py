"""The mix of a cue sheet before it is mastered: the cues and the original, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from sonify.cues import Cue, CueSheet, Curve, SoundRef
from sonify.errors import LibraryError, RenderError
from sonify.mix import heard, mux, sources
from sonify.mix.dynamics import duck_curve
from sonify.mix.levels import Level, Nominal, measure, used_part_s
from sonify.mix.original import OriginalAudio
from sonify.mix.sources import RATE_HZ, SoundFile
from sonify.mix.spatial import Floats, Line, gain
from sonify.mix.streams import Film
from sonify.mix.timeline import BLOCK, CueClip, compose, sample_at
from sonify.progress import Event, Progress, note, silent
from sonify.settings import MixSettings

FAINTEST_LUFS = -60.0
"""An original under this is a hiss, no measure for what is laid over it."""

SILENCED_DB = -96.0


@dataclass(frozen=True)
class Group:
    """The cues of one label on one bus ("effects" or "ambience")."""

    bus: str
    label: str

    @classmethod
    def of(cls, cue: Cue) -> Group:
        """Where a cue belongs."""
        return cls("effects" if cue.kind == "effect" else "ambience", cue.label)


@dataclass(frozen=True)
class Part:
    """A block of the mix before it is added up: `count` samples from `first` on.

    groups: the cues, [N, 2] each; a single group without a name where no stems are wanted. original: [N, C].
    """

    first: int
    count: int
    groups: Mapping[Group | None, Floats]
    original: Floats | None

    def summed(self) -> Floats:
        """All of it, [N, C]."""
        cues = sum(self.groups.values(), np.zeros((self.count, 2)))
        if self.original is None:
            return cues
        whole = self.original.copy()
        whole[:, :2] += cues
        return whole

    def buses(self) -> dict[str, Floats]:
        """The groups added up by bus, [N, 2] each."""
        found: dict[str, Floats] = {}
        for group, samples in self.groups.items():
            if group is not None:
                found[group.bus] = found[group.bus] + samples if group.bus in found else samples
        return found

    def peak(self) -> float:
        """The highest sample of any part or bus."""
        parts = [*self.groups.values(), *self.buses().values(), *([] if self.original is None else [self.original])]
        return max((float(np.abs(part).max()) for part in parts if part.size), default=0.0)


class Mix:
    """The sound of a sheet before it is mastered, as blocks.

    lead_s: how much of it comes before the video's first frame. channels: of the mix; the cues sound in the first
    two. stems: whether the parts are wanted by label. Raises RenderError or LibraryError, naming the cue, when a
    sound of the sheet is missing or can't be read.
    """

    def __init__(
        self,
        sheet: CueSheet,
        film: Film,
        sounds: Callable[[SoundRef], Path],
        settings: MixSettings,
        *,
        lead_s: Fraction = Fraction(0),
        channels: int = 2,
        stems: bool = False,
        progress: Progress = silent,
    ) -> None:
        self._film, self._settings, self._progress = film, settings, progress
        self._cues = sheet.cues
        self._lead_s = lead_s
        self.lead = sample_at(lead_s)
        """Samples before the video's first frame."""
        self.channels = channels
        self._stems = stems
        self.peak = 0.0
        """Where stems are wanted: the highest sample of any, once `samples` has run through."""
        self.total = self.lead + sample_at(sheet.video.duration_s)
        """Samples in all."""
        self._levels: dict[tuple[Path, float, float, str], Level] = {}
        files: dict[SoundRef, SoundFile] = {}
        self._clips: list[tuple[Cue, SoundFile]] = []
        for cue in sheet.cues:
            if cue.sound not in files:
                files[cue.sound] = _sound(cue, sounds)
            self._clips.append((cue, files[cue.sound]))

    @cached_property
    def nominal(self) -> Nominal:
        """The loudness of cues at 0 dB: a set distance under the original's, where it is heard."""
        track = self._film.audio
        if track is not None and self.has_original:
            original = heard.measure(self._film.path, track.index)
            if original is not None and original.loudness_lufs > FAINTEST_LUFS:
                return Nominal.under(original.loudness_lufs, self._settings)
        return Nominal(self._settings.effect_lufs, self._settings.ambience_lufs)

    @property
    def has_original(self) -> bool:
        """Whether the original is heard in it."""
        return self._settings.original != "mute" and self._film.audio is not None

    @property
    def groups(self) -> dict[Group | None, list[tuple[Cue, SoundFile]]]:
        """The cues that are mixed together first: those of a stem, or all."""
        found: dict[Group | None, list[tuple[Cue, SoundFile]]] = {} if self._stems else {None: []}
        for cue, sound in self._clips:
            found.setdefault(Group.of(cue) if self._stems else None, []).append((cue, sound))
        return found

    def samples(self, *, block: int = BLOCK) -> Iterator[Floats]:
        """Blocks of float64 [N, C] at 48 kHz, `total` samples."""
        self.peak = 0.0
        for part in self.parts(block=block):
            if self._stems:
                self.peak = max(self.peak, part.peak())
            yield part.summed()

    def parts(self, *, block: int = BLOCK) -> Iterator[Part]:
        """The same in parts."""
        duck = Line(self._ducking(), origin=self.lead)
        first = 0
        with ExitStack() as stack:
            original = self._original()
            if original is not None:
                stack.callback(original.close)
            composed = {group: self._compose(cues, block, stack) for group, cues in self.groups.items()}
            while first < self.total:
                count = min(block, self.total - first)
                groups = {group: next(blocks) for group, blocks in composed.items()}
                own = None
                if original is not None:
                    own = original.read(count) * np.asarray(gain(duck.at(first, count))).reshape(-1, 1)
                yield Part(first, count, groups, own)
                first += count
                self._progress(Event(mux.STAGE, first / RATE_HZ, self.total / RATE_HZ, "s"))
            if original is not None:
                self._report(original)

    def _compose(self, cues: list[tuple[Cue, SoundFile]], block: int, stack: ExitStack) -> Iterator[Floats]:
        clips = [
            CueClip(
                cue,
                sound,
                partial(self._level, cue, sound),
                origin=self.lead,
                end=self.total,
                distance=self._settings.distance,
            )
            for cue, sound in cues
        ]
        composed = compose(clips, self.total, block=block)
        stack.callback(composed.close)  # type: ignore[attr-defined]
        return composed

    def _ducking(self) -> Curve:
        if self._settings.original == "duck":
            return duck_curve(self._cues, self._settings.duck_db)
        if self._settings.original == "replace":
            return duck_curve(self._cues, SILENCED_DB, kinds=("effect", "ambience"))
        return ()

    def _original(self) -> OriginalAudio | None:
        if self._settings.original == "mute":
            return None
        if self._film.audio is None:
            if not self._cues:
                note(self._progress, mux.STAGE, f"{self._film.path.name} has no audio and no cues: a silent track")
            return None
        return OriginalAudio(self._film, self._film.picture_s - self._lead_s, self.channels)

    def _report(self, original: OriginalAudio) -> None:
        if original.given:
            return
        original.close()
        note(
            self._progress,
            mux.STAGE,
            f"the audio of {self._film.path.name} can't be decoded and is left out"
            + (f": {original.reason}" if original.reason else ""),
        )

    def _level(self, cue: Cue, sound: SoundFile) -> Level:
        key = (sound.file, *used_part_s(cue, sound), cue.kind)
        if key not in self._levels:
            level = self._levels[key] = measure(cue, sound, self.nominal)
            if level.damaged:
                note(self._progress, mux.STAGE, f"{sound.file.name} has {level.damaged} samples that are no numbers")
            if level.silent:
                note(self._progress, mux.STAGE, f"{sound.file.name} is silent where cue {cue.id} plays it")
        return self._levels[key]


def _sound(cue: Cue, sounds: Callable[[SoundRef], Path]) -> SoundFile:
    file = sounds(cue.sound)
    if not file.is_file():
        raise RenderError(
            f"cue {cue.id} ({cue.label}) needs the sound {cue.sound.path} of the library {cue.sound.library}, "
            f"which is not there",
            hint="put it back, or choose another sound for the cue",
        )
    try:
        return sources.inspect(file)
    except LibraryError as error:
        raise LibraryError(f"cue {cue.id} ({cue.label}): {error.what}", hint=error.hint) from None
