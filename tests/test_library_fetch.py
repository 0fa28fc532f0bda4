"""Fetching a library from beginning to end, broken off at any moment, from a server of our own."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fetch_server import Files, digest, serving, split, table_of, wav, zipped

from sonify.errors import LibraryError, SettingsError
from sonify.library.fetch.get import Fetched, Plan, get, plan
from sonify.library.fetch.sheet import label_of
from sonify.library.fetch.state import HIDDEN, alone
from sonify.library.fetch.table import find, lists
from sonify.library.rights.licences import normalise
from sonify.progress import Event

ESC50_CSV = (
    "filename,fold,target,category,esc10,src_file,take\n"
    "1-11-A-0.wav,1,0,dog,True,11,A\n"
    "1-22-A-40.wav,1,40,helicopter,False,22,A\n"
    "1-33-B-1.wav,1,1,rooster,True,33,B\n"
    "1-44-A-5.wav,1,5,cat,False,44,A\n"
    "../../evil.wav,1,5,cat,False,44,A\n"
)
ESC50_LICENSE = """\
- [1-11-A.ogg]: clip derived from Dog (small) bark.wav (http://www.freesound.org/people/jo/sounds/11/) by jo [CC0]
- [1-22-A.ogg]: clip derived from heli, near (http://www.freesound.org/people/An%20Na/sounds/22/) by An Na [CC-BY]
- [1-33-B.ogg]:  clip derived from r.wav (http://www.freesound.org/people/x/sounds/33/) by x [CC-Sampling+]
"""
ESC50 = {
    **{f"ESC-50-1/audio/{name}.wav": wav(seed=i) for i, name in enumerate(("1-11-A-0", "1-22-A-40", "1-33-B-1"))},
    "ESC-50-1/audio/1-44-A-5.wav": wav(seed=4),
    "ESC-50-1/meta/esc50.csv": ESC50_CSV.encode(),
    "ESC-50-1/LICENSE": ESC50_LICENSE.encode(),
    "ESC-50-1/esc50.gif": b"not wanted",
}
TRUTH = {
    "FSD50K.ground_truth/eval.csv": b'fname,labels,mids\n7,"Bark,Dog,Animal",/m/1\n8,"Meow,Cat",/m/2\n9,Boom,/m/3\n'
}
INFO = {
    "7": {"title": "Rex.wav", "license": "http://creativecommons.org/licenses/by/3.0/", "uploader": "jo"},
    "8": {"title": "Cat", "license": "http://creativecommons.org/licenses/by-nc/3.0/", "uploader": "an"},
}
METADATA = {"FSD50K.metadata/eval_clips_info_FSD50K.json": json.dumps(INFO).encode()}
AUDIO = {f"FSD50K.eval_audio/{i}.wav": wav(3.0, seed=i) for i in (7, 8, 9)}


@pytest.fixture
def files() -> Iterator[Files]:
    bodies = {"/esc.zip": zipped(ESC50, packed=True), "/truth.zip": zipped(TRUTH), "/meta.zip": zipped(METADATA)}
    parts = split(zipped(AUDIO), 70_000)
    assert len(parts) == 3
    for name, body in zip(("audio.z01", "audio.z02", "audio.zip"), parts, strict=True):
        bodies[f"/{name}"] = body
    with serving(bodies) as served:
        yield served


@pytest.fixture
def table(files: Files, tmp_path: Path) -> Path:
    def archive(name: str, parts: list[str], take: dict[str, str], promised: bool = True) -> dict[str, Any]:
        known = [
            {
                "url": f"{files.address}/{part}",
                "name": part,
                "size_bytes": len(files.bodies[f"/{part}"]),
                "checksum": digest(files.bodies[f"/{part}"], "md5"),
                "promised": promised,
            }
            for part in parts
        ]
        limits = {"limit_bytes": 10**6, "limit_files": 20, "unpacked_bytes": 10_000}
        return {"name": name, "parts": known, "take": take, **limits}

    about = {"title": "T", "about": "a", "page": "https://example.org/"}
    clips = "FSD50K.metadata/*_clips_info_FSD50K.json"
    take = {"ESC-50-*/audio/*.wav": "audio", "ESC-50-*/meta/esc50.csv": "source", "ESC-50-*/LICENSE": ""}
    return table_of(
        tmp_path / "lists.json",
        esc50={
            **about,
            "licence": "CC-BY-NC-3.0",
            "labels": "esc50",
            "archives": [archive("ESC-50", ["esc.zip"], take, promised=False)],
        },
        fsd50k={
            **about,
            "licence": "CC-BY-4.0",
            "mixed": True,
            "labels": "fsd50k",
            "archives": [
                archive("truth", ["truth.zip"], {"FSD50K.ground_truth/*.csv": "source"}),
                archive("metadata", ["meta.zip"], {clips: "source"}),
                archive("audio", ["audio.z01", "audio.z02", "audio.zip"], {"FSD50K.eval_audio/*.wav": "eval"}),
            ],
        },
    )


class Kit:
    def __init__(self, files: Files, table: Path, to: Path) -> None:
        self.files, self.table, self.to = files, table, to

    def plan(self, name: str, **options: Any) -> Plan:
        return plan(name, self.to, network=self.files.network, table=self.table, **options)

    def get(self, name: str, *, force: bool = False, **options: Any) -> Fetched:
        return get(self.plan(name, force=force), force=force, network=self.files.network, **options)


@pytest.fixture
def kit(files: Files, table: Path, tmp_path: Path) -> Kit:
    return Kit(files, table, tmp_path / "to")


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "lock"
    }


def test_esc50(kit: Kit) -> None:
    done = kit.get("esc50")
    assert done.folder == kit.to / "esc50" and done.problems == ()
    assert (done.sounds, done.labels) == (4, 4)
    found = rows(done.folder)
    assert sorted(found) == sorted(f"audio/{n}.wav" for n in ("1-11-A-0", "1-22-A-40", "1-33-B-1", "1-44-A-5"))
    dog = found["audio/1-11-A-0.wav"]
    assert (dog["label"], dog["licence"], dog["author"]) == ("dog barking", "CC-BY-3.0", "jo")
    assert dog["description"] == "Dog (small) bark.wav"
    assert dog["source_url"] == "http://www.freesound.org/people/jo/sounds/11/"
    heli = found["audio/1-22-A-40.wav"]
    assert (heli["label"], heli["licence"], heli["author"]) == ("helicopter", "CC-BY-NC-3.0", "An Na")
    assert "ampling" in found["audio/1-33-B-1.wav"]["licence"]
    assert found["audio/1-44-A-5.wav"]["licence"] == "CC-BY-NC-3.0" and not found["audio/1-44-A-5.wav"]["author"]
    assert {p.name for p in done.folder.iterdir()} == {"audio", "LICENSE", "labels.csv", HIDDEN}
    assert not list(done.folder.rglob("*.zip")) and not list(done.folder.rglob("*.part*"))


def test_fsd50k_is_read_from_its_parts(kit: Kit) -> None:
    done = kit.get("fsd50k")
    assert done.sounds == 3 and done.problems == ()
    found = rows(done.folder)
    assert {file: row["label"] for file, row in found.items()} == {
        "eval/7.wav": "dog barking",
        "eval/8.wav": "cat meowing",
        "eval/9.wav": "boom",
    }
    assert [found[f"eval/{i}.wav"]["licence"] for i in (7, 8, 9)] == ["CC-BY-3.0", "CC-BY-NC-3.0", ""]
    assert found["eval/7.wav"]["source_url"] == "https://freesound.org/s/7/"
    assert "Bark, Dog, Animal" in found["eval/7.wav"]["description"]
    for name, body in AUDIO.items():
        assert (done.folder / "eval" / Path(name).name).read_bytes() == body


def test_what_is_here_is_not_fetched_again_and_a_persons_words_stay(kit: Kit) -> None:
    before = kit.plan("esc50")
    assert not before.here and before.download_bytes == len(kit.files.bodies["/esc.zip"]) and before.exact
    done = kit.get("esc50")
    sheet = done.folder / "labels.csv"
    sheet.write_text(sheet.read_text().replace("dog barking", "Rex"))
    asked = len(kit.files.requests)
    after = kit.plan("esc50")
    assert after.here and not after.big and after.download_bytes == 0
    said: list[str] = []
    assert kit.get("esc50", progress=lambda e: said.append(e.note)).sounds == 4
    assert len(kit.files.requests) == asked and any("is here already" in text for text in said)
    (done.folder / "labels.csv").rename(done.folder / "away")
    kit.get("esc50")
    assert rows(done.folder)["audio/1-11-A-0.wav"]["label"] == "dog barking"
    (done.folder / "away").rename(sheet)
    assert rows(done.folder)["audio/1-11-A-0.wav"]["label"] == "Rex"
    kit.get("esc50", force=True)
    assert len(kit.files.requests) == asked + 1
    assert rows(done.folder)["audio/1-11-A-0.wav"]["label"] == "dog barking"


@pytest.mark.parametrize("name", ["esc50", "fsd50k"])
def test_broken_off_at_any_moment_it_goes_on(kit: Kit, tmp_path: Path, name: str) -> None:
    seen: list[Event] = []
    wanted = tree(kit.get(name, progress=seen.append).folder)
    kit.to = tmp_path / "again"
    stopped = 0
    for moment in range(0, len(seen), max(1, len(seen) // 8)):
        shutil.rmtree(kit.to, ignore_errors=True)
        for count in (moment, moment // 2 + 1):
            events = iter(range(count))

            def stop(event: Event, events: Iterator[int] = events) -> None:
                if next(events, None) is None:
                    raise KeyboardInterrupt

            try:
                kit.get(name, progress=stop)
            except KeyboardInterrupt:
                stopped += 1
        assert tree(kit.get(name).folder) == wanted
    assert stopped >= 8


def test_what_was_unpacked_is_not_downloaded_again(kit: Kit) -> None:
    kit.files.statuses["/audio.zip"] = [404]
    with pytest.raises(LibraryError, match="there is no"):
        kit.get("fsd50k")
    first = len(kit.files.requests)
    rest = kit.plan("fsd50k")
    assert rest.download_bytes == len(kit.files.bodies["/audio.zip"])
    kit.get("fsd50k")
    assert kit.files.asked[first:] == ["/audio.zip"]


def test_killed_it_goes_on(kit: Kit, tmp_path: Path) -> None:
    wanted = tree(kit.get("fsd50k").folder)
    kit.to = tmp_path / "again"
    code = (
        "import sys; from pathlib import Path; from sonify.library.fetch.get import get, plan\n"
        "from sonify.library.fetch.network import Network\n"
        "n = Network(plain_http=frozenset({sys.argv[3]}))\n"
        "p = plan('fsd50k', Path(sys.argv[1]), network=n, table=Path(sys.argv[2]))\n"
        "import time; get(p, network=n, progress=lambda e: (print(e.stage, flush=True), time.sleep(0.02)))"
    )
    words = [sys.executable, "-c", code, str(kit.to), str(kit.table), kit.files.address.removeprefix("http://")]
    for lines in (2, 6):
        child = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(lines):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert tree(kit.get("fsd50k").folder) == wanted


def test_a_damaged_archive_is_not_kept(kit: Kit) -> None:
    good = kit.files.bodies["/esc.zip"]
    kit.files.bodies["/esc.zip"] = good[:-100]
    said: list[str] = []
    with pytest.raises(LibraryError, match="fetch it again"):
        kit.get("esc50", progress=lambda e: said.append(e.note))
    assert any("instead of" in text for text in said)
    kit.files.bodies["/esc.zip"] = good
    assert kit.get("esc50").sounds == 4


def test_a_wrong_checksum_is_refused(kit: Kit) -> None:
    good = kit.files.bodies["/audio.z01"]
    kit.files.bodies["/audio.z01"] = bytes([*good[:-1], good[-1] ^ 1])
    with pytest.raises(LibraryError, match="differs from its md5 checksum"):
        kit.get("fsd50k")
    kit.files.bodies["/audio.z01"] = good
    assert kit.get("fsd50k").sounds == 3


def test_without_room_nothing_begins(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    what = kit.plan("fsd50k")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, what.room_bytes))
    with pytest.raises(LibraryError, match="takes up to .* MB, .* has .* MB free.*make room"):
        kit.get("fsd50k")
    assert kit.files.requests == [] and not kit.to.exists()


def test_room_counts_that_archives_go_when_they_are_unpacked(kit: Kit) -> None:
    sizes = [len(kit.files.bodies[f"/{name}.zip"]) for name in ("truth", "meta")]
    audio = sum(len(kit.files.bodies[f"/audio.{end}"]) for end in ("z01", "z02", "zip"))
    assert kit.plan("fsd50k").download_bytes == sum(sizes) + audio
    assert kit.plan("fsd50k").room_bytes == 3 * 10_000 + audio


def test_somebody_elses_folder_is_left_alone(kit: Kit) -> None:
    (kit.to / "esc50").mkdir(parents=True)
    kit.plan("esc50")  # an empty one will do
    (kit.to / "esc50" / "mine.txt").write_text("mine")
    with pytest.raises(LibraryError, match="was not fetched by sonify"):
        kit.get("esc50")
    assert kit.get("esc50", force=True).sounds == 4
    assert (kit.to / "esc50" / "mine.txt").read_text() == "mine"
    (kit.to / "fsd50k").write_text("a file")
    with pytest.raises(LibraryError, match="was not fetched by sonify"):
        kit.get("fsd50k", force=True)


def test_two_at_once(kit: Kit) -> None:
    what = kit.plan("esc50")
    with alone(what.folder), pytest.raises(LibraryError, match="another sonify"):
        get(what, network=kit.files.network)
    assert kit.get("esc50").sounds == 4


@pytest.mark.parametrize(
    ("member", "body", "message"),
    [
        ("FSD50K.metadata/eval_clips_info_FSD50K.json", b"[1, 2]", "not what was expected"),
        ("FSD50K.metadata/eval_clips_info_FSD50K.json", b"{", "can't read"),
        ("FSD50K.metadata/eval_clips_info_FSD50K.json", b"[" * 100_000, "can't read"),
        ("FSD50K.metadata/dev_clips_info_FSD50K.json", b"{}", "No such file"),
    ],
)
def test_what_the_makers_wrote_may_be_broken(kit: Kit, member: str, body: bytes, message: str) -> None:
    kit.files.bodies["/meta.zip"] = zipped({member: body})
    raw = json.loads(kit.table.read_text())
    for part in raw["fsd50k"]["archives"][1]["parts"]:
        part |= {"size_bytes": 0, "checksum": ""}
    kit.table = table_of(kit.table.with_name("other.json"), **raw)
    with pytest.raises(LibraryError, match=message):
        kit.get("fsd50k")


def test_the_lists_that_sonify_knows() -> None:
    known = {entry.name: entry for entry in lists()}
    assert list(known) == ["esc50", "fsd50k", "fsd50k-eval", "freesound", "bbc"]
    assert known["fsd50k"].download_bytes == 24_678_734_449
    for entry in known.values():
        assert entry.page.startswith("https://") and entry.title and entry.about
        assert (
            not entry.licence or entry.licence.startswith("LicenseRef-") or normalise(entry.licence) == entry.licence
        )
        for archive in entry.archives:
            assert 0 <= archive.unpacked_bytes < archive.limit_bytes and archive.take
            assert archive.parts[-1].name.endswith(".zip")
            for part in archive.parts:
                assert part.remote.url.startswith("https://") and part.remote.checksum and part.remote.size_bytes
                assert part.remote.promised == ("zenodo.org" in part.remote.url)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("esc5", "did you mean esc50"),
        ("", "there are esc50"),
        ("freesound", "write freesound:NUMBER"),
        ("freesound:", "is no number"),
        ("freesound:-1", "is no number"),
        ("freesound:0", "is no number"),
        ("freesound:²", "is no number"),
        ("freesound:1/../2", "is no number"),
        ("esc50:3", "write esc50"),
        ("../esc50", "did you mean esc50"),
    ],
)
def test_names_that_are_none(name: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        find(name)


def test_names() -> None:
    assert find("ESC50")[0].name == "esc50"
    assert find("freesound:1234")[1] == 1234


def test_classes_become_labels() -> None:
    assert label_of("esc50", "dog") == "dog barking" and label_of("esc50", "helicopter") == "helicopter"
    assert label_of("fsd50k", "Crying_and_sobbing") == "crying"
    assert label_of("fsd50k", "Electric_guitar") == "electric guitar"
    assert label_of("fsd50k", "Something_new_(of_a_kind)") == "something new"
