"""The options by which a command reads a passport's chip in place of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dongui.cli.output import choose
from dongui.documents.passport.chip.access_keys import AccessSecret
from dongui.environment import SystemClock
from dongui.errors import Misuse
from dongui.memory import SecretBuffer
from dongui.readers.passport_chip import PassportReading, read_passport

__all__ = [
    "Birth",
    "CardAccessNumber",
    "DocumentNumber",
    "Expiry",
    "MrzFile",
    "OnReader",
    "OptionalReaderName",
    "ReaderName",
    "access_from",
    "on_reader",
]

_MAX_ZONE_BYTES = 1_024
_ANY = "any"
_VISIBLE = "Others on this machine can see it in the list of processes."

ReaderName = Annotated[
    str, typer.Option("--reader", help="A part of the card reader's name; any: whichever has a card on it.")
]
OptionalReaderName = Annotated[
    str | None,
    typer.Option(
        "--reader",
        help="In place of a document: read a passport's chip on this card reader, by a part of its name; "
        "any: whichever has a card on it.",
    ),
]
MrzFile = Annotated[
    Path | None,
    typer.Option("--mrz", help="File with the machine readable zone, its two or three lines of text."),
]
DocumentNumber = Annotated[
    str | None, typer.Option("--document-number", help=f"In place of --mrz, as printed. {_VISIBLE}")
]
Birth = Annotated[str | None, typer.Option("--birth", help="With --document-number: YYMMDD.")]
Expiry = Annotated[str | None, typer.Option("--expiry", help="With --document-number: YYMMDD.")]
CardAccessNumber = Annotated[
    str | None, typer.Option("--can", help=f"The six digits of the card access number. {_VISIBLE}")
]


def access_from(
    mrz: Path | None, document_number: str | None, birth: str | None, expiry: str | None, can: str | None
) -> AccessSecret:
    """Return what opens the chip.

    Raises ``Misuse``: ``document.options-incomplete`` where options lack or exclude one another,
    ``chip.access-fields``, ``file.*``; ``Refused`` ``passport.mrz-*`` for a zone that does not add up.
    """
    fields = [document_number, birth, expiry]
    given = sum((mrz is not None, any(field is not None for field in fields), can is not None))
    if given != 1:
        raise Misuse(
            "document.options-incomplete", "give one of --mrz, --can, or --document-number, --birth, --expiry"
        )
    if can is not None:
        return AccessSecret.from_can(can)
    if mrz is not None:
        return _from_file(mrz)
    if document_number is None or birth is None or expiry is None:
        raise Misuse("document.options-incomplete", "--document-number, --birth and --expiry go together")
    return AccessSecret.from_fields(document_number, birth, expiry)


@dataclass(frozen=True, slots=True)
class OnReader:
    """A passport to be laid on a reader, and what opens it."""

    reader: str
    access: AccessSecret

    def read(self, say: Callable[[str], None]) -> PassportReading:
        """Wait for it and read it, saying how far it is. Raises as :func:`read_passport`."""
        say(choose("Place the passport on the reader.", "여권을 리더에 올려 놓으십시오."))

        def step(label: str, done: int, total: int) -> None:
            share = f"{100 * done // max(total, 1)} %"
            korean = f"{label} 읽는 중: {share}. 움직이지 마십시오."
            say(choose(f"Reading {label}: {share}. Keep it still.", korean))

        return read_passport(None if self.reader == _ANY else self.reader, self.access, progress=step)


def on_reader(
    reader: str | None,
    document: Path | None,
    mrz: Path | None,
    document_number: str | None,
    birth: str | None,
    expiry: str | None,
    can: str | None,
) -> OnReader | None:
    """Return the passport these options mean; ``None``: a document is given as a file, or none at all.

    Raises ``Misuse`` ``document.options-incomplete``, and as :func:`access_from`.
    """
    if reader is None:
        if any(option is not None for option in (mrz, document_number, birth, expiry, can)):
            raise Misuse("document.options-incomplete", "what opens a chip goes with --reader")
        return None
    if document is not None:
        raise Misuse("document.options-incomplete", "--reader takes the place of a document's file")
    return OnReader(reader, access_from(mrz, document_number, birth, expiry, can))


def _from_file(path: Path) -> AccessSecret:
    with SecretBuffer.read_file(path, max_bytes=_MAX_ZONE_BYTES, what="machine readable zone") as content:
        text = bytes(content.view).decode("ascii", errors="replace")
    zone = "".join(line.strip() for line in text.splitlines())
    return AccessSecret.from_zone(zone, at=SystemClock().now())
