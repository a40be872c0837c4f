"""What is said about one consent at a time, in which order it may be said, and from when it counts.

An act is about one (person, purpose, recipient, artefact): image and template are agreed to apart. It becomes
an event by its log entry. *A consent counts from its log entry, not from the date it claims*: a later date it
names is respected, an earlier one is not. Whatever stops a consent counts from its log entry at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dongui.consent.moments import utc
from dongui.custody.moments import FOREVER_US, microseconds
from dongui.custody.question import Artefact
from dongui.custody.schema import ConsentFlag, EventKind
from dongui.encoding import cbor
from dongui.errors import Misuse
from dongui.log.entry import Entry, EntryKind, commitment

__all__ = [
    "FOLLOWERS",
    "ID_BYTES",
    "ConsentAct",
    "ConsentKey",
    "CustodyEvent",
    "CustodyLedger",
    "follow",
    "zones_agree",
]

ID_BYTES = 16
"""Of a person's id."""
_LONGEST_NAME = 120
_BEGINNINGS = (EventKind.GIVEN, EventKind.GUARDIAN_GIVEN)
_STOPS = (EventKind.WITHDRAWN, EventKind.EXPIRED, EventKind.SUSPENDED)
_AFTER_YES = (*_STOPS, EventKind.RENEWED, EventKind.GUARDIAN_GIVEN)
FOLLOWERS: dict[EventKind | None, tuple[EventKind, ...]] = {
    # Somebody may have processing suspended who never agreed: other grounds exist, and they bind those.
    None: (*_BEGINNINGS, EventKind.SUSPENDED),
    EventKind.GIVEN: _AFTER_YES,
    EventKind.RENEWED: _AFTER_YES,
    EventKind.GUARDIAN_GIVEN: _AFTER_YES,
    EventKind.RESUMED: _AFTER_YES,
    EventKind.EXPIRED: (*_BEGINNINGS, EventKind.RENEWED, EventKind.WITHDRAWN, EventKind.SUSPENDED),
    EventKind.WITHDRAWN: (*_BEGINNINGS, EventKind.SUSPENDED),
    # What was suspended is resumed, or withdrawn altogether; nobody gives it a second time meanwhile.
    EventKind.SUSPENDED: (EventKind.RESUMED, EventKind.WITHDRAWN),
}
"""What may follow what; None is the beginning."""


@dataclass(frozen=True, slots=True, order=True)
class ConsentKey:
    """What one consent is about. ``person`` is 16 bytes; ids have 1 to 120 printable characters."""

    person: bytes
    purpose: str
    recipient: str
    artefact: Artefact

    def __post_init__(self) -> None:
        if len(self.person) != ID_BYTES:
            raise ValueError(f"a person's id has {ID_BYTES} bytes")
        for name in (self.purpose, self.recipient):
            # What cannot be printed could not be told from another id by whoever reads it.
            if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME or name.strip() != name:
                raise ValueError(
                    f"a purpose's or recipient's id has 1 to {_LONGEST_NAME} printable characters"
                )


@dataclass(frozen=True, slots=True)
class ConsentAct:
    """What somebody said, before it is logged.

    ``claimed_at`` is when they say they said it. The terms, ``flags``, ``valid_until`` and
    ``retained_until`` (None: without an end), go with what gives or renews; for the other kinds the terms
    that stand are kept, and these must be at their defaults.
    """

    key: ConsentKey
    kind: EventKind
    claimed_at: datetime
    flags: int = 0
    valid_until: datetime | None = None
    retained_until: datetime | None = None

    def __post_init__(self) -> None:
        utc(self.claimed_at)
        if not self.says_yes and (self.flags or self.valid_until or self.retained_until):
            raise ValueError(f"{self.kind.name} sets no terms")

    @property
    def says_yes(self) -> bool:
        """True where it brings terms of its own."""
        return self.kind in (EventKind.GIVEN, EventKind.RENEWED, EventKind.GUARDIAN_GIVEN)


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """An act as it stands in the ledger: the terms that hold after it, and when it was logged.

    ``blind`` opens its log entry; the person is given a copy. ``position`` is its entry's index, -1 until it
    has one. Moments are microseconds since 1970, UTC.
    """

    key: ConsentKey
    kind: EventKind
    flags: int
    claimed_us: int
    logged_us: int
    counts_from_us: int
    valid_until_us: int
    retained_until_us: int
    blind: bytes
    position: int = -1

    def content(self) -> bytes:
        """Return the canonical CBOR that the log entry commits to."""
        key = self.key
        return cbor.dumps(
            [
                1,
                key.person,
                key.purpose,
                key.recipient,
                key.artefact.value,
                self.kind.value,
                self.flags,
                self.claimed_us,
                self.logged_us,
                self.valid_until_us,
                self.retained_until_us,
            ]
        )

    def entry(self) -> Entry:
        """Return its log entry: a kind and a commitment, which tell a reader of the log nothing."""
        return Entry(EntryKind.CONSENT, commitment(self.content(), blind=self.blind))


def follow(last: CustodyEvent | None, act: ConsentAct, *, logged_at: datetime, blind: bytes) -> CustodyEvent:
    """Return the event that ``act`` becomes after ``last``, the latest of the same key, or nothing.

    Raises ``Misuse``: ``snapshot.withdrawn-before-given`` (what may not begin),
    ``snapshot.event-out-of-order`` (what may not follow, an expiry before its time),
    ``snapshot.claimed-in-future`` for a stop dated later than its log entry.
    """
    logged_us, claimed_us = microseconds(logged_at), microseconds(act.claimed_at)
    _check_follows(last, act, logged_us=logged_us)
    if act.says_yes:
        flags, valid_until_us, retained_until_us = _own_terms(act)
        counts_from_us = max(logged_us, claimed_us)
    else:
        if claimed_us > logged_us:
            detail = f"{act.kind.name.lower()} is dated after its log entry; it counts from the entry"
            raise Misuse("snapshot.claimed-in-future", detail)
        flags, valid_until_us, retained_until_us, counts_from_us = _kept_terms(last, logged_us)
    return CustodyEvent(
        key=act.key,
        kind=act.kind,
        flags=flags,
        claimed_us=claimed_us,
        logged_us=logged_us,
        counts_from_us=counts_from_us,
        valid_until_us=valid_until_us,
        retained_until_us=retained_until_us,
        blind=blind,
    )


def _check_follows(last: CustodyEvent | None, act: ConsentAct, *, logged_us: int) -> None:
    kind = act.kind
    if last is None and kind not in FOLLOWERS[None]:
        raise Misuse("snapshot.withdrawn-before-given", f"{kind.name.lower()} where nothing was ever given")
    if last is not None and kind not in FOLLOWERS[last.kind]:
        detail = f"{kind.name.lower()} cannot follow {last.kind.name.lower()}"
        raise Misuse("snapshot.event-out-of-order", detail)
    if last is not None and kind is EventKind.EXPIRED and logged_us < last.valid_until_us:
        # An early expiry would be somebody else's withdrawal under another name.
        raise Misuse("snapshot.event-out-of-order", "expired before the time that was agreed")


def _own_terms(act: ConsentAct) -> tuple[int, int, int]:
    flags = act.flags | (ConsentFlag.GUARDIAN if act.kind is EventKind.GUARDIAN_GIVEN else 0)
    ends = [FOREVER_US if at is None else microseconds(at) for at in (act.valid_until, act.retained_until)]
    return int(flags), ends[0], ends[1]


def _kept_terms(last: CustodyEvent | None, logged_us: int) -> tuple[int, int, int, int]:
    if last is None:
        return 0, 0, 0, logged_us  # Suspended before anything was given: nothing stands that could resume.
    return last.flags, last.valid_until_us, last.retained_until_us, max(last.counts_from_us, logged_us)


def zones_agree(moments: Iterable[datetime]) -> None:
    """Refuse moments of one delivery in more than one time zone, or without one.

    Raises ``Misuse`` ``snapshot.two-time-zones``: one of two such columns was converted wrongly, and a
    withdrawal nine hours late is a release too many.
    """
    zones = {moment.utcoffset() for moment in moments}
    if len(zones) > 1 or None in zones:
        shown = ", ".join(sorted("none" if zone is None else str(zone) for zone in zones))
        raise Misuse("snapshot.two-time-zones", f"offsets from UTC: {shown}")


class CustodyLedger(Protocol):
    """Who is known, and what was said about their consents: append-only, in the order of the log."""

    def register_people(self, people: Iterable[bytes]) -> int:
        """Make people known, each by 16 bytes; those known already stay. Return how many are new."""

    def append(self, acts: Iterable[ConsentAct]) -> list[CustodyEvent]:
        """Log acts and keep them as events, all or none, durably; return them with their positions.

        Raises ``Misuse``: ``snapshot.unknown-person`` and what :func:`follow` and :func:`zones_agree` raise.
        """

    def latest(self, key: ConsentKey) -> CustodyEvent | None:
        """Return the latest event of one key, or None."""
