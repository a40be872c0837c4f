"""Group commit: callers who append at the same moment share one trip to the disk.

Making a write durable costs about the same for one entry as for a thousand. One caller at a time leads: it
writes for everybody who is waiting by then, wakes them, and hands the lead to the first of those who came
meanwhile. There is no timer and no background thread, and a lone caller waits for nobody. Waking each waiter
once, rather than letting all of them contend for one lock, is worth a factor of five at 64 threads.
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
    """One caller's entries, what became of them, and the event that wakes it: settled, or to lead."""

    __slots__ = ("entries", "failure", "indexes", "wake")

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.indexes: range | None = None
        self.failure: BaseException | None = None
        self.wake = threading.Event()

    @property
    def settled(self) -> bool:
        return self.indexes is not None or self.failure is not None


class GroupCommit:
    """An :class:`~dongui.log.interface.Appender` for many threads, over one for a single thread."""

    def __init__(self, log: Appender) -> None:
        self._log = log
        self._guard = threading.Lock()  # over the two below; held for a moment only
        self._waiting: deque[_Ticket] = deque()
        self._led = False

    def append(self, entries: Sequence[Entry]) -> range:
        """As :meth:`Appender.append`: returns when these entries are durable, and their indexes are adjacent.

        Entries of other callers may share the transaction: if it fails, it fails for each of them.
        """
        ticket = _Ticket(_checked(entries))
        with self._guard:
            self._waiting.append(ticket)
            if not self._led:
                self._led = True
                ticket.wake.set()
        try:
            ticket.wake.wait()
        except BaseException:
            # An interrupt: a caller who is gone must not be handed the lead, since nobody would pass it on.
            self._leave(ticket)
            raise
        if not ticket.settled:
            self._lead()
        if ticket.indexes is None:
            raise _again(ticket.failure)
        return ticket.indexes

    def _lead(self) -> None:
        """Write what is waiting, this caller's own ticket first, and hand over the lead."""
        with self._guard:
            tickets = self._take()
        outcome: BaseException = RuntimeError("the thread that wrote these entries was interrupted")
        indexes = range(0)
        try:
            indexes = self._log.append([entry for ticket in tickets for entry in ticket.entries])
        except DonguiError as failure:
            outcome = failure
        finally:
            # On every way out, interrupts included: nobody may be left waiting for what never comes.
            self._hand_over()
            _settle(tickets, indexes, outcome)

    def _take(self) -> list[_Ticket]:
        """Take waiting tickets, oldest first, as many as one append may hold."""
        taken: list[_Ticket] = []
        room = MAX_BATCH
        while self._waiting and len(self._waiting[0].entries) <= room:
            taken.append(self._waiting.popleft())
            room -= len(taken[-1].entries)
        return taken

    def _hand_over(self) -> None:
        with self._guard:
            self._led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].wake.set()

    def _leave(self, ticket: _Ticket) -> None:
        """An interrupted caller waits no longer; if the lead had just come to it, the next one gets it."""
        with self._guard:
            if ticket not in self._waiting:
                return
            self._waiting.remove(ticket)
        if ticket.wake.is_set():
            self._hand_over()


def _settle(tickets: list[_Ticket], indexes: range, outcome: BaseException) -> None:
    start = indexes.start
    for ticket in tickets:
        if indexes:
            ticket.indexes = range(start, start + len(ticket.entries))
            start += len(ticket.entries)
        else:
            ticket.failure = outcome
        ticket.wake.set()


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
    return RuntimeError(str(failure))
