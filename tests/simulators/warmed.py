"""Commands as processes of their own, without the second each takes to load the libraries.

    commands = warmed()
    subprocess.run([commands.dongui, "purpose", "list"], env=commands.environment(), cwd=anywhere)

A server that has imported the command line (:mod:`simulators.warmed_server`) forks one process a command. The
command has its own memory, folder, environment, standard streams and exit code or signal, and the account and
mounts of whoever gave it; what it finds imported, a fresh process would have imported. What it shares with
other commands is what a start decides: the seed of Python's hashes, and the variables Python reads before any
program runs. Where those differ from the server's, the client starts a Python of its own, which is slower and
nothing else.
"""

from __future__ import annotations

import atexit
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import dongui
from simulators import warmed_client, warmed_server

__all__ = ["Warmed", "warmed"]

# Python, its C library and its allocator read these before the first line of a program.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_", "OPENBLAS_", "OMP_", "TZ")
_UTF_8 = {"LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Warmed:
    """A running server's folder, which holds the programs ``dongui`` and ``warmed-python``."""

    folder: Path

    @property
    def dongui(self) -> str:
        """The command ``dongui``."""
        return str(self.folder / "dongui")

    @property
    def python(self) -> str:
        """A Python that runs one script; it takes no option before the script's path."""
        return str(self.folder / "warmed-python")

    @staticmethod
    def environment() -> dict[str, str]:
        """Return this process's environment as the server started with it: UTF-8, and this package."""
        # The package's own place, also where PYTHONPATH names it from another folder.
        return {**os.environ, **_UTF_8, "PYTHONPATH": str(Path(dongui.__file__).parents[1])}


@cache
def warmed() -> Warmed:
    """Return this process's server, started when first asked for; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="dongui-warmed-"))
    folder.chmod(0o755)  # whatever account a test gives a command with: it gets its own, not ours
    environment = Warmed.environment()
    _write_clients(folder, environment)
    server = subprocess.Popen(
        [sys.executable, warmed_server.__file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n", "the warmed server did not start"
    atexit.register(_end, server, folder)
    return Warmed(folder)


def _write_clients(folder: Path, environment: Mapping[str, str]) -> None:
    start = {name: value for name, value in environment.items() if name.startswith(_AT_START)}
    (folder / "start").write_bytes(marshal.dumps((sys.executable, _AT_START, start)))
    # Isolated and without site-packages: it needs neither, and starts in a hundredth of a second.
    text = f"#!{sys.executable} -IS\n{Path(warmed_client.__file__).read_text(encoding='utf-8')}"
    for name in ("dongui", "warmed-python"):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.communicate()
    shutil.rmtree(folder, ignore_errors=True)
