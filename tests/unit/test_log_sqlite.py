"""The log in SQLite: what an append promises, and what opening refuses."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from dongui.log.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from dongui.log.entry import Entry, EntryKind
from dongui.log.group_commit import GroupCommit
from dongui.log.interface import MAX_BATCH, Log
from dongui.log.keys import SignerKey
from dongui.log.merkle import EMPTY_ROOT, leaf_hash
from dongui.log.proofs import verify_consistency, verify_inclusion
from dongui.storage.sqlite.log import SqliteLog, SqliteLogReader

KEY = SignerKey.generate("log.example/unit", entropy=SystemEntropy())
OTHER_KEY = SignerKey.generate("log.example/unit", entropy=SystemEntropy())


def entries(count: int, start: int = 0) -> list[Entry]:
    return [
        Entry(EntryKind.VERIFICATION, number.to_bytes(32, "big")) for number in range(start, start + count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with SqliteLog.open(path, key=KEY) as opened:
        yield opened


def tampered(path: Path, *statements: str) -> None:
    """Write into the file with the triggers taken away: somebody with the file and a shell."""
    connection = sqlite3.connect(path, isolation_level=None)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_new_log_has_a_signed_empty_checkpoint(log: SqliteLog) -> None:
    """There is no moment without a checkpoint: the first one is over nothing."""
    checkpoint = log.checkpoint()
    assert (checkpoint.size, checkpoint.root) == (0, EMPTY_ROOT)


def test_every_entry_is_proved_under_every_later_checkpoint(log: SqliteLog) -> None:
    """Inclusion holds at every size from an entry's own on; every two checkpoints are consistent."""
    checkpoints = []
    for count in (1, 2, 5, 1, 8, 3):
        log.append(entries(count, start=log.checkpoint().size))
        checkpoints.append(log.checkpoint())
    for number, checkpoint in enumerate(checkpoints):
        for index in range(checkpoint.size):
            leaf = leaf_hash(log.entry(index).encode())
            verify_inclusion(log.inclusion(index, checkpoint.size), leaf=leaf, root=checkpoint.root)
        for older in checkpoints[: number + 1]:
            proof = log.consistency(older.size, checkpoint.size)
            verify_consistency(proof, old_root=older.root, new_root=checkpoint.root)


def test_indexes_are_given_in_order_without_gaps(log: SqliteLog) -> None:
    """An append's indexes follow those before it."""
    assert log.append(entries(3)) == range(3)
    assert log.append(entries(2)) == range(3, 5)
    assert log.entry(4) == entries(2)[1]


def test_what_is_appended_is_there_after_reopening(path: Path) -> None:
    """Closing and opening changes nothing, with the private or the public key."""
    with SqliteLog.open(path, key=KEY) as log:
        log.append(entries(11))
        before = log.checkpoint()
    with SqliteLog.open(path, key=KEY) as log, SqliteLogReader.read(path, key=KEY.verifier) as reader:
        assert log.checkpoint() == reader.checkpoint() == before
        assert reader.entry(10) == entries(11)[10]


def test_readers_see_what_another_process_appends(log: SqliteLog, path: Path) -> None:
    """A reader opened earlier follows the log; a second writer continues where the first stopped."""
    with SqliteLogReader.read(path, key=KEY.verifier) as reader, SqliteLog.open(path, key=KEY) as second:
        assert log.append(entries(3)) == range(3)
        assert second.append(entries(4)) == range(3, 7)
        assert log.append(entries(2)) == range(7, 9)
        assert reader.checkpoint() == log.checkpoint() == second.checkpoint()
        assert reader.checkpoint().size == 9


@pytest.mark.parametrize(
    "ask",
    [
        lambda log: log.entry(3),
        lambda log: log.entry(-1),
        lambda log: log.entry(2**70),
        lambda log: log.inclusion(3, 3),
        lambda log: log.inclusion(0, 4),
        lambda log: log.inclusion(-1, 3),
        lambda log: log.inclusion(0, 2**63),
        lambda log: log.consistency(0, 3),
        lambda log: log.consistency(2, 4),
        lambda log: log.consistency(3, 2),
    ],
)
def test_what_is_not_in_the_log_cannot_be_asked_for(
    log: SqliteLog, ask: Callable[[SqliteLog], object]
) -> None:
    """A size the log never had, an index outside it: the caller is told so."""
    log.append(entries(3))
    with pytest.raises(Misuse, match=r"log\.no-such-entry"):
        ask(log)


def test_batches_are_bounded(log: SqliteLog) -> None:
    """Nothing, and more than the limit, cannot be appended, alone or through the group."""
    for appender in (log, GroupCommit(log)):
        with pytest.raises(ValueError, match="nothing to append"):
            appender.append([])
        with pytest.raises(Misuse, match=r"log\.batch-too-large"):
            appender.append(entries(1) * (MAX_BATCH + 1))
    assert log.checkpoint().size == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_entry SET entry = x'00' WHERE position = 1",
        "DELETE FROM log_entry WHERE position = 2",
        "INSERT INTO log_entry VALUES (9, x'00', x'')",
        "INSERT INTO log_entry VALUES (-1, x'00', x'')",
        "INSERT OR REPLACE INTO log_entry VALUES (1, x'00', x'')",
        "UPDATE OR REPLACE log_entry SET position = 1 WHERE position = 2",
        "INSERT OR IGNORE INTO log_entry VALUES (5, x'00', x'')",
        "UPDATE log_checkpoint SET note = x'00'",
        "DELETE FROM log_checkpoint",
        "INSERT OR REPLACE INTO log_checkpoint VALUES (3, x'00')",
        "INSERT INTO log_checkpoint VALUES (2, x'00')",
        "INSERT INTO log_checkpoint VALUES (4, x'00')",
    ],
)
def test_the_tables_are_append_only(log: SqliteLog, path: Path, statement: str) -> None:
    """Nobody with a database shell changes, removes or replaces by accident what was logged."""
    log.append(entries(3))
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statements",
    [
        ("DELETE FROM log_entry WHERE position = 6",),
        ("INSERT INTO log_entry SELECT 7, entry, completed FROM log_entry WHERE position = 6",),
        ("UPDATE log_entry SET entry = x'00' WHERE position = 6",),
        ("UPDATE log_entry SET completed = zeroblob(64) WHERE position = 3",),
        ("UPDATE log_entry SET completed = x'' WHERE position = 3",),
        ("DELETE FROM log_entry WHERE position = 3",),
        ("DELETE FROM log_checkpoint",),
        ("DELETE FROM log_checkpoint WHERE size = 7",),
        ("UPDATE log_checkpoint SET note = zeroblob(200) WHERE size = 7",),
    ],
)
def test_opening_notices_what_no_longer_agrees(path: Path, statements: tuple[str, ...]) -> None:
    """Size, root and last checkpoint must agree, or nothing more is signed on top of them."""
    with SqliteLog.open(path, key=KEY) as log:
        log.append(entries(4))
        log.append(entries(3))
    tampered(path, *statements)
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        SqliteLog.open(path, key=KEY)
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        SqliteLogReader.read(path, key=KEY.verifier)


def test_tampering_while_open_is_noticed_before_signing(log: SqliteLog, path: Path) -> None:
    """An append compares what is stored with what was signed, and signs nothing if they differ."""
    log.append(entries(4))
    tampered(path, "UPDATE log_entry SET completed = zeroblob(64) WHERE position = 3")
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        log.append(entries(1))
    assert log.checkpoint().size == 4


def test_history_rewritten_with_the_key_is_noticed_while_open(log: SqliteLog, path: Path) -> None:
    """Even with the private key in other hands, a running process signs only what extends what it signed."""
    log.append(entries(4))
    with SqliteLog.open(path.with_name("other"), key=KEY) as forged:
        forged.append(entries(6, start=100))
        rows, notes = list(forged.rows(0, 6)), list(forged.notes())
    tampered(path, "DELETE FROM log_entry", "DELETE FROM log_checkpoint")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executemany("INSERT INTO log_entry VALUES (?, ?, ?)", rows)
    connection.executemany("INSERT INTO log_checkpoint VALUES (?, ?)", notes)
    connection.close()
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        log.append(entries(1))


def test_another_key_does_not_open_the_log(log: SqliteLog, path: Path) -> None:
    """A log goes on under the key it began with: two keys would be two histories under one name."""
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        SqliteLog.open(path, key=OTHER_KEY)


def test_an_older_copy_is_found_out_by_a_checkpoint_kept_elsewhere(path: Path, tmp_path: Path) -> None:
    """A restored backup agrees with itself; only a later checkpoint shows that it went back."""
    with SqliteLog.open(path, key=KEY) as log:
        log.append(entries(4))
    backup = tmp_path / "backup.sqlite"
    backup.write_bytes(path.read_bytes())
    with SqliteLog.open(path, key=KEY) as log:
        early = log.checkpoint()
        log.append(entries(3))
        seen = log.checkpoint()
        log.require_extends(early)
        log.require_extends(seen)
    with SqliteLog.open(backup, key=KEY) as log:
        with pytest.raises(Refused, match=r"log\.rolled-back"):
            log.require_extends(seen)
        log.append(entries(9, start=50))
        with pytest.raises(Refused, match=r"log\.rolled-back"):
            log.require_extends(seen)


def test_no_size_is_signed_twice(log: SqliteLog, path: Path) -> None:
    """Stored checkpoints have one note a size, each the signed root of exactly that many entries."""
    for count in (1, 3, 2):
        log.append(entries(count))
    seen = [(size, verify_checkpoint(note, origin=KEY.name, key=KEY.verifier)) for size, note in log.notes()]
    assert [(size, checkpoint.size) for size, checkpoint in seen] == [(0, 0), (1, 1), (4, 4), (6, 6)]


def test_signing_under_another_name_is_a_mistake() -> None:
    """A checkpoint's first line is the log's name, and the key's."""
    with pytest.raises(ValueError, match="not signed with the key"):
        sign_checkpoint(Checkpoint("log.example/other", 0, EMPTY_ROOT), key=KEY)


def test_a_log_that_is_not_there_is_not_begun_anew(path: Path) -> None:
    """Neither by reading nor by resuming: a lost log begun again would sign its sizes a second time."""
    with pytest.raises(Misuse, match=r"log\.not-there"):
        SqliteLogReader.read(path, key=KEY.verifier)
    with pytest.raises(Misuse, match=r"log\.not-there"):
        SqliteLog.resume(path, key=KEY)
    assert not path.exists()
    path.touch()
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        SqliteLog.resume(path, key=KEY)


def test_a_log_is_resumed(path: Path) -> None:
    """Resuming goes on where the log ended."""
    with SqliteLog.open(path, key=KEY) as log:
        log.append(entries(3))
    with SqliteLog.resume(path, key=KEY) as log:
        assert log.append(entries(2)) == range(3, 5)


def test_many_threads_share_one_commit(log: SqliteLog) -> None:
    """Callers at one moment get adjacent, disjoint indexes of exactly their entries, in fewer commits."""
    group = GroupCommit(log)
    answers: dict[int, range] = {}
    start = threading.Barrier(24)

    def work(number: int) -> None:
        start.wait()
        answers[number] = group.append(entries(3, start=number * 3))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(index for indexes in answers.values() for index in indexes) == list(range(72))
    for number, indexes in answers.items():
        assert [log.entry(index) for index in indexes] == entries(3, start=number * 3)
    assert len(list(log.notes())) - 1 < 24


def test_a_failed_group_fails_for_each_of_its_callers(log: SqliteLog, path: Path) -> None:
    """Nobody waits for ever, and nobody is told that something was logged that was not."""
    group = GroupCommit(log)
    log.append(entries(2))
    tampered(path, "DELETE FROM log_entry WHERE position = 1")
    failures: list[DonguiError] = []

    def work() -> None:
        with pytest.raises(Trouble) as trouble:
            group.append(entries(1))
        failures.append(trouble.value)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [failure.name for failure in failures] == ["log.inconsistent"] * 8


def test_the_sqlite_log_is_a_log(log: SqliteLog) -> None:
    """What the project asks of a log is what this one offers; the type checker reads this line."""
    asked: Log = log
    assert asked.checkpoint().checkpoint.origin == KEY.name
