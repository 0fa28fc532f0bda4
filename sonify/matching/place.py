"""From scores to cues: what is heard in each scene, and when. The stages in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sonify.cues import Cue, Scene
from sonify.library.sounds import Catalog, Sound
from sonify.matching.choose import Order, by_fit
from sonify.matching.parts import Part, Span
from sonify.matching.scene import SceneLabels, visible
from sonify.matching.scores import Sight, Words, score
from sonify.matching.together import BedVote, bed_parts
from sonify.matching.write import Writer
from sonify.models.calibration import Calibration
from sonify.settings import Settings

Closer = Callable[[Sequence[Part], Sequence[Span]], Sequence[Part]]
"""Looks again at where parts are, for what one pass over the film can't tell; see sonify.matching.closer."""


@dataclass(frozen=True)
class Placed:
    """The scenes, each with its suggestions, and the cues in order of time."""

    scenes: tuple[Scene, ...]
    cues: tuple[Cue, ...]


def place(
    sight: Sight,
    spans: Sequence[Span],
    catalog: Catalog,
    words: Words,
    calibration: Calibration,
    settings: Settings,
    *,
    lead_silence_s: Callable[[Sound], float],
    order: Order = by_fit,
    closer: Closer | None = None,
    seed: str = "",
) -> Placed:
    """Decides the cues of a video.

    words: the vectors of catalog.labels, in that order. lead_silence_s tells how much of a sound's beginning is
    silent, so that what is heard starts with the cue. order says which of a label's sounds is best. closer, where
    given, looks at the film again. seed: of the video's content, for what varies.
    """
    scenes: list[Scene] = []
    found: list[Part] = []
    votes: list[BedVote] = []
    beds = visible(catalog, words, "ambience")
    for span in spans:
        frames = sight.between(span.start_s, span.end_s)
        seen = sight.embeddings[frames]
        scores = score(seen.vectors, seen.boxes, words, calibration, details=seen.details, scene=True)
        times = sight.times_s[frames]
        scene = SceneLabels(span, scores, times, catalog, words, settings, order)
        effects = scene.effects()
        found += effects
        if said := scene.vote(seen.vectors, beds, effects):
            votes.append(said)
        scenes.append(scene.described())
    parts: Sequence[Part] = _joined([*bed_parts(votes, beds, words, settings.matching), *found])
    if closer:
        parts = closer(parts, spans)
    writer = Writer(
        catalog,
        settings,
        order=order,
        lead_silence_s=lead_silence_s,
        seed=seed,
        cuts=[span.start_s for span in spans[1:]],
        until_s=spans[-1].end_s if spans else None,
    )
    cues = [cue for part in parts for cue in writer.cues(part)]
    cues.sort(key=lambda cue: (cue.start_s, cue.kind, cue.end_s, cue.label, cue.sound.path))
    return Placed(tuple(scenes), tuple(replace(cue, id=f"cue-{number:03d}") for number, cue in enumerate(cues, 1)))


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Joins a label's parts that touch across a cut, so that a sound doesn't start again there."""
    done: list[Part] = []
    latest: dict[int, int] = {}
    for part in parts:
        index = latest.get(part.label)
        if index is not None and done[index].interval.end_s == part.interval.start_s:
            before = done[index]
            better = max(before, part, key=lambda p: p.evidence.score)
            lengths = (float(before.interval.length_s), float(part.interval.length_s))
            done[index] = replace(
                better,
                interval=replace(before.interval, end_s=part.interval.end_s),
                pan=float(np.average((before.pan, part.pan), weights=lengths)),
            )
        else:
            latest[part.label] = len(done)
            done.append(part)
    return done
