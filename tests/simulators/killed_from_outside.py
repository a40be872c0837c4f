"""A child that is killed from outside, a little after it has told of so many instants.

However quick or slow the machine is, so much has been done; what it is just doing is left to chance.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from simulators.vault_instants import tell_each_operation

__all__ = ["forked", "killed_after"]

_write = os.write


def killed_after(instants: int, work: Callable[[], object]) -> bool:
    """Let a child work until it has told of so many instants, and kill it; tell whether it still lived."""
    reads, writes = os.pipe()

    def tell() -> None:
        _write(writes, b".")

    def told() -> None:
        tell_each_operation(tell)
        work()

    child = forked(told)
    os.close(writes)
    heard = 0
    while heard < instants and (got := os.read(reads, instants - heard)):
        heard += len(got)
    os.kill(child, signal.SIGKILL)
    os.close(reads)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def forked(work: Callable[[], object]) -> int:
    """Run ``work`` in a child and return its id; an exception ends it with 1."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)
