"""A ledger that has been in use for years: many people's consents, ended on many days.

    archive = an_archive(path, people=90, seed=1)
    archive.over(at)                               # who has to be gone by then

Each person has bytes of their own in their record, so that they can be looked for.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dongui.consent.events import EventKind, History
from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.consent_office import DAY, NOON, event, given, record_for, registered

__all__ = ["KEPT_FOR", "Archive", "Person", "an_archive", "unlogged"]

KEPT_FOR = 100 * DAY
"""How long after its end each of these records is kept."""

AIRPORT = registered()


@dataclass(frozen=True, slots=True)
class Person:
    """One person's history, its end on a day of the first thirty, and bytes nobody else's record holds."""

    history: History
    ended: datetime
    words: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """A ledger's file and everybody in it."""

    path: Path
    people: tuple[Person, ...]

    def over(self, at: datetime) -> list[Person]:
        """Whose record's time is over, by plain addition."""
        return [person for person in self.people if person.ended + KEPT_FOR <= at]

    def remaining(self, at: datetime) -> list[History]:
        """What must still be there, in order."""
        over = self.over(at)
        return [person.history for person in self.people if person not in over]


def unlogged(_over: Sequence[History]) -> None:
    """Tell no log of what is destroyed: for tests of the ledger alone."""


def an_archive(path: Path, *, people: int, seed: int) -> Archive:
    """Fill a new ledger at ``path``: the same for the same seed."""
    chance = random.Random(seed)
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        ledger.handle_key(AIRPORT.id)
        return Archive(path, tuple(_person(ledger, chance) for _ in range(people)))


def _person(ledger: SqliteLedger, chance: random.Random) -> Person:
    number, handle, language = chance.randbytes(16), chance.randbytes(32), chance.choice(["ko", "en"])
    # Records of many lengths: SQLite moves rows about where they do not fit their page.
    word = chance.randbytes(24).hex() * chance.choice([1, 1, 6, 80])
    record = record_for(AIRPORT, record_id=number, subject=handle, language=language)
    record = replace(record, rights=word, record_kept_for=KEPT_FOR)
    days = chance.randrange(1, 30)
    history = given(record, valid_for=days * DAY)
    ledger.open_record(history, AIRPORT.notice(language))
    for _ in range(chance.randrange(3)):
        later = NOON + timedelta(hours=len(history.events))
        made = event(EventKind.RENEWED, later, valid_for=days * DAY, record_id=number)
        history = ledger.append(made)
    if chance.random() < 0.3:
        at = NOON + chance.randrange(1, 40) * DAY
        history = ledger.append(event(EventKind.WITHDRAWN, at, record_id=number))
        ended = min(at, history.events[-2].at + days * DAY)
    else:
        ended = history.events[-1].at + days * DAY
    words = (number, handle, number.hex().encode(), handle.hex().encode(), word[:48].encode())
    return Person(history, ended, words)
