"""A book of requests, people with keys, and a ledger, in one folder and over one log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from dongui.custody.consent_events import ConsentAct, ConsentKey
from dongui.custody.ledger import LoggedLedger
from dongui.custody.person_keys import Person
from dongui.custody.question import Artefact
from dongui.custody.rights.requests import RequestBook
from dongui.custody.schema import EventKind
from dongui.environment import SystemEntropy
from dongui.log.keys import SignerKey
from dongui.storage.sqlite.custody_ledger import SqliteEventStore
from dongui.storage.sqlite.log import SqliteLog
from dongui.storage.sqlite.person_keys import SqlitePersonKeys
from dongui.storage.sqlite.rights_requests import SqliteRequests
from simulators.custody_ledgers import NOW, MovingClock

__all__ = ["KEY", "FileStep", "RightsDesk", "person", "rights_desk", "says"]

KEY = SignerKey.generate("rights.example/log", entropy=SystemEntropy())


def person(number: int) -> bytes:
    """Return somebody's id."""
    return sha256(b"rights" + number.to_bytes(4, "big")).digest()[:16]


def says(number: int, kind: EventKind = EventKind.GIVEN) -> ConsentAct:
    """Return what somebody says about pictures for one purpose and recipient."""
    key = ConsentKey(person(number), "training", "recipient", Artefact.IMAGE)
    return ConsentAct(key, kind, claimed_at=NOW)


@dataclass
class RightsDesk:
    """Everything, open."""

    folder: Path
    log: SqliteLog
    store: SqliteRequests
    book: RequestBook
    ledger: LoggedLedger
    keys: SqlitePersonKeys
    clock: MovingClock

    def know(self, people: int) -> None:
        """Register people and draw their keys."""
        self.ledger.register_people(person(number) for number in range(people))
        self.keys.draw([Person(person(number), number) for number in range(people)])


@contextmanager
def rights_desk(folder: Path, *, key: SignerKey = KEY) -> Iterator[RightsDesk]:
    """Open or begin it."""
    clock, entropy = MovingClock(), SystemEntropy()
    with (
        SqliteLog.open(folder / "log.sqlite", key=key) as log,
        SqliteEventStore.open(folder / "consents.sqlite") as events,
        SqliteRequests.open(folder / "requests.sqlite") as store,
        SqlitePersonKeys.open(
            folder / "keys.sqlite", log=log, origin=key.verifier.name, entropy=entropy
        ) as keys,
    ):
        book = RequestBook(store, log=log, clock=clock, entropy=entropy)
        ledger = LoggedLedger(events, log=log, clock=clock, entropy=entropy)
        yield RightsDesk(folder, log, store, book, ledger, keys, clock)


@dataclass(frozen=True)
class FileStep:
    """A place where a person is kept: a file of their id in a folder."""

    name: str
    folder: Path

    def run(self, person: bytes) -> Mapping[str, str]:
        """Delete the file, if it is there."""
        path = self.folder / f"{self.name}-{person.hex()}"
        found = path.exists()
        path.unlink(missing_ok=True)
        return {"files": str(int(found))}
