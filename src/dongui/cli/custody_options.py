"""Where a desk's consent ledger is: a file of the desk, or a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from dongui.errors import Misuse

if TYPE_CHECKING:
    from dongui.custody.ledger import LoggedLedger
    from dongui.desk import Desk

__all__ = ["PostgresqlOption", "open_ledger", "parse_id"]

_FOLDER, _LEDGER = "custody", "consents.sqlite"

PostgresqlOption = Annotated[
    str | None,
    typer.Option(
        "--postgresql",
        envvar="DONGUI_POSTGRESQL",
        help="Address of the PostgreSQL database with the ledger; else it is a file of the desk.",
    ),
]


def parse_id(text: str) -> bytes:
    """Return a person's id from its 32 hexadecimal digits. Raises ``Misuse`` (``custody.row-malformed``)."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != 16 or len(text) != 32:
        raise Misuse("custody.row-malformed", "a person's id is 32 hexadecimal digits")
    return identity


@contextmanager
def open_ledger(desk: Desk, postgresql: str | None) -> Iterator[LoggedLedger]:
    """Open a desk's consent ledger, beginning it where there is none. Raises ``storage.*``."""
    from dongui.custody.ledger import LoggedLedger
    from dongui.storage.sqlite.custody_ledger import SqliteEventStore

    if postgresql is None:
        folder = desk.path / _FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        with SqliteEventStore.open(folder / _LEDGER) as file:
            yield LoggedLedger(file, log=desk.log, clock=desk.clock, entropy=desk.entropy)
        return
    from dongui.storage.postgresql.custody_ledger import PostgresEventStore

    with PostgresEventStore.open(postgresql) as store:
        yield LoggedLedger(store, log=desk.log, clock=desk.clock, entropy=desk.entropy)
