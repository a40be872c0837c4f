"""The line to one chip: counts commands, keeps the time limit, protects what is to be protected."""

from __future__ import annotations

from datetime import timedelta

from dongui.documents.passport.chip.apdu import SUCCESS, Command, Response, Transport
from dongui.documents.passport.chip.secure_messaging import SecureMessaging
from dongui.documents.passport.chip.whole_answers import whole_answer
from dongui.environment import Clock
from dongui.errors import Trouble, Undetermined

__all__ = ["Channel"]


class Channel:
    """Commands one after another. ``commands`` is how many were sent.

    ``protection`` is set once access is granted, and again when chip authentication made new keys; there is
    no way back to sending in the clear.
    """

    def __init__(self, transport: Transport, *, clock: Clock, limit: timedelta) -> None:
        self._transport = transport
        self._clock = clock
        self._limit = limit
        self._end = clock.now() + limit
        self.commands = 0
        self.protection: SecureMessaging | None = None

    def send(self, command: Command) -> Response:
        """Send one command and return its answer, whatever its status.

        Raises ``Trouble``: ``chip.timeout``, ``chip.vanished``; ``Undetermined``:
        ``chip.malformed-response``, ``chip.session-lost``; ``Refused`` ``chip.answer-forged``.
        """
        if self.protection is None:
            return whole_answer(command, self._transmit)
        return self.protection.unprotect(whole_answer(self.protection.protect(command), self._transmit))

    def _transmit(self, command: bytes) -> bytes:
        # A chip that answers each command just in time could otherwise hold a desk for hours.
        if self._clock.now() >= self._end:
            limit = self._limit.total_seconds()
            raise Trouble("chip.timeout", f"the chip was not read within {limit:.0f} s")
        self.commands += 1
        return self._transport.transmit(command)

    def require(self, command: Command, *, doing: str) -> bytes:
        """Send a command that must succeed, and return its answer's data.

        Raises as :meth:`send`, and ``Undetermined`` ``chip.unexpected-status``.
        """
        response = self.send(command)
        if response.status != SUCCESS:
            raise unexpected(response.status, doing)
        return response.data


def unexpected(status: int, doing: str) -> Undetermined:
    """The failure for a status word nobody asked for."""
    return Undetermined("chip.unexpected-status", f"{doing}: the chip answered {status:04X}")
