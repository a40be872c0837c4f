"""Making a receipt: what was found becomes a signed statement, salts for the person, an entry for the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.consent.fields import Localised
from dongui.documents.authenticated import HolderBinding
from dongui.environment import Clock, Entropy
from dongui.errors import failure_named
from dongui.log.entry import Entry
from dongui.receipts.salts import Disclosure, consent_reference, document_digest, draw_disclosure
from dongui.receipts.signing import entry_of, sign_statement
from dongui.receipts.statement import (
    BLIND_BYTES,
    FORMAT,
    Capture,
    Comparison,
    Controller,
    Document,
    Kept,
    Outcome,
    SetOperatingPoint,
    Statement,
    receipt_id,
)

__all__ = ["Findings", "IssuedReceipt", "PresentedDocument", "issue_receipt"]

_FAMILIES = {
    Outcome.VERIFIED: frozenset[str](),
    Outcome.REFUSED: frozenset({"refused"}),
    Outcome.UNDETERMINED: frozenset({"undetermined", "trouble"}),
}


@dataclass(frozen=True, slots=True)
class PresentedDocument:
    """What a receipt needs to know of an authenticated document; nothing about the person.

    ``issuer_signed`` is at least 32 high-entropy bytes under the issuer's signature. ``remarks`` are the
    names of what the document was accepted with.
    """

    kind: str
    type: str
    holder_binding: HolderBinding
    issuer_signed: bytes = field(repr=False)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What one verification found, before anything is salted.

    ``operating_point`` is what the verification was set to use, however early it ended. ``document``,
    ``comparison`` and ``capture`` are ``None`` where the verification ended before them.
    ``reason`` names the failure, ``other_way`` the way that stays open when it is undetermined.
    ``judged_at`` is the moment validity was judged at, where that is not the present one.
    """

    controller: Controller
    session_binding: bytes = field(repr=False)
    purpose: str
    notice_version: int
    consent_record: str = field(repr=False)
    document: PresentedDocument | None
    outcome: Outcome
    reason: str | None
    other_way: Localised | None
    operating_point: SetOperatingPoint
    comparison: Comparison | None
    capture: Capture | None
    judged_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedReceipt:
    """A signed receipt, its log entry, and the salts, which go to the person and nowhere else."""

    receipt: bytes = field(repr=False)
    statement: Statement
    entry: Entry
    disclosure: Disclosure


def issue_receipt(
    findings: Findings, *, operator_key: Ed25519PrivateKey, clock: Clock, entropy: Entropy
) -> IssuedReceipt:
    """Sign what was found. The caller makes the entry durable before anything of it is handed out.

    Raises ``ValueError`` for findings that contradict themselves, ``Trouble`` (``clock.implausible``).
    """
    _require_family(findings)
    blind = entropy.draw(BLIND_BYTES)
    disclosure = draw_disclosure(receipt_id(blind), entropy=entropy)
    statement = Statement(
        format=FORMAT,
        controller=findings.controller,
        session_binding=findings.session_binding,
        purpose=findings.purpose,
        notice_version=findings.notice_version,
        consent_reference=consent_reference(findings.consent_record, salt=disclosure.consent_salt),
        document=_salted_document(findings.document, disclosure.document_salt),
        outcome=findings.outcome,
        reason=findings.reason,
        other_way=findings.other_way,
        operating_point=findings.operating_point,
        comparison=findings.comparison,
        capture=findings.capture,
        kept=Kept.CONSENT_RECORD_AND_LOG_ENTRY,
        issued_at=_whole_minute(clock.now()),
        judged_at=None if findings.judged_at is None else _whole_minute(findings.judged_at),
        blind=blind,
    )
    receipt = sign_statement(statement, operator_key=operator_key)
    return IssuedReceipt(receipt, statement, entry_of(receipt, statement), disclosure)


def _require_family(findings: Findings) -> None:
    """A receipt never calls a full disk a refusal, nor gives a reason nobody can look up."""
    if findings.reason is None:
        return
    failure = failure_named(findings.reason)
    if failure is None or failure.family not in _FAMILIES[findings.outcome]:
        raise ValueError(f"{findings.reason} is no reason for the outcome {findings.outcome.name.lower()}")


def _salted_document(document: PresentedDocument | None, salt: bytes) -> Document | None:
    if document is None:
        return None
    return Document(
        kind=document.kind,
        type=document.type,
        digest=document_digest(document.issuer_signed, salt=salt),
        holder_binding=document.holder_binding,
        remarks=tuple(sorted(set(document.remarks))),
    )


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
