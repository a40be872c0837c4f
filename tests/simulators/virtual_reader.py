"""A card reader without hardware: the real card service, a virtual reader's driver, a simulated chip on it.

``VirtualReader`` starts ``pcscd`` in the foreground with a configuration of its own and a ``/run`` of its own
(a mount namespace), so that it meets neither the machine's card service nor another test's. The chip speaks
the protocol of vsmartcard's ``vpcd``: it connects by TCP; each message is two bytes of length and as many
bytes; a single byte switches power (0 off, 1 on), resets (2), or asks for the answer to reset (4).
"""

from __future__ import annotations

import math
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from dongui.errors import Trouble
from simulators.passport_chip import ATR, PassportChip

__all__ = ["VirtualReader", "require_services", "virtual_reader"]

_DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
_SERVICE = shutil.which("pcscd") or "/usr/sbin/pcscd"
_LOOKS_S = 0.5  # the card service looks every 0.4 s
_IN_PRIVATE = 'mount -t tmpfs tmpfs /run && mkdir -m 755 /run/pcscd && exec "$0" "$@"'


def require_services() -> None:
    """Skip the test, naming what is missing."""
    missing = [
        name
        for name, there in {
            "pcscd": Path(_SERVICE).exists(),
            "vsmartcard-vpcd": _DRIVER.exists(),
            "pyscard (dongui[chip])": find_spec("smartcard") is not None,
            "root (for a mount namespace)": os.geteuid() == 0,
            "unshare": shutil.which("unshare") is not None,
        }.items()
        if not there
    ]
    if missing:
        pytest.skip(f"reading a chip through the real card service is not tested: no {', '.join(missing)}")


@dataclass
class VirtualReader:
    """A running card service with one virtual reader. ``socket_name`` is what its clients are told."""

    port: int
    socket_name: str
    _lifted: float = -math.inf

    def see_empty(self) -> None:
        """Wait until the card service has seen the last chip lifted."""
        time.sleep(max(0.0, self._lifted + _LOOKS_S - time.monotonic()))

    @contextmanager
    def holding(self, chip: PassportChip, *, delay: float = 0.0) -> Iterator[None]:
        """Put a chip on the reader, ``delay`` seconds from now, and take it off at the end."""
        # A chip put down before the last one was seen lifted is not seen at all; no hand is that quick.
        self.see_empty()
        inserted = _Inserted(chip, self.port, delay)
        inserted.start()
        try:
            yield
        finally:
            inserted.remove()
            self._lifted = time.monotonic()


class _Inserted(threading.Thread):
    """A chip on the reader, until it is removed or vanishes.

    The driver drops a new connection when it notices only then that the one before has ended, so the chip
    connects again: as one that was lifted and put down.
    """

    def __init__(self, chip: PassportChip, port: int, delay: float) -> None:
        super().__init__(daemon=True)
        self._chip = chip
        self._port = port
        self._removed = threading.Event()
        self._delay = delay

    def run(self) -> None:
        self._removed.wait(self._delay)
        while not self._removed.is_set() and not self._chip.gone:
            with suppress(OSError, Trouble), self._connected() as connection:
                self._serve(connection)
            self._removed.wait(0.1)

    def remove(self) -> None:
        self._removed.set()
        self.join(timeout=10)

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        connection.settimeout(0.2)
        return connection

    def _serve(self, connection: socket.socket) -> None:
        while not self._removed.is_set():
            try:
                message = _receive(connection)
            except TimeoutError:
                continue
            if message is None:
                return
            if len(message) == 1:
                self._control(connection, message[0])
            else:
                _send(connection, self._chip.transmit(message))

    def _control(self, connection: socket.socket, what: int) -> None:
        if what == 4:
            _send(connection, ATR)
        else:
            self._chip.reset()


def _receive(connection: socket.socket) -> bytes | None:
    header = _exactly(connection, 2)
    return None if header is None else _exactly(connection, struct.unpack(">H", header)[0])


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        # The driver sends length and content apart and waits in between for us to say that we have the one.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            piece = connection.recv(size - len(data))
        except TimeoutError:
            if data:
                continue
            raise
        if not piece:
            return None
        data += piece
    return data


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(struct.pack(">H", len(data)) + data)


@contextmanager
def virtual_reader(folder: Path) -> Iterator[VirtualReader]:
    """Run the card service with its configuration in ``folder``."""
    port = _free_port()
    configuration = folder / "readers"
    configuration.mkdir()
    (configuration / "virtual").write_text(
        f'FRIENDLYNAME "Simulated reader"\nDEVICENAME /dev/null:0x{port:X}\n'
        f"LIBPATH {_DRIVER}\nCHANNELID 0x{port:X}\n"
    )
    command = ["unshare", "--mount", "sh", "-c", _IN_PRIVATE, _SERVICE]
    process = subprocess.Popen(
        [*command, "--foreground", "--config", str(configuration)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        # The service's own root: its mount namespace is not this process's.
        name = str(Path("/proc", str(process.pid), "root", "run/pcscd/pcscd.comm"))
        _wait_for(Path(name), process)
        yield VirtualReader(port, name)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    """A port that is free, and the one after it: the driver opens a second reader there."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            if port > 60_000:
                continue
            with suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return int(port)
    raise RuntimeError("no two ports in a row are free")


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while not path.exists():
        if process.poll() is not None or time.monotonic() > end:
            pytest.skip("the card service does not start here in a mount namespace of its own")
        time.sleep(0.05)
