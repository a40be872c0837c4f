"""Coverage against an oracle written apart from it, over every history that can be recorded."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given as draws
from hypothesis import settings
from hypothesis import strategies as st

from dongui.consent.coverage import covers
from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.fields import LANGUAGES, Localised
from dongui.consent.purpose import ArtefactClass, RegisteredPurpose
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from simulators.consent_office import DAY, NOON, RECORD_ID, event, given, record_for, registered

AIRPORT = registered()
BUILDING = registered("building-access")
DECLARED = AIRPORT.declared
NEXT_AIRPORT = replace(AIRPORT, declared=replace(DECLARED, version=AIRPORT.version + 1))
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
    data = tuple(item for item in DECLARED.data if item.artefact_class is not ArtefactClass.FEATURES)
    pictures = replace(AIRPORT, declared=replace(DECLARED, data=data))
    history = given(record_for(pictures))
    assert answer(history, NOON, purpose=pictures) == "consent.other-artefact"
    assert answer(history, NOON, purpose=pictures, artefact_class=ArtefactClass.PROBE_IMAGE) == "covered"


def retold(value: object, language: str) -> Any:
    """Return a value of a purpose with something else said in that language: no other language changes."""
    match value:
        case Localised():
            return replace(value, **{language: f"{value[language]}."})
        case str():
            return f"{value}x"
        case timedelta():
            return value + DAY
        case ():
            return (AIRPORT.controller,)  # nobody was a recipient; now somebody is
        case tuple() as several:
            return several[1:]
    raise TypeError


def restated(value: Any, language: str, *path: str) -> Any:
    """Return ``value`` with the one thing at ``path`` told anew; a number is a place in a tuple."""
    if not path:
        return retold(value, language)
    first, *rest = path
    if first.isdigit():
        place = int(first)
        return (*value[:place], restated(value[place], language, *rest), *value[place + 1 :])
    return replace(value, **{first: restated(getattr(value, first), language, *rest)})


# Every term that a record takes from a purpose, and whether it is told in two languages.
TERMS = {
    **dict.fromkeys(
        (
            "declared.name",
            "declared.description",
            "declared.data.0.name",
            "declared.data.1.source",
            "declared.collection_method",
            "declared.withdrawal",
            "declared.rights",
            "controller.name",
            "controller.address",
            "other_way.description",
            "retention.text",
        ),
        True,
    ),
    **dict.fromkeys(
        (
            "declared.uses",
            "declared.legal_grounds",
            "declared.data",
            "declared.storage_locations",
            "declared.jurisdiction",
            "controller.contact",
            "retention.face",
            "retention.consent_record",
            "recipients",
        ),
        False,
    ),
}
LANGUAGE = st.sampled_from(LANGUAGES)


@settings(max_examples=120, deadline=None)
@draws(histories(), MOMENTS, st.sampled_from(sorted(TERMS)), LANGUAGE, LANGUAGE)
def test_every_term_of_the_record_is_compared_in_the_language_that_was_read(
    history: History, at: datetime, term: str, read: str, changed: str
) -> None:
    """One term said otherwise under the same version covers nothing, however good the consent.

    What changes in a language the person did not read was never told them, and changes nothing.
    """
    history = replace(history, record=record_for(AIRPORT, language=read))
    purpose = restated(AIRPORT, changed, *term.split("."))
    told = read == changed or not TERMS[term]
    assert answer(history, at, purpose=purpose) == (
        "consent.earlier-version" if told else oracle(history, at)
    )


@settings(max_examples=40, deadline=None)
@draws(histories(), MOMENTS, LANGUAGE, LANGUAGE)
def test_the_notice_is_compared_to_the_letter(
    history: History, at: datetime, read: str, changed: str
) -> None:
    """One character of the notice in the language that was read: another notice, whatever its version."""
    history = replace(history, record=record_for(AIRPORT, language=read))
    notice = AIRPORT.notice(changed)
    notices = {**DECLARED.notices, changed: replace(notice, text=f"{notice.text} ")}
    purpose = replace(AIRPORT, declared=replace(DECLARED, notices=notices))
    told = read == changed
    assert answer(history, at, purpose=purpose) == (
        "consent.earlier-version" if told else oracle(history, at)
    )


def test_every_term_of_a_record_is_among_those_tried() -> None:
    """A term that a later record holds is not left out of the comparison, nor of its test."""
    of_themselves = {"id", "subject", "created_at", "language"}
    compared_apart = {"purpose_id", "purpose_version", "notice_id", "notice_version", "notice_digest"}
    for language in LANGUAGES:
        tried = [
            record_for(restated(AIRPORT, language, *term.split(".")), language=language) for term in TERMS
        ]
        own = record_for(AIRPORT, language=language)
        names = {one.name for one in fields(own)}
        changed = {name for name in names for other in tried if getattr(other, name) != getattr(own, name)}
        assert changed == names - of_themselves - compared_apart


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
