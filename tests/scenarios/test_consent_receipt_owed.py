"""A consent, its log entry and its receipt, where something comes between: a lock, a full disk, a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dongui.cli.main import run
from dongui.consent.events import EventKind
from dongui.consent.receipt import ConsentReceipt
from dongui.demo.cast import LicensingAuthority
from dongui.demo.story import CONTROLLER
from dongui.desk import Desk, LoggedConsent, create_desk
from dongui.documents.authenticated import AuthenticatedDocument
from dongui.environment import SystemClock, SystemEntropy
from dongui.errors import Misuse, Trouble
from dongui.log.checking import check_log
from dongui.log.entry import Entry, EntryKind, commitment
from dongui.storage.sqlite.ledger import SqliteLedger
from dongui.storage.sqlite.log import SqliteLog
from simulators.main_path import read_licence

ENTROPY = SystemEntropy()


def opened(path: Path) -> Desk:
    return Desk(path, clock=SystemClock(), entropy=ENTROPY)


@dataclass(frozen=True)
class Hall:
    """A desk and a person's document; whoever is ``record`` consented before."""

    path: Path
    document: AuthenticatedDocument
    record: bytes

    def give(self, desk: Desk, hand_out: Callable[[LoggedConsent], object] | None = None) -> LoggedConsent:
        return desk.give_consent("building-access", self.document, language="ko", hand_out=hand_out)

    def withdraw(
        self, desk: Desk, hand_out: Callable[[LoggedConsent], object] | None = None
    ) -> LoggedConsent:
        return desk.withdraw_consent(self.record, hand_out=hand_out)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Hall:
    path = tmp_path_factory.mktemp("hall") / "desk"
    create_desk(path, CONTROLLER, entropy=ENTROPY)
    with opened(path) as desk:
        authority = LicensingAuthority.found("Office", now=desk.clock.now(), entropy=ENTROPY)
        document = read_licence(authority.license("05"), authority, clock=desk.clock)
        return Hall(path, document, desk.give_consent("airport-gate", document, language="ko").record_id)


@pytest.fixture
def hall(built: Hall, tmp_path: Path) -> Hall:
    """The same desk for every test, its files copied."""
    shutil.copytree(built.path, tmp_path / "desk")
    return Hall(tmp_path / "desk", built.document, built.record)


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Another program holds the desk's log; nobody waits for it."""
    desk.log._database._connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(desk.path / "log.sqlite", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield


def require_in_log(desk: Desk, logged: LoggedConsent) -> None:
    """What the person was handed opens its entry."""
    made = commitment(logged.receipt.to_cbor(), blind=logged.blind)
    assert desk.log.entry(logged.index) == Entry(EntryKind.CONSENT, made)


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Misuse) as caught:
        act()
    return caught.value.name


def test_with_the_log_locked_nobody_has_agreed(hall: Hall) -> None:
    """Trouble, and no consent holds that no log knows of: the same call gives it, and its receipt, later."""
    with opened(hall.path) as desk:
        size = desk.log.checkpoint().size
        with locked(desk), pytest.raises(Trouble, match=r"storage\.locked"):
            hall.give(desk)
        assert desk.ledger.list_records("building-access") == []
        given = hall.give(desk)
        assert desk.log.checkpoint().size == size + 1
        require_in_log(desk, given)
        assert refused(lambda: hall.give(desk)) == "consent.already-given"


def test_with_the_log_locked_nobody_has_renewed(hall: Hall) -> None:
    """A renewal that no log knows of does not lengthen anything."""
    with opened(hall.path) as desk:
        before = desk.ledger.history(hall.record)
        with locked(desk), pytest.raises(Trouble, match=r"storage\.locked"):
            desk.renew_consent(hall.record)
        assert desk.ledger.history(hall.record) == before
        require_in_log(desk, desk.renew_consent(hall.record))


def test_with_the_log_locked_a_withdrawal_counts_and_is_made_good(hall: Hall) -> None:
    """It holds at once; the same call, in another process too, logs it and hands out its receipt, once."""
    with opened(hall.path) as desk:
        size = desk.log.checkpoint().size
        with locked(desk), pytest.raises(Trouble, match=r"storage\.locked"):
            hall.withdraw(desk)
        assert desk.ledger.history(hall.record).state is EventKind.WITHDRAWN
    with opened(hall.path) as desk:
        withdrawn = hall.withdraw(desk)
        assert withdrawn.receipt.history == desk.ledger.history(hall.record)
        assert desk.log.checkpoint().size == size + 1
        require_in_log(desk, withdrawn)
        assert refused(lambda: hall.withdraw(desk)) == "consent.event-out-of-order"


def test_what_is_owed_for_one_yes_is_not_handed_out_for_another(hall: Hall) -> None:
    """Another language is another notice: whoever holds the first consent is told so."""

    def lost(_logged: LoggedConsent) -> None:
        raise KeyboardInterrupt

    with opened(hall.path) as desk:
        with pytest.raises(KeyboardInterrupt):
            hall.give(desk, hand_out=lost)
        other = partial(desk.give_consent, "building-access", hall.document, language="en")
        assert refused(other) == "consent.already-given"
        again = hall.give(desk)
        assert [one.record.id for one in desk.ledger.list_records("building-access")] == [again.record_id]
        require_in_log(desk, again)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_instead_of_logging(_log: SqliteLog, _entries: Sequence[Entry]) -> range:
    die()
    raise AssertionError


def die_after_logging(log: SqliteLog, entries: Sequence[Entry]) -> range:
    _APPEND(log, entries)
    die()
    raise AssertionError


_APPEND = SqliteLog.append
INSTANTS = {
    "before its log entry": (SqliteLog, "append", die_instead_of_logging),
    "after its log entry": (SqliteLog, "append", die_after_logging),
    "before its receipt is handed out": None,
    "after its receipt is handed out": (SqliteLedger, "note_handed_out", die),
}
# What the dead process left: an entry in the log, and whether what was said counts.
LEFT = {
    ("give", "before its log entry"): (0, False),
    ("give", "after its log entry"): (1, False),
    ("give", "before its receipt is handed out"): (1, True),
    ("give", "after its receipt is handed out"): (1, True),
    ("withdraw", "before its log entry"): (0, True),
    ("withdraw", "after its log entry"): (1, True),
    ("withdraw", "before its receipt is handed out"): (1, True),
    ("withdraw", "after its receipt is handed out"): (1, True),
}


def kill_within(hall: Hall, act: str, instant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a child do it and die, by kill -9, at that instant."""
    child = os.fork()
    if child == 0:
        try:
            patched = INSTANTS[instant]
            if patched is not None:
                monkeypatch.setattr(*patched)
            getattr(hall, act)(opened(hall.path), hand_out=die if patched is None else None)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize(("act", "instant"), LEFT.keys())
def test_killed_at_any_step_the_same_call_comes_to_the_same_end(
    hall: Hall, act: str, instant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One record, its receipt in hand, its entry in a whole log; and then it is done and not owed twice.

    No consent holds that the log does not know of; a withdrawal holds from its first instant.
    """
    with opened(hall.path) as desk:
        size = desk.log.checkpoint().size
    kill_within(hall, act, instant, monkeypatch)
    entries, counts = LEFT[act, instant]
    with opened(hall.path) as desk:
        assert desk.log.checkpoint().size == size + entries
        gave = bool(desk.ledger.list_records("building-access"))
        withdrew = desk.ledger.history(hall.record).state is EventKind.WITHDRAWN
        assert (gave if act == "give" else withdrew) is counts
        logged: LoggedConsent = getattr(hall, act)(desk)
        require_in_log(desk, logged)
        assert len(desk.ledger.list_records()) == (2 if act == "give" else 1)
        assert logged.receipt.history == desk.ledger.history(logged.record_id)
        done = "consent.already-given" if act == "give" else "consent.event-out-of-order"
        assert refused(lambda: getattr(hall, act)(desk)) == done
        check_log(desk.log)


def command(hall: Hall, capture: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    with pytest.raises(SystemExit) as end:
        run([*arguments, "--desk", str(hall.path), "--json", "--language", "en"])
    assert isinstance(end.value.code, int)
    out, err = capture.readouterr()
    return end.value.code, json.loads(out), err


def test_a_withdrawal_that_was_not_logged_says_that_it_counts(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the trouble stands that the consent is withdrawn; the same command hands out the receipt."""

    def no_room(_log: SqliteLog, _entries: object) -> range:
        raise Trouble("storage.full", "no room")

    withdraw = ("consent", "withdraw", hall.record.hex())
    monkeypatch.setattr(SqliteLog, "append", no_room)
    code, answer, told = command(hall, capsys, *withdraw)
    assert (code, answer["failure"]["name"]) == (3, "storage.full")
    assert "is withdrawn" in told
    monkeypatch.undo()
    code, answer, told = command(hall, capsys, *withdraw)
    assert (code, answer["result"]["state"], told) == (0, "withdrawn", "")
    receipt = ConsentReceipt.from_fields(answer["result"]["receipt"])
    opens = commitment(receipt.to_cbor(), blind=bytes.fromhex(answer["result"]["log"]["blind"]))
    with opened(hall.path) as desk:
        assert desk.log.entry(answer["result"]["log"]["index"]) == Entry(EntryKind.CONSENT, opens)
    assert command(hall, capsys, *withdraw)[0] == 2
    code, _, told = command(hall, capsys, "consent", "withdraw", "00" * 16)
    assert (code, told) == (2, "")
