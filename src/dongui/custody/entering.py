"""Entering something noted into the log exactly once, however often the process is killed in between."""

from __future__ import annotations

from collections.abc import Sequence

from dongui.log.entry import Entry
from dongui.log.interface import Log

__all__ = ["enter_missing"]


def enter_missing(log: Log, entries: Sequence[Entry], *, begin: int) -> list[int]:
    """Return each entry's place, appending, in one batch, those the log does not hold from ``begin`` on.

    ``begin`` is the log's size when the entries were noted: none can stand before it. Entries carry 32 random
    bytes, so that equal ones are the same one. Raises ``Trouble`` ``log.*``.
    """
    wanted = set(entries)
    found: dict[Entry, int] = {}
    for index in range(begin, log.checkpoint().size):
        entry = log.entry(index)
        if entry in wanted:
            found[entry] = index
    missing = [entry for entry in entries if entry not in found]
    if missing:
        found.update(zip(missing, log.append(missing), strict=True))
    return [found[entry] for entry in entries]
