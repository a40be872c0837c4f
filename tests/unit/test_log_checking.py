"""Checking the whole log finds what opening has no time for, and says where."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import Trouble
from dongui.log.checking import check_log
from dongui.log.checkpoint import Checkpoint, sign_checkpoint
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.log_rows import StoredSqliteLog

KEY = SignerKey.generate("log.example/checking", entropy=SystemEntropy())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with SqliteLog.open(path, key=KEY) as opened:
        for number in range(30):
            kind = EntryKind.CONSENT if number % 3 else EntryKind.VERIFICATION
            opened.append([Entry(kind, number.to_bytes(32, "big"))])
        yield opened


def test_a_sound_log_is_counted(log: SqliteLog) -> None:
    """Every entry by kind, every checkpoint, the root."""
    told: list[tuple[int, int]] = []
    checked = check_log(log, progress=lambda done, size: told.append((done, size)))
    assert (checked.size, checked.root, checked.checkpoints) == (30, log.checkpoint().root, 31)
    assert checked.entries == {
        **dict.fromkeys(EntryKind, 0),
        EntryKind.VERIFICATION: 10,
        EntryKind.CONSENT: 20,
    }
    assert told == [(0, 30)]


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    """Nothing, under a signed checkpoint over nothing."""
    with SqliteLog.open(tmp_path / "empty.sqlite", key=KEY) as log:
        assert (check_log(log).size, check_log(log).checkpoints) == (0, 1)


def test_what_is_appended_meanwhile_does_not_disturb(log: SqliteLog) -> None:
    """The check is of the log as it was when the check began."""

    def append(done: int, _size: int) -> None:
        log.append([Entry(EntryKind.CONSENT, done.to_bytes(32, "big"))])

    assert check_log(log, progress=append).size == 30
    assert log.checkpoint().size == 31


def note(size: int, root: bytes, key: SignerKey = KEY) -> str:
    return sign_checkpoint(Checkpoint(key.name, size, root), key=key).hex()


OTHER = SignerKey.generate(KEY.name, entropy=SystemEntropy())


def entry_set(position: int, assignment: str) -> str:
    return f"UPDATE log_entry SET {assignment} WHERE position = {position}"


def note_set(size: int, value: str) -> str:
    return f"UPDATE log_checkpoint SET note = x'{value}' WHERE size = {size}"


ANOTHER_ENTRY = Entry(EntryKind.VERIFICATION, b"\xff" * 32).encode().hex()


# None of these is what opening reads: the roots of the subtrees on the right border, and the last note.
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (entry_set(3, f"entry = x'{ANOTHER_ENTRY}'"), "entry 3 and the tree"),
        (entry_set(3, "entry = x'00'"), "entry 3 is none"),
        (entry_set(3, "completed = zeroblob(64)"), "entry 3 and the tree"),
        (entry_set(1, "completed = x''"), "entry 1 and the tree"),
        (entry_set(2, "completed = zeroblob(32)"), "entry 2 and the tree"),
        ("DELETE FROM log_entry WHERE position = 4", "entry 4 is missing"),
        (note_set(9, note(9, bytes(32))), "over 9 entries has another"),
        (note_set(9, note(8, bytes(32))), "was signed over 8"),
        (note_set(9, note(9, bytes(32), OTHER)), "over 9 entries does not"),
        (note_set(0, "00"), "over 0 entries does not"),
        (entry_set(29, f"entry = x'{ANOTHER_ENTRY}'"), "entry 29 and the tree"),
        (entry_set(28, f"entry = x'{ANOTHER_ENTRY}'"), "over 29 entries has another root"),
        ("UPDATE log_checkpoint SET size = 31 WHERE size = 30", "kept for 31 entries was signed over 30"),
    ],
)
def test_a_fault_anywhere_is_found(log: SqliteLog, path: Path, statement: str, said: str) -> None:
    """A changed byte of an old entry, node or checkpoint, which opening passes over, is found and placed."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()
    with SqliteLog.open(path, key=KEY) as reopened, pytest.raises(Trouble, match=said) as trouble:
        check_log(reopened)
    assert trouble.value.name == "log.inconsistent"


# These are on the right border: opening refuses the log, and the check, which need not open it, says where.
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM log_entry WHERE position = 29", "holds 29 entries; its last checkpoint is over 30"),
        ("DELETE FROM log_checkpoint WHERE size = 30", "holds 30 entries; its last checkpoint is over 29"),
        ("DELETE FROM log_checkpoint", "its last checkpoint is over -1"),
        (entry_set(29, "completed = zeroblob(32)"), "entry 29 and the tree"),
        (note_set(30, "00"), "over 30 entries does not verify"),
        ("UPDATE log_entry SET position = 40 WHERE position = 29", "entry 29 is missing"),
    ],
)
def test_a_log_that_does_not_open_can_still_be_checked(
    log: SqliteLog, path: Path, statement: str, said: str
) -> None:
    """The check needs the public key and the file, not a log that opens."""
    log.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.close()
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        SqliteLog.open(path, key=KEY)
    with (
        StoredSqliteLog.look(path, key=KEY.verifier) as stored,
        pytest.raises(Trouble, match=said) as trouble,
    ):
        check_log(stored)
    assert trouble.value.name == "log.inconsistent"


def test_reading_a_damaged_entry_or_proof_is_named(log: SqliteLog, path: Path) -> None:
    """What a damaged row leads to is said to be the log's fault, not the asker's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER log_entry_not_updated")
    connection.execute("UPDATE log_entry SET entry = x'00', completed = x'' WHERE position = 3")
    connection.close()
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        log.entry(3)
    with pytest.raises(Trouble, match=r"log\.inconsistent"):
        log.inclusion(5, 30)
