"""The compiled rules, evaluated by a real SQL engine over joined rows made from facts."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from dongui.custody.rules import Rules
from dongui.custody.schema import REASONS, ConsentFacts, Reach, RecordFacts

Case = tuple[RecordFacts, ConsentFacts]
_COLUMNS = (
    "traits",
    "retained_until_us",
    "reach",
    "state",
    "flags",
    "counts_from_us",
    "valid_until_us",
    "consent_retained_until_us",
)


def answered_by_sql(
    engine: duckdb.DuckDBPyConnection, rules: Rules, several: list[Case], where: list[int] | None = None
) -> list[str | None]:
    """Evaluate the compiled expression over one joined row a case, or a place of ``where``.

    The engine is handed in, for it takes longer to start than to answer.
    """
    once = np.array([_joined_row(*each) for each in several], np.int64)
    rows = once if where is None else once[where]
    columns = {"number": np.arange(len(rows)), **dict(zip(_COLUMNS, rows.T.copy(), strict=True))}
    engine.register("joined", pa.table(columns))
    codes = engine.execute(f"SELECT {rules.case} FROM joined ORDER BY number").fetchall()
    return [None if code == 0 else REASONS[code - 1] for (code,) in codes]


def _joined_row(record: RecordFacts, consent: ConsentFacts) -> tuple[int, ...]:
    """The columns of one case; what a left join with nothing leaves is zeros, as the engines fill it in."""
    matched = consent.reach is Reach.MATCHED
    terms = (
        (
            consent.state,
            consent.flags,
            consent.counts_from_us,
            consent.valid_until_us,
            consent.retained_until_us,
        )
        if matched
        else (0,) * 5
    )
    return record.traits, record.retained_until_us, consent.reach, *terms
