"""What became of a document since it was issued, on the main path: valid, withdrawn, or nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from dongui.biometrics.attack_detection.challenge import Side
from dongui.capture import Capture
from dongui.confinement import Confinement
from dongui.demo.cast import portrait, recording, turn
from dongui.demo.offices import HeldPassport, PassportOffice
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.documents.document_trust import DocumentTrust, PassportTrust
from dongui.documents.status import StatusEvidence
from dongui.documents.trust import TrustAnchors
from dongui.documents.trust.revocation_list import RevocationLists, read_revocation_list
from dongui.environment import FixedClock, SystemEntropy
from dongui.memory import SecretBuffer
from dongui.receipts.statement import Channel, Outcome
from dongui.verification import Verification
from simulators.mdoc_drafting import Draft
from simulators.sd_jwt_issuance import AT
from simulators.status_drafting import LIST_URI, ListDraft

PERSON = "05"
_TAKES = count()


@dataclass(frozen=True)
class Gate:
    """A desk whose clock stands still, and the process that examines there."""

    desk: Desk
    examiner: Confinement

    def consent(self, document: bytes, trust: DocumentTrust) -> bytes:
        found = authenticate(document, trust=trust, clock=self.desk.clock, holder=HolderEvidence.none())
        return self.desk.give_consent("airport-gate", found, language="en").record_id

    def licence(self, draft: Draft, record: bytes, trust: DocumentTrust) -> Verification:
        """Present a drafted licence in a session of its own."""
        session = self.desk.open_session("airport-gate", record, handover=HANDOVER)
        draft.transcript = session.transcript
        film = recording(turn(PERSON), take=next(_TAKES))
        ordered = film if session.challenge.first is Side.PICTURE_LEFT else film[::-1]
        return self.desk.verify(
            session,
            SecretBuffer(bytearray(draft.build())),
            _capture(ordered),
            trust=trust,
            examiner=self.examiner,
            accept_unassessed=True,
        )

    def passport(self, held: HeldPassport, record: bytes, trust: DocumentTrust) -> Verification:
        """Hold a passport's files out; who is filmed does not come to matter."""
        session = self.desk.open_session("airport-gate", record, handover=HANDOVER)
        return self.desk.verify(
            session,
            SecretBuffer(held.presented(session)),
            _capture(recording(turn(PERSON), take=next(_TAKES))),
            trust=trust,
            examiner=self.examiner,
            accept_unassessed=True,
        )


def _capture(film: list[bytes]) -> Capture:
    return Capture(tuple(SecretBuffer(bytearray(frame)) for frame in film), Channel.TRUSTED)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    path = tmp_path_factory.mktemp("gate") / "desk"
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    with (
        Desk(path, clock=FixedClock(AT), entropy=SystemEntropy()) as desk,
        desk.start_examiner(progress=lambda _: None) as examiner,
    ):
        yield Gate(desk, examiner)


def ended(answer: Verification) -> tuple[Outcome, str | None]:
    """Outcome and reason, which the receipt must say alike."""
    statement = answer.receipt.statement()
    reason = None if answer.reason is None else answer.reason.name
    assert (statement.outcome, statement.reason) == (answer.outcome, reason)
    return answer.outcome, reason


def test_a_licence_is_verified_by_its_list_or_not_at_all(gate: Gate) -> None:
    """Valid: verified. Revoked: refused. Stale or missing: undetermined, with the other way, never forged."""
    draft = Draft()
    draft.element("portrait")["elementValue"] = portrait(PERSON)
    draft.security_object["status"] = {"status_list": {"idx": 7, "uri": LIST_URI}}
    anchors, own = TrustAnchors.from_certificates([draft.root.sign()]), draft.signer.key

    def by(*lists: ListDraft) -> DocumentTrust:
        files = {f"{number}.cwt": listed.build() for number, listed in enumerate(lists)}
        status = StatusEvidence.from_files(files, anchors=None, max_age=timedelta(hours=24))
        return DocumentTrust.for_mdocs(anchors, status=status)

    valid = by(ListDraft(form="cwt", key=own))
    record = gate.consent(draft.build(), valid)
    assert ended(gate.licence(draft, record, valid)) == (Outcome.VERIFIED, None)
    revoked = by(ListDraft(form="cwt", key=own, statuses={7: 1}))
    assert ended(gate.licence(draft, record, revoked)) == (Outcome.REFUSED, "status.revoked")
    old = int(AT.timestamp()) - 48 * 3_600
    stale = gate.licence(draft, record, by(ListDraft(form="cwt", key=own, issued=old, ttl=None)))
    assert ended(stale) == (Outcome.UNDETERMINED, "status.list-stale")
    assert stale.receipt.statement().other_way is not None
    assert ended(gate.licence(draft, record, by())) == (Outcome.UNDETERMINED, "status.list-missing")


def test_a_withdrawn_signers_passport_is_refused(gate: Gate) -> None:
    """By the country's list; where that is old and names nobody, undetermined: its silence proves nothing."""
    office = PassportOffice.found(now=AT, entropy=SystemEntropy())
    held = office.passport(PERSON)
    serial = office.signer.certificate.serial_number

    def by(serials: list[int], *, days: int) -> DocumentTrust:
        made = office.authority.revocation_list(serials, clock=FixedClock(AT - timedelta(days=days)))
        lists = RevocationLists((read_revocation_list(made),), timedelta(days=90))
        passports = PassportTrust(office.trust.anchors, lists)
        return DocumentTrust(None, passports, None, None, StatusEvidence.none())

    record = gate.consent(held.at_rest, by([], days=1))
    # A copy is refused at the gate in any case: only the list decides by which name.
    for trust, outcome, name in (
        (by([], days=1), Outcome.REFUSED, "purpose.binding-not-accepted"),
        (by([serial], days=1), Outcome.REFUSED, "passport.signer-revoked"),
        (by([], days=100), Outcome.UNDETERMINED, "trust.revocation-list-stale"),
    ):
        assert ended(gate.passport(held, record, trust)) == (outcome, name)
