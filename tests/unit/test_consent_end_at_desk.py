"""A desk keeps the notice's last promise, and renews: as a library and from the command line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.consent.events import EventKind, History
from dongui.consent.giving import give
from dongui.consent.purpose import RegisteredPurpose
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.desk.destruction import destruction_entry
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.storage.sqlite.log import SqliteLog

ENTROPY = SystemEntropy()
NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
HANDLE = bytes(range(32))
DAY = timedelta(days=1)


class StandingClock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create_desk(tmp_path / "desk", CONTROLLER, entropy=ENTROPY)
    return tmp_path / "desk"


def at(path: Path, moment: datetime) -> Desk:
    return Desk(path, clock=FixedClock(moment), entropy=ENTROPY)


def agreed(path: Path, moment: datetime, *, handle: bytes = HANDLE, purpose: str = "airport-gate") -> bytes:
    """Somebody's yes at ``moment``; returns the record's number."""
    with at(path, moment) as desk:
        receipt = give(
            desk.ledger,
            purpose=desk.purpose(purpose),
            handle=handle,
            language="ko",
            clock=desk.clock,
            entropy=ENTROPY,
        )
    return receipt.history.record.id


def airport(path: Path) -> RegisteredPurpose:
    with at(path, NOW) as desk:
        return desk.purpose("airport-gate")


def unknown(act: Callable[[], object]) -> bool:
    with pytest.raises(Misuse) as caught:
        act()
    return caught.value.name == "consent.unknown-record"


@pytest.mark.parametrize("withdrawn", [True, False])
def test_opening_a_desk_destroys_what_is_over(path: Path, withdrawn: bool) -> None:
    """Withdrawn or run out: at the last instant of its retention it is there, at the next it is not."""
    purpose, record = airport(path), agreed(path, NOW)
    ended = NOW + (DAY if withdrawn else purpose.consent_validity)
    if withdrawn:
        with at(path, ended) as desk:
            desk.withdraw_consent(record)
    over = ended + purpose.retention.consent_record
    with at(path, over - timedelta(microseconds=1)) as desk:
        assert desk.purged == 0
        assert desk.ledger.history(record).record.id == record
    with at(path, over) as desk:
        assert desk.purged == 1
        assert unknown(lambda: desk.ledger.history(record))
        assert unknown(lambda: desk.withdraw_consent(record))
        assert unknown(lambda: desk.renew_consent(record))
        assert unknown(lambda: desk.open_session("airport-gate", record, handover=HANDOVER))
    kept = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert record not in kept
    assert HANDLE.hex().encode() not in kept


def test_the_log_keeps_what_it_had_and_says_what_was_destroyed(path: Path) -> None:
    """Destroying takes no entry from the log and adds one, which says nothing without the record's number."""
    record = agreed(path, NOW)
    with at(path, NOW + DAY) as desk:
        logged = desk.withdraw_consent(record)
        size = desk.log.checkpoint().size
    with at(path, NOW + 2 * DAY + airport(path).retention.consent_record) as desk:
        assert desk.purged == 1
        assert desk.log.checkpoint().size == size + 1
        opened = commitment(logged.receipt.to_cbor(), blind=logged.blind)
        assert desk.log.entry(logged.index) == Entry(EntryKind.CONSENT, opened)
        # The rule of the specification, from the number on the person's copy alone.
        blind = hashlib.sha256(b"dongui/consent-destroyed/1\x00" + record).digest()
        told = Entry(EntryKind.CONSENT_DESTROYED, commitment(record, blind=blind))
        assert desk.log.entry(size) == told == destruction_entry(record)
    kept = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert record not in kept
    assert blind not in kept


def test_two_records_say_two_things() -> None:
    """No entry is another's, and the entry is not the number in another dress."""
    entries = {destruction_entry(bytes([number] * 16)).commitment for number in range(50)}
    assert len(entries) == 50
    assert hashlib.sha256(bytes(16)).digest() not in entries


def full(desk: Desk) -> None:
    """Let the log's disk be full, as SQLite meets it."""
    with desk.log._database.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with suppress(Trouble):
        while True:
            desk.log.append([Entry(EntryKind.CONSENT, bytes(32))])


def test_nothing_is_destroyed_that_cannot_be_logged(path: Path) -> None:
    """Charter, point 5: no log entry, no deletion. When there is room again, both happen."""
    record, clock = agreed(path, NOW), StandingClock()
    with Desk(path, clock=clock, entropy=ENTROPY) as desk:
        other = agreed(path, NOW, handle=bytes(32))
        full(desk)
        size = desk.log.checkpoint().size
        clock.moment = NOW + airport(path).consent_validity + airport(path).retention.consent_record
        with pytest.raises(Trouble, match=r"storage\.full"):
            desk.purge()
        with pytest.raises(Trouble, match=r"storage\.full"):
            desk.open_session("airport-gate", record, handover=HANDOVER)
        assert desk.ledger.history(record)
        assert desk.ledger.history(other)
        assert desk.log.checkpoint().size == size
    with at(path, clock.moment) as desk:
        assert (desk.purged, desk.unlogged) == (2, None)
        assert {desk.log.entry(size + number) for number in (0, 1)} == {
            destruction_entry(record),
            destruction_entry(other),
        }


def test_a_log_that_cannot_be_written_keeps_nobody_from_withdrawing(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The desk opens, with what is over still there; ``consent purge`` says what stood in the way."""
    now = SystemClock().now()
    record, old = agreed(path, now - DAY, handle=bytes(32)), agreed(path, now - 1000 * DAY)

    def refuse(_log: SqliteLog, _entries: object) -> range:
        raise Trouble("storage.full", "no room")

    monkeypatch.setattr(SqliteLog, "append", refuse)
    with Desk(path, clock=SystemClock(), entropy=ENTROPY) as desk:
        assert desk.purged == 0
        assert desk.unlogged is not None
        assert desk.ledger.history(old)
        with pytest.raises(Trouble, match=r"storage\.full"):
            desk.withdraw_consent(record)
        assert desk.ledger.history(record).state is EventKind.WITHDRAWN
    code, answer = command(path, capsys, "consent", "purge")
    assert (code, answer["failure"]["name"]) == (3, "storage.full")
    monkeypatch.undo()
    assert command(path, capsys, "consent", "purge")[1]["result"] == {"destroyed": 1}


def test_logged_and_not_yet_destroyed_is_logged_again(path: Path) -> None:
    """A desk killed in between says it twice, in the same words: whoever counts sees one record."""
    record = agreed(path, NOW)
    over = NOW + airport(path).consent_validity + airport(path).retention.consent_record

    class KilledError(Exception):
        """Stands for a kill."""

    with at(path, NOW) as desk:

        def log_and_die(found: Sequence[History]) -> None:
            desk.log.append([destruction_entry(history.record.id) for history in found])
            raise KilledError

        with pytest.raises(KilledError):
            desk.ledger.purge(at=over, before=log_and_die)
        assert desk.ledger.history(record)
    with at(path, over) as desk:
        assert desk.purged == 1
        size = desk.log.checkpoint().size
        assert [desk.log.entry(index) for index in (size - 2, size - 1)] == [destruction_entry(record)] * 2


def test_a_desk_that_stays_open_destroys_with_the_first_session_of_a_day(path: Path) -> None:
    """A service that is never restarted keeps the promise too, and another person's record is untouched."""
    record = agreed(path, NOW)
    over = NOW + airport(path).consent_validity + airport(path).retention.consent_record
    other = agreed(path, over - DAY, handle=bytes(32))
    clock = StandingClock()
    clock.moment = over - timedelta(hours=20)
    with Desk(path, clock=clock, entropy=ENTROPY) as desk:
        desk.open_session("airport-gate", other, handover=HANDOVER)
        assert desk.ledger.history(record)
        clock.moment = over + timedelta(hours=1)
        desk.open_session("airport-gate", other, handover=HANDOVER)
        assert unknown(lambda: desk.ledger.history(record))
        assert desk.ledger.history(other)


def test_a_desk_that_stays_open_forgets_old_sessions_with_the_next(path: Path) -> None:
    """Ten minutes after it was opened nothing of a session is kept beside the next one."""
    record, clock = agreed(path, NOW), StandingClock()
    with Desk(path, clock=clock, entropy=ENTROPY) as desk:
        first = desk.open_session("airport-gate", record, handover=HANDOVER)
        clock.moment = NOW + timedelta(minutes=10)
        desk.open_session("airport-gate", record, handover=HANDOVER)
        with pytest.raises(Refused) as caught:
            desk.sessions.load(first.id, at=clock.moment)
        assert caught.value.name == "session.unknown"


def test_a_consent_that_ran_out_is_written_down_and_logged_once(path: Path) -> None:
    """By whoever opens the desk next, dated to its instant; the person can find its entry in the log.

    One that still holds, or was withdrawn, is left alone; it can be renewed, or withdrawn all the same.
    """
    record, withdrawn = agreed(path, NOW), agreed(path, NOW, handle=bytes(32))
    holding = agreed(path, NOW + DAY, handle=bytes(31) + b"1")
    ended = NOW + airport(path).consent_validity
    with at(path, NOW + DAY) as desk:
        desk.withdraw_consent(withdrawn)
        size = desk.log.checkpoint().size
    for hours in (1, 2):
        with at(path, ended + timedelta(hours=hours)) as desk:
            events = desk.ledger.history(record).events
            assert [one.kind for one in events] == [EventKind.GIVEN, EventKind.EXPIRED]
            assert (events[-1].at, events[-1].entity) == (ended, CONTROLLER.id)
            assert desk.log.checkpoint().size == size + 1
            # The rule of the specification, from what stands on the person's copy alone.
            content = record + ended.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
            blind = hashlib.sha256(b"dongui/consent-expired/1\x00" + content).digest()
            assert desk.log.entry(size) == Entry(EntryKind.CONSENT, commitment(content, blind=blind))
            assert [len(desk.ledger.history(one).events) for one in (withdrawn, holding)] == [2, 1]
    with at(path, ended + timedelta(hours=3)) as desk:
        assert desk.renew_consent(record).receipt.history.holds_at(desk.clock.now())
    with at(path, ended + 2 * DAY) as desk:
        assert desk.ledger.history(holding).state is EventKind.EXPIRED
        assert desk.withdraw_consent(holding).receipt.history.ends_at == ended + DAY


def test_nothing_expires_in_the_ledger_that_the_log_does_not_know_of(path: Path) -> None:
    """With a log that cannot be written no event says that a consent ran out; nor does it cover anything."""
    record, clock = agreed(path, NOW), StandingClock()
    ended = NOW + airport(path).consent_validity
    with Desk(path, clock=clock, entropy=ENTROPY) as desk:
        full(desk)
        clock.moment = ended
        with pytest.raises(Trouble, match=r"storage\.full"):
            desk.purge()
        assert desk.ledger.history(record).state is EventKind.GIVEN
        assert not desk.ledger.history(record).holds_at(ended)
    with at(path, ended) as desk:
        assert desk.ledger.history(record).state is EventKind.EXPIRED


def test_a_renewal_is_logged_like_any_other_event(path: Path) -> None:
    """The person is handed the whole record anew, with what opens its entry in the log."""
    record = agreed(path, NOW)
    with at(path, NOW + 30 * DAY) as desk:
        logged = desk.renew_consent(record)
        assert logged.record_id == record
        assert logged.receipt.history.ends_at == NOW + 30 * DAY + airport(path).consent_validity
        opened = commitment(logged.receipt.to_cbor(), blind=logged.blind)
        assert desk.log.entry(logged.index) == Entry(EntryKind.CONSENT, opened)


def command(path: Path, capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as end:
        run([*arguments, "--desk", str(path), "--json"])
    assert isinstance(end.value.code, int)
    return end.value.code, json.loads(capture.readouterr().out)


def test_renew_and_purge_from_the_command_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``consent renew`` moves the end and writes the person's copy; ``consent purge`` tells how many."""
    now = SystemClock().now()
    record = agreed(path, now - 3 * DAY).hex()
    copy = path.parent / "copy.json"
    code, answer = command(path, capsys, "consent", "renew", record, "--receipt", str(copy))
    assert (code, answer["result"]["state"]) == (0, "renewed")
    assert json.loads(copy.read_text())["receipt"] == answer["result"]["receipt"]
    kept = timedelta(days=365) + airport(path).retention.consent_record
    until = datetime.fromisoformat(answer["result"]["kept_until"])
    assert timedelta(0) <= until - (now + kept) < timedelta(minutes=2)
    code, answer = command(path, capsys, "consent", "purge")
    assert (code, answer["result"]) == (0, {"destroyed": 0})
    for number in range(2):
        agreed(path, now - 1000 * DAY, handle=bytes([number] * 32))
    code, answer = command(path, capsys, "consent", "purge")
    assert (code, answer["result"]) == (0, {"destroyed": 2})
    code, answer = command(path, capsys, "consent", "list")
    assert [one["record"] for one in answer["result"]["records"]] == [record]
    command(path, capsys, "consent", "withdraw", record)
    code, answer = command(path, capsys, "consent", "renew", record)
    assert (code, answer["failure"]["name"]) == (2, "consent.event-out-of-order")
    code, answer = command(path, capsys, "consent", "renew", "00" * 16)
    assert (code, answer["failure"]["name"]) == (2, "consent.unknown-record")
