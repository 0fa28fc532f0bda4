"""One file over HTTPS: taken up again where it broke, never larger than agreed, compared with its checksum."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.error import URLError

from sonify.errors import LibraryError
from sonify.files import write_text
from sonify.library.fetch.network import OFFLINE, BrokenError, Headers, Network, check_address, pause, request, why

_BLOCK = 1 << 18
# A server that gives less than this in that time keeps the line busy and nothing else.
_SLOWEST_BYTES, _SLOWEST_S = 1 << 14, 60.0
# By so much further must it come before a broken line counts as the first one again.
_HEADWAY_BYTES = 1 << 16
Seen = Callable[[int], None]


@dataclass(frozen=True)
class Remote:
    """One file on the network.

    size_bytes: 0 where nobody says. checksum: "md5:HEX" or "sha256:HEX", "" where there is none. promised: who
    gives the file away has published both, so that another file is refused; otherwise others have seen them, and a
    difference is only said. max_bytes: where to stop when no size is promised. headers: sent along, but never to
    another host than the address's own.
    """

    url: str
    size_bytes: int = 0
    checksum: str = ""
    promised: bool = True
    max_bytes: int = 4 << 30
    headers: Headers = ()

    @property
    def limit_bytes(self) -> int:
        """The most that is taken."""
        return self.size_bytes if self.promised and self.size_bytes else max(self.max_bytes, self.size_bytes)


def download(remote: Remote, path: Path, network: Network, seen: Seen) -> str:
    """Brings `remote` to `path`, which is whole or not there; what came so far lies beside it as NAME.part.

    A file that is there already is whole, and stays. `seen` is told how many bytes are here, while they come.
    Returns a sentence to say to a person, or "".
    Raises NotThereError; LibraryError for no network, an address or a redirect that isn't https, a file that is
    larger than promised, differs from its checksum or came incomplete, and for a disk that is full.
    """
    check_address(remote.url, network)
    part = path.with_name(path.name + ".part")
    if path.exists():
        return ""
    failures, first = 0, _size(part)
    furthest = first
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            have = _kept(part, remote)
            try:
                _rest(remote, part, have, network, seen)
                break
            except BrokenError as broken:
                if broken.stale:
                    part.unlink(missing_ok=True)
                here = _size(part)
                failures = 1 if here >= furthest + _HEADWAY_BYTES else failures + 1
                furthest = max(furthest, here)
                offline = furthest == first and isinstance(broken.__cause__, URLError)
                if failures >= network.attempts or offline:
                    raise LibraryError(f"can't fetch {remote.url}: {broken}", hint=OFFLINE) from None
                pause(network, failures, broken)
        told = _compare(remote, part)
        part.replace(path)
        _memo(part).unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(
            f"can't write {part}: {error.strerror or error}", hint="make room or choose another place with --to"
        ) from None
    return told


def _rest(remote: Remote, part: Path, have: int, network: Network, seen: Seen) -> None:
    """Adds to `part` what is missing. Raises BrokenError when not all of it came."""
    if have and have == remote.size_bytes:
        seen(have)
        return
    validator = _read_memo(part).get("validator", "")
    asked = {"Range": f"bytes={have}-"} if have else {}
    if have and validator:
        asked["If-Range"] = validator
    try:
        with request(remote.url, network, {**dict(remote.headers), **asked}) as answer:
            goes_on = have > 0 and answer.status == 206 and _begins(answer.headers) == have
            begin = have if goes_on else 0
            if answer.status == 206 and not goes_on:
                raise BrokenError("the server gave another piece than asked for", stale=True)
            total = begin + answer.length if answer.length is not None else 0
            _check_size(remote, max(total, begin))
            _remember(part, remote, answer.headers)
            with part.open("r+b" if goes_on else "wb") as file:
                file.seek(begin)
                file.truncate()
                here = _pour(answer, file, begin, remote, seen)
    except (URLError, TimeoutError, ConnectionError, ssl.SSLError, http.client.HTTPException) as error:
        raise BrokenError(why(error)) from (error if isinstance(error, URLError) else None)
    if here < total or (remote.promised and here < remote.size_bytes):
        raise BrokenError(f"it broke off after {here:,} bytes of {max(total, remote.size_bytes):,}")


def _pour(answer: http.client.HTTPResponse, file: IO[bytes], here: int, remote: Remote, seen: Seen) -> int:
    since_s, then = time.monotonic(), here
    while block := _piece(answer):
        here += len(block)
        _check_size(remote, here)
        file.write(block)
        seen(here)
        now_s = time.monotonic()
        if now_s - since_s > _SLOWEST_S:
            if here - then < _SLOWEST_BYTES:
                raise BrokenError(f"only {here - then:,} bytes came in {now_s - since_s:.0f} s")
            since_s, then = now_s, here
    return here


def _piece(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_BLOCK)
    except OSError as error:  # of the line; those of the disk are another matter
        raise BrokenError(why(error)) from None


def _check_size(remote: Remote, size_bytes: int) -> None:
    if size_bytes > remote.limit_bytes:
        raise LibraryError(
            f"{remote.url} is larger than the {remote.limit_bytes:,} bytes it should have",
            hint="the file has changed: look for a newer sonify",
        )


def _compare(remote: Remote, part: Path) -> str:
    """Holds the whole file against what is known of it. Removes it when it is not what was promised."""
    size, wrong = _size(part), ""
    if remote.size_bytes and size != remote.size_bytes:
        wrong = f"has {size:,} bytes instead of {remote.size_bytes:,}"
    elif remote.checksum:
        kind, _, expected = remote.checksum.partition(":")
        digest = hashlib.new(kind, usedforsecurity=False)
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != expected.lower():
            wrong = f"differs from its {kind} checksum"
    if not wrong:
        return ""
    if not remote.promised:
        return f"{remote.url} {wrong}, which others have seen; nobody promises it, so it is used if it unpacks well"
    part.unlink(missing_ok=True)
    _memo(part).unlink(missing_ok=True)
    raise LibraryError(f"{remote.url} {wrong}: damaged on the way, or changed", hint="fetch it again")


def _kept(part: Path, remote: Remote) -> int:
    """How much of `part` can be built on; the rest of the file must be known to belong to it."""
    memo = _read_memo(part)
    sure = bool(memo.get("validator")) or (remote.promised and bool(remote.checksum))
    size = _size(part)
    if not size or memo.get("url") != remote.url or not sure or size > remote.limit_bytes:
        return 0
    return size


def _remember(part: Path, remote: Remote, headers: Message) -> None:
    """Keeps beside `part` by what the server can tell whether it still has the same file (RFC 9110, 13.1.5)."""
    etag = headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    write_text(_memo(part), json.dumps({"url": remote.url, "validator": validator[:200]}))


def _read_memo(part: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        found = json.loads(_memo(part).read_bytes()[:10_000])
        if isinstance(found, dict):
            return {str(key): str(value) for key, value in found.items()}
    return {}


def _memo(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _size(part: Path) -> int:
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _begins(headers: Message) -> int:
    """Where the piece begins that a 206 answer holds, -1 when it doesn't say."""
    with suppress(ValueError):
        return int(headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0])
    return -1
