"""``dongui document``: is a document authentic, and what does it say. Nobody is verified by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group

from dongui.cli import chip_option as chips
from dongui.cli import document_fields as fields
from dongui.cli import document_inputs as inputs
from dongui.cli.desk_option import OptionalDesk
from dongui.cli.document_facts import fact_rows, facts
from dongui.cli.document_page import Step, authentic_steps, claimed_steps, render_page
from dongui.cli.document_source import document_from, document_to_judge
from dongui.cli.output import FailureNotice, JsonValue, choose, describe, show, table
from dongui.cli.trust import MASTER_LIST_MAX_AGE_DAYS_2026_11
from dongui.cli.trust_option import (
    REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    STATUS_LIST_MAX_AGE_HOURS_2026_11,
    MasterListMaxAge,
    OptionalTrust,
    RequiredTrust,
    RevocationListMaxAge,
    StatusListMaxAge,
    limits_of,
)
from dongui.cli.writing import require_place, write_once
from dongui.documents.authenticated import AuthenticatedDocument, Treatment
from dongui.documents.authenticating import authenticate
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.looking import look
from dongui.documents.mdoc.looking import UnverifiedDocument
from dongui.environment import SystemClock
from dongui.errors import DonguiError, Misuse, Refused, Unanswered
from dongui.memory import SecretBuffer, forbid_core_dumps

__all__ = ["app"]

app = typer.Typer(help="Documents: authenticate one, see what it says.", no_args_is_help=True)

_File = Annotated[
    Path | None,
    typer.Argument(
        help="A document, at most 2 MiB: a DeviceResponse or an IssuerSigned (CBOR, or hexadecimal or base64 "
        "text of it), an SD-JWT credential, a folder or zip of a passport's files, a card's QR code as a "
        "picture or its text. With --reader there is none."
    ),
]
_Transcript = Annotated[
    Path | None,
    typer.Option(help="The session's transcript, plain or tagged, in any of these forms; else not bound."),
]
_ReaderKey = Annotated[
    Path | None, typer.Option(help="The session's private reader key, PEM; where the device gave a MAC.")
]
_Nonce = Annotated[
    str | None, typer.Option(help="The request's nonce, as it stood in it; for an SD-JWT presentation.")
]
_Audience = Annotated[
    str | None, typer.Option(help="The request's client_id, which the presentation must be made for.")
]
_At = Annotated[
    str | None,
    typer.Option(help="Judge validity at another time: 2026-11-22 or 2026-11-22T12:00:00Z. It is said."),
]


@app.command("check")
def check(
    trust: RequiredTrust,
    file: _File = None,
    reader: chips.OptionalReaderName = None,
    mrz: chips.MrzFile = None,
    document_number: chips.DocumentNumber = None,
    birth: chips.Birth = None,
    expiry: chips.Expiry = None,
    can: chips.CardAccessNumber = None,
    session_transcript: _Transcript = None,
    reader_key: _ReaderKey = None,
    nonce: _Nonce = None,
    audience: _Audience = None,
    desk: OptionalDesk = None,
    at: _At = None,
    master_list_max_age: MasterListMaxAge = MASTER_LIST_MAX_AGE_DAYS_2026_11,
    revocation_list_max_age: RevocationListMaxAge = REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    status_list_max_age: StatusListMaxAge = STATUS_LIST_MAX_AGE_HOURS_2026_11,
) -> None:
    """Authenticate a document of any kind: issuer, integrity of every field, validity, status, its holder.

    The kind is recognised by how the file begins. The holder is judged where the session is given.
    Exit codes: 0 authentic, 1 refused, 2 misuse, 3 undetermined. Shows no field's value.
    """
    forbid_core_dumps()
    source = chips.on_reader(reader, file, mrz, document_number, birth, expiry, can) or file
    limits = limits_of(master_list_max_age, revocation_list_max_age, status_list_max_age)
    evidence = inputs.read_evidence(session_transcript, reader_key, nonce, audience)
    clock = inputs.clock_at(at)
    with document_to_judge(source, trust=trust, limits=limits, desk=desk) as (document, site, chip):
        holder = replace(evidence, chip=chip)
        found = authenticate(document.view, trust=site.trust, clock=clock, holder=holder, cards=site.cards)
    result = facts(found, at) | {"fields": fields.fields_result(found.elements, values=False)}
    show(result, lambda: table(("", ""), fact_rows(found, at)), outcome="authentic")


@app.command("show")
def show_(
    file: _File = None,
    trust: OptionalTrust = None,
    reader: chips.OptionalReaderName = None,
    mrz: chips.MrzFile = None,
    document_number: chips.DocumentNumber = None,
    birth: chips.Birth = None,
    expiry: chips.Expiry = None,
    can: chips.CardAccessNumber = None,
    session_transcript: _Transcript = None,
    reader_key: _ReaderKey = None,
    nonce: _Nonce = None,
    audience: _Audience = None,
    desk: OptionalDesk = None,
    at: _At = None,
    master_list_max_age: MasterListMaxAge = MASTER_LIST_MAX_AGE_DAYS_2026_11,
    revocation_list_max_age: RevocationListMaxAge = REVOCATION_LIST_MAX_AGE_DAYS_2026_11,
    status_list_max_age: StatusListMaxAge = STATUS_LIST_MAX_AGE_HOURS_2026_11,
    html: Annotated[
        Path | None,
        typer.Option(help="Also write it as a page of its own, the trust path drawn, to this new file."),
    ] = None,
) -> None:
    """Show every field of a document with how it was treated: verified, carried unverified, or refused.

    Of pictures only kind and size. With --trust a document that is refused is shown as refused, and the exit
    code is that of `document check`.
    """
    forbid_core_dumps()
    source = chips.on_reader(reader, file, mrz, document_number, birth, expiry, can) or file
    if html is not None:
        require_place(html)
    if trust is None:
        _require_none(session_transcript, reader_key, nonce, audience, at)
        _show_unjudged(source, html)
        return
    limits = limits_of(master_list_max_age, revocation_list_max_age, status_list_max_age)
    evidence = inputs.read_evidence(session_transcript, reader_key, nonce, audience)
    clock = inputs.clock_at(at)
    with document_to_judge(source, trust=trust, limits=limits, desk=desk) as (document, site, chip):
        holder = replace(evidence, chip=chip)
        try:
            found = authenticate(
                document.view, trust=site.trust, clock=clock, holder=holder, cards=site.cards
            )
        except Unanswered as failure:
            _show_claimed(_claimed(document, failure, clock.now(), site.trust), failure, html)
            raise typer.Exit(failure.exit_code) from None
    _show_authentic(found, at, html)


def _require_none(*judged_by: object) -> None:
    if any(given is not None for given in judged_by):
        raise Misuse("document.options-incomplete", "without --trust nothing is judged; leave the rest out")


def _show_unjudged(source: Path | chips.OnReader | None, html: Path | None) -> None:
    with document_from(source)[0] as document:
        claimed = look(document.view, treatment=Treatment.UNVERIFIED, at=SystemClock().now())
        _show_claimed(claimed, None, html)


def _claimed(
    document: SecretBuffer, failure: Unanswered, at: datetime, trust: DocumentTrust
) -> UnverifiedDocument:
    """What a document claims that failed; where not even that can be read, its failure is all there is."""
    try:
        return look(
            document.view,
            treatment=Treatment.REFUSED if isinstance(failure, Refused) else Treatment.UNVERIFIED,
            at=at,
            site_key=None if trust.staff_card is None else trust.staff_card.site_key,
        )
    except Refused:
        raise failure from None


def _show_authentic(found: AuthenticatedDocument, at: str | None, html: Path | None) -> None:
    rows = fields.field_rows(found.elements)
    _write_page(html, authentic_steps(found), fact_rows(found, at), rows)
    result = facts(found, at) | {"fields": fields.fields_result(found.elements, values=True)}
    show(
        result,
        lambda: Group(table(("", ""), fact_rows(found, at)), "", table(fields.field_columns(), rows)),
        outcome="authentic",
    )


def _write_page(
    html: Path | None,
    steps: tuple[Step, ...],
    said: list[tuple[str, str]],
    rows: list[tuple[str, str, str, str]],
) -> None:
    """The page holds personal data: it is written for its owner alone."""
    if html is None:
        return
    (_, outcome), *more = said
    page = render_page(outcome=outcome, steps=steps, facts=more, columns=fields.field_columns(), rows=rows)
    write_once(html, page.encode("utf-8"), private=True)


def _show_claimed(found: UnverifiedDocument, failure: DonguiError | None, html: Path | None) -> None:
    notice = None if failure is None else FailureNotice.of(failure)
    rows = fields.field_rows(found.elements)
    result: dict[str, JsonValue] = {
        "reason": None if notice is None else describe(notice),
        "document_type": found.document_type,
        "fields": fields.fields_result(found.elements, values=True),
    }
    outcome = (
        "not-judged" if failure is None else "refused" if isinstance(failure, Refused) else "undetermined"
    )
    said = _claim_rows(found, notice)
    _write_page(html, claimed_steps(found.document_type, said[0][1]), said, rows)
    show(
        result,
        lambda: Group(table(("", ""), said), "", table(fields.field_columns(), rows)),
        outcome=outcome,
    )


def _claim_rows(found: UnverifiedDocument, notice: FailureNotice | None) -> list[tuple[str, str]]:
    unsaid = choose("not said outside what is signed", "서명된 부분 밖에는 없음")
    rows = [(choose("claims to be", "주장하는 종류"), found.document_type or unsaid)]
    if notice is None:
        said = choose(
            "no: without --trust nothing here is verified",
            "아니요: --trust 없이는 아무것도 확인되지 않습니다",
        )
        return [(choose("judged", "판단"), said), *rows]
    failure = notice.failure
    outcome = (
        choose("REFUSED", "거부됨")
        if failure.family == "refused"
        else choose("UNDETERMINED", "판단할 수 없음")
    )
    return [
        (choose("outcome", "결과"), outcome),
        (choose("reason", "이유"), f"{failure.name}: {notice.detail}"),
        ("", choose(failure.meaning, failure.meaning_ko)),
        (choose("next", "다음"), choose(failure.next_step, failure.next_step_ko)),
        *rows,
    ]
