"""Processes that consume sessions, to be raced and to be killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from dongui.environment import SystemEntropy
from dongui.errors import Refused
from dongui.storage.sqlite.sessions import SqliteSessions
from simulators.sessions import NOON

__all__ = ["start_consumer"]

READY = b"ready"

_context = multiprocessing.get_context("forkserver")
# The imports are paid once, not by each of the processes that are about to die.
_context.set_forkserver_preload(["simulators.session_consumers"])


def _consume(path: Path, ids: Sequence[str], reports: Connection) -> None:
    with SqliteSessions.open(path, entropy=SystemEntropy()) as sessions:
        reports.send_bytes(READY)
        reports.recv_bytes()
        for session_id in ids:
            try:
                sessions.consume(session_id, at=NOON)
            except Refused:
                continue  # the other process got it
            reports.send_bytes(session_id.encode())
    reports.close()


def start_consumer(path: Path, ids: Sequence[str]) -> tuple[BaseProcess, Connection]:
    """Start a process that opens ``path``, and once anything is sent to it consumes ``ids`` in order.

    It reports the id of each session it got, after :meth:`consume` has returned.
    """
    ours, theirs = _context.Pipe()
    process = _context.Process(target=_consume, args=(path, ids, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.recv_bytes() == READY
    return process, ours
