"""What crosses the border of the confined process: an order going in, an examination coming out.

Neither holds anything biometric. The document and the frames go in beside the order, in buffers that are
overwritten; what comes out is a decision, facts about the document, and times.

The process inside decodes pictures that anybody may have made, so what it sends is read as strictly as any
stranger's bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar, get_args

from dongui.documents.authenticated import HolderBinding
from dongui.encoding import cbor
from dongui.errors import DonguiError, Refused, Trouble, Unanswered, Undetermined

__all__ = ["STAGES", "ComparedWith", "DocumentFacts", "Examination", "Order", "Stage"]

Stage = Literal["document", "binding", "reference", "probe", "comparison"]
STAGES: tuple[Stage, ...] = get_args(Stage)

# A trust list of some thousand certificates of 2 kB each is the largest thing an order carries.
_ORDER_LIMITS = cbor.Limits(max_bytes=16 * 2**20, max_depth=4, max_items=20_000)
_EXAMINATION_LIMITS = cbor.Limits(max_bytes=64 * 2**10, max_depth=4, max_items=200)
_FAMILIES: dict[str, type[Unanswered]] = {
    "refused": Refused,
    "undetermined": Undetermined,
    "trouble": Trouble,
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Order:
    """Everything steps 2 to 6 need besides the document and the frames.

    ``judged_at`` is the moment validity is judged at, in whole seconds. ``anchors`` are DER certificates.
    ``transcript`` is the ISO/IEC 18013-5 session transcript, ``reader_key`` PKCS #8 in DER. ``handle`` is
    the data subject's handle for this purpose, 32 bytes, ``handle_key`` the key it was made with.
    """

    judged_at: datetime
    anchors: tuple[bytes, ...] = field(repr=False)
    transcript: bytes = field(repr=False)
    reader_key: bytes = field(repr=False)
    handle_key: bytes = field(repr=False)
    handle: bytes = field(repr=False)
    challenge: bytes = field(repr=False)
    operating_point: str
    accept_unassessed: bool

    def to_bytes(self) -> bytes:
        """Encode canonically."""
        return cbor.dumps(
            {
                "accept_unassessed": self.accept_unassessed,
                "anchors": list(self.anchors),
                "challenge": self.challenge,
                "handle": self.handle,
                "handle_key": self.handle_key,
                "judged_at": int(self.judged_at.timestamp()),
                "operating_point": self.operating_point,
                "reader_key": self.reader_key,
                "transcript": self.transcript,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Order:
        """Decode what :meth:`to_bytes` made. Raises ``Trouble`` (``examination.malformed``)."""
        fields = _Fields(data, _ORDER_LIMITS)
        anchors = tuple(anchor for anchor in fields.take("anchors", list) if isinstance(anchor, bytes))
        return cls(
            judged_at=datetime.fromtimestamp(fields.take("judged_at", int), UTC),
            anchors=anchors,
            transcript=fields.take("transcript", bytes),
            reader_key=fields.take("reader_key", bytes),
            handle_key=fields.take("handle_key", bytes),
            handle=fields.take("handle", bytes),
            challenge=fields.take("challenge", bytes),
            operating_point=fields.take("operating_point", str),
            accept_unassessed=fields.take("accept_unassessed", bool),
        )


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the receipt needs to know of an authenticated document; nothing about the person.

    ``issuer_signed`` is at least 32 high-entropy bytes under the issuer's signature.
    """

    kind: str
    document_type: str
    issuer: str
    holder_binding: HolderBinding
    issuer_signed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ComparedWith:
    """The recogniser's card (name and SHA-256) and the operating point of a comparison."""

    card: str
    card_digest: bytes = field(repr=False)
    operating_point: str
    assessed: bool


@dataclass(frozen=True, slots=True)
class Examination:
    """What steps 2 to 6 found. ``failure`` is ``None`` only where the decision was *mated*.

    What was not reached is ``None``. ``milliseconds`` tells how long each stage took that was begun.
    """

    document: DocumentFacts | None
    attack_detection: str | None
    compared_with: ComparedWith | None
    failure: Unanswered | None
    milliseconds: dict[Stage, float]

    def to_bytes(self) -> bytes:
        """Encode canonically."""
        document, compared, failure = self.document, self.compared_with, self.failure
        return cbor.dumps(
            {
                "document": document
                and [
                    document.kind,
                    document.document_type,
                    document.issuer,
                    document.holder_binding.value,
                    document.issuer_signed,
                ],
                "attack_detection": self.attack_detection,
                "compared_with": compared
                and [compared.card, compared.card_digest, compared.operating_point, compared.assessed],
                "outcome": ["mated"] if failure is None else [failure.family, failure.name, failure.detail],
                "microseconds": {stage: round(1000 * time) for stage, time in self.milliseconds.items()},
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Examination:
        """Decode what the confined process sent. Raises ``Trouble`` (``examination.malformed``)."""
        fields = _Fields(data, _EXAMINATION_LIMITS)
        times = fields.take("microseconds", dict)
        method = fields.take_optional("attack_detection", str)
        return cls(
            document=_read_document(fields.take_optional("document", list)),
            attack_detection=method,
            compared_with=_read_compared(fields.take_optional("compared_with", list)),
            failure=_read_outcome(fields.take("outcome", list)),
            milliseconds=_read_times(times),
        )


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


def _read_document(value: list[object] | None) -> DocumentFacts | None:
    match value:
        case None:
            return None
        case [str(kind), str(document_type), str(issuer), str(binding), bytes(issuer_signed)]:
            if binding not in set(HolderBinding):
                raise _malformed("document")
            return DocumentFacts(kind, document_type, issuer, HolderBinding(binding), issuer_signed)
        case _:
            raise _malformed("document")


def _read_compared(value: list[object] | None) -> ComparedWith | None:
    match value:
        case None:
            return None
        case [str(card), bytes(digest), str(point), bool(assessed)]:
            return ComparedWith(card, digest, point, assessed)
        case _:
            raise _malformed("compared_with")


def _read_outcome(value: list[object]) -> Unanswered | None:
    match value:
        case ["mated"]:
            return None
        case [str(family), str(name), str(detail)] if family in _FAMILIES:
            try:
                return _FAMILIES[family](name, detail)
            except LookupError:
                raise _malformed("outcome") from None
        case _:
            raise _malformed("outcome")


def _read_times(value: dict[object, object]) -> dict[Stage, float]:
    times: dict[Stage, float] = {}
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
