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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import dongui
from dongui.custody.decision import Block, Part, PartResult, Task, merge_blocks, write_part
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.record_columns import open_table
from dongui.errors import DonguiError, Misuse, Refused, Trouble

__all__ = ["decide_parts"]

Progress = Callable[[int], None]
"""Told how many further records are decided."""

# Below this, starting a process and loading its libraries takes longer than it saves.
_LEAST_SHARED_ROWS = 1 << 25
# <linux/prctl.h>
_PR_SET_PDEATHSIG = 1


def decide_parts(
    task: Task, parts: Sequence[Part], *, folder: Path, processes: int, progress: Progress
) -> Iterator[PartResult]:
    """Decide parts by merging and yield each as it is on disk under its passing name, in any order.

    With one process, one part or few records, in this process. Raises as
    :func:`~dongui.custody.decision.merge_blocks` and :func:`~dongui.custody.decision.write_part`.
    """
    if processes == 1 or len(parts) == 1 or sum(part.rows for part in parts) < _LEAST_SHARED_ROWS:
        for part in parts:
            yield _decide(task, part, folder, progress)
        return
    with ThreadPoolExecutor(processes) as threads, ExitStack() as stack:
        # Left in the reverse order: the workers end first, and the threads that wait for them then do.
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        free: SimpleQueue[_Worker] = SimpleQueue()
        for _ in range(min(processes, len(parts))):
            free.put(stack.enter_context(_Worker(task, folder)))
        running = [threads.submit(_decide_elsewhere, free, part, progress) for part in parts]
        for done in as_completed(running):
            yield done.result()


def _decide_elsewhere(free: SimpleQueue[_Worker], part: Part, progress: Progress) -> PartResult:
    worker = free.get()
    try:
        return worker.decide(part, progress)
    finally:
        free.put(worker)


def _decide(task: Task, part: Part, folder: Path, progress: Progress) -> PartResult:
    def told() -> Iterator[Block]:
        for block in merge_blocks(task, part):
            yield block
            progress(len(block.code))

    return write_part(folder, part.number, told(), task.records.layout)


class _Worker:
    """One working process, and the two pipes to it."""

    def __init__(self, task: Task, folder: Path) -> None:
        place = str(Path(dongui.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dongui.custody.part_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": place, "OMP_NUM_THREADS": "1"},
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
    task = Task(records, consents, question)
    for line in words:
        part = json.loads(line)
        part = Part(part["number"], part["begin"], part["rows"], tuple(part["groups"]))
        result = _decide(task, part, Path(told["folder"]), lambda rows: _say({"rows": rows}))
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
