"""Moments in custody: microseconds since 1970, UTC, in whole numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dongui.consent.moments import utc

__all__ = ["FOREVER_US", "microseconds", "moment_of"]

FOREVER_US = 2**63 - 1
"""The moment that never comes: a consent without an end, a retention without one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return microseconds since 1970 in UTC, exactly. ``ValueError`` for a moment without a time zone."""
    since = utc(moment) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(microseconds_since: int) -> datetime:
    """Return the moment of so many microseconds. ``OverflowError`` beyond the calendar."""
    return _EPOCH + timedelta(microseconds=microseconds_since)
