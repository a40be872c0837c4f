"""A desk that is killed the moment its log has an entry: ``python card_victim.py DESK revoke|issue ID``.

The worst moment: what the log announces has not been done yet. ``issue`` takes the id of a consent record,
and a template of nobody in place of a picture.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from dongui.desk import Desk
from dongui.desk.cards import CardOrder, CardRoom
from dongui.documents.staff_card.card_content import CardPerson
from dongui.environment import SystemClock, SystemEntropy
from dongui.log.entry import Entry
from dongui.memory import SecretBuffer

__all__ = ["DeadlyLog", "Enroller"]


class DeadlyLog:
    """The desk's own log; whoever appends to it is killed once the entry is on disk."""

    def __init__(self, desk: Desk) -> None:
        self._append = desk.log.append

    def append(self, entries: Sequence[Entry]) -> range:
        """Append, durably, and end."""
        self._append(entries)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed before this")


class Enroller:
    """Gives the template of nobody, 145 zeros, for any picture."""

    def run(self, task: str, *, order: bytes, buffers: Sequence[SecretBuffer]) -> bytes:
        """Return the template."""
        del task, order, buffers
        return bytes(145)

    def close(self) -> None:
        """There is nothing to close."""


def main() -> None:
    """Do what the arguments say, and be killed half-way."""
    path, what, argument = Path(sys.argv[1]), sys.argv[2], bytes.fromhex(sys.argv[3])
    with Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as desk, CardRoom(desk) as room:
        vars(desk.log)["append"] = DeadlyLog(desk).append
        if what == "revoke":
            room.revoke(argument)
        order = CardOrder(
            CardPerson("E-1", "Nobody"),
            desk.purpose("staff-entrance"),
            argument,
            (room.site_key.public,),
            timedelta(days=1),
            None,
        )
        room.issue(order, SecretBuffer(bytearray(1)), enroller=Enroller())


if __name__ == "__main__":
    main()
