"""Card readers by PC/SC, through ``pyscard``: which there are, a card on one, commands to it.

This runs in the process of its own that :mod:`dongui.readers.passport_chip` starts: a driver that never
answers cannot be interrupted, but a process can be ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType

from smartcard import scard

from dongui.documents.passport.chip.whole_answers import without_expected_length
from dongui.errors import Misuse, Trouble

__all__ = ["CardReaders", "Line"]

_POLL_MILLISECONDS = 250
_NO_SERVICE = frozenset({scard.SCARD_E_NO_SERVICE, scard.SCARD_E_SERVICE_STOPPED})
_NO_READER = frozenset(
    {scard.SCARD_E_NO_READERS_AVAILABLE, scard.SCARD_E_UNKNOWN_READER, scard.SCARD_E_READER_UNAVAILABLE}
)
_VANISHED = frozenset(
    {
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_W_RESET_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_E_NOT_TRANSACTED,
        scard.SCARD_E_COMM_DATA_LOST,
        scard.SCARD_E_INVALID_HANDLE,
        scard.SCARD_F_COMM_ERROR,
    }
)


class CardReaders:
    """The computer's card readers. A context manager."""

    def __enter__(self) -> CardReaders:
        """Ask for the card service. Raises ``Trouble`` ``chip.no-service``."""
        status, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _require(status, "asking for the card service")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scard.SCardReleaseContext(self._context)

    def names(self) -> tuple[str, ...]:
        """Return the readers' names. Raises ``Trouble``: ``chip.no-service``, ``chip.reader-trouble``."""
        status, names = scard.SCardListReaders(self._context, [])
        if status in _NO_READER:
            return ()
        _require(status, "listing readers")
        return tuple(names)

    def choose(self, part: str | None) -> tuple[str, ...]:
        """Return the readers whose name has ``part`` in it; all for ``None``.

        Raises ``Misuse`` ``chip.reader-unknown``; ``Trouble`` ``chip.no-reader``.
        """
        names = self.names()
        if not names:
            raise Trouble("chip.no-reader", "no card reader is connected")
        if part is None:
            return names
        chosen = tuple(name for name in names if name == part) or tuple(
            name for name in names if part.casefold() in name.casefold()
        )
        if not chosen:
            raise Misuse("chip.reader-unknown", f"no reader is called so; there are: {', '.join(names)}")
        return chosen

    def wait(self, readers: tuple[str, ...], *, within: timedelta, waiting: Callable[[], None]) -> Line:
        """Wait for a card on one of the readers and return the line to it.

        ``waiting`` is called about four times a second. Raises ``Trouble``: ``chip.no-card``,
        ``chip.reader-trouble``; ``Misuse`` ``chip.several-cards``.
        """
        end = time.monotonic() + within.total_seconds()
        while True:
            holding = self._holding_cards(readers)
            if len(holding) > 1:
                raise Misuse("chip.several-cards", f"there are cards on {len(holding)} readers")
            line = self._connect(holding[0]) if holding else None
            if line is not None:
                return line
            if time.monotonic() >= end:
                raise Trouble("chip.no-card", f"no card within {within.total_seconds():.0f} s")
            waiting()
            time.sleep(_POLL_MILLISECONDS / 1_000)

    def _holding_cards(self, readers: tuple[str, ...]) -> list[str]:
        asked = [(name, scard.SCARD_STATE_UNAWARE) for name in readers]
        status, states = scard.SCardGetStatusChange(self._context, 0, asked)
        if status == scard.SCARD_E_TIMEOUT:
            return []
        _require(status, "looking for a card")
        return [name for name, state, _ in states if state & scard.SCARD_STATE_PRESENT]

    def _connect(self, reader: str) -> Line | None:
        """Connect to a card; ``None`` where it is gone already, or only now being noticed that it is."""
        # Nobody else may send commands in between; power off afterwards, so that nothing stays open.
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        status, card, protocol = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        if status in _VANISHED:
            return None
        _require(status, "connecting to the card")
        return Line(card, protocol)


class Line:
    """The line to one card: a :class:`~dongui.documents.passport.chip.apdu.Transport`. A context manager."""

    def __init__(self, card: int, protocol: int) -> None:
        self._card = card
        self._protocol = protocol

    def __enter__(self) -> Line:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)

    def transmit(self, command: bytes) -> bytes:
        """Send a command. Raises ``Trouble``: ``chip.vanished``, ``chip.reader-trouble``."""
        sent = without_expected_length(command) if self._protocol == scard.SCARD_PROTOCOL_T0 else command
        status, answer = scard.SCardTransmit(self._card, self._protocol, list(sent))
        _require(status, "sending a command")
        if not answer:  # not even a status: some drivers report a card that is gone so, and no error
            raise Trouble("chip.vanished", "sending a command: nothing came back")
        return bytes(answer)


def _require(status: int, doing: str) -> None:
    if status == scard.SCARD_S_SUCCESS:
        return
    said = f"{doing}: {scard.SCardGetErrorMessage(status).strip()}"
    if status in _NO_SERVICE:
        raise Trouble("chip.no-service", said)
    if status in _NO_READER:
        raise Trouble("chip.no-reader", said)
    if status in _VANISHED:
        raise Trouble("chip.vanished", said)
    raise Trouble("chip.reader-trouble", said)
