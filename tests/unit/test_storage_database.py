"""The database file: whose it is, which format it has, what becomes of a transaction."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from dongui.errors import DonguiError, Misuse, Trouble, failures
from dongui.storage.sqlite.database import Database

ID = 0x444E4731
FIRST = "CREATE TABLE item (value INTEGER PRIMARY KEY, note TEXT);"
SECOND = """
CREATE TABLE other (value INTEGER REFERENCES item (value));
CREATE TRIGGER other_stays BEFORE DELETE ON other
BEGIN
  SELECT RAISE(ABORT, 'stays');
END;
"""


def opened(path: Path, *migrations: str) -> Database:
    return Database.open(path, migrations=migrations or (FIRST,), application_id=ID, busy_timeout_ms=200)


def values(database: Database) -> list[int]:
    with database.reading() as connection:
        return [row[0] for row in connection.execute("SELECT value FROM item ORDER BY value")]


def test_a_new_file_and_its_companions_belong_to_the_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody but the account that runs Dongui can read the file, its log or its index."""
    before = os.umask(0)
    try:
        with opened(tmp_path / "a") as database, database.transaction() as connection:
            connection.execute("INSERT INTO item VALUES (1, 'x')")
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"a": 0o600, "a-wal": 0o600, "a-shm": 0o600}


def test_a_file_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    """Opening tightens the mode of a file of ours."""
    opened(tmp_path / "a").close()
    (tmp_path / "a").chmod(0o644)
    opened(tmp_path / "a").close()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_durability_settings_hold_on_every_connection(tmp_path: Path) -> None:
    """Write-ahead log, synchronised commits, foreign keys and overwriting deletes are on, always."""
    with opened(tmp_path / "a") as database, database.reading() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "user_version")
        }
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "user_version": 1,
    }
    assert found == expected


def test_what_was_committed_is_there_after_reopening_and_migration(tmp_path: Path) -> None:
    """A later version adds to the format and keeps what an earlier one wrote."""
    with opened(tmp_path / "a") as database, database.transaction() as connection:
        connection.execute("INSERT INTO item VALUES (7, NULL)")
    with opened(tmp_path / "a", FIRST, SECOND) as database:
        assert values(database) == [7]
        with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
            connection.execute("INSERT INTO other VALUES (8)")


def test_half_a_migration_never_stays(tmp_path: Path) -> None:
    """A migration that fails in its second statement leaves the format and the tables as they were."""
    opened(tmp_path / "a").close()
    with pytest.raises(Trouble) as caught:
        opened(tmp_path / "a", FIRST, "CREATE TABLE new (x);\nCREATE TABLE item (x);")
    assert caught.value.name == "storage.failed"
    with opened(tmp_path / "a") as database, database.reading() as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert names == {"item"}


def fail_midway(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO item VALUES (1, NULL)")
        raise ValueError("midway")


def test_a_raised_exception_rolls_everything_back(tmp_path: Path) -> None:
    """All or nothing: an exception between two statements takes the first one back too."""
    with opened(tmp_path / "a") as database:
        with pytest.raises(ValueError, match="midway"):
            fail_midway(database)
        assert values(database) == []


def test_transactions_do_not_nest(tmp_path: Path) -> None:
    """An inner commit would publish half of the outer transaction."""
    with (
        opened(tmp_path / "a") as database,
        database.transaction(),
        pytest.raises(RuntimeError, match="nest"),
        database.transaction(),
    ):
        pass


def test_threads_take_turns(tmp_path: Path) -> None:
    """Four threads on one connection lose nothing and never see each other's half-done work."""
    with opened(tmp_path / "a") as database:

        def count_up() -> None:
            for _ in range(10):
                with database.transaction() as connection:
                    top = connection.execute("SELECT coalesce(max(value), 0) FROM item").fetchone()[0]
                    connection.execute("INSERT INTO item VALUES (?, NULL)", (top + 1,))

        threads = [threading.Thread(target=count_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert values(database) == list(range(1, 41))


def test_processes_may_create_the_same_file_at_once(tmp_path: Path) -> None:
    """Whoever comes second waits and finds the finished format."""
    script = (
        "import sys; from pathlib import Path; from dongui.storage.sqlite.database import Database\n"
        f"Database.open(Path(sys.argv[1]), migrations=({FIRST!r},), application_id={ID}).close()\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "a")]) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    with opened(tmp_path / "a") as database:
        assert values(database) == []


def test_a_forked_child_may_not_use_the_connection(tmp_path: Path) -> None:
    """SQLite's locks belong to the process that took them: two processes on one connection corrupt a file."""
    database = opened(tmp_path / "a")
    child = os.fork()
    if child == 0:
        try:
            with database.transaction():
                os._exit(1)
        except RuntimeError:
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    database.close()


def test_deleted_rows_leave_the_file_and_its_log(tmp_path: Path) -> None:
    """What is deleted and flushed cannot be found in the bytes on disk."""
    secret = "d41d8cd98f00b204-secret-key"
    with opened(tmp_path / "a") as database:
        with database.transaction() as connection:
            connection.execute("INSERT INTO item VALUES (1, ?)", (secret,))
        with database.transaction() as connection:
            connection.execute("DELETE FROM item")
        assert secret.encode() in b"".join(file.read_bytes() for file in tmp_path.iterdir())
        database.flush_deleted()
        assert secret.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_later_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An older version must not write into a file whose rules it does not know."""
    opened(tmp_path / "a", FIRST, SECOND).close()
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(Misuse) as caught:
        opened(tmp_path / "a", FIRST)
    assert caught.value.name == "storage.newer-format"
    assert "format 2" in caught.value.detail
    assert (tmp_path / "a").read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Neither another application id nor a populated file without one is ours."""
    for name, application_id in (("a", ID + 1), ("b", 0)):
        other = sqlite3.connect(tmp_path / name)
        other.executescript(f"PRAGMA application_id = {application_id}; CREATE TABLE theirs (x);")
        other.close()
        before = (tmp_path / name).read_bytes()
        with pytest.raises(Misuse) as caught:
            opened(tmp_path / name)
        assert caught.value.name == "storage.other-kind"
        assert (tmp_path / name).read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A mistyped path must not cost anybody a file."""
    (tmp_path / "letter.txt").write_text("Dear reader, " * 100)
    with pytest.raises(Misuse) as caught:
        opened(tmp_path / "letter.txt")
    assert caught.value.name == "storage.not-a-database"
    assert (tmp_path / "letter.txt").read_text() == "Dear reader, " * 100


def test_a_directory_and_a_missing_folder_have_names(tmp_path: Path) -> None:
    """Nothing is created where the path cannot be right."""
    for path, name in ((tmp_path, "storage.is-directory"), (tmp_path / "no" / "a", "storage.no-folder")):
        with pytest.raises(Misuse) as caught:
            opened(path)
        assert caught.value.name == name
    assert list(tmp_path.iterdir()) == []


def test_a_file_held_by_another_process_is_trouble_not_a_refusal(tmp_path: Path) -> None:
    """The wait is bounded; what was written by the one who held it stays."""
    with opened(tmp_path / "a") as first, opened(tmp_path / "a") as second:
        with first.transaction() as connection:
            connection.execute("INSERT INTO item VALUES (1, NULL)")
            with pytest.raises(Trouble) as caught, second.transaction():
                pass
        assert caught.value.name == "storage.locked"
        assert caught.value.detail.endswith(
            "another process holds it for longer than the 0.2 s it was waited for"
        )
        assert values(second) == [1]


def write_too_much(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO item VALUES (2, NULL)")
        connection.execute("INSERT INTO item VALUES (3, ?)", ("x" * 100_000,))


def test_a_full_disk_keeps_everything_confirmed_before(tmp_path: Path) -> None:
    """The write that found no room is gone whole; the earlier ones stay and later ones work again."""
    with opened(tmp_path / "a") as database:
        with database.transaction() as connection:
            connection.execute("INSERT INTO item VALUES (1, NULL)")
            connection.execute("PRAGMA max_page_count = 4")
        with pytest.raises(Trouble) as caught:
            write_too_much(database)
        assert caught.value.name == "storage.full"
        assert values(database) == [1]
        with database.transaction() as connection:
            connection.execute("PRAGMA max_page_count = 1000")
            connection.execute("INSERT INTO item VALUES (4, NULL)")
        assert values(database) == [1, 4]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Broken pages are trouble of the disk, not something about a person."""
    with opened(tmp_path / "a") as database, database.transaction() as connection:
        connection.executemany("INSERT INTO item VALUES (?, ?)", [(n, "x" * 200) for n in range(200)])
    content = bytearray((tmp_path / "a").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(Trouble) as caught, opened(tmp_path / "a") as database:
        values(database)
    assert caught.value.name == "storage.damaged"


def _name_as_nobody(path: Path) -> str:
    """What opening ``path`` says to an account without rights (a child gives up root's, if it had them)."""
    failures()
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            opened(path)
        except DonguiError as error:
            os.write(sender, error.name.encode())
        os._exit(0)
    os.close(sender)
    os.waitpid(child, 0)
    with os.fdopen(receiver) as said:
        return said.read()


def test_no_permission_has_a_name() -> None:
    """Neither an unreadable file nor an unwritable folder shows up as a damaged or missing database."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        opened(folder / "a").close()
        (folder / "a").chmod(0)
        folder.chmod(0o555)
        assert _name_as_nobody(folder / "a") == "storage.no-permission"
        assert _name_as_nobody(folder / "new") == "storage.no-permission"
        folder.chmod(0)
        assert _name_as_nobody(folder / "a") == "storage.no-permission"
        folder.chmod(0o700)


def test_opening_a_file_twice_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """While one connection is open no other process may think itself the last and take the log away.

    Locks on a file belong to the process, and closing any descriptor of the file drops them all.
    """
    with opened(tmp_path / "a") as first:
        opened(tmp_path / "a").close()
        script = (
            "import sqlite3, sys; other = sqlite3.connect(sys.argv[1]); "
            "other.execute('SELECT * FROM item'); other.close()"
        )
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "a")], check=True)
        assert (tmp_path / "a-wal").exists()
        with first.transaction() as connection:
            connection.execute("INSERT INTO item VALUES (1, 'kept')")
        with opened(tmp_path / "a") as second:
            assert len(values(second)) == 1
