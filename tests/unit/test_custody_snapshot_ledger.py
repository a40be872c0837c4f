"""The custody ledger: from acts over the log to a snapshot, in order, durable, and nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongui.custody.consent_events import CustodyEvent
from dongui.custody.ledger import Pending
from dongui.custody.moments import FOREVER_US, microseconds
from dongui.custody.question import Artefact
from dongui.custody.schema import ConsentFlag, EventKind, Layout
from dongui.custody.snapshot import open_snapshot
from dongui.custody.snapshot_rows import check_consents
from dongui.errors import DonguiError, Misuse, Trouble
from dongui.log.checkpoint import verify_checkpoint
from dongui.log.entry import commitment
from simulators.custody_ledgers import KEY, NOW, Office, act, office, person

GIVEN, WITHDRAWN = EventKind.GIVEN, EventKind.WITHDRAWN


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as opened:
        opened.ledger.register_people(person(number) for number in range(5))
        yield opened


def test_every_event_has_its_own_log_entry(open_office: Office) -> None:
    """The entry at an event's position is a commitment to that event, opened by its blind."""
    kept = open_office.ledger.append([act(1, GIVEN), act(2, GIVEN), act(1, WITHDRAWN)])
    assert [event.position for event in kept] == [0, 1, 2]
    for event in kept:
        assert open_office.log.entry(event.position) == event.entry()
        assert event.entry().commitment == commitment(event.content(), blind=event.blind)
    assert open_office.ledger.latest(kept[0].key) == kept[2]


def test_a_consent_counts_from_its_log_entry_and_not_from_the_date_it_claims(open_office: Office) -> None:
    """Backdated, it counts from the entry; dated later, from the later date."""
    early, late = open_office.ledger.append(
        [act(1, GIVEN, at=NOW - timedelta(days=900)), act(2, GIVEN, at=NOW + timedelta(days=9))]
    )
    assert early.counts_from_us == early.logged_us == microseconds(NOW)
    assert early.claimed_us < early.logged_us
    assert late.counts_from_us == microseconds(NOW + timedelta(days=9))


def test_what_stops_a_consent_keeps_its_terms_and_what_resumes_it_brings_them_back(
    open_office: Office,
) -> None:
    """Suspended and resumed, it is what it was; and a resumption does not prolong it."""
    until = NOW + timedelta(days=10)
    given, _, resumed = open_office.ledger.append(
        [act(1, GIVEN, valid_until=until), act(1, EventKind.SUSPENDED), act(1, EventKind.RESUMED)]
    )
    assert (resumed.flags, resumed.valid_until_us) == (given.flags, microseconds(until))


def test_a_guardians_consent_says_so(open_office: Office) -> None:
    """The flag comes with the kind of event; nobody sets it apart."""
    (event,) = open_office.ledger.append([act(1, EventKind.GUARDIAN_GIVEN)])
    assert ConsentFlag.GUARDIAN in ConsentFlag(event.flags)


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        ([WITHDRAWN], "snapshot.withdrawn-before-given"),
        ([EventKind.RENEWED], "snapshot.withdrawn-before-given"),
        ([EventKind.RESUMED], "snapshot.withdrawn-before-given"),
        ([GIVEN, GIVEN], "snapshot.event-out-of-order"),
        ([GIVEN, WITHDRAWN, WITHDRAWN], "snapshot.event-out-of-order"),
        ([GIVEN, WITHDRAWN, EventKind.RENEWED], "snapshot.event-out-of-order"),
        ([GIVEN, EventKind.SUSPENDED, GIVEN], "snapshot.event-out-of-order"),
        ([GIVEN, EventKind.EXPIRED], "snapshot.event-out-of-order"),
    ],
)
def test_what_cannot_follow_is_refused_and_nothing_of_the_batch_is_kept(
    open_office: Office, kinds: list[EventKind], name: str
) -> None:
    """All or nothing: not in the ledger, and not in the log."""
    with pytest.raises(Misuse) as caught:
        open_office.ledger.append([act(2, GIVEN), *(act(1, kind) for kind in kinds)])
    assert caught.value.name == name
    assert open_office.log.checkpoint().size == 0
    assert open_office.ledger.latest(act(2, GIVEN).key) is None


def test_a_consent_of_a_person_nobody_knows_is_refused(open_office: Office) -> None:
    """A consent for somebody who does not exist is a mistake, or worse."""
    with pytest.raises(Misuse, match=r"^snapshot\.unknown-person"):
        open_office.ledger.append([act(1, GIVEN), act(77, GIVEN)])
    assert open_office.log.checkpoint().size == 0


def test_two_time_zones_in_one_delivery_are_refused(open_office: Office) -> None:
    """One of them was converted wrongly, and nobody can say which."""
    seoul = NOW.astimezone(timezone(timedelta(hours=9)))
    with pytest.raises(Misuse, match=r"^snapshot\.two-time-zones"):
        open_office.ledger.append([act(1, GIVEN), act(2, GIVEN, at=seoul)])
    assert len(open_office.ledger.append([act(2, GIVEN, at=seoul)])) == 1


def test_a_stop_dated_in_the_future_is_refused(open_office: Office) -> None:
    """A withdrawal counts when it is recorded; one of tomorrow is recorded tomorrow."""
    with pytest.raises(Misuse, match=r"^snapshot\.claimed-in-future"):
        open_office.ledger.append([act(1, GIVEN), act(1, WITHDRAWN, at=NOW + timedelta(days=1))])


def test_a_clock_behind_the_last_event_stops_everything(open_office: Office) -> None:
    """The order of moments must be the order of the log."""
    open_office.ledger.append([act(1, GIVEN)])
    open_office.clock.pass_by(-1)
    with pytest.raises(Trouble, match=r"^snapshot\.clock-behind"):
        open_office.ledger.append([act(2, GIVEN)])


def test_the_ledger_is_append_only_for_every_program(open_office: Office, tmp_path: Path) -> None:
    """Whoever has the file and a shell, but leaves its rules alone, changes and deletes nothing."""
    open_office.ledger.append([act(1, GIVEN), act(2, GIVEN)])
    connection = sqlite3.connect(tmp_path / "custody.sqlite", isolation_level=None)
    for statement in (
        "UPDATE event SET state = 1",
        "DELETE FROM event",
        "DELETE FROM person",
        "UPDATE purpose SET id = 'other'",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE position = 0",
        "INSERT OR REPLACE INTO person SELECT 99, id FROM person WHERE number = 1",
        "INSERT OR REPLACE INTO recipient SELECT 99, id FROM recipient",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "change",
    ["position = 9", "state = 4", "valid_until_us = 0", "flags = 63", "person = 3", "blind = zeroblob(32)"],
)
def test_a_changed_event_is_found_in_the_log(open_office: Office, tmp_path: Path, change: str) -> None:
    """Somebody with the file takes its rules away and changes one value: the entry does not fit any more."""
    open_office.ledger.append([act(1, GIVEN), act(2, GIVEN), act(1, WITHDRAWN)])
    assert open_office.ledger.check() == 3
    connection = sqlite3.connect(tmp_path / "custody.sqlite", isolation_level=None)
    connection.execute("DROP TRIGGER event_unchanged")
    connection.execute(f"UPDATE event SET {change} WHERE position = 2")
    connection.close()
    with pytest.raises(Trouble, match=r"^snapshot\.ledger-disagrees"):
        open_office.ledger.check()


@pytest.mark.parametrize("layout", Layout)
def test_a_snapshot_holds_what_was_logged_and_says_how_far(
    open_office: Office, tmp_path: Path, layout: Layout
) -> None:
    """Its position and checkpoint are the log's, its rows the events, ordered; and it passes its checks."""
    open_office.ledger.append([act(3, GIVEN), act(1, GIVEN, artefact=Artefact.TEMPLATE), act(1, GIVEN)])
    open_office.clock.pass_by(5)
    open_office.ledger.append([act(1, WITHDRAWN), act(1, GIVEN, purpose="testing")])
    events, folded = tmp_path / "events.parquet", tmp_path / "folded.parquet"
    assert open_office.ledger.export(events, layout=layout, folded=False) == 5
    assert open_office.ledger.export(folded, layout=layout, folded=True) == 4
    for path in (events, folded):
        snapshot = open_snapshot(path)
        check_consents(snapshot)
        verified = verify_checkpoint(snapshot.checkpoint, origin="custody.example/log", key=KEY.verifier)
        assert snapshot.position == verified.size == 5
        assert snapshot.position_us == microseconds(open_office.clock.moment)
        assert snapshot.persons == 5
        assert set(snapshot.purposes) == {"training", "testing"}
    rows = pq.read_table(folded).to_pylist()
    somebody = 1 if layout is Layout.SORTED else person(1)
    training = [row for row in rows if row["person"] == somebody and row["artefact"] == 1]
    assert {row["state"] for row in training} == {GIVEN.value, WITHDRAWN.value}
    assert all(row["valid_until_us"] == FOREVER_US for row in rows)


def noted(opened: Office) -> tuple[CustodyEvent, ...]:
    """Return two events as they would be noted before they are appended."""
    events = opened.ledger.append([act(3, GIVEN), act(4, GIVEN)])
    return tuple(replace(event, key=replace(event.key, purpose="testing"), position=-1) for event in events)


@pytest.mark.parametrize("appended", [True, False])
def test_what_a_killed_process_noted_is_finished(open_office: Office, appended: bool) -> None:
    """Whether it died before or after its entries were logged, both events stand once, with their entry."""
    events = noted(open_office)
    open_office.store.note(Pending(open_office.log.checkpoint().size, events))
    open_office.log.append([open_office.log.entry(0)])
    if appended:
        open_office.log.append([event.entry() for event in events])
    (last,) = open_office.ledger.append([act(1, GIVEN)])
    kept = [open_office.ledger.latest(event.key) for event in events]
    assert [event.position for event in kept if event is not None] == [3, 4]
    assert last.position == 5
    assert open_office.store.pending() is None
    assert all(event is not None and open_office.log.entry(event.position) == event.entry() for event in kept)


def test_a_snapshot_never_misses_what_is_below_its_position(open_office: Office, tmp_path: Path) -> None:
    """An entry whose event was not kept yet is settled before the position is said."""
    events = noted(open_office)
    open_office.store.note(Pending(open_office.log.checkpoint().size, events))
    open_office.log.append([event.entry() for event in events])
    path = tmp_path / "events.parquet"
    assert open_office.ledger.export(path, layout=Layout.SORTED, folded=False) == 4
    assert open_snapshot(path).position == 4


def test_a_log_that_refuses_leaves_nothing_noted(
    open_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log says it did not append is not appended later behind the caller's back."""

    def full(*_: object) -> range:
        raise Trouble("log.full", "no room")

    with monkeypatch.context() as patched:
        patched.setattr(open_office.log, "append", full)
        with pytest.raises(DonguiError, match=r"^log\.full"):
            open_office.ledger.append([act(1, GIVEN)])
    assert open_office.store.pending() is None
    assert open_office.ledger.append([act(1, GIVEN)])[0].position == 0


def test_acts_set_terms_only_where_they_say_yes() -> None:
    """A withdrawal with terms of its own would be two things at once."""
    with pytest.raises(ValueError, match="sets no terms"):
        replace(act(1, WITHDRAWN), flags=1)
    with pytest.raises(ValueError, match="16 bytes"):
        replace(act(1, GIVEN).key, person=b"short")
    for name in ("", " training", "train\u200bing", "x" * 121):
        with pytest.raises(ValueError, match="printable"):
            replace(act(1, GIVEN).key, recipient=name)
