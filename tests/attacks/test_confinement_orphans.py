"""Killing the program does not leave a process behind that still holds somebody's face."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dongui
from simulators.process_table import processes_named

TESTS = Path(__file__).parents[1]
KILLS = 25
SECONDS = 30.0  # on a busy machine, and less than what is left behind would sleep


@pytest.mark.slow
def test_a_killed_program_takes_its_processes_with_it(tmp_path: Path) -> None:
    """Killed (SIGKILL) at any of 25 instants, also while a task sleeps and ignores signals: all end.

    Nobody is left to end them: the program could run nothing at its own end.
    """
    # The process that forks is told where to import from: a folder of this test alone tells it from others.
    mark = str(tmp_path / "a-folder-to-import-nothing-from")
    Path(mark).mkdir()
    source = str(Path(dongui.__file__).parent.parent)
    chance = random.Random(1801305)
    with subprocess.Popen(
        [sys.executable, str(TESTS / "simulators" / "confinement_orphans.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([source, str(TESTS), mark])},
    ) as program:
        assert program.stdin is not None
        for turn in range(KILLS):
            told(program, "begin")
            # Every other time at work for certain, so the search sees them; the others fall into the start.
            if turn % 2:
                wait_for(2, mark)  # the one that forks, and its child
            time.sleep(chance.uniform(0, 0.2 if turn % 2 else 0.4))
            told(program, "kill")
            wait_for(0, mark)
        program.stdin.close()


def told(program: subprocess.Popen[str], what: str) -> None:
    """Have the program begin a child or kill it, and wait until it has."""
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(f"{what}\n")
    program.stdin.flush()
    assert program.stdout.readline() == f"{what}\n"


def wait_for(number: int, mark: str) -> None:
    """Wait until there are so many processes."""
    begun = time.monotonic()
    while len(found := processes_named(mark)) != number:
        assert time.monotonic() - begun < SECONDS, found
        time.sleep(0.02)


def test_a_child_whose_parent_is_gone_is_shown_nothing() -> None:
    """Had the forking process ended before its child asked to end with it, the child does not begin."""
    script = (
        "import os, socket, sys\n"
        "from dongui.confinement.child import serve\n"
        "ours, theirs = socket.socketpair()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    ours.close()\n"
        "    parent = int(sys.argv[1]) or os.getppid()\n"
        "    serve(lambda *_: b'', None, theirs, parent=parent, memory_bytes=1 << 20)\n"
        "theirs.close()\n"
        "print(len(ours.recv(1)))\n"
        "ours.close()\n"
        "os.waitpid(child, 0)\n"
    )
    source = str(Path(dongui.__file__).parent.parent)

    def said_ready(parent: int) -> bool:
        finished = subprocess.run(
            [sys.executable, "-c", script, str(parent)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": source},
        )
        return finished.stdout == "1\n"

    assert said_ready(0)  # the control: the true parent
    assert not said_ready(2**22 + 1)  # a number no process has (proc(5), pid_max)
