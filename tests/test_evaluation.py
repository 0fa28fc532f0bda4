"""`sonify eval` on films of colours, of which every answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from colours import ColourModel, film, library

from sonify.cli.program import run
from sonify.evaluation.baselines.glance import Glance, glance, histogram, middle
from sonify.evaluation.baselines.prototype import Method, Prototype
from sonify.evaluation.baselines.simple import AutoSfx, Chance, FirstFrame, MostFrequent, smoothed
from sonify.evaluation.baselines.words import Known, known
from sonify.evaluation.bootstrap import Estimate
from sonify.evaluation.manifest import Clip, Expected
from sonify.evaluation.metrics import Truth, judge
from sonify.evaluation.outcome import Heard, Outcome
from sonify.evaluation.report import page
from sonify.evaluation.run import ClipResult, Evaluation
from sonify.evaluation.tables import cell, document, tables
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
    (folder / "noise.mp4").write_bytes(b"no video" * 100)
    (folder / "manifest.csv").write_text("file,accept,intervals\nlate.mp4,RED,2-4\nnoise.mp4,blue,\n")
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
def whole() -> Evaluation:
    """Two clips as two methods might have judged them."""

    def result(clip: Clip, right: str, **outcomes: Outcome) -> ClipResult:
        truth = Truth(clip, tuple(frozenset({right}) for _ in clip.expected))
        named = {"sonify": outcomes["ours"], "prototype": outcomes["theirs"], "  mended": outcomes["theirs"]}
        judged = {name: judge(truth, outcome) for name, outcome in named.items()}
        return ClipResult(truth, 4.0, named, judged, ((0.5, b"jpeg"), (2.5, b"jpeg")))

    emitter = Expected("RED", ((2.0, 4.0),), (), ((0, 0.25),), shows="a red light")
    red, blue = Heard("red thing", "effect", 2.05, 4, pan=((0, 0.0),)), Heard("blue thing", "effect", 0, 4)
    bed = Heard("room tone", "ambience", 0, 4)
    late = Clip("late.mp4", Path("late.mp4"), (emitter,), shows="a red light")
    nothing = Clip("nothing.mp4", Path("nothing.mp4"), expect_none=True)
    struck = Clip("struck.mp4", Path("struck.mp4"), (Expected("RED", (), (2.5,)),))
    blow = Outcome((("red thing", 0.9),), (Heard("red thing", "effect", 2, 3, hits=(2.48,)),))
    first = Outcome((("red thing", 0.9), ("blue thing", 0.1)), (red, bed), ((0, 4),))
    second = Outcome((("blue thing", 0.8), ("red thing", 0.2)), (blue,), ((0, 4),))
    clips = (
        result(late, "red thing", ours=first, theirs=second),
        result(nothing, "", ours=Outcome(), theirs=second),
        result(struck, "red thing", ours=blow, theirs=second),
    )
    return Evaluation(("sonify", "prototype", "  mended"), clips, "colours", "0" * 16, 3, {"matching.threshold": 0.6})


def test_the_document_says_everything(whole: Evaluation) -> None:
    said = json.loads(json.dumps(document(whole), allow_nan=False))
    assert said["counts"] == {
        "clips": 3, "with_a_right_label": 2, "sound_not_in_the_libraries": 0, "nothing_expected": 1,
        "undecided": 0, "failed": 0,
    }  # fmt: skip
    values = {key: {name: cell["value"] for name, cell in row.items()} for key, row in said["measures"].items()}
    assert values["top1"] == {"sonify": 1, "prototype": 0, "mended": 0}
    assert values["median_rank"] == {"sonify": 1, "prototype": 2, "mended": 2}
    assert values["false_sound"] == {"sonify": 0, "prototype": 1, "mended": 1}
    assert values["iou"]["sonify"] == pytest.approx(1.95 / 2) and values["iou"]["prototype"] == 0
    assert values["edge_error"] == {"sonify": 0.025} and values["pan_error"] == {"sonify": 0.25}
    assert values["hit_f1_50"]["sonify"] == 1 and values["hit_error"]["sonify"] == -0.02
    assert said["against_prototype"]["false_sound"]["value"] == -1
    assert said["clips"][0]["methods"]["sonify"]["heard"][0]["label"] == "red thing"
    assert said["settings"] == {"matching.threshold": 0.6}


def test_cells_are_for_people(whole: Evaluation) -> None:
    which, _, exactly = tables(whole)
    assert exactly.measures[0].key == "hit_f1_50"
    names = [name for name, _ in which.rows]
    assert names == ["sonify", "prototype", "  mended", "sonify against prototype"]
    assert cell(which.measures[0], Estimate(0.625, 0.5, 0.75, 8)) == "62 % (50..75)"
    assert cell(which.measures[0], Estimate(0.125, 0.0, 0.25, 8), signed=True) == "+12 % (0..25)"
    assert cell(exactly.measures[-1], Estimate(0.0213, 0.02, 0.03, 8)) == "0.021 s (0.020..0.030)"
    assert cell(which.measures[0], Estimate(1.0, 1.0, 1.0, 1)) == "100 %"  # one clip proves nothing
    assert cell(which.measures[0], Estimate(None)) == "-"


def test_clips_are_measured_and_what_fails_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    manifest = str(folder / "manifest.csv")
    words = ["eval", manifest, "--library", str(folder / "sfx"), "--without", "refine", "--report", str(report)]
    assert run([*words, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    good, bad = said["clips"]
    assert said["counts"]["failed"] == 1 and "noise.mp4" in bad["methods"]["sonify"]["error"]
    # A failure is a miss.
    assert said["measures"]["top1"]["sonify"]["value"] == 0.5
    ours = good["methods"]["sonify"]
    assert ours["ranked"][0]["label"] == ours["heard"][0]["label"] == "red thing"
    assert max(ours["values"]["edge_error_s"]) <= 0.1
    # Without the second look an edge lies half-way between two frames of the first, a quarter of a second off.
    assert max(good["methods"]["without refine"]["values"]["edge_error_s"]) == pytest.approx(0.25, abs=0.01)
    assert good["methods"]["prototype"]["values"]["top1"] == [0]
    assert {"first frame only", "AutoSFX hysteresis", "most frequent label", "chance"} < set(said["methods"])
    text = report.read_text("utf-8")
    assert text.count("<section") == 2 and text.count("data:image/jpeg;base64,/9j/") == 6
    assert run(words) == 1  # before any work: the page is there already
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
    outcomes = {**first.outcomes, "prototype": Outcome(error=evil)}
    text = page(replace(whole, clips=(replace(first, truth=truth, outcomes=outcomes), *rest), model=evil), evil)
    found = _Page()
    found.feed(text)
    assert not {"script", "iframe", "link", "object", "i"} & set(found.tags)
    assert found.text.count(evil) >= 6 and file in found.text
    assert found.tags.count("img") == 6 and found.tags.count("svg") == 3
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
