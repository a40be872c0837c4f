"""Connections to PostgreSQL, and its errors as named failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from dongui.errors import Trouble
from dongui.storage.custody_statements import Cursor, Value

__all__ = ["PlainConnection", "Rows", "connect", "naming_troubles"]

Rows = psycopg.Connection[tuple[object, ...]]


def connect(address: str) -> Rows:
    """Open a connection that commits durably; ``address`` is libpq's ("host=/run/postgresql dbname=custody").

    Raises ``Trouble``: ``storage.failed``.
    """
    with naming_troubles():
        connection = psycopg.connect(address, autocommit=True)
        # Whatever the server is set to: what was acknowledged survives the power.
        connection.execute("SET synchronous_commit = on")
    return connection


@contextmanager
def naming_troubles() -> Iterator[None]:
    """Turn what the server or the way to it did wrong into ``storage.locked`` or ``storage.failed``."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise Trouble("storage.locked", "another writer holds the ledger") from error
    except psycopg.Error as error:
        raise Trouble("storage.failed", f"PostgreSQL: {str(error)[:300]}") from error


@dataclass(frozen=True, slots=True)
class PlainConnection:
    """The custody ledger's view of a connection inside a transaction.

    ``stream`` names a cursor on the server, for answers larger than memory.
    """

    connection: Rows
    stream: str = ""

    def execute(self, statement: str, values: Sequence[Value] = (), /) -> Cursor:
        """Run one statement."""
        query = statement.replace("?", "%s")
        if self.stream and query.lstrip().startswith("SELECT"):
            cursor = self.connection.cursor(self.stream)
            cursor.execute(query, values)
            return cursor
        return self.connection.execute(query, values)

    def execute_all(self, statement: str, rows: Iterable[Sequence[Value]], /) -> None:
        """Run one statement for each row."""
        query = statement.replace("?", "%s")
        with self.connection.cursor() as cursor:
            cursor.executemany(query, rows)
