"""Documents of other kinds on the main path: lent proofs, copies, and a confined process that lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dongui.biometrics.cards import card
from dongui.biometrics.operating_points import operating_point
from dongui.capture import Capture
from dongui.confinement import Confined
from dongui.demo.cast import recording, turn
from dongui.demo.offices import HeldPassport, PassportOffice
from dongui.demo.story import CONTROLLER, HANDOVER
from dongui.desk import Desk, create_desk
from dongui.documents.authenticated import HolderBinding
from dongui.documents.authenticating import HolderEvidence, authenticate
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof
from dongui.documents.status import StatusEvidence
from dongui.environment import SystemClock, SystemEntropy
from dongui.examination import Examination
from dongui.memory import SecretBuffer
from dongui.receipts.issuing import PresentedDocument
from dongui.receipts.statement import Channel, Comparison, Outcome
from dongui.verification import Verification

CARD = card(operating_point("dlib-resnet-v1-london").recogniser)
COMPARED = Comparison(CARD.name, CARD.digest)
EMRTD = "icao.9303.emrtd"
UNCHECKED = ("passport.revocation-not-checked",)
GENUINE = ChipEvidence.proved_with(ChipProof.ACTIVE_AUTHENTICATION, b"somebody's DG15")
FACTS = PresentedDocument("passport", EMRTD, HolderBinding.GENUINE_CHIP, b"s" * 32, UNCHECKED)
MATED = Examination(FACTS, "nose-parallax", COMPARED, None, {})


class Forger:
    """A confined process taken over: it answers what it likes."""

    def __init__(self, answer: Examination) -> None:
        self._answer = answer.to_bytes()

    def run(self, task: str, *, order: bytes, buffers: object) -> bytes:
        """Ignore everything and lie."""
        return self._answer

    def close(self) -> None:
        """Nothing to end."""


class Gate:
    """A desk that trusts one country, and one of its passports."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        office = PassportOffice.found(now=desk.clock.now(), entropy=SystemEntropy())
        self.passport: HeldPassport = office.passport("05")
        self.trust = DocumentTrust(None, office.trust, None, None, StatusEvidence.none())
        document = authenticate(
            self.passport.at_rest, trust=self.trust, clock=desk.clock, holder=HolderEvidence.none()
        )
        self.record = desk.give_consent("airport-gate", document, language="en").record_id
        self.takes = iter(range(1_000))

    def verify(self, examiner: Confined, *, chip: ChipEvidence | None = None) -> Verification:
        """Hold the passport's files out in a session of their own."""
        session = self.desk.open_session("airport-gate", self.record, handover=HANDOVER)
        film = recording(turn("05"), take=next(self.takes))
        return self.desk.verify(
            session,
            SecretBuffer(self.passport.presented(session)),
            Capture(tuple(SecretBuffer(bytearray(frame)) for frame in film), Channel.TRUSTED),
            trust=self.trust,
            chip=chip,
            examiner=examiner,
            accept_unassessed=True,
        )


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    path = tmp_path_factory.mktemp("gate") / "desk"
    create_desk(path, CONTROLLER, entropy=SystemEntropy())
    with Desk(path, clock=SystemClock(), entropy=SystemEntropy()) as desk:
        yield Gate(desk)


def test_the_proof_of_another_chip_is_not_lent_to_these_files(gate: Gate) -> None:
    """Attack: read somebody's files, prove one's own genuine chip. Copies alone are refused, too, by name."""
    with gate.desk.start_examiner(progress=lambda _: None) as examiner:
        lent = gate.verify(examiner, chip=GENUINE)
        copied = gate.verify(examiner)
    assert lent.reason is not None
    assert (lent.outcome, lent.reason.name) == (Outcome.REFUSED, "passport.chip-evidence-mismatch")
    assert copied.reason is not None
    assert (copied.outcome, copied.reason.name) == (Outcome.REFUSED, "purpose.binding-not-accepted")
    document = copied.receipt.statement().document
    assert document is not None
    assert (document.holder_binding, document.remarks) == (HolderBinding.COPYABLE, UNCHECKED)


def test_the_lies_below_fail_for_what_they_are(gate: Gate) -> None:
    """Law: what was ordered, answered as ordered, is an answer, and its remarks are on the receipt."""
    answer = gate.verify(Forger(MATED), chip=GENUINE)
    assert answer.outcome is Outcome.VERIFIED
    document = answer.receipt.statement().document
    assert document is not None
    assert (document.holder_binding, document.remarks) == (HolderBinding.GENUINE_CHIP, UNCHECKED)


LIES: dict[str, tuple[ChipEvidence | None, PresentedDocument]] = {
    "a-chip-nobody-read": (None, FACTS),
    "a-copy-is-enough": (None, replace(FACTS, holder_binding=HolderBinding.COPYABLE)),
    "a-device-signed": (GENUINE, replace(FACTS, holder_binding=HolderBinding.DEVICE_SIGNATURE)),
    "it-is-a-licence": (GENUINE, replace(FACTS, kind="mdoc", type="org.iso.18013.5.1.mDL")),
    "it-calls-itself-a-licence": (GENUINE, replace(FACTS, type="org.iso.18013.5.1.mDL")),
    "no-remark-on-it": (GENUINE, replace(FACTS, remarks=())),
    "a-remark-of-its-own": (GENUINE, replace(FACTS, remarks=(*UNCHECKED, "passport.nothing-wrong"))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_process_taken_over_proves_nothing_for_the_chip(gate: Gate, lie: str) -> None:
    """Attack: a portrait takes over the process and claims a proof, a kind or a clean record nobody ordered.

    Law: undetermined, in the log, and nothing of the claim is on the receipt.
    """
    chip, facts = LIES[lie]
    before = gate.desk.log.checkpoint().size
    answer = gate.verify(Forger(replace(MATED, document=facts)), chip=chip)
    assert answer.reason is not None
    assert (answer.outcome, answer.reason.name) == (Outcome.UNDETERMINED, "examination.malformed")
    assert gate.desk.log.checkpoint().size == before + 1
    assert answer.receipt.statement().document is None
