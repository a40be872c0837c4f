"""Destroying records at the end of their time: exactly those, wholly, and to the last byte."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dongui.consent.events import EventKind, History
from dongui.consent.giving import give, renew, withdraw
from dongui.consent.record_form import write_record
from dongui.environment import FixedClock, SystemEntropy
from dongui.errors import Misuse, Refused, Trouble
from dongui.storage.sqlite import ledger_rows as rows
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.ledger import SqliteLedger
from dongui.storage.sqlite.ledger_tables import APPLICATION_ID, MIGRATIONS
from simulators.consent_archive import AIRPORT, KEPT_FOR, Archive, an_archive, unlogged
from simulators.consent_office import DAY, HANDLE, NOON, RECORD_ID, event, given, record_for

ENTROPY = SystemEntropy()
MIDDLE = NOON + 15 * DAY + KEPT_FOR
END = NOON + 100 * DAY + KEPT_FOR


def opened(path: Path) -> SqliteLedger:
    return SqliteLedger.open(path, entropy=ENTROPY)


def rules_of(path: Path) -> dict[str, str]:
    """Every table, index and trigger of a file, by name."""
    raw = sqlite3.connect(path)
    found = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    raw.close()
    return found


def everything(path: Path) -> bytes:
    """The file and whatever SQLite has beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def found_in(content: bytes, pieces: Sequence[bytes]) -> list[bytes]:
    """Which of these pieces, of eight bytes each, stand anywhere in ``content``."""
    anywhere = np.concatenate(
        [np.frombuffer(content[at:], "<u8", (len(content) - at) // 8) for at in range(8)]
    )
    sought = np.frombuffer(b"".join(pieces), "<u8")
    return [piece for piece, found in zip(pieces, np.isin(sought, anywhere), strict=True) if found]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return an_archive(tmp_path_factory.mktemp("filled") / "ledger", people=60, seed=7)


@pytest.fixture
def archive(filled: Archive, tmp_path: Path) -> Archive:
    """The same for every test, its files copied."""
    for file in filled.path.parent.iterdir():
        shutil.copy2(file, tmp_path)
    return replace(filled, path=tmp_path / filled.path.name)


def test_exactly_the_records_whose_time_is_over_are_destroyed(archive: Archive) -> None:
    """On each day those whose retention has passed go; everybody else's history stays as it was, in order."""
    with opened(archive.path) as ledger:
        key = ledger.handle_key(AIRPORT.id)
        gone = 0
        for day in range(0, 32, 3):
            at = NOON + day * DAY + KEPT_FOR
            gone += ledger.purge(at=at, before=unlogged)
            assert gone == len(archive.over(at))
            assert ledger.list_records() == archive.remaining(at)
            assert ledger.purge(at=at, before=unlogged) == 0
        assert gone > 0
        assert ledger.handle_key(AIRPORT.id) == key


def test_what_was_destroyed_is_unknown_and_what_was_not_goes_on(archive: Archive) -> None:
    """No half of a record is left to read, to renew or to withdraw; the others live on as before."""
    with opened(archive.path) as ledger:
        ledger.purge(at=MIDDLE, before=unlogged)
        for person in archive.over(MIDDLE):
            number = person.history.record.id
            for act in (
                lambda number=number: ledger.history(number),
                lambda number=number: withdraw(ledger, number, clock=FixedClock(END), entropy=ENTROPY),
            ):
                with pytest.raises(Misuse) as caught:
                    act()
                assert caught.value.name == "consent.unknown-record"
        for history in archive.remaining(MIDDLE):
            if history.state is not EventKind.WITHDRAWN:
                clock = FixedClock(MIDDLE)
                assert withdraw(ledger, history.record.id, clock=clock, entropy=ENTROPY).history.ends_at


def test_no_byte_of_the_destroyed_is_in_any_file(tmp_path: Path) -> None:
    """Neither ids, handles nor words, nor eight bytes of one, while the ledger is still open.

    In this very ledger overwriting deleted rows is not enough: SQLite had moved one, and left a copy behind.
    """
    archive = an_archive(tmp_path / "ledger", people=180, seed=8)
    with opened(archive.path) as ledger:
        kept = everything(archive.path)
        assert all(word in kept for person in archive.people for word in person.words[1:])
        handles = [person.words[1][at : at + 8] for person in archive.people for at in range(0, 32, 8)]
        assert found_in(kept, handles) == handles
        for day in (4, 9, 13, 21):
            at = NOON + day * DAY + KEPT_FOR
            assert ledger.purge(at=at, before=unlogged) > 0
            kept, over = everything(archive.path), archive.over(at)
            words = [word for person in over for word in person.words]
            assert (
                found_in(kept, [word[at : at + 8] for word in words for at in range(0, len(word) - 7, 8)])
                == []
            )
        assert all(person.words[1] in kept for person in archive.people if person not in over)


def test_a_notice_goes_with_the_last_record_that_names_it(tmp_path: Path) -> None:
    """The text somebody read stays as long as one record says so, and no longer."""
    with opened(tmp_path / "a") as ledger:
        digests = []
        for number, (language, days) in enumerate((("ko", 1), ("ko", 9), ("en", 1))):
            record = record_for(AIRPORT, record_id=bytes([number] * 16), language=language)
            record = replace(record, subject=bytes([number] * 32), record_kept_for=KEPT_FOR)
            ledger.open_record(given(record, valid_for=days * DAY), AIRPORT.notice(language))
            digests.append(record.notice_digest)
        assert ledger.purge(at=NOON + 2 * DAY + KEPT_FOR, before=unlogged) == 2
        assert ledger.notice_text(digests[0]) == AIRPORT.notice("ko").text
        with pytest.raises(Misuse) as caught:
            ledger.notice_text(digests[2])
        assert caught.value.name == "consent.unknown-notice"
        assert "한빛".encode() in everything(tmp_path / "a")
        assert ledger.purge(at=NOON + 9 * DAY + KEPT_FOR, before=unlogged) == 1
        assert "한빛".encode() not in everything(tmp_path / "a")


def test_the_tables_rules_are_the_same_afterwards(archive: Archive) -> None:
    """What was taken away to destroy is back, word for word: the ledger is as append-only as before."""
    before = rules_of(archive.path)
    with opened(archive.path) as ledger:
        assert ledger.purge(at=MIDDLE, before=unlogged) > 0
    assert rules_of(archive.path) == before
    assert sum(sql.startswith("CREATE TRIGGER") for sql in before.values()) == 13


def test_a_record_that_cannot_be_read_stops_the_purge_and_nothing_is_lost(archive: Archive) -> None:
    """All or nothing: a purge that fails has destroyed nobody's record and left every rule in place."""
    last = archive.over(MIDDLE)[-1].history.record.id
    raw = sqlite3.connect(archive.path)
    raw.execute("DROP TRIGGER record_unchanged")
    raw.execute("UPDATE record SET content = x'a0' WHERE record_id = ?", (last,))
    raw.commit()
    raw.close()
    before = rules_of(archive.path)
    with opened(archive.path) as ledger, pytest.raises(Trouble) as caught:
        ledger.purge(at=MIDDLE, before=unlogged)
    assert caught.value.name == "storage.damaged"
    assert rules_of(archive.path) == before
    raw = sqlite3.connect(archive.path)
    assert raw.execute("SELECT count(*) FROM record").fetchone() == (len(archive.people),)
    raw.close()


def test_a_purge_whose_sweep_was_cut_short_is_swept_by_the_next(archive: Archive) -> None:
    """A reader in the way of the write-ahead log delays the last bytes, and only until it has gone."""
    reader = sqlite3.connect(archive.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM record").fetchone()
    gone = archive.over(MIDDLE)[0].words[1]
    with opened(archive.path) as ledger:
        ledger._database._connection.execute("PRAGMA busy_timeout = 50")
        assert ledger.purge(at=MIDDLE, before=unlogged) > 0
        assert gone in everything(archive.path)
        reader.close()
        assert ledger.purge(at=MIDDLE, before=unlogged) == 0
        assert gone not in everything(archive.path)


def test_a_renewal_is_looked_at_again_at_its_new_end(tmp_path: Path) -> None:
    """Renewed in time, the record outlives its first end, and ends with its second."""
    with opened(tmp_path / "a") as ledger:
        receipt = give(
            ledger, purpose=AIRPORT, handle=HANDLE, language="ko", clock=FixedClock(NOON), entropy=ENTROPY
        )
        record, lasting = receipt.history.record, AIRPORT.consent_validity
        first = NOON + lasting + record.record_kept_for
        renewed = first - timedelta(seconds=1)
        renew(ledger, record.id, purpose=AIRPORT, clock=FixedClock(renewed), entropy=ENTROPY)
        assert ledger.purge(at=first, before=unlogged) == 0
        second = renewed + lasting + record.record_kept_for
        assert ledger.purge(at=second - timedelta(microseconds=1), before=unlogged) == 0
        assert ledger.purge(at=second, before=unlogged) == 1


def test_a_ledger_of_the_first_format_keeps_its_promise_too(tmp_path: Path) -> None:
    """Records written before there was a purge are destroyed at the end of their time as well."""
    record = replace(record_for(AIRPORT), record_kept_for=KEPT_FOR)
    first_format(tmp_path / "a", given(record, valid_for=DAY))
    with opened(tmp_path / "a") as ledger:
        assert ledger.purge(at=NOON + DAY + KEPT_FOR - timedelta(microseconds=1), before=unlogged) == 0
        assert ledger.history(RECORD_ID).record == record
        assert ledger.purge(at=NOON + DAY + KEPT_FOR, before=unlogged) == 1


def first_format(path: Path, history: History) -> None:
    """Write a ledger as the first format did."""
    with (
        Database.open(path, migrations=MIGRATIONS[:1], application_id=APPLICATION_ID) as database,
        database.transaction() as connection,
    ):
        record = history.record
        rows.keep_notice(connection, AIRPORT.notice(record.language))
        connection.execute(
            "INSERT INTO record (record_id, purpose_id, subject, notice, content) VALUES (?, ?, ?, ?, ?)",
            (record.id, record.purpose_id, record.subject, record.notice_digest, write_record(record)),
        )
        rows.keep_event(connection, 1, history.events[0])


def test_a_renewal_beside_another_holding_consent_is_refused(tmp_path: Path) -> None:
    """Whoever withdraws must not be left with an old consent somebody renewed beside the new one."""
    with opened(tmp_path / "a") as ledger:

        def say_yes(at: timedelta) -> bytes:
            clock = FixedClock(NOON + at)
            made = give(ledger, purpose=AIRPORT, handle=HANDLE, language="ko", clock=clock, entropy=ENTROPY)
            return made.history.record.id

        old = say_yes(timedelta(0))
        ended = AIRPORT.consent_validity
        new = say_yes(ended)
        with pytest.raises(Misuse) as caught:
            renew(ledger, old, purpose=AIRPORT, clock=FixedClock(NOON + ended + DAY), entropy=ENTROPY)
        assert caught.value.name == "consent.already-given"
        assert new.hex() in caught.value.detail
        withdraw(ledger, new, clock=FixedClock(NOON + ended + DAY), entropy=ENTROPY)
        renew(ledger, old, purpose=AIRPORT, clock=FixedClock(NOON + ended + DAY), entropy=ENTROPY)


def test_a_renewal_needs_the_version_that_was_agreed_to(tmp_path: Path) -> None:
    """A renewal that would cover nothing, because the purpose is another version now, is not recorded."""
    with opened(tmp_path / "a") as ledger:
        ledger.open_record(given(record_for(AIRPORT)), AIRPORT.notice("ko"))
        changed = replace(AIRPORT, declared=replace(AIRPORT.declared, version=AIRPORT.version + 1))
        with pytest.raises(Refused) as caught:
            renew(ledger, RECORD_ID, purpose=changed, clock=FixedClock(NOON + DAY), entropy=ENTROPY)
        assert caught.value.name == "consent.earlier-version"
        assert ledger.history(RECORD_ID).events == (event(EventKind.GIVEN, NOON, valid_for=30 * DAY),)
