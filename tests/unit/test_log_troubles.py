"""What storage does to a log: full, locked, damaged, cut short. All named, and nothing promised is lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongui.environment import SystemEntropy
from dongui.errors import DonguiError, Misuse, Trouble
from dongui.log.checking import check_log
from dongui.log.entry import Entry, EntryKind
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog, SqliteLogReader

KEY = SignerKey.generate("log.example/troubles", entropy=SystemEntropy())


def entries(count: int) -> list[Entry]:
    return [Entry(EntryKind.CONSENT, number.to_bytes(32, "big")) for number in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with SqliteLog.open(path, key=KEY) as opened:
        yield opened


def set_pragma(log: SqliteLog, pragma: str) -> None:
    """Set a limit on the log's own connection."""
    with log._database.reading() as connection:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def test_a_full_disk_takes_nothing_back(log: SqliteLog) -> None:
    """Without room the append fails by name, everything before it stays, and it works again later."""
    log.append(entries(100))
    before = log.checkpoint()
    set_pragma(log, "max_page_count = 20")
    with pytest.raises(Trouble, match=r"storage\.full"):
        log.append(entries(5_000))
    assert log.checkpoint() == before
    assert check_log(log).size == 100
    set_pragma(log, "max_page_count = 1000000")
    assert log.append(entries(5_000)) == range(100, 5_100)
    assert check_log(log).size == 5_100


def test_a_locked_log_is_told_apart(log: SqliteLog, path: Path) -> None:
    """Another process in a transaction: reading goes on, appending waits and then fails by name."""
    log.append(entries(3))
    set_pragma(log, "busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Trouble, match=r"storage\.locked"):
        log.append(entries(1))
    assert log.checkpoint().size == 3
    assert log.inclusion(2, 3).size == 3
    other.execute("ROLLBACK")
    assert log.append(entries(1)) == range(3, 4)
    other.close()


@pytest.mark.parametrize("content", [b"not a database at all, " * 100, b"SQLite format 3\x00" + bytes(4080)])
def test_another_file_is_not_a_log(path: Path, content: bytes) -> None:
    """A file that is no log is named so, and not written to."""
    path.write_bytes(content)
    with pytest.raises(DonguiError, match=r"storage\.(not-a-database|damaged)"):
        SqliteLog.open(path, key=KEY)
    assert path.read_bytes() == content


def test_a_directory_is_not_a_log(tmp_path: Path) -> None:
    """Neither to write nor to read."""
    with pytest.raises(Misuse, match=r"storage\.is-directory"):
        SqliteLog.open(tmp_path, key=KEY)
    with pytest.raises(Misuse, match=r"log\.not-there"):
        SqliteLogReader.read(tmp_path, key=KEY.verifier)


def written(path: Path) -> bytes:
    """A closed log of 700 entries and eight checkpoints."""
    with SqliteLog.open(path, key=KEY) as log:
        for _ in range(7):
            log.append(entries(100))
    assert not path.with_name(path.name + "-wal").exists()
    return path.read_bytes()


def outcome(path: Path) -> str:
    """The name of the failure that opening and checking end in; ``sound`` if everything is there."""
    try:
        with SqliteLogReader.read(path, key=KEY.verifier) as log:
            checked = check_log(log)
    except DonguiError as failure:
        return failure.name
    return "sound" if (checked.size, checked.checkpoints) == (700, 8) else "something is missing"


def test_every_damage_is_named_or_harmless(path: Path) -> None:
    """200 damaged bytes: each is found, by name, or left entries, tree and checkpoints exactly as they were.

    Harmless are the bytes SQLite does not use, and those of rules such as triggers, which are not the log.
    """
    original = written(path)
    chance = random.Random(17)
    outcomes = []
    for _ in range(200):
        damaged = bytearray(original)
        place = chance.randrange(len(damaged))
        damaged[place] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        outcomes.append(outcome(path))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert set(outcomes) <= {"sound", "log.inconsistent"} | {
        f"storage.{what}" for what in ("damaged", "not-a-database", "other-kind", "newer-format", "failed")
    }
    # Most of a log's bytes are entries and hashes: most damage must have been found.
    assert outcomes.count("log.inconsistent") > 100


def test_a_truncated_file_is_found(path: Path) -> None:
    """Wherever the file was cut, opening or checking says so."""
    original = written(path)
    chance = random.Random(23)
    for length in [chance.randrange(1, len(original)) for _ in range(60)]:
        path.write_bytes(original[:length])
        assert outcome(path) != "sound", f"cut to {length} bytes"
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_a_truncated_write_ahead_log_leaves_a_state_that_was_signed(log: SqliteLog, path: Path) -> None:
    """Whatever tail is cut off, as a power cut may, what opens is one of the signed states, whole."""
    states = {log.checkpoint().note}
    for _ in range(40):
        log.append(entries(7))
        states.add(log.checkpoint().note)
    copy = path.with_name("copy.sqlite")
    wal = path.with_name(path.name + "-wal").read_bytes()
    chance = random.Random(29)
    sizes = set()
    for length in [chance.randrange(len(wal)) for _ in range(60)]:
        shutil.copyfile(path, copy)
        copy.with_name(copy.name + "-wal").write_bytes(wal[:length])
        with SqliteLog.open(copy, key=KEY) as reopened:
            assert reopened.checkpoint().note in states or reopened.checkpoint().size == 0
            sizes.add(check_log(reopened).size)
    assert len(sizes) > 10
