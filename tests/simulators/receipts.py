"""An operator who issues receipts into a log, without verifying anybody: for tests of receipts alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dongui.consent.fields import Localised
from dongui.documents.authenticated import HolderBinding
from dongui.environment import FixedClock, SystemEntropy
from dongui.log.checkpoint import Checkpoint, VerifiedCheckpoint, sign_checkpoint, verify_checkpoint
from dongui.log.keys import SignerKey, VerifierKey
from dongui.log.merkle import Node, consistency_path, inclusion_path, leaf_hash, node_hash, tree_root
from dongui.log.proofs import ConsistencyProof, InclusionProof
from dongui.receipts.bundle import ReceiptBundle
from dongui.receipts.issuing import Findings, IssuedReceipt, PresentedDocument, issue_receipt
from dongui.receipts.keys import OperatorKeys
from dongui.receipts.statement import Capture, Channel, Comparison, Controller, Outcome, SetOperatingPoint

__all__ = ["NOON", "Operator", "Person", "refused", "undetermined", "verified"]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OTHER_WAY = Localised("유인 창구에서 직원이 확인", "A member of staff at the staffed lane")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one document and one consent record, the same at every verification."""

    consent_record: str
    issuer_signed: bytes = field(repr=False)

    @classmethod
    def named(cls, name: str) -> Person:
        return cls(f"record-{name}", hashlib.sha512(name.encode()).digest())


def verified(person: Person) -> Findings:
    """What is found about ``person`` when everything holds."""
    return Findings(
        controller=Controller("gate.example", Localised("가온 국제공항", "Gaon International Airport")),
        session_binding=SystemEntropy().draw(16),
        purpose="airport-gate",
        notice_version=1,
        consent_record=person.consent_record,
        document=PresentedDocument(
            "mdoc", "org.iso.18013.5.1.mDL", HolderBinding.DEVICE_SIGNATURE, person.issuer_signed
        ),
        outcome=Outcome.VERIFIED,
        reason=None,
        other_way=None,
        operating_point=SetOperatingPoint("london-2026-11", assessed=False),
        comparison=Comparison("dlib-resnet-v1", hashlib.sha256(b"card").digest()),
        capture=Capture(Channel.UNTRUSTED, "nose-parallax"),
        judged_at=None,
    )


def refused(person: Person, reason: str) -> Findings:
    return replace(verified(person), outcome=Outcome.REFUSED, reason=reason)


def undetermined(person: Person, reason: str) -> Findings:
    return replace(verified(person), outcome=Outcome.UNDETERMINED, reason=reason, other_way=OTHER_WAY)


class Leaves:
    """A node source over leaves in memory."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []

    def nodes(self, wanted: Sequence[Node]) -> Sequence[bytes]:
        return [self._node(node) for node in wanted]

    def _node(self, node: Node) -> bytes:
        if node.level == 0:
            return self.leaves[node.place]
        below = (Node(node.level - 1, 2 * node.place), Node(node.level - 1, 2 * node.place + 1))
        return node_hash(*self.nodes(below))


class Operator:
    """Issues receipts, keeps a log in memory, signs its states."""

    def __init__(self) -> None:
        self.entropy = SystemEntropy()
        self.key = Ed25519PrivateKey.generate()
        self.log_key = SignerKey.generate("log.gate.example", entropy=self.entropy)
        self.keys = OperatorKeys(VerifierKey("gate.example", self.key.public_key()), self.log_key.verifier)
        self.log = Leaves()

    def issue(self, findings: Findings, *, at: datetime = NOON) -> IssuedReceipt:
        return issue_receipt(findings, operator_key=self.key, clock=FixedClock(at), entropy=self.entropy)

    def append(self, issued: IssuedReceipt) -> int:
        self.log.leaves.append(leaf_hash(issued.entry.encode()))
        return len(self.log.leaves) - 1

    def checkpoint(self, size: int | None = None) -> VerifiedCheckpoint:
        size = len(self.log.leaves) if size is None else size
        claimed = Checkpoint(self.log_key.name, size, tree_root(size, self.log))
        note = sign_checkpoint(claimed, key=self.log_key)
        return verify_checkpoint(note, origin=self.log_key.name, key=self.log_key.verifier)

    def bundle(self, issued: IssuedReceipt) -> ReceiptBundle:
        """Log a receipt and hand it out with its proof."""
        index = self.append(issued)
        checkpoint = self.checkpoint()
        proof = InclusionProof(index, checkpoint.size, inclusion_path(index, checkpoint.size, self.log))
        return ReceiptBundle.assemble(
            issued.receipt, proof=proof, checkpoint=checkpoint, log_key=self.log_key.verifier
        )

    def consistency(self, old: int, new: int) -> ConsistencyProof:
        return ConsistencyProof(old, new, consistency_path(old, new, self.log))
