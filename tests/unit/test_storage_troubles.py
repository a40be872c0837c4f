"""Every way a disk can fail has a name; what is the caller's own fault keeps its own."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dongui.errors import DonguiError, Trouble
from dongui.storage.sqlite.database import Database
from dongui.storage.sqlite.troubles import sqlite_troubles, system_troubles

SYSTEM = {
    errno.EACCES: "storage.no-permission",
    errno.EPERM: "storage.no-permission",
    errno.ENOSPC: "storage.full",
    errno.EDQUOT: "storage.full",
    errno.EROFS: "storage.read-only",
    errno.EIO: "storage.failed",
}


@pytest.mark.parametrize(("number", "name"), SYSTEM.items(), ids=[errno.errorcode[one] for one in SYSTEM])
def test_errors_of_the_system_are_named(number: int, name: str) -> None:
    """The system's number decides; the path is told, so that somebody can go and look."""
    with pytest.raises(DonguiError) as caught, system_troubles(Path("/a/file")):
        raise OSError(number, os.strerror(number))
    assert caught.value.name == name
    assert "/a/file" in caught.value.detail


def test_a_connection_that_may_not_write_says_so(tmp_path: Path) -> None:
    """SQLite's own refusal to write is trouble of the surroundings."""
    with Database.open(tmp_path / "a", migrations=("CREATE TABLE x (y);",), application_id=1) as database:
        with database.reading() as connection:
            connection.execute("PRAGMA query_only = ON")
        with pytest.raises(Trouble) as caught, database.transaction() as connection:
            connection.execute("INSERT INTO x VALUES (1)")
    assert caught.value.name == "storage.read-only"


@pytest.mark.parametrize("kind", [sqlite3.IntegrityError, sqlite3.ProgrammingError])
def test_the_callers_own_rules_and_mistakes_pass(kind: type[Exception]) -> None:
    """A broken constraint is the caller's to name; a misuse of the interface is a fault in the code."""
    with pytest.raises(kind), sqlite_troubles(Path("/a/file"), wait_s=5):
        raise kind("x")


_FILLING = """
import subprocess, sys
from pathlib import Path
from dongui.errors import Trouble
from dongui.storage.sqlite.database import Database
folder = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)], check=True)
Database.open(folder / "rested", migrations=("CREATE TABLE x (y);",), application_id=1).close()
database = Database.open(folder / "a", migrations=("CREATE TABLE x (y);",), application_id=1)
kept = 0
try:
    while True:
        with database.transaction() as connection:
            connection.execute("INSERT INTO x VALUES (zeroblob(3000))")
        kept += 1
except Trouble as trouble:
    with database.reading() as connection:
        there = connection.execute("SELECT count(*) FROM x").fetchone()[0]
    print(trouble.name, kept > 5, there == kept)
try:
    Database.open(folder / "rested", migrations=("CREATE TABLE x (y);",), application_id=1)
except Trouble as trouble:
    print(trouble.name)
"""


def test_a_file_system_that_runs_full_keeps_what_was_confirmed(tmp_path: Path) -> None:
    """On a real, tiny file system: the name is storage.full, and exactly the confirmed rows are there.

    A database that cannot even be opened for want of room says the same.
    """
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        able = subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True)
    except FileNotFoundError:
        pytest.skip("no unshare here: a full file system is not tried")
    if able.returncode != 0:
        pytest.skip("mounting is not allowed here: a full file system is not tried")
    said = subprocess.run(
        [*unshare, sys.executable, "-c", _FILLING, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert said.stdout.split() == ["storage.full", "True", "True", "storage.full"], said.stderr
