"""A desk that destroys what is over, day after day, until it is killed.

Run as ``python consent_purger.py DESK``: purges as of the end of each day's retention in turn, and prints
the day's number once the desk has said that it is done.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path

from dongui.desk import Desk
from dongui.environment import SystemEntropy
from simulators.consent_archive import KEPT_FOR
from simulators.consent_office import DAY, NOON


class Calendar:
    """A clock that shows a day's noon."""

    def __init__(self) -> None:
        self.day = 0

    def now(self) -> datetime:
        return NOON + self.day * DAY + KEPT_FOR


def main(path: Path) -> None:
    """Purge thirty days' worth, then wait; whoever started this process ends it."""
    calendar = Calendar()
    with Desk(path, clock=calendar, entropy=SystemEntropy()) as desk:
        for calendar.day in range(31):
            desk.purge()
            sys.stdout.write(f"{calendar.day}\n")
            sys.stdout.flush()
        time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
