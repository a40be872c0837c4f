"""A publisher of models on this machine: HTTPS with ranges, and every way of getting them wrong."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from simulators.https_server import answering, believing, certificate

__all__ = ["Publisher", "publishing"]


@dataclass
class Publisher:
    """A server that is running.

    ``content`` lies at ``/model.onnx``. ``breaks_after``: how many bytes each answer has before the
    connection is cut, the last for all that follow; ``None``: whole. ``ranges``: ``True``, ``False``
    (answers 200), or what Content-Range says instead. ``redirects``: how many hops lie before the file, or
    an address.
    """

    port: int
    authority: Path
    content: bytes = b""
    breaks_after: list[int | None] = field(default_factory=lambda: [None])
    ranges: bool | str = True
    redirects: int | str = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lies_about_length: str | None = None
    silent_seconds: float = 0.0
    seen: list[str | None] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """Where the model is said to be."""
        return f"https://localhost:{self.port}/model.onnx"

    @property
    def tls(self) -> ssl.SSLContext:
        """Believes this server alone."""
        return believing(self.authority)


@contextmanager
def publishing(folder: Path) -> Iterator[Publisher]:
    """Run a publisher until the block is left."""
    authority, key = certificate(folder)
    publisher = Publisher(0, authority)
    handler = type("Handler", (_Handler,), {"publisher": publisher})
    with answering(authority, key, handler) as publisher.port:
        yield publisher


class _Handler(BaseHTTPRequestHandler):
    publisher: Publisher

    def do_GET(self) -> None:
        """Answer as the publisher is told to."""
        if self._elsewhere():
            return
        asked = self.headers.get("Range")
        self.publisher.seen.append(asked)
        if self.publisher.status != 200:
            self._head(self.publisher.status, {})
        elif self.publisher.ranges is False or asked is None:
            self._send(200, self.publisher.content, {})
        else:
            self._send_rest(int(asked.removeprefix("bytes=").removesuffix("-")))

    def _send_rest(self, begin: int) -> None:
        publisher, whole = self.publisher, len(self.publisher.content)
        said = f"bytes {begin}-{whole - 1}/{whole}"
        if begin >= whole:
            self._head(416, {})
            return
        headers = {"Content-Range": publisher.ranges if isinstance(publisher.ranges, str) else said}
        self._send(206, publisher.content[begin:], headers)

    def _elsewhere(self) -> bool:
        hops = self.publisher.redirects
        if isinstance(hops, str):
            self._head(302, {"Location": hops})
            return True
        step = int(self.path.removeprefix("/hop-")) if self.path.startswith("/hop-") else 0
        if step < hops:
            self._head(302, {"Location": f"/hop-{step + 1}"})
        return step < hops

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        publisher = self.publisher
        self._head(status, {"Content-Length": publisher.lies_about_length or str(len(body)), **headers})
        cut = publisher.breaks_after[0]
        if len(publisher.breaks_after) > 1:
            publisher.breaks_after.pop(0)
        try:
            self.wfile.write(body if cut is None else body[:cut])
            self.wfile.flush()
            time.sleep(publisher.silent_seconds)
        except OSError:
            return  # the client had enough

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, **self.publisher.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""
