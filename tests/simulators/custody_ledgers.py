"""A custody ledger over a real store and a real log, at a moment of one's choosing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dongui.custody.consent_events import ConsentAct, ConsentKey
from dongui.custody.ledger import LoggedLedger
from dongui.custody.question import Artefact
from dongui.custody.schema import ConsentFlag, EventKind
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.log import SqliteLog

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = SignerKey.generate("custody.example/log", entropy=SystemEntropy())
ALL_SAID = ConsentFlag.INFORMED | ConsentFlag.SEPARATE | ConsentFlag.EXPLICIT


@dataclass
class MovingClock:
    """A clock that a test sets."""

    moment: datetime = NOW

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment

    def pass_by(self, minutes: int) -> None:
        """Let time pass."""
        self.moment += timedelta(minutes=minutes)


@dataclass
class Office:
    """A ledger with what it stands on."""

    ledger: LoggedLedger
    store: SqliteEventStore
    log: SqliteLog
    clock: MovingClock


@contextmanager
def office(folder: Path, *, key: SignerKey = KEY) -> Iterator[Office]:
    """Open the ledger and the log in ``folder``."""
    clock = MovingClock()
    with (
        SqliteLog.open(folder / "log.sqlite", key=key) as log,
        SqliteEventStore.open(folder / "custody.sqlite") as store,
    ):
        ledger = LoggedLedger(store, log=log, clock=clock, entropy=SystemEntropy())
        yield Office(ledger, store, log, clock)


def person(number: int) -> bytes:
    """Return somebody's id."""
    return number.to_bytes(16, "big")


def act(
    number: int,
    kind: EventKind,
    *,
    at: datetime = NOW,
    purpose: str = "training",
    recipient: str = "recipient",
    artefact: Artefact = Artefact.IMAGE,
    valid_until: datetime | None = None,
) -> ConsentAct:
    """Return an act of one person, everything said where they say yes."""
    says_yes = kind in (EventKind.GIVEN, EventKind.RENEWED, EventKind.GUARDIAN_GIVEN)
    key = ConsentKey(person(number), purpose, recipient, artefact)
    return ConsentAct(key, kind, at, ALL_SAID if says_yes else 0, valid_until if says_yes else None)
