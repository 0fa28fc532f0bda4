"""What each part of choosing the sound brings: the same pictures ranked with one part after another left out.

    python -m benchmarks.which --photos ../shared/photos --media ../shared/media [--model NAME]

Photographs: the held-out ones whose concept is what some label looks for ("a dog" for "dog barking"); those labels
are right. Clips: the real ones of the manifest, right by its `accept`; a clip's labels are ranked by their best score
in any scene. Labels are those of the starter sounds and of `media/sounds`. Nothing is read twice.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import SonifyError
from sonify.matching.look import look
from sonify.matching.rank import CLEAR_S, best_first, different, pool
from sonify.matching.scores import Sight, Words, score
from sonify.models.calibration import Calibration
from sonify.models.interface import Box, Embeddings
from sonify.models.registry import load
from sonify.models.text import embed_labels
from sonify.pipeline import Session
from sonify.settings import Settings
from sonify.video.reader import open_video
from sonify.video.scenes import SceneFinder
from training.data import load_photos

WHOLE = (Box(0, 0, 1, 1),)
FIVE = 5


@dataclass(frozen=True)
class Way:
    """One way of choosing: the whole of it, or with a part left out."""

    name: str
    words: Words
    calibration: Calibration
    scene: bool = True
    first_frame: bool = False
    views: bool = True
    alike: bool = False
    newcomers: bool = True


@dataclass(frozen=True)
class Clip:
    """What was seen of a clip; right: the labels that may be heard, None where nothing should."""

    sight: Sight
    spans: list[tuple[object, object]]
    right: frozenset[int] | None


def main() -> None:
    """Prints both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--model", default="sonify-mini")
    given = parser.parse_args()
    settings = Settings.load(values={"model.name": given.model})
    session = Session(library=[given.media / "sounds", "starter"], settings=settings)
    labels = [label for label in session.catalog.labels if label.phrases]
    texts = [label.text for label in labels]
    chosen = [at for at, label in enumerate(session.catalog.labels) if label.phrases]
    words = replace(session.words, labels=session.words.labels[chosen])
    calibration = session.model.calibration
    bare = replace(words, labels=embed_labels(session.model, [(text,) for text in texts]))
    whole = Way("all of it", words, calibration)
    ways = [
        whole,
        replace(whole, name="labels by their bare names", words=bare),
        replace(
            whole, name="without the background: only over nothing", calibration=replace(calibration, usual=None)
        ),
        replace(whole, name="the background of each frame, not of its scene", scene=False),
        replace(whole, name="labels that look for the same are not dropped", alike=True),
        replace(whole, name="the first frame of a scene only", first_frame=True),
        replace(whole, name="what comes, goes or moves is not looked at by itself", newcomers=False),
        replace(whole, name="one view, not the best of several", views=False),
    ]
    seen = [(rows, right) for rows, right in on_photos(given.photos, given.cache, given.model, labels)]
    print("| photographs | right first | right in five | right found at 1/2 wrong of 60 | wrong of 60 at even odds |")
    print("|---|---|---|---|---|")
    for way in ways[:3]:
        print(f"| {way.name} | " + " | ".join(judged_photos(way, seen)) + " |", flush=True)
    clips = list(on_clips(given.media, session, texts))
    print("\n| clips | right first | right in five | mean 1/rank | right heard | only wrong heard | nothing-clips |")
    print("|---|---|---|---|---|---|---|")
    for way in ways:
        print(f"| {way.name} | " + " | ".join(judged_clips(way, clips, settings)) + " |", flush=True)


def on_photos(source: Path, cache: Path, name: str, labels: list) -> Iterator[tuple[NDArray[np.float32], list[int]]]:
    """Vectors [1, 1, D] of held-out photographs that a label looks for, and the numbers of those labels."""
    photos = load_photos(source, cache)
    known: dict[str, list[int]] = {}
    for at, label in enumerate(labels):
        for phrase in label.phrases:
            known.setdefault(re.sub(r"^(an?|the) ", "", phrase.lower()), []).append(at)
    rows = [row for row in photos.rows("test") if photos.concepts[row] in known]
    model = load(Settings.load(values={"model.name": name}).model, view="whole")
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        vectors = model.embed_frames(np.ascontiguousarray(photos.pixels[some])).vectors
        for row, vector in zip(some, vectors, strict=True):
            yield vector[None], known[photos.concepts[row]]


def judged_photos(way: Way, seen: list) -> list[str]:
    """The cells of a row."""
    vectors = np.concatenate([vector for vector, _ in seen])
    chances = score(vectors, WHOLE, way.words, way.calibration).probabilities
    order = np.argsort(-chances, axis=1, kind="stable")[:, :FIVE]
    right = np.zeros(chances.shape, dtype=bool)
    for row, (_, numbers) in enumerate(seen):
        right[row, numbers] = True
    hit = np.take_along_axis(right, order, axis=1)
    own = np.where(right, chances, 0).max(axis=1)
    limit = np.quantile(chances[~right], 1 - 0.5 / 60)
    wrong = 60 * float((chances[~right] >= 0.5).mean())
    return [
        f"{100 * hit[:, 0].mean():.1f} %",
        f"{100 * hit.any(axis=1).mean():.1f} % of {len(seen)}",
        f"{100 * (own > limit).mean():.1f} %",
        f"{wrong:.2f}, with {100 * (own >= 0.5).mean():.0f} % of the right ones",
    ]


def on_clips(media: Path, session: Session, texts: list[str]) -> Iterator[Clip]:
    """What is seen of each clip, those without a right label in the libraries left out."""
    with (media / "clips" / "manifest.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    settings, side_px = session.settings, session.model.image_size_px
    for row in rows:
        accept = re.compile(row["accept"], re.IGNORECASE) if row["accept"] else None
        right = frozenset(at for at, text in enumerate(texts) if accept and accept.search(text))
        if accept and not right:
            continue
        try:
            with open_video(media / "clips" / row["file"], settings.video, short_side_px=side_px) as reader:
                finder = SceneFinder(settings.scenes)
                sight = look(reader, session.model, finder)
                spans = [(span.start_s, span.end_s) for span in finder.finish(reader.info.duration_s)]
        except SonifyError as error:
            print(f"{row['file']}: {error}")
            continue
        yield Clip(sight, spans, right if accept else None)


def judged_clips(way: Way, clips: list[Clip], settings: Settings) -> list[str]:
    """The cells of a row."""
    most = max(1, round(CLEAR_S * settings.video.sample_rate_hz))
    ranks: list[int] = []
    right_heard = only_wrong = silent = some = 0
    for clip in clips:
        best = np.zeros(len(way.words.labels), np.float32)
        for start_s, end_s in clip.spans:
            frames = clip.sight.between(start_s, end_s)
            seen = clip.sight.embeddings[frames]
            if way.first_frame:
                seen = replace(seen[:1], details=None)  # they are found by what comes later
            if not way.newcomers:
                seen = replace(seen, details=None)
            if not way.views:
                mean = seen.vectors.mean(axis=1, keepdims=True)
                mean = mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-9)
                seen = Embeddings(mean, WHOLE)
            if len(seen.vectors):
                chances = score(
                    seen.vectors, seen.boxes, way.words, way.calibration, details=seen.details, scene=way.scene
                ).probabilities
                best = np.maximum(best, pool(chances, most=most))
        ranked = best_first(best, range(len(best)))
        order = ranked if way.alike else different(ranked, way.words.emitters, most=100)
        heard = {at for at in order[:20] if best[at] >= settings.matching.threshold}
        if clip.right is None:
            silent += 1
            some += bool(heard)
            continue
        ranks.append(next((n for n, at in enumerate(order, 1) if at in clip.right), len(best)))
        right_heard += bool(heard & clip.right)
        only_wrong += bool(heard) and not heard & clip.right
    places = np.array(ranks)
    return [
        f"{(places == 1).sum()}",
        f"{(places <= FIVE).sum()} of {len(places)}",
        f"{(1 / places).mean():.3f}",
        f"{right_heard}",
        f"{only_wrong}",
        f"{some} of {silent} with a sound",
    ]


if __name__ == "__main__":
    main()
