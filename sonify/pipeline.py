"""The way of a video through the house: suggest() understands it, render() makes it heard, score() does both.

video ──▶ frames ──▶ vectors ─┐
                              ├─▶ matching ──▶ CUE SHEET ──▶ mix ──▶ scored video
sounds ──▶ catalog ──▶ words ─┘
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sonify.cues import CueSheet, LibraryRef, ModelRef, SoundRef, VideoRef
from sonify.errors import CueSheetError, RenderError, VideoError
from sonify.library.measure import lead_silence_s
from sonify.library.policy import parse
from sonify.library.scan import scan
from sonify.library.sounds import Catalog, Sound
from sonify.matching.look import look
from sonify.matching.place import place
from sonify.matching.scores import Sight, Words
from sonify.mix.places import check_writable
from sonify.mix.render import render_sheet
from sonify.models.interface import ImageTextModel
from sonify.models.registry import load
from sonify.models.text import embed_labels, embed_null
from sonify.progress import Progress, note, silent
from sonify.resources import starter_library
from sonify.settings import Settings
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder

# A library of half a million sounds may hold thousands that are damaged.
SHOWN_PROBLEMS = 10

Libraries = Sequence[str | Path] | str | Path | None


@dataclass(frozen=True)
class Scored:
    """What score() made: the scored video, the cue sheet's file, and the sheet itself."""

    video: Path
    cues: Path
    sheet: CueSheet


class Session:
    """A model and a catalogue, loaded when first used and kept for many videos."""

    def __init__(
        self, *, library: Libraries = None, settings: Settings | None = None, progress: Progress = silent
    ) -> None:
        self.folders = _folders(library)
        self.settings = settings or Settings()
        self.progress = progress

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
    def words(self) -> Words:
        """The labels as vectors."""
        phrases = [label.phrases or (label.text,) for label in self.catalog.labels]
        labels = embed_labels(self.model, phrases, progress=self.progress)
        return Words(labels, embed_null(self.model))

    def suggest(self, video: str | Path) -> CueSheet:
        """Looks at a video and writes down which sound should be heard when; see sonify.suggest."""
        path = _sayable(Path(video).absolute())
        # The quick checks first: is it a video, are there sounds? Only then is the model loaded.
        with open_video(path, self.settings.video, short_side_px=self._side_px, progress=self.progress) as reader:
            finder = SceneFinder(self.settings.scenes)
            sight: Sight = look(reader, self.model, finder)
            info = reader.info
        placed = place(
            sight,
            finder.finish(info.duration_s),
            self.catalog,
            self.words,
            self.model.calibration,
            self.settings,
            lead_silence_s=_lead_silence_s,
        )
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
            cues=placed.cues,
            settings=self.settings.differences(),
        )

    def _side_px(self) -> int:
        _ = self.catalog
        return self.model.image_size_px

    def score(
        self,
        video: str | Path,
        out: str | Path | None = None,
        *,
        cues: str | Path | None = None,
        force: bool = False,
    ) -> Scored:
        """suggest(), then render(); see sonify.score."""
        video = Path(video)
        target = Path(out) if out else video.with_name(f"{video.stem}.scored{video.suffix}")
        sheet_file = Path(cues) if cues else _sheet_beside(target)
        for file in (target, sheet_file):
            check_writable(file, video, force=force)
        sheet = self.suggest(video)
        render(sheet, target, settings=self.settings, force=force, progress=self.progress)
        sheet.save(sheet_file, force=force)
        return Scored(target, sheet_file, sheet)


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
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Mixes a cue sheet onto its video and writes that to `out`; returns `out`.

    The sounds come from the libraries that the sheet names or, where `library` is given, from those alone.
    settings: those of the sheet where none are given. Raises CueSheetError, LibraryError or RenderError.
    """
    if not isinstance(sheet, CueSheet):
        sheet = CueSheet.load(sheet)
    target, video = Path(out), Path(sheet.video.path)
    check_writable(target, video, force=force)
    render_sheet(
        sheet,
        video,
        target,
        sounds=SoundFinder(sheet, _folders(library)),
        settings=(settings or Settings.load(base=sheet.settings)).mix,
        force=force,
        progress=progress,
    )
    return target


def score(
    video: str | Path,
    out: str | Path | None = None,
    *,
    cues: str | Path | None = None,
    library: Libraries = None,
    settings: Settings | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Scored:
    """suggest(), then render(): holiday.mp4 becomes holiday.scored.mp4 and holiday.cues.json beside it.

    Raises any SonifyError; then neither file is left half-written.
    """
    return Session(library=library, settings=settings, progress=progress).score(video, out, cues=cues, force=force)


class SoundFinder:
    """Finds a cue's sound file; never outside the libraries of its sheet."""

    def __init__(self, sheet: CueSheet, folders: Sequence[Path] = ()) -> None:
        self._roots = {
            library.name: Path(library.path) if library.path else starter_library() for library in sheet.libraries
        }
        self._allowed = [folder.resolve() for folder in folders]

    def __call__(self, sound: SoundRef) -> Path:
        """The file; raises CueSheetError when it leads out of its library, RenderError when it is not there."""
        root = self._roots[sound.library].resolve()
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
                f"the sound {sound.path!r} is not in {root}", hint="put it back, or choose another in the cue sheet"
            )
        return file


def _lead_silence_s(sound: Sound) -> float:
    return lead_silence_s(sound.file) if sound.lead_silence_s is None else sound.lead_silence_s


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


def _sheet_beside(target: Path) -> Path:
    return target.with_name(f"{target.stem.removesuffix('.scored')}.cues.json")
