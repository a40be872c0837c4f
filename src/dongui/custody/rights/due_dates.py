"""When the law wants an answer: terms of days or calendar months, counted as the laws count them.

The day of receipt is not counted. A month ends with the day of the same date, or with the month's last day
where it has no such date. A term that would end on a Saturday, a Sunday or a public holiday ends with the
next day that is none. Public holidays come from a calendar that says who published it and when; a holiday
that is not in it makes the due date earlier than the law does, never later.
"""

from __future__ import annotations

import calendar
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dongui.consent.moments import utc
from dongui.errors import Misuse

__all__ = ["NO_HOLIDAYS", "Holidays", "Term", "due_date", "end_of", "read_holidays", "zone_named"]

_SATURDAY = 5
_LONGEST = 366


@dataclass(frozen=True, slots=True)
class Term:
    """So many days, or so many calendar months: one of them is 0."""

    days: int = 0
    months: int = 0

    def __post_init__(self) -> None:
        if (
            (self.days > 0) == (self.months > 0)
            or not 0 <= self.days <= _LONGEST
            or not 0 <= self.months <= 12
        ):
            raise ValueError("a term is of days or of months, at most a year")

    def __add__(self, other: Term) -> Term:
        """Return the term prolonged by another of its kind; it is counted from the beginning, once."""
        return Term(self.days + other.days, self.months + other.months)


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays, and who said so: ``source`` names the publisher and the date."""

    source: str
    days: frozenset[date]


NO_HOLIDAYS = Holidays("none; Saturdays and Sundays alone", frozenset())
"""Where nobody named a calendar."""


def due_date(received: datetime, term: Term, *, zone: tzinfo, holidays: Holidays) -> date:
    """Return the last day on which the answer is in time. ``ValueError`` for a moment without a zone."""
    day = utc(received).astimezone(zone).date()
    due = day + timedelta(days=term.days) if term.days else _months_after(day, term.months)
    while due.weekday() >= _SATURDAY or due in holidays.days:
        due += timedelta(days=1)
    return due


def end_of(day: date, zone: tzinfo) -> datetime:
    """Return the first moment after a day, in UTC: from then on an answer is late."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def zone_named(name: str) -> tzinfo:
    """Return a time zone. Raises ``Misuse`` (``rights.unknown-zone``)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misuse("rights.unknown-zone", f"{name[:60]!r} is no time zone known here") from None


def read_holidays(path: Path) -> Holidays:
    """Read a calendar: TOML with ``source`` and ``days``, a list of dates.

    Raises ``Misuse``: ``file.not-found``, ``rights.calendar-malformed``.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misuse("file.not-found", str(path)) from None
    except (OSError, ValueError) as error:
        raise Misuse("rights.calendar-malformed", f"{path}: {type(error).__name__}") from None
    source, days = content.get("source"), content.get("days")
    if not isinstance(source, str) or not source.strip() or not isinstance(days, list):
        raise Misuse("rights.calendar-malformed", f"{path}: it names no source, or no list of days")
    if not all(type(day) is date for day in days):
        raise Misuse("rights.calendar-malformed", f"{path}: a day is written 2026-05-05, without quotes")
    return Holidays(source, frozenset(days))


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
