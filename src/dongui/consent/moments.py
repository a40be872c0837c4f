"""Moments and durations, each with exactly one written form, so that equal ones have equal digests."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["read_duration", "read_moment", "utc", "write_duration", "write_moment"]

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")
_DURATION = re.compile(r"PT(0|[1-9]\d{0,11})S")


def utc(moment: datetime) -> datetime:
    """Return the same instant in UTC. ``ValueError`` for a datetime without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("moment has no time zone; give an aware datetime")
    return moment.astimezone(UTC)


def write_moment(moment: datetime) -> str:
    """Return RFC 3339 in UTC, always with six digits of a second: ``2026-11-22T04:39:00.000000Z``."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_moment(text: str) -> datetime:
    """Return what :func:`write_moment` wrote. ``ValueError`` for any other form."""
    if not _MOMENT.fullmatch(text):
        raise ValueError("a moment is written YYYY-MM-DDThh:mm:ss.ffffffZ")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def write_duration(duration: timedelta) -> str:
    """Return ISO 8601 in whole seconds: ``PT86400S``. ``ValueError`` for a fraction or a negative one."""
    if duration < timedelta(0) or duration.microseconds:
        raise ValueError("a duration is a whole number of seconds, none of them negative")
    return f"PT{duration // timedelta(seconds=1)}S"


def read_duration(text: str) -> timedelta:
    """Return what :func:`write_duration` wrote. ``ValueError`` for any other form."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is written PT<seconds>S")
    return timedelta(seconds=int(match[1]))
