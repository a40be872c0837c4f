"""Children of a warm program, each killed at a random instant after the first thing it told.

A program of the tests serves orders with :func:`serve`; a test gives them over :func:`kills`:

    with kills(consent_appender.__file__) as program:
        told = program.kill(0.01, str(path))

What a child needs is loaded once, before it is forked; what it tells is a line it was able to write whole.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dongui

__all__ = ["Kills", "kills", "serve", "tell"]

_TOLD = 1


def tell(number: int) -> None:
    """In a child: tell a number, in one piece, so that a kill leaves no half of it."""
    os.write(_TOLD, f"{number}\n".encode())


def serve(work: Callable[[list[str]], None]) -> None:
    """In the program: for each order of its input let a child ``work``, kill it, pass on what it told."""
    # Unmoved by the collector, what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        seconds, arguments = json.loads(line)
        told = _killed(partial(work, arguments), seconds)
        print(json.dumps([int(number) for number in told.split()]), flush=True)


def _killed(work: Callable[[], object], seconds: float) -> bytes:
    """Wait for the first that a child tells, then for ``seconds``, and kill it; return all it told."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writes, _TOLD)
        try:
            work()
        finally:
            os._exit(1)
    os.close(writes)
    with open(reads, "rb", buffering=0) as stream:
        told = stream.read(1)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        told += stream.readall()
    status = os.waitpid(child, 0)[1]
    if status != signal.SIGKILL:
        raise SystemExit(f"the child ended by itself with status {status}")
    return told


class Kills:
    """The running program."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def kill(self, seconds: float, *arguments: str) -> list[int]:
        """Have one child killed ``seconds`` after the first it told; return all it told."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([seconds, arguments]) + "\n")
        self._process.stdin.flush()
        told: list[int] = json.loads(self._process.stdout.readline())
        return told


@contextmanager
def kills(program: str) -> Iterator[Kills]:
    """Start a program that serves orders."""
    places = f"{Path(dongui.__file__).parents[1]}:{Path(__file__).parents[1]}"
    with subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": places},
        text=True,
    ) as process:
        yield Kills(process)
        assert process.stdin is not None
        process.stdin.close()
