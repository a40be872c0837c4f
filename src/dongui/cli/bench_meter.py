"""Measuring a piece of work: seconds, processor seconds and memory of all its processes together."""

from __future__ import annotations

import os
import resource
import threading
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import TracebackType

__all__ = ["Meter"]

_EVERY_SECONDS = 0.05


class Meter:
    """A context manager: afterwards ``wall`` and ``cpu`` in seconds, ``peak`` in bytes.

    ``cpu`` counts this process and its children that have ended. ``peak`` is the sum of what the processes
    held in memory at any one moment, looked at twenty times a second, less what this one held before.
    """

    def __enter__(self) -> Meter:
        self.wall = self.cpu = 0.0
        self.peak = 0
        self._own = _resident(os.getpid())
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        self._begin = perf_counter(), _cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall, self.cpu = perf_counter() - self._begin[0], _cpu_seconds() - self._begin[1]
        self._ended.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            held = sum(map(_resident, (os.getpid(), *_children()))) - self._own
            self.peak = max(self.peak, held)


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _children() -> list[int]:
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _resident(process: int) -> int:
    """Return the bytes a process holds in memory that is its own: not the pages of the files it reads."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0
