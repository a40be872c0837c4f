"""Processes that append consent events until they are killed, and say so only when one is durable.

The program's order (:mod:`simulators.killed_children`) is ``LEDGER RECORD_ID``: the child renews the record
again and again, and tells the number of each event once the ledger has acknowledged it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dongui.consent.events import ConsentEvent, EventKind
from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger
from simulators.killed_children import serve, tell

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def append_for_ever(order: list[str]) -> None:
    """Append until somebody ends this process."""
    path, record_id = Path(order[0]), bytes.fromhex(order[1])
    with SqliteLedger.open(path, entropy=SystemEntropy()) as ledger:
        number = len(ledger.history(record_id).events)
        while True:
            event = ConsentEvent(
                record_id=record_id,
                kind=EventKind.RENEWED,
                at=NOON + timedelta(minutes=number),
                entity=f"{number:064x}",
                valid_for=timedelta(days=1),
            )
            number = len(ledger.append(event).events)
            tell(number)


if __name__ == "__main__":
    serve(append_for_ever)
