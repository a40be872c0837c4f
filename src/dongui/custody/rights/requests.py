"""Requests as recorded events: first the log, then the book, and nothing that was received is ever lost.

An event is noted as pending, durably; its entry is appended to the log; it is kept with its place. Killed
anywhere, whoever opens the book next finishes what was noted. Events are never changed. Whom a request is
about stands apart, in one row that an erasure destroys; the events then tell what was asked and done, and of
nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from dongui.custody.moments import microseconds
from dongui.custody.rights.due_dates import NO_HOLIDAYS, Holidays, due_date, end_of, zone_named
from dongui.custody.rights.kinds import Happening, Right
from dongui.custody.rights.law import Law, law
from dongui.encoding import cbor
from dongui.environment import Clock, Entropy
from dongui.errors import DonguiError, Misuse, Refused
from dongui.log.entry import BLIND_BYTES, Entry, EntryKind, commitment
from dongui.log.interface import Log

__all__ = ["Request", "RequestBook", "RequestEvent", "RequestStore", "Subject"]

_ID_BYTES = 16
_LONGEST_WORD = 5_000
_CLOSED = (Happening.FULFILLED, Happening.REFUSED)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """What happened to a request. ``words`` hold no name and no id of a person.

    ``blind`` opens its log entry and is handed to the person; ``position`` is the entry's, -1 until it is in
    the log.
    """

    request: bytes
    number: int
    kind: Happening
    at_us: int
    words: Mapping[str, str]
    blind: bytes = field(repr=False)
    position: int = -1

    def content(self) -> bytes:
        """Return the canonical CBOR that the log entry commits to."""
        return cbor.dumps([1, self.request, self.number, self.kind.value, self.at_us, dict(self.words)])

    def entry(self) -> Entry:
        """Return its log entry."""
        return Entry(EntryKind.RIGHTS, commitment(self.content(), blind=self.blind))

    @property
    def at(self) -> datetime:
        """The moment, in UTC."""
        return _EPOCH + timedelta(microseconds=self.at_us)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a request is about, once they have proved it; and the digest of what they proved it with.

    ``presented`` is SHA-256 of a document's presentation, which is accepted once; empty for a key.
    """

    person: bytes = field(repr=False)
    presented: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A request with everything that happened to it, oldest first."""

    id: bytes
    events: tuple[RequestEvent, ...]

    @property
    def right(self) -> Right:
        """What was asked for."""
        return Right(self.events[0].words["right"])

    @property
    def law(self) -> Law:
        """By which law it is answered."""
        return law(self.events[0].words["law"])

    @property
    def due(self) -> date:
        """The last day on which an answer is in time: the latest that was set."""
        return date.fromisoformat(
            next(event.words["due"] for event in reversed(self.events) if "due" in event.words)
        )

    @property
    def is_open(self) -> bool:
        """True until it is fulfilled or refused."""
        return self.events[-1].kind not in _CLOSED

    @property
    def identity_confirmed(self) -> bool:
        """True once the person has proved who they are."""
        return any(event.kind is Happening.IDENTITY_CONFIRMED for event in self.events)

    def is_late(self, now: datetime) -> bool:
        """Tell whether the last day has passed without an answer."""
        return self.is_open and now >= end_of(self.due, zone_named(self.events[0].words["zone"]))


class RequestStore(Protocol):
    """What the book asks of a database. Every method is one transaction, durable on return."""

    def exclusively(self) -> AbstractContextManager[None]:
        """Keep every other writer out; given up if this process dies."""

    def note(self, event: RequestEvent, log_size: int, subject: Subject | None) -> None:
        """Note an event as pending, and whom its request is about, where that is new.

        Raises ``Refused`` (``rights.presentation-used``): the presentation was used before.
        """

    def pending(self) -> tuple[RequestEvent, int] | None:
        """Return what is noted, and how large the log was."""

    def strike(self) -> None:
        """Forget what is noted: its entry was not appended."""

    def keep(self, event: RequestEvent) -> None:
        """Keep the noted event with its position."""

    def events(self, request: bytes) -> Sequence[RequestEvent]:
        """Return a request's events in their order; none for one that is not known."""

    def requests(self) -> Sequence[bytes]:
        """Return every request's id, in the order they were received."""

    def person_of(self, request: bytes) -> bytes | None:
        """Return whom a request is about, if that was proved and not erased since."""

    def requests_of(self, person: bytes) -> Sequence[bytes]:
        """Return the requests of a person."""

    def forget(self, person: bytes) -> None:
        """Destroy whom requests are about, durably, wherever it is this person."""


class RequestBook:
    """Requests over a store and a log. Every writing method finishes first what a killed process began."""

    def __init__(self, store: RequestStore, *, log: Log, clock: Clock, entropy: Entropy) -> None:
        self._store, self._log, self._clock, self._entropy = store, log, clock, entropy

    def receive(
        self,
        right: Right,
        by_law: Law,
        *,
        zone: str = "",
        holidays: Holidays = NO_HOLIDAYS,
        subject: Subject | None = None,
        words: Mapping[str, str] | None = None,
    ) -> Request:
        """Record a request, with its due date; and that its person proved who they are, if they did.

        Without ``subject`` nobody is looked up, and the term runs all the same. ``zone``: the controller's
        own, where the law has none. Raises ``Misuse`` (``rights.unknown-zone``, ``rights.already-open``: this
        person asked the same and has no answer yet); ``Refused`` (``rights.presentation-used``).
        """
        named = by_law.zone or zone
        if not named:
            raise Misuse(
                "rights.unknown-zone", f"{by_law.id} is counted in the controller's own; none is named"
            )
        request = self._entropy.draw(_ID_BYTES)
        terms = by_law.rights[right]
        moment = self._clock.now()
        said = {
            "right": right.value,
            "law": by_law.id,
            "articles": terms.articles,
            "zone": named,
            "holidays": holidays.source,
            "due": due_date(moment, terms.term, zone=zone_named(named), holidays=holidays).isoformat(),
        }
        if holidays.days:
            said["holiday_days"] = " ".join(day.isoformat() for day in sorted(holidays.days))
        with self._store.exclusively():
            self._settle()
            if subject is not None:
                self._require_new(right, subject.person)
            self._append(request, Happening.RECEIVED, {**(words or {}), **said}, subject)
            if subject is not None:
                self._append(request, Happening.IDENTITY_CONFIRMED, {})
        return self.read(request)

    def confirm(self, request: bytes, subject: Subject) -> Request:
        """Record that the person behind a request proved who they are. Raises as :meth:`receive`."""
        with self._store.exclusively():
            self._settle()
            found = self._open(request)
            if found.identity_confirmed:
                raise Misuse("rights.event-out-of-order", "the person's identity is confirmed already")
            self._require_new(found.right, subject.person, but=request)
            self._append(request, Happening.IDENTITY_CONFIRMED, {}, subject)
        return self.read(request)

    def extend(self, request: bytes, *, reason: str, until: date | None = None) -> Request:
        """Record that more time is needed, why, and until when.

        Once, by the law's own extension; or, where the law lets access be put off for as long as a reason
        lasts, to ``until``. Only before the due date: afterwards it would only hide that it is late. Raises
        ``Misuse`` (``rights.not-extendable``, ``rights.late``, ``rights.reason-missing``).
        """
        _require_reason(reason)
        with self._store.exclusively():
            self._settle()
            found = self._open(request)
            if found.is_late(self._clock.now()):
                raise Misuse("rights.late", f"it was due on {found.due}")
            terms, first = found.law.rights[found.right], found.events[0]
            extended = sum(event.kind is Happening.EXTENDED for event in found.events)
            if terms.extension is not None and not extended:
                holidays = Holidays(first.words["holidays"], _days(first.words.get("holiday_days", "")))
                zone = zone_named(first.words["zone"])
                due = due_date(first.at, terms.term + terms.extension, zone=zone, holidays=holidays)
            elif terms.postponable and until is not None and until > found.due:
                due = until
            else:
                raise Misuse(
                    "rights.not-extendable",
                    f"{found.right.value} under {found.law.id}, {extended} times so far",
                )
            self._append(request, Happening.EXTENDED, {"due": due.isoformat(), "reason": reason})
        return self.read(request)

    def refuse(self, request: bytes, *, ground: str, reason: str) -> Request:
        """Record that a request is refused: the law's ground by its id, and the reason in words.

        Raises ``Misuse`` (``rights.no-such-ground``, ``rights.reason-missing``).
        """
        _require_reason(reason)
        with self._store.exclusively():
            self._settle()
            found = self._open(request)
            named = found.law.ground(ground, found.right)
            words = {"ground": named.id, "articles": named.articles, "reason": reason}
            self._append(request, Happening.REFUSED, words)
        return self.read(request)

    def fulfil(self, request: bytes, words: Mapping[str, str]) -> Request:
        """Record that a request was done, and what. Raises ``Refused`` (``rights.identity-not-proved``)."""
        return self.record(request, Happening.FULFILLED, words)

    def record(self, request: bytes, kind: Happening, words: Mapping[str, str]) -> Request:
        """Record a step, a review or the end of a request whose person proved who they are.

        Raises ``Refused`` (``rights.identity-not-proved``), ``Misuse`` (``rights.unknown-request``,
        ``rights.closed``).
        """
        with self._store.exclusively():
            self._settle()
            if not self._open(request).identity_confirmed:
                raise Refused("rights.identity-not-proved", "nothing is done for somebody who may be another")
            self._append(request, kind, words)
        return self.read(request)

    def settle(self) -> None:
        """Finish what a killed process began."""
        with self._store.exclusively():
            self._settle()

    def read(self, request: bytes) -> Request:
        """Return a request. Raises ``Misuse`` (``rights.unknown-request``)."""
        events = self._store.events(request)
        if not events:
            raise Misuse("rights.unknown-request", request.hex())
        return Request(request, tuple(events))

    def all(self) -> list[Request]:
        """Return every request, in the order they were received."""
        return [self.read(request) for request in self._store.requests()]

    def of_person(self, person: bytes) -> list[Request]:
        """Return a person's requests."""
        return [self.read(request) for request in self._store.requests_of(person)]

    def person_of(self, request: bytes) -> bytes | None:
        """Return whom a request is about; None where nobody proved it, or they were erased since."""
        return self._store.person_of(request)

    def forget(self, person: bytes) -> None:
        """Destroy whom requests are about, wherever it is this person. The events stay."""
        with self._store.exclusively():
            self._store.forget(person)

    def _open(self, request: bytes) -> Request:
        found = self.read(request)
        if not found.is_open:
            raise Misuse("rights.closed", f"it was {found.events[-1].kind.value}")
        return found

    def _require_new(self, right: Right, person: bytes, *, but: bytes = b"") -> None:
        for request in self._store.requests_of(person):
            found = self.read(request)
            if found.is_open and found.right is right and found.id != but:
                # Told to somebody who has just proved that it is their own.
                raise Misuse("rights.already-open", f"request {found.id.hex()}, due {found.due}")

    def _append(
        self, request: bytes, kind: Happening, words: Mapping[str, str], subject: Subject | None = None
    ) -> None:
        if any(len(word) > _LONGEST_WORD for word in words.values()):
            raise Misuse("rights.reason-missing", f"a text has more than {_LONGEST_WORD} characters")
        number, at_us = len(self._store.events(request)), microseconds(self._clock.now())
        event = RequestEvent(request, number, kind, at_us, dict(words), self._entropy.draw(BLIND_BYTES))
        self._store.note(event, self._log.checkpoint().size, subject)
        self._enter(event)

    def _enter(self, event: RequestEvent) -> None:
        try:
            (position,) = self._log.append([event.entry()])
        except DonguiError:
            self._store.strike()  # The log promises that then nothing was appended.
            raise
        self._store.keep(replace(event, position=position))

    def _settle(self) -> None:
        noted = self._store.pending()
        if noted is None:
            return
        event, size = noted
        wanted = event.entry()
        for index in range(size, self._log.checkpoint().size):
            if self._log.entry(index) == wanted:
                self._store.keep(replace(event, position=index))
                return
        self._enter(event)


def _days(text: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in text.split())


def _require_reason(reason: str) -> None:
    if not reason.strip() or not reason.isprintable():
        raise Misuse("rights.reason-missing", "a reason is printable text of at least one word")
