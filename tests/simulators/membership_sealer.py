"""Seals releases in children that are killed: ``python membership_sealer.py FOLDER SEED KILLS NAME...``.

A child does one step, drawing a few keys or sealing one release, and is killed after a drawn moment. The
parent starts no thread and opens nothing before it forks.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from simulators.membership_office import MembershipOffice

__all__: list[str] = []


def _work(folder: Path, name: str, people: int) -> None:
    office = MembershipOffice.reopen(folder)
    office.draw(range(people, people + 5))
    office.seal(name)
    office.close()


def _run(folder: Path, name: str, people: int, seconds: float | None) -> bool:
    """Work in a child, killed after ``seconds`` if it is not done; tell whether it was done."""
    child = os.fork()
    if child == 0:
        _work(folder, name, people)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    """Kill, then let each release be finished, and say how often a child was killed before it was done."""
    folder, chance = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    kills, names = int(sys.argv[3]), sys.argv[4:]
    killed = 0
    for place, name in enumerate(names):
        for attempt in range(kills):
            people = 1000 + 5 * (place * kills + attempt)
            killed += not _run(folder, name, people, chance.uniform(0.002, 0.08))
        if not _run(folder, name, 5000 + 5 * place, None):
            sys.exit(f"{name} could not be finished")
    print(killed)


if __name__ == "__main__":
    main()
