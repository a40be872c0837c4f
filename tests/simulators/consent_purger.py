"""A process that destroys what is over, day after day, until it is killed.

Run as ``python consent_purger.py LEDGER``: purges as of the end of each day's retention in turn, and prints
the day's number once the ledger has said that it is done.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.consent_archive import KEPT_FOR
from simulators.consent_office import DAY, NOON


def main(path: Path) -> None:
    """Purge thirty days' worth, then wait; whoever started this process ends it."""
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        for day in range(31):
            ledger.purge(at=NOON + day * DAY + KEPT_FOR)
            sys.stdout.write(f"{day}\n")
            sys.stdout.flush()
        time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
