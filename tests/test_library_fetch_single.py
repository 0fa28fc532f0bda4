"""Libraries that are fetched sound by sound: Freesound's packs, the BBC's effects."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fetch_server import Files, serving, table_of, wav

from sonify.errors import LibraryError
from sonify.library.fetch.get import Fetched, get, plan
from sonify.library.fetch.single import file_name

KEY, ACCESS = "k" * 40, "a" * 30
BBC_CSV = (
    '"location","description","secs","category","CDNumber","CDName","tracknum"\n'
    '"07000001.wav","Small dog, barking.","2","Animals: Dogs","EC1","Dogs","1"\n'
    '"07000002.wav","Big dog growls at ""intruder"".","3","Animals: Dogs","EC1","Dogs","2"\n'
    '"07000003.wav","A dog barks, gone","1","Animals: Dogs","EC1","Dogs","3"\n'
    '"../../evil.wav","An evil dog","1","Animals: Dogs","EC1","Dogs","4"\n'
    '"07000004.wav","Rain on a roof","x","Weather","EC2","Rain","1"\n'
)


def sound(files: Files, number: int, **known: Any) -> dict[str, Any]:
    name = known.pop("name", f"Dog bark {number}.wav")
    return {
        "id": number,
        "name": name,
        "username": "jo",
        "license": "http://creativecommons.org/publicdomain/zero/1.0/",
        "previews": {"preview-hq-ogg": f"{files.address}/previews/{number}.ogg"},
        "duration": 2.5,
        "tags": ["dog", "bark"],
        "type": "wav",
        "filesize": len(files.bodies[f"/api/sounds/{number}/download/"]),
        "md5": "",
    } | known


@pytest.fixture
def files() -> Iterator[Files]:
    with serving({}) as served:
        for number in range(1, 6):
            served.bodies[f"/previews/{number}.ogg"] = wav(seed=number)
            served.bodies[f"/api/sounds/{number}/download/"] = wav(seed=number + 100)
        listed = [
            sound(served, 1),
            sound(served, 2, license="https://creativecommons.org/licenses/by-nc/4.0/", name="../../Évil\n<b>.wav"),
            sound(served, 3, license="Sampling+", tags=None, duration="long"),
        ]
        later = [sound(served, 4), {"id": "x"}, sound(served, 5, previews=None, type="m4a"), "nonsense"]
        page = f"{served.address}/api/packs/77/sounds/?page=2"
        served.bodies["/api/packs/77/"] = json.dumps({"name": "Dogs & more", "username": "jo"}).encode()
        served.bodies["/api/packs/77/sounds/"] = json.dumps({"results": listed, "next": page}).encode()
        served.bodies["/api/packs/77/sounds/?page=2"] = json.dumps({"results": later, "next": None}).encode()
        results: list[Any] = [
            {"id": "07000001", "description": "Small dog, barking.", "technicalMetadata": {"duration": "2.5"}},
            {
                "id": "07000002",
                "description": 'Big dog growls at "intruder".',
                "technicalMetadata": {"duration": 3},
            },
            {"id": "07000003", "description": "A dog barks, gone", "technicalMetadata": {"duration": "x"}},
            {"id": "../../evil", "description": "An evil dog"},
            {"id": 7, "description": None},
            "nonsense",
        ]
        served.bodies["/search"] = json.dumps({"results": results, "total": 6}).encode()
        for number in (1, 2):
            served.bodies[f"/wavs/0700000{number}.wav"] = wav(seed=number)
        yield served


@pytest.fixture
def table(files: Files, tmp_path: Path) -> Path:
    about = {"title": "T", "about": "a", "page": "https://example.org/"}
    return table_of(
        tmp_path / "lists.json",
        freesound={
            **about,
            "licence": "",
            "mixed": True,
            "numbered": True,
            "single": "freesound",
            "address": f"{files.address}/api",
        },
        bbc={
            **about,
            "licence": "LicenseRef-BBC-RemArc",
            "terms": "not commercial",
            "single": "bbc",
            "address": f"{files.address}/search",
            "files": f"{files.address}/wavs/",
        },
    )


def fetch(files: Files, table: Path, name: str, **options: Any) -> Fetched:
    what = plan(name, table.parent / "to", network=files.network, table=table, **options)
    return get(what, network=files.network)


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREESOUND_ACCESS_TOKEN", raising=False)
    monkeypatch.setenv("FREESOUND_API_KEY", KEY)


@pytest.mark.usefixtures("key")
def test_a_pack_with_a_key_gives_previews(files: Files, table: Path) -> None:
    what = plan("freesound:77", table.parent / "to", network=files.network, table=table)
    assert what.title == "Freesound pack Dogs & more by jo" and not what.exact and not what.big
    assert what.download_bytes == int(2.5 * 24_000) * 3 + 240_000 == what.room_bytes
    done = fetch(files, table, "freesound:77")
    assert done.folder == table.parent / "to" / "freesound-77" and done.sounds == 4 and done.problems == ()
    found = rows(done.folder)
    assert sorted(found) == [
        "sounds/1__jo__dog-bark-1.ogg",
        "sounds/2__jo__evil-b.ogg",
        "sounds/3__jo__dog-bark-3.ogg",
        "sounds/4__jo__dog-bark-4.ogg",
    ]
    licences = [row["licence"] for row in found.values()]
    assert licences[0] == "CC0-1.0" and licences[1] == "CC-BY-NC-4.0" and "ampling" in licences[2]
    assert found["sounds/1__jo__dog-bark-1.ogg"]["description"] == "Dog bark 1.wav (dog, bark)"
    assert found["sounds/1__jo__dog-bark-1.ogg"]["source_url"] == "https://freesound.org/s/1/"
    for path, headers in files.requests:
        sent = headers.get("Authorization")
        assert sent == (f"Token {KEY}" if path.startswith("/api/") else None)


def test_an_access_token_gives_originals(files: Files, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREESOUND_ACCESS_TOKEN", ACCESS)
    done = fetch(files, table, "freesound:77", limit=2)
    assert sorted(rows(done.folder)) == ["sounds/1__jo__dog-bark-1.wav", "sounds/2__jo__evil-b.wav"]
    assert (done.folder / "sounds" / "1__jo__dog-bark-1.wav").read_bytes() == wav(seed=101)
    assert files.requests[-1][1]["Authorization"] == f"Bearer {ACCESS}"


@pytest.mark.usefixtures("key")
def test_an_original_that_differs_is_refused(files: Files, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREESOUND_ACCESS_TOKEN", ACCESS)
    files.bodies["/api/packs/77/sounds/"] = json.dumps(
        {"results": [sound(files, 1, md5="0" * 32)], "next": None}
    ).encode()
    with pytest.raises(LibraryError, match="differs from its md5 checksum"):
        fetch(files, table, "freesound:77")


@pytest.mark.usefixtures("key")
def test_a_pack_goes_on_where_it_was(files: Files, table: Path) -> None:
    files.statuses["/previews/3.ogg"] = [400]
    with pytest.raises(LibraryError, match="HTTP 400"):
        fetch(files, table, "freesound:77")
    before = len(files.requests)
    fetch(files, table, "freesound:77")
    assert [path for path in files.asked[before:] if path.startswith("/previews")] == [
        "/previews/3.ogg",
        "/previews/4.ogg",
    ]


@pytest.mark.usefixtures("key")
def test_a_sound_that_is_gone_is_named_and_the_rest_is_fetched(files: Files, table: Path) -> None:
    del files.bodies["/previews/2.ogg"]
    done = fetch(files, table, "freesound:77")
    assert done.sounds == 3 and len(done.problems) == 1 and "previews/2.ogg" in done.problems[0]
    assert not any("evil" in file for file in rows(done.folder))


@pytest.mark.usefixtures("key")
def test_a_server_that_refuses_everything_is_not_asked_for_all(files: Files, table: Path) -> None:
    listed = [sound(files, 1, id=number) for number in range(1, 100)]
    files.bodies["/api/packs/77/sounds/"] = json.dumps({"results": listed, "next": None}).encode()
    for number in range(1, 6):
        files.statuses[f"/previews/{number}.ogg"] = [403] * 9
    files.statuses["/previews/1.ogg"] = [403] * 99
    with pytest.raises(LibraryError, match="no access to .*try again later"):
        fetch(files, table, "freesound:77")
    assert len(files.requests) <= 12


@pytest.mark.usefixtures("key")
def test_the_key_goes_nowhere_else(files: Files, table: Path) -> None:
    with serving({}) as other:
        both = files.network.plain_http | other.network.plain_http
        page = {"results": [], "next": f"{other.address}/api/packs/77/sounds/?page=2"}
        files.bodies["/api/packs/77/sounds/"] = json.dumps(page).encode()
        from sonify.library.fetch.network import Network

        with pytest.raises(LibraryError, match="sends on to") as caught:
            plan("freesound:77", table.parent / "to", network=Network(plain_http=both), table=table)
        assert other.requests == [] and KEY not in str(caught.value)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("body", "message"),
    [(b"", "makes no sense"), (b"[]", "makes no sense"), (b"[" * 99_999, "makes no sense"), (None, "has no pack 77")],
)
def test_answers_that_are_none(files: Files, table: Path, body: bytes | None, message: str) -> None:
    if body is None:
        del files.bodies["/api/packs/77/"]
    else:
        files.bodies["/api/packs/77/"] = body
    with pytest.raises(LibraryError, match=message):
        fetch(files, table, "freesound:77")


def test_without_a_key_it_says_where_to_get_one(files: Files, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREESOUND_API_KEY", raising=False)
    monkeypatch.delenv("FREESOUND_ACCESS_TOKEN", raising=False)
    with pytest.raises(LibraryError, match="freesound.org/apiv2/apply.*FREESOUND_API_KEY"):
        fetch(files, table, "freesound:77")
    monkeypatch.setenv("FREESOUND_API_KEY", "a\nX-Evil: 1")
    with pytest.raises(LibraryError, match="is no key"):
        fetch(files, table, "freesound:77")
    assert files.requests == []
    monkeypatch.setenv("FREESOUND_API_KEY", KEY)
    files.statuses["/api/packs/77/"] = [401]
    with pytest.raises(LibraryError, match="check the key") as caught:
        fetch(files, table, "freesound:77")
    assert KEY not in str(caught.value)


def test_the_bbc_by_words(files: Files, table: Path) -> None:
    what = plan("bbc", table.parent / "to", only="dog", network=files.network, table=table)
    assert what.big and what.download_bytes == int((2.5 + 3 + 60) * 176_400)
    assert files.posts == [{"criteria": {"query": "dog", "from": 0, "size": 50}}]
    done = fetch(files, table, "bbc", only="Dog barking", limit=1)
    assert files.posts[-1]["criteria"] == {"query": "Dog barking", "from": 0, "size": 1}
    assert list(rows(done.folder)) == ["sounds/07000001__bbc__small-dog-barking.wav"]
    row = rows(done.folder)["sounds/07000001__bbc__small-dog-barking.wav"]
    assert (row["licence"], row["author"]) == ("LicenseRef-BBC-RemArc", "BBC")
    assert row["description"] == "Small dog, barking."
    again = fetch(files, table, "bbc", only="dog", limit=2)
    assert sorted(rows(again.folder)) == [
        "sounds/07000001__bbc__small-dog-barking.wav",
        "sounds/07000002__bbc__big-dog-growls-at-intruder.wav",
    ]
    assert files.asked.count("/wavs/07000001.wav") == 1
    third = fetch(files, table, "bbc", only="dog")
    assert third.sounds == 2 and "07000003" in third.problems[0]
    assert not list(done.folder.rglob("*evil*"))


def test_with_force_other_sounds_keep_their_lines(files: Files, table: Path) -> None:
    fetch(files, table, "bbc", only="dog", limit=2)
    files.bodies["/search"] = json.dumps({"results": [{"id": "07000002", "description": "Tiger"}]}).encode()
    files.bodies["/wavs/07000002.wav"] = wav(seed=9)
    what = plan("bbc", table.parent / "to", only="tiger", force=True, network=files.network, table=table)
    done = get(what, force=True, network=files.network)
    assert [row["description"] for row in rows(done.folder).values()] == [
        "Small dog, barking.",
        'Big dog growls at "intruder".',
        "Tiger",
    ]
    assert all(row["licence"] for row in rows(done.folder).values())


def test_a_table_that_a_spreadsheet_changed(files: Files, table: Path) -> None:
    done = fetch(files, table, "bbc", only="dog", limit=1)
    sheet = done.folder / "labels.csv"
    changed = sheet.read_text().replace("file,", "mood,file,", 1).replace("sounds/", "good,sounds/", 1)
    sheet.write_text(changed)
    fetch(files, table, "bbc", only="dog", limit=2)
    found = rows(done.folder)
    assert [row["mood"] for row in found.values()] == ["good", ""] and len(found) == 2
    sheet.write_text(changed.replace(",", ";"))
    again = table.parent / "to"
    what = plan("bbc", again, only="dog", limit=3, network=files.network, table=table)
    with pytest.raises(LibraryError, match="no table with commas.*--force"):
        get(what, network=files.network)
    assert sheet.read_text() == changed.replace(",", ";")
    get(what, force=True, network=files.network)
    assert len(rows(done.folder)) == 2


def test_the_bbcs_pages(files: Files, table: Path) -> None:
    many = {"results": [{"id": f"0{i}", "description": f"Dog {i}"} for i in range(50)]}
    files.bodies["/search"] = json.dumps(many).encode()
    what = plan("bbc", table.parent / "to", only="dog", limit=120, network=files.network, table=table)
    # The same page again and again: each sound once, and it ends.
    assert len(what.singles) == 50 and len(files.posts) == 40
    assert [post["criteria"]["from"] for post in files.posts[:3]] == [0, 50, 100]


def test_a_table_of_the_bbcs_sounds(files: Files, table: Path, tmp_path: Path) -> None:
    index = tmp_path / "BBCSoundEffects.csv"
    index.write_text(BBC_CSV, encoding="utf-8-sig")
    done = fetch(files, table, "bbc", only="barking animals", index=index)
    assert done.sounds == 1 and files.posts == []
    whole = plan("bbc", tmp_path / "two", only="dog", index=index, network=files.network, table=table)
    assert [single.row.file.split("__")[0] for single in whole.singles] == [
        "sounds/07000001",
        "sounds/07000002",
        "sounds/07000003",
    ]
    index.write_text("<html>")
    with pytest.raises(LibraryError, match="no columns 'location'"):
        fetch(files, table, "bbc", only="dog", index=index)
    with pytest.raises(LibraryError, match="can't read .*missing"):
        fetch(files, table, "bbc", only="dog", index=tmp_path / "missing.csv")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"results": 7}', b"[" * 99_999, b"<html>"])
def test_the_bbcs_answers_that_are_none(files: Files, table: Path, body: bytes) -> None:
    files.bodies["/search"] = body
    with pytest.raises(LibraryError, match="makes no sense.*--index"):
        fetch(files, table, "bbc", only="dog")


def test_the_bbc_wants_words(files: Files, table: Path) -> None:
    with pytest.raises(LibraryError, match="--only"):
        fetch(files, table, "bbc", only=" ")
    files.bodies["/search"] = b'{"results": []}'
    with pytest.raises(LibraryError, match="no sound for 'unicorn'"):
        fetch(files, table, "bbc", only="unicorn")


def test_a_page_instead_of_a_sound_is_not_taken(files: Files, table: Path) -> None:
    files.bodies["/wavs/07000001.wav"] = b"<html>Sorry</html>"
    done = fetch(files, table, "bbc", only="dog")
    assert done.sounds == 1 and "is no sound" in done.problems[0]
    assert len(list(done.folder.rglob("*.wav"))) == 1
    for number in (1, 2):
        files.bodies[f"/wavs/0700000{number}.wav"] = b""
    with pytest.raises(LibraryError, match="no sound could be fetched, tried 3"):
        plan_ = plan("bbc", table.parent / "three", only="dog", network=files.network, table=table)
        get(plan_, network=files.network)


def test_file_names() -> None:
    assert file_name("1", "Jo Smith", "Heavy Rain!.WAV", ".ogg") == "sounds/1__jo-smith__heavy-rain.ogg"
    assert file_name("1", "", "../..", ".ogg") == "sounds/1.ogg"
    assert file_name("1", "ж", "x" * 500, ".ogg") == f"sounds/1__{'x' * 60}.ogg"
