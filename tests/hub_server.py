"""A model hub in miniature: the part of the Hugging Face hub's protocol that fetching a file needs.

HEAD and GET of /ORG/NAME/resolve/REVISION/FILE with ETag, X-Repo-Commit, Content-Length and Range; unknown
repositories and files as the hub reports them (401 or 404 with X-Error-Code).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What the server holds and how it misbehaves.

    files: {"org/name": {"file": bytes}}. cuts: answers to GET that break off half-way, so many. lies: bytes to add to
    the size that is announced. spoil: the announced SHA-256 is of something else. status: every answer is this one.
    """

    files: dict[str, dict[str, bytes]]
    cuts: int = 0
    lies: int = 0
    spoil: bool = False
    status: int = 0
    address: str = ""
    requests: list[str] = field(default_factory=list)


@contextmanager
def serving(files: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    """Runs the hub on a free port of this machine; `hub.address` is its HF_ENDPOINT."""
    hub = Hub(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            hub.requests.append(f"{self.command} {self.path}")
            parts = self.path.lstrip("/").split("/")
            repo, name = "/".join(parts[:2]), "/".join(parts[4:])
            if hub.status:
                return self.refuse(hub.status, "")
            if len(parts) < 5 or parts[2] != "resolve" or repo not in hub.files:
                return self.refuse(401, "RepoNotFound")
            if name not in hub.files[repo]:
                return self.refuse(404, "EntryNotFound")
            body = hub.files[repo][name]
            etag = hashlib.sha256(body + b"!" * hub.spoil).hexdigest()
            begin = 0
            if with_body and "Range" in self.headers:
                begin = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
            self.send_response(206 if begin else 200)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Accept-Ranges", "bytes")
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
            if not with_body and hub.lies:
                self.send_header("X-Linked-Size", str(len(body) + hub.lies))
            self.send_header("Content-Length", str(len(body) - begin))
            self.end_headers()
            if not with_body:
                return None
            rest = body[begin:]
            if hub.cuts and len(rest) > 10_000:
                hub.cuts -= 1
                self.wfile.write(rest[: len(rest) // 2])
                self.wfile.flush()
                self.close_connection = True
                return self.connection.close()
            self.wfile.write(rest)
            return None

        def refuse(self, status: int, code: str) -> None:
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
                self.send_header("X-Error-Message", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that hung up is part of the play

    server = Server(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
