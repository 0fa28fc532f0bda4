"""Runs all methods over a manifest."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonify.errors import LibraryError, SonifyError
from sonify.evaluation import ours
from sonify.evaluation.baselines.glance import Glance, glance
from sonify.evaluation.baselines.prototype import MENDED, Prototype
from sonify.evaluation.baselines.simple import AutoSfx, Chance, FirstFrame, MostFrequent
from sonify.evaluation.baselines.words import Known, known
from sonify.evaluation.manifest import Clip, matching
from sonify.evaluation.metrics import Judged, Truth, judge
from sonify.evaluation.outcome import Outcome
from sonify.pipeline import Libraries, Session
from sonify.progress import Event, Progress, silent
from sonify.settings import Settings

PICTURE_PX = 120
"""Height of the frames that are kept."""


class Baseline(Protocol):
    """A method that is not the pipeline."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        ...

    def outcome(self, clip: Clip, glance: Glance) -> Outcome:
        """What it would do with a clip."""
        ...


@dataclass(frozen=True)
class ClipResult:
    """One clip: what is right, what each method said (by its name), and how right that was.

    pictures: some frames, as JPEG, with their times in s; only where they were asked for.
    """

    truth: Truth
    duration_s: float
    outcomes: Mapping[str, Outcome]
    judged: Mapping[str, Judged]
    pictures: tuple[tuple[float, bytes], ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """All of it. methods: names, the pipeline's first. labels: how many a picture could have."""

    methods: tuple[str, ...]
    clips: tuple[ClipResult, ...]
    model: str
    weights: str
    labels: int
    settings: Mapping[str, object] = field(default_factory=dict)

    def judged(self, method: str) -> list[Judged]:
        """A method's numbers, clip by clip."""
        return [clip.judged[method] for clip in self.clips]


def evaluate(
    clips: Sequence[Clip],
    *,
    library: Libraries = None,
    settings: Settings | None = None,
    without: Mapping[str, Callable[[Session], Session]] | None = None,
    defects: bool = False,
    baselines: bool = True,
    pictures: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """The pipeline and its baselines on the same clips.

    without: more rows, each the pipeline with something taken away (see sonify.evaluation.ablation). defects: also
    the prototype with each of its defects mended. pictures: how many frames of each clip to keep. A clip that fails
    is an Outcome with its error. Raises LibraryError where the libraries have no label for any picture, and whatever
    makes all clips fail (ModelError, ManifestError).
    """
    session = Session(library=library, settings=ranking(settings or Settings()), progress=progress)
    sessions = {ours.NAME: session, **{name: take(session) for name, take in (without or {}).items()}}
    words = known(session.catalog, session.words, session.model)
    if not words.texts:
        raise LibraryError("none of the labels has a phrase to look for", hint="give another library with --library")
    truths = [_truth(clip, words) for clip in clips]
    methods = _baselines(words, session.settings, truths, defects=defects) if baselines else []
    done = []
    for number, truth in enumerate(truths):
        progress(Event("evaluate", number, len(truths), "clips"))
        done.append(_one(truth, sessions, methods, pictures))
    progress(Event("evaluate", len(truths), len(truths), "clips"))
    names = (*sessions, *(method.name for method in methods))
    return Evaluation(
        names,
        tuple(done),
        session.model.name,
        session.model.weights,
        len(words.texts),
        (settings or Settings()).differences(),
    )


def ranking(settings: Settings) -> Settings:
    """The settings with as many suggestions a scene as the ranks need; nothing that is heard depends on that."""
    return replace(settings, matching=replace(settings.matching, top=ours.RANKED))


def _truth(clip: Clip, words: Known) -> Truth:
    right = tuple(
        frozenset(words.texts[n] for n in matching(emitter.accept, words.texts)) for emitter in clip.expected
    )
    return Truth(clip, right)


def _baselines(words: Known, settings: Settings, truths: Sequence[Truth], *, defects: bool) -> list[Baseline]:
    found: list[Baseline] = [
        Prototype(words),
        FirstFrame(words, settings),
        AutoSfx(words),
        MostFrequent(words, truths),
        Chance(words),
    ]
    if defects:
        found[1:1] = [Prototype(words, method, name=f"  {name}") for name, method in MENDED.items()]
    return found


def _one(truth: Truth, sessions: Mapping[str, Session], methods: Sequence[Baseline], pictures: int) -> ClipResult:
    clip = truth.clip
    outcomes: dict[str, Outcome] = {}
    duration_s = rate_hz = 0.0
    for name, session in sessions.items():
        try:
            sheet = session.suggest(clip.path)
            outcomes[name] = ours.outcome(sheet)
            duration_s, rate_hz = sheet.video.duration_s, float(Fraction(sheet.video.frame_rate))
        except SonifyError as error:
            outcomes[name] = Outcome(error=str(error))
    shown: tuple[tuple[float, bytes], ...] = ()
    if methods or (pictures and duration_s):
        session = sessions[ours.NAME]
        times_s = [(n + 0.5) * duration_s / pictures for n in range(pictures)] if duration_s else []
        try:
            seen = glance(clip.path, session.model, session.settings, rate_hz=rate_hz, pictures_s=times_s)
            outcomes |= {method.name: method.outcome(clip, seen) for method in methods}
            duration_s = duration_s or seen.duration_s
            shown = tuple((time_s, _jpeg(pixels)) for time_s, pixels in seen.pictures)
        except SonifyError as error:
            outcomes |= {method.name: Outcome(error=str(error)) for method in methods}
    return ClipResult(truth, duration_s, outcomes, {n: judge(truth, o) for n, o in outcomes.items()}, shown)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A picture PICTURE_PX high."""
    from PIL import Image

    height, width = pixels.shape[:2]
    small = Image.fromarray(pixels).resize((max(1, round(width * PICTURE_PX / height)), PICTURE_PX))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=72)
    return buffer.getvalue()


def data_uri(jpeg: bytes) -> str:
    """A picture as it stands in a page."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
