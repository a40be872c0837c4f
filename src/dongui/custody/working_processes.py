"""A few processes that share work in order, hold little of it, and end with whoever started them."""

from __future__ import annotations

import ctypes
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar, TypeVarTuple

from dongui.errors import Trouble

__all__ = ["Workers"]

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")
# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1
_WAITING = 2  # pieces of work handed to each process ahead of time


class Workers:
    """Runs a function over many arguments; with one process, in this one. A context manager."""

    def __init__(self, processes: int) -> None:
        self._count = processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        if self._count > 1:
            # Spawned, not forked: threads and locks of the parent do not come along.
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=get_context("spawn"),
                initializer=_end_with,
                initargs=(os.getpid(),),
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(
        self, work: Callable[[*Arguments], Result], arguments: Iterable[tuple[*Arguments]]
    ) -> Iterator[Result]:
        """Yield the results in the order of ``arguments``, which are asked for as they are needed.

        Raises what ``work`` raises; ``Trouble`` (``membership.worker-ended``).
        """
        if self._pool is None:
            for one in arguments:
                yield work(*one)
            return
        running: deque[Future[Result]] = deque()
        try:
            for one in arguments:
                running.append(self._pool.submit(work, *one))
                if len(running) > self._count * _WAITING:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool:
            raise Trouble("membership.worker-ended", f"one of {self._count} processes ended") from None


def _end_with(parent: int) -> None:
    """Have the system end this process with the one that started it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        # It ended before that could be said; no signal will come any more.
        raise ProcessLookupError(parent)
