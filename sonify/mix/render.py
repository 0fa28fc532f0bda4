"""From cue sheet and video to the scored video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

from sonify.cues import CueSheet, SoundRef
from sonify.errors import RenderError
from sonify.files import replacing
from sonify.mix import heard, mux, streams
from sonify.mix.mastering import Master
from sonify.mix.memory import give_back
from sonify.mix.mixer import Mix
from sonify.mix.original import LAYOUTS
from sonify.mix.places import check_writable
from sonify.mix.profiles import PROFILES
from sonify.mix.sources import RATE_HZ, Samples
from sonify.mix.spool import Spool
from sonify.mix.stems import Stems, start_sample
from sonify.mix.streams import Film
from sonify.mix.timeline import sample_at
from sonify.progress import Event, Progress, note, silent
from sonify.settings import MixSettings

MOST_WRITES = 8
"""How often a file is written when the encoder's peaks are over the profile's."""

LONGEST_LEAD_S = 60
"""Audio that begins before the picture is kept up to so much; a longer lead is a damaged time stamp."""


def render_sheet(
    sheet: CueSheet,
    video: Path,
    out: Path,
    *,
    sounds: Callable[[SoundRef], Path],
    settings: MixSettings,
    stems: Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> None:
    """Writes `video` with the sounds of `sheet` to `out`.

    sounds: where the file of a sound lies. stems: a folder for the parts of the mix (docs/mixing.md). The picture and
    all other streams are copied; the sound is one new track, stereo or as wide as the original, at the loudness of
    `mix.profile`. `out` appears when it is whole, or not at all. Raises RenderError, and LibraryError for a sound
    that can't be read.
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
        mix = Mix(
            sheet,
            film,
            sounds,
            settings,
            lead_s=lead_s,
            channels=channels,
            stems=stems is not None,
            progress=progress,
        )
        length_s = Fraction(mix.total, RATE_HZ)
        absurd = film.length_s is not None and _far_over(film.length_s, length_s)
        timing = mux.Timing(before_s - lead_s, length_s if absurd else None)
        try:
            spool = stack.enter_context(Spool(out.absolute().parent, channels))
            give_back()
            spool.fill(mix.samples())
            if stems is not None:
                start = start_sample(film.timecode, Fraction(sheet.video.frame_rate))
                _write_stems(
                    mix, stack.enter_context(Stems(stems, out.stem, mix, start=start, force=force)), progress
                )
        except OSError as error:
            raise RenderError(
                f"can't write {out}: {error.strerror}", hint="make room or choose another folder"
            ) from None
        give_back()
        _master(spool, settings, film, out, beside, kept, timing, progress)


def _write_stems(mix: Mix, stems: Stems, progress: Progress) -> None:
    if stems.gain_db:
        note(progress, mux.STAGE, f"the stems are {-stems.gain_db:.1f} dB lower than in the mix: they would clip")
    for part in mix.parts():
        stems.write(part)
    stems.finish()


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
        found = heard.must_measure(beside)
        over = found.peak_dbtp > profile.peak_dbtp
        excess_db = heard.excess_db(beside, spool.channels, profile.peak_dbtp) if over else None
        if not master.correct(found, excess_db):
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
