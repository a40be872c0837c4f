"""A process that appends consent events until it is killed, and says so only when one is durable.

Run as ``python consent_appender.py LEDGER RECORD_ID``: renews the record again and again, and prints the
number of each event once the ledger has acknowledged it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dongui.consent.events import ConsentEvent, EventKind
from dongui.environment import SystemEntropy
from dongui.storage.sqlite.ledger import SqliteLedger

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def main(path: Path, record_id: bytes) -> None:
    """Append for ever; whoever started this process ends it."""
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
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
