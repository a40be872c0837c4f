"""An office that asks for consent: a registered purpose, a person behind a handle, and a few moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.profile import load_profile
from dongui.consent.purpose import Purpose, RegisteredPurpose
from dongui.consent.record import ConsentRecord
from dongui.consent.registration import register
from dongui.profiles import shipped_profiles

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HANDLE = bytes(range(32))
RECORD_ID = bytes(range(16))


def declared(profile: str = "airport-gate") -> Purpose:
    """A purpose as its folder declares it."""
    return load_profile(shipped_profiles()[profile])


def registered(profile: str = "airport-gate") -> RegisteredPurpose:
    """A purpose as registered."""
    return register(declared(profile))


def record_for(
    purpose: RegisteredPurpose, *, record_id: bytes = RECORD_ID, subject: bytes = HANDLE, language: str = "ko"
) -> ConsentRecord:
    """What that person agreed to at noon."""
    return ConsentRecord.make(
        purpose, record_id=record_id, subject=subject, language=language, created_at=NOON
    )


def event(
    kind: EventKind, at: datetime, *, valid_for: timedelta | None = None, record_id: bytes = RECORD_ID
) -> ConsentEvent:
    """One event; the person's doing, or for an expiry the controller's."""
    entity = "hanbit-airport" if kind is EventKind.EXPIRED else HANDLE.hex()
    return ConsentEvent(record_id=record_id, kind=kind, at=at, entity=entity, valid_for=valid_for)


def given(record: ConsentRecord, *, at: datetime = NOON, valid_for: timedelta = 30 * DAY) -> History:
    """A history that begins, as all do, with the consent being given."""
    return History(record).follow(event(EventKind.GIVEN, at, valid_for=valid_for, record_id=record.id))
