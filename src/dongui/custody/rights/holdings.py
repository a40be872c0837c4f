"""What is kept of one person, for that person alone: the answer to a request for access."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dongui.custody.asking import tell
from dongui.custody.consent_events import CustodyEvent
from dongui.custody.ledger import LoggedLedger
from dongui.custody.moments import FOREVER_US, moment_of
from dongui.custody.person_keys import Keeper
from dongui.custody.record_columns import open_table
from dongui.custody.record_index import RecordIndex
from dongui.custody.release_files import Json
from dongui.custody.release_seal import Register
from dongui.custody.rights.requests import RequestBook
from dongui.custody.schema import ConsentFlag, Layout, RecordTrait

__all__ = ["Sources", "holdings"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where it is looked. What is None is not looked at, and the answer says so.

    ``records`` are record indexes; ``models`` gives the models a person (every id they have) contributed to,
    ``vault`` how many versions of images the vault keeps of them.
    """

    ledger: LoggedLedger
    keys: Keeper
    register: Register
    book: RequestBook
    records: Sequence[Path] = ()
    models: Callable[[Sequence[bytes]], Sequence[bytes]] | None = None
    vault: Callable[[bytes], int] | None = None


def holdings(person: bytes, sources: Sources) -> dict[str, Json]:
    """Return everything that is kept of a person, as JSON.

    The caller has proved who asks. Raises what the sources raise: a part that cannot be read is no answer.
    """
    number, events = sources.ledger.number(person), sources.ledger.events_of(person)
    ids = [person] if number is None else [person, number.to_bytes(4, "big")]
    looked: dict[str, Json] = {
        "consents": [_event(event) for event in events],
        "records": [_records(path, person, number) for path in sources.records],
        "releases": _releases(person, sources),
        "requests": [_request(found.id, len(found.events)) for found in sources.book.of_person(person)],
    }
    missing = [] if sources.records else ["records"]
    if sources.models is None:
        missing.append("models")
    else:
        looked["models"] = [model.hex() for model in sources.models(ids)]
    if sources.vault is None:
        missing.append("vault")
    else:
        looked["vault"] = {"versions": sources.vault(person)}
    return {"format": 1, "person": person.hex(), "number": number, **looked, "not_looked_at": missing}


def _event(event: CustodyEvent) -> Mapping[str, Json]:
    return {
        "log_index": event.position,
        "what": event.kind.name.lower().replace("_", "-"),
        "purpose": event.key.purpose,
        "recipient": event.key.recipient,
        "artefact": event.key.artefact.name.lower(),
        "how": [flag.name.lower() for flag in ConsentFlag if flag.name and event.flags & flag],
        "claimed_at": moment_of(event.claimed_us).isoformat(),
        "logged_at": moment_of(event.logged_us).isoformat(),
        "valid_until": _end(event.valid_until_us),
        "retained_until": _end(event.retained_until_us),
        # With it the person shows that the entry of the log is theirs.
        "blind": event.blind.hex(),
    }


def _end(moment_us: int) -> str | None:
    return None if moment_us >= FOREVER_US else moment_of(moment_us).isoformat()


def _records(path: Path, person: bytes, number: int | None) -> Mapping[str, Json]:
    table = open_table(path, "records")
    named = person if table.layout is Layout.GENERAL else number
    if named is None:
        return {"index": path.name, "count": 0}
    found = RecordIndex(table).find(named)
    kinds = {
        trait.name.lower(): int((found.traits & int(trait) != 0).sum()) for trait in RecordTrait if trait.name
    }
    return {"index": path.name, "count": len(found.records), "of_them": kinds}


def _releases(person: bytes, sources: Sources) -> list[Json]:
    key = sources.keys.key_of(person)
    if key is None:
        return []
    sealed = [
        (one.sealed.seal, one.sealed.index) for one in tell(key, register=sources.register) if one.found
    ]
    return [
        {
            "release": seal.release.hex(),
            "log_index": index,
            "purpose": seal.purpose,
            "recipient": seal.recipient,
            "artefact": seal.artefact,
            "use": seal.use,
            "decided_at": seal.decided_at,
            "open_until": seal.open_until,
        }
        for seal, index in sealed
    ]


def _request(request: bytes, events: int) -> Mapping[str, Json]:
    return {"request": request.hex(), "events": events}
