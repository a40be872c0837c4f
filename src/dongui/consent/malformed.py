"""One failure for every way in which a record's fields can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dongui.consent.fields import Table
from dongui.errors import DonguiError, Misuse

__all__ = ["check_schema", "fault", "number", "octets", "table", "values"]


def fault(detail: str) -> DonguiError:
    """Return ``consent.malformed-record`` with a detail that names the field, never its value."""
    return Misuse("consent.malformed-record", detail)


def table(content: object, where: str) -> Table:
    """Return a reader of ``content`` whose faults are this one."""
    return Table(content, where, fault)


def octets(text: str, *, size: int, what: str) -> bytes:
    """Return ``size`` bytes from exactly twice as many lower-case hexadecimal digits."""
    if len(text) != 2 * size or not set(text) <= set("0123456789abcdef"):
        raise fault(f"{what} must be {size} bytes in lower-case hexadecimal")
    return bytes.fromhex(text)


@contextmanager
def values(what: str) -> Iterator[None]:
    """Turn a ``ValueError`` about a value of ``what`` into the fault."""
    try:
        yield
    except ValueError as error:
        raise fault(f"{what}: {error}") from None


def number(text: str) -> int:
    """Return an integer from 0 to 999999999 in its one decimal form."""
    if not text.isascii() or not text.isdigit() or len(text) > 9 or str(int(text)) != text:
        raise fault("a version must be a decimal number without leading zeros")
    return int(text)


def check_schema(found: str, known: str) -> None:
    """Refuse a form this version does not know. Raises ``Misuse``: ``consent.unknown-schema``."""
    if found != known:
        raise Misuse("consent.unknown-schema", f"the schema is {found!r}; this version reads {known!r}")
