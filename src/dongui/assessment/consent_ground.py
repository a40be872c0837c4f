"""On what ground each picture may be measured: a consent in the desk's ledger, or its holder's declaration.

Anything else, or nothing, stops the run before the first picture is decoded. A ledger record belongs to one
person and to a purpose whose uses name the assessment; a declaration covers the very pictures it was signed
over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dongui.assessment.declaration import Declaration, is_declaration_name, pictures_digest
from dongui.assessment.people_table import PeopleTable, Row
from dongui.consent.coverage import covers
from dongui.consent.events import History
from dongui.consent.purpose import ArtefactClass, RegisteredPurpose
from dongui.errors import Misuse, Refused
from dongui.memory import SecretBuffer

__all__ = [
    "ASSESSMENT_USE",
    "DECLARED",
    "ConsentOffice",
    "ConsentedTable",
    "SignedDeclaration",
    "declare_pictures",
    "require_consent",
    "require_ground",
]

#: The charter's word for this use of a face.
ASSESSMENT_USE: Final = "assess-recogniser"
DECLARED: Final = "declaration:"
_RECORD: Final = re.compile(r"[0-9a-f]{32}")
_PICTURES: Final = (ArtefactClass.REFERENCE_IMAGE, ArtefactClass.PROBE_IMAGE)


@dataclass(frozen=True, slots=True)
class ConsentOffice:
    """Where consents are looked up: the ledger's histories, the registered purposes, the controller's id."""

    history: Callable[[bytes], History] = field(repr=False)
    purpose: Callable[[str], RegisteredPurpose] = field(repr=False)
    controller: str


@dataclass(frozen=True, slots=True)
class SignedDeclaration:
    """A declaration whose signature verified, the name of the key that signed it, and its own SHA-256."""

    declaration: Declaration
    signer: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ConsentedTable:
    """A table of which every row may be measured. Only :func:`require_consent` makes one.

    ``records`` counts the ledger's records relied on, ``declarations`` the pictures under each declaration.
    """

    table: PeopleTable
    records: int
    declarations: Mapping[str, int]
    used: tuple[SignedDeclaration, ...]
    _digests: Mapping[int, bytes] = field(repr=False)

    def require_unchanged(self, row: Row, picture: SecretBuffer) -> None:
        """Raises ``Refused`` (``assessment.declaration-other-pictures``) for a picture exchanged since."""
        if self._digests.get(row.number, digest := _digest(picture)) != digest:
            detail = f"the picture of row {row.number} changed while the assessment ran"
            raise Refused("assessment.declaration-other-pictures", detail)


def require_consent(
    table: PeopleTable,
    *,
    office: ConsentOffice | None,
    declarations: Sequence[SignedDeclaration],
    at: datetime,
) -> ConsentedTable:
    """Return the table if every row's ``consent`` holds at the moment ``at``.

    Raises ``Refused``: ``assessment.consent-missing``, ``.consent-unknown``, ``.consent-of-another``,
    ``.consent-other-use``, ``.declaration-expired``, ``.declaration-other-pictures``, and ``consent.*`` as
    :func:`covers`; ``Misuse``: ``assessment.desk-not-given``, ``.declaration-not-given``,
    ``.picture-not-readable``, ``consent.unknown-record``.
    """
    known = {one.declaration.name: one for one in declarations}
    owners: dict[str, int] = {}
    covered: dict[str, list[Row]] = {}
    for row in table.rows:
        where = f"row {row.number}"
        if row.consent.startswith(DECLARED):
            covered.setdefault(row.consent, []).append(row)
            continue
        if row.consent not in owners:
            require_ground(row.consent, office=office, known=known, at=at, where=where)
        if owners.setdefault(row.consent, row.person) != row.person:
            raise Refused("assessment.consent-of-another", f"{where} names the consent of another person")
    digests: dict[int, bytes] = {}
    for consent, rows in covered.items():
        require_ground(consent, office=office, known=known, at=at, where=f"row {rows[0].number}")
        digests |= _pictures_under(known[consent.removeprefix(DECLARED)].declaration, rows)
    names = {consent.removeprefix(DECLARED): len(rows) for consent, rows in covered.items()}
    return ConsentedTable(table, len(owners), names, tuple(known[name] for name in sorted(names)), digests)


def require_ground(
    consent: str,
    *,
    office: ConsentOffice | None,
    known: Mapping[str, SignedDeclaration],
    at: datetime,
    where: str,
) -> None:
    """Raises as :func:`require_consent` unless ``consent`` names a ground that holds at ``at``.

    ``where`` says which row, for messages. A declaration's pictures are compared apart.
    """
    if not consent:
        raise Refused("assessment.consent-missing", f"{where} names no consent")
    if consent.startswith(DECLARED):
        _require_declared(consent.removeprefix(DECLARED), known, at, where)
    elif _RECORD.fullmatch(consent):
        _require_record(bytes.fromhex(consent), office, at, where)
    else:
        detail = f"{where}: neither a consent record's 32 hexadecimal digits nor {DECLARED}NAME"
        raise Refused("assessment.consent-unknown", detail)


def declare_pictures(table: PeopleTable, name: str) -> tuple[bytes, int]:
    """Return the digest over the pictures whose rows name the declaration ``name``, and their number.

    Raises ``Misuse``: ``assessment.declaration-unfit`` where no row does, ``.picture-not-readable``.
    """
    rows = [row for row in table.rows if row.consent == f"{DECLARED}{name}"]
    if not rows:
        raise Misuse("assessment.declaration-unfit", f"no row's consent is {DECLARED}{name}")
    return pictures_digest((row.person, _digest_of(row)) for row in rows), len(rows)


def _require_record(record: bytes, office: ConsentOffice | None, at: datetime, where: str) -> None:
    if office is None:
        raise Misuse("assessment.desk-not-given", f"{where} names a consent record; no desk was given")
    history = office.history(record)
    purpose = office.purpose(history.record.purpose_id)
    if ASSESSMENT_USE not in purpose.declared.uses:
        detail = f"{where}: the consent is for {purpose.id}, whose uses do not name {ASSESSMENT_USE}"
        raise Refused("assessment.consent-other-use", detail)
    pictures = [kind for kind in _PICTURES if kind in history.record.artefact_classes]
    for kind in ((pictures or _PICTURES)[0], ArtefactClass.FEATURES):
        covers(history, purpose=purpose, controller=office.controller, artefact_class=kind, at=at)


def _require_declared(name: str, known: Mapping[str, SignedDeclaration], at: datetime, where: str) -> None:
    if not is_declaration_name(name):
        raise Refused("assessment.consent-unknown", f"{where}: {DECLARED} is followed by no name")
    if name not in known:
        raise Misuse("assessment.declaration-not-given", f"{where} names the declaration {name}")
    declaration = known[name].declaration
    if not declaration.begins <= at.date() <= declaration.ends:
        detail = f"{name} holds from {declaration.begins} to {declaration.ends}; it is {at.date()}"
        raise Refused("assessment.declaration-expired", detail)


def _pictures_under(declaration: Declaration, rows: Sequence[Row]) -> dict[int, bytes]:
    digests: dict[int, bytes] = {}
    for row in rows:
        digests[row.number] = _digest_of(row)
    found = pictures_digest((row.person, digests[row.number]) for row in rows)
    if found != declaration.pictures:
        detail = (
            f"{declaration.name} was signed over other pictures, or other people's, than the {len(rows)} "
            "rows that name it"
        )
        raise Refused("assessment.declaration-other-pictures", detail)
    return digests


def _digest_of(row: Row) -> bytes:
    with row.read() as picture:
        return _digest(picture)


def _digest(picture: SecretBuffer) -> bytes:
    return hashlib.sha256(picture.view).digest()
