"""A status provider on this machine: HTTPS with a certificate of its own, and every way of misbehaving."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

__all__ = ["JWT", "Answer", "Provider", "certificate", "serving"]

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
        return ssl.create_default_context(cafile=str(self.authority))


@contextmanager
def serving(folder: Path) -> Iterator[Provider]:
    """Run a provider until the block is left."""
    authority, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, key)
    provider = Provider(0, authority)
    server = _Server(("localhost", 0), _handler(provider))
    server.daemon_threads = True
    server.tls = context
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    tls: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        # Here and not on the listening socket: a client that breaks off the handshake costs only its thread.
        request.settimeout(10)
        try:
            with self.tls.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except OSError:
            return


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


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, its own authority, and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
