"""A program that carries out withdrawals, one after the other, until it is killed.

``python model_victim.py FOLDER KEY OPERATOR``: ``FOLDER`` has a trained model and the office's stores, and
``left.json`` the people still to withdraw. Each line of its input, ``go SECONDS``, forks a child that opens
the stores, begins to work, and is killed as long after.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.model_store import SqliteModels

AT = datetime(2026, 11, 24, tzinfo=UTC)


def forgetting(folder: Path, key: SignerKey, operator: SignerKey) -> Forgetting:
    """Open everything that carries out a withdrawal."""
    return Forgetting(
        SqliteModels.open(folder / "models.sqlite"),
        SqliteContributionKeys.open(folder / "contribution-keys.sqlite", entropy=SystemEntropy()),
        Register(folder / "memberships", key=key.verifier),
        ReleaseLog(SqliteLog.open(folder / "log.sqlite", key=key), key.verifier),
        operator,
        "laboratory.example",
        "PIPA_2025_10",
        FixedClock(AT),
        SystemEntropy(),
    )


def withdraw_for_ever(folder: Path, key: SignerKey, operator: SignerKey, ready: int) -> None:
    """Withdraw person after person, saying the number of each that is done."""
    working = forgetting(folder, key, operator)
    os.write(ready, b".")
    for number in json.loads((folder / "left.json").read_text()):
        undone = working.withdraw(Withdrawal((number.to_bytes(4, "big"),), None))
        working.store.close_undoing(undone.id)
        print("a", number, flush=True)
    while True:
        time.sleep(1)


def main() -> None:
    """Serve ``go`` lines until the input ends."""
    folder = Path(sys.argv[1])
    key, operator = (SignerKey.parse(text) for text in sys.argv[2:4])
    for line in sys.stdin:
        opened, ready = os.pipe()
        child = os.fork()
        if child == 0:
            withdraw_for_ever(folder, key, operator, ready)
        os.read(opened, 1)
        time.sleep(float(line.split()[1]))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(opened)
        os.close(ready)
        print("end", flush=True)


if __name__ == "__main__":
    main()
