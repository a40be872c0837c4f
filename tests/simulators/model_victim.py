"""A program that carries out withdrawals, one after the other, until it is killed.

``python model_victim.py FOLDER KEY OPERATOR``: ``FOLDER`` has a trained model and the office's stores, and
``left.json`` the people still to withdraw. Each line of its input, ``after N``, forks a child that opens the
stores and works, and is killed from outside, a little after it has told of N instants of ``vault_instants``.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dongui.custody.forgetting import Forgetting, Withdrawal
from dongui.custody.release_seal import Register
from dongui.custody.standing import ReleaseLog
from dongui.custody.terms import due_at
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.contribution_keys import SqliteContributionKeys
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.model_store import SqliteModels
from simulators.killed_from_outside import killed_after

AT = datetime(2026, 11, 24, tzinfo=UTC)
PACK = "PIPA_2025_10"


def forgetting(folder: Path, key: SignerKey, operator: SignerKey) -> Forgetting:
    """Open everything that carries out a withdrawal."""
    return Forgetting(
        SqliteModels.open(folder / "models.sqlite"),
        SqliteContributionKeys.open(folder / "contribution-keys.sqlite", entropy=SystemEntropy()),
        Register(folder / "memberships", key=key.verifier),
        ReleaseLog(SqliteLog.open(folder / "log.sqlite", key=key), key.verifier),
        operator,
        "laboratory.example",
        PACK,
        FixedClock(AT),
        SystemEntropy(),
    )


def withdraw_for_ever(folder: Path, key: SignerKey, operator: SignerKey) -> None:
    """Withdraw person after person, saying the number of each that is done."""
    working = forgetting(folder, key, operator)
    for number in json.loads((folder / "left.json").read_text()):
        undone = working.withdraw(Withdrawal((number.to_bytes(4, "big"),), None))
        working.store.close_undoing(undone.id)
        print("a", number, flush=True)


def main() -> None:
    """Serve ``after`` lines until the input ends."""
    folder = Path(sys.argv[1])
    key, operator = (SignerKey.parse(text) for text in sys.argv[2:4])
    due_at(AT, pack=PACK)  # reads the rule packs, once for all children
    # Out of the collector's way: what is loaded stays in pages shared with every child.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        if not killed_after(int(line.split()[1]), partial(withdraw_for_ever, folder, key, operator)):
            sys.exit("the child came to its end")
        print("end", flush=True)


if __name__ == "__main__":
    main()
