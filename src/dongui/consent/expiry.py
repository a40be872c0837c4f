"""When a consent has run out by itself: a pure rule, and the event that writes it down."""

from __future__ import annotations

from datetime import datetime

from dongui.consent.events import ConsentEvent, EventKind, History

__all__ = ["expiry", "lasts"]


def lasts(history: History) -> bool:
    """Tell whether the last thing recorded is a yes: whether it has run out or is yet to."""
    return history.state in (EventKind.GIVEN, EventKind.RENEWED)


def expiry(history: History, *, at: datetime) -> ConsentEvent | None:
    """Return the event that a consent has run out by the moment ``at``; None where there is none to write.

    It is dated to the instant the consent ran out, not to when somebody looked: so it is the same event,
    whoever writes it down and however late. It covers nothing from that instant, written down or not.
    """
    if not lasts(history) or history.holds_at(at):
        return None
    record = history.record
    return ConsentEvent(
        record_id=record.id, kind=EventKind.EXPIRED, at=history.ends_at, entity=record.controller.id
    )
