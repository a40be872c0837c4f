"""Terms are counted as the laws count them: months by the calendar, no end on a holiday."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongui.custody.rights.due_dates import (
    NO_HOLIDAYS,
    Holidays,
    Term,
    due_date,
    end_of,
    read_holidays,
    zone_named,
)
from dongui.custody.rights.kinds import Right
from dongui.custody.rights.law import law, laws
from dongui.custody.rule_pack import rule_packs
from dongui.errors import Misuse

SEOUL = zone_named("Asia/Seoul")


def on(day: str, hour: int = 3) -> datetime:
    """Return a moment of a day in UTC."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


CASES = [
    # Received, term, due; why.
    ("2026-11-02", Term(days=10), "2026-11-12"),  # a Monday: the day of receipt is not counted
    ("2026-11-04", Term(days=10), "2026-11-16"),  # would end on Saturday the 14th: Monday
    ("2026-11-05", Term(days=10), "2026-11-16"),  # would end on Sunday the 15th
    ("2026-01-31", Term(months=1), "2026-03-02"),  # February has no 31st: its last day, a Saturday; so Monday
    ("2027-01-29", Term(months=1), "2027-03-01"),  # the 28th of February is a Sunday
    ("2028-01-31", Term(months=1), "2028-02-29"),  # a leap year's last day, a Tuesday
    ("2026-12-15", Term(months=1), "2027-01-15"),  # over the year's end
    ("2026-11-30", Term(months=3), "2027-03-01"),  # one month and two: the 28th is a Sunday
    ("2026-08-31", Term(months=1), "2026-09-30"),
]


@pytest.mark.parametrize(("received", "term", "due"), CASES)
def test_terms_end_where_the_calendar_says(received: str, term: Term, due: str) -> None:
    """Month ends, weekends, leap years."""
    assert due_date(on(received), term, zone=UTC, holidays=NO_HOLIDAYS) == date.fromisoformat(due)


def test_the_day_is_the_controllers_own() -> None:
    """What arrives at 22:00 UTC on Sunday arrives on Monday in Seoul, and its last day ends there."""
    received = on("2026-11-01", hour=22)
    assert due_date(received, Term(days=10), zone=SEOUL, holidays=NO_HOLIDAYS) == date(2026, 11, 12)
    assert due_date(received, Term(days=10), zone=UTC, holidays=NO_HOLIDAYS) == date(2026, 11, 11)
    assert end_of(date(2026, 11, 12), SEOUL) == datetime(2026, 11, 12, 15, tzinfo=UTC)


def test_a_holiday_moves_the_end_and_an_unknown_one_does_not(tmp_path: Path) -> None:
    """Children's Day and what follows it; a calendar says who published it."""
    calendar = tmp_path / "holidays.toml"
    calendar.write_text(
        'source = "a ministry, 2025-06-01"\ndays = [2026-05-05, 2026-05-06]\n', encoding="utf-8"
    )
    known = read_holidays(calendar)
    received = on("2026-04-25")
    assert due_date(received, Term(days=10), zone=SEOUL, holidays=known) == date(2026, 5, 7)
    assert due_date(received, Term(days=10), zone=SEOUL, holidays=NO_HOLIDAYS) == date(2026, 5, 5)
    for text in ("days = [2026-05-05]", 'source = "x"\ndays = ["2026-05-05"]', "source ="):
        calendar.write_text(text, encoding="utf-8")
        with pytest.raises(Misuse, match="rights.calendar-malformed"):
            read_holidays(calendar)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 25_000),
    st.integers(1, 60),
    st.integers(1, 12),
    st.sets(st.integers(0, 400), max_size=40),
)
def test_an_end_is_never_early_and_never_on_a_free_day(
    since: int, days: int, months: int, free: set[int]
) -> None:
    """Whole days after receipt; a working day; a further holiday never brings it forward."""
    received = datetime(2020, 1, 1, 7, tzinfo=UTC) + timedelta(days=since, hours=since % 24)
    holidays = Holidays("drawn", frozenset(received.date() + timedelta(days=one) for one in free))
    for term in (Term(days=days), Term(months=months)):
        due = due_date(received, term, zone=SEOUL, holidays=holidays)
        plain = due_date(received, term, zone=SEOUL, holidays=NO_HOLIDAYS)
        assert plain <= due
        assert due.weekday() < 5
        assert due not in holidays.days
        assert end_of(due, SEOUL) - received >= timedelta(days=days if term.days else 28 * months)


def test_every_law_answers_every_right_and_is_named_as_its_rule_pack() -> None:
    """No right without a term and articles; the ids are those of the rule packs."""
    assert set(laws()) == set(rule_packs())
    for one in laws().values():
        assert set(one.rights) == set(Right)
        assert all(terms.articles for terms in one.rights.values())
        assert one.counting
    assert law("PIPA_2025_10").rights[Right.ERASURE].term == Term(days=10)
    assert law("GDPR_2016_679").rights[Right.ERASURE].term == Term(months=1)
    with pytest.raises(Misuse, match="rights.unknown-law"):
        law("GDPR")
    with pytest.raises(Misuse, match="rights.no-such-ground"):
        law("PIPA_2025_10").ground("contract", Right.ERASURE)
    with pytest.raises(Misuse, match="rights.unknown-zone"):
        zone_named("Nowhere/There")
