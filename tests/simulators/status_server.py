"""A status provider on this machine, over HTTPS, and every way of misbehaving."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from simulators.https_server import answering, believing, certificate

__all__ = ["JWT", "Answer", "Provider", "serving"]

JWT = "application/statuslist+jwt"


@dataclass
class Answer:
    """What one path is answered with. ``pause`` seconds lie between single bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JWT})
    pause: float = 0.0


@dataclass
class Provider:
    """A server that is running. ``paths`` may be changed while it does; ``seen`` are the paths asked for."""

    port: int
    authority: Path
    paths: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def uri(self, path: str) -> str:
        """The address of a path."""
        return f"https://localhost:{self.port}{path}"

    @property
    def tls(self) -> ssl.SSLContext:
        """Believes this server alone."""
        return believing(self.authority)


@contextmanager
def serving(folder: Path) -> Iterator[Provider]:
    """Run a provider until the block is left."""
    authority, key = certificate(folder)
    provider = Provider(0, authority)
    with answering(authority, key, _handler(provider)) as provider.port:
        yield provider


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.seen.append(self.path)
            found = provider.paths.get(self.path, Answer(status=404))
            answer = found() if callable(found) else found
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self._write(answer)
            except OSError:
                return  # the client had enough

        def _write(self, answer: Answer) -> None:
            if not answer.pause:
                self.wfile.write(answer.body)
                return
            for byte in answer.body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(answer.pause)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
