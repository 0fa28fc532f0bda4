"""The way of a video through the house: suggest() understands it, render() makes it heard, score() does both.

video ──▶ frames ──▶ vectors ─┐
                              ├─▶ matching ──▶ CUE SHEET ──▶ mix ──▶ scored video
sounds ──▶ catalog ──▶ words ─┘
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from sonify.cues import CueSheet, LibraryRef, ModelRef, SoundRef, VideoRef
from sonify.errors import CueSheetError, RenderError, VideoError
from sonify.files import write_text
from sonify.library.measure import lead_silence_s
from sonify.library.records import SoundRecord
from sonify.library.rights import credits as crediting
from sonify.library.rights.known import Known
from sonify.library.rights.policy import enforce, parse
from sonify.library.scan import scan
from sonify.library.sounds import Catalog, Sound
from sonify.matching.choose import Order, by_fit
from sonify.matching.closer import Closer
from sonify.matching.finish import finished
from sonify.matching.look import look
from sonify.matching.place import place
from sonify.matching.scores import Sight, Words
from sonify.matching.steering import steered
from sonify.mix.places import check_writable
from sonify.mix.render import render_sheet
from sonify.models.clap.load import load_clap
from sonify.models.clap.load import resolve as resolve_clap
from sonify.models.interface import ImageTextModel
from sonify.models.registry import load
from sonify.models.text import embed_labels, embed_null, embed_usual
from sonify.progress import Progress, note, silent
from sonify.resources import starter_library
from sonify.settings import Settings
from sonify.video.hearing import listen
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder

# A library of half a million sounds may hold thousands that are damaged.
SHOWN_PROBLEMS = 10

Libraries = Sequence[str | Path] | str | Path | None


@dataclass(frozen=True)
class Scored:
    """What score() made: the scored video, the cue sheet's file, and the sheet itself.

    credits: the text that must go with the video, None when its sounds ask for none.
    """

    video: Path
    cues: Path
    sheet: CueSheet
    credits: Path | None = None


class Session:
    """A model and a catalogue, loaded when first used and kept for many videos."""

    def __init__(
        self, *, library: Libraries = None, settings: Settings | None = None, progress: Progress = silent
    ) -> None:
        self.folders = _folders(library)
        self.settings = settings or Settings()
        self.progress = progress
        if self.settings.matching.rerank == "clap":
            resolve_clap(self.settings.model.clap)  # not here: said before any work

    @cached_property
    def catalog(self) -> Catalog:
        """All sounds of the libraries."""
        licences = parse(self.settings.library.licences).terms
        catalog = scan(self.folders, licences=licences, progress=self.progress)
        for problem in catalog.problems[:SHOWN_PROBLEMS]:
            note(self.progress, "library", problem)
        more = len(catalog.problems) - SHOWN_PROBLEMS
        if more > 0:
            note(self.progress, "library", f"{more} more like these; `sonify library check` names them all")
        return catalog

    @cached_property
    def model(self) -> ImageTextModel:
        """The model that looks."""
        return load(self.settings.model, view=self.settings.video.view, progress=self.progress)

    @cached_property
    def order(self) -> Order:
        """Which of a label's sounds comes first."""
        if self.settings.matching.rerank == "none":
            return by_fit
        from sonify.matching.rerank import Reranker
        from sonify.models.clap.ear import Ear

        return Reranker(Ear(load_clap(self.settings.model, progress=self.progress), progress=self.progress))

    @cached_property
    def words(self) -> Words:
        """The labels as vectors."""
        phrases = [label.phrases or (label.text,) for label in self.catalog.labels]
        labels = embed_labels(self.model, phrases, progress=self.progress)
        known = Words(labels, embed_null(self.model), embed_usual(self.model))
        found = steered(known, self.catalog.labels, self.settings.matching, partial(embed_labels, self.model))
        for said in found.notes:
            note(self.progress, "matching", said)
        return found.words

    def suggest(self, video: str | Path) -> CueSheet:
        """Looks at a video and writes down which sound should be heard when; see sonify.suggest."""
        path = _sayable(Path(video).absolute())
        # The quick checks first: is it a video, are there sounds? Only then is the model loaded.
        with open_video(path, self.settings.video, short_side_px=self._side_px, progress=self.progress) as reader:
            finder = SceneFinder(self.settings.scenes)
            sight: Sight = look(reader, self.model, finder, newcomers=self.settings.matching.newcomers)
            info = reader.info
        closer = Closer(info, sight, self.catalog, self.words, self.model, self.settings, progress=self.progress)
        placed = place(
            sight,
            finder.finish(info.duration_s),
            self.catalog,
            self.words,
            self.model.calibration,
            self.settings,
            lead_silence_s=_lead_silence_s,
            order=self.order,
            closer=closer,
            seed=info.fingerprint,
        )
        original = listen(info, stall_timeout_s=self.settings.video.stall_timeout_s, progress=self.progress)
        return CueSheet(
            video=VideoRef(
                str(path),
                float(info.duration_s),
                str(info.frame_rate),
                info.width_px,
                info.height_px,
                info.fingerprint,
            ),
            model=ModelRef(self.model.name, self.model.weights),
            libraries=tuple(
                LibraryRef(library.name, None if library.starter else str(library.folder))
                for library in self.catalog.libraries
            ),
            scenes=placed.scenes,
            cues=finished(placed.cues, original, self.settings, seed=info.fingerprint),
            original=original,
            settings=self.settings.differences(),
        )

    def _side_px(self) -> int:
        _ = self.catalog, self.order, self.words  # what is wrong with these is said before the video is read
        return self.model.image_size_px

    def score(
        self,
        video: str | Path,
        out: str | Path | None = None,
        *,
        cues: str | Path | None = None,
        credits: str | Path | None = None,
        stems: str | Path | None = None,
        force: bool = False,
    ) -> Scored:
        """suggest(), then render(); see sonify.score. credits: where they go, beside the scored video if not said."""
        video = Path(video)
        target = Path(out) if out else video.with_name(f"{video.stem}.scored{video.suffix}")
        sheet_file = Path(cues) if cues else _beside(target, ".cues.json")
        credits_file = Path(credits) if credits else credits_beside(target)
        for file in (target, sheet_file, credits_file):
            check_writable(file, video, force=force)
        sheet = self.suggest(video)
        self.render(sheet, target, credits=credits_file, stems=stems, force=force)
        sheet.save(sheet_file, force=force)
        return Scored(target, sheet_file, sheet, credits_file if crediting.is_ours(credits_file) else None)

    def render(
        self,
        sheet: CueSheet,
        out: str | Path,
        *,
        credits: str | Path | None = None,
        stems: str | Path | None = None,
        force: bool = False,
    ) -> Path:
        """Mixes a sheet with the settings of this session; see sonify.render and score()."""
        return _render(
            sheet,
            Path(out),
            Path(credits) if credits else None,
            (),
            self.settings,
            stems=Path(stems) if stems else None,
            force=force,
            progress=self.progress,
        )


def suggest(
    video: str | Path,
    *,
    library: Libraries = None,
    settings: Settings | None = None,
    progress: Progress = silent,
) -> CueSheet:
    """Looks at a video and writes down which sound should be heard when.

    library: a folder of sounds or several; the starter sounds where none is given.
    Raises VideoError, LibraryError, ModelError or SettingsError.
    """
    return Session(library=library, settings=settings, progress=progress).suggest(video)


def render(
    sheet: CueSheet | str | Path,
    out: str | Path,
    *,
    library: Libraries = None,
    settings: Settings | None = None,
    stems: str | Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Mixes a cue sheet onto its video and writes that to `out`; returns `out`.

    The sounds come from the libraries that the sheet names or, where `library` is given, from those alone.
    settings: those of the sheet where none are given. Where `library.licences` says nothing, the sheet's holds: a
    sound that it doesn't allow by what its library says now is refused. Sounds whose licence asks for credit get it
    in a text beside `out`, see credits_beside(). stems: a folder for the parts of the mix. Raises CueSheetError,
    LibraryError or RenderError.
    """
    if not isinstance(sheet, CueSheet):
        sheet = CueSheet.load(sheet)
    settings = settings or Settings.load(base=sheet.settings)
    parts = Path(stems) if stems else None
    return _render(sheet, Path(out), None, _folders(library), settings, stems=parts, force=force, progress=progress)


def _render(
    sheet: CueSheet,
    target: Path,
    credits_file: Path | None,
    folders: Sequence[Path],
    settings: Settings,
    *,
    stems: Path | None,
    force: bool,
    progress: Progress,
) -> Path:
    video = Path(sheet.video.path)
    check_writable(target, video, force=force)
    policy = parse(settings.library.licences or Settings.load(base=sheet.settings).library.licences)
    finder = SoundFinder(sheet, folders)
    known = Known(finder.roots)
    if settings.mix.missing == "skip":
        sheet = _present(sheet, finder, progress)

    def now(sound: SoundRef) -> SoundRecord | None:
        finder(sound)  # one that is missing is told of as such
        return known(sound)

    enforce(policy, sheet, now)
    found = crediting.credits(sheet, known)
    credits_file = credits_file or credits_beside(target)
    if crediting.needed(found):
        check_writable(credits_file, video, force=force)
    render_sheet(
        sheet, video, target, sounds=finder, settings=settings.mix, stems=stems, force=force, progress=progress
    )
    if crediting.needed(found):
        _write_credits(credits_file, crediting.written(video.name, found), progress)
    elif force and crediting.is_ours(credits_file):
        credits_file.unlink(missing_ok=True)  # of an earlier mix, with other sounds
    return target


def without_missing(sheet: CueSheet, *, library: Libraries = None, progress: Progress = silent) -> CueSheet:
    """The sheet without the cues whose sound is not there any more, as `mix.missing: skip` renders it."""
    return _present(sheet, SoundFinder(sheet, _folders(library)), progress)


def _present(sheet: CueSheet, finder: SoundFinder, progress: Progress) -> CueSheet:
    """Each sound that is gone is named once, with its cues."""
    gone: dict[SoundRef, str] = {}
    lost: dict[SoundRef, list[str]] = {}
    for cue in sheet.cues:
        if cue.sound not in gone:
            try:
                finder(cue.sound)
                gone[cue.sound] = ""
            except RenderError as error:
                gone[cue.sound] = error.what
        if gone[cue.sound]:
            lost.setdefault(cue.sound, []).append(cue.id)
    for sound, ids in lost.items():
        shown = ", ".join(ids[:SHOWN_PROBLEMS]) + (", ..." if len(ids) > SHOWN_PROBLEMS else "")
        note(progress, "mix", f"{gone[sound]}: left out with its cue{'s' if len(ids) > 1 else ''} {shown}")
    return replace(sheet, cues=tuple(cue for cue in sheet.cues if not gone[cue.sound]))


def credits_beside(target: str | Path) -> Path:
    """Where the credits of a scored video go: holiday.credits.txt beside holiday.scored.mp4."""
    return _beside(Path(target), crediting.SUFFIX)


def _write_credits(file: Path, text: str, progress: Progress) -> None:
    try:
        write_text(file, text)
    except OSError as error:
        raise RenderError(f"can't write the credits {file}: {error.strerror}", hint="check the free space") from None
    note(progress, "credits", f"the sounds ask for credit: publish what {file.name} says")


def score(
    video: str | Path,
    out: str | Path | None = None,
    *,
    cues: str | Path | None = None,
    library: Libraries = None,
    settings: Settings | None = None,
    stems: str | Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Scored:
    """suggest(), then render(): holiday.mp4 becomes holiday.scored.mp4 and holiday.cues.json beside it.

    stems: a folder for the parts of the mix. Raises any SonifyError; then neither file is left half-written.
    """
    session = Session(library=library, settings=settings, progress=progress)
    return session.score(video, out, cues=cues, stems=stems, force=force)


class SoundFinder:
    """Finds a cue's sound file; never outside the libraries of its sheet."""

    def __init__(self, sheet: CueSheet, folders: Sequence[Path] = ()) -> None:
        self.roots = {
            library.name: Path(library.path) if library.path else starter_library() for library in sheet.libraries
        }
        self._allowed = [folder.resolve() for folder in folders]

    def __call__(self, sound: SoundRef) -> Path:
        """The file; raises CueSheetError when it leads out of its library, RenderError when it is not there."""
        root = self.roots[sound.library].resolve()
        if self._allowed and root not in self._allowed:
            raise CueSheetError(
                f"the cue sheet wants sounds from {root}, which is not among the libraries given",
                hint=f"add --library {root} if you trust it",
            )
        file = (root / sound.path).resolve()
        if not file.is_relative_to(root):
            raise CueSheetError(f"{sound.path!r} leads out of the library {root}", hint="correct its path")
        if not file.is_file():
            raise RenderError(
                f"the sound {sound.path!r} is not in {root}",
                hint="put it back, choose another in the cue sheet, or leave its cues out (--missing skip)",
            )
        return file


def _lead_silence_s(sound: Sound) -> float:
    # As exact as the catalogue keeps it: the same sheet, whether or not the library has been measured.
    return round(lead_silence_s(sound.file), 6) if sound.lead_silence_s is None else sound.lead_silence_s


def _sayable(path: Path) -> Path:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise VideoError(f"{str(path)!r} is no text, so no cue sheet can name it", hint="rename the file") from None
    return path


def _folders(library: Libraries) -> tuple[Path, ...]:
    if library is None:
        return ()
    if isinstance(library, str | Path):
        library = [library]
    return tuple(starter_library() if str(folder) == "starter" else Path(folder).expanduser() for folder in library)


def _beside(target: Path, suffix: str) -> Path:
    return target.with_name(f"{target.stem.removesuffix('.scored')}{suffix}")
