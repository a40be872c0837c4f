"""When a record's time is over, against plain numbers, over every history that can be recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, settings
from hypothesis import given as draws
from hypothesis import strategies as st

from dongui.consent.events import EventKind, History
from dongui.consent.retention import is_over, kept_until
from dongui.errors import Misuse
from simulators.consent_office import DAY, NOON, event, given, record_for, registered

RECORD = record_for(registered())
TICKS = st.integers(min_value=0, max_value=12)
HOUR = timedelta(hours=1)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-11, minutes=-30))])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """What a few attempts leave behind, under a retention of none to eight hours."""
    history = History(replace(RECORD, record_kept_for=draw(st.integers(0, 8)) * HOUR))
    attempts = st.tuples(st.sampled_from(EventKind), TICKS, st.integers(1, 6))
    for kind, tick, lasting in [(EventKind.GIVEN, 0, draw(st.integers(1, 6))), *draw(st.lists(attempts))]:
        yes = kind in (EventKind.GIVEN, EventKind.RENEWED)
        try:
            made = event(kind, NOON + tick * HOUR, valid_for=lasting * HOUR if yes else None)
            history = history.follow(made)
        except Misuse:
            continue
    return history


def end_in_hours(history: History) -> float:
    """The end of the consent, hour by hour as an office would have lived through it."""
    end = float("nan")
    for one in history.events:
        hour = (one.at - NOON) / HOUR
        if one.valid_for is not None:
            end = hour + one.valid_for / HOUR
        elif one.kind is EventKind.WITHDRAWN and hour < end:
            end = hour
    return end


@settings(max_examples=300, deadline=None)
@draws(histories(), st.integers(0, 40), ZONES)
def test_a_record_is_over_when_retention_has_passed_since_the_end(
    history: History, tick: int, zone: timezone
) -> None:
    """End plus retention, to the instant, in whatever zone somebody asks."""
    over_from = end_in_hours(history) + history.record.record_kept_for / HOUR
    assert is_over(history, at=(NOON + tick * HOUR).astimezone(zone)) == (tick >= over_from)
    assert kept_until(history) == NOON + over_from * HOUR


@settings(max_examples=150, deadline=None)
@draws(histories(), TICKS)
def test_what_still_holds_is_never_over(history: History, tick: int) -> None:
    """No retention, however short, takes the record of a consent that still covers something."""
    moment = NOON + tick * HOUR
    assume(history.holds_at(moment))
    assert not is_over(history, at=moment)


@settings(max_examples=150, deadline=None)
@draws(histories(), TICKS)
def test_a_late_withdrawal_keeps_nothing_longer(history: History, tick: int) -> None:
    """Withdrawing what has run out does not begin the retention anew; withdrawing early only shortens it."""
    try:
        withdrawn = history.follow(event(EventKind.WITHDRAWN, NOON + tick * HOUR))
    except Misuse:
        return
    assert kept_until(withdrawn) <= kept_until(history)


def test_the_last_instant_is_kept_and_the_next_is_not() -> None:
    """Thirty days of consent, then the retention the person read: to the microsecond."""
    history = given(RECORD)
    over = NOON + 30 * DAY + RECORD.record_kept_for
    assert RECORD.record_kept_for >= 30 * DAY
    assert not is_over(history, at=over - timedelta(microseconds=1))
    assert is_over(history, at=over)


def test_no_retention_is_beyond_the_calendar() -> None:
    """A retention of thirty thousand years is no error, and never over."""
    history = given(replace(RECORD, record_kept_for=timedelta(days=11_000_000)))
    assert not is_over(history, at=datetime(9999, 12, 31, tzinfo=UTC))


def test_a_moment_without_a_zone_is_the_callers_mistake() -> None:
    """An hour nobody can place destroys nothing."""
    with pytest.raises(ValueError, match="time zone"):
        is_over(given(RECORD), at=datetime(2030, 1, 1))  # noqa: DTZ001
