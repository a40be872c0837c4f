"""A program that keeps records, erases people and rotates keys, over and over, until it is killed.

``python vault_victim.py KEY``: each line of its input forks a child that works in the office ``FOLDER``.
``at N FOLDER``: it works through a script, and is killed at instant N, from 1, of ``vault_instants``.
``after N FOLDER``: it works on and on, and is killed from outside, a little after it has told of N instants:
however quick the machine is, so much has been done, and what it is just doing is left to chance.
The answer is ``killed``, or ``done`` where the script came to its end. In ``FOLDER/said``: ``k N``, record N
is kept; ``e N``, person N is erased.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

from dongui.custody.vault.erasing import erase
from dongui.custody.vault.vault import Vault
from dongui.environment import SystemEntropy
from dongui.log.interface import Log
from dongui.log.keys import SignerKey
from simulators.killed_from_outside import forked, killed_after
from simulators.vault_instants import tell_each_operation
from simulators.vault_office import CLOCK, VaultOffice, new_record, person, record_id

BATCH = 6  # two people's
SCRIPT_BATCHES = 2
SEGMENT_BYTES = 12_000  # a batch's, about
_write = os.write


def work_for_ever(office: VaultOffice) -> None:
    """Keep batch after batch, each with the erasure of one of its people; rotate now and then."""
    said = open_said(office)
    with office.open(segment_bytes=SEGMENT_BYTES) as vault, office.log() as log:
        erase([], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
        first = 1 + max((kept.record_number for kept in vault.index.rows()), default=-1)
        first += -first % BATCH
        while True:
            keep_batch(vault, first, said)
            erase_first(vault, log, first, said)
            if first % 4 == 0:
                rotate(office)
            first += BATCH


def work_through(office: VaultOffice) -> None:
    """Keep some batches, erase the first person of each, rotate; what was done before is left as it is."""
    said = open_said(office)
    with office.open(segment_bytes=SEGMENT_BYTES) as vault, office.log() as log:
        erase([], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
        for first in range(0, BATCH * SCRIPT_BATCHES, BATCH):
            # The second person of a batch stays, and so tells whether it was kept.
            if not vault.index.latest([record_id(first + BATCH - 1)]):
                keep_batch(vault, first, said)
            if vault.index.of_person(person(first // 3).id):
                erase_first(vault, log, first, said)
    rotate(office)


def keep_batch(vault: Vault, first: int, said: int) -> None:
    """Keep six records of two people, and say so."""
    numbers = range(first, first + BATCH)
    vault.put([new_record(number) for number in numbers])
    say(said, *(f"k {number}" for number in numbers))


def erase_first(vault: Vault, log: Log, first: int, said: int) -> None:
    """Erase the person of a batch's first record, and say so."""
    erase([person(first // 3).id], vault=vault, log=log, clock=CLOCK, entropy=SystemEntropy())
    say(said, f"e {first // 3}")


def rotate(office: VaultOffice) -> None:
    """Exchange the master key."""
    with office.keys() as keys:
        keys.rotate(clock=CLOCK)


def open_said(office: VaultOffice) -> int:
    """Open the file of what was said."""
    return os.open(office.folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def say(said: int, *lines: str) -> None:
    """Write lines at once, so that none is cut in two by a kill."""
    _write(said, "".join(f"{line}\n" for line in lines).encode())


def killed_at(instant: int, office: VaultOffice) -> bool:
    """Let a child work through the script and kill itself at an instant; tell whether it came so far."""

    def work() -> None:
        left = iter(range(instant - 1, -1, -1))
        tell_each_operation(lambda: None if next(left) else os.kill(os.getpid(), signal.SIGKILL))
        work_through(office)

    child = forked(work)
    status = os.waitpid(child, 0)[1]
    if status not in (0, signal.SIGKILL):
        raise SystemExit(f"the child ended with status {status}")
    return os.WIFSIGNALED(status)


def main() -> None:
    """Serve until the input ends."""
    key = SignerKey.parse(sys.argv[1])
    # Out of the collector's way: what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        how, count, folder = line.rstrip("\n").split(" ", 2)
        office = VaultOffice.at(Path(folder), key)
        if how == "at":
            killed = killed_at(int(count), office)
        else:
            killed = killed_after(int(count), partial(work_for_ever, office))
        print("killed" if killed else "done", flush=True)


if __name__ == "__main__":
    main()
