"""Asking a server, with patience that ends: only over https://, by redirects too.

`Network.plain_http` names the exceptions, for tests.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from sonify._version import __version__
from sonify.errors import LibraryError

_AGENT = f"sonify/{__version__}"
_MOST_REDIRECTS = 5
_LONGEST_WAIT_S = 60.0
_NOT_THERE, _REFUSED, _PASSING = (404, 410), (401, 402, 403, 407, 451), (408, 425, 429, 500, 502, 503, 504)
OFFLINE = "connect to the network, then run it again: what is here already is kept"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Network:
    """How the network is used.

    timeout_s: how long an answer, and each further piece of it, may take. attempts: how often in a row a line may
    break. wait_s: the first pause between attempts; each is twice as long as the one before. busy_s: the least pause
    after "too many requests", where the server doesn't say how long; Freesound counts by the minute.
    plain_http: HOST:PORT of servers that may be asked without encryption. None, but for tests.
    """

    timeout_s: float = 30.0
    attempts: int = 5
    wait_s: float = 1.0
    busy_s: float = 20.0
    plain_http: frozenset[str] = frozenset()


class NotThereError(LibraryError):
    """The server has no such file (any more)."""


class NoAccessError(LibraryError):
    """The server has it, but not for us."""


class BrokenError(Exception):
    """The line broke, or the server is busy: it may work in a moment.

    wait_s: what the server asks for. stale: what is here already is of no use.
    """

    def __init__(self, why: str, wait_s: float = 0.0, *, stale: bool = False) -> None:
        self.wait_s = wait_s
        self.stale = stale
        super().__init__(why)


def read(url: str, network: Network, *, max_bytes: int, headers: Headers = (), body: bytes | None = None) -> bytes:
    """A short answer, such as a page of a list, to a GET, or with a `body` to a POST.

    Raises NotThereError; LibraryError for no network, no access, an address or a redirect that isn't https, and for
    more than `max_bytes`.
    """
    check_address(url, network)
    failures = 0
    while True:
        try:
            with request(url, network, dict(headers), body) as answer:
                came = answer.read(max_bytes + 1)
                if (answer.length or 0) > 0 and len(came) <= max_bytes:
                    raise BrokenError("it broke off")
            break
        except BrokenError as broken:
            failures += 1
            if failures >= network.attempts or isinstance(broken.__cause__, URLError):
                raise LibraryError(f"can't fetch {url}: {broken}", hint=OFFLINE) from None
            pause(network, failures, broken)
        except (OSError, http.client.HTTPException) as error:
            raise LibraryError(f"can't fetch {url}: {why(error)}", hint=OFFLINE) from None
    if len(came) > max_bytes:
        raise LibraryError(f"{url} gives more than {max_bytes / 1e6:.0f} MB", hint="it is not what it should be")
    return came


def pause(network: Network, failures: int, broken: BrokenError) -> None:
    """Waits before the next attempt, after so many failures in a row."""
    time.sleep(min(max(network.wait_s * 2 ** (failures - 1), broken.wait_s), _LONGEST_WAIT_S))


def check_address(url: str, network: Network) -> None:
    """Raises LibraryError for an address that is not https, holds a name and password, or is no plain text."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    host = host if url.isascii() and url.isprintable() and " " not in url else None
    allowed = parts.scheme == "https" or (parts.scheme == "http" and parts.netloc in network.plain_http)
    if not host or not allowed or "@" in parts.netloc:
        raise LibraryError(f"won't fetch {url[:200]!r}", hint="only addresses that begin with https:// are fetched")


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = _MOST_REDIRECTS

    def __init__(self, network: Network) -> None:
        self._network = network

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            check_address(newurl, self._network)
        except LibraryError:
            fp.close()
            raise
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            new.remove_header("Authorization")
        return new


def request(
    url: str, network: Network, headers: Mapping[str, str], body: bytes | None = None
) -> http.client.HTTPResponse:
    """Asks for `url`, which has been checked; the answer's status is 200 or 206.

    Raises BrokenError when it is worth another try, NotThereError, NoAccessError and LibraryError when it isn't.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_trust()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(network),
    ):
        opener.add_handler(handler)
    asked = urllib.request.Request(url, body)
    for name, value in {"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers}.items():
        asked.add_header(name, value)
    try:
        answer = opener.open(asked, timeout=network.timeout_s)
    except HTTPError as error:
        with error:
            raise _refusal(url, error, network) from None
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise BrokenError(why(error)) from None
    except URLError as error:
        raise BrokenError(why(error)) from error
    assert isinstance(answer, http.client.HTTPResponse)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        answer.close()
        raise LibraryError(f"{url} comes packed, though asked for plain", hint="try again later")
    return answer


def _refusal(url: str, error: HTTPError, network: Network) -> Exception:
    where = f"{url} (HTTP {error.code})"
    if error.code in _NOT_THERE:
        return NotThereError(f"there is no {where}", hint="it has moved: look for a newer sonify")
    if error.code in _REFUSED:
        return NoAccessError(f"no access to {where}", hint="check the key, if it needs one, and the page of the list")
    if 300 <= error.code < 400:
        return LibraryError(f"won't follow where {where} sends on to", hint="only https:// is followed, 5 times")
    if error.code == 416:
        return BrokenError("the server has a shorter file than before", stale=True)
    if error.code in _PASSING:
        after = error.headers.get("Retry-After", "") if error.headers else ""
        unsaid_s = network.busy_s if error.code == 429 else 0.0
        return BrokenError(f"the server is busy (HTTP {error.code})", float(after) if after.isdecimal() else unsaid_s)
    return LibraryError(f"can't fetch {where}", hint="try again later")


@cache
def _trust() -> ssl.SSLContext:
    """The system's certificates and, since not every Python finds those, the ones that come with certifi."""
    context = ssl.create_default_context()
    with suppress(ImportError):
        context.load_verify_locations(import_module("certifi").where())
    return context


def why(error: BaseException) -> str:
    """What went wrong on the line, in a few words."""
    if isinstance(error, URLError) and isinstance(error.reason, BaseException):
        error = error.reason
    text = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
    return " ".join(text.split())[:200]
