"""What a receipt says: the fields, their bounds, and their one encoding.

The encoding is canonical CBOR (RFC 8949, 4.2.1), a map with small integer keys, described in
``spec/receipt.md``. It holds no biometric data, no name and no document number. What could tell two receipts
of one person from two receipts of two people is left out or drawn afresh for each receipt.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum

from dongui.consent.fields import LANGUAGES, Localised
from dongui.documents.authenticated import HolderBinding

__all__ = [
    "BINDING_BYTES",
    "BLIND_BYTES",
    "DIGEST_BYTES",
    "FORMAT",
    "FORMATS",
    "MAX_REMARKS",
    "MAX_TEXT_BYTES",
    "Capture",
    "Channel",
    "Comparison",
    "Controller",
    "Document",
    "Kept",
    "Outcome",
    "SetOperatingPoint",
    "Statement",
    "receipt_id",
]

FORMAT = 2
"""The form in which receipts are issued."""
FORMATS = (1, FORMAT)
"""The forms that are read. Form 1, of release 0.1.0, named an operating point only where it compared."""

DIGEST_BYTES = 32
BINDING_BYTES = 16
BLIND_BYTES = 32
MAX_TEXT_BYTES = 120
"""The most UTF-8 bytes any text of a receipt may have; together they must still fit into one QR code."""

MAX_REMARKS = 12
"""The most remarks on one document: more was never found on one, and the receipt has to stay one code."""

_ID_BYTES = 16
_MAX_REMARK_BYTES = 48
# What a document of form 1 could be: release 0.1.0 knew mobile documents alone.
_BINDINGS_OF_FORM_1 = frozenset(
    {HolderBinding.NOT_BOUND, HolderBinding.DEVICE_SIGNATURE, HolderBinding.DEVICE_MAC}
)
_REASON = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
_LAST_YEAR = 9999
_MAX_VERSION = 999_999


class Outcome(IntEnum):
    """How the verification ended."""

    VERIFIED = 0
    REFUSED = 1
    UNDETERMINED = 3  # as the exit codes


class Channel(IntEnum):
    """Whether the camera's way into the verification was under the operator's control."""

    UNTRUSTED = 0
    TRUSTED = 1


class Kept(IntEnum):
    """What the operator keeps after the verification."""

    CONSENT_RECORD_AND_LOG_ENTRY = 1  # and no face


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the verification: a stable identifier and the name people know."""

    id: str
    name: Localised

    def __post_init__(self) -> None:
        _require_text("controller id", self.id)
        _require_localised("controller name", self.name)


@dataclass(frozen=True, slots=True)
class Document:
    """The document that was judged: its kind and type, and a salted digest that only its holder can open.

    ``digest`` is made by :func:`dongui.receipts.salts.document_digest`, 32 bytes. ``remarks`` are the names
    (:mod:`dongui.documents.remarks`) of what it was accepted with: sorted, each once, at most
    :data:`MAX_REMARKS`.
    """

    kind: str
    type: str
    digest: bytes = field(repr=False)
    holder_binding: HolderBinding
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_text("document kind", self.kind)
        _require_text("document type", self.type)
        _require_bytes("document digest", self.digest, DIGEST_BYTES)
        _require_remarks(self.remarks)


@dataclass(frozen=True, slots=True)
class SetOperatingPoint:
    """The operating point the operator set, whether or not the verification got as far as comparing at it."""

    name: str
    assessed: bool
    """Whether the operating point was assessed for use; if not, the receipt says so wherever it is shown."""

    def __post_init__(self) -> None:
        _require_text("operating point", self.name)


@dataclass(frozen=True, slots=True)
class Comparison:
    """With what the faces were compared: the model card's name and SHA-256."""

    card: str
    card_digest: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _require_text("model card", self.card)
        _require_bytes("model card digest", self.card_digest, DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Capture:
    """How the person was captured: the channel, and which attack detection ran (``None``: none did)."""

    channel: Channel
    attack_detection: str | None

    def __post_init__(self) -> None:
        if self.attack_detection is not None:
            _require_text("attack detection", self.attack_detection)


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything one receipt says. A combination that cannot be true raises ``ValueError``.

    ``format`` is 2, or 1 for a receipt of release 0.1.0. ``operating_point`` is ``None`` only in form 1, and
    there where nothing was compared. ``comparison`` is ``None`` wherever nothing was compared.
    ``session_binding``: 16 bytes; ``consent_reference``: 32 bytes, salted; ``blind``: 32 random bytes that
    make the log's commitment open to nobody but the receipt's holder. ``issued_at`` is in whole minutes: a
    finer time would tell receipts apart by the order of people at the desk. ``judged_at`` is set, also in
    whole minutes, where validity was judged at another time than the receipt's.
    """

    format: int
    controller: Controller
    session_binding: bytes = field(repr=False)
    purpose: str
    notice_version: int
    consent_reference: bytes = field(repr=False)
    document: Document | None
    outcome: Outcome
    reason: str | None
    other_way: Localised | None
    operating_point: SetOperatingPoint | None
    comparison: Comparison | None
    capture: Capture | None
    kept: Kept
    issued_at: datetime
    judged_at: datetime | None
    blind: bytes = field(repr=False)

    def __post_init__(self) -> None:
        self._require_format()
        _require_bytes("session binding", self.session_binding, BINDING_BYTES)
        _require_bytes("consent reference", self.consent_reference, DIGEST_BYTES)
        _require_bytes("blind", self.blind, BLIND_BYTES)
        _require_text("purpose", self.purpose)
        if not 0 < self.notice_version <= _MAX_VERSION:
            raise ValueError(f"the notice's version must lie between 1 and {_MAX_VERSION}")
        _require_minute("issued_at", self.issued_at)
        if self.judged_at is not None:
            _require_minute("judged_at", self.judged_at)
        self._require_outcome()

    @property
    def receipt_id(self) -> bytes:
        """16 bytes that name this receipt: as random as its blind, which they do not give away."""
        return receipt_id(self.blind)

    def _require_format(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"{self.format} is no form of a receipt")
        # Form 1 tied the two together; since form 2 no receipt is silent about its operating point.
        named = self.comparison is not None if self.format == 1 else True
        if (self.operating_point is not None) is not named:
            raise ValueError("a receipt names its operating point; in form 1, where something was compared")
        document = self.document if self.format == 1 else None
        if document is not None and (document.remarks or document.holder_binding not in _BINDINGS_OF_FORM_1):
            raise ValueError("form 1 knows neither remarks nor this holder binding")

    def _require_outcome(self) -> None:
        if (self.reason is None) is not (self.outcome is Outcome.VERIFIED):
            raise ValueError("a receipt has a reason where it is refused or undetermined, and only there")
        if self.reason is not None:
            _require_text("reason", self.reason)
            if not _REASON.fullmatch(self.reason):
                raise ValueError("the reason is not the name of a failure")
        # Charter, point 9: undetermined names the other way at once.
        if (self.other_way is None) is (self.outcome is Outcome.UNDETERMINED):
            raise ValueError("a receipt names the other way where it is undetermined, and only there")
        if self.other_way is not None:
            _require_localised("other way", self.other_way)
        if self.outcome is Outcome.VERIFIED:
            self._require_whole()

    def _require_whole(self) -> None:
        """Nobody is verified without a bound document, an examined capture and a comparison."""
        if self.document is None or self.comparison is None or self.capture is None:
            raise ValueError("a verified receipt names document, capture and comparison")
        if self.document.holder_binding is HolderBinding.NOT_BOUND or self.capture.attack_detection is None:
            raise ValueError("a verified receipt has a bound holder and an attack detection")


def receipt_id(blind: bytes) -> bytes:
    """Return the 16 bytes that name the receipt with this blind."""
    return hashlib.sha256(b"dongui/receipt-id/1\x00" + blind).digest()[:_ID_BYTES]


def _require_text(what: str, value: str) -> None:
    if not 0 < len(value.encode("utf-8", "surrogatepass")) <= MAX_TEXT_BYTES:
        raise ValueError(f"the {what} must have 1 to {MAX_TEXT_BYTES} bytes of UTF-8")
    # A control or direction character could make the rendering say something else than the signature covers.
    if not value.isprintable():
        raise ValueError(f"the {what} holds a character that cannot be printed")


def _require_remarks(remarks: tuple[str, ...]) -> None:
    if len(remarks) > MAX_REMARKS or list(remarks) != sorted(set(remarks)):
        raise ValueError(f"remarks must be sorted, each once, at most {MAX_REMARKS}")
    for remark in remarks:
        if len(remark) > _MAX_REMARK_BYTES or not _REASON.fullmatch(remark):
            raise ValueError("a remark is not the name of one")


def _require_localised(what: str, value: Localised) -> None:
    for language in LANGUAGES:
        _require_text(f"{what} ({language})", value[language])


def _require_bytes(what: str, value: bytes, size: int) -> None:
    if len(value) != size:
        raise ValueError(f"the {what} has {len(value)} bytes; it must have {size}")


def _require_minute(what: str, value: datetime) -> None:
    if value.tzinfo is not UTC or value.second or value.microsecond:
        raise ValueError(f"{what} must be a whole minute in UTC")
    if not 1970 <= value.year < _LAST_YEAR:
        raise ValueError(f"{what} lies outside 1970 to {_LAST_YEAR}")
