"""Coverage against an oracle written apart from it, over every history that can be recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given as draws
from hypothesis import settings
from hypothesis import strategies as st

from dongui.consent.coverage import covers
from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.purpose import ArtefactClass, RegisteredPurpose
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from simulators.consent_office import DAY, NOON, RECORD_ID, event, given, record_for, registered

AIRPORT = registered()
BUILDING = registered("building-access")
NEXT_AIRPORT = replace(AIRPORT, declared=replace(AIRPORT.declared, version=AIRPORT.version + 1))
CONTROLLER = AIRPORT.controller.id
RECORD = record_for(AIRPORT)
MICROSECOND = timedelta(microseconds=1)

# A small clock face, so that events and questions meet at the same instants often; any zone may speak.
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(timedelta(hours=-11, minutes=-30))])
TICKS = st.integers(min_value=0, max_value=12)
MOMENTS = st.builds(lambda tick, zone: (NOON + timedelta(hours=tick)).astimezone(zone), TICKS, ZONES)
LASTING = st.integers(min_value=1, max_value=6).map(lambda hours: timedelta(hours=hours))


def possible(kind: EventKind, at: datetime, lasting: timedelta) -> ConsentEvent:
    return event(kind, at, valid_for=lasting if kind in (EventKind.GIVEN, EventKind.RENEWED) else None)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """What ten attempts leave behind: those that break the order are refused and change nothing."""
    history = History(RECORD)
    for kind, at, lasting in draw(
        st.lists(st.tuples(st.sampled_from(EventKind), MOMENTS, LASTING), max_size=10)
    ):
        try:
            history = history.follow(possible(kind, at, lasting))
        except Misuse:
            continue
    return history


def oracle(history: History, at: datetime) -> str:
    """The same question as a fold over plain numbers: the end of what holds, and what is known of it."""
    said, ends, newest, asked = "consent.not-given", 0.0, -1.0, at.timestamp()
    for one in history.events:
        newest = max(newest, one.at.timestamp())
        if one.kind.value == "withdrawn":
            return "consent.withdrawn"
        if one.kind.value in ("given", "renewed"):
            assert one.valid_for is not None
            said, ends = "covered", one.at.timestamp() + one.valid_for.total_seconds()
        else:
            said, ends = "consent.expired", 0.0
    if newest > asked:
        return "consent.dated-in-future"
    return "consent.expired" if said == "covered" and asked >= ends else said


def answer(
    history: History,
    at: datetime,
    *,
    purpose: RegisteredPurpose = AIRPORT,
    controller: str = CONTROLLER,
    artefact_class: ArtefactClass = ArtefactClass.FEATURES,
) -> str:
    try:
        covered = covers(
            history, purpose=purpose, controller=controller, artefact_class=artefact_class, at=at
        )
    except (Refused, Trouble) as failure:
        return failure.name
    assert covered.judged_at == at < covered.until
    return "covered"


@settings(max_examples=300, deadline=None)
@draws(histories(), MOMENTS)
def test_coverage_is_what_the_fold_says(history: History, at: datetime) -> None:
    """For every recordable history and every moment, both say the same, by the same name."""
    assert answer(history, at) == oracle(history, at)


@settings(max_examples=80, deadline=None)
@draws(histories(), MOMENTS, ZONES)
def test_the_zone_a_moment_is_written_in_changes_nothing(
    history: History, at: datetime, zone: timezone
) -> None:
    """One instant has one answer."""
    assert answer(history, at) == answer(history, at.astimezone(zone))


@settings(max_examples=80, deadline=None)
@draws(histories(), MOMENTS)
def test_nothing_covers_after_a_withdrawal_whatever_the_clock_says(history: History, at: datetime) -> None:
    """A clock set back before the withdrawal does not undo it."""
    try:
        withdrawn = history.follow(possible(EventKind.WITHDRAWN, NOON + 12 * DAY, DAY))
    except Misuse:
        return
    assert answer(withdrawn, at) == "consent.withdrawn"


@settings(max_examples=60, deadline=None)
@draws(
    histories(),
    MOMENTS,
    st.sampled_from([AIRPORT, BUILDING, NEXT_AIRPORT]),
    st.sampled_from([CONTROLLER, "somebody-else"]),
)
def test_only_the_very_purpose_and_controller_are_covered(
    history: History, at: datetime, purpose: RegisteredPurpose, controller: str
) -> None:
    """However good the consent, it is of no use to another purpose, version or controller."""
    said = answer(history, at, purpose=purpose, controller=controller)
    if purpose is BUILDING:
        assert said == "consent.other-purpose"
    elif purpose is NEXT_AIRPORT:
        assert said == "consent.earlier-version"
    elif controller != CONTROLLER:
        assert said == "consent.other-controller"
    else:
        assert said == oracle(history, at)


BOUNDARIES = [
    (-MICROSECOND, "consent.dated-in-future"),
    (timedelta(0), "covered"),
    (30 * DAY - MICROSECOND, "covered"),
    (30 * DAY, "consent.expired"),
    (30 * DAY + MICROSECOND, "consent.expired"),
]


@pytest.mark.parametrize(("after", "said"), BOUNDARIES)
def test_the_first_instant_is_covered_and_the_last_is_not(after: timedelta, said: str) -> None:
    """A consent for thirty days covers from its very instant up to, and not at, the same time 30 days on."""
    assert answer(given(RECORD), NOON + after) == said


def test_events_at_one_instant_count_in_their_order() -> None:
    """Withdrawn at the very instant it was given: withdrawn."""
    history = given(RECORD).follow(event(EventKind.WITHDRAWN, NOON))
    assert answer(history, NOON) == "consent.withdrawn"


def test_a_renewal_counts_from_itself() -> None:
    """A renewal does not add to the old end, and it may shorten what was left."""
    history = given(RECORD).follow(event(EventKind.RENEWED, NOON + DAY, valid_for=2 * DAY))
    assert answer(history, NOON + 3 * DAY - MICROSECOND) == "covered"
    assert answer(history, NOON + 3 * DAY) == "consent.expired"


def test_the_past_can_be_judged_as_it_was_known_then() -> None:
    """What was covered yesterday stays covered for yesterday after today's withdrawal."""
    history = given(RECORD).follow(event(EventKind.WITHDRAWN, NOON + DAY))
    yesterday = NOON + timedelta(hours=3)
    assert answer(history, yesterday) == "consent.withdrawn"
    assert answer(history.until(yesterday), yesterday) == "covered"


def test_an_artefact_nobody_agreed_to_is_not_covered() -> None:
    """Agreeing to pictures is not agreeing to numbers computed from them."""
    items = tuple(item for item in RECORD.items if item.artefact_class is not ArtefactClass.FEATURES)
    history = given(replace(RECORD, items=items))
    assert answer(history, NOON) == "consent.other-artefact"
    assert answer(history, NOON, artefact_class=ArtefactClass.PROBE_IMAGE) == "covered"


def test_a_moment_without_a_zone_is_the_callers_mistake() -> None:
    """An hour nobody can place is not silently taken for UTC."""
    with pytest.raises(ValueError, match="time zone"):
        answer(given(RECORD), datetime(2026, 11, 21))  # noqa: DTZ001


def test_a_wrong_clock_is_nobodys_refusal() -> None:
    """Where a clock is wrong the answer is undetermined: it says nothing about the person."""
    with pytest.raises(DonguiError) as caught:
        covers(
            given(RECORD),
            purpose=AIRPORT,
            controller=CONTROLLER,
            artefact_class=ArtefactClass.FEATURES,
            at=NOON - DAY,
        )
    assert isinstance(caught.value, Trouble)
    assert RECORD_ID.hex() not in str(caught.value)
