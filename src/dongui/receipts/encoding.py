"""The one encoding of a statement, both ways. ``spec/receipt.md`` describes the same map."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dongui.consent.fields import Localised
from dongui.documents.authenticated import HolderBinding
from dongui.encoding import cbor
from dongui.encoding.cbor import CborKey, CborValue, Limits
from dongui.errors import Refused
from dongui.receipts.reading import Fields, malformed, read_canonical
from dongui.receipts.statement import (
    FORMATS,
    Capture,
    Channel,
    Comparison,
    Controller,
    Document,
    Kept,
    Outcome,
    SetOperatingPoint,
    Statement,
)

__all__ = ["MAX_STATEMENT_BYTES", "decode_statement", "encode_statement"]

MAX_STATEMENT_BYTES = 2_560
_LIMITS = Limits(max_bytes=MAX_STATEMENT_BYTES, max_depth=3, max_items=64)

_FORMAT, _CONTROLLER, _SESSION, _PURPOSE, _NOTICE, _CONSENT, _DOCUMENT, _OUTCOME = range(1, 9)
_REASON, _OTHER_WAY, _COMPARISON, _CAPTURE, _KEPT, _ISSUED_AT, _JUDGED_AT, _BLIND = range(9, 17)
_OPERATING_POINT, _REMARKS = 17, 18

_BINDINGS = {
    HolderBinding.NOT_BOUND: 0,
    HolderBinding.DEVICE_SIGNATURE: 1,
    HolderBinding.DEVICE_MAC: 2,
    HolderBinding.KEY_BINDING: 3,
    HolderBinding.GENUINE_CHIP: 4,
    HolderBinding.COPYABLE: 5,
    HolderBinding.BEARER: 6,
}
_BINDINGS_READ = {code: binding for binding, code in _BINDINGS.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def encode_statement(statement: Statement) -> bytes:
    """Return the canonical bytes of a statement."""
    fields: dict[CborKey, CborValue] = {
        _FORMAT: statement.format,
        _CONTROLLER: _write_controller(statement.controller),
        _SESSION: statement.session_binding,
        _PURPOSE: statement.purpose,
        _NOTICE: statement.notice_version,
        _CONSENT: statement.consent_reference,
        _DOCUMENT: _write_document(statement.document),
        _OUTCOME: statement.outcome.value,
        _REASON: statement.reason,
        _OTHER_WAY: _write_localised(statement.other_way),
        _COMPARISON: _write_comparison(statement),
        _CAPTURE: _write_capture(statement.capture),
        _KEPT: statement.kept.value,
        _ISSUED_AT: _minutes(statement.issued_at),
        _JUDGED_AT: None if statement.judged_at is None else _minutes(statement.judged_at),
        _BLIND: statement.blind,
        _OPERATING_POINT: _write_operating_point(statement),
        _REMARKS: _write_remarks(statement.document),
    }
    # What does not apply is absent, never null: one statement has one encoding.
    return cbor.dumps({key: value for key, value in fields.items() if value is not None})


def decode_statement(data: bytes) -> Statement:
    """Read a statement, accepting only the bytes :func:`encode_statement` writes.

    Raises ``Refused``: ``receipt.too-large``, ``receipt.unknown-format``, ``receipt.malformed``.
    """
    fields = Fields(read_canonical(data, limits=_LIMITS), what="statement")
    found = fields.required(_FORMAT, int)
    if found not in FORMATS:
        known = " and ".join(map(str, FORMATS))
        raise Refused("receipt.unknown-format", f"the receipt has format {found}; this version reads {known}")
    try:
        statement = _read(fields, found)
    except ValueError as error:
        raise malformed(str(error)) from None
    fields.done()
    return statement


def _read(fields: Fields, found: int) -> Statement:
    judged_at = fields.optional(_JUDGED_AT, int)
    if found == 1:
        comparison, point = fields.part(_COMPARISON, _read_comparison_1) or (None, None)
    else:
        comparison = fields.part(_COMPARISON, _read_comparison)
        point = fields.part(_OPERATING_POINT, _read_operating_point)
    return Statement(
        format=found,
        controller=_read_controller(fields.required(_CONTROLLER, list)),
        session_binding=fields.required(_SESSION, bytes),
        purpose=fields.required(_PURPOSE, str),
        notice_version=fields.required(_NOTICE, int),
        consent_reference=fields.required(_CONSENT, bytes),
        document=_with_remarks(fields.part(_DOCUMENT, _read_document), fields.part(_REMARKS, _read_remarks)),
        outcome=Outcome(fields.required(_OUTCOME, int)),
        reason=fields.optional(_REASON, str),
        other_way=fields.part(_OTHER_WAY, _read_localised),
        operating_point=point,
        comparison=comparison,
        capture=fields.part(_CAPTURE, _read_capture),
        kept=Kept(fields.required(_KEPT, int)),
        issued_at=_moment(fields.required(_ISSUED_AT, int)),
        judged_at=None if judged_at is None else _moment(judged_at),
        blind=fields.required(_BLIND, bytes),
    )


def _write_controller(controller: Controller) -> CborValue:
    return [controller.id, controller.name.ko, controller.name.en]


def _read_controller(value: CborValue) -> Controller:
    items = Fields(value, what="controller", size=3)
    return Controller(items.required(0, str), Localised(items.required(1, str), items.required(2, str)))


def _write_localised(text: Localised | None) -> CborValue:
    return None if text is None else [text.ko, text.en]


def _read_localised(value: CborValue) -> Localised:
    items = Fields(value, what="other way", size=2)
    return Localised(items.required(0, str), items.required(1, str))


def _write_document(document: Document | None) -> CborValue:
    if document is None:
        return None
    return [document.kind, document.type, document.digest, _BINDINGS[document.holder_binding]]


def _read_document(value: CborValue) -> Document:
    items = Fields(value, what="document", size=4)
    code = items.required(3, int)
    if code not in _BINDINGS_READ:
        raise malformed(f"{code} is no holder binding")
    return Document(
        kind=items.required(0, str),
        type=items.required(1, str),
        digest=items.required(2, bytes),
        holder_binding=_BINDINGS_READ[code],
    )


def _write_remarks(document: Document | None) -> CborValue:
    return list(document.remarks) if document is not None and document.remarks else None


def _read_remarks(value: CborValue) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise malformed("remarks")
    return tuple(Fields(value, what="remarks", size=len(value)).required(at, str) for at in range(len(value)))


def _with_remarks(document: Document | None, remarks: tuple[str, ...] | None) -> Document | None:
    if remarks is None:
        return document
    if document is None:
        raise malformed("remarks on no document")
    return replace(document, remarks=remarks)


def _write_comparison(statement: Statement) -> CborValue:
    comparison, point = statement.comparison, statement.operating_point
    if comparison is None:
        return None
    written: list[CborValue] = [comparison.card, comparison.card_digest]
    # Form 1 held the operating point in here, and nowhere else.
    return [*written, point.name, point.assessed] if statement.format == 1 and point else written


def _read_comparison(value: CborValue) -> Comparison:
    items = Fields(value, what="comparison", size=2)
    return Comparison(card=items.required(0, str), card_digest=items.required(1, bytes))


def _read_comparison_1(value: CborValue) -> tuple[Comparison, SetOperatingPoint]:
    items = Fields(value, what="comparison", size=4)
    comparison = Comparison(card=items.required(0, str), card_digest=items.required(1, bytes))
    return comparison, SetOperatingPoint(items.required(2, str), items.required(3, bool))


def _write_operating_point(statement: Statement) -> CborValue:
    point = statement.operating_point
    return None if statement.format == 1 or point is None else [point.name, point.assessed]


def _read_operating_point(value: CborValue) -> SetOperatingPoint:
    items = Fields(value, what="operating point", size=2)
    return SetOperatingPoint(items.required(0, str), items.required(1, bool))


def _write_capture(capture: Capture | None) -> CborValue:
    return None if capture is None else [capture.channel.value, capture.attack_detection]


def _read_capture(value: CborValue) -> Capture:
    items = Fields(value, what="capture", size=2)
    return Capture(Channel(items.required(0, int)), items.nullable(1, str))


def _minutes(moment: datetime) -> int:
    return (moment - _EPOCH) // _MINUTE


def _moment(minutes: int) -> datetime:
    try:
        return _EPOCH + minutes * _MINUTE
    except OverflowError:
        raise malformed(f"{minutes} minutes lie beyond the calendar") from None
