"""One file over the network: resumed, limited, checked, and never from where it shouldn't be."""

from __future__ import annotations

import errno
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from fetch_server import Files, digest, serving

from sonify.errors import LibraryError
from sonify.library.fetch import download as module
from sonify.library.fetch import network as network_module
from sonify.library.fetch.download import Remote, download
from sonify.library.fetch.network import Network, NotThereError, check_address, read

BODY = bytes(range(256)) * 2000  # 512 kB


@pytest.fixture
def files() -> Iterator[Files]:
    with serving({"/a.zip": BODY}) as served:
        yield served


def fetch(files: Files, path: Path, **known: Any) -> tuple[str, list[int]]:
    seen: list[int] = []
    remote = Remote(files.address + known.pop("at", "/a.zip"), **known)
    return download(remote, path, files.network, seen.append), seen


def test_a_file_comes_whole_and_is_compared(files: Files, tmp_path: Path) -> None:
    told, seen = fetch(files, tmp_path / "in" / "a.zip", size_bytes=len(BODY), checksum=digest(BODY, "md5"))
    assert (tmp_path / "in" / "a.zip").read_bytes() == BODY and told == ""
    assert seen == sorted(seen) and seen[-1] == len(BODY)
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["a.zip"]


def test_a_file_that_is_here_is_not_asked_for(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"here")
    fetch(files, tmp_path / "a.zip")
    assert files.requests == []


def test_a_broken_line_is_taken_up_where_it_broke(files: Files, tmp_path: Path) -> None:
    files.cuts = 2
    fetch(files, tmp_path / "a.zip", size_bytes=len(BODY), checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY
    ranges = [headers.get("Range") for _, headers in files.requests]
    assert ranges == [None, f"bytes={len(BODY) // 2}-", f"bytes={len(BODY) * 3 // 4}-"]


def test_what_a_killed_call_left_is_gone_on_with(files: Files, tmp_path: Path) -> None:
    part = tmp_path / "a.zip.part"
    part.write_bytes(BODY[:100_000])
    (tmp_path / "a.zip.part.json").write_text(json.dumps({"url": files.address + "/a.zip", "validator": ""}))
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert files.requests[0][1]["Range"] == "bytes=100000-"


@pytest.mark.parametrize("memo", ['{"url": "https://elsewhere/a.zip"}', "{}", "not json", "[]", '{"url": 7}'])
def test_what_may_belong_to_another_file_is_not_built_on(files: Files, tmp_path: Path, memo: str) -> None:
    (tmp_path / "a.zip.part").write_bytes(b"x" * 1000)
    (tmp_path / "a.zip.part.json").write_text(memo)
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY and "Range" not in files.requests[0][1]


def test_a_file_that_changed_on_the_server_begins_anew(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a.zip.part").write_bytes(b"old" * 1000)
    (tmp_path / "a.zip.part.json").write_text(
        json.dumps({"url": files.address + "/a.zip", "validator": '"of the old one"'})
    )
    fetch(files, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert files.requests[0][1]["If-Range"] == '"of the old one"'


def test_without_mark_or_checksum_nothing_is_built_on(files: Files, tmp_path: Path) -> None:
    files.etags, files.cuts = False, 1
    fetch(files, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert all("Range" not in headers for _, headers in files.requests)


def test_a_server_that_never_gives_it_whole_is_left(files: Files, tmp_path: Path) -> None:
    files.etags, files.cuts = False, 100
    with pytest.raises(LibraryError, match="broke off after"):
        fetch(files, tmp_path / "a.zip")
    assert len(files.requests) <= 5 and not (tmp_path / "a.zip").exists()


def test_a_server_without_ranges_gives_it_from_the_start(files: Files, tmp_path: Path) -> None:
    files.ranges, files.cuts = False, 1
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY


def test_a_wrong_piece_is_not_glued_on(files: Files, tmp_path: Path) -> None:
    files.cuts, files.skewed = 1, True
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY


def test_a_part_longer_than_the_file_begins_anew(files: Files, tmp_path: Path) -> None:
    (tmp_path / "a.zip.part").write_bytes(BODY + b"more")
    (tmp_path / "a.zip.part.json").write_text(json.dumps({"url": files.address + "/a.zip", "validator": ""}))
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"checksum": "md5:" + "0" * 32}, "differs from its md5 checksum"),
        ({"size_bytes": len(BODY) - 1}, "is larger than the"),
        ({"max_bytes": 1000}, "is larger than the 1,000 bytes"),
        ({"size_bytes": len(BODY) + 1}, "broke off after 512,000 bytes of 512,001"),
    ],
)
def test_another_file_than_promised_is_refused(
    files: Files, tmp_path: Path, known: dict[str, Any], message: str
) -> None:
    with pytest.raises(LibraryError, match=message):
        fetch(files, tmp_path / "a.zip", **known)
    assert not (tmp_path / "a.zip").exists()


def test_a_damaged_file_is_removed_so_that_the_next_call_can_succeed(files: Files, tmp_path: Path) -> None:
    files.bodies["/a.zip"] = b"?" * len(BODY)
    with pytest.raises(LibraryError, match="fetch it again"):
        fetch(files, tmp_path / "a.zip", size_bytes=len(BODY), checksum=digest(BODY))
    assert list(tmp_path.iterdir()) == []
    files.bodies["/a.zip"] = BODY
    fetch(files, tmp_path / "a.zip", size_bytes=len(BODY), checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY


def test_what_nobody_promised_is_only_said(files: Files, tmp_path: Path) -> None:
    told, _ = fetch(files, tmp_path / "a.zip", size_bytes=5, checksum="md5:" + "0" * 32, promised=False)
    assert "has 512,000 bytes instead of 5" in told and (tmp_path / "a.zip").exists()
    told, _ = fetch(files, tmp_path / "b.zip", checksum="md5:" + "0" * 32, promised=False)
    assert "differs from its md5 checksum" in told and (tmp_path / "b.zip").read_bytes() == BODY


def test_a_length_that_is_not_told_is_limited_all_the_same(files: Files, tmp_path: Path) -> None:
    files.lengths = False
    with pytest.raises(LibraryError, match="is larger than"):
        fetch(files, tmp_path / "a.zip", max_bytes=300_000)
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip").read_bytes() == BODY


@pytest.mark.parametrize(
    ("statuses", "kind", "message"),
    [
        ([404], NotThereError, "there is no .*HTTP 404"),
        ([410], NotThereError, "there is no"),
        ([403], LibraryError, "no access to"),
        ([400], LibraryError, "HTTP 400"),
        ([503] * 9, LibraryError, "the server is busy"),
    ],
)
def test_refusals(files: Files, tmp_path: Path, statuses: list[int], kind: type[LibraryError], message: str) -> None:
    files.statuses["/a.zip"] = list(statuses)
    with pytest.raises(kind, match=message):
        fetch(files, tmp_path / "a.zip")
    assert len(files.requests) == min(3, len(statuses))


def test_a_busy_server_is_asked_again(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.statuses["/a.zip"] = [503, 429]
    fetch(files, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    waited: list[float] = []
    monkeypatch.setattr(network_module.time, "sleep", waited.append)
    files.statuses["/a.zip"] = [503, 503, 429]
    patient = Network(plain_http=files.network.plain_http)
    download(Remote(files.address + "/a.zip"), tmp_path / "b.zip", patient, lambda _: None)
    assert waited == [1.0, 2.0, 20.0]


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://example.org/a.zip", "ftp://example.org/a", "https://me:pw@example.org/a"],
)
def test_it_is_not_led_astray(files: Files, tmp_path: Path, address: str) -> None:
    files.moved["/there"] = address
    with pytest.raises(LibraryError, match="won't (fetch|follow)"):
        fetch(files, tmp_path / "a.zip", at="/there")
    with pytest.raises(LibraryError, match="won't fetch"):
        download(Remote(address), tmp_path / "a.zip", files.network, lambda _: None)
    assert not (tmp_path / "a.zip").exists()


def test_a_ring_of_redirects_ends(files: Files, tmp_path: Path) -> None:
    files.moved["/there"] = files.address + "/there"
    with pytest.raises(LibraryError, match="won't follow"):
        fetch(files, tmp_path / "a.zip", at="/there")
    assert len(files.requests) <= 10


def test_a_key_stays_with_the_server_it_is_for(files: Files, tmp_path: Path) -> None:
    with serving({"/a.zip": BODY}) as other:
        files.moved["/there"] = other.address + "/a.zip"
        both = Network(wait_s=0, plain_http=files.network.plain_http | other.network.plain_http)
        key = (("Authorization", "Token secret"),)
        download(Remote(files.address + "/there", headers=key), tmp_path / "a.zip", both, lambda _: None)
        assert files.requests[0][1]["Authorization"] == "Token secret"
        assert "Authorization" not in other.requests[0][1]


@pytest.mark.parametrize(
    "address", ["", "https://", "http://127.0.0.1/", "https://[::1", "HTTP://x", "//x", "https://x/é", "https://x/\n"]
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(LibraryError, match="won't fetch"):
        check_address(address, Network())


def test_who_answers_is_checked(files: Files, tmp_path: Path) -> None:
    trust = network_module._trust()
    assert trust.verify_mode == ssl.CERT_REQUIRED and trust.check_hostname
    address = files.address.replace("http:", "https:") + "/a.zip"
    with pytest.raises(LibraryError, match="can't fetch https"):
        download(Remote(address), tmp_path / "a.zip", files.network, lambda _: None)
    assert files.requests == []


def test_without_a_network_it_fails_at_once(tmp_path: Path) -> None:
    gone = Network(wait_s=60, plain_http=frozenset({"127.0.0.1:9"}))
    for call in (
        lambda: download(Remote("http://127.0.0.1:9/a.zip"), tmp_path / "a.zip", gone, lambda _: None),
        lambda: read("http://127.0.0.1:9/list", gone, max_bytes=100),
    ):
        with pytest.raises(LibraryError, match="connect to the network"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_what_came_is_kept(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pour = module._pour

    def full(answer: Any, file: IO[bytes], here: int, remote: Remote, seen: Any) -> int:
        file.write(answer.read1(1000))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_pour", full)
    with pytest.raises(LibraryError, match="No space left on device.*make room"):
        fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert (tmp_path / "a.zip.part").stat().st_size == 1000
    monkeypatch.setattr(module, "_pour", pour)
    fetch(files, tmp_path / "a.zip", checksum=digest(BODY))
    assert files.requests[-1][1]["Range"] == "bytes=1000-" and (tmp_path / "a.zip").read_bytes() == BODY


def test_a_dribble_counts_as_broken(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLOWEST_S", -1.0)
    monkeypatch.setattr(module, "_SLOWEST_BYTES", 10**9)
    with pytest.raises(LibraryError, match="only .* bytes came in"):
        fetch(files, tmp_path / "a.zip")


def test_a_packed_answer_is_not_taken_for_the_file(files: Files, tmp_path: Path) -> None:
    files.encoding = "gzip"
    with pytest.raises(LibraryError, match="comes packed"):
        fetch(files, tmp_path / "a.zip")


def test_short_answers(files: Files) -> None:
    assert read(files.address + "/a.zip", files.network, max_bytes=len(BODY)) == BODY
    with pytest.raises(LibraryError, match="gives more than"):
        read(files.address + "/a.zip", files.network, max_bytes=len(BODY) - 1)
    files.cuts = 1
    assert read(files.address + "/a.zip", files.network, max_bytes=len(BODY)) == BODY
