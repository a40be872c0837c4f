"""Commands to a chip and its answers: ISO/IEC 7816-4, 5.1, as ICAO 9303-10, 3.6 uses them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from dongui.errors import Undetermined

__all__ = ["FILE_NOT_FOUND", "SHORT_ANSWER", "SUCCESS", "Command", "Response", "Transport"]

SUCCESS = 0x9000
FILE_NOT_FOUND = 0x6A82
SHORT_ANSWER = 256  # the most a short command can ask for
_MAX_DATA = 0xFFFF
_MAX_RESPONSE = 0x10000 + 2


class Transport(Protocol):
    """A way to a chip. What it does is I/O, and none of it is done in this package."""

    def transmit(self, command: bytes) -> bytes:
        """Send one encoded command and return the whole answer, status word included.

        Raises ``Trouble`` (``chip.vanished``, ``chip.timeout``) where no answer comes.
        """


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``expected`` is how many bytes are asked for; ``None``: the answer is a status alone.

    ``extended`` asks for the longer form also where the short one would do: its answer may be longer.
    ``repr`` shows no data.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    expected: int | None = None
    extended: bool = False

    @property
    def header(self) -> bytes:
        """The four bytes every command begins with."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def is_extended(self) -> bool:
        """Whether the longer form is used (ISO/IEC 7816-4, 5.1)."""
        return self.extended or len(self.data) > 0xFF or (self.expected or 0) > SHORT_ANSWER

    def encode(self) -> bytes:
        """Return the command's bytes; ``ValueError`` beyond 65,535 bytes of data."""
        if len(self.data) > _MAX_DATA:
            raise ValueError(f"a command carries at most {_MAX_DATA} bytes")
        return self.header + (self._extended_body() if self.is_extended else self._short_body())

    def _short_body(self) -> bytes:
        body = bytes([len(self.data)]) + self.data if self.data else b""
        return body if self.expected is None else body + bytes([self.expected & 0xFF])

    def _extended_body(self) -> bytes:
        body = b"\x00"
        if self.data:
            body += len(self.data).to_bytes(2, "big") + self.data
        return body if self.expected is None else body + (self.expected & 0xFFFF).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: ``status`` is its status word, ``data`` what comes before. ``repr`` shows no data."""

    data: bytes = field(repr=False)
    status: int

    @classmethod
    def decode(cls, answer: bytes) -> Response:
        """Take an answer apart. Raises ``Undetermined`` ``chip.malformed-response``."""
        if not 2 <= len(answer) <= _MAX_RESPONSE:
            raise Undetermined("chip.malformed-response", f"the chip answered with {len(answer)} bytes")
        return cls(bytes(answer[:-2]), int.from_bytes(answer[-2:], "big"))
