"""What can happen to a consent, and in which order: *given, withdrawn, expired, renewed*."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dongui.consent import malformed
from dongui.consent.moments import read_duration, read_moment, utc, write_duration, write_moment
from dongui.consent.record import ConsentRecord
from dongui.errors import Misuse

__all__ = ["ConsentEvent", "EventKind", "History"]


class EventKind(StrEnum):
    """The states of a consent (ISO/IEC TS 27560, 6.3.7, event state)."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RENEWED = "renewed"


_LASTING = (EventKind.GIVEN, EventKind.RENEWED)
# What may follow what; None is the beginning. After a withdrawal a new consent is a new record.
_FOLLOWERS: dict[EventKind | None, tuple[EventKind, ...]] = {
    None: (EventKind.GIVEN,),
    EventKind.GIVEN: (EventKind.WITHDRAWN, EventKind.EXPIRED, EventKind.RENEWED),
    EventKind.RENEWED: (EventKind.WITHDRAWN, EventKind.EXPIRED, EventKind.RENEWED),
    # Withdrawn also when it has run out: nobody is to renew it then, and what was made under it ends.
    EventKind.EXPIRED: (EventKind.RENEWED, EventKind.WITHDRAWN),
    EventKind.WITHDRAWN: (),
}


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One event of one record. ``at`` is kept in UTC.

    ``valid_for`` (whole seconds) goes with given and renewed. ``entity`` is who brought it about: the
    person's handle in hexadecimal, or the controller's id.
    """

    record_id: bytes
    kind: EventKind
    at: datetime
    entity: str
    valid_for: timedelta | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", utc(self.at))
        if (self.valid_for is not None) != (self.kind in _LASTING):
            raise ValueError("given and renewed say how long they hold, withdrawn and expired do not")
        if self.valid_for is not None and (self.valid_for <= timedelta(0) or self.valid_for.microseconds):
            raise ValueError("a consent holds for a positive, whole number of seconds")

    @property
    def valid_until(self) -> datetime | None:
        """The first instant at which this event covers nothing any more."""
        return None if self.valid_for is None else self.at + self.valid_for

    def to_fields(self) -> dict[str, str]:
        """Return the event's fields in the words of ISO/IEC TS 27560, 6.3.7."""
        fields = {
            "event_time": write_moment(self.at),
            "event_state": self.kind.value,
            "event_type": "explicit",
            "entity_id": self.entity,
        }
        if self.valid_for is not None:
            fields["validity_duration"] = write_duration(self.valid_for)
        return fields

    @classmethod
    def from_fields(cls, record_id: bytes, content: object) -> ConsentEvent:
        """Read what :meth:`to_fields` wrote. Raises ``Misuse``: ``consent.malformed-record``."""
        table = malformed.table(content, "event.")
        duration = table.optional_text("validity_duration")
        at, state, entity = table.text("event_time"), table.text("event_state"), table.text("entity_id")
        if table.text("event_type") != "explicit":
            raise malformed.fault("event.event_type must be explicit")
        table.end()
        with malformed.values("event"):
            return cls(
                record_id=record_id,
                kind=EventKind(state),
                at=read_moment(at),
                entity=entity,
                valid_for=read_duration(duration) if duration else None,
            )


@dataclass(frozen=True, slots=True)
class History:
    """A record and all that has happened to it, in the order it was recorded; never empty in a ledger."""

    record: ConsentRecord
    events: tuple[ConsentEvent, ...] = field(default=())

    @property
    def state(self) -> EventKind | None:
        """The kind of the last event."""
        return self.events[-1].kind if self.events else None

    @property
    def ends_at(self) -> datetime:
        """The first instant nothing is covered any more: the end of the last yes, or a withdrawal before it.

        Withdrawing what has already run out ends nothing a second time. ``ValueError`` for a history without
        events.
        """
        for event in reversed(self.events):
            if event.valid_until is not None:
                withdrawn = self.state is EventKind.WITHDRAWN
                return min(event.valid_until, self.events[-1].at) if withdrawn else event.valid_until
        raise ValueError("nothing was ever agreed to")

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether the last thing recorded is a yes that has not run out at ``moment``."""
        return self.state in _LASTING and utc(moment) < self.ends_at

    def follow(self, event: ConsentEvent) -> History:
        """Return the history with ``event`` after the others.

        Raises ``Misuse``: ``consent.event-out-of-order`` (what may not follow what, an expiry before its
        time, another record's event), ``consent.event-before-last`` (dated earlier than the last one).
        """
        if event.record_id != self.record.id:
            raise Misuse("consent.event-out-of-order", "the event belongs to another record")
        if event.kind not in _FOLLOWERS[self.state]:
            before = "at the beginning" if self.state is None else f"after {self.state}"
            raise Misuse("consent.event-out-of-order", f"{event.kind} cannot come {before}")
        if self.events:
            self._check_time(event, self.events[-1])
        return replace(self, events=(*self.events, event))

    @staticmethod
    def _check_time(event: ConsentEvent, last: ConsentEvent) -> None:
        if event.at < last.at:
            detail = f"{write_moment(event.at)} is before the last event, {write_moment(last.at)}"
            raise Misuse("consent.event-before-last", detail)
        if event.kind is EventKind.EXPIRED and last.valid_until is not None and event.at < last.valid_until:
            # An early "expiry" would be somebody else's withdrawal under another name.
            detail = f"the consent holds until {write_moment(last.valid_until)}"
            raise Misuse("consent.event-out-of-order", detail)

    def until(self, moment: datetime) -> History:
        """Return what was recorded as of ``moment``: for judging the past."""
        return replace(self, events=tuple(event for event in self.events if event.at <= utc(moment)))
