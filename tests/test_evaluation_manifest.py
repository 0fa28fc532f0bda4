"""The manifest: what it may say, and what it is told when it says something else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sonify.evaluation.manifest import Clip, Expected, ManifestError, covered, matching, read_manifest


def written(folder: Path, text: str, *videos: str) -> Path:
    for name in videos or ("a.mp4",):
        (folder / name).touch()
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_says_what_is_right_when_and_where(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "file,accept,intervals,onsets,pan,expect_none,shows,licence\n"
        "a.mp4,dog|puppy,4-6.5 1-2,1.5 1.25,1:-0.5 2:0.5,,a dog,CC0\n"
        "b.mp4,,,,,1,a wall,CC0\n"
        "c.mp4,,,,,,,CC0\n",
        "a.mp4",
        "b.mp4",
        "c.mp4",
    )
    dog = Expected("dog|puppy", ((1, 2), (4, 6.5)), (1.25, 1.5), ((1, -0.5), (2, 0.5)), "a dog")
    assert read_manifest(path) == (
        Clip("a.mp4", tmp_path / "a.mp4", (dog,), False, "a dog"),
        Clip("b.mp4", tmp_path / "b.mp4", (), True, "a wall"),
        Clip("c.mp4", tmp_path / "c.mp4"),
    )


def test_rows_of_one_file_are_the_emitters_of_one_clip(tmp_path: Path) -> None:
    path = written(tmp_path, "file,accept,intervals\na.mp4,dog,0-2\na.mp4,cat,1-3\n")
    (clip,) = read_manifest(path)
    assert [(e.accept, e.intervals) for e in clip.expected] == [("dog", ((0, 2),)), ("cat", ((1, 3),))]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no column 'file'"),
        ("file,accept\n", "no rows"),
        ("accept\ndog\n", "no column 'file'"),
        ("file,licence\na.mp4,CC0\n", "nothing of what is right"),
        ("file,acept\na.mp4,dog\n", "did you mean accept"),
        ("file,accept,Intervals\na.mp4,dog,1-2\n", "did you mean intervals"),
        ("file,accept,accept\na.mp4,dog,cat\n", "two columns 'accept'"),
        ("file,accept\nb.mp4,dog\nc.mp4,cat\n", "2 videos that are not there: 'b.mp4', 'c.mp4'"),
        ("file,accept\n,dog\n", "line 2, file"),
        ("file,accept\na.mp4\n", "line 2: fewer cells"),
        ("file,accept\na.mp4,dog,cat\n", "line 2: more cells"),
        ("file,accept\na.mp4,dog(\n", "line 2, accept 'dog(': no regular expression"),
        ("file,accept\na.mp4," + "d" * 1001 + "\n", "over 1000 characters"),
        ('file,accept\na.mp4,"dog\n', "near line"),
        ("file,accept,intervals\na.mp4,dog,2-1\n", "ends before it begins"),
        ("file,accept,intervals\na.mp4,dog,-1-2\n", "no number"),
        ("file,accept,intervals\na.mp4,dog,12\n", "no dash"),
        ("file,accept,intervals\na.mp4,dog,nan-2\n", "not in"),
        ("file,accept,onsets\na.mp4,dog,soon\n", "'soon' is no number"),
        ("file,accept,onsets\na.mp4,dog,1e9\n", "not in"),
        ("file,accept,pan\na.mp4,dog,1:2\n", "not in -1..1"),
        ("file,accept,pan\na.mp4,dog,2:0 1:0\n", "times go back"),
        ("file,accept,pan\na.mp4,dog,left\n", "no colon"),
        ("file,accept,expect_none\na.mp4,dog,maybe\n", "must be 1, 0 or empty"),
        ("file,accept,expect_none\na.mp4,dog,1\n", "nothing is expected here"),
        ("file,accept,onsets\na.mp4,,1\n", "no accept beside it"),
        ("file,accept\na.mp4,dog\na.mp4,\n", "there twice"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(written(tmp_path, text))
    assert wrong in str(caught.value)
    assert caught.value.hint and "\n" not in str(caught.value)


def test_files_that_are_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="can't read"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(ManifestError, match="can't read"):
        read_manifest(tmp_path)
    (tmp_path / "latin.csv").write_bytes("file,accept\nMünchen.mp4,bell\n".encode("latin-1"))
    with pytest.raises(ManifestError, match="not UTF-8"):
        read_manifest(tmp_path / "latin.csv")
    with (tmp_path / "big.csv").open("wb") as handle:
        handle.truncate(16 * 2**20 + 1)
    with pytest.raises(ManifestError, match="over 16 MiB"):
        read_manifest(tmp_path / "big.csv")
    (tmp_path / "cell.csv").write_text("file,accept\na.mp4," + "x" * 200_000)
    with pytest.raises(ManifestError, match="near line 1: field larger"):
        read_manifest(tmp_path / "cell.csv")


def test_labels_are_found_whatever_their_case() -> None:
    labels = ["Dog barking", "cat", "hot dog", "catalogue"]
    assert matching(r"\bdog|\bcat\b", labels) == {0, 1, 2}
    assert matching("", labels) == {0, 1, 2, 3}


def test_a_pattern_that_never_ends_is_stopped() -> None:
    began_s = time.monotonic()
    with pytest.raises(ManifestError, match="takes too long"):
        matching(r"(a|aa)+$", ["a" * 60 + "!"] * 1000)
    assert time.monotonic() - began_s < 30  # without the limit it would outlast the sun


def test_intervals_that_touch_are_one() -> None:
    assert covered([(4, 5), (0, 1), (1, 2), (1.5, 3)]) == ((0, 3), (4, 5))
