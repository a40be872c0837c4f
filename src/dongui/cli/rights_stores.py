"""Where a desk keeps requests for rights, and who asks: proved by key or document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dongui.cli.custody_options import open_ledger
from dongui.cli.holder_proof import HolderProof
from dongui.cli.membership_inputs import open_keys, places_of, read_key, register_of
from dongui.cli.writing import make_folder
from dongui.custody.ledger import LoggedLedger
from dongui.custody.person_keys import Keeper
from dongui.custody.release_places import ReleasePlaces
from dongui.custody.release_seal import Register
from dongui.custody.rights.identity import prove_by_document, prove_by_key
from dongui.custody.rights.requests import RequestBook, Subject
from dongui.desk import Desk
from dongui.errors import Misuse
from dongui.storage.sqlite.rights_requests import SqliteRequests

__all__ = ["Office", "Proof", "open_office", "parse_request", "prove"]

_FOLDER, _REQUESTS = "custody", "rights.sqlite"


@dataclass(frozen=True, slots=True)
class Proof:
    """What an asker brings: their key's file, or a document with what shows that they hold it."""

    key: Path | None
    document: HolderProof

    @property
    def is_there(self) -> bool:
        """True if anything was brought. Raises ``Misuse`` (``rights.options-incomplete``)."""
        if self.key is not None and self.document.is_there:
            raise Misuse("rights.options-incomplete", "either --key or a document")
        if self.document.is_there and self.document.trust is None:
            raise Misuse("rights.options-incomplete", "a document needs --trust")
        return self.key is not None or self.document.is_there


@dataclass(frozen=True, slots=True)
class Office:
    """A desk with everything that rights are answered from."""

    desk: Desk
    ledger: LoggedLedger
    keys: Keeper
    book: RequestBook

    @property
    def register(self) -> Register:
        """The register of sealed releases."""
        return Register(register_of(self.desk.path), key=self.desk.keys.log)

    @property
    def places(self) -> ReleasePlaces:
        """Where the desk's releases were last seen."""
        return places_of(self.desk.path)

    def ids_of(self, person: bytes) -> Sequence[bytes]:
        """Return every id a person has: 16 bytes, and the ledger's number in 4."""
        number = self.ledger.number(person)
        return [person] if number is None else [person, number.to_bytes(4, "big")]


@contextmanager
def open_office(desk: Desk, postgresql: str | None) -> Iterator[Office]:
    """Open a desk's requests, ledger and keys, beginning them where there are none. Raises ``storage.*``."""
    make_folder(desk.path / _FOLDER)
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(desk, postgresql))
        keys = stack.enter_context(open_keys(desk))
        store = stack.enter_context(SqliteRequests.open(desk.path / _FOLDER / _REQUESTS))
        book = RequestBook(store, log=desk.log, clock=desk.clock, entropy=desk.entropy)
        book.settle()
        yield Office(desk, ledger, keys, book)


def prove(office: Office, person: bytes, proof: Proof) -> Subject:
    """Return whom a request is about, once they have proved it.

    Raises ``Refused`` (``rights.identity-not-proved``), and what authenticating a document raises.
    """
    if proof.key is not None:
        prove_by_key(person, read_key(proof.key), office.keys)
        return Subject(person, b"")
    if not proof.document.is_there:
        raise Misuse("rights.options-incomplete", "either --key or a document")
    subject, presented = proof.document.subject(clock=office.desk.clock)
    prove_by_document(person, subject, office.keys)
    return Subject(person, presented)


def parse_request(text: str) -> bytes:
    """Return a request's id. Raises ``Misuse`` (``rights.unknown-request``)."""
    try:
        identity = bytes.fromhex(text)
    except ValueError:
        identity = b""
    if len(identity) != 16:
        raise Misuse("rights.unknown-request", "a request's number has 32 hexadecimal digits")
    return identity
