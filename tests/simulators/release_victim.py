"""A program that decides a release, or corrects one, over and over, until it is killed.

``python release_victim.py FOLDER KEY MODE``: ``FOLDER`` has ``records.parquet``, ``consents.parquet`` and
``log.sqlite``. Each line of its input, ``at N``, forks a child that works and is killed before the N-th
instant, from 1, at which it opens for writing, writes, synchronises, renames or changes a database: however
quick or slow the machine is, a kill falls where it was drawn.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dongui.custody.corrections import Correction, open_corrections
from dongui.custody.gate import Inquired, decide_release
from dongui.custody.question import Artefact, Question, Use
from dongui.custody.release_opening import read_release
from dongui.custody.standing import ReleaseLog
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.log import SqliteLog
from simulators.own_libraries import leave_out_pandas
from simulators.release_tables import AT_US
from simulators.vault_instants import tell_each_operation

AT = datetime(2026, 11, 22, tzinfo=UTC)
QUESTION = Question(1, 1, Artefact.IMAGE, AT_US, Use.TESTING, 7)


def decide(folder: Path, log: ReleaseLog, number: int) -> None:
    """Decide one release, or finish one begun."""
    decide_release(
        Inquired(folder / "records.parquet", folder / "consents.parquet", QUESTION, {}, AT),
        out=folder / f"decision-{number:05d}",
        engine=None,
        log=log,
        clock=FixedClock(AT),
        entropy=SystemEntropy(),
        freshness=timedelta(days=1),
        processes=1,
    )


def decide_for_ever(folder: Path, log: ReleaseLog) -> None:
    """Decide release after release, saying the number of each that is finished."""
    number = len(list(folder.glob("decision-*")))
    while True:
        decide(folder, log, number)
        print("a", number, flush=True)
        number += 1


def correct_for_ever(folder: Path, log: ReleaseLog) -> None:
    """Take out position after position, saying each that is taken out."""
    path = folder / "decision-00000"
    release = read_release(path, key=log.key)
    with open_corrections(path, release.id, log=log, entropy=SystemEntropy()) as journal:
        while True:
            journal.take_out(Correction(len(journal.made), 1, 0))
            print("a", len(journal.made) - 1, flush=True)


def killed_before(instant: int) -> Callable[[], None]:
    """Return what counts instants, and kills this process before one of them."""
    seen = 0

    def tell() -> None:
        nonlocal seen
        seen += 1
        if seen == instant:
            os.kill(os.getpid(), signal.SIGKILL)

    return tell


def main() -> None:
    """Serve ``at`` lines until the input ends."""
    leave_out_pandas()
    folder, key, mode = Path(sys.argv[1]), SignerKey.parse(sys.argv[2]), sys.argv[3]
    work = {"decide": decide_for_ever, "correct": correct_for_ever}[mode]
    # Out of the collector's way: what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            tell_each_operation(killed_before(int(line.split()[1])))
            work(folder, ReleaseLog(SqliteLog.open(folder / "log.sqlite", key=key), key.verifier))
        os.waitpid(child, 0)
        print("end", flush=True)


if __name__ == "__main__":
    main()
