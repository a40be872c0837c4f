"""``dongui chip``: passports on a card reader. Nobody is verified by it, and what was read is not kept."""

from __future__ import annotations

import typer

from dongui.cli import chip_option as options
from dongui.cli.output import JsonValue, choose, progress, show, table
from dongui.cli.trust import MASTER_LIST_MAX_AGE_DAYS_2026_11
from dongui.cli.trust_option import (
    REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    STATUS_LIST_MAX_AGE_HOURS_2026_11,
    MasterListMaxAge,
    RequiredTrust,
    RevocationListMaxAge,
    limits_of,
)
from dongui.desk.trust_folder import load_trust
from dongui.documents.authenticated import AuthenticatedDocument, HolderBinding
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.passport.chip.reading import Access
from dongui.documents.recognising import Kind
from dongui.environment import SystemClock
from dongui.memory import forbid_core_dumps
from dongui.readers.passport_chip import PassportReading, list_readers

__all__ = ["app"]

app = typer.Typer(help="Passports on a card reader: which readers, is one genuine.", no_args_is_help=True)


@app.command("readers")
def readers() -> None:
    """List the card readers by name. Needs dongui[chip] and the computer's card service."""
    names = list_readers()
    rows = [(name,) for name in names]
    show({"readers": list(names)}, lambda: table((choose("reader", "리더"),), rows))


@app.command("check")
def check(
    reader: options.ReaderName,
    trust: RequiredTrust,
    mrz: options.MrzFile = None,
    document_number: options.DocumentNumber = None,
    birth: options.Birth = None,
    expiry: options.Expiry = None,
    can: options.CardAccessNumber = None,
    master_list_max_age: MasterListMaxAge = MASTER_LIST_MAX_AGE_DAYS_2026_11,
    revocation_list_max_age: RevocationListMaxAge = REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
) -> None:
    """Read a passport's chip and authenticate it: issuer, integrity, validity, and whether it is a copy.

    What opens the chip is tried once. Exit codes: 0 authentic, 1 refused, 2 misuse, 3 undetermined. Shows no
    field's value; what was read is forgotten.
    """
    forbid_core_dumps()
    passport = options.OnReader(reader, options.access_from(mrz, document_number, birth, expiry, can))
    limits = limits_of(master_list_max_age, revocation_list_max_age, STATUS_LIST_MAX_AGE_HOURS_2026_11)
    # Before anybody lays a passport down.
    believed = load_trust(trust, limits=limits, kind=Kind.PASSPORT).part_for(Kind.PASSPORT)
    with progress("Asking the reader.", "리더를 찾는 중입니다.") as say:
        reading = passport.read(say)
    with reading.document:
        found = _authenticated(reading, believed)
    show(_facts(found, reading), lambda: table(("", ""), _rows(found, reading)), outcome="authentic")


def _authenticated(reading: PassportReading, believed: DocumentTrust) -> AuthenticatedDocument:
    from dongui.documents.passport.packing import unpack_passport
    from dongui.documents.passport.passive_authentication import authenticate
    from dongui.documents.trust.csca import CscaAnchors
    from dongui.documents.trust.revocation_list import RevocationLists

    known = believed.passport
    return authenticate(
        unpack_passport(bytes(reading.document.view)),
        trust_anchors=CscaAnchors.none_given() if known is None else known.anchors,
        clock=SystemClock(),
        revocation=RevocationLists.none_given() if known is None else known.revocation,
        chip=reading.evidence,
    )


def _facts(found: AuthenticatedDocument, reading: PassportReading) -> dict[str, JsonValue]:
    return {
        "kind": found.kind,
        "document_type": found.document_type,
        "issuer": found.issuer,
        "valid_until": found.valid_until.isoformat(),
        "judged_at": found.judged_at.isoformat(),
        "holder_binding": found.holder_binding.value,
        "proof": None if reading.evidence is None else reading.evidence.proof.value,
        "access": reading.access.value,
        "commands": reading.commands,
        "remarks": list(found.remarks),
    }


def _rows(found: AuthenticatedDocument, reading: PassportReading) -> list[tuple[str, str]]:
    opened = {
        Access.PACE: choose("PACE", "PACE"),
        Access.BAC: choose("basic access control", "기본 접근 통제(BAC)"),
    }
    return [
        (choose("outcome", "결과"), choose("AUTHENTIC", "진본임")),
        (choose("issuer", "발급자"), found.issuer),
        (choose("chip", "칩"), _chip(found, reading)),
        (choose("opened by", "접근 방식"), opened[reading.access]),
        (choose("valid until", "만료"), f"{found.valid_until:%Y-%m-%d}"),
        *((choose("remark", "유의 사항"), name) for name in found.remarks),
    ]


def _chip(found: AuthenticatedDocument, reading: PassportReading) -> str:
    if found.holder_binding is HolderBinding.GENUINE_CHIP and reading.evidence is not None:
        proof = reading.evidence.proof.value
        return choose(f"genuine ({proof}): no copy", f"원본 ({proof}): 복제본이 아님")
    return choose(
        "copyable: it offers no proof that it is not a copy", "복제 가능: 복제본이 아니라는 증명이 없음"
    )
