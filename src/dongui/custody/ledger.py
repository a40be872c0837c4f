"""The consent ledger of custody: first the log, then the ledger, and nothing lost in between.

An append is: the events are noted as pending, durably; their entries are appended to the log; the events are
kept with their positions and the note is struck. Killed anywhere, the next append or export finishes what
was begun: it looks for the noted entries in the log, and appends them if they are not there. A withdrawal
that was accepted is therefore never forgotten, and no event ever stands without its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from dongui.custody.consent_events import ID_BYTES, ConsentAct, ConsentKey, CustodyEvent, follow, zones_agree
from dongui.custody.moments import microseconds
from dongui.custody.schema import Layout
from dongui.custody.snapshot_export import SnapshotTerms, write_consents
from dongui.encoding import cbor
from dongui.environment import Clock, Entropy
from dongui.errors import DonguiError, Misuse, Trouble
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.interface import MAX_BATCH, Log

__all__ = ["EventReader", "EventStore", "LoggedLedger", "Pending"]


@dataclass(frozen=True, slots=True)
class Pending:
    """Events noted before their entries were appended to a log that then had ``log_size`` entries."""

    log_size: int
    events: tuple[CustodyEvent, ...]


class EventReader(Protocol):
    """One consistent moment of a store, whatever is appended meanwhile."""

    def dictionaries(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return the purposes' and the recipients' numbers."""

    def persons(self) -> int:
        """Return how many people are known."""

    def last_logged_us(self) -> int:
        """Return when the latest event was logged; 0 where there is none."""

    def events(self, since: int = 0) -> Iterable[CustodyEvent]:
        """Return every event from position ``since`` on, in the order of the log."""

    def events_of(self, person: bytes) -> Sequence[CustodyEvent]:
        """Return one person's events, in the order of the log; none for whoever is not known."""

    def people(self) -> Iterable[tuple[int, bytes]]:
        """Return number and id of everybody who ever said something, by rising number."""

    def number(self, person: bytes) -> int | None:
        """Return a person's number, or None for whoever is not known."""

    def rows(self, layout: Layout) -> Iterable[pa.RecordBatch]:
        """Return every event as rows of the consents table, in its order."""


class EventStore(Protocol):
    """What the ledger asks of a database. Every method is one transaction, durable on return."""

    def exclusively(self) -> AbstractContextManager[None]:
        """Keep every other writer out, in this process and others; given up if this process dies."""

    def reading(self) -> AbstractContextManager[EventReader]:
        """Read one consistent moment, that of the call."""

    def know(self, people: Iterable[bytes]) -> int:
        """Number people that are new, from 0 without gaps; return how many were."""

    def unknown(self, people: Iterable[bytes]) -> list[bytes]:
        """Return those that are not known."""

    def latest(self, key: ConsentKey) -> CustodyEvent | None:
        """Return the event of a key with the highest position."""

    def note(self, pending: Pending) -> None:
        """Note events as pending. There is nothing pending yet."""

    def pending(self) -> Pending | None:
        """Return what is noted."""

    def strike(self) -> None:
        """Forget the note: its entries were not appended."""

    def keep(self, events: Sequence[CustodyEvent]) -> None:
        """Keep events with their positions, and forget the note, all or nothing."""

    def erase(self, person: bytes, *, instead: bytes) -> int:
        """Destroy a person's events and id, ``instead`` taking its place; return how many events."""


class LoggedLedger:
    """The :class:`~dongui.custody.consent_events.CustodyLedger` over a store and a log."""

    def __init__(self, store: EventStore, *, log: Log, clock: Clock, entropy: Entropy) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._entropy = entropy

    def register_people(self, people: Iterable[bytes]) -> int:
        """Make people known, each by 16 bytes; those known already stay. Return how many are new."""
        with self._store.exclusively():
            return self._store.know(people)

    def latest(self, key: ConsentKey) -> CustodyEvent | None:
        """Return the latest event of one key, or None."""
        return self._store.latest(key)

    def number(self, person: bytes) -> int | None:
        """Return a person's number in the sorted layout, or None for whoever is not known."""
        with self._store.reading() as reader:
            return reader.number(person)

    @contextmanager
    def numbers(self) -> Iterator[Callable[[bytes], int | None]]:
        """Look many people's numbers up, at one consistent moment."""
        with self._store.reading() as reader:
            yield reader.number

    @contextmanager
    def people(self) -> Iterator[Iterable[tuple[int, bytes]]]:
        """Go through number and id of everybody who ever said something, at one consistent moment."""
        with self._store.reading() as reader:
            yield reader.people()

    def settle(self) -> None:
        """Finish what a killed process began, as the next append would. Raises ``Trouble`` likewise."""
        with self._store.exclusively():
            self._settle()

    def events_of(self, person: bytes) -> Sequence[CustodyEvent]:
        """Return everything one person said, in the order of the log."""
        with self._store.reading() as reader:
            return list(reader.events_of(person))

    @contextmanager
    def events_since(self, position: int) -> Iterator[Iterable[CustodyEvent]]:
        """Go through everything said from a place in the log on, in its order, at one consistent moment.

        What a killed process had begun to append is finished first.
        """
        self.settle()
        with self._store.reading() as reader:
            yield reader.events(position)

    def append(
        self, acts: Iterable[ConsentAct], *, labels: Sequence[str] | None = None
    ) -> list[CustodyEvent]:
        """Log acts and keep them as events, all or none, durably; return them with their positions.

        At most MAX_BATCH at once. ``labels`` is what a failure calls each act, such as its row in a
        file. Raises ``Misuse``: ``snapshot.unknown-person``, ``log.batch-too-large``,
        and what :func:`~dongui.custody.consent_events.follow` and ``zones_agree`` raise; ``Trouble``:
        ``snapshot.clock-behind``, and the log's and the store's. Then nothing was appended, unless the
        process was killed: then the next call finishes it.
        """
        several = list(acts)
        if not several:
            return []
        if len(several) > MAX_BATCH:
            raise Misuse("log.batch-too-large", f"{len(several)} acts; the limit is {MAX_BATCH}")
        zones_agree(act.claimed_at for act in several)
        with self._store.exclusively():
            self._settle()
            events = self._events(several, labels)
            self._store.note(Pending(self._log.checkpoint().size, tuple(events)))
            return self._finish(events)

    def export(self, path: Path, *, layout: Layout, folded: bool) -> int:
        """Write a snapshot of everything logged so far; return its number of rows.

        Others may append meanwhile; they are not in it. Raises as
        :func:`~dongui.custody.snapshot_export.write_consents`.
        """
        with ExitStack() as stack:
            with self._store.exclusively():
                # Below the checkpoint's size there is now no entry whose event is not in the store.
                self._settle()
                checkpoint = self._log.checkpoint()
                reader = stack.enter_context(self._store.reading())
            purposes, recipients = reader.dictionaries()
            terms = SnapshotTerms(
                layout=layout,
                position=checkpoint.size,
                position_us=reader.last_logged_us(),
                checkpoint=checkpoint.note,
                created_us=microseconds(self._clock.now()),
                persons=reader.persons(),
                purposes=purposes,
                recipients=recipients,
            )
            return write_consents(path, reader.rows(layout), terms, folded=folded)

    def erase(self, person: bytes) -> int:
        """Destroy what the ledger holds of a person: logged first, then overwritten. Return how many events.

        Their log entries stay, and tell nobody anything; their number is never given to anybody else, so
        that whatever still bears it is a record of somebody the ledger has never heard of. Killed in between
        it is given again, and may then be logged twice. Raises ``Trouble``: ``log.*``, ``storage.*``.
        """
        with self._store.exclusively():
            self._settle()
            with self._store.reading() as reader:
                if reader.number(person) is None:
                    return 0
            content = cbor.dumps([1, person])
            blind = self._entropy.draw(BLIND_BYTES)
            self._log.append([Entry(EntryKind.CONSENT_DESTROYED, commitment(content, blind=blind))])
            return self._store.erase(person, instead=self._entropy.draw(ID_BYTES))

    def check(self) -> int:
        """Hold every event against its log entry and return their number.

        Finds whatever was changed in the database by somebody who took its rules away; the log is what they
        cannot rewrite. Raises ``Trouble`` ``snapshot.ledger-disagrees``,
        ``log.inconsistent``.
        """
        checked = 0
        with self._store.reading() as reader:
            size = self._log.checkpoint().size
            for event in reader.events():
                if event.position >= size or self._log.entry(event.position) != event.entry():
                    detail = f"the event at position {event.position} is not the one its entry commits to"
                    raise Trouble("snapshot.ledger-disagrees", detail)
                checked += 1
        return checked

    def _events(self, acts: list[ConsentAct], labels: Sequence[str] | None) -> list[CustodyEvent]:
        called = labels or [f"act {number}" for number in range(1, len(acts) + 1)]
        unknown = set(self._store.unknown({act.key.person for act in acts}))
        if unknown:
            first = next(label for label, act in zip(called, acts, strict=True) if act.key.person in unknown)
            detail = f"{first}; {len(unknown)} people of the {len(acts)} acts are not known"
            raise Misuse("snapshot.unknown-person", detail)
        now = self._clock.now()
        with self._store.reading() as reader:
            behind = reader.last_logged_us() - microseconds(now)
        if behind > 0:
            raise Trouble("snapshot.clock-behind", f"by {behind} microseconds, of the last event logged")
        last: dict[ConsentKey, CustodyEvent | None] = {}
        events = []
        for label, act in zip(called, acts, strict=True):
            before = last[act.key] if act.key in last else self._store.latest(act.key)
            try:
                event = follow(before, act, logged_at=now, blind=self._entropy.draw(BLIND_BYTES))
            except Misuse as fault:
                raise Misuse(fault.name, f"{label}: {fault.detail}") from None
            last[act.key] = event
            events.append(event)
        return events

    def _finish(self, events: Sequence[CustodyEvent]) -> list[CustodyEvent]:
        try:
            positions = self._log.append([event.entry() for event in events])
        except DonguiError:
            self._store.strike()  # The log promises that then nothing was appended.
            raise
        return self._keep(events, positions.start)

    def _keep(self, events: Sequence[CustodyEvent], begin: int) -> list[CustodyEvent]:
        kept = [replace(event, position=place) for place, event in enumerate(events, start=begin)]
        self._store.keep(kept)
        return kept

    def _settle(self) -> None:
        """Finish what a killed process began. A batch stands in the log whole and in a row, or not at all."""
        pending = self._store.pending()
        if pending is None:
            return
        first = pending.events[0].entry()
        for index in range(pending.log_size, self._log.checkpoint().size):
            if self._log.entry(index) == first:
                self._keep(pending.events, index)
                return
        self._finish(pending.events)
