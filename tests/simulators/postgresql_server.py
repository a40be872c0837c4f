"""A PostgreSQL server of a test's own: an empty folder, a socket in it, no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WITHOUT_RIGHTS = ("postgres", "nobody")


def programs() -> Path | None:
    """Return the folder of the newest server's programs, or None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def user() -> str | None:
    """Return whom the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _WITHOUT_RIGHTS if name in names)


@contextmanager
def server() -> Iterator[str]:
    """Start a server and give the address of its database."""
    folder = Path(tempfile.mkdtemp(prefix="dongui-pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
    try:
        owner = user()
        if owner is not None:
            shutil.chown(folder, owner)
        data = folder / "data"
        run("initdb", "--pgdata", str(data), "--username=custody", "--auth=trust", "--no-sync", cwd=folder)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(
            "pg_ctl", "start", "--wait", "-D", str(data), "-l", str(folder / "log"), "-o", options, cwd=folder
        )
        try:
            yield f"host={folder} user=custody dbname=postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "-m", "immediate", "-D", str(data), cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(program: str, *arguments: str, cwd: Path) -> None:
    """Run one of the server's programs to its end."""
    where = programs()
    assert where is not None
    subprocess.run(
        [str(where / program), *arguments],
        check=True,
        cwd=cwd,
        user=user(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(cwd)},
    )
