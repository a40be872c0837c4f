"""Programs that have tasks done in confinement until they are killed.

Run as a program, it forks a child for each line ``begin`` of its input and kills it (SIGKILL) for each line
``kill``, and repeats the line when it has. The child starts a confinement and runs tasks in it: short ones,
and some that would sleep for a minute, so that the kill falls into the start, a task, or between two.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from contextlib import suppress

from dongui.confinement import Confinement
from dongui.errors import Trouble
from dongui.memory import SecretBuffer

TASKS = "simulators.confined_tasks"


def run_for_ever() -> None:
    """Start, then run one task after another."""
    confinement = Confinement.start(
        f"{TASKS}:prepare",
        arguments=b"",
        progress=lambda _message: None,
        timeout_seconds=60,
        memory_bytes=64 << 20,
    )
    chance = random.Random()
    while True:
        task = chance.choice(["add_up", "add_up", "keep", "sleep", "ignore_and_sleep"])
        with SecretBuffer(bytearray(os.urandom(1 << 20))) as buffer, suppress(Trouble):
            confinement.run(f"{TASKS}:{task}", order=b"", buffers=[buffer])


def main() -> None:
    """Serve lines until the input ends."""
    pid = 0
    for line in sys.stdin:
        if line == "begin\n":
            pid = os.fork()
            if pid == 0:
                run_for_ever()
        else:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        print(line, end="", flush=True)


if __name__ == "__main__":
    main()
