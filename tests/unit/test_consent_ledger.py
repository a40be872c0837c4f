"""The ledger: what goes in stays as it was, in order, for each person apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from dongui.consent.events import ConsentEvent, EventKind, History
from dongui.consent.giving import give, renew, withdraw
from dongui.consent.subject import require_same_handle, subject_handle
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.consent_office import DAY, HANDLE, NOON, RECORD_ID, event, given, record_for, registered

ENTROPY = SystemEntropy()
AIRPORT = registered()
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    with SqliteLedger.open(tmp_path / "consent.sqlite", entropy=ENTROPY) as opened:
        yield opened


def clock(moment: datetime) -> FixedClock:
    return FixedClock(moment)


def keep(ledger: SqliteLedger, history: History) -> None:
    ledger.open_record(history, AIRPORT.notice(history.record.language))


def test_a_consent_comes_back_as_it_was_given(ledger: SqliteLedger) -> None:
    """Record, event and the very notice text are read back equal."""
    receipt = give(ledger, purpose=AIRPORT, handle=HANDLE, language="ko", clock=clock(NOON), entropy=ENTROPY)
    history = ledger.history(receipt.history.record.id)
    assert history == receipt.history
    assert history.record.subject == HANDLE
    assert ledger.notice_text(history.record.notice_digest) == AIRPORT.notice("ko").text
    assert ledger.list_records() == [history]
    assert ledger.list_records("building-access") == []


def test_events_follow_in_their_order(ledger: SqliteLedger) -> None:
    """Given, renewed, expired, renewed, expired, withdrawn: each is kept, an expiry once, at its instant."""
    told: list[Sequence[History]] = []
    receipt = give(ledger, purpose=AIRPORT, handle=HANDLE, language="en", clock=clock(NOON), entropy=ENTROPY)
    record_id = receipt.history.record.id
    renew(ledger, record_id, purpose=AIRPORT, clock=clock(NOON + DAY), entropy=ENTROPY)
    assert ledger.expire(at=NOON + 366 * DAY - MICROSECOND, before=told.append) == 0
    assert ledger.expire(at=NOON + 399 * DAY, before=told.append) == 1
    assert ledger.expire(at=NOON + 399 * DAY, before=told.append) == 0
    renew(ledger, record_id, purpose=AIRPORT, clock=clock(NOON + 400 * DAY), entropy=ENTROPY)
    assert ledger.expire(at=NOON + 765 * DAY, before=told.append) == 1
    last = withdraw(ledger, record_id, clock=clock(NOON + 766 * DAY), entropy=ENTROPY)
    assert ledger.expire(at=NOON + 5000 * DAY, before=told.append) == 0
    events = ledger.history(record_id).events
    kinds = ["given", "renewed", "expired", "renewed", "expired", "withdrawn"]
    assert [one.kind.value for one in events] == kinds
    assert [one.at for one in events if one.kind is EventKind.EXPIRED] == [NOON + 366 * DAY, NOON + 765 * DAY]
    assert [history.events for (history,) in told] == [events[:3], events[:5]]
    assert last.history == ledger.history(record_id)
    assert last.history.ends_at == NOON + 765 * DAY


FORBIDDEN_ORDERS = {
    "withdrawn before given": ([], EventKind.WITHDRAWN),
    "expired before given": ([], EventKind.EXPIRED),
    "renewed before given": ([], EventKind.RENEWED),
    "given twice": ([EventKind.GIVEN], EventKind.GIVEN),
    "expired early": ([EventKind.GIVEN], EventKind.EXPIRED),
    "withdrawn twice": ([EventKind.GIVEN, EventKind.WITHDRAWN], EventKind.WITHDRAWN),
    "renewed after withdrawal": ([EventKind.GIVEN, EventKind.WITHDRAWN], EventKind.RENEWED),
    "given after withdrawal": ([EventKind.GIVEN, EventKind.WITHDRAWN], EventKind.GIVEN),
    "expired after withdrawal": ([EventKind.GIVEN, EventKind.WITHDRAWN], EventKind.EXPIRED),
    "expired early after renewal": ([EventKind.GIVEN, EventKind.RENEWED], EventKind.EXPIRED),
}


def made(kind: EventKind, at: datetime) -> ConsentEvent:
    lasting = kind in (EventKind.GIVEN, EventKind.RENEWED)
    return event(kind, at, valid_for=30 * DAY if lasting else None)


@pytest.mark.parametrize(("before", "kind"), FORBIDDEN_ORDERS.values(), ids=FORBIDDEN_ORDERS.keys())
def test_what_cannot_come_next_is_refused(before: list[EventKind], kind: EventKind) -> None:
    """The life of a consent has one beginning and, once withdrawn, an end."""
    history = History(record_for(AIRPORT))
    for hours, earlier in enumerate(before):
        history = history.follow(made(earlier, NOON + timedelta(hours=hours)))
    with pytest.raises(Misuse) as caught:
        history.follow(made(kind, NOON + DAY))
    assert caught.value.name == "consent.event-out-of-order"


@pytest.mark.parametrize("kind", [EventKind.EXPIRED, EventKind.GIVEN])
def test_a_renewal_or_a_withdrawal_follows_an_expiry(kind: EventKind) -> None:
    """What has run out can be renewed, or taken back so that nobody renews it; its end stays where it was."""
    history = given(record_for(AIRPORT)).follow(made(EventKind.EXPIRED, NOON + 30 * DAY))
    with pytest.raises(Misuse) as caught:
        history.follow(made(kind, NOON + 31 * DAY))
    assert caught.value.name == "consent.event-out-of-order"
    assert history.follow(made(EventKind.RENEWED, NOON + 31 * DAY)).state is EventKind.RENEWED
    withdrawn = history.follow(made(EventKind.WITHDRAWN, NOON + 31 * DAY))
    assert (withdrawn.state, withdrawn.ends_at) == (EventKind.WITHDRAWN, history.ends_at)


def test_an_event_cannot_be_dated_before_the_last_one(ledger: SqliteLedger) -> None:
    """History is not rewritten by an older date; the same instant in another zone is no older."""
    keep(ledger, given(record_for(AIRPORT)))
    with pytest.raises(Misuse) as caught:
        ledger.append(made(EventKind.WITHDRAWN, NOON - timedelta(microseconds=1)))
    assert caught.value.name == "consent.event-before-last"
    seoul = NOON.astimezone(timezone(timedelta(hours=9)))
    assert ledger.append(made(EventKind.WITHDRAWN, seoul)).state is EventKind.WITHDRAWN
    assert ledger.history(RECORD_ID).events[-1].at == NOON


def test_a_refused_event_leaves_no_trace(ledger: SqliteLedger) -> None:
    """The rule is judged inside the transaction that would have kept the event."""
    keep(ledger, given(record_for(AIRPORT)))
    ledger.append(made(EventKind.WITHDRAWN, NOON + DAY))
    before = ledger.history(RECORD_ID)
    with pytest.raises(Misuse):
        ledger.append(made(EventKind.RENEWED, NOON + 2 * DAY))
    assert ledger.history(RECORD_ID) == before


def test_a_second_consent_is_refused_while_the_first_holds(ledger: SqliteLedger) -> None:
    """Whoever withdraws must not be left with another consent they forgot."""

    def again(moment: datetime, handle: bytes = HANDLE) -> bytes:
        receipt = give(
            ledger, purpose=AIRPORT, handle=handle, language="ko", clock=clock(moment), entropy=ENTROPY
        )
        return receipt.history.record.id

    first = again(NOON)
    with pytest.raises(Misuse) as caught:
        again(NOON + DAY)
    assert caught.value.name == "consent.already-given"
    assert first.hex() in caught.value.detail
    again(NOON + DAY, handle=bytes(32))
    withdraw(ledger, first, clock=clock(NOON + 2 * DAY), entropy=ENTROPY)
    second = again(NOON + 3 * DAY)
    ended = NOON + 3 * DAY + AIRPORT.consent_validity
    with pytest.raises(Misuse):
        again(ended - timedelta(microseconds=1))
    assert len({first, second, again(ended)}) == 3


def test_a_renewal_needs_the_notice_that_was_read(ledger: SqliteLedger) -> None:
    """Saying yes again to a text somebody never saw is no consent."""
    receipt = give(ledger, purpose=AIRPORT, handle=HANDLE, language="ko", clock=clock(NOON), entropy=ENTROPY)
    notices = dict(AIRPORT.declared.notices)
    notices["ko"] = replace(notices["ko"], text=notices["ko"].text + "\nOne more line.\n")
    changed = replace(AIRPORT, declared=replace(AIRPORT.declared, notices=notices))
    for other, name in (
        (changed, "consent.earlier-version"),
        (registered("building-access"), "consent.other-purpose"),
    ):
        with pytest.raises(Refused) as caught:
            renew(
                ledger,
                receipt.history.record.id,
                purpose=other,
                clock=clock(NOON + DAY),
                entropy=ENTROPY,
            )
        assert caught.value.name == name


def test_an_unknown_record_is_named(ledger: SqliteLedger) -> None:
    """Neither reading nor withdrawing invents a record."""
    for act in (
        lambda: ledger.history(RECORD_ID),
        lambda: withdraw(ledger, RECORD_ID, clock=clock(NOON), entropy=ENTROPY),
    ):
        with pytest.raises(Misuse) as caught:
            act()
        assert caught.value.name == "consent.unknown-record"


def test_each_purpose_has_a_key_of_its_own_that_stays(tmp_path: Path) -> None:
    """The handle of one person is the same each time, and another one for each purpose."""
    keys = []
    for _ in range(2):
        with SqliteLedger.open(tmp_path / "a", entropy=ENTROPY) as ledger:
            keys.append((ledger.handle_key("airport-gate"), ledger.handle_key("building-access")))
    assert keys[0] == keys[1]
    assert keys[0][0] != keys[0][1]
    subject = b"KR/POLICE/11-22-333333-44"
    assert subject_handle(keys[0][0], subject) == subject_handle(keys[1][0], subject)
    assert subject_handle(keys[0][0], subject) != subject_handle(keys[0][1], subject)
    assert subject not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_handles_refuse_what_would_make_everybody_one_person() -> None:
    """A short key can be guessed; a document that names nobody names everybody."""
    for key, subject in ((bytes(31), b"x"), (bytes(33), b"x"), (bytes(32), b"")):
        with pytest.raises(ValueError, match=r"32|empty"):
            subject_handle(key, subject)


def test_another_persons_document_is_refused() -> None:
    """A consent is its giver's: a difference in any single bit is another person."""
    require_same_handle(HANDLE, bytes(bytearray(HANDLE)))
    for bit in range(256):
        other = bytearray(HANDLE)
        other[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused) as caught:
            require_same_handle(HANDLE, bytes(other))
        assert caught.value.name == "consent.other-person"


def test_a_record_that_rotted_on_disk_is_trouble_not_a_refusal(tmp_path: Path) -> None:
    """A flipped bit on a disk says nothing about the person."""
    with SqliteLedger.open(tmp_path / "a", entropy=ENTROPY) as ledger:
        keep(ledger, given(record_for(AIRPORT)))
    raw = sqlite3.connect(tmp_path / "a")
    raw.executescript("DROP TRIGGER event_unchanged; UPDATE event SET content = x'a0';")
    raw.close()
    with SqliteLedger.open(tmp_path / "a", entropy=ENTROPY) as ledger, pytest.raises(Trouble) as caught:
        ledger.history(RECORD_ID)
    assert caught.value.name == "storage.damaged"


def test_events_need_a_zone_and_a_whole_positive_duration() -> None:
    """A moment without a zone is nobody's moment, and an endless consent no consent."""
    with pytest.raises(ValueError, match="time zone"):
        event(EventKind.WITHDRAWN, datetime(2026, 1, 1))  # noqa: DTZ001
    for lasting in (timedelta(0), timedelta(seconds=-1), timedelta(microseconds=1), None):
        with pytest.raises(ValueError, match="given and renewed|whole number"):
            event(EventKind.GIVEN, datetime(2026, 1, 1, tzinfo=UTC), valid_for=lasting)
