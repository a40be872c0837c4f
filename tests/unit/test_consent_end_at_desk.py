"""A desk keeps the notice's last promise, and renews: as a library and from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.consent.giving import give
from dongui.consent.purpose import RegisteredPurpose
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.environment import FixedClock, SystemClock, SystemEntropy
from dongui.errors import Misuse, Refused
from dongui.log.entry import Entry, EntryKind, commitment

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


def test_the_log_keeps_what_it_had_and_gains_nothing(path: Path) -> None:
    """Destroying takes no entry from the log and adds none; the entry left says nothing without the blind."""
    record = agreed(path, NOW)
    with at(path, NOW + DAY) as desk:
        logged = desk.withdraw_consent(record)
        size = desk.log.checkpoint().size
    with at(path, NOW + 2 * DAY + airport(path).retention.consent_record) as desk:
        assert desk.purged == 1
        assert desk.log.checkpoint().size == size
        opened = commitment(logged.receipt.to_cbor(), blind=logged.blind)
        assert desk.log.entry(logged.index) == Entry(EntryKind.CONSENT, opened)


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
