"""A file server that misbehaves as told, and the archives and tables that the fetching tests put on it."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from sonify.library.fetch.network import Network


@dataclass
class Files:
    """What the server holds and how it misbehaves.

    bodies: by path. moved: where a path sends on to. statuses: what a path answers first, in turn. cuts: so many
    answers break off half-way. ranges, etags, lengths: whether it gives them.
    requests: what was asked, with headers; posts: with which documents.
    """

    bodies: dict[str, bytes]
    moved: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    cuts: int = 0
    ranges: bool = True
    etags: bool = True
    lengths: bool = True
    skewed: bool = False
    encoding: str = ""
    address: str = ""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def network(self) -> Network:
        """One that may ask this server, and doesn't wait."""
        return Network(
            timeout_s=5, attempts=3, wait_s=0, busy_s=0, plain_http=frozenset({self.address.removeprefix("http://")})
        )

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for."""
        return [path for path, _ in self.requests]


@contextmanager
def serving(bodies: Mapping[str, bytes]) -> Iterator[Files]:
    """Runs the server on a free port of this machine."""
    files = Files(dict(bodies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            files.requests.append((self.path, dict(self.headers)))
            path = self.path.split("?")[0] if self.path not in files.bodies else self.path
            if files.statuses.get(path):
                return self.empty(files.statuses[path].pop(0))
            if path in files.moved:
                return self.empty(302, files.moved[path])
            if path not in files.bodies:
                return self.empty(404)
            body = files.bodies[path]
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            begin = 0
            if files.ranges and "Range" in self.headers and self.headers.get("If-Range", etag) == etag:
                begin = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
                if begin >= len(body):
                    return self.empty(416)
            self.send_response(206 if begin else 200)
            if files.etags:
                self.send_header("ETag", etag)
            if files.encoding:
                self.send_header("Content-Encoding", files.encoding)
            if begin:
                self.send_header("Content-Range", f"bytes {begin + files.skewed}-{len(body) - 1}/{len(body)}")
            if files.lengths:
                self.send_header("Content-Length", str(len(body) - begin))
            else:
                self.close_connection = True
            self.end_headers()
            rest = body[begin:]
            if files.cuts:
                files.cuts -= 1
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
                self.close_connection = True
                return None
            self.wfile.write(rest)
            return None

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            files.posts.append(json.loads(body))
            self.do_GET()

        def empty(self, status: int, location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hung up is part of the play

    server = Server(("127.0.0.1", 0), Handler)
    files.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wav(seconds: float = 0.2, seed: int = 0) -> bytes:
    """A short noise."""
    out = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.3, 0.3, int(seconds * 8000)).astype(np.float32)
    soundfile.write(out, noise, 8000, format="WAV", subtype="PCM_16")
    return out.getvalue()


def zipped(members: Mapping[str, bytes], *, packed: bool = False) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
    return out.getvalue()


def split(whole: bytes, part_bytes: int) -> list[bytes]:
    """An archive cut into parts as Info-ZIP's `zip -s` does: a mark in front, places told by part and offset."""
    end = whole.rindex(b"PK\x05\x06")
    count, size, at = struct.unpack_from("<H2L", whole, end + 10)
    locals_, directory = b"PK\x07\x08" + whole[:at], bytearray(whole[at : at + size])
    cut = [locals_[i : i + part_bytes] for i in range(0, len(locals_), part_bytes)]
    place = 0
    while place < len(directory):
        name, extra, comment = struct.unpack_from("<3H", directory, place + 28)
        (offset,) = struct.unpack_from("<L", directory, place + 42)
        part, offset = divmod(offset + 4, part_bytes)
        struct.pack_into("<H", directory, place + 34, part)
        struct.pack_into("<L", directory, place + 42, offset)
        place += 46 + name + extra + comment
    last = len(cut) - 1
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", last, last, count, count, size, len(cut[-1]), 0)
    return [*cut[:-1], cut[-1] + bytes(directory) + tail]


def digest(body: bytes, kind: str = "sha256") -> str:
    """As the table writes it."""
    return f"{kind}:{hashlib.new(kind, body, usedforsecurity=False).hexdigest()}"


def table_of(path: Path, **lists: dict[str, Any]) -> Path:
    """A table of libraries; JSON is YAML too."""
    path.write_text(json.dumps(lists))
    return path
