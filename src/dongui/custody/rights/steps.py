"""The places where a person is kept, as steps of an erasure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dongui.custody.consent_events import FOLLOWERS, ConsentAct, ConsentKey, CustodyEvent
from dongui.custody.ledger import LoggedLedger
from dongui.custody.person_keys import Keeper
from dongui.custody.schema import EventKind
from dongui.environment import Clock

__all__ = ["CalledStep", "KeysStep", "LedgerStep", "SuspendStep", "suspend"]

Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SuspendStep:
    """Nothing new begins: every consent of the person is suspended, which the gate honours."""

    ledger: LoggedLedger
    clock: Clock
    name: str = "suspended"

    def run(self, person: bytes) -> Facts:
        """Append a suspension to every purpose, recipient and artefact that is not suspended yet."""
        return {"consents": str(len(suspend(self.ledger, person, self.clock)))}


@dataclass(frozen=True, slots=True)
class LedgerStep:
    """The ledger forgets the person: events and id."""

    ledger: LoggedLedger
    name: str = "ledger"

    def run(self, person: bytes) -> Facts:
        """Erase; nothing is left the second time."""
        return {"events": str(self.ledger.erase(person))}


@dataclass(frozen=True, slots=True)
class KeysStep:
    """The person's key is destroyed: from here on only their own copy proves anything."""

    keys: Keeper
    name: str = "keys"

    def run(self, person: bytes) -> Facts:
        """Destroy; nothing is left the second time."""
        return {"keys": str(self.keys.erase([person]))}


@dataclass(frozen=True, slots=True)
class CalledStep:
    """A place that somebody else knows how to empty, such as models, a vault, releases at hand."""

    name: str
    call: Callable[[bytes], Facts]

    def run(self, person: bytes) -> Facts:
        """Call it."""
        return self.call(person)


def suspend(ledger: LoggedLedger, person: bytes, clock: Clock) -> Sequence[CustodyEvent]:
    """Suspend everything a person was ever asked about, but for what is suspended; return the events.

    PIPA 37, GDPR 18 and 21: from its log entry on the gate refuses each with ``consent.suspended``. Raises
    what :meth:`~dongui.custody.ledger.LoggedLedger.append` raises.
    """
    # What a killed process began is finished first: else it would be suspended a second time.
    ledger.settle()
    latest: dict[ConsentKey, EventKind] = {event.key: event.kind for event in ledger.events_of(person)}
    now = clock.now()
    acts = [
        ConsentAct(key, EventKind.SUSPENDED, claimed_at=now)
        for key, kind in latest.items()
        if EventKind.SUSPENDED in FOLLOWERS[kind]
    ]
    return ledger.append(acts)
