"""What crosses the border of the confined process: an order going in, an examination coming out.

Neither holds anything biometric. The document and the frames go in beside the order, in buffers that are
overwritten; what comes out is a decision, facts about the document, and times.

The process inside decodes pictures that anybody may have made, so what it sends is read as strictly as any
stranger's bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from dongui.biometrics.assessed import digest_on_receipts
from dongui.biometrics.attack_detection.challenge import Challenge
from dongui.biometrics.cards import card
from dongui.biometrics.operating_points import operating_point
from dongui.documents.authenticated import HolderBinding
from dongui.documents.authenticating import HolderEvidence
from dongui.documents.document_trust import DocumentTrust
from dongui.documents.recognising import Kind, kind_of_type
from dongui.documents.remarks import remarks
from dongui.encoding import cbor
from dongui.encoding.cbor import CborValue
from dongui.errors import DonguiError, Refused, Trouble, Unanswered, Undetermined
from dongui.receipts.issuing import PresentedDocument
from dongui.receipts.statement import DIGEST_BYTES, Comparison, Document

if TYPE_CHECKING:
    from dongui.documents.passport.chip_evidence import ChipEvidence
    from dongui.documents.staff_card.register import RegisteredCard

__all__ = ["ATTACK_DETECTION", "STAGES", "Examination", "Order"]

ATTACK_DETECTION = "nose-parallax"
STAGES = ("document", "binding", "reference", "probe", "comparison")

# A trust list of some thousand certificates of 2 kB each is the largest thing an order carries.
_ORDER_LIMITS = cbor.Limits(max_bytes=16 * 2**20, max_depth=8, max_items=50_000)
_EXAMINATION_LIMITS = cbor.Limits(max_bytes=64 * 2**10, max_depth=4, max_items=200)
# A detail says which value and which limit. What is longer could be a picture.
_MAX_DETAIL_CHARACTERS = 2_000
_FAMILIES: dict[str, type[Unanswered]] = {
    "refused": Refused,
    "undetermined": Undetermined,
    "trouble": Trouble,
}
_BINDINGS = frozenset(binding.value for binding in HolderBinding)
# What each kind of document can prove of its holder, chips apart.
_BINDINGS_OF: dict[Kind, frozenset[HolderBinding]] = {
    Kind.MDOC: frozenset({HolderBinding.DEVICE_SIGNATURE, HolderBinding.DEVICE_MAC}),
    Kind.SD_JWT: frozenset({HolderBinding.KEY_BINDING}),
    Kind.STAFF_CARD: frozenset({HolderBinding.BEARER}),
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Order:
    """Everything steps 2 to 6 need besides the document and the frames.

    ``judged_at`` is the moment validity is judged at, in whole seconds. ``kind`` is what the document's bytes
    begin like, ``trust`` whom to believe for that kind. ``holder`` is what its holder's proof is judged by.
    ``handle`` is the data subject's handle for this purpose, 32 bytes, ``handle_key`` the key it was made
    with. ``documents`` are the types of document the purpose accepts, ``holder_bindings`` what it accepts as
    tying one to its holder. ``card`` is what the site's register holds of the one card that was held out.
    """

    judged_at: datetime
    kind: Kind
    trust: DocumentTrust = field(repr=False)
    holder: HolderEvidence = field(repr=False)
    handle_key: bytes = field(repr=False)
    handle: bytes = field(repr=False)
    challenge: Challenge
    documents: tuple[str, ...]
    holder_bindings: tuple[str, ...]
    operating_point: str
    accept_unassessed: bool
    card: RegisteredCard | None = field(default=None, repr=False)

    def to_bytes(self) -> bytes:
        """Encode canonically."""
        return cbor.dumps(
            {
                "accept_unassessed": self.accept_unassessed,
                "card": _write_card(self.card),
                "challenge": self.challenge.to_code(),
                "documents": list(self.documents),
                "handle": self.handle,
                "handle_key": self.handle_key,
                "holder": _write_holder(self.holder),
                "holder_bindings": list(self.holder_bindings),
                "judged_at": int(self.judged_at.timestamp()),
                "kind": self.kind.value,
                "operating_point": self.operating_point,
                "trust": self.trust.to_cbor(),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Order:
        """Decode what :meth:`to_bytes` made. Raises ``Trouble`` (``examination.malformed``)."""
        fields = _Fields(data, _ORDER_LIMITS)
        return cls(
            judged_at=datetime.fromtimestamp(fields.take("judged_at", int), UTC),
            kind=Kind(fields.take("kind", str)),
            trust=DocumentTrust.from_cbor(fields.take("trust", dict)),
            holder=_read_holder(fields.take("holder", list)),
            handle_key=fields.take("handle_key", bytes),
            handle=fields.take("handle", bytes),
            challenge=Challenge.from_code(fields.take("challenge", int)),
            documents=tuple(map(str, fields.take("documents", list))),
            holder_bindings=tuple(map(str, fields.take("holder_bindings", list))),
            operating_point=fields.take("operating_point", str),
            accept_unassessed=fields.take("accept_unassessed", bool),
            card=_read_card(fields.take_optional("card", list)),
        )


@dataclass(frozen=True, slots=True)
class Examination:
    """What steps 2 to 6 found. ``failure`` is ``None`` only where the decision was *mated*.

    What was not reached is ``None``. ``milliseconds`` tells how long each stage took that was begun.
    """

    document: PresentedDocument | None
    attack_detection: str | None
    comparison: Comparison | None
    failure: Unanswered | None
    milliseconds: dict[str, float]

    def to_bytes(self) -> bytes:
        """Encode canonically."""
        document, comparison, failure = self.document, self.comparison, self.failure
        return cbor.dumps(
            {
                "document": document
                and [
                    document.kind,
                    document.type,
                    document.holder_binding.value,
                    document.issuer_signed,
                    list(document.remarks),
                ],
                "attack_detection": self.attack_detection,
                "comparison": comparison and [comparison.card, comparison.card_digest],
                "outcome": ["mated"] if failure is None else [failure.family, failure.name, failure.detail],
                "microseconds": {stage: round(1000 * time) for stage, time in self.milliseconds.items()},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Examination:
        """Decode what the confined process sent. Raises ``Trouble`` (``examination.malformed``)."""
        fields = _Fields(data, _EXAMINATION_LIMITS)
        found = cls(
            document=_read_document(fields.take_optional("document", list)),
            attack_detection=fields.take_optional("attack_detection", str),
            comparison=_read_comparison(fields.take_optional("comparison", list)),
            failure=_read_outcome(fields.take("outcome", list)),
            milliseconds=_read_times(fields.take("microseconds", dict)),
        )
        whole = found.document and found.attack_detection and found.comparison
        if found.failure is None and not whole:
            raise _malformed("mated, without a document, an attack detection or a comparison")
        return found

    def as_ordered(self, order: Order) -> Examination:
        """Return this, if it speaks of nothing but what was ordered.

        A picture that takes over the process inside can say "mated"; it cannot make a receipt name another
        model, another kind of document or a proof that was not there to be had, or skip what the purpose asks
        of the document. The operating point, and whether that is assessed for use, is not asked of it at all.
        Raises ``Trouble`` (``examination.malformed``).
        """
        if self.document is not None:
            _require_as_ordered(self.document, order)
        if self.attack_detection not in (None, ATTACK_DETECTION):
            raise _malformed("another attack detection than the one ordered")
        point = operating_point(order.operating_point)
        model = card(point.recogniser)
        described = Comparison(model.name, digest_on_receipts(model, point.assessment))
        if self.comparison not in (None, described):
            raise _malformed("another model than the one ordered")
        if self.failure is None and not _may_be_mated(self.document, order):
            raise _malformed("mated, by a document that is not bound or not accepted")
        return self


class _Fields:
    """A decoded map whose fields are taken by name and type."""

    def __init__(self, data: bytes, limits: cbor.Limits) -> None:
        try:
            content = cbor.loads_canonical(data, limits=limits)
        except DonguiError as error:
            raise _malformed(error.name) from None
        if not isinstance(content, dict):
            raise _malformed("not a map")
        self._content = content

    def take(self, name: str, kind: type[_T]) -> _T:
        value = self._content.get(name)
        if type(value) is not kind:
            raise _malformed(name)
        return value

    def take_optional(self, name: str, kind: type[_T]) -> _T | None:
        return None if self._content.get(name, 0) is None else self.take(name, kind)


def _write_holder(holder: HolderEvidence) -> CborValue:
    key, chip = holder.reader_key, holder.chip
    return [
        holder.transcript,
        None if key is None else key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        holder.nonce,
        holder.audience,
        None if chip is None else [chip.proof.value, chip.key_file_digest],
    ]


def _read_holder(value: list[object]) -> HolderEvidence:
    match value:
        case [transcript, key, nonce, audience, chip]:
            return HolderEvidence(
                transcript=_optional(transcript, bytes),
                reader_key=_read_key(_optional(key, bytes)),
                nonce=_optional(nonce, str),
                audience=_optional(audience, str),
                chip=_read_chip(chip),
            )
        case _:
            raise _malformed("holder")


def _write_card(card: RegisteredCard | None) -> CborValue:
    return None if card is None else [card.card_id, card.secret, int(card.valid_until.timestamp())]


def _read_card(value: list[object] | None) -> RegisteredCard | None:
    match value:
        case None:
            return None
        case [bytes(card_id), bytes(secret), int(until)]:
            from dongui.documents.staff_card.register import RegisteredCard

            return RegisteredCard(card_id, secret, datetime.fromtimestamp(until, UTC))
        case _:
            raise _malformed("card")


def _optional(value: object, kind: type[_T]) -> _T | None:
    if value is not None and type(value) is not kind:
        raise _malformed("holder")
    return value


def _read_chip(value: object) -> ChipEvidence | None:
    match value:
        case None:
            return None
        case [str(proof), bytes(digest)]:
            from dongui.documents.passport.chip_evidence import ChipEvidence, ChipProof

            return ChipEvidence(ChipProof(proof), digest)
        case _:
            raise _malformed("chip")


def _read_key(encoded: bytes | None) -> EllipticCurvePrivateKey | None:
    if encoded is None:
        return None
    key = load_der_private_key(encoded, password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise _malformed("reader_key")
    return key


def _require_as_ordered(document: PresentedDocument, order: Order) -> None:
    """What is known out here of any document: how it begins, and which proofs of its holder there can be."""
    if document.kind != order.kind and (order.kind, document.kind) != (Kind.STAFF_CARD, "claim-169"):
        raise _malformed("another kind of document than was held out")
    if kind_of_type(document.type) not in (None, order.kind):
        raise _malformed("a type that no document of this kind has")
    possible = _BINDINGS_OF.get(order.kind)
    if possible is None:
        # A passport: genuine where a reader of ours proved the chip, a possible copy where none did.
        chip = order.holder.chip is not None
        possible = frozenset({HolderBinding.GENUINE_CHIP if chip else HolderBinding.COPYABLE})
    if document.holder_binding not in (HolderBinding.NOT_BOUND, *possible):
        raise _malformed("a holder binding that nothing can have proved")
    unsaid = f"{order.kind}.revocation-not-checked" not in document.remarks
    if unsaid and not order.trust.may_know_withdrawals(order.kind):
        raise _malformed("a document whose signer nobody can have looked up, without the remark on it")


def _may_be_mated(document: PresentedDocument | None, order: Order) -> bool:
    if document is None or document.holder_binding is HolderBinding.NOT_BOUND:
        return False
    return document.type in order.documents and document.holder_binding in order.holder_bindings


def _read_document(value: list[object] | None) -> PresentedDocument | None:
    match value:
        case None:
            return None
        case [str(kind), str(document_type), str(binding), bytes(issuer_signed), list(remarked)] if (
            binding in _BINDINGS
        ):
            bound = HolderBinding(binding)
            if not all(isinstance(name, str) and name in remarks() for name in remarked):
                raise _malformed("a remark that nobody has written")
            told = tuple(sorted({str(name) for name in remarked}))
            try:
                # What no receipt could hold must not get as far as making one: the session is spent by now.
                Document(kind, document_type, bytes(DIGEST_BYTES), bound, told)
            except ValueError:
                raise _malformed("document") from None
            return PresentedDocument(kind, document_type, bound, issuer_signed, told)
        case _:
            raise _malformed("document")


def _read_comparison(value: list[object] | None) -> Comparison | None:
    match value:
        case None:
            return None
        case [str(card), bytes(digest)]:
            try:
                return Comparison(card, digest)
            except ValueError:
                raise _malformed("comparison") from None
        case _:
            raise _malformed("comparison")


def _read_outcome(value: list[object]) -> Unanswered | None:
    match value:
        case ["mated"]:
            return None
        case [str(family), str(name), str(detail)] if (
            family in _FAMILIES and len(detail) <= _MAX_DETAIL_CHARACTERS
        ):
            try:
                return _FAMILIES[family](name, detail)
            except LookupError:
                raise _malformed("outcome") from None
        case _:
            raise _malformed("outcome")


def _read_times(value: dict[object, object]) -> dict[str, float]:
    times: dict[str, float] = {}
    for stage in STAGES:
        match value.get(stage):
            case None:
                continue
            case int(microseconds):
                times[stage] = microseconds / 1000
            case _:
                raise _malformed("microseconds")
    return times


def _malformed(what: str) -> Trouble:
    return Trouble("examination.malformed", f"the confined process sent something unreadable: {what}")
