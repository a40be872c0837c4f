"""Group commit: callers who append at the same moment share one trip to the disk.

Making a write durable costs about the same for one entry as for a thousand. Whoever comes first writes for
everybody who is waiting by then; those who come meanwhile wait, and the first of them writes next. There is
no timer and no background thread: a lone caller waits for nobody.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from dongui.errors import DonguiError, Misuse
from dongui.log.entry import Entry
from dongui.log.interface import MAX_BATCH, Appender

__all__ = ["GroupCommit"]


class _Ticket:
    """One caller's entries and what became of them."""

    __slots__ = ("entries", "failure", "indexes")

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.indexes: range | None = None
        self.failure: BaseException | None = None

    @property
    def settled(self) -> bool:
        return self.indexes is not None or self.failure is not None


class GroupCommit:
    """An :class:`~dongui.log.interface.Appender` for many threads, over one for a single thread."""

    def __init__(self, log: Appender) -> None:
        self._log = log
        self._waiting: deque[_Ticket] = deque()
        self._turn = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> range:
        """As :meth:`Appender.append`: returns when these entries are durable, and their indexes are adjacent.

        Entries of other callers may share the transaction: if it fails, it fails for each of them.
        """
        ticket = _Ticket(_checked(entries))
        self._waiting.append(ticket)  # a deque's append and popleft are atomic
        while not ticket.settled:
            with self._turn:
                if not ticket.settled:
                    self._commit(self._take())
        if ticket.indexes is None:
            raise _again(ticket.failure)
        return ticket.indexes

    def _take(self) -> list[_Ticket]:
        """Take waiting tickets, oldest first, as many as one append may hold."""
        taken: list[_Ticket] = []
        room = MAX_BATCH
        while self._waiting and len(self._waiting[0].entries) <= room:
            taken.append(self._waiting.popleft())
            room -= len(taken[-1].entries)
        return taken

    def _commit(self, tickets: list[_Ticket]) -> None:
        outcome: BaseException = RuntimeError("the thread that wrote these entries was interrupted")
        indexes = range(0)
        try:
            indexes = self._log.append([entry for ticket in tickets for entry in ticket.entries])
        except DonguiError as failure:
            outcome = failure
        finally:
            # On every way out, interrupts included: nobody may be left waiting for a turn that never comes.
            _settle(tickets, indexes, outcome)


def _settle(tickets: list[_Ticket], indexes: range, outcome: BaseException) -> None:
    start = indexes.start
    for ticket in tickets:
        if indexes:
            ticket.indexes = range(start, start + len(ticket.entries))
            start += len(ticket.entries)
        else:
            ticket.failure = outcome


def _checked(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Refuse here what would fail a whole batch of other callers' entries."""
    if not entries:
        raise ValueError("there is nothing to append")
    if len(entries) > MAX_BATCH:
        detail = f"{len(entries)} entries in one append; the limit is {MAX_BATCH}"
        raise Misuse("log.batch-too-large", detail)
    return tuple(entries)


def _again(failure: BaseException | None) -> BaseException:
    """Return a failure of one's own: several threads must not raise, and extend the trace of, one object."""
    if isinstance(failure, DonguiError):
        own = type(failure)(failure.name, failure.detail)
        own.__cause__ = failure
        return own
    return failure if failure is not None else RuntimeError("an append was settled without an outcome")
