"""What each part of the pipeline brings: the pipeline with one part taken away at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sonify.matching.scores import Words
from sonify.pipeline import Session
from sonify.settings import Settings


@dataclass(frozen=True)
class Part:
    """help: what is gone. take: the session without it; catalogue and model are shared where they can be."""

    help: str
    take: Callable[[Session], Session]


def _settings(values: Mapping[str, Any], *, same_model: bool = True) -> Callable[[Session], Session]:
    def take(session: Session) -> Session:
        settings = Settings.load(values=values, base=session.settings.differences())
        return _copy(session, settings, same_model=same_model)

    return take


def _words(change: Callable[[Session], Words]) -> Callable[[Session], Session]:
    def take(session: Session) -> Session:
        other = _copy(session, session.settings)
        other.words = change(session)
        return other

    return take


def _copy(session: Session, settings: Settings, *, same_model: bool = True) -> Session:
    other = Session(library=list(session.folders) or None, settings=settings, progress=session.progress)
    other.catalog = session.catalog
    if same_model:
        other.model, other.words, other.order = session.model, session.words, session.order
    return other


def _bare(session: Session) -> Words:
    labels = [label.text for label in session.catalog.labels]
    return replace(session.words, labels=session.model.embed_phrases(labels))


def _one_phrase(session: Session) -> Words:
    phrases = [label.phrases[0] if label.phrases else label.text for label in session.catalog.labels]
    return replace(session.words, labels=session.model.embed_phrases(phrases))


def _not_usual(session: Session) -> Words:
    return replace(session.words, usual=None)


PARTS: dict[str, Part] = {
    "tiles": Part(
        "the middle square of the picture is all that is seen",
        _settings({"video.view": "centre"}, same_model=False),
    ),
    "close": Part(
        "the picture is seen in large squares only, newcomers not at all",
        _settings({"video.view": "tiles"}, same_model=False),
    ),
    "newcomers": Part(
        "what comes, goes or moves is not looked at by itself", _settings({"matching.newcomers": False})
    ),
    "phrases": Part("labels are looked for by their bare text, as the prototype does", _words(_bare)),
    "ensembles": Part("a label's first phrase as it stands, without templates or others", _words(_one_phrase)),
    "usual": Part("a label need only rise over nothing, not over what pictures usually show", _words(_not_usual)),
    "adaptive": Part(
        "presence begins and ends at fixed levels, whatever the scene", _settings({"matching.adaptive": False})
    ),
    "refine": Part("no second look at where presence begins and ends", _settings({"matching.refine_rate_hz": 0.0})),
}
"""By the name that `--without` takes. What these leave out is measured by the baselines: `first frame only` is the
pipeline without pooling over a scene, the prototype with a defect mended is the prototype with one part of ours."""
