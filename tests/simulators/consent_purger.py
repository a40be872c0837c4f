"""Desks that destroy what is over, day after day, until they are killed.

The program's order (:mod:`simulators.killed_children`) is ``DESK``: the child purges as of the end of each
day's retention in turn, and tells the day's number once the desk has said that it is done.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from dongui.desk import Desk
from dongui.environment import SystemEntropy
from simulators.consent_archive import KEPT_FOR
from simulators.consent_office import DAY, NOON
from simulators.killed_children import serve, tell


class Calendar:
    """A clock that shows a day's noon."""

    def __init__(self) -> None:
        self.day = 0

    def now(self) -> datetime:
        return NOON + self.day * DAY + KEPT_FOR


def purge(order: list[str]) -> None:
    """Purge thirty days' worth, then wait; somebody ends this process."""
    calendar = Calendar()
    with Desk(Path(order[0]), clock=calendar, entropy=SystemEntropy()) as desk:
        for calendar.day in range(31):
            desk.purge()
            tell(calendar.day)
        time.sleep(60)


if __name__ == "__main__":
    serve(purge)
