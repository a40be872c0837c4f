"""The compiled rules, evaluated by a real SQL engine over joined rows made from facts."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from dongui.custody.rules import Rules
from dongui.custody.schema import REASONS, ConsentFacts, Reach, RecordFacts

Case = tuple[RecordFacts, ConsentFacts]


def answered_by_sql(rules: Rules, several: list[Case]) -> list[str | None]:
    """Evaluate the compiled expression over one joined row a case."""
    matched = [consent.reach is Reach.MATCHED for _, consent in several]
    columns = {
        "number": list(range(len(several))),
        "traits": [record.traits for record, _ in several],
        "retained_until_us": [record.retained_until_us for record, _ in several],
        "reach": [int(consent.reach) for _, consent in several],
        # What a left join with nothing leaves: zeros, as the engines fill it in.
        "state": [int(c.state) if m else 0 for (_, c), m in zip(several, matched, strict=True)],
        "flags": [int(c.flags) if m else 0 for (_, c), m in zip(several, matched, strict=True)],
        "counts_from_us": [c.counts_from_us if m else 0 for (_, c), m in zip(several, matched, strict=True)],
        "valid_until_us": [c.valid_until_us if m else 0 for (_, c), m in zip(several, matched, strict=True)],
        "consent_retained_until_us": [
            c.retained_until_us if m else 0 for (_, c), m in zip(several, matched, strict=True)
        ],
    }
    with duckdb.connect() as connection:
        connection.register("joined", pa.table(columns))
        rows = connection.execute(f"SELECT {rules.case} FROM joined ORDER BY number").fetchall()
    return [None if code == 0 else REASONS[code - 1] for (code,) in rows]
