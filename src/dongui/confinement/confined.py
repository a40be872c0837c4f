"""Run a task in a process that ends with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from dongui.confinement.exchange import Bounds, exchange, judge
from dongui.confinement.process import ZygoteProcess
from dongui.confinement.wire import require_bounded, require_bounded_arguments
from dongui.errors import Misuse
from dongui.memory import SecretBuffer

__all__ = ["Confined", "Confinement"]


class Confined(Protocol):
    """Somewhere a task can run: :class:`Confinement`, or the weaker :class:`InProcess`."""

    def run(self, task: str, *, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
        """Answer one order."""

    def close(self) -> None:
        """Be done."""


@dataclass(frozen=True, slots=True)
class _Preparation:
    reference: str
    arguments: bytes
    progress: Callable[[str], None]
    seconds: float


class Confinement:
    """A zygote, started and warm, and one short-lived child for each task. A context manager.

    Threads may share it; tasks then wait for one another. Start several to run several at once.
    """

    def __init__(self, preparation: _Preparation, bounds: Bounds) -> None:
        """Use :meth:`start`."""
        self._preparation = preparation
        self._bounds = bounds
        self._lock = threading.Lock()
        self._closed = False
        self._warm_up_seconds = 0.0
        self._zygote = self._begin()

    @classmethod
    def start(
        cls,
        prepare: str,
        *,
        arguments: bytes,
        progress: Callable[[str], None],
        timeout_seconds: float,
        memory_bytes: int,
        prepare_timeout_seconds: float = 120.0,
    ) -> Self:
        """Start a fresh interpreter and have it run ``prepare``; return when it is warm.

        ``prepare`` and later each task are named ``"package.module:function"``, see
        :data:`dongui.confinement.task.Prepare` and :data:`~dongui.confinement.task.Task`. ``progress`` is
        called with what the preparing function says. ``timeout_seconds`` and ``memory_bytes`` bound each
        task; memory is counted beyond what the warm zygote holds.

        Raises ``Trouble`` (``confinement.not-started``), ``Misuse`` (``confinement.threads-started``,
        ``confinement.order-too-large`` for more than 512 KiB of arguments), or the failure the preparing
        function raised.
        """
        require_bounded_arguments(arguments)
        return cls(
            _Preparation(prepare, arguments, progress, prepare_timeout_seconds),
            Bounds(timeout_seconds, memory_bytes),
        )

    @property
    def warm_up_seconds(self) -> float:
        """How long the last start took, the preparing function included."""
        return self._warm_up_seconds

    @property
    def zygote_pid(self) -> int:
        """The number of the process that forks; it never holds an order or a buffer."""
        return self._zygote.pid

    def run(self, task: str, *, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
        """Run ``task`` in a new child with copies of ``buffers``; return its answer when the child is gone.

        The caller wipes its own buffers. ``order`` and the answer are ``bytes``: put nothing in them that
        has to be forgotten. If the zygote has died it is started again first.

        Raises the ``DonguiError`` the task raised, made anew; ``Trouble``: ``confinement.crashed``,
        ``confinement.timed-out``, ``confinement.out-of-memory``, ``confinement.not-started``; ``Misuse``:
        ``confinement.order-too-large``, ``confinement.closed``.
        """
        require_bounded(order, buffers)
        with self._lock:
            result = exchange(self._usable(), task, order=order, buffers=buffers, bounds=self._bounds)
            if result.ending is None and not result.shown:
                # The zygote had died since the last task. Nothing left here, so this repeats nothing.
                result = exchange(self._usable(), task, order=order, buffers=buffers, bounds=self._bounds)
        return judge(result, self._bounds)

    def close(self) -> None:
        """End the zygote and wait until it is gone. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._zygote.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> ZygoteProcess:
        started = time.monotonic()
        zygote = ZygoteProcess()
        ready = False
        try:
            given = self._preparation
            zygote.prepare(given.reference, given.arguments, given.progress, seconds=given.seconds)
            ready = True
        finally:
            if not ready:
                zygote.end()
        self._warm_up_seconds = time.monotonic() - started
        return zygote

    def _usable(self) -> ZygoteProcess:
        if self._closed:
            raise Misuse("confinement.closed", "run was called after close")
        if not self._zygote.usable:
            self._zygote.end()
            self._zygote = self._begin()
        return self._zygote
