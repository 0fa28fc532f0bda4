"""From cue sheet and video to the scored video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from sonify.cues import Cue, CueSheet, Curve, SoundRef
from sonify.errors import LibraryError, RenderError
from sonify.files import replacing
from sonify.mix import heard, mux, sources, streams
from sonify.mix.dynamics import duck_curve
from sonify.mix.levels import Level, Nominal, measure, used_part_s
from sonify.mix.mastering import Master
from sonify.mix.original import LAYOUTS, OriginalAudio
from sonify.mix.places import check_writable
from sonify.mix.profiles import PROFILES
from sonify.mix.sources import RATE_HZ, Samples, SoundFile
from sonify.mix.spatial import Floats, Line, gain
from sonify.mix.spool import Spool
from sonify.mix.streams import Film
from sonify.mix.timeline import BLOCK, CueClip, compose, sample_at
from sonify.progress import Event, Progress, note, silent
from sonify.settings import MixSettings

MOST_WRITES = 6
"""How often a file is written when the encoder's peaks are over the profile's."""

FAINTEST_LUFS = -60.0
"""An original under this is a hiss, no measure for what is laid over it."""

SILENCED_DB = -96.0

LONGEST_LEAD_S = 60
"""Audio that begins before the picture is kept up to so much; a longer lead is a damaged time stamp."""


def render_sheet(
    sheet: CueSheet,
    video: Path,
    out: Path,
    *,
    sounds: Callable[[SoundRef], Path],
    settings: MixSettings,
    force: bool = False,
    progress: Progress = silent,
) -> None:
    """Writes `video` with the sounds of `sheet` to `out`.

    sounds: where the file of a sound lies. The picture and all other streams are copied; the sound is one
    new track, stereo or as wide as the original, at the loudness of `mix.profile`. `out` appears when it is
    whole, or not at all. Raises RenderError, and LibraryError for a sound that can't be read.
    """
    if not video.is_file():
        raise RenderError(f"there is no video {video}", hint="check the path in the cue sheet")
    check_writable(out, video, force=force)
    mux.container_of(out)
    film = streams.inspect(video)
    _check_length(sheet, film)
    with ExitStack() as stack:
        try:
            beside = stack.enter_context(replacing(out))
        except OSError as error:
            raise RenderError(
                f"can't write to the folder {out.absolute().parent}: {error.strerror}", hint="choose another"
            ) from None
        channels = _channels(film, out, settings, progress)
        kept = mux.choose(film, out, beside, settings.bitrate_kbps, progress, tracks=settings.keep_tracks)
        before_s = max(film.picture_s - film.zero_s([k.stream for k in kept]), Fraction(0))
        lead_s = before_s if before_s <= LONGEST_LEAD_S else Fraction(0)
        mix = Mix(sheet, film, sounds, settings, lead_s=lead_s, channels=channels, progress=progress)
        length_s = Fraction(mix.total, RATE_HZ)
        absurd = film.length_s is not None and _far_over(film.length_s, length_s)
        timing = mux.Timing(before_s - lead_s, length_s if absurd else None)
        try:
            spool = stack.enter_context(Spool(out.absolute().parent, channels))
            spool.fill(mix.samples())
        except OSError as error:
            raise RenderError(
                f"can't write {out}: {error.strerror}", hint="make room or choose another folder"
            ) from None
        _master(spool, settings, film, out, beside, kept, timing, progress)


def _master(
    spool: Spool,
    settings: MixSettings,
    film: Film,
    out: Path,
    beside: Path,
    kept: list[mux.Kept],
    timing: mux.Timing,
    progress: Progress,
) -> None:
    """Writes the file until its encoded sound meets the profile: encoders change the wave, and its peaks with it."""
    profile = PROFILES[settings.profile]
    master = Master(spool, profile)
    for _ in range(MOST_WRITES):
        blocks = _told(master.blocks(), spool.total, progress)
        mux.write(film, out, beside, kept, blocks, settings.bitrate_kbps, timing=timing, channels=spool.channels)
        if not master.correct(heard.must_measure(beside)):
            break
    else:
        note(progress, mux.STAGE, f"the encoder of {out.suffix} doesn't keep to {profile.peak_dbtp:g} dBTP here")
    if master.falls_short:
        note(
            progress,
            mux.STAGE,
            f"{film.path.name} comes to {master.loudness_lufs:.1f} LUFS, not {profile.loudness_lufs:g}: "
            "louder, its peaks would be crushed",
        )


def _told(blocks: Iterator[Samples], total: int, progress: Progress) -> Iterator[Samples]:
    done = 0
    for block in blocks:
        yield block
        done += len(block)
        progress(Event("write", done / RATE_HZ, total / RATE_HZ, "s"))


class Mix:
    """The sound of a sheet before it is mastered, as blocks.

    lead_s: how much of it comes before the video's first frame. channels: of the mix; the cues sound in the first
    two. Raises RenderError or LibraryError, naming the cue, when a sound of the sheet is missing or can't be read.
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
        progress: Progress = silent,
    ) -> None:
        self._film, self._settings, self._progress = film, settings, progress
        self._cues = sheet.cues
        self._lead_s = lead_s
        self._lead = sample_at(lead_s)
        self.channels = channels
        self.total = self._lead + sample_at(sheet.video.duration_s)
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
        if track is not None and self._settings.original != "mute":
            original = heard.measure(self._film.path, track.index)
            if original is not None and original.loudness_lufs > FAINTEST_LUFS:
                return Nominal.under(original.loudness_lufs, self._settings)
        return Nominal(self._settings.effect_lufs, self._settings.ambience_lufs)

    def samples(self, *, block: int = BLOCK) -> Iterator[Floats]:
        """Blocks of float64 [N, C] at 48 kHz, `total` samples."""
        clips = [
            CueClip(cue, sound, partial(self._level, cue, sound), origin=self._lead, end=self.total)
            for cue, sound in self._clips
        ]
        duck = Line(self._ducking(), origin=self._lead)
        first = 0
        with ExitStack() as stack:
            original = self._original()
            if original is not None:
                stack.callback(original.close)
            composed = compose(clips, self.total, block=block)
            stack.callback(composed.close)  # type: ignore[attr-defined]
            for cues in composed:
                count = len(cues)
                if original is None:
                    summed = cues
                else:
                    summed = original.read(count) * np.asarray(gain(duck.at(first, count))).reshape(-1, 1)
                    summed[:, :2] += cues
                yield summed
                first += count
                self._progress(Event(mux.STAGE, first / RATE_HZ, self.total / RATE_HZ, "s"))
            if original is not None:
                self._report(original)

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


def _channels(film: Film, out: Path, settings: MixSettings, progress: Progress) -> int:
    """How wide the mix is: as the original, where that is heard and the container can carry it."""
    track = film.audio
    if track is None or settings.original == "mute" or settings.surround == "stereo":
        return 2
    if track.channels not in LAYOUTS:
        return 2
    most = mux.container_of(out).most_channels
    if track.channels > most:
        note(progress, mux.STAGE, f"{out.suffix} can't carry {LAYOUTS[track.channels]} sound: folded down to stereo")
        return 2
    return track.channels


def _check_length(sheet: CueSheet, film: Film) -> None:
    """Stops a sheet that would make hours of silence after a short film."""
    stated, length = sheet.video.duration_s, film.length_s
    if sample_at(stated) < 1:
        raise RenderError(f"the cue sheet says that {film.path.name} lasts {stated:g} s", hint="make a new sheet")
    if length is not None and _far_over(stated, length):
        raise RenderError(
            f"the cue sheet says that {film.path.name} lasts {stated:g} s, but it lasts {float(length):g} s",
            hint="make a new sheet for this video",
        )


def _far_over(stated_s: float | Fraction, length_s: Fraction) -> bool:
    """Whether a length can't be meant for a film of the other, headers being as rough as they are."""
    return stated_s > 2 * length_s + 60
