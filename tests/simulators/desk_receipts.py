"""A desk's receipts without a verification: findings as they are when everything holds, signed and logged.

What is real: the session, opened and consumed in the desk's store; the desk's keys; its log; the proof.
What is not: nobody was compared with anybody.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from dongui.desk import Desk
from dongui.documents.authenticated import HolderBinding
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import Findings, PresentedDocument, issue_receipt
from dongui.receipts.salts import Disclosure
from dongui.receipts.statement import Capture, Channel, Comparison, Outcome, SetOperatingPoint
from dongui.session import Session

__all__ = ["DOCUMENT", "hand_out", "refusal", "success"]

DOCUMENT = hashlib.sha256(b"the payload an issuer signed").digest()
"""What stands for 32 high-entropy bytes under the issuer's signature."""


def success(desk: Desk, session: Session) -> Findings:
    """What is found when everything holds."""
    return Findings(
        controller=desk.controller,
        session_binding=session.binding,
        purpose=session.purpose,
        notice_version=desk.purpose(session.purpose).version,
        consent_record=session.consent_record,
        document=PresentedDocument("mdoc", "org.iso.18013.5.1.mDL", HolderBinding.DEVICE_SIGNATURE, DOCUMENT),
        outcome=Outcome.VERIFIED,
        reason=None,
        other_way=None,
        operating_point=SetOperatingPoint("london-2026-11", assessed=False),
        comparison=Comparison("dlib-resnet-v1", hashlib.sha256(b"card").digest()),
        capture=Capture(Channel.TRUSTED, "nose-parallax"),
        judged_at=None,
    )


def refusal(desk: Desk, session: Session) -> Findings:
    """What is found when a frame was used before: nothing was compared."""
    return replace(
        success(desk, session),
        document=None,
        outcome=Outcome.REFUSED,
        reason="capture.already-used",
        other_way=None,
        comparison=None,
        capture=Capture(Channel.TRUSTED, None),
    )


def hand_out(desk: Desk, session: Session, findings: Findings) -> tuple[ReceiptBundle, Disclosure]:
    """Consume the session, sign and log what was found, and prove it."""
    desk.sessions.consume(session.id, at=desk.clock.now())
    issued = issue_receipt(
        findings, operator_key=desk.operator_key.private_key, clock=desk.clock, entropy=desk.entropy
    )
    (index,) = desk.log.append([issued.entry])
    checkpoint = desk.log.checkpoint()
    bundle = ReceiptBundle.assemble(
        issued.receipt,
        proof=desk.log.inclusion(index, checkpoint.size),
        checkpoint=checkpoint,
        log_key=desk.keys.log,
    )
    return bundle, issued.disclosure
