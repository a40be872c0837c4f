"""When the record of a consent has to be gone: a pure rule over what is recorded."""

from __future__ import annotations

from datetime import UTC, datetime

from dongui.consent.events import History
from dongui.consent.moments import utc

__all__ = ["is_over", "kept_until"]


def kept_until(history: History) -> datetime:
    """Return the first instant at which the record must be gone: the consent's end plus its retention.

    The retention is the one the person read (``retention_period.consent_record``), whatever the purpose says
    today. A renewal, as long as there is a record to renew, moves the end. ``ValueError`` for a history
    without events.
    """
    try:
        return history.ends_at + history.record.record_kept_for
    except OverflowError:
        # Later than the calendar goes is never over; a purpose that can be registered does not come near.
        return datetime.max.replace(tzinfo=UTC)


def is_over(history: History, *, at: datetime) -> bool:
    """Tell whether the record's time is over at the moment ``at``."""
    return utc(at) >= kept_until(history)
