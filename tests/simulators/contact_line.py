"""The line of a contact reader to a simulated chip: T=0, where no answer comes with the command it answers.

A command with data goes without an expected length, and its answer waits (``61xx``) to be fetched piece by
piece; one that asks for more than there is is told to ask for exactly that (``6Cxx``). Written by ISO/IEC
7816-3, 10.3 and 12, apart from the reader's own code. The chip behind it never sees any of this.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dongui.documents.passport.chip.apdu import Transport

__all__ = ["ContactLine"]


@dataclass
class ContactLine:
    """A transport to ``chip`` in pieces of at most ``piece`` bytes. ``fetched`` counts GET RESPONSE."""

    chip: Transport
    piece: int = 256
    fetched: int = 0
    commands: int = 0
    told: int = 0
    _waiting: bytes = field(default=b"", repr=False)
    _asked: bytes = b""

    def transmit(self, command: bytes) -> bytes:
        """Answer one command as the line does."""
        self.commands += 1
        if command[:2] == b"\x00\xc0":
            self.fetched += 1
            return self._give(command[4] or 256)
        if len(command) > 5:
            # The chip is asked by the other protocol, whole: the length that is left out here is 256 there.
            self._waiting = self.chip.transmit(command + b"\x00")
            return self._waits() if len(self._waiting) > 2 else self._waiting
        if command[:4] != self._asked:
            self._waiting = self.chip.transmit(command)
        self._asked = b""
        available = len(self._waiting) - 2
        if (command[4] or 256) > available > 0:
            self.told += 1
            self._asked = command[:4]
            return bytes([0x6C, available & 0xFF])
        return self._give(command[4] or 256)

    def _waits(self) -> bytes:
        left = min(len(self._waiting) - 2, self.piece)
        return bytes([0x61, left & 0xFF if left <= 256 else 0])

    def _give(self, asked: int) -> bytes:
        content, status = self._waiting[:-2], self._waiting[-2:]
        given = content[: min(asked, self.piece)]
        self._waiting = content[len(given) :] + status
        return given + (self._waits() if len(self._waiting) > 2 else status)
