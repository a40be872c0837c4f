"""Checking a receipt offline: with the operator's public keys and, better, a log state from elsewhere.

A receipt is no credential: a sound one says what was found about somebody once. Whoever acts on one redeems
it, which works once, for its controller, in its session (:class:`dongui.session.Redemption`).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum

from dongui.errors import Refused, Undetermined
from dongui.log.checkpoint import VerifiedCheckpoint
from dongui.log.merkle import leaf_hash
from dongui.log.proofs import ConsistencyProof, verify_consistency, verify_inclusion
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.salts import Disclosure, consent_reference, document_digest
from dongui.receipts.signing import entry_of, verify_statement
from dongui.receipts.statement import Outcome, Statement

__all__ = [
    "LogEvidence",
    "TrustedCheckpoint",
    "VerifiedReceipt",
    "check_consent",
    "check_document",
    "check_receipt",
    "require_verified",
]


class LogEvidence(StrEnum):
    """How much the log's state, in which the receipt was found, is worth."""

    LOG_ALONE = "log-alone"  # signed by the log and compared with nothing
    SAME_STATE = "same-state"  # equal to the trusted checkpoint
    CONSISTENT = "consistent"  # proved to belong to one history with the trusted checkpoint


@dataclass(frozen=True, slots=True)
class TrustedCheckpoint:
    """A log state known from elsewhere, its signature checked, and the proof that leads to or from it."""

    checkpoint: VerifiedCheckpoint
    consistency: ConsistencyProof | None


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt whose signature and place in the log hold. Only :func:`check_receipt` makes one."""

    statement: Statement
    index: int
    checkpoint: VerifiedCheckpoint = field(repr=False)
    evidence: LogEvidence


def check_receipt(
    bundle: ReceiptBundle, *, operator: OperatorKeys, trusted: TrustedCheckpoint | None
) -> VerifiedReceipt:
    """Check a receipt without any network.

    ``trusted`` is required to be thought of: with ``None`` the log's own word is all there is, and the answer
    says so (``LogEvidence.LOG_ALONE``).

    Raises ``Refused``: ``receipt.malformed``, ``receipt.unknown-format``, ``receipt.signature-invalid``,
    ``receipt.checkpoint-invalid``, ``receipt.not-in-log``, ``receipt.checkpoint-differs``; ``Undetermined``:
    ``receipt.checkpoint-not-comparable``.
    """
    # 1. The operator signed this statement.
    statement = verify_statement(bundle.receipt, operator_key=operator.receipts.public_key)
    # 2. The log signed this state.
    checkpoint = bundle.verify_checkpoint(operator.log)
    # 3. This receipt, and no other, stands at its place in that state.
    leaf = leaf_hash(entry_of(bundle.receipt, statement).encode())
    try:
        verify_inclusion(bundle.proof, leaf=leaf, root=checkpoint.root)
    except Refused as error:
        raise Refused("receipt.not-in-log", error.detail) from None
    # 4. That state and the trusted one are one history.
    evidence = _compare(checkpoint, trusted)
    return VerifiedReceipt(statement, bundle.proof.index, checkpoint, evidence)


def _compare(found: VerifiedCheckpoint, trusted: TrustedCheckpoint | None) -> LogEvidence:
    if trusted is None:
        return LogEvidence.LOG_ALONE
    if found.size == trusted.checkpoint.size:
        if found.root != trusted.checkpoint.root:
            raise Refused("receipt.checkpoint-differs", f"two roots for one size, {found.size} entries")
        return LogEvidence.SAME_STATE
    old, new = sorted((found, trusted.checkpoint), key=lambda state: state.size)
    proof = trusted.consistency
    if proof is None or (proof.old, proof.new) != (old.size, new.size):
        raise Undetermined(
            "receipt.checkpoint-not-comparable",
            f"no proof leads from {old.size} to {new.size} entries",
        )
    try:
        verify_consistency(proof, old_root=old.root, new_root=new.root)
    except Refused as error:
        raise Refused("receipt.checkpoint-differs", error.detail) from None
    return LogEvidence.CONSISTENT


def check_document(statement: Statement, *, disclosure: Disclosure, issuer_signed: bytes) -> None:
    """Check that the receipt is about this document. Raises ``Refused`` (``receipt.other-document``)."""
    if statement.document is None:
        raise Refused("receipt.other-document", "the receipt is about no document")
    found = document_digest(issuer_signed, salt=disclosure.document_salt)
    if not hmac.compare_digest(found, statement.document.digest):
        raise Refused("receipt.other-document", "document and salt do not lead to the receipt's digest")


def check_consent(statement: Statement, *, disclosure: Disclosure, consent_record: str) -> None:
    """Check that the receipt stands on this consent. Raises ``Refused`` (``receipt.other-consent``)."""
    found = consent_reference(consent_record, salt=disclosure.consent_salt)
    if not hmac.compare_digest(found, statement.consent_reference):
        raise Refused("receipt.other-consent", "record and salt do not lead to the receipt's reference")


def require_verified(receipt: VerifiedReceipt) -> None:
    """Check that the receipt says *verified*. Raises ``Refused`` (``receipt.not-verified``).

    To act on it, redeem it as well: :class:`dongui.session.Redemption`.
    """
    if receipt.statement.outcome is not Outcome.VERIFIED:
        raise Refused("receipt.not-verified", f"its outcome is {receipt.statement.outcome.name.lower()}")
