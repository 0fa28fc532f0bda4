"""From photographs to weights in one command; going on where it stopped when called again.

    python -m training.run --photos ../shared/photos --judges ../shared/judges --out training/runs/x

Photographs are decoded once, the missing concepts drawn, the teacher looks at every crop, the image tower is trained
and its last layer fitted again at the size of use, the text tower is trained, and the model is exported, calibrated
and measured into OUT/model. On a GPU the same command trains there in bf16.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.calibrate import calibrate
from training.curves import draw_curves
from training.data import Photos, load_photos
from training.draw import BACKDROPS, draw_all
from training.evaluate import evaluate
from training.export import export
from training.image_tower import GOING_ON, STARTED, TEACHER_LABELS, ImageSettings, train_image_tower
from training.phrases import build_book, filler_words, held_out
from training.refit import refit
from training.said import Extra, Sampler
from training.sentences import gather, new_words, place
from training.student import STARTED_TOWER, TOWER, blended, image_tower_of
from training.teacher import make_view
from training.text_tower import TextSettings, anchor_table, earlier_words, names_by_clip, train_text_tower

TEACHER = "mobilenet_v2_1.0_224_quant.tflite"
WIDE_SHARE = 0.55
"""Of a text batch: phrases that the sentence encoder placed."""
Blend = tuple[Path, float] | None


def prepare(photos: Photos, cache: Path, teacher: Path, views: int, seed: int) -> None:
    """Drawn pictures and the teacher's views, each made once into the cache."""
    drawn = cache / "drawn.npz"
    if not drawn.exists():
        behind = [i for i in photos.rows("train") if photos.concepts[i] in BACKDROPS]
        # A folder of other photographs may hold none of these places: then anything will do.
        pixels, concepts = draw_all(photos.pixels[behind or photos.rows("train")[:2000]], seed)
        part = cache / "drawn.part.npz"
        np.savez(part, pixels=pixels, concepts=np.array(concepts))
        part.rename(drawn)
    (cache / "views").mkdir(parents=True, exist_ok=True)
    for view in range(views):
        make_view(photos, teacher, cache / "views", view, seed)


@dataclass(frozen=True)
class Words:
    """Where the words come from, beside the book: folders that may be missing (None)."""

    judges: Path
    names: Path | None
    labels: Path | None
    sentences: Path | None
    cache: Path


def words_to_weights(
    photos: Photos, words: Words, run: Path, settings: TextSettings, earlier: Path | None = None, blend: Blend = None
) -> Path:
    """Stage 2, export and calibration; returns the model's folder.

    earlier: the model towards whose words a started tower was trained; its text tower then goes on. The last layer of
    a started tower is not fitted again: it was trained near the size of use already. blend: where the tower went on
    from, and the share of what is new; that model has met all tokens that it will ever meet.
    """
    name, tower = ("image.pt", STARTED_TOWER) if earlier else ("refit.pt", TOWER)
    state = torch.load(run / name, map_location="cpu", weights_only=True)
    anchors = anchor_table(state["average"])
    labels = [line.strip() for line in (words.judges / TEACHER_LABELS).read_text(encoding="utf-8").splitlines()]
    book = build_book(photos, state["classes"], labels[1:])  # the first is the background
    targets = book.targets(anchors)
    extras = [names_by_clip(words.names, book, targets)] if words.names else []
    model: Any = earlier_words(earlier, tower) if earlier else None
    meanings: np.ndarray | None = None
    if words.sentences and words.labels:
        never = frozenset(phrase.lower() for _, phrase in held_out())
        known, wide = gather(book.phrases, words.labels, words.sentences, words.cache, never, settings.seed)
        favoured = np.array([kind == "concept" for kind in book.kinds])
        placed, aims = place(known, targets, wide, favoured)
        extras.append(Extra(placed.phrases, aims, WIDE_SHARE, placed.vectors))
        meanings = known.vectors
        if model and not blend:
            table = model.token_embedding.weight.detach()
            heard = (*known.phrases, *(extras[0].phrases if words.names else ()))
            table.copy_(torch.from_numpy(new_words(words.sentences, words.cache, table.numpy(), heard)))
    fillers = filler_words(words.labels, book) if words.labels else ()
    sampler = Sampler(anchors, book, tuple(extras), fillers, settings.seed, meanings)
    before = {name: value.clone() for name, value in model.state_dict().items()} if model else {}
    model = train_text_tower(sampler, settings, run / "text.jsonl", model)
    if blend:
        words_before = {name: value for name, value in before.items() if not name.startswith("visual.")}
        model.load_state_dict(blended(model.state_dict(), words_before, blend[1]))
    folder = export(model, _image(state["average"], blend), run / "model", tower)
    calibrate(folder, photos)
    return folder


def _image(state: dict[str, torch.Tensor], blend: Blend) -> dict[str, torch.Tensor]:
    if blend is None:
        return state
    start, share = blend
    return blended(state, {f"visual.{name}": value for name, value in image_tower_of(start).items()}, share)


def with_earlier_words(photos: Photos, earlier: Path, run: Path, blend: Blend = None) -> Path:
    """Export a tower that was trained towards an earlier model's words with its text tower as it is."""
    state = torch.load(run / "image.pt", map_location="cpu", weights_only=True)
    model = earlier_words(earlier, STARTED_TOWER)
    folder = export(model, _image(state["average"], blend), run / "model", STARTED_TOWER)
    calibrate(folder, photos)
    return folder


def main() -> None:
    """Parse, prepare, train, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="tars with labels.csv, or files with captions.csv")
    parser.add_argument("--judges", type=Path, required=True, help=f"folder with {TEACHER}")
    parser.add_argument("--names", type=Path, help="CLIP's vectors of names (clip-vectors/names)")
    parser.add_argument("--media", type=Path, help="clips and sounds to measure on, lists of words to learn from")
    parser.add_argument("--sentences", type=Path, help="folder of all-MiniLM-L6-v2: more phrasings by it")
    parser.add_argument("--start", type=Path, help="EfficientNet-Lite0's weights, or a model's folder to go on from")
    parser.add_argument("--words", type=Path, help="a model's folder: train towards its words, begin from them")
    parser.add_argument("--blend", type=float, default=0.5, help="of a model gone on from: share of what is new")
    parser.add_argument("--library", type=Path, default=Path("sound_library"))
    parser.add_argument("--cache", type=Path, default=Path("training/cache"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=0, help="train the image tower this long instead of epochs")
    parser.add_argument("--views", type=int, default=4, help="crops of each photograph that the teacher sees")
    parser.add_argument("--text-steps", type=int, default=2000)
    parser.add_argument("--text-rate", type=float, default=TextSettings.peak_rate, help="peak learning rate of words")
    parser.add_argument("--workers", type=int, default=2, help="processes on a CPU; one is used on a GPU")
    parser.add_argument("--compile", action="store_true", help="torch.compile the image tower (needs a C++ compiler)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if (args.start is None) != (args.words is None):
        parser.error("--start and --words go together: a started tower is trained towards a model's words")
    args.out.mkdir(parents=True, exist_ok=True)
    photos = load_photos(args.photos, args.cache)
    prepare(photos, args.cache, args.judges / TEACHER, args.views, args.seed)
    image = ImageSettings(
        photos=args.photos, cache=args.cache, teacher=args.judges / TEACHER, out=args.out, epochs=args.epochs,
        minutes=args.minutes, workers=args.workers, seed=args.seed, compile=args.compile,
    )  # fmt: skip
    if args.start:
        image = replace(image, start=args.start, words=args.words, **(GOING_ON if args.start.is_dir() else STARTED))
    train_image_tower(image)
    if not args.start:
        refit(image)
    draw_curves(args.out / "image.jsonl", args.out / "curves.png")
    settings = TextSettings(steps=args.text_steps, peak_rate=args.text_rate, seed=args.seed, threads=args.workers)
    words = Words(
        args.judges, args.names, args.media / "labels" if args.media else None, args.sentences, args.cache
    )  # fmt: skip
    blend = (args.start, args.blend) if args.start and args.start.is_dir() else None
    if args.start and not args.sentences:
        folder = with_earlier_words(photos, args.words, args.out, blend)
    else:
        folder = words_to_weights(photos, words, args.out, settings, args.words, blend)
    report = evaluate(folder, photos, args.media, args.library, args.photos)
    (args.out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
