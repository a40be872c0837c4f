"""A program that keeps records, erases people and rotates keys, over and over, until it is killed.

``python vault_victim.py FOLDER KEY``: ``FOLDER`` is an office. Each line of its input, ``go SECONDS``,
forks a child that works and is killed after as long. In ``FOLDER/said``: ``k N``, record N is kept; ``e N``,
person N is erased.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from dongui.custody.vault.erasing import erase
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from simulators.vault_office import CLOCK, VaultOffice, new_record, person

BATCH = 6  # two people's


def work_for_ever(office: VaultOffice) -> None:
    """Keep six records, erase the first of each two people, rotate now and then; say what is done."""
    said = os.open(office.folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with office.open(segment_bytes=60_000) as vault, office.log() as log:
        erase([], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
        first = 1 + max((kept.record_number for kept in vault.index.rows()), default=-1)
        first += -first % BATCH
        while True:
            numbers = range(first, first + BATCH)
            vault.put([new_record(number) for number in numbers])
            say(said, *(f"k {number}" for number in numbers))
            erase([person(first // 3).id], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
            say(said, f"e {first // 3}")
            if first % 4 == 0:
                with office.keys() as keys:
                    keys.rotate(clock=CLOCK)
            first += BATCH


def say(said: int, *lines: str) -> None:
    """Write lines at once, so that none is cut in two by a kill."""
    os.write(said, "".join(f"{line}\n" for line in lines).encode())


def main() -> None:
    """Serve ``go`` lines until the input ends."""
    office = VaultOffice.at(Path(sys.argv[1]), SignerKey.parse(sys.argv[2]))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work_for_ever(office)
            finally:
                os._exit(1)
        time.sleep(float(line.split()[1]))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("end", flush=True)


if __name__ == "__main__":
    main()
