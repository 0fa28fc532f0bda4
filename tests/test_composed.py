"""Composed videos: what their manifest says is what their frames show."""

from __future__ import annotations

import csv
import io
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.composed.__main__ import described, main
from benchmarks.composed.emitters import BACKGROUNDS, EMITTERS, FACES, alike
from benchmarks.composed.films import KINDS, Director, check
from benchmarks.composed.photos import HeldOut
from benchmarks.composed.pieces import HEIGHT_PX, RATE_HZ, WIDTH_PX, Film
from sonify.evaluation.manifest import read_manifest

CONCEPTS = ("dog", "piano", "train", "violin", "bedroom", "mountain", "person face")
GREEN = (0, 255, 0)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Emitters are green squares, all else is grey."""
    folder = tmp_path_factory.mktemp("photos")
    rows = ["key,shard,concept,caption,source_repo,source_path,licence_of_repo,split"]
    with tarfile.open(folder / "photos-00.tar", "w") as tar:
        for concept in CONCEPTS:
            for split, side in (("test", 112), ("train", 112), ("test", 64)):
                key = f"{concept.replace(' ', '-')}-{split}-{side}"
                # A training photograph or one that is too small must never be seen: those are red.
                colour = GREEN if concept in EMITTERS else (90, 90, 90)
                wrong = split == "train" or (side == 64 and concept in EMITTERS)
                buffer = io.BytesIO()
                Image.new("RGB", (side, side), (255, 0, 0) if wrong else colour).save(buffer, "JPEG", quality=95)
                member = tarfile.TarInfo(f"{key}.jpg")
                member.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(member, buffer)
                rows.append(f"{key},photos-00.tar,{concept},{concept},a/b,{key}.jpg,none stated,{split}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def director(photos: Path) -> Director:
    return Director(HeldOut(photos, {*EMITTERS, *BACKGROUNDS, *FACES}), 7)


def green_at(film: Film, time_s: float) -> tuple[float, float]:
    """Share of the frame that is green, and the pan of its middle."""
    pixels = film.frame(round(time_s * RATE_HZ)).astype(int)
    is_green = (pixels[..., 1] > 180) & (pixels[..., 0] < 80) & (pixels[..., 2] < 80)
    across = (np.arange(WIDTH_PX) + 0.5) / WIDTH_PX * 2 - 1
    share = float(is_green.mean())
    return share, float((is_green.sum(axis=0) * across).sum() / max(is_green.sum(), 1))


def of_kind(director: Director, kind: str) -> Film:
    return director.film(KINDS.index(kind))


def test_no_label_is_right_for_two_emitters_that_may_meet() -> None:
    assert check() == []
    assert alike("dog", "wolf") and alike("dog", "dog") and not alike("dog", "piano")


@pytest.mark.parametrize("kind", ["still", "moving", "growing"])
def test_an_emitter_is_there_when_and_where_the_manifest_says(director: Director, kind: str) -> None:
    film = of_kind(director, kind)
    (emitter,) = film.emitters()
    before, after = emitter.start_s - 0.32, emitter.end_s + 0.32
    assert before > 0 and after < film.duration_s
    assert green_at(film, before)[0] < 0.001 and green_at(film, after)[0] < 0.001
    for share in (0.2, 0.5, 0.8):
        time_s = emitter.start_s + share * (emitter.end_s - emitter.start_s)
        area, pan = green_at(film, time_s)
        # The camera shakes by 7 px at most; edges are soft.
        assert pan == pytest.approx(emitter.pan(time_s), abs=2 * 7 / WIDTH_PX + 0.02)
        assert area == pytest.approx(emitter.width(time_s) ** 2 * WIDTH_PX / HEIGHT_PX, rel=0.35)
    ends = [emitter.pan(emitter.start_s), emitter.pan(emitter.end_s)]
    assert (ends[0] != ends[1]) == (kind == "moving")
    (row,) = described(film, "a.mp4")
    assert row["intervals"] == f"{emitter.start_s:g}-{emitter.end_s:g}"


def test_two_emitters_overlap_and_differ(director: Director) -> None:
    one, other = of_kind(director, "two").emitters()
    assert one.start_s < other.start_s < one.end_s < other.end_s
    assert not alike(one.concept, other.concept)
    assert one.pan(0) == -other.pan(0) != 0


def test_nothing_is_nothing(director: Director) -> None:
    for number in (n for n in range(40) if KINDS[n % len(KINDS)] == "none"):
        film = director.film(number)
        assert all(emitter.concept in FACES for emitter in film.emitters())
        (row,) = described(film, "a.mp4")
        assert row["expect_none"] == "1" and not row.get("accept")


def test_cuts_and_dissolves_are_named(director: Director) -> None:
    film = of_kind(director, "cuts")
    (row,) = described(film, "a.mp4")
    first, second = (float(time_s) for time_s in row["cuts"].split())
    assert row["intervals"] == f"{first:g}-{second:g}"
    assert green_at(film, first - 1 / RATE_HZ)[0] == 0 and green_at(film, first)[0] > 0.3
    assert green_at(film, second - 1 / RATE_HZ)[0] > 0.3 and green_at(film, second)[0] == 0
    (row,) = described(of_kind(director, "dissolve"), "a.mp4")
    begin, end = (float(time_s) for time_s in row["dissolves"].split("-"))
    assert float(row["intervals"].split("-")[1]) <= begin < end


def test_a_film_is_the_same_however_many_are_made(photos: Path, director: Director) -> None:
    again = Director(HeldOut(photos, {*EMITTERS, *BACKGROUNDS, *FACES}), 7)
    again.film(3)
    assert np.array_equal(director.film(1).frame(40), again.film(1).frame(40))
    other = Director(HeldOut(photos, {*EMITTERS, *BACKGROUNDS, *FACES}), 8)
    assert not np.array_equal(director.film(1).frame(40), other.film(1).frame(40))


def test_the_set_is_written_and_its_manifest_read(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.composed.films._frames", lambda time_s: round(time_s / 10 * RATE_HZ) / RATE_HZ)
    out = tmp_path / "set"
    monkeypatch.setattr(sys, "argv", ["composed", "--photos", str(photos), "--out", str(out), "--count", "3"])
    main()
    clips = read_manifest(out / "manifest.csv")
    assert [clip.file for clip in clips] == ["000-still.mp4", "001-moving.mp4", "002-two.mp4"]
    assert [len(clip.expected) for clip in clips] == [1, 1, 2]
    with (out / "manifest.csv").open(encoding="utf-8") as handle:
        assert len(list(csv.DictReader(handle))) == 4
    with pytest.raises(SystemExit, match="not empty"):
        main()
