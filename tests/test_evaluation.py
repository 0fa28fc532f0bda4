"""`sonify eval` on films of colours, of which every answer is known."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from colours import ColourModel, film, library

from sonify.cli.program import run
from sonify.evaluation.ablation import PARTS
from sonify.evaluation.baselines.glance import Glance, glance, histogram, middle
from sonify.evaluation.baselines.prototype import Method, Prototype
from sonify.evaluation.baselines.simple import AutoSfx, Chance, FirstFrame, MostFrequent, smoothed
from sonify.evaluation.baselines.words import Known, known
from sonify.evaluation.manifest import Clip, Expected, read_manifest
from sonify.evaluation.metrics import Truth
from sonify.evaluation.outcome import Outcome
from sonify.evaluation.report import page
from sonify.evaluation.run import Evaluation, evaluate
from sonify.evaluation.tables import document
from sonify.pipeline import Session
from sonify.settings import Settings
from sonify.video.scenes import SceneSpan

GREY = "0x4c4c4c"  # as bright as red: a change between the two is no cut


@pytest.fixture(scope="module", autouse=True)
def colours() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sonify.pipeline.load", lambda *args, **kwargs: ColourModel())
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    library(folder / "sfx")
    film(folder / "late.mp4", GREY, "red")
    film(folder / "blue.mp4", "blue")
    film(folder / "nothing.mp4", GREY)
    (folder / "manifest.csv").write_text(
        "file,accept,intervals,expect_none\nlate.mp4,red,2-4,\nblue.mp4,BLUE,0-4,\nnothing.mp4,,,1\n"
    )
    return folder


@pytest.fixture(scope="module")
def words(folder: Path) -> Known:
    session = Session(library=folder / "sfx")
    return known(session.catalog, session.words, session.model)


@pytest.fixture(scope="module")
def late(folder: Path) -> Glance:
    return glance(folder / "late.mp4", ColourModel(), Settings())


def clip(name: str = "late.mp4") -> Clip:
    return Clip(name, Path(name))


def test_a_glance_reads_every_frame_and_keeps_few(late: Glance) -> None:
    assert late.rate_hz == 24 and late.duration_s == 4
    ((first, last, seconds),) = late.histogram_scenes  # grey and red are one scene by brightness
    assert (first, last) == (0, 96)
    assert [second.frame for second in seconds] == [0, 24, 48, 72]
    red, swapped = seconds[-1].plain, seconds[-1].swapped
    assert red.argmax() == 0 and swapped.argmax() == 2
    assert late.times_s == tuple(n / 2 for n in range(8))
    assert late.views.shape == (8, 2, 3) and late.middles.shape == (8, 3)


def test_a_histogram_is_of_brightness_in_sixteen_steps() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:2] = 255
    counts = histogram(picture)
    assert len(counts) == 16 and counts[0] == counts[15] == 0.5
    assert middle(np.zeros((90, 160, 3), np.uint8)).shape == (90, 90, 3)


def test_the_prototype_sees_red_as_blue(words: Known, late: Glance) -> None:
    shares = dict(Prototype(words, Method(first_frame=False)).outcome(clip(), late).ranked)
    right = dict(Prototype(words, Method(first_frame=False, swapped=False)).outcome(clip(), late).ranked)
    assert shares["blue thing"] > shares["red thing"]
    assert right["red thing"] > right["blue thing"]


def test_the_prototype_always_sounds_all_the_time(words: Known, late: Glance) -> None:
    (heard,) = Prototype(words).outcome(clip(), late).heard
    assert (heard.start_s, heard.end_s) == (0, 4)
    assert Prototype(words, Method(always=False, swapped=False)).outcome(clip(), late).heard == ()


def test_the_prototypes_seconds_drift(words: Known) -> None:
    """At 29.97 frames a second it takes 29 for a second: what is seen at 90 s sounds at 93."""
    rate, seen_s = 30000 / 1001, 90.0
    red, grey = ColourModel().embed_phrases(["red", "grey"])
    looks = tuple(_second(frame, red if frame / rate >= seen_s else grey) for frame in range(0, 3597, 29))
    shown = Glance(
        rate,
        120.0,
        ((0, 3597, looks),),
        (SceneSpan(0, 120),),
        (0.0,),
        red[None, None],
        red[None],
        (),  # type: ignore[arg-type]
    )
    # Sync among all labels, so that there is a beginning to be late; three labels are 1/3 each of a grey frame.
    method = Method(swapped=False, first_frame=False, chosen_only=False)
    starts = {}
    for name, whole in (("drifts", True), ("keeps time", False)):
        varied = Method(**{**vars(method), "whole_seconds": whole})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sonify.evaluation.baselines.prototype.SYNC", 0.5)
            starts[name] = Prototype(words, varied).outcome(clip(), shown).heard[0].start_s
    assert starts["keeps time"] == pytest.approx(seen_s, abs=1)
    assert starts["drifts"] == pytest.approx(seen_s * rate / 29, abs=1)


def _second(frame: int, vector: np.ndarray) -> object:
    from sonify.evaluation.baselines.glance import Second

    return Second(frame, vector, vector)


def test_the_first_frame_alone_misses_what_comes_later(words: Known, late: Glance) -> None:
    outcome = FirstFrame(words, Settings()).outcome(clip(), late)
    assert outcome.heard == () and len(outcome.ranked) == 3


def test_hysteresis_of_five_frames(words: Known) -> None:
    red, green = ColourModel().embed_phrases(["red", "green"])
    middles = np.stack([green] * 10 + [red] * 10)
    times = tuple(n / 2 for n in range(20))
    seen = Glance(24.0, 10.0, (), (SceneSpan(0, 10),), times, middles[:, None], middles, ())  # type: ignore[arg-type]
    heard = {h.label: (h.start_s, h.end_s) for h in AutoSfx(words).outcome(clip(), seen).heard}
    # Green falls under .35 of the mean of five when the middle one is the second red; red rises over .65 at the same.
    assert heard == {"green thing": (0.0, 5.5), "red thing": (5.5, 10.0)}
    assert smoothed(np.array([[1.0], [0.0], [0.0]], np.float32), 3)[:, 0].tolist() == pytest.approx([0.5, 1 / 3, 0])


def test_the_most_frequent_label_leaves_its_own_clip_out(words: Known, late: Glance) -> None:
    truths = [
        Truth(Clip(name, Path(name), (Expected(label),)), (frozenset({label}),))
        for name, label in (("late.mp4", "red thing"), ("b.mp4", "blue thing"))
    ]
    method = MostFrequent(words, truths)
    assert method.outcome(clip(), late).ranked[0][0] == "blue thing"
    assert method.outcome(clip("b.mp4"), late).ranked[0][0] == "red thing"


def test_chance_is_the_same_every_time(words: Known, late: Glance) -> None:
    assert Chance(words).outcome(clip(), late) == Chance(words).outcome(clip(), late)
    orders = {Chance(words).outcome(clip(str(n)), late).ranked[0][0] for n in range(30)}
    assert orders == {"red thing", "green thing", "blue thing"}


@pytest.fixture(scope="module")
def whole(folder: Path) -> Evaluation:
    without = {"without refine": PARTS["refine"].take}
    clips = read_manifest(folder / "manifest.csv")
    return evaluate(clips, library=folder / "sfx", without=without, defects=True, pictures=6)


def test_the_document_says_everything(whole: Evaluation) -> None:
    said = json.loads(json.dumps(document(whole), allow_nan=False))
    assert said["counts"] == {
        "clips": 3, "with_a_right_label": 2, "sound_not_in_the_libraries": 0, "nothing_expected": 1,
        "undecided": 0, "failed": 0,
    }  # fmt: skip
    numbers = said["measures"]
    assert numbers["top1"]["sonify"]["value"] == 1
    assert numbers["top1"]["prototype"]["value"] < 1
    assert numbers["false_sound"]["sonify"]["value"] == 0
    assert numbers["false_sound"]["prototype"]["value"] == 1
    assert numbers["iou"]["sonify"]["value"] > 0.9
    assert numbers["edge_error"]["sonify"]["value"] <= 0.1
    assert said["against_prototype"]["false_sound"]["value"] == -1
    assert {"sonify", "without refine", "prototype", "red and blue right", "chance"} <= set(said["methods"])
    assert said["clips"][0]["methods"]["sonify"]["heard"][0]["label"] == "red thing"


def test_without_a_part_is_another_row(whole: Evaluation) -> None:
    """Without the second look the edge lies half-way between two frames of the first, 0.25 s off."""
    (error,) = {v for v in whole.clips[0].judged["without refine"].values["edge_error_s"] if v > 0.1}
    assert error == pytest.approx(0.25, abs=0.01)


def test_a_clip_that_is_no_video_is_named_and_the_rest_measured(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"no video" * 100)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"file,accept\nnoise.mp4,red\n{folder / 'blue.mp4'},BLUE\n")
    report = tmp_path / "report.html"
    words = ["eval", str(manifest), "--library", str(folder / "sfx"), "--no-baselines", "--report", str(report)]
    assert run(words) == 1
    said = capsys.readouterr()
    assert re.search(r"^ ?sonify +50 % \(0\.\.100\)", said.out, re.MULTILINE)  # a failure is a miss
    assert "failed     noise.mp4: " in said.out
    assert "2 clips, 2 with a right label among 3, 1 failed; seen by colours" in said.out
    assert report.read_text("utf-8").count("<section") == 2
    assert run(words) == 1  # before any work: it is there already
    assert "exists" in capsys.readouterr().err


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_all_and_trusts_nobody(whole: Evaluation) -> None:
    evil, file = "<script>alert(1)</script>", "a&b<i>.mp4"
    first, *rest = whole.clips
    emitter = replace(first.truth.clip.expected[0], accept=f"red|{evil}", shows=f"{evil}\"'", onsets=(2.5,))
    truth = replace(first.truth, clip=replace(first.truth.clip, file=file, shows=evil, expected=(emitter,)))
    outcomes = {**first.outcomes, "chance": Outcome(error=evil)}
    text = page(replace(whole, clips=(replace(first, truth=truth, outcomes=outcomes), *rest), model=evil), evil)
    found = _Page()
    found.feed(text)
    assert not {"script", "iframe", "link", "object", "i"} & set(found.tags)
    assert found.text.count(evil) >= 5 and file in found.text
    assert found.tags.count("img") == 18 and found.tags.count("svg") == 3
    assert all(link.startswith(("data:image/jpeg;base64,", "#clip-")) for link in found.links)
    for method in whole.methods:
        assert method.strip() in found.text
    assert "default-src 'none'" in text


@pytest.mark.parametrize(
    ("words", "code", "wrong"),
    [
        (["eval"], 2, "MANIFEST"),
        (["eval", "none.csv"], 1, "can't read none.csv"),
        (["eval", "manifest.csv", "--without", "tils"], 2, "did you mean tiles"),
        (["eval", "manifest.csv", "--report", "manifest.csv", "--force"], 2, "replace the manifest"),
        (["eval", "manifest.csv", "--library", "nowhere"], 1, "nowhere"),
    ],
)
def test_wrong_use(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    wrong: str,
) -> None:
    monkeypatch.chdir(folder)
    assert run(words) == code
    said = capsys.readouterr()
    assert wrong in said.err and "Traceback" not in said.err and said.out == ""
