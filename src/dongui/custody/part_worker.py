"""Parts decided in processes of their own: ``python -m dongui.custody.part_worker``.

A worker is told its task in the first line of its input, then one part a line; it answers with lines of JSON:
rows done, a part's result, or the failure that ended it. It ends with its input, and the system ends it with
the gate that started it: no worker outlives a killed gate to write into a folder that is no longer its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import IO, NamedTuple, Protocol

import numpy as np

import dongui
from dongui.custody.decision import Block, Merge, Part, PartResult, Task, write_part
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.record_columns import open_table
from dongui.errors import DonguiError, Misuse, Refused, Trouble
from dongui.undoing import on_failure

__all__ = ["decide_parts"]

Progress = Callable[[int], None]
"""Told how many further records are decided, from whichever thread decided them."""

# Below this, starting a process and loading its libraries takes longer than it saves.
_LEAST_SHARED_ROWS = 1 << 25
_LARGEST_KEPT = (32 << 20) - (1 << 13)
# Memory that was used for one block is kept for the next: taken from the system anew, each page of it is
# cleared first, which was a tenth of all work. The process ends soon.
_SURROUNDINGS = {"OMP_NUM_THREADS": "1", "MIMALLOC_PURGE_DELAY": "-1"}
# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1


def decide_parts(
    task: Task, parts: Sequence[Part], *, folder: Path, processes: int, progress: Progress
) -> Iterator[PartResult]:
    """Decide parts by merging and yield each as its files are whole under their passing names, in any order.

    Few records are decided in this process alone, by as many threads. Raises as
    :meth:`~dongui.custody.decision.Merge.blocks` and :func:`~dongui.custody.decision.write_part`.
    """
    count = min(processes, len(parts))
    apart = count > 1 and sum(part.rows for part in parts) >= _LEAST_SHARED_ROWS
    runs = _Runs(parts, count)
    with ThreadPoolExecutor(max(1, count)) as threads, ExitStack() as stack:
        # Left in the reverse order: the workers end first, and the threads that wait for them then do.
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        free: SimpleQueue[_Hand] = SimpleQueue()
        for number in range(count):
            # This process is the first of several: one fewer to start.
            decider = stack.enter_context(_Worker(task, folder)) if apart and number else _Here(task, folder)
            free.put(_Hand(number, decider))
        done: SimpleQueue[Future[PartResult]] = SimpleQueue()
        for _ in parts:
            threads.submit(_decide_next, free, runs, progress).add_done_callback(done.put)
        # As they end: what was finished before a failure is still handed on before it is raised.
        for _ in parts:
            yield done.get().result()


class _Decider(Protocol):
    """Decides one part after another."""

    def decide(self, part: Part, progress: Progress) -> PartResult:
        """Decide a part and write its files."""


class _Hand(NamedTuple):
    """A decider, and which run of parts is its own."""

    number: int
    decider: _Decider


class _Runs:
    """Parts dealt out in runs of neighbours: whoever goes on with the next part has read up to there."""

    def __init__(self, parts: Sequence[Part], count: int) -> None:
        self._lock, self._stopped = Lock(), False
        cuts = [len(parts) * number // max(1, count) for number in range(count + 1)]
        self._runs = [deque(parts[begin:end]) for begin, end in pairwise(cuts)]

    def take(self, number: int) -> Part:
        """Return the next part of a run; of a run that is done, the last of the longest.

        ``CancelledError`` after :meth:`stop`.
        """
        with self._lock:
            if self._stopped:
                raise CancelledError
            own = self._runs[number]
            return own.popleft() if own else max(self._runs, key=len).pop()

    def stop(self) -> None:
        """Deal out nothing more."""
        self._stopped = True


def _decide_next(free: SimpleQueue[_Hand], runs: _Runs, progress: Progress) -> PartResult:
    hand = free.get()
    try:
        with on_failure(runs.stop):
            return hand.decider.decide(runs.take(hand.number), progress)
    finally:
        free.put(hand)


class _Here:
    """Decides in this process."""

    def __init__(self, task: Task, folder: Path) -> None:
        self._merge, self._folder, self._layout = Merge(task), folder, task.records.layout
        # The C library keeps memory at hand by the size of the largest block it saw given back. After one of
        # 32 MB, never touched, what columns are worked out in stays.
        np.empty(_LARGEST_KEPT, dtype=np.uint8)

    def decide(self, part: Part, progress: Progress) -> PartResult:
        """Decide a part. Raises what ended it."""

        def told() -> Iterator[Block]:
            for block in self._merge.blocks(part):
                yield block
                progress(len(block.code))

        return write_part(self._folder, part.number, told(), self._layout)


class _Worker:
    """One working process, and the two pipes to it."""

    def __init__(self, task: Task, folder: Path) -> None:
        place = str(Path(dongui.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dongui.custody.part_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": place, **_SURROUNDINGS},
        )
        first: dict[str, object] = {
            "gate": os.getpid(),
            "records": str(task.records.path),
            "consents": str(task.consents.path),
            "question": asdict(task.question),
            "folder": str(folder),
        }
        self._tell(first)

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def decide(self, part: Part, progress: Progress) -> PartResult:
        """Have a part decided. Raises what ended it; ``Trouble`` (``release.worker-ended``)."""
        self._tell(asdict(part))
        for line in _pipe(self._process.stdout):
            match json.loads(line):
                case {"rows": int() as rows}:
                    progress(rows)
                case {"family": str() as family, "name": str() as name, "detail": str() as detail}:
                    raise _FAMILIES[family](name, detail)
                case answer:
                    return PartResult.from_json(answer)
        code = self._process.wait()
        raise Trouble("release.worker-ended", f"a process deciding part {part.number} ended with code {code}")

    def _tell(self, value: Mapping[str, object]) -> None:
        pipe = _pipe(self._process.stdin)
        try:
            pipe.write(json.dumps(value).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError:
            # What it had to say stands in its answers.
            return


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("the process was started without this pipe")
    return pipe


_FAMILIES: dict[str, type[DonguiError]] = {"misuse": Misuse, "refused": Refused, "trouble": Trouble}


def _say(value: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _work(lines: Iterable[str]) -> None:
    words = iter(lines)
    told = json.loads(next(words))
    _end_with(told["gate"])
    asked = told["question"]
    question = Question(**{**asked, "artefact": Artefact(asked["artefact"]), "use": Use(asked["use"])})
    records, consents = (
        open_table(Path(told["records"]), "records"),
        open_table(Path(told["consents"]), "consents"),
    )
    here = _Here(Task(records, consents, question), Path(told["folder"]))
    for line in words:
        part = json.loads(line)
        part = Part(part["number"], part["begin"], part["rows"], tuple(part["groups"]))
        result = here.decide(part, lambda rows: _say({"rows": rows}))
        _say(asdict(result))


def _end_with(gate: int) -> None:
    """Have the system end this process with the one that started it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != gate:
        # It ended before that could be said; no signal will come any more.
        raise ProcessLookupError(gate)


def main() -> None:
    """Serve the task and the parts that come in, one a line."""
    try:
        _work(sys.stdin)
    except DonguiError as error:
        _say({"family": error.family, "name": error.name, "detail": error.detail})


if __name__ == "__main__":
    main()
