"""Consent acts from rows somebody delivers, appended batch by batch, each batch whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dongui.custody.consent_events import ConsentAct, ConsentKey, CustodyEvent
from dongui.custody.delivered_rows import Row, in_batches, read_rows
from dongui.custody.ledger import LoggedLedger
from dongui.custody.question import Artefact
from dongui.custody.schema import ConsentFlag, EventKind
from dongui.errors import DonguiError

__all__ = ["ACT_COLUMNS", "KINDS", "Appended", "append_acts", "read_acts", "read_flags"]

ACT_COLUMNS = ("person", "purpose", "recipient", "artefact", "kind", "claimed_at")
_TERMS = ("flags", "valid_until", "retained_until")

KINDS = {kind.name.lower().replace("_", "-"): kind for kind in EventKind}
"""What a row may say happened."""

_FLAGS = {flag.name.lower().replace("_", "-"): flag for flag in ConsentFlag if flag.name}


@dataclass(frozen=True, slots=True)
class Appended:
    """How far a delivery came: so many rows are in the ledger, the last at ``last`` in the log."""

    rows: int
    last: int


def read_flags(text: str) -> int:
    """Return the flags named in ``text``, apart by white space. ``ValueError`` for another word."""
    flags = 0
    for word in text.split():
        if word not in _FLAGS:
            raise ValueError(f"{word[:40]!r} is none of {', '.join(_FLAGS)}")
        flags |= _FLAGS[word]
    return flags


def read_acts(path: Path) -> Iterator[tuple[Row, ConsentAct]]:
    """Yield every row and the act it is.

    Raises as :func:`~dongui.custody.delivered_rows.read_rows` and the row's methods, each with its row.
    """
    zone: timedelta | None = None
    for row in read_rows(path, needed=ACT_COLUMNS, optional=_TERMS):
        # One of two zones in a delivery was converted wrongly, and a withdrawal would be hours late.
        zone = row.require_zone("claimed_at", zone)
        yield row, _act(row)


def append_acts(
    ledger: LoggedLedger,
    path: Path,
    *,
    batch: int,
    after: int = 0,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Appended:
    """Append every act of a file, ``batch`` rows at a time; those up to row ``after`` are passed over.

    A batch is in the ledger whole or not at all. A fault's detail says up to which row the ledger has them:
    with that as ``after`` the same file goes on. ``progress`` is told how many rows are in. Raises as
    :func:`read_acts` and :meth:`~dongui.custody.ledger.LoggedLedger.append`.
    """
    done, last = after, -1
    try:
        for rows in in_batches(_behind(read_acts(path), after), batch):
            events = _append(ledger, rows)
            done, last = rows[-1][0].number, events[-1].position
            progress(done)
    except DonguiError as fault:
        raise type(fault)(fault.name, f"{fault.detail}; the ledger has every row up to {done}") from None
    return Appended(done - after, last)


def _behind(rows: Iterable[tuple[Row, ConsentAct]], after: int) -> Iterator[tuple[Row, ConsentAct]]:
    return (pair for pair in rows if pair[0].number > after)


def _append(ledger: LoggedLedger, rows: Sequence[tuple[Row, ConsentAct]]) -> list[CustodyEvent]:
    labels = [f"row {row.number}" for row, _ in rows]
    return ledger.append([act for _, act in rows], labels=labels)


def _act(row: Row) -> ConsentAct:
    kind, artefact = row.text("kind"), row.text("artefact")
    if kind not in KINDS:
        raise row.fault("custody.row-malformed", f"kind is none of {', '.join(KINDS)}")
    if artefact.upper() not in Artefact.__members__:
        raise row.fault("custody.row-malformed", "artefact is neither image nor template")
    try:
        return ConsentAct(
            ConsentKey(
                row.identity("person"), row.text("purpose"), row.text("recipient"), Artefact[artefact.upper()]
            ),
            KINDS[kind],
            claimed_at=row.moment("claimed_at"),
            flags=read_flags(row.text("flags")) if row.has("flags") else 0,
            valid_until=row.optional_moment("valid_until"),
            retained_until=row.optional_moment("retained_until"),
        )
    except ValueError as error:
        raise row.fault("custody.row-malformed", str(error)) from None
