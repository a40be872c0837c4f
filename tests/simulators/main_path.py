"""One visit to a desk, ready to be verified: consent given, session open, licence presented, clip recorded.

    visit = a_visit(desk, "05", turn("05"))      # 05's licence, 05 before the camera
    visit.verify(examiner).outcome               # Outcome.VERIFIED

The people are those of the demo, who do not exist. The document's holder and whoever is filmed need not be
the same. A desk meets one authority here and trusts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dongui.biometrics.attack_detection.challenge import Side
from dongui.capture import Capture
from dongui.confinement import Confined
from dongui.consent.subject import subject_handle
from dongui.demo.cast import LicensingAuthority, recording
from dongui.demo.story import HANDOVER
from dongui.desk import Desk
from dongui.documents.authenticated import AuthenticatedDocument
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.mdoc.holder import Holder, HolderMethod
from dongui.documents.mdoc.verifying import authenticate
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.environment import Clock, SystemEntropy
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel
from dongui.session import Session
from dongui.verification import Verification, verify

__all__ = ["OneSidedEntropy", "Visit", "a_visit", "presented", "read_licence"]


class OneSidedEntropy:
    """Real entropy, but every session asks for one and the same side first."""

    def __init__(self, side: Side) -> None:
        self._odd = side is Side.PICTURE_RIGHT

    def draw(self, size: int) -> bytes:
        """Draw as the system does, with the first byte's lowest bit set or cleared."""
        drawn = bytearray(SystemEntropy().draw(size))
        drawn[0] = drawn[0] | 1 if self._odd else drawn[0] & 0xFE
        return bytes(drawn)


@dataclass(frozen=True, slots=True)
class Visit:
    """A session and what is held out in it."""

    desk: Desk
    session: Session
    document: SecretBuffer
    capture: Capture
    anchors: TrustAnchors
    holder: Holder | None = None
    film: Sequence[bytes] = ()

    def verify(
        self, examiner: Confined, *, purpose: str = "airport-gate", accept_unassessed: bool = True
    ) -> Verification:
        """Verify, as a desk does, for a purpose that may not be the session's."""
        desk = self.desk
        return verify(
            self.document,
            self.capture,
            session_id=self.session.id,
            purpose=desk.purpose(purpose),
            controller=desk.controller,
            operator_key=desk.operator_key,
            trust=DocumentTrust.for_mdocs(self.anchors),
            chip=None,
            cards=None,
            examiner=examiner,
            accept_unassessed=accept_unassessed,
            ledger=desk.ledger,
            sessions=desk.sessions,
            log=desk.log,
            log_key=desk.keys.log,
            clock=desk.clock,
            entropy=desk.entropy,
        )

    def fresh_document(self) -> SecretBuffer:
        """Present once more in the same session."""
        assert self.holder is not None
        return presented(self.holder, self.session)

    def fresh_capture(self, take: int) -> Capture:
        """Record once more in the same session."""
        return _captured(recording(self.film, take=take), self.session)


def a_visit(desk: Desk, holder: str, film: Sequence[bytes], *, channel: Channel = Channel.TRUSTED) -> Visit:
    """Let ``holder`` consent to the airport gate and present; ``film`` turns to the picture's left first."""
    authority = LicensingAuthority.found("Licensing Office", now=desk.clock.now(), entropy=SystemEntropy())
    licence = authority.license(holder)
    document = read_licence(licence, authority, clock=desk.clock)
    record = _consent(desk, document)
    session = desk.open_session("airport-gate", record, handover=HANDOVER)
    shown, capture = presented(licence, session), _captured(film, session, channel)
    return Visit(desk, session, shown, capture, authority.anchors, licence, film)


def read_licence(holder: Holder, authority: LicensingAuthority, *, clock: Clock) -> AuthenticatedDocument:
    """Read what an authority signed for somebody, as a desk does that asks for their consent."""
    return authenticate(
        holder.issuer_signed,
        trust_anchors=authority.anchors,
        clock=clock,
        status=StatusEvidence.none(),
        session_transcript=None,
        reader_key=None,
    )


def _consent(desk: Desk, document: AuthenticatedDocument) -> bytes:
    """Give consent, unless this person's earlier one still holds."""
    assert document.subject is not None
    handle = subject_handle(desk.ledger.handle_key("airport-gate"), document.subject)
    for history in desk.ledger.list_records("airport-gate"):
        if history.record.subject == handle and history.holds_at(desk.clock.now()):
            return history.record.id
    return desk.give_consent("airport-gate", document, language="ko").receipt.history.record.id


def presented(holder: Holder, session: Session) -> SecretBuffer:
    """Have a holder show everything, signed for this session."""
    response = holder.present(
        session.transcript,
        disclose=holder.everything(),
        method=HolderMethod.SIGNATURE,
        reader_public_key=None,
    )
    return SecretBuffer(bytearray(response))


def _captured(film: Sequence[bytes], session: Session, channel: Channel = Channel.TRUSTED) -> Capture:
    """Turn to the side this session asks for first."""
    ordered = film if session.challenge.first is Side.PICTURE_LEFT else list(reversed(film))
    return Capture(tuple(SecretBuffer(bytearray(frame)) for frame in ordered), channel)
